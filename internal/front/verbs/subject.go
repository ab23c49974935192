package verbs

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/internal/front"
	"github.com/certwright/certwright/internal/task"
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
		{oid.Country, "Country Name (C)", "two letters, such as GB; empty to leave it out", func(r *requestFlags) *string { return &r.country }},
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
	if r.challenge != "" {
		secret, err := p.shell.Secret(r.challenge, "the challenge", "challenge")
		if err != nil {
			return s, err
		}
		s.Challenge = string(secret)
	}
	return s, nil
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
		answer, err := p.shell.Ask(one.name+", "+one.explanation, "")
		if err != nil {
			return err
		}
		*one.value(r) = answer
	}
	names, err := p.shell.Ask("Further names, such as dns:www.example.com, ip:192.0.2.1 (with commas between)", "")
	if err != nil || names == "" {
		return err
	}
	r.names = append(r.names, names)
	return nil
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
		a, err := dn.NewAttribute(one.kind, value)
		if err != nil {
			return name, front.Usage("", "%s: %v", one.name, err)
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

func parseAttributes(texts []string) ([]pkcs10.Attribute, error) {
	var out []pkcs10.Attribute
	for _, text := range texts {
		name, val, ok := strings.Cut(text, "=")
		id, known := parseOID(name)
		if !ok || !known {
			return nil, front.Usage("write 1.2.840.113549.1.9.2=text or 1.2.3.4=hex:0500", "--attribute: %q is not an OID, \"=\" and a value", text)
		}
		digits, isHex := strings.CutPrefix(val, "hex:")
		if !isHex {
			a, err := pkcs10.NewTextAttribute(id, val)
			if err != nil {
				return nil, front.Usage("", "--attribute %s: %v", name, err)
			}
			out = append(out, a)
			continue
		}
		raw, err := hexDER("attribute", digits)
		if err != nil {
			return nil, err
		}
		out = append(out, pkcs10.Attribute{ID: id, Values: [][]byte{raw}})
	}
	return out, nil
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
		out = append(out, ext.Extension{ID: id, Critical: critical, Value: raw})
	}
	return out, nil
}

func hexDER(flag, digits string) ([]byte, error) {
	raw, err := hex.DecodeString(strings.NewReplacer(":", "", " ", "").Replace(digits))
	if err != nil || len(raw) == 0 {
		return nil, front.Usage("write the DER as hexadecimal digits, two an octet", "%s", fmt.Sprintf("--%s: %q is not hexadecimal", flag, digits))
	}
	return raw, nil
}
