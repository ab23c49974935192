package openssl

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pbe"
)

// The object identifiers of PKCS #12 (RFC 7292, Sections 4 and 5) and PKCS #9.
const (
	keyBag          = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01"
	shroudedKeyBag  = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02"
	certBag         = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x03"
	friendlyName    = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x14"
	localKeyID      = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x15"
	x509Certificate = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x16\x01"
)

// pkcs12File is what a PKCS #12 file is made of.
type pkcs12File struct {
	key         *key.Private // nil for none
	certs       []pkcs12Certificate
	password    []byte
	macPassword []byte
	name        string
	keyPBE      *pbe.Options // nil for no encryption
	certPBE     *pbe.Options
	mac         crypto.Hash // 0 for none
	macRounds   int
}

type pkcs12Certificate struct {
	raw  []byte
	name string
	own  bool // it is the key's
}

// encode writes the file; salts and IVs come from random.
func (f *pkcs12File) encode(random io.Reader) ([]byte, error) {
	var safe der.Builder
	parts := safe.Begin(der.Sequence)
	var id []byte
	for _, one := range f.certs {
		if one.own {
			sum := sha1.Sum(one.raw)
			id = sum[:]
		}
	}
	if len(f.certs) > 0 {
		if err := f.appendPart(&safe, f.certBags(id), f.certPBE, random); err != nil {
			return nil, err
		}
	}
	if f.key != nil {
		bags, err := f.keyBags(id, random)
		if err != nil {
			return nil, err
		}
		if err := f.appendPart(&safe, bags, nil, random); err != nil {
			return nil, err
		}
	}
	safe.End(parts)
	var b der.Builder
	all := b.Begin(der.Sequence)
	b.Int(3)
	cms.AppendData(&b, safe.Bytes())
	if f.mac != 0 {
		if err := f.appendMAC(&b, safe.Bytes(), random); err != nil {
			return nil, err
		}
	}
	b.End(all)
	return b.Bytes(), nil
}

func (f *pkcs12File) certBags(id []byte) []byte {
	var b der.Builder
	all := b.Begin(der.Sequence)
	for _, one := range f.certs {
		var value der.Builder
		mark := value.Begin(der.Sequence)
		value.OID(x509Certificate)
		explicit := value.Begin(der.ContextConstructed(0))
		value.Add(der.OctetString, one.raw)
		value.End(explicit)
		value.End(mark)
		own := id
		if !one.own {
			own = nil
		}
		appendBag(&b, certBag, value.Bytes(), one.name, own)
	}
	b.End(all)
	return b.Bytes()
}

func (f *pkcs12File) keyBags(id []byte, random io.Reader) ([]byte, error) {
	info, err := pkcs8Of(f.key, ecForm{})
	if err != nil {
		return nil, err
	}
	kind := keyBag
	if f.keyPBE != nil {
		kind = shroudedKeyBag
		if info, err = key.WrapPKCS8(info, f.password, *f.keyPBE, random); err != nil {
			return nil, err
		}
	}
	var b der.Builder
	all := b.Begin(der.Sequence)
	appendBag(&b, kind, info, f.name, id)
	b.End(all)
	return b.Bytes(), nil
}

// appendBag writes a SafeBag (RFC 7292, Section 4.2).
func appendBag(b *der.Builder, kind string, value []byte, name string, id []byte) {
	bag := b.Begin(der.Sequence)
	b.OID(kind)
	explicit := b.Begin(der.ContextConstructed(0))
	b.Raw(value)
	b.End(explicit)
	var attributes [][]byte
	if id != nil {
		attributes = append(attributes, attribute(localKeyID, der.OctetString, id))
	}
	if name != "" {
		var text []byte
		for _, unit := range utf16.Encode([]rune(name)) {
			text = append(text, byte(unit>>8), byte(unit))
		}
		attributes = append(attributes, attribute(friendlyName, der.Tag(0x1e), text))
	}
	if len(attributes) > 0 {
		slices.SortFunc(attributes, bytes.Compare)
		set := b.Begin(der.Tag(0x31))
		b.Raw(attributes...)
		b.End(set)
	}
	b.End(bag)
}

func attribute(kind string, tag der.Tag, content []byte) []byte {
	var b der.Builder
	all := b.Begin(der.Sequence)
	b.OID(kind)
	set := b.Begin(der.Tag(0x31))
	b.Add(tag, content)
	b.End(set)
	b.End(all)
	return b.Bytes()
}

