package task

import (
	"errors"
	"fmt"
	"os"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/inspect"
	"github.com/certwright/certwright/request"
)

// Possession verifies a request's proof of possession.
func Possession(r *request.Request) evidence.Possession {
	return evidence.Of(r, evidence.Origin{}, nil).Possession
}

// ParseCRLs reads every revocation list in data.
func ParseCRLs(data []byte) ([]*crl.List, error) {
	blocks, err := pem.Find(data)
	if err != nil {
		return nil, err
	}
	var out []*crl.List
	for _, b := range blocks {
		if b.Label != "" && b.Label != "X509 CRL" && b.Label != "CRL" {
			continue
		}
		list, err := crl.Parse(b.Bytes)
		if err != nil {
			return nil, err
		}
		out = append(out, list)
	}
	return out, nil
}

// HasCRL reports whether data are a revocation list.
func HasCRL(data []byte) bool {
	lists, err := ParseCRLs(data)
	return err == nil && len(lists) > 0
}

// OtherKind says what data are that hold no certificate and no request;
// empty where they do, or where what they are is not known.
func OtherKind(data []byte) string {
	report, err := inspect.Data(data, inspect.Options{})
	if err != nil || len(report.Objects) == 0 {
		return ""
	}
	for _, object := range report.Objects {
		switch object.Kind {
		case inspect.Certificate, inspect.CertificationRequest, inspect.CRMF, inspect.SPKAC, inspect.ASN1, inspect.Unknown:
			return ""
		}
	}
	return "of this kind: " + report.Objects[0].Title
}

// KindAndKey returns what data are, in words, and the public key in them.
func KindAndKey(data []byte, passphrase key.Passphrase) (string, *key.Public, error) {
	// A private JWK is a public one with more in it, so private keys come first
	// where they need no passphrase.
	if k, err := key.ReadPrivate(data, nil); err == nil {
		return "private key", k.Public, nil
	}
	if p, err := key.ReadPublic(data); err == nil {
		return "public key", p, nil
	}
	if certificates, err := ParseCertificates(data); err == nil && len(certificates) > 0 {
		return "certificate", certificates[0].PublicKey, nil
	}
	if requests, err := request.Parse(data); err == nil && len(requests) > 0 {
		return "request", requests[0].PublicKey, nil
	}
	k, err := key.ReadPrivate(data, passphrase)
	if err != nil {
		return "", nil, err
	}
	return "private key", k.Public, nil
}

// SystemRoots reads the roots that this machine trusts.
func SystemRoots() ([]*cert.Certificate, error) {
	for _, file := range [...]string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem", "/etc/ssl/ca-bundle.pem"} {
		data, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading the machine's roots: %w", err)
		}
		return ParseCertificates(data)
	}
	return nil, errors.New("this machine's trusted roots are not found: the package ca-certificates is not installed")
}
