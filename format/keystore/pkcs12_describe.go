package keystore

import (
	"fmt"

	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pbe"
)

// PKCS12Description is what a PKCS #12 file tells without its password.
type PKCS12Description struct {
	MAC           string // "HMAC-SHA-256"; empty where there is none
	MACIterations int
	MACSalt       int // octets
	Parts         []PKCS12Part
}

// PKCS12Part is one of the parts that are encrypted together, or not.
type PKCS12Part struct {
	Encryption string // as pbe.Description writes it; empty where it is not encrypted
	Problem    error  // why it could not be decrypted here, whatever the password
	Octets     int    // size of the content
	Bags       []PKCS12Bag
}

// PKCS12Bag is one object of a part that is not encrypted.
type PKCS12Bag struct {
	Kind       string // "private key", "encrypted private key", "certificate", "revocation list", "secret", "bags", or an identifier
	Alias      string
	Encryption string // of an encrypted private key
}

// DescribePKCS12 reads what is not encrypted of a PKCS #12 file in DER or BER.
func DescribePKCS12(data []byte) (*PKCS12Description, error) {
	p, err := parsePFX(data)
	if err != nil {
		return nil, fmt.Errorf("reading a PKCS #12 file: %w", err)
	}
	d := &PKCS12Description{}
	if p.mac != nil {
		d.MAC, d.MACIterations = p.mac.describe()
		d.MACSalt = len(p.mac.salt)
		if p.mac.pbmac1 != nil {
			d.MACSalt = p.mac.pbmac1.d.Salt
		}
	}
	parts, err := p.parts()
	if err != nil {
		return nil, fmt.Errorf("reading a PKCS #12 file: %w", err)
	}
	for _, info := range parts {
		part, err := describePart(info)
		if err != nil {
			return nil, fmt.Errorf("reading a PKCS #12 file: %w", err)
		}
		d.Parts = append(d.Parts, part)
	}
	return d, nil
}

func describePart(info *cms.ContentInfo) (part PKCS12Part, err error) {
	switch info.Type {
	case oid.EncryptedData:
		e, err := info.EncryptedData()
		if err != nil {
			return part, err
		}
		part.Octets = len(e.Encrypted.Content)
		part.Encryption, part.Problem = describeEncryption(e.Encrypted.Algorithm.Raw)
		return part, nil
	case oid.Data:
	default:
		part.Encryption = cms.TypeName(info.Type)
		part.Problem = fmt.Errorf("it holds %s, which cannot be read here", part.Encryption)
		return part, nil
	}
	octets, err := der.ParseTag(info.Content, der.OctetString)
	if err != nil {
		return part, err
	}
	part.Octets = len(octets.Content)
	all, err := sequenceOf(octets.Content)
	if err != nil {
		return part, err
	}
	for _, e := range all {
		b, err := parseBag(e)
		if err != nil {
			return part, err
		}
		described := PKCS12Bag{Kind: bagName(b.kind), Alias: b.alias}
		if b.kind == shroudedKeyBag {
			if fields, err := sequenceOf(b.value); err == nil && len(fields) > 0 {
				described.Encryption, part.Problem = describeEncryption(fields[0].Raw)
			}
		}
		part.Bags = append(part.Bags, described)
	}
	return part, nil
}

// describeEncryption names an algorithm even where it cannot be used.
func describeEncryption(algorithm []byte) (string, error) {
	d, err := pbe.Describe(algorithm)
	if err != nil {
		return "unknown", err
	}
	return d.String(), nil
}

func bagName(kind oid.OID) string {
	switch kind {
	case keyBag:
		return "private key"
	case shroudedKeyBag:
		return "encrypted private key"
	case certBag:
		return "certificate"
	case crlBag:
		return "revocation list"
	case secretBag:
		return "secret"
	case safeContentsBag:
		return "bags"
	}
	return kind.Name()
}
