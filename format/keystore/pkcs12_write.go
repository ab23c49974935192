package keystore

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"

	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pbe"
)

// WritePKCS12 writes a private key, its certificate and the certificates of
// the issuers, nearest first, all in DER. The alias names the entry; it may be
// empty. Salts and IVs are read from random.
func WritePKCS12(k *key.Private, certificate []byte, chain [][]byte, password []byte, preset Preset, alias string, random io.Reader) ([]byte, error) {
	s, err := preset.strength()
	if err != nil {
		return nil, fmt.Errorf("writing a PKCS #12 file: %w", err)
	}
	if err := checkPair(k, certificate); err != nil {
		return nil, fmt.Errorf("writing a PKCS #12 file: %w", err)
	}
	id := sha1.Sum(certificate)
	certs := []Certificate{{Alias: alias, Raw: certificate}}
	for _, raw := range chain {
		certs = append(certs, Certificate{Raw: raw})
	}
	shrouded, err := key.EncryptPKCS8(k, notNil(password), s.encryption, random)
	if err != nil {
		return nil, fmt.Errorf("writing a PKCS #12 file: %w", err)
	}
	var keys der.Builder
	list := keys.Begin(der.Sequence)
	appendBag(&keys, shroudedKeyBag, shrouded, alias, id[:], false)
	keys.End(list)
	return s.write(certs, id[:], keys.Bytes(), notNil(password), random)
}

// WriteTruststorePKCS12 writes trusted certificates, marked so that Java takes
// them as trust anchors. Each has an alias of its own.
func WriteTruststorePKCS12(certs []Certificate, password []byte, preset Preset, random io.Reader) ([]byte, error) {
	s, err := preset.strength()
	if err != nil {
		return nil, fmt.Errorf("writing a PKCS #12 trust store: %w", err)
	}
	if err := checkAliases(certs); err != nil {
		return nil, fmt.Errorf("writing a PKCS #12 trust store: %w", err)
	}
	trusted := append([]Certificate{}, certs...)
	for i := range trusted {
		trusted[i].Trusted = true
	}
	return s.write(trusted, nil, nil, notNil(password), random)
}

// notNil makes no password the empty one, which is what people mean by it.
func notNil(password []byte) []byte {
	if password == nil {
		return []byte{}
	}
	return password
}

// write puts the file together: certificates encrypted as a whole, the bags of
// keys, encrypted each by itself, beside them. id is the localKeyID of the
// first certificate.
func (s strength) write(certs []Certificate, id, keys, password []byte, random io.Reader) ([]byte, error) {
	var bags der.Builder
	list := bags.Begin(der.Sequence)
	for i, c := range certs {
		if i > 0 {
			id = nil
		}
		appendBag(&bags, certBag, certificateValue(c.Raw), c.Alias, id, c.Trusted)
	}
	bags.End(list)
	algorithm, encrypted, err := pbe.Encrypt(s.encryption, bags.Bytes(), password, random)
	if err != nil {
		return nil, fmt.Errorf("writing a PKCS #12 file: %w", err)
	}
	var safe der.Builder
	parts := safe.Begin(der.Sequence)
	cms.AppendEncryptedData(&safe, algorithm, encrypted)
	if keys != nil {
		cms.AppendData(&safe, keys)
	}
	safe.End(parts)

	var b der.Builder
	all := b.Begin(der.Sequence)
	b.Int(3)
	cms.AppendData(&b, safe.Bytes())
	if err := s.appendMAC(&b, safe.Bytes(), password, random); err != nil {
		return nil, fmt.Errorf("writing a PKCS #12 file: %w", err)
	}
	b.End(all)
	return b.Bytes(), nil
}

func certificateValue(raw []byte) []byte {
	var b der.Builder
	value := b.Begin(der.Sequence)
	b.OID(string(x509Certificate))
	explicit := b.Begin(der.ContextConstructed(0))
	b.Add(der.OctetString, raw)
	b.End(explicit)
	b.End(value)
	return b.Bytes()
}

func appendBag(b *der.Builder, kind oid.OID, value []byte, alias string, id []byte, trusted bool) {
	bag := b.Begin(der.Sequence)
	b.OID(string(kind))
	explicit := b.Begin(der.ContextConstructed(0))
	b.Raw(value)
	b.End(explicit)
	if alias != "" || id != nil || trusted {
		set := b.Begin(der.Set)
		if alias != "" {
			appendAttribute(b, oid.FriendlyName, der.BMPString, bmp(alias))
		}
		if id != nil {
			appendAttribute(b, oid.LocalKeyID, der.OctetString, id)
		}
		if trusted {
			appendAttribute(b, javaTrustedUsage, der.ObjectIdentifier, []byte(oid.AnyExtKeyUsage))
		}
		b.End(set)
	}
	b.End(bag)
}

func appendAttribute(b *der.Builder, kind oid.OID, tag der.Tag, content []byte) {
	attribute := b.Begin(der.Sequence)
	b.OID(string(kind))
	values := b.Begin(der.Set)
	b.Add(tag, content)
	b.End(values)
	b.End(attribute)
}

func bmp(text string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(text)) {
		out = append(out, byte(u>>8), byte(u))
	}
	return out
}

// checkAliases wants one for each certificate, and no two the same.
func checkAliases(certs []Certificate) error {
	seen := map[string]bool{}
	for i, c := range certs {
		if c.Alias == "" {
			return fmt.Errorf("certificate %d has no alias; give each one a name", i+1)
		}
		if seen[fold(c.Alias)] {
			return fmt.Errorf("the alias %q is given twice, and Java keeps only one of them; give each certificate a name of its own", c.Alias)
		}
		seen[fold(c.Alias)] = true
	}
	if len(certs) == 0 {
		return errors.New("there are no certificates to write")
	}
	return nil
}
