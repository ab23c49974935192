package openssl

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/internal/front/openssl/text"
	"github.com/certwright/certwright/internal/opensslconf"
)

// makeRequest makes a new request, or signs that of -in anew.
func (r *requesting) makeRequest() error {
	subject, attributes, err := r.subject()
	if err != nil {
		return err
	}
	algorithm, err := r.how.algorithm(r.key.Public)
	if err != nil {
		return because("Error signing certificate request", err)
	}
	c := opensslconf.Context{Subject: &subject, PublicKey: r.key.Public, Mask: r.settings.Names.Mask}
	var list []ext.Extension
	if r.extensions != "" {
		if list, err = r.conf.Extensions(r.extensions, c); err != nil {
			return because("Error adding request extensions from section "+r.extensions, err)
		}
	}
	more, err := r.addedOnes(c)
	if err != nil {
		return because("Error adding extensions defined via -addext", err)
	}
	template := pkcs10.Template{Subject: subject, Extensions: append(list, more...), Attributes: attributes}
	if r.in, err = pkcs10.Create(template, r.key, algorithm); err != nil {
		return because("Error making certificate request", err)
	}
	for _, a := range attributes {
		r.order = append(r.order, a.ID)
	}
	return nil
}

const defaultDays = 30

// makeCertificate makes a certificate of the request of -in, or of a new one.
func (r *requesting) makeCertificate() error {
	if r.in != nil && !r.has("copy_extensions") {
		fmt.Fprintln(r.Stderr, "Warning: No -copy_extensions given; ignoring any extensions in the request")
	}
	m := coin{request: r.in, ca: r.ca, signer: r.key, how: r.how, from: r.Now()}
	if r.ca != nil {
		m.signer = r.caKey
	}
	m.to = m.from.Add(defaultDays * day)
	if r.has("days") {
		m.to = m.from.AddDate(0, 0, r.count("days", defaultDays))
	}
	var err error
	if m.serial, err = r.serial(); err != nil {
		return err
	}
	if err := r.ownRequest(&m); err != nil {
		return err
	}
	if r.ca == nil && !matches(r.key, m.request.PublicKey) {
		fmt.Fprintln(r.Stderr, "Warning: Signature key and public key of cert do not match")
	}
	m.issuerName = m.subject
	if m.extensions, err = r.certificateExtensions(&m); err != nil {
		return err
	}
	if r.made, err = r.mint(m); err != nil {
		return because("Error signing certificate", err)
	}
	return nil
}

// ownRequest gives a certificate its subject and the request that its key
// makes where none was read.
func (r *requesting) ownRequest(m *coin) error {
	if r.in != nil {
		m.subject = r.in.Subject
		if r.has("subj") {
			var err error
			m.subject, err = r.givenSubject(r.conf, r.settings.Names)
			return err
		}
		return nil
	}
	subject, _, err := r.subject()
	if err != nil {
		return err
	}
	m.subject = subject
	own := *m
	if own.signer = r.key; r.key == nil {
		// Without a key of its own it certifies that of its issuer.
		own.signer = r.caKey
	}
	m.request, err = own.proof()
	if err != nil {
		return because("Error signing certificate", err)
	}
	r.in = m.request
	return nil
}

func (r *requesting) serial() ([]byte, error) {
	if r.has("set_serial") {
		return r.parseSerial(r.text("set_serial"))
	}
	return r.randomSerial()
}

// certificateExtensions makes the extensions. They may take addresses out of
// the subject.
func (r *requesting) certificateExtensions(m *coin) ([]ext.Extension, error) {
	var list []ext.Extension
	if r.copying != opensslconf.CopyNone {
		asked, err := m.request.Extensions()
		if err != nil {
			return nil, because("Error copying extensions from request", err)
		}
		list = asked
	}
	c := opensslconf.Context{Subject: &m.subject, PublicKey: m.request.PublicKey, Issuer: m.ca, SelfIssued: m.ca == nil,
		Serial: contentOctets(m.serial), Mask: r.settings.Names.Mask, Existing: list}
	if m.ca == nil {
		c.IssuerKey = m.signer.Public
	}
	if r.extensions != "" {
		made, err := r.conf.Extensions(r.extensions, c)
		if err != nil {
			return nil, because("Error adding x509 extensions from section "+r.extensions, err)
		}
		list = opensslconf.Replace(list, made)
	}
	c.Existing = list
	more, err := r.addedOnes(c)
	if err != nil {
		return nil, because("Error adding extensions defined via -addext", err)
	}
	list = opensslconf.Replace(list, more)
	if r.has("precert") {
		list = append(list, ext.NewCTPoison())
	}
	c.Existing, c.IssuerKey = list, m.signer.Public
	return opensslconf.KeyIdentifiers(list, c)
}

// subject returns the subject, and what else a request holds.
func (r *requesting) subject() (dn.Name, []pkcs10.Attribute, error) {
	names := r.settings.DistinguishedName
	if names != "" {
		if _, ok := r.conf.Section(names); !ok {
			return dn.Name{}, nil, complain("Unable to get '%s' section\nError making certificate request", names)
		}
	}
	if s := r.settings.Attributes; s != "" {
		if _, ok := r.conf.Section(s); !ok {
			return dn.Name{}, nil, complain("Unable to get '%s' section\nError making certificate request", s)
		}
	}
	if r.has("subj") {
		subject, err := r.givenSubject(r.conf, r.settings.Names)
		return subject, nil, err
	}
	var subject dn.Name
	var attributes []pkcs10.Attribute
	var err error
	if r.settings.Prompt {
		subject, attributes, err = r.interview()
	} else {
		subject, attributes, err = r.fromSections()
	}
	if err != nil {
		return dn.Name{}, nil, complain("%s\nError making certificate request", err)
	}
	return subject, attributes, nil
}

