package cms

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// Errors that callers tell apart.
var (
	ErrNoSigner      = errors.New("nobody has signed the message")
	ErrNoCertificate = errors.New("the signer's certificate is not there")
	ErrDigest        = errors.New("the content is not what was signed: its digest differs")
)

// maxSigners bounds how many signatures of one message are checked.
const maxSigners = 64

// NameOf identifies a certificate by its issuer and serial number.
func NameOf(c *cert.Certificate) Identifier {
	return Identifier{Issuer: c.Issuer, Serial: c.Serial}
}

// KeyOf identifies a certificate by its subject key identifier: that of the
// extension, or the usual hash of its key where there is none.
func KeyOf(c *cert.Certificate) Identifier {
	if e, ok := ext.Find(c.Extensions, oid.SubjectKeyIdentifier); ok {
		if id, err := ext.ParseSubjectKeyIdentifier(e.Value); err == nil {
			return Identifier{KeyIdentifier: id}
		}
	}
	return Identifier{KeyIdentifier: c.PublicKey.Identifier()}
}

// Certificate returns the certificate of a signer, from the message or from
// others; ErrNoCertificate where it is in neither.
func (s *SignedData) Certificate(signer *SignerInfo, others ...*cert.Certificate) (*cert.Certificate, error) {
	for _, raw := range s.Certificates {
		if c, err := cert.Parse(raw); err == nil {
			others = append(others, c)
		}
	}
	for _, c := range others {
		if signer.Identifier.Equal(NameOf(c)) || signer.Identifier.Equal(KeyOf(c)) {
			return c, nil
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrNoCertificate, signer.Identifier)
}

// Verify checks every signature, and returns the certificate of each signer,
// from the message or from others. Detached is the content where the message
// does not hold it. Whether the certificates, and the algorithms, are good
// enough is for the caller to judge.
func (s *SignedData) Verify(detached []byte, others ...*cert.Certificate) ([]*cert.Certificate, error) {
	if len(s.Signers) == 0 {
		return nil, ErrNoSigner
	}
	if len(s.Signers) > maxSigners {
		return nil, fmt.Errorf("%d signatures are more than are checked (%d)", len(s.Signers), maxSigners)
	}
	var all []*cert.Certificate
	for i := range s.Signers {
		c, err := s.Certificate(&s.Signers[i], others...)
		if err == nil {
			err = s.VerifySigner(&s.Signers[i], c.PublicKey, detached)
		}
		if err != nil {
			return nil, fmt.Errorf("signer %d: %w", i+1, err)
		}
		all = append(all, c)
	}
	return all, nil
}

// VerifySigner checks one signature by this key (RFC 5652, Section 5.6).
func (s *SignedData) VerifySigner(signer *SignerInfo, by *key.Public, detached []byte) error {
	content := detached
	if !s.Detached {
		content = s.Content
		if s.encoded {
			if s.ContentType == oid.Data {
				return errors.New("the content is of the type Data and no OCTET STRING")
			}
			// PKCS #7 signs the content octets of any element (RFC 5652, Section 5.2.1).
			if e, err := der.Parse(content); err == nil {
				content = e.Content
			}
		}
	}
	algorithm, err := signer.Algorithm()
	if err != nil {
		return err
	}
	if signer.RawSignedAttributes == nil {
		if s.ContentType != oid.Data {
			return fmt.Errorf("content of the type %s needs signed attributes", TypeName(s.ContentType))
		}
		return key.Verify(by, algorithm.Identifier, content, signer.Signature)
	}
	if err := signer.checkAttributes(s.ContentType, content); err != nil {
		return err
	}
	return key.Verify(by, algorithm.Identifier, signer.RawSignedAttributes, signer.Signature)
}

// Algorithm returns the signature algorithm. Where the message names the kind
// of key alone, the hash is the signer's digest algorithm.
func (s *SignerInfo) Algorithm() (key.SignatureAlgorithm, error) {
	hash, err := digestByID(s.DigestAlgorithm.ID)
	if err != nil {
		return key.SignatureAlgorithm{}, err
	}
	id := s.SignatureAlgorithm
	for _, d := range digests {
		if d.hash != hash {
			continue
		}
		switch {
		case id.ID == oid.RSAEncryption:
			id, err = algorithmOf(d.rsa, true)
		case id.ID == oid.ECPublicKey && d.ecdsa != "":
			id, err = algorithmOf(d.ecdsa, false)
		}
	}
	if err != nil {
		return key.SignatureAlgorithm{}, err
	}
	a := key.ParseSignatureAlgorithm(id)
	if a.Hash != 0 && a.Hash != hash {
		return a, fmt.Errorf("the digest algorithm is %v, but the signature is made with %v", hash, a.Hash)
	}
	return a, nil
}

func algorithmOf(id oid.OID, null bool) (key.AlgorithmIdentifier, error) {
	var b der.Builder
	appendAlgorithm(&b, id, null)
	return key.ParseAlgorithmIdentifier(b.Bytes())
}

// checkAttributes holds the content against the signed attributes.
func (s *SignerInfo) checkAttributes(contentType oid.OID, content []byte) error {
	kind, err := s.single(oid.ContentType, der.ObjectIdentifier)
	if err != nil {
		return err
	}
	if !bytes.Equal(kind, []byte(contentType)) {
		return errors.New("the content type that was signed is another one")
	}
	want, err := s.single(oid.MessageDigest, der.OctetString)
	if err != nil {
		return err
	}
	hash, err := digestByID(s.DigestAlgorithm.ID)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(want, hashed(hash, content)) != 1 {
		return ErrDigest
	}
	return nil
}

// single returns the content octets of a signed attribute that must be there
// once and have one value (RFC 5652, Section 11).
func (s *SignerInfo) single(t oid.OID, tag der.Tag) ([]byte, error) {
	var found []byte
	for _, a := range s.SignedAttributes {
		if a.Type != t {
			continue
		}
		if found != nil || len(a.Values) != 1 {
			return nil, fmt.Errorf("the signed attribute %s is there more than once", t.Name())
		}
		e, err := der.ParseTag(a.Values[0], tag)
		if err != nil {
			return nil, fmt.Errorf("the signed attribute %s: %w", t.Name(), err)
		}
		found = e.Content
	}
	if found == nil {
		return nil, fmt.Errorf("the signed attribute %s is missing", t.Name())
	}
	return found, nil
}

// SignedAttribute returns the first signed attribute of a type.
func (s *SignerInfo) SignedAttribute(t oid.OID) (Attribute, bool) {
	for _, a := range s.SignedAttributes {
		if a.Type == t {
			return a, true
		}
	}
	return Attribute{}, false
}
