package verbs

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/request"
)

// part is one part of a subject, as it is asked for.
type part struct {
	kind        oid.OID
	name        string // in the words of the standards
	explanation string
	value       func(*requestFlags) *string
}

// parts are the parts of a subject in the order they are written.
func parts() []part {
	return []part{
		{oid.Country, "Country Name (C)", "two letters, such as GB", func(r *requestFlags) *string { return &r.country }},
		{oid.StateOrProvince, "State or Province Name (ST)", "in full", func(r *requestFlags) *string { return &r.state }},
		{oid.Locality, "Locality Name (L)", "the city", func(r *requestFlags) *string { return &r.locality }},
		{oid.Organization, "Organization Name (O)", "the company, as it is registered", func(r *requestFlags) *string { return &r.organization }},
		{oid.OrganizationalUnit, "Organizational Unit Name (OU)", "the department; often left out", func(r *requestFlags) *string { return &r.unit }},
		{oid.CommonName, "Common Name (CN)", "the server's full host name, or the person's name", func(r *requestFlags) *string { return &r.commonName }},
		{oid.EmailAddress, "Email Address", "of the person or the office responsible", func(r *requestFlags) *string { return &r.email }},
	}
}

// requestSpec turns the flags, or the answers at the terminal, into what the
// request shall say.
func (p *program) requestSpec(r *requestFlags) (task.RequestSpec, error) {
	s := task.RequestSpec{NoCopy: r.noCopy, MustStaple: r.mustStaple, Hash: r.hash, PSS: r.pss}
	if p.nobodyNamed(r) {
		if !p.shell.Interactive() {
			return s, front.Usage(`say whom it is for: --san www.example.com, --cn "Ann Smith" or --subject "CN=…,O=…"`, "a request needs a subject or a name")
		}
		if err := p.askSubject(r); err != nil {
			return s, err
		}
	}
	var err error
	if s.Subject, err = subjectOf(r); err != nil {
		return s, err
	}
	if s.Names, err = parseNames("san", r.names); err != nil {
		return s, err
	}
	if s.Usage, err = parseUsages(r.usages); err != nil {
		return s, err
	}
	if s.Purposes, err = parsePurposes(r.purposes); err != nil {
		return s, err
	}
	if s.Attributes, err = parseAttributes(r.attributes); err != nil {
		return s, err
	}
	if s.Extensions, err = parseExtensions(r.extended); err != nil {
		return s, err
	}
	if err := extensionsOnce(s); err != nil {
		return s, err
	}
	if r.challenge != "" {
		secret, err := p.shell.Secret(r.challenge, "the challenge", "challenge")
		if err != nil {
			return s, err
		}
		s.Challenge = string(secret)
	}
	return s, checkChallenge(s, request.Format(r.format))
}

func (p *program) nobodyNamed(r *requestFlags) bool {
	if r.subject != "" || len(r.names) > 0 {
		return false
	}
	for _, one := range parts() {
		if *one.value(r) != "" {
			return false
		}
	}
	return true
}

func (p *program) askSubject(r *requestFlags) error {
	p.shell.Say("Whom is the certificate for? An empty answer leaves a part out.")
	for _, one := range parts() {
		if err := p.askPart(one, r); err != nil {
			return err
		}
	}
	return p.askNames(r)
}

// tries is how often a question is asked whose answer cannot be used.
const tries = 3

func (p *program) askPart(one part, r *requestFlags) error {
	var wrong error
	for range tries {
		answer, err := p.shell.Ask(one.name+", "+one.explanation, "")
		if err != nil {
			return err
		}
		if answer == "" {
			return nil
		}
		if _, wrong = one.attribute(answer); wrong == nil {
			*one.value(r) = answer
			return nil
		}
		p.shell.Say("%s.", wrong)
	}
	return wrong
}

func (p *program) askNames(r *requestFlags) error {
	var wrong error
	for range tries {
		names, err := p.shell.Ask("Further names, such as dns:www.example.com, ip:192.0.2.1 (with commas between)", "")
		if err != nil || names == "" {
			return err
		}
		if _, wrong = parseNames("san", []string{names}); wrong == nil {
			r.names = append(r.names, names)
			return nil
		}
		p.shell.Say("%s.", strings.TrimPrefix(wrong.Error(), "--san: "))
	}
	return wrong
}

