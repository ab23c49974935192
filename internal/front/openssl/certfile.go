package openssl

import (
	"bytes"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/front/openssl/text"
)

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
	w := text.NewWriter(out, c.names)
	text.TitledName(w, "subject=", certificate.Subject, text.Oneline)
	text.TitledName(w, "issuer=", certificate.Issuer, text.Oneline)
	if err := w.Flush(); err != nil {
		return err
	}
	out.Write(pem.Encode("CERTIFICATE", raw))
	return nil
}
