package openssl

import (
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/internal/front/openssl/text"
	"github.com/certwright/certwright/internal/opensslconf"
)

// password is what an option says a passphrase comes from; a text that names
// no source is the passphrase itself. Nil where the option was not given.
func (m *managing) password(option, what string) []byte {
	source := m.text(option)
	if source == "" {
		return nil
	}
	secret, err := m.fromSource(source)
	if err != nil {
		fmt.Fprintf(m.Stderr, "%v\nError getting password for %s\nTrying plain input string (better precede with 'pass:')\n", err, what)
		secret = []byte(source)
	}
	return append([]byte{}, secret...)
}

// certificates reads every certificate of a file; those after the first, and
// all where the first is one of an authority, too, should issue others.
func (m *managing) certificates(file, passOption, what string, issuers bool) ([]*cert.Certificate, error) {
	list, err := m.certificateData(file, "", what, m.password(passOption, what))
	if err != nil {
		return nil, err
	}
	var found []*cert.Certificate
	for i, raw := range list {
		c, err := cert.Parse(withoutTrust(raw))
		if err != nil {
			return nil, m.unread(what, file, err)
		}
		m.warnOf(file, c, issuers || i > 0)
		found = append(found, c)
	}
	return found, nil
}

// warnOf tells of a certificate that will hardly do.
func (m *managing) warnOf(file string, c *cert.Certificate, issues bool) {
	say := func(words string) {
		fmt.Fprintf(m.Stderr, "Warning: certificate from '%s' with subject '%s' %s\n", file, text.Slash(c.Subject), words)
	}
	if now := m.moment(); !m.has("no_check_time") && now.After(c.NotAfter) {
		say("has expired")
	} else if !m.has("no_check_time") && now.Before(c.NotBefore) {
		say("not yet valid")
	}
	if shown, err := text.ReadCertificate(c.Raw); issues && err == nil && c.Version > 1 && shown.Authority() == 0 {
		say("is not a CA cert")
	}
}

// certificate reads the first certificate of a file.
func (m *managing) certificate(file, passOption, what string) (*cert.Certificate, error) {
	return m.loadIssuer(file, what, m.password(passOption, what))
}

// severalFiles reads the certificates of a list of files.
func (m *managing) severalFiles(files, what string) ([]*cert.Certificate, error) {
	var all []*cert.Certificate
	for _, file := range items(files) {
		found, err := m.certificates(file, "otherpass", what, true)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// loadTrusted reads certificates that are trusted.
func (m *managing) loadTrusted(files, what string) (*truststore, error) {
	found, err := m.severalFiles(files, what)
	if err != nil {
		return nil, err
	}
	s := &truststore{call: m.call}
	for _, c := range found {
		s.anchors = append(s.anchors, anchor{Certificate: c})
	}
	return s, nil
}

func (m *managing) privateKey(file, passOption, what string) (*key.Private, error) {
	return m.loadPrivate(keySource{file: file, secret: m.password(passOption, what), what: what})
}

// readName reads a name as -subj writes it, and tells what it leaves out.
func (m *managing) readName(option, what string) (*dn.Name, error) {
	given := m.text(option)
	if given == "" {
		return nil, nil
	}
	name, err := m.parseName(what, given, m.conf, opensslconf.NameOptions{UTF8: true})
	return &name, err
}

// request reads -csr, in PEM or DER, and looks at its signature.
func (m *managing) request(file string) (*pkcs10.Request, error) {
	r, err := m.loadRequest(file, "", "PKCS#10 CSR")
	if err != nil {
		return nil, complain("%v\nerror: unable to load PKCS#10 CSR from file '%s'", err, file)
	}
	switch err := r.CheckSignature(); {
	case errors.Is(err, key.ErrSignature):
		m.warn("CSR self-signature does not match the contents")
	case err != nil:
		m.warn("error while verifying CSR self-signature")
	}
	return r, nil
}