// attribute makes the attribute of one part. A country is written in capitals
// (ISO 3166-1).
func (one part) attribute(value string) (dn.Attribute, error) {
	switch {
	case one.kind == oid.Country && len(value) != 2:
		return dn.Attribute{}, front.Usage("write the two letters of ISO 3166, such as GB", "%s: %q is not the code of a country", one.name, value)
	case one.kind == oid.Country:
		value = strings.ToUpper(value)
	case one.kind == oid.EmailAddress && !isAddressOfMail(value):
		return dn.Attribute{}, front.Usage("write it like ann@example.com", "%s: %q is not an e-mail address", one.name, value)
	}
	a, err := dn.NewAttribute(one.kind, value)
	if cause := errors.Unwrap(err); cause != nil {
		err = cause // without the name of the attribute, which is told in other words
	}
	if err != nil {
		return a, front.Usage("write "+one.explanation, "%s: %v", one.name, err)
	}
	return a, nil
}

func isAddressOfMail(text string) bool {
	_, err := ext.ParseGeneralName("email:" + text)
	return err == nil
}

func subjectOf(r *requestFlags) (dn.Name, error) {
	name := dn.Empty()
	if r.subject != "" {
		var err error
		if name, err = parseSubject("subject", r.subject); err != nil {
			return name, err
		}
	}
	rdns := name.RDNs
	for _, one := range parts() {
		value := *one.value(r)
		if value == "" {
			continue
		}
		if r.subject != "" && len(name.Values(one.kind)) > 0 {
			return name, front.Usage("leave one of the two out", "the %s stands in --subject and in a flag of its own", one.name)
		}
		a, err := one.attribute(value)
		if err != nil {
			return name, err
		}
		rdns = append(rdns, dn.RDN{a})
	}
	return dn.Build(rdns...), nil
}

func parseUsages(words []string) (ext.KeyUsage, error) {
	const all = ext.KeyUsage(1<<9 - 1)
	known := ext.KeyUsageNames(all)
	var out ext.KeyUsage
	for _, w := range words {
		found := false
		for i, name := range known {
			if strings.EqualFold(name, w) || strings.EqualFold("contentCommitment", w) && name == "nonRepudiation" {
				out |= 1 << i
				found = true
			}
		}
		if !found {
			return 0, front.Usage("the usages are "+strings.Join(known, ", "), "--usage: there is no key usage %q", w)
		}
	}
	return out, nil
}

func parsePurposes(words []string) ([]oid.OID, error) {
	var out []oid.OID
	for _, w := range words {
		id, ok := parseOID(w)
		if !ok {
			return nil, front.Usage("write serverAuth, clientAuth, codeSigning, emailProtection, timeStamping, OCSPSigning or an OID", "--eku: %q is not known", w)
		}
		out = append(out, id)
	}
	return out, nil
}

func parseOID(text string) (oid.OID, bool) {
	if id, err := oid.Parse(text); err == nil {
		return id, true
	}
	return oid.ByName(text)
}

func parseExtensions(texts []string) ([]ext.Extension, error) {
	var out []ext.Extension
	for _, text := range texts {
		name, val, ok := strings.Cut(text, "=")
		name, critical := strings.CutSuffix(name, ",critical")
		id, known := parseOID(name)
		if !ok || !known {
			return nil, front.Usage("write 1.2.3.4=hex:0500 or 1.2.3.4,critical=hex:0500", "--extension: %q is not an OID, \"=\" and a value", text)
		}
		raw, err := hexDER("extension", strings.TrimPrefix(val, "hex:"))
		if err != nil {
			return nil, err
		}
		if _, err := der.Parse(raw); err != nil {
			return nil, front.Usage("write the DER of one whole element, such as hex:0500 for NULL", "--extension %s: the value is not DER: %v", name, err)
		}
		out = append(out, ext.Extension{ID: id, Critical: critical, Value: raw})
	}
	return out, nil
}

// extensionsOnce checks that no extension would stand in the request twice
// (RFC 5280, Section 4.2).
func extensionsOnce(s task.RequestSpec) error {
	seen := map[oid.OID]string{}
	for _, has := range []struct {
		id   oid.OID
		said bool
		flag string
	}{
		{oid.SubjectAltName, len(s.Names) > 0, "--san"}, {oid.KeyUsage, s.Usage != 0, "--usage"},
		{oid.ExtKeyUsage, len(s.Purposes) > 0, "--eku"}, {oid.TLSFeature, s.MustStaple, "--must-staple"},
	} {
		if has.said {
			seen[has.id] = has.flag
		}
	}
	for _, e := range s.Extensions {
		if other, twice := seen[e.ID]; twice {
			return front.Usage("leave one of the two out", "the extension %s is given twice: by --extension and by %s", e.ID, other)
		}
		seen[e.ID] = "another --extension"
	}
	return nil
}

func hexDER(flag, digits string) ([]byte, error) {
	raw, err := hex.DecodeString(strings.NewReplacer(":", "", " ", "").Replace(digits))
	if err != nil || len(raw) == 0 {
		return nil, front.Usage("write the DER as hexadecimal digits, two an octet", "%s", fmt.Sprintf("--%s: %q is not hexadecimal", flag, digits))
	}
	return raw, nil
}
