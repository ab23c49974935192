package cmp

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// Identifiers of keys that an authority makes.
const (
	// KeyPackageType is id-ct-KP-aKeyPackage (RFC 5958, Section 2).
	KeyPackageType oid.OID = "\x60\x86\x48\x01\x65\x02\x01\x02\x4e\x05" // 2.16.840.1.101.2.1.2.78.5
	// PurposeKGA is id-kp-cmKGA, the extended key usage of who may make keys for
	// others (RFC 9810, Section 4.5).
	PurposeKGA oid.OID = "\x2b\x06\x01\x05\x05\x07\x03\x20" // 1.3.6.1.5.5.7.3.32
)

// SealKey encrypts a private key that was made for someone: an EnvelopedData
// around a SignedData around an AsymmetricKeyPackage (RFC 9483, Section 4.1.6).
// The signer's certificate goes with it.
func SealKey(k *key.Private, by cms.Signer, certificate []byte, to cms.For, random io.Reader) (*crmf.EncryptedKey, error) {
	content, err := marshalKeyPackage(k)
	if err != nil {
		return nil, fmt.Errorf("writing a key package: %w", err)
	}
	signed, err := cms.Sign(content, cms.Letter{ContentType: KeyPackageType, Certificates: [][]byte{certificate}, Signers: []cms.Signer{by}})
	if err != nil {
		return nil, fmt.Errorf("signing a key package: %w", err)
	}
	sealed, err := cms.Encrypt(signed.Content, cms.Envelope{ContentType: oid.SignedData, Cipher: oid.AES256CBC, For: []cms.For{to}}, random)
	if err != nil {
		return nil, fmt.Errorf("encrypting a key package: %w", err)
	}
	return &crmf.EncryptedKey{Enveloped: sealed.Content}, nil
}

// marshalKeyPackage writes an AsymmetricKeyPackage of one key, with its public
// key: version 2 (RFC 5958, Section 2).
func marshalKeyPackage(k *key.Private) ([]byte, error) {
	info, err := key.MarshalPKCS8(k)
	if err != nil {
		return nil, err
	}
	outer, err := der.ParseTag(info, der.Sequence)
	if err != nil {
		return nil, err
	}
	in := outer.Children()
	if _, err := in.Take(der.Integer); err != nil {
		return nil, err
	}
	var b der.Builder
	all := b.Begin(der.Sequence)
	one := b.Begin(der.Sequence)
	b.Int(1)
	for range 2 { // privateKeyAlgorithm, privateKey
		e, err := in.Next()
		if err != nil {
			return nil, err
		}
		b.Raw(e.Raw)
	}
	b.Add(der.Context(1), append([]byte{0}, k.Public.Bits...))
	b.End(one)
	b.End(all)
	return b.Bytes(), nil
}

// OpenKey opens a private key that an authority made for the owner of public,
// the key in the certificate. Who signed it must have the extended key usage
// cmKGA, or be an authority itself; trusted judges its certificate, with the
// others that came along.
func OpenKey(k *crmf.EncryptedKey, o cms.Opener, public *key.Public, trusted func(signer *cert.Certificate, others [][]byte) error) (*key.Private, error) {
	if k.Enveloped == nil {
		return nil, errors.New("the private key is in an EncryptedValue, which nobody signed; an EnvelopedData is needed")
	}
	e, err := cms.ParseEnvelopedData(k.Enveloped)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	if e.Encrypted.ContentType != oid.SignedData {
		return nil, fmt.Errorf("private key: what is encrypted is %s, not SignedData", cms.TypeName(e.Encrypted.ContentType))
	}
	content, err := e.Decrypt(o)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	signed, err := cms.ParseSignedData(content)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	if err := checkKeySigner(signed, trusted); err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	out, err := parseKeyPackage(signed.Content)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	if !key.Equal(out.Public, public) {
		return nil, errors.New("private key: it is not the one of the certificate")
	}
	return out, nil
}

// checkKeySigner holds that a key package is signed by one who may make keys.
func checkKeySigner(s *cms.SignedData, trusted func(*cert.Certificate, [][]byte) error) error {
	if s.ContentType != KeyPackageType {
		return fmt.Errorf("what is signed is %s, not a key package", cms.TypeName(s.ContentType))
	}
	signers, err := s.Verify(nil)
	if err != nil {
		return err
	}
	if len(signers) != 1 {
		return fmt.Errorf("%d signed it, and one should", len(signers))
	}
	if !mayMakeKeys(signers[0]) {
		return fmt.Errorf("%s signed it, who may not make keys: the extended key usage cmKGA is missing", signers[0].Subject)
	}
	return trusted(signers[0], s.Certificates)
}

// mayMakeKeys reports whether a certificate is of an authority, or of one who
// makes keys in its stead (RFC 9810, Section 4.5).
func mayMakeKeys(c *cert.Certificate) bool {
	if e, ok := ext.Find(c.Extensions, oid.ExtKeyUsage); ok {
		purposes, err := ext.ParseExtKeyUsage(e.Value)
		return err == nil && slices.Contains(purposes, PurposeKGA)
	}
	e, ok := ext.Find(c.Extensions, oid.BasicConstraints)
	if !ok {
		return false
	}
	basic, err := ext.ParseBasicConstraints(e.Value)
	return err == nil && basic.CA
}

// parseKeyPackage reads an AsymmetricKeyPackage of one key.
func parseKeyPackage(raw []byte) (*key.Private, error) {
	outer, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("key package: %w", err)
	}
	in := outer.Children()
	one, err := in.Take(der.Sequence)
	if err == nil {
		err = in.End()
	}
	if err != nil {
		return nil, fmt.Errorf("key package: %w", err)
	}
	// The public key is not needed: it follows from the private one.
	return key.ReadPrivate(one.Raw, nil)
}
