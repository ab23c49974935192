package openssl

import (
	"bufio"
	"bytes"
	"errors"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/front/openssl/text"
)

// certificatesIn returns the certificates of a file in PEM or DER.
func (c *call) certificatesIn(name string) ([][]byte, error) {
	unable := "Could not read certificates from " + orStdin(name)
	data, err := c.read(name)
	if err != nil {
		return nil, because(unable, errors.New(reason(err)))
	}
	blocks, err := pem.Find(data)
	if err != nil {
		return nil, because(unable, err)
	}
	var certs [][]byte
	for _, b := range blocks {
		if b.Label == "CERTIFICATE" || b.Label == "X509 CERTIFICATE" || b.Label == "" {
			certs = append(certs, b.Bytes)
		}
	}
	if len(certs) == 0 {
		return nil, because(unable, errors.New("there is no certificate in it"))
	}
	return certs, nil
}

func publicOf(raw []byte) (*key.Public, error) {
	certificate, err := cert.Parse(raw)
	if err != nil {
		return nil, err
	}
	return certificate.PublicKey, nil
}

// writeNamedCertificate writes a certificate under its names.
func (c *call) writeNamedCertificate(out *bytes.Buffer, raw []byte) error {
	certificate, err := text.ReadCertificate(raw)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	text.TitledName(w, "subject=", certificate.Subject, text.Oneline)
	text.TitledName(w, "issuer=", certificate.Issuer, text.Oneline)
	if err := w.Flush(); err != nil {
		return err
	}
	out.Write(pem.Encode("CERTIFICATE", raw))
	return nil
}
