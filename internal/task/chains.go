package task

import (
	"bytes"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/pem"
)

func selfIssued(der []byte) bool {
	c, err := cert.Parse(der)
	return err == nil && c.SelfIssued()
}

// EncodeCertificates writes certificates in PEM, one after the other.
func EncodeCertificates(chain ...[]byte) []byte {
	var out bytes.Buffer
	for _, c := range chain {
		out.Write(pem.Encode("CERTIFICATE", c))
	}
	return out.Bytes()
}

// ParseCertificates reads every certificate in data.
func ParseCertificates(data []byte) ([]*cert.Certificate, error) {
	blocks, err := pem.Find(data)
	if err != nil {
		return nil, err
	}
	var out []*cert.Certificate
	for _, b := range blocks {
		switch b.Label {
		case "", "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
		default:
			continue
		}
		c, err := cert.Parse(b.Bytes)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}
