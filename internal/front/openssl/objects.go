package openssl

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/keystore"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/format/pkcs10"
)

// The labels that OpenSSL finds objects under.
func certificateLabels() []string {
	return []string{"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"}
}
func requestLabels() []string { return []string{"CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"} }
func listLabels() []string    { return []string{"X509 CRL"} }

// objects returns the DER of what stands in data under one of these labels, or
// data where they are DER.
func objects(data []byte, labels ...string) (found [][]byte, names []string) {
	if len(data) > 0 && data[0] == 0x30 {
		return [][]byte{definite(data)}, []string{""}
	}
	blocks, err := pem.Find(data)
	if err != nil {
		return nil, nil
	}
	for _, b := range blocks {
		if slices.Contains(labels, b.Label) {
			found, names = append(found, definite(b.Bytes)), append(names, b.Label)
		}
	}
	return found, names
}

// unread says why a file was not read, in the words that scripts look for.
func (c *call) unread(what, name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return because(fmt.Sprintf("Could not open file or uri for loading %s from %s", what, orStdin(name)),
			fmt.Errorf("%s: %s", name, reason(err)))
	}
	switch rest, several := strings.CutPrefix(what, "certs of "); {
	case several:
		what = "any " + rest
	case strings.Contains(what, "certs"):
		what = "any " + what
	}
	return because(fmt.Sprintf("Could not read %s from %s", what, orStdin(name)), err)
}

// loadCertificate reads the first certificate of a file; what is what messages
// call it. The DER is whole: with what a TRUSTED CERTIFICATE adds.
func (c *call) loadCertificate(name, format, what string, secret []byte) ([]byte, error) {
	list, err := c.certificateData(name, format, what, secret)
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// certificateData reads every certificate of a file; at least one.
func (c *call) certificateData(name, format, what string, secret []byte) ([][]byte, error) {
	data, err := c.read(strings.TrimPrefix(name, "file:"))
	if err == nil && format != "" && format != formatP12 {
		err = checkFormat(data, format)
	}
	if err != nil {
		return nil, c.unread(what, name, err)
	}
	found, _ := objects(data, certificateLabels()...)
	if len(found) == 1 && len(data) > 0 && data[0] == 0x30 && looksLikePKCS12(data) {
		if found, err = c.certificatesOfPKCS12(data, secret); err != nil {
			return nil, c.unread(what, name, err)
		}
	}
	if len(found) == 0 {
		return nil, c.unread(what, name, errors.New("there is no certificate in it, but "+pem.Describe(data)))
	}
	return found, nil
}

// certificatesOfPKCS12 takes the certificates out of a PKCS #12 file.
func (c *call) certificatesOfPKCS12(data, secret []byte) (found [][]byte, err error) {
	if secret == nil {
		if contents, err := keystore.ReadPKCS12(data, nil); err == nil {
			return chainOf(contents), nil
		}
		if secret, err = c.ask("Enter pass phrase for PKCS12 import pass phrase:"); err != nil {
			return nil, err
		}
	}
	contents, err := keystore.ReadPKCS12(data, secret)
	if err != nil {
		return nil, err
	}
	return chainOf(contents), nil
}

func chainOf(contents *keystore.Contents) (found [][]byte) {
	for _, e := range contents.Entries {
		if e.Certificate != nil {
			found = append(found, e.Certificate)
		}
		found = append(found, e.Chain...)
	}
	for _, one := range contents.Certificates {
		found = append(found, one.Raw)
	}
	return found
}

// withoutTrust cuts off what a TRUSTED CERTIFICATE adds to a certificate.
func withoutTrust(raw []byte) []byte {
	if first, err := firstElement(raw); err == nil {
		return first
	}
	return raw
}

// loadIssuer reads the certificate that something is signed under.
func (c *call) loadIssuer(name, what string, secret []byte) (*cert.Certificate, error) {
	raw, err := c.loadCertificate(name, "", what, secret)
	if err != nil {
		return nil, alsoSay(err, "Unable to load "+what)
	}
	parsed, err := cert.Parse(withoutTrust(raw))
	if err != nil {
		return nil, alsoSay(c.unread(what, name, err), "Unable to load "+what)
	}
	return parsed, nil
}

// loadRequest reads a certification request; what is what messages call it.
func (c *call) loadRequest(name, format, what string) (*pkcs10.Request, error) {
	data, err := c.open(name)
	if err != nil {
		return nil, complain("%s\nUnable to load %s", err, what)
	}
	found, _ := objects(data, requestLabels()...)
	if format == formatDER || format == "" && len(found) == 0 {
		if raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(data))); err == nil && format == "" {
			found = [][]byte{raw}
		}
	}
	if err := checkFormat(data, format); err != nil {
		return nil, because("Unable to load "+what, err)
	}
	if len(found) == 0 {
		return nil, because("Unable to load "+what, errors.New("there is no certification request in it, but "+pem.Describe(data)))
	}
	parsed, err := pkcs10.Parse(found[0])
	if err != nil {
		return nil, because("Unable to load "+what, err)
	}
	return parsed, nil
}

// loadList reads a certificate revocation list; what is what messages call it.
func (c *call) loadList(name, format, what string) ([]byte, *crl.List, error) {
	raw, err := c.listData(name, format, what)
	if err != nil {
		return nil, nil, err
	}
	parsed, err := crl.Parse(raw)
	if err != nil {
		return nil, nil, c.unread(what, name, err)
	}
	return raw, parsed, nil
}

// listData reads the DER of a certificate revocation list.
func (c *call) listData(name, format, what string) ([]byte, error) {
	data, err := c.read(strings.TrimPrefix(name, "file:"))
	if err != nil {
		return nil, c.unread(what, name, err)
	}
	if err := checkFormat(data, format); err != nil {
		return nil, c.unread(what, name, err)
	}
	found, _ := objects(data, listLabels()...)
	if len(found) == 0 {
		return nil, c.unread(what, name, errors.New("there is no revocation list in it, but "+pem.Describe(data)))
	}
	return found[0], nil
}

// matches reports whether a private key is that of a certificate or request.
func matches(p *key.Private, public *key.Public) bool {
	return public != nil && key.SameKey(p.Public, public)
}
