package openssl

import (
	"bytes"
	"fmt"
	"io"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/keystore"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/front/openssl/text"
)

// bagPrinter prints an open PKCS #12 file bag by bag: what is in it to out, and
// with -info how it is kept to standard error.
type bagPrinter struct {
	*call
	file *keystore.PKCS12
	sink keySink
	out  bytes.Buffer
}

func (p *bagPrinter) tell(format string, args ...any) {
	if p.has("info") {
		fmt.Fprintf(p.Stderr, format, args...)
	}
}

func (p *bagPrinter) safes() error {
	for _, safe := range p.file.Safes {
		if safe.Algorithm == nil {
			p.tell("PKCS7 Data\n")
		} else {
			p.tell("PKCS7 Encrypted data: %s\n", encryptionWords(safe.Algorithm, p.names))
		}
		if err := p.bags(safe.Bags); err != nil {
			return err
		}
	}
	return nil
}

func (p *bagPrinter) bags(list []keystore.SafeBag) error {
	for _, b := range list {
		if err := p.bag(b); err != nil {
			return err
		}
	}
	return nil
}

func (p *bagPrinter) bag(b keystore.SafeBag) error {
	switch b.ID {
	case keystore.KeyBag:
		p.tell("Key bag\n")
		return p.key(b)
	case keystore.ShroudedKeyBag:
		p.tell("Shrouded Keybag: %s\n", encryptionWords(b.Algorithm, p.names))
		return p.key(b)
	case keystore.CertificateBag:
		p.tell("Certificate bag\n")
		return p.certificate(b)
	case keystore.SecretBag:
		p.tell("Secret bag\n")
		p.attributes("Bag Attributes", b.Attributes)
		fmt.Fprintf(p.Stderr, "Bag Type: %s\nBag Value: ", text.Objects(p.names).Long(b.Kind))
		if value, err := der.Parse(b.Value); err == nil {
			attributeValue(&p.out, value)
		}
		return nil
	case keystore.SafeContentsBag:
		p.tell("Safe Contents bag\n")
		p.attributes("Bag Attributes", b.Attributes)
		return p.bags(b.Inside)
	}
	fmt.Fprintf(p.Stderr, "Warning unsupported bag type: %s\n", text.Objects(p.names).Long(b.ID))
	return nil
}

func (p *bagPrinter) key(b keystore.SafeBag) error {
	if p.hasAny("nokeys", "noout") {
		return nil
	}
	p.attributes("Bag Attributes", b.Attributes)
	info, attributes, err := p.file.Key(b)
	if err != nil {
		return err
	}
	k, err := key.ReadPrivate(info, nil)
	if err != nil {
		return err
	}
	p.attributes("Key Attributes", attributes)
	if p.text("out") == "" && p.sink.cipher != "" && p.sink.secret == nil {
		// Whoever is asked for a passphrase sees what came before the key.
		if err := p.writeFile("", p.out.Bytes(), true); err != nil {
			return err
		}
		p.out.Reset()
	}
	data, err := p.encodePrivate(k, p.sink)
	p.out.Write(data)
	return err
}

func (p *bagPrinter) certificate(b keystore.SafeBag) error {
	if p.hasAny("nocerts", "noout") {
		return nil
	}
	isKeys := false
	for _, a := range b.Attributes {
		isKeys = isKeys || a.ID == oid.LocalKeyID
	}
	if isKeys && p.has("cacerts") || !isKeys && p.has("clcerts") {
		return nil
	}
	p.attributes("Bag Attributes", b.Attributes)
	if b.Certificate == nil {
		return nil
	}
	return p.writeNamedCertificate(&p.out, b.Certificate)
}

func (p *bagPrinter) attributes(title string, list []keystore.BagAttribute) {
	p.out.WriteString(title)
	switch {
	case list == nil:
		p.out.WriteString(": <No Attributes>")
	case len(list) == 0:
		p.out.WriteString(": <Empty Attributes>")
	}
	p.out.WriteByte('\n')
	for _, a := range list {
		fmt.Fprintf(&p.out, "    %s: ", text.Objects(p.names).Long(a.ID))
		for _, v := range a.Values {
			attributeValue(&p.out, v)
		}
		if len(a.Values) == 0 {
			p.out.WriteString("<No Values>\n")
		}
	}
}

// attributeValue writes a value on a line: text as it is, octets in
// hexadecimal.
func attributeValue(w io.Writer, v der.Element) {
	switch v.Tag {
	case der.BMPString:
		s, _ := v.Text()
		fmt.Fprintln(w, s)
	case der.UTF8String:
		fmt.Fprintf(w, "%s\n", v.Content)
	case der.OctetString:
		fmt.Fprintf(w, "%s\n", spacedHex(v.Content))
	case der.BitString:
		fmt.Fprintf(w, "%s\n", spacedHex(v.Content[min(1, len(v.Content)):]))
	default:
		fmt.Fprintf(w, "<Unsupported tag %d>\n", int(v.Tag)&0x1f)
	}
}

func spacedHex(octets []byte) string {
	var out bytes.Buffer
	for _, c := range octets {
		fmt.Fprintf(&out, "%02X ", c)
	}
	return out.String()
}
