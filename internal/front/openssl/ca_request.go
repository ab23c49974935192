package openssl

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/format/spkac"
	"github.com/certwright/certwright/internal/front/openssl/text"
)

// source is a file that asks for a certificate.
type source struct {
	file string
	read func(*authority, string) (*applicant, error)
}

// applicant is who asks for a certificate, its signature checked.
type applicant struct {
	request    *pkcs10.Request // nil for other kinds
	subject    dn.Name
	key        *key.Public
	extensions []ext.Extension
	vouched    string // what stands in for a request's proof of possession
}

// sources returns the files that ask for certificates, in the order in which
// they are signed.
func (a *authority) sources() []source {
	var list []source
	if f := a.text("spkac"); f != "" {
		list = append(list, source{f, (*authority).readSPKAC})
	}
	if f := a.text("ss_cert"); f != "" {
		list = append(list, source{f, (*authority).readSelfSigned})
	}
	if f := a.text("in"); f != "" {
		list = append(list, source{f, (*authority).readRequest})
	}
	if a.hasAny("in", "infiles") {
		for _, f := range a.args {
			list = append(list, source{f, (*authority).readRequest})
		}
	}
	return list
}

// readRequest reads a PKCS #10 request and checks its signature.
func (a *authority) readRequest(file string) (*applicant, error) {
	format := a.text("inform")
	if format == "" {
		format = formatPEM
	}
	r, err := a.loadRequest(file, format, "certificate request")
	if err != nil {
		return nil, err
	}
	if a.has("verbose") {
		if err := a.show(a.Stderr, func(w *text.Writer) error {
			printed, err := text.ReadRequest(r.Raw)
			if err != nil {
				return err
			}
			return printed.Write(w, text.Options{Names: a.flags})
		}); err != nil {
			return nil, err
		}
	}
	fmt.Fprintln(a.Stderr, "Check that the request matches the signature")
	if a.selfSigns() && !matches(a.key, r.PublicKey) {
		fmt.Fprintln(a.Stderr, "Certificate request and CA private key do not match")
		return nil, errNotCertified
	}
	if err := a.checked(r.CheckSignature(), "certificate request", "..."); err != nil {
		return nil, err
	}
	extensions, err := r.Extensions()
	if err != nil {
		return nil, because("Error reading the extensions of the request", err)
	}
	return &applicant{request: r, subject: r.Subject, key: r.PublicKey, extensions: extensions}, nil
}

// checked says what a check of a signature came to.
func (a *authority) checked(err error, of, dots string) error {
	switch {
	case err == nil:
		fmt.Fprintln(a.Stderr, "Signature ok")
		return nil
	case errors.Is(err, key.ErrSignature):
		fmt.Fprintf(a.Stderr, "Signature did not match the %s\n", of)
	default:
		fmt.Fprintf(a.Stderr, "Signature verification problems%s\n%v\n", dots, err)
	}
	return errNotCertified
}

// readSelfSigned reads a certificate that asks by being signed by itself.
func (a *authority) readSelfSigned(file string) (*applicant, error) {
	raw, err := a.loadCertificate(file, a.text("certform"), "template certificate", nil)
	if err != nil {
		return nil, err
	}
	c, err := cert.Parse(withoutTrust(raw))
	if err != nil {
		return nil, a.unread("template certificate", file, err)
	}
	if a.has("verbose") {
		if err := a.show(a.Stderr, func(w *text.Writer) error {
			printed, err := text.ReadCertificate(c.Raw)
			if err != nil {
				return err
			}
			return printed.Write(w, text.Options{Names: text.Compat})
		}); err != nil {
			return nil, err
		}
	}
	fmt.Fprintln(a.Stderr, "Check that the request matches the signature")
	if err := a.checked(c.CheckSignature(c.PublicKey), "certificate", "...."); err != nil {
		return nil, err
	}
	return &applicant{subject: c.Subject, key: c.PublicKey, vouched: "a certificate is signed by the key"}, nil
}

// readSPKAC reads a subject and a signed public key and challenge.
func (a *authority) readSPKAC(file string) (*applicant, error) {
	data, err := a.open(file)
	if err != nil {
		return nil, err
	}
	f, err := spkac.ParseFile(data)
	if err != nil {
		return nil, because("Netscape SPKAC structure not found in "+file, err)
	}
	var parts []dn.RDN
	for _, field := range f.Fields {
		id, err := a.file.Object(field.Name)
		if err != nil {
			continue // lines that are no attributes say other things
		}
		attribute, err := a.conf.Names.Attribute(id, field.Value)
		if err != nil {
			return nil, complain("%s, line %d: %v", file, field.Line, err)
		}
		if field.Join && len(parts) > 0 {
			parts[len(parts)-1] = append(parts[len(parts)-1], attribute)
			continue
		}
		parts = append(parts, dn.RDN{attribute})
	}
	fmt.Fprintln(a.Stderr, "Check that the SPKAC request matches the signature")
	if err := f.Request.CheckSignature(); err != nil {
		return nil, because("signature verification failed on SPKAC public key", err)
	}
	fmt.Fprintln(a.Stderr, "Signature ok")
	return &applicant{subject: dn.Build(parts...), key: f.Request.PublicKey, vouched: "a challenge is signed by the key"}, nil
}

// show prints something in words.
func (a *authority) show(to io.Writer, write func(*text.Writer) error) error {
	var out bytes.Buffer
	w := text.NewWriter(&out, a.names)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := to.Write(out.Bytes())
	return err
}
