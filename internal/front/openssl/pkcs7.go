package openssl

import (
	"bytes"
	"slices"

	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/front/openssl/text"
)

func pkcs7Command() command {
	return command{name: "pkcs7", run: pkcs7, options: slices.Concat([]option{
		title("General options"),
		helpOption(),
		engineOption(),
		title("Input options"),
		{"in", inFile, "File to read", ""},
		{"inform", derOrPEM, "Format of the file", ""},
		title("Output options"),
		{"outform", derOrPEM, "Format of the output", ""},
		{"out", outFile, "File for the output", ""},
		{"noout", flag, "Write no PKCS #7", ""},
		{"text", flag, "Print certificates in full", ""},
		{"print", flag, "Print every field", "the fields of the structure are not printed; `certwright inspect` shows them, asn1parse the tree"},
		{"print_certs", flag, "Print the certificates and revocation lists", ""},
	}, providerOptions())}
}

func pkcs7(c *call) error {
	if err := c.noArguments(); err != nil {
		return err
	}
	data, err := c.open(c.text("in"))
	if err != nil {
		return err
	}
	if c.format("inform", formatPEM) == formatPEM {
		// CMS and certificates under this label are PKCS #7 too.
		if data, err = labelled(data, "PKCS7", "PKCS #7 SIGNED DATA", "CMS", "CERTIFICATE"); err != nil {
			return because("unable to load PKCS7 object", err)
		}
	}
	// OpenSSL passes over what follows the message.
	rest := der.Reader(data)
	if whole, err := rest.Next(); err == nil {
		data = whole.Raw
	}
	message, err := cms.Parse(data)
	if err != nil {
		return because("unable to load PKCS7 object", err)
	}
	var out bytes.Buffer
	if c.has("print_certs") {
		if err := c.printCertificates(&out, message); err != nil {
			return err
		}
		return c.writeFile(c.text("out"), out.Bytes(), false)
	}
	if !c.has("noout") {
		if c.format("outform", formatPEM) == formatDER {
			out.Write(message.Raw)
		} else {
			out.Write(pem.Encode("PKCS7", message.Raw))
		}
	}
	return c.writeFile(c.text("out"), out.Bytes(), false)
}

func (c *call) printCertificates(out *bytes.Buffer, message *cms.ContentInfo) error {
	certs, crls, err := carried(message)
	if err != nil {
		return err
	}
	for _, raw := range certs {
		if err := c.printCertificate(out, raw); err != nil {
			return err
		}
		if !c.has("noout") {
			out.Write(pem.Encode("CERTIFICATE", raw))
		}
		out.WriteByte('\n')
	}
	for _, raw := range crls {
		list, err := text.ReadList(raw)
		if err != nil {
			return err
		}
		w := text.NewWriter(out, c.names)
		if err := list.Write(w, text.Options{Names: text.Oneline}); err != nil {
			return err
		}
		w.Flush()
		if !c.has("noout") {
			out.Write(pem.Encode("X509 CRL", raw))
		}
		out.WriteByte('\n')
	}
	return nil
}

func carried(message *cms.ContentInfo) (certs, crls [][]byte, err error) {
	if signed, err := message.SignedData(); err == nil {
		return signed.Certificates, signed.CRLs, nil
	}
	if enveloped, err := message.EnvelopedData(); err == nil {
		return enveloped.Certificates, enveloped.CRLs, nil
	}
	return nil, nil, nil
}

// printCertificate prints a certificate whole with -text, else its names.
func (c *call) printCertificate(out *bytes.Buffer, raw []byte) error {
	certificate, err := text.ReadCertificate(raw)
	if err != nil {
		return err
	}
	w := text.NewWriter(out, c.names)
	if c.has("text") {
		if err := certificate.Write(w, text.Options{Names: text.Compat}); err != nil {
			return err
		}
	} else {
		text.TitledName(w, "subject=", certificate.Subject, text.Oneline)
		text.TitledName(w, "issuer=", certificate.Issuer, text.Oneline)
	}
	return w.Flush()
}
