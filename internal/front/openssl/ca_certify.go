package openssl

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/front/openssl/text"
	"github.com/certwright/certwright/internal/opensslca"
	"github.com/certwright/certwright/internal/opensslconf"
)

// draft is a certificate that is to be signed.
type draft struct {
	from       *applicant
	subject    dn.Name
	extensions []ext.Extension
	notBefore  time.Time
	notAfter   time.Time
	serial     []byte
	context    opensslconf.Context
}

// certifyOne checks one request and signs it.
func (a *authority) certifyOne(s source) error {
	from, err := s.read(a, s.file)
	if err != nil {
		return err
	}
	d, err := a.draft(from)
	if err != nil {
		return err
	}
	entry, err := a.newEntry(d)
	if err != nil {
		return err
	}
	if err := a.showDraft(d); err != nil {
		return err
	}
	fmt.Fprintln(a.Stderr, a.certifiedUntil(d.notAfter))
	if !a.has("batch") {
		switch yes, err := a.confirm("Sign the certificate? [y/n]:"); {
		case err != nil:
			fmt.Fprintln(a.Stderr, "CERTIFICATE WILL NOT BE CERTIFIED: I/O error")
			return errNotCertified
		case !yes:
			fmt.Fprintln(a.Stderr, "CERTIFICATE WILL NOT BE CERTIFIED")
			return errNotCertified
		}
	}
	der, err := a.sign(d)
	if err != nil {
		return err
	}
	a.index.Append(entry)
	a.requests.signed = append(a.requests.signed, signedOne{der, d.serial})
	return a.advance()
}

// draft makes of a request what the policy and the configuration make of it.
func (a *authority) draft(from *applicant) (*draft, error) {
	asked := from.subject
	if a.has("subj") {
		var err error
		if asked, err = a.givenSubject(a.file, a.conf.Names); err != nil {
			return nil, err
		}
	}
	if a.brief {
		fmt.Fprintln(a.Stderr, "The Subject's Distinguished Name is as follows")
		for _, attribute := range asked.All() {
			fmt.Fprintln(a.Stderr, a.attributeLine(attribute))
		}
	}
	subject, err := a.applyPolicy(asked)
	if err != nil {
		return nil, err
	}
	if a.has("verbose") {
		fmt.Fprintln(a.Stderr, "Everything appears to be ok, creating and signing the certificate")
	}
	d := &draft{from: from, subject: subject, serial: a.requests.serial}
	d.notBefore, d.notAfter = a.requests.dates.at(a.Now())
	if err := a.extend(d); err != nil {
		return nil, err
	}
	if a.has("noemailDN") || !a.conf.EmailInDN {
		d.subject = withoutEmail(subject)
	}
	return d, nil
}

// applyPolicy makes the subject of a certificate.
func (a *authority) applyPolicy(asked dn.Name) (dn.Name, error) {
	rules, err := a.file.PolicyRules(a.requests.policy)
	var setting *opensslconf.SettingError
	if errors.As(err, &setting) {
		if setting.Value != "" {
			return dn.Name{}, complain("%s:invalid type in 'policy' configuration", setting.Value)
		}
		return dn.Name{}, complain("%s:unknown object type in 'policy' configuration", setting.Name)
	}
	if err != nil {
		return dn.Name{}, err
	}
	authority := asked
	if !a.selfSigns() {
		authority = a.cert.Subject
	}
	subject, err := opensslconf.ApplyPolicy(rules, asked, authority)
	var fault *opensslconf.PolicyError
	if errors.As(err, &fault) {
		return dn.Name{}, complain("%s", policyText(fault))
	}
	if err != nil {
		return dn.Name{}, err
	}
	if a.has("preserveDN") || a.conf.Preserve {
		return asked, nil
	}
	return subject, nil
}

func policyText(f *opensslconf.PolicyError) string {
	switch f.Kind {
	case opensslconf.PolicyNotSupplied:
		return fmt.Sprintf("The %s field needed to be supplied and was missing", f.Name)
	case opensslconf.PolicyNotThere:
		return fmt.Sprintf("The mandatory %s field was missing", f.Name)
	case opensslconf.PolicyNotInCA:
		return fmt.Sprintf("The %s field does not exist in the CA certificate,\nthe 'policy' is misconfigured", f.Name)
	}
	return fmt.Sprintf("The %s field is different between\nCA certificate (%s) and the request (%s)", f.Name, orNULL(f.CA), orNULL(f.Request))
}

func orNULL(value []byte) string {
	if len(value) == 0 {
		return "NULL"
	}
	return string(value)
}

func withoutEmail(n dn.Name) dn.Name {
	var parts []dn.RDN
	for _, part := range n.RDNs {
		part = slices.DeleteFunc(slices.Clone(part), func(a dn.Attribute) bool { return a.Type == oid.EmailAddress })
		if len(part) > 0 {
			parts = append(parts, part)
		}
	}
	return dn.Build(parts...)
}

