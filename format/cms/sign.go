package cms

import (
	"crypto"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// Letter says what a SignedData holds and who signs it.
type Letter struct {
	ContentType  oid.OID // oid.Data where empty
	Detached     bool    // the content is signed and left out
	Certificates [][]byte
	CRLs         [][]byte
	Signers      []Signer
}

// Signer is one who signs.
type Signer struct {
	Key        crypto.Signer
	Public     *key.Public
	Identifier Identifier // of Public's certificate
	// Hash is "sha256", "sha512" … as key.ChooseSignatureAlgorithm has it; the
	// default of the key where empty. Keys that hash by themselves take
	// SHA-512 for the content where it is empty (RFC 8419, Section 2.3; RFC
	// 9882, Section 3.3).
	Hash string
	PSS  bool // RSASSA-PSS with an RSA key

	// NoAttributes signs the content itself. The content type must be Data.
	NoAttributes bool
	Time         time.Time   // signing time; left out where zero
	Attributes   []Attribute // further signed ones; Raw is ignored
	Unsigned     []Attribute
}

// Sign makes a SignedData (RFC 5652, Section 5). The result's DER is the
// whole message, its Content the bare SignedData.
func Sign(content []byte, l Letter) (*ContentInfo, error) {
	if l.ContentType == "" {
		l.ContentType = oid.Data
	}
	var b der.Builder
	if err := l.append(&b, content); err != nil {
		return nil, fmt.Errorf("signing a message: %w", err)
	}
	return wrapContent(oid.SignedData, b.Bytes()), nil
}

func (l Letter) append(b *der.Builder, content []byte) error {
	if len(l.Signers) == 0 {
		return errors.New("there is nobody who signs it; a bundle of certificates needs no signer")
	}
	version := int64(1)
	if l.ContentType != oid.Data {
		version = 3
	}
	var signers, algorithms [][]byte
	seen := map[string]bool{}
	for i, s := range l.Signers {
		raw, digest, err := s.sign(l.ContentType, content)
		if err != nil {
			return fmt.Errorf("signer %d: %w", i+1, err)
		}
		if s.Identifier.Serial == nil {
			version = 3
		}
		signers = append(signers, raw)
		if !seen[string(digest)] {
			seen[string(digest)] = true
			algorithms = append(algorithms, digest)
		}
	}
	outer := b.Begin(der.Sequence)
	b.Int(version)
	appendSetOf(b, der.Set, algorithms)
	encapsulated := b.Begin(der.Sequence)
	b.OID(string(l.ContentType))
	if !l.Detached {
		mark := b.Begin(der.ContextConstructed(0))
		b.Add(der.OctetString, content)
		b.End(mark)
	}
	b.End(encapsulated)
	if len(l.Certificates) > 0 {
		appendSetOf(b, der.ContextConstructed(0), l.Certificates)
	}
	if len(l.CRLs) > 0 {
		appendSetOf(b, der.ContextConstructed(1), l.CRLs)
	}
	appendSetOf(b, der.Set, signers)
	b.End(outer)
	return nil
}

// algorithm returns what is signed with, and the hash of the content.
func (s Signer) algorithm() (key.SignatureAlgorithm, crypto.Hash, error) {
	if s.Key == nil || s.Public == nil {
		return key.SignatureAlgorithm{}, 0, errors.New("the key is missing")
	}
	a, err := key.ChooseSignatureAlgorithm(s.Public, s.Hash, s.PSS)
	if err == nil || s.Hash == "" {
		if a.Hash == 0 {
			return a, crypto.SHA512, err
		}
		return a, a.Hash, err
	}
	// Keys that hash by themselves leave the hash of the content to choose.
	own, problem := key.ChooseSignatureAlgorithm(s.Public, "", s.PSS)
	if problem != nil || own.Hash != 0 {
		return a, 0, err
	}
	for _, d := range digests {
		if d.name == s.Hash {
			return own, d.hash, nil
		}
	}
	return a, 0, err
}

// sign writes SignerInfo, and returns the digest algorithm with it.
func (s Signer) sign(contentType oid.OID, content []byte) (raw, digest []byte, err error) {
	if s.Identifier.isZero() {
		return nil, nil, errors.New("the identifier of the key's certificate is missing")
	}
	if s.NoAttributes && contentType != oid.Data {
		return nil, nil, fmt.Errorf("content of the type %s needs signed attributes", TypeName(contentType))
	}
	a, hash, err := s.algorithm()
	if err != nil {
		return nil, nil, err
	}
	var d der.Builder
	appendAlgorithm(&d, digestID(hash), false)
	message := content
	var attributes []byte
	if !s.NoAttributes {
		attributes = s.attributes(contentType, hashed(hash, content))
		message = attributes
	}
	signature, err := key.Sign(s.Key, a, message)
	if err != nil {
		return nil, nil, err
	}
	var b der.Builder
	outer := b.Begin(der.Sequence)
	version := int64(1)
	if s.Identifier.Serial == nil {
		version = 3
	}
	b.Int(version)
	s.Identifier.append(&b)
	b.Raw(d.Bytes())
	if attributes != nil {
		b.Raw([]byte{byte(der.ContextConstructed(0))}, attributes[1:])
	}
	if a.KeyType == "RSA" && a.SaltLength < 0 {
		// What everybody reads, the oldest programs too (RFC 3370, Section 3.2).
		appendAlgorithm(&b, oid.RSAEncryption, true)
	} else {
		b.Raw(a.Identifier.Raw)
	}
	b.Add(der.OctetString, signature)
	if len(s.Unsigned) > 0 {
		appendSetOf(&b, der.ContextConstructed(1), encodeAttributes(s.Unsigned))
	}
	b.End(outer)
	return b.Bytes(), d.Bytes(), nil
}

// attributes writes the SET OF that is signed.
func (s Signer) attributes(contentType oid.OID, digest []byte) []byte {
	var kind, hash, when der.Builder
	kind.OID(string(contentType))
	hash.Add(der.OctetString, digest)
	all := []Attribute{{Type: oid.ContentType, Values: [][]byte{kind.Bytes()}}, {Type: oid.MessageDigest, Values: [][]byte{hash.Bytes()}}}
	if !s.Time.IsZero() {
		when.Time(s.Time)
		all = append(all, Attribute{Type: oid.SigningTime, Values: [][]byte{when.Bytes()}})
	}
	var b der.Builder
	appendSetOf(&b, der.Set, encodeAttributes(append(all, s.Attributes...)))
	return b.Bytes()
}

func encodeAttributes(all []Attribute) [][]byte {
	var out [][]byte
	for _, a := range all {
		var b der.Builder
		outer := b.Begin(der.Sequence)
		b.OID(string(a.Type))
		appendSetOf(&b, der.Set, a.Values)
		b.End(outer)
		out = append(out, b.Bytes())
	}
	return out
}
