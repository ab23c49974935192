package keystore

import (
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// PKCS12Safe is a part of a PKCS #12 file as it stands there: its bags in
// their order, opened (RFC 7292, Section 4.1).
type PKCS12Safe struct {
	Algorithm []byte // AlgorithmIdentifier it was encrypted by; nil where it was not
	Bags      []SafeBag
}

// SafeBag is one bag with all of its attributes (RFC 7292, Section 4.2).
type SafeBag struct {
	ID         oid.OID
	Value      []byte         // its content as it stands there
	Attributes []BagAttribute // nil where there is no list of them

	Algorithm   []byte    // AlgorithmIdentifier of an encrypted private key
	Encrypted   []byte    // such a key's content, to be opened by PKCS12.Key
	Certificate []byte    // of a bag of an X.509 certificate; nil elsewhere
	Kind        oid.OID   // of what a secret bag holds
	Inside      []SafeBag // of a bag of bags
}

// BagAttribute is an attribute of a bag or of a private key.
type BagAttribute struct {
	ID     oid.OID
	Values []der.Element
}

// The kinds of bags, for SafeBag.ID.
const (
	KeyBag          = keyBag
	ShroudedKeyBag  = shroudedKeyBag
	CertificateBag  = certBag
	SecretBag       = secretBag
	SafeContentsBag = safeContentsBag
)

// PKCS12 is an open PKCS #12 file.
type PKCS12 struct {
	Safes []PKCS12Safe
	r     *reader
}

// OpenPKCS12 reads a PKCS #12 file in DER or BER, and keeps the order of what
// is in it. What could be read before an error comes with the error:
// ErrPassphrase, or what is wrong.
func OpenPKCS12(data []byte, passwords PKCS12Passwords) (*PKCS12, error) {
	r, parts, err := partsOf(data, passwords)
	if err != nil {
		return nil, err
	}
	f := &PKCS12{r: r}
	for _, part := range parts {
		safe, known, err := f.open(part)
		if known {
			f.Safes = append(f.Safes, safe)
		}
		if err != nil {
			return f, fmt.Errorf("reading a PKCS #12 file: %w", err)
		}
	}
	return f, nil
}

// open opens a part; parts of unknown kinds are passed over.
func (f *PKCS12) open(part *cms.ContentInfo) (safe PKCS12Safe, known bool, err error) {
	var plain []byte
	switch part.Type {
	case oid.Data:
		octets, err := der.ParseTag(part.Content, der.OctetString)
		if err != nil {
			return safe, false, err
		}
		plain = octets.Content
	case oid.EncryptedData:
		e, err := part.EncryptedData()
		if err != nil {
			return safe, false, err
		}
		safe.Algorithm = e.Encrypted.Algorithm.Raw
		if plain, err = f.r.decrypt(safe.Algorithm, e.Encrypted.Content); err != nil {
			return safe, true, err
		}
		if _, err := sequenceOf(plain); err != nil {
			return safe, true, ErrPassphrase
		}
	default:
		return safe, false, nil
	}
	safe.Bags, err = safeBags(plain, 0)
	return safe, true, err
}

func safeBags(ber []byte, depth int) ([]SafeBag, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("its parts are nested more than %d deep", maxNesting)
	}
	all, err := sequenceOf(ber)
	if err != nil {
		return nil, err
	}
	var bags []SafeBag
	for i, e := range all {
		b, err := safeBag(e, depth)
		if err != nil {
			return bags, fmt.Errorf("bag %d: %w", i+1, err)
		}
		bags = append(bags, b)
	}
	return bags, nil
}

func safeBag(e der.Element, depth int) (out SafeBag, err error) {
	b, err := parseBag(e)
	if err != nil {
		return out, err
	}
	out.ID, out.Value = b.kind, b.value
	r := e.Children()
	for range 2 { // the identifier and the value, which are read
		if _, err := r.Next(); err != nil {
			return out, err
		}
	}
	if set, present, err := r.Optional(der.Set); present && err == nil {
		if out.Attributes, err = bagAttributes(set); err != nil {
			return out, err
		}
	}
	switch b.kind {
	case shroudedKeyBag:
		all, err := sequenceOf(b.value)
		if err != nil {
			return out, err
		}
		if len(all) != 2 || all[1].Tag != der.OctetString {
			return out, errors.New("the encrypted private key does not have the form of one")
		}
		out.Algorithm, out.Encrypted = all[0].Raw, all[1].Content
	case certBag:
		out.Certificate, err = b.inside(x509Certificate)
	case secretBag:
		if all, err := sequenceOf(b.value); err == nil && len(all) == 2 && all[0].Tag == der.ObjectIdentifier {
			out.Kind, out.Value = oid.OID(all[0].Content), all[1].Content
		}
	case safeContentsBag:
		out.Inside, err = safeBags(b.value, depth+1)
	}
	return out, err
}

func bagAttributes(set der.Element) ([]BagAttribute, error) {
	list := []BagAttribute{}
	for in := set.Children(); !in.Empty(); {
		e, err := in.Take(der.Sequence)
		if err != nil {
			return nil, fmt.Errorf("attributes: %w", err)
		}
		r := e.Children()
		id, err := r.Take(der.ObjectIdentifier)
		if err != nil {
			return nil, fmt.Errorf("attributes: %w", err)
		}
		values, err := r.Take(der.Set)
		if err != nil {
			return nil, fmt.Errorf("attributes: %w", err)
		}
		a := BagAttribute{ID: oid.OID(id.Content)}
		for v := values.Children(); !v.Empty(); {
			one, err := v.Next()
			if err != nil {
				return nil, fmt.Errorf("attributes: %w", err)
			}
			a.Values = append(a.Values, one)
		}
		list = append(list, a)
	}
	return list, nil
}

// Key returns the PrivateKeyInfo of a bag of a private key, decrypted where it
// is encrypted, and the attributes in it; nil where there is no list of them.
func (f *PKCS12) Key(b SafeBag) (info []byte, attributes []BagAttribute, err error) {
	info = b.Value
	if b.Encrypted != nil {
		if info, err = f.r.decrypt(b.Algorithm, b.Encrypted); err != nil {
			return nil, nil, err
		}
	}
	e, err := der.ParseTag(info, der.Sequence)
	if err != nil {
		if b.Encrypted != nil {
			err = ErrPassphrase
		}
		return nil, nil, err
	}
	for r := e.Children(); !r.Empty(); {
		field, err := r.Next()
		if err != nil {
			return nil, nil, err
		}
		if field.Tag == der.ContextConstructed(0) {
			attributes, err = bagAttributes(field)
			return info, attributes, err
		}
	}
	return info, nil, nil
}