// extend adds the extensions of the configuration, and those of the request
// that the authority copies.
func (a *authority) extend(d *draft) error {
	d.context = opensslconf.Context{
		Subject: &d.subject, PublicKey: d.from.key, Issuer: a.cert, Serial: contentOctets(d.serial),
		Mask: a.conf.Names.Mask,
	}
	if a.selfSigns() {
		d.context.SelfIssued, d.context.Issuer = true, nil
	}
	file, said, done := a.file, "Error adding certificate extensions from config section ", "Successfully added extensions from config"
	if a.requests.extensions != nil {
		file, said = a.requests.extensions, "Error adding certificate extensions from extfile section "
		done = "Successfully added extensions from file."
	}
	if section := a.requests.section; section != "" {
		made, err := file.Extensions(section, d.context)
		if err != nil {
			return because(said+section, err)
		}
		d.extensions = made
		if a.has("verbose") {
			fmt.Fprintln(a.Stderr, done)
		}
	}
	switch a.conf.CopyExtensions {
	case opensslconf.CopyMissing:
		for _, e := range d.from.extensions {
			if _, there := ext.Find(d.extensions, e.ID); !there {
				d.extensions = append(d.extensions, e)
			}
		}
	case opensslconf.CopyAll:
		d.extensions = opensslconf.Replace(d.extensions, d.from.extensions)
	}
	return nil
}

// newEntry makes the line of the index, unless it clashes with another.
func (a *authority) newEntry(d *draft) (opensslca.Entry, error) {
	e := opensslca.Entry{
		Status: opensslca.Valid, Expiry: opensslca.FormatTime(d.notAfter), Serial: opensslca.FormatNumber(d.serial),
		File: "unknown", Subject: text.Objects(a.names).Slash(d.subject),
	}
	if e.Subject == "" {
		e.Subject = e.Serial
	}
	if a.has("verbose") {
		fmt.Fprintln(a.Stderr, "The subject name appears to be ok, checking database for clashes")
	}
	said := ""
	at, clash := 0, false
	if a.unique {
		at, clash = a.index.BySubject(e.Subject)
		said = "ERROR:There is already a certificate for " + e.Subject
	}
	if !clash {
		at, clash = a.index.BySerial(e.Serial)
		said = fmt.Sprintf("ERROR:Serial number %s has already been issued,\n      check the database/serial_file for corruption", e.Serial)
	}
	if clash {
		return e, complain("%s\nThe matching entry has the following details\n%s", said, details(a.index.Entry(at)))
	}
	return e, nil
}

func details(e opensslca.Entry) string {
	kind := map[opensslca.Status]string{opensslca.Valid: "Valid", opensslca.Revoked: "Revoked", opensslca.Expired: "Expired"}[e.Status]
	was := ""
	if e.Status == opensslca.Revoked {
		date, _, _ := strings.Cut(e.Revocation, ",")
		was = fmt.Sprintf("Was revoked on:%-10s\n", date)
	}
	return fmt.Sprintf("Type          :%s\n%sExpires on    :%s\nSerial Number :%s\nFile name     :%s\nSubject Name  :%s",
		kind, was, e.Expiry, e.Serial, e.File, e.Subject)
}

// showDraft prints a certificate before it is signed.
func (a *authority) showDraft(d *draft) error {
	if a.brief {
		return nil
	}
	algorithm, err := a.how.algorithm(a.key.Public)
	if err != nil {
		return because("ca: the key cannot sign with this digest", err)
	}
	issuer := d.subject
	if !a.selfSigns() {
		issuer = a.cert.Subject
	}
	tbs := cert.AppendTBS(nil, &cert.TBS{
		Serial: d.serial, Signature: algorithm.Identifier.Raw, Issuer: issuer.Raw, NotBefore: d.notBefore, NotAfter: d.notAfter,
		Subject: d.subject.Raw, PublicKey: d.from.key.Raw, Extensions: d.extensions,
	})
	unsigned, err := text.ReadCertificate(cert.Assemble(nil, tbs, algorithm.Identifier.Raw, nil))
	if err != nil {
		return err
	}
	unsigned.SetFirstVersion() // OpenSSL gives it its version when it signs it
	fmt.Fprintln(a.Stderr, "Certificate Details:")
	return a.show(a.Stderr, func(w *text.Writer) error { return unsigned.Write(w, a.printing) })
}

// sign signs a draft.
func (a *authority) sign(d *draft) ([]byte, error) {
	// Whose key signs matters only now: extensions of the configuration go by the
	// issuer's certificate, even where the request has the issuer's key.
	d.context.Existing, d.context.IssuerKey = d.extensions, a.key.Public
	extensions, err := opensslconf.KeyIdentifiers(d.extensions, d.context)
	if err != nil {
		return nil, because("Error adding key identifiers", err)
	}
	m := coin{
		request: d.from.request, public: d.from.key, subject: d.subject, extensions: extensions, from: d.notBefore, to: d.notAfter,
		serial: d.serial, vouched: d.from.vouched, ca: a.cert, signer: a.key, how: a.how,
	}
	if a.selfSigns() {
		m.ca = nil
	}
	der, err := a.mint(m)
	if err != nil {
		return nil, because("ca: the certificate was not signed", err)
	}
	return der, nil
}