// givenSubject reads -subj, and tells what it leaves out.
func (c *call) givenSubject(conf *opensslconf.File, o opensslconf.NameOptions) (dn.Name, error) {
	return c.parseName("subject", c.text("subj"), conf, o)
}

// parseName reads a name as -subj writes it, and tells what it leaves out; what
// is whose name it is.
func (c *call) parseName(what, given string, conf *opensslconf.File, o opensslconf.NameOptions) (dn.Name, error) {
	name, skipped, err := conf.ParseSubject(given, o, true)
	for _, s := range skipped {
		if s.NoValue {
			fmt.Fprintf(c.Stderr, "%s warning: No value provided for %s name attribute \"%s\", skipped\n", c.command.name, what, s.Type)
		} else {
			fmt.Fprintf(c.Stderr, "%s warning: Skipping unknown %s name attribute \"%s\"\n", c.command.name, what, s.Type)
		}
	}
	if err != nil {
		return dn.Name{}, c.badName(what, given, err)
	}
	return name, nil
}

// badName says why a text is no name, in the words that scripts look for.
func (c *call) badName(what, given string, err error) error {
	var fault *opensslconf.SubjectError
	if !errors.As(err, &fault) {
		return complain("%s: %v", c.command.name, err)
	}
	switch fault.Kind {
	case opensslconf.SubjectNoSlash:
		return complain("%s: %s name is expected to be in the format /type0=value0/type1=value1/type2=... "+
			"where characters may be escaped by \\. This name is not in that format: '%s'", c.command.name, what, given)
	case opensslconf.SubjectNoEqual:
		return complain("%s: Missing '=' after RDN type string '%s' in %s name string", c.command.name, fault.Type, what)
	case opensslconf.SubjectEscape:
		return complain("%s: Escape character at end of %s name string", c.command.name, what)
	}
	return because(fmt.Sprintf("%s: Error adding %s name attribute \"/%s=%s\"", c.command.name, what, fault.Type, fault.Value), fault.Err)
}

var errNoObjects = errors.New("Error: No objects specified in config file")

// fromSections takes subject and attributes as they stand ("prompt = no").
func (r *requesting) fromSections() (dn.Name, []pkcs10.Attribute, error) {
	s := r.settings
	if s.DistinguishedName == "" {
		return dn.Name{}, nil, errNoObjects
	}
	subject, err := r.conf.NameFromSection(s.DistinguishedName, s.Names)
	if err != nil {
		return dn.Name{}, nil, err
	}
	if len(subject.RDNs) == 0 {
		return dn.Name{}, nil, errNoObjects
	}
	if s.Attributes == "" || r.asCertificate {
		return subject, nil, nil
	}
	attributes, err := r.conf.AttributesFromSection(s.Attributes, s.Names)
	return subject, attributes, err
}

// changeSubject puts another subject into a request that was read. Its
// signature is no longer one over it.
func (r *requesting) changeSubject() error {
	if !r.has("subj") || r.asNew || r.asCertificate {
		return nil
	}
	subject, err := r.givenSubject(r.conf, r.settings.Names)
	if err != nil {
		return err
	}
	changed, err := withSubject(r.in, subject)
	if err != nil {
		return because("Error modifying subject of certificate request", err)
	}
	r.in = changed
	return nil
}

// describe prints what is asked for besides the request or certificate.
func (r *requesting) describe(out *bytes.Buffer) error {
	if r.has("pubkey") {
		out.Write(key.PublicPEM(r.public()))
	}
	w := text.NewWriter(out, r.names)
	defer w.Flush()
	if r.made != nil {
		return r.describeCertificate(w)
	}
	shown, err := text.ReadRequest(r.in.Raw)
	if err != nil {
		return because("Error printing certificate request", err)
	}
	shown.Arrange(r.order)
	if r.has("text") {
		if err := shown.Write(w, r.print); err != nil {
			return because("Error printing certificate request", err)
		}
	}
	if r.has("subject") {
		text.TitledName(w, "subject=", shown.Subject, r.flags)
	}
	if r.has("modulus") {
		shown.Modulus(w)
	}
	return nil
}

func (r *requesting) describeCertificate(w *text.Writer) error {
	shown, err := text.ReadCertificate(r.made)
	if err != nil {
		return because("Error printing certificate", err)
	}
	if r.has("text") {
		if err := shown.Write(w, r.print); err != nil {
			return because("Error printing certificate", err)
		}
	}
	if r.has("subject") {
		text.TitledName(w, "subject=", shown.Subject, r.flags)
	}
	if r.has("modulus") {
		shown.Modulus(w)
	}
	return nil
}

// public is the key of the request or certificate.
func (r *requesting) public() *key.Public { return r.in.PublicKey }

// encode writes an object in the format of -outform.
func (c *call) encode(out *bytes.Buffer, label string, raw []byte) {
	if c.format("outform", formatPEM) == formatDER {
		out.Write(raw)
		return
	}
	out.Write(pem.Encode(label, raw))
}