// appendPart writes bags as a ContentInfo, encrypted where how is given.
func (f *pkcs12File) appendPart(b *der.Builder, bags []byte, how *pbe.Options, random io.Reader) error {
	if how == nil {
		cms.AppendData(b, bags)
		return nil
	}
	algorithm, encrypted, err := pbe.Encrypt(*how, bags, f.password, random)
	if err != nil {
		return fmt.Errorf("encrypting the certificates: %w", err)
	}
	cms.AppendEncryptedData(b, algorithm, encrypted)
	return nil
}

// appendMAC writes MacData (RFC 7292, Section 4).
func (f *pkcs12File) appendMAC(b *der.Builder, content []byte, random io.Reader) error {
	salt := make([]byte, 8)
	if _, err := io.ReadFull(random, salt); err != nil {
		return fmt.Errorf("reading random octets: %w", err)
	}
	const forMAC pbe.Purpose = 3
	k := pbe.PKCS12KDF(f.mac, forMAC, pbe.UTF16Password(f.macPassword), salt, f.macRounds, f.mac.Size())
	h := hmac.New(f.mac.New, k)
	h.Write(content)
	data := b.Begin(der.Sequence)
	digest := b.Begin(der.Sequence)
	hashAlgorithm(b, key.HashID(f.mac))
	b.Add(der.OctetString, h.Sum(nil))
	b.End(digest)
	b.Add(der.OctetString, salt)
	if f.macRounds != 1 {
		b.Int(int64(f.macRounds))
	}
	b.End(data)
	return nil
}

// pbeOf reads -keypbe or -certpbe.
func (c *call) pbeOf(name, otherwise string, rounds int) (*pbe.Options, error) {
	value := c.text(name)
	if value == "" {
		value = otherwise
	}
	if strings.EqualFold(value, "NONE") {
		return nil, nil
	}
	if scheme := strings.ToLower(value); scheme == "pbe-sha1-rc2-40" && name == "certpbe" {
		return &pbe.Options{Scheme: scheme, Iterations: rounds, Salt: 8}, nil
	}
	if scheme, err := c.oldScheme(value); err == nil {
		return &pbe.Options{Scheme: scheme, Iterations: rounds, Salt: 8}, nil
	} else if strings.HasPrefix(strings.ToUpper(value), "PBE-") {
		return nil, complain("pkcs12: option -%s is not supported by certwright openssl with %s: use AES-256-CBC or PBE-SHA1-3DES", name, value)
	}
	cipher, err := c.cipherNamed(value)
	if err != nil {
		return nil, because(fmt.Sprintf("Unknown PBE algorithm %s", value), nil)
	}
	return &pbe.Options{Cipher: cipher, Iterations: rounds}, nil
}

// protection sets how the file is encrypted and authenticated.
func (c *call) protection(f *pkcs12File) (err error) {
	rounds := c.count("iter", iterations)
	if c.has("noiter") {
		rounds = 1
	}
	forKey, forCerts, legacy := "AES-256-CBC", "AES-256-CBC", c.has("legacy")
	if legacy {
		forKey, forCerts = "PBE-SHA1-3DES", "PBE-SHA1-RC2-40"
	}
	if c.has("descert") {
		forCerts = "PBE-SHA1-3DES"
	}
	if f.keyPBE, err = c.pbeOf("keypbe", forKey, rounds); err != nil {
		return err
	}
	if f.certPBE, err = c.pbeOf("certpbe", forCerts, rounds); err != nil {
		return err
	}
	if c.has("nomac") {
		return nil
	}
	f.macRounds, f.mac = c.count("iter", iterations), crypto.SHA256
	if c.has("nomaciter") {
		f.macRounds = 1
	}
	if legacy {
		f.mac = crypto.SHA1
	}
	if name := c.text("macalg"); name != "" {
		known := map[string]crypto.Hash{"sha1": crypto.SHA1, "sha224": crypto.SHA224, "sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}
		hash, ok := known[digests()[strings.ToLower(name)]]
		if !ok {
			return because("pkcs12: the MAC digest "+name+" is not supported by certwright openssl", errors.New("use sha256"))
		}
		f.mac = hash
	}
	return nil
}
