package crmf

import (
	"fmt"

	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// EncryptedKey is an encrypted private key or certificate, in one of two ways
// (RFC 4211, Section 6.4; RFC 9810, Section 5.2.2).
type EncryptedKey struct {
	Value     *EncryptedValue // the older way
	Enveloped []byte          // an EnvelopedData with the tag of a SEQUENCE
}

// EncryptedValue is what EnvelopedData has replaced. A nil field is absent.
type EncryptedValue struct {
	Raw                []byte // with the tag of a SEQUENCE
	IntendedAlgorithm  *key.AlgorithmIdentifier
	SymmetricAlgorithm *key.AlgorithmIdentifier
	EncryptedKey       []byte // encSymmKey
	KeyAlgorithm       *key.AlgorithmIdentifier
	ValueHint          []byte
	Value              []byte
}

// ParseEncryptedKey reads an EncryptedKey.
func ParseEncryptedKey(raw []byte) (*EncryptedKey, error) {
	e, err := der.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("encrypted key: %w", err)
	}
	switch e.Tag {
	case der.Sequence:
		v, err := ParseEncryptedValue(e.Raw)
		return &EncryptedKey{Value: v}, err
	case der.ContextConstructed(0):
		return &EncryptedKey{Enveloped: retag(e, der.Sequence)}, nil
	}
	return nil, fmt.Errorf("encrypted key: found %v where an EncryptedValue or EnvelopedData belongs", e.Tag)
}

// ParseEncryptedValue reads an EncryptedValue.
func ParseEncryptedValue(raw []byte) (*EncryptedValue, error) {
	outer, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("encrypted value: %w", err)
	}
	v, in := &EncryptedValue{Raw: outer.Raw}, outer.Children()
	err = v.read(&in)
	if err == nil {
		err = in.End()
	}
	if err != nil {
		return nil, fmt.Errorf("encrypted value: %w", err)
	}
	return v, nil
}

func (v *EncryptedValue) read(in *der.Reader) error {
	var err error
	if v.IntendedAlgorithm, err = optionalAlgorithm(in, 0); err != nil {
		return fmt.Errorf("intendedAlg: %w", err)
	}
	if v.SymmetricAlgorithm, err = optionalAlgorithm(in, 1); err != nil {
		return fmt.Errorf("symmAlg: %w", err)
	}
	encrypted, ok, err := in.Optional(der.Context(2))
	if err == nil && ok {
		v.EncryptedKey, err = whole(encrypted)
	}
	if err != nil {
		return fmt.Errorf("encSymmKey: %w", err)
	}
	if v.KeyAlgorithm, err = optionalAlgorithm(in, 3); err != nil {
		return fmt.Errorf("keyAlg: %w", err)
	}
	hint, ok, err := in.Optional(der.Context(4))
	if err != nil {
		return fmt.Errorf("valueHint: %w", err)
	}
	if ok {
		v.ValueHint = hint.Content
	}
	value, err := in.Take(der.BitString)
	if err == nil {
		v.Value, err = whole(value)
	}
	if err != nil {
		return fmt.Errorf("encValue: %w", err)
	}
	return nil
}

func optionalAlgorithm(in *der.Reader, tag uint8) (*key.AlgorithmIdentifier, error) {
	e, ok, err := in.Optional(der.ContextConstructed(tag))
	if err != nil || !ok {
		return nil, err
	}
	a, err := key.ParseAlgorithmIdentifier(retag(e, der.Sequence))
	if err != nil {
		return nil, err
	}
	return &a, nil
}

// ParseEnveloped reads an EnvelopedData that stands without a ContentInfo
// around it, as PrivateKey and EncryptedKey hold one.
func ParseEnveloped(raw []byte) (*cms.EnvelopedData, error) {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.OID(string(oid.EnvelopedData))
	content := b.Begin(der.ContextConstructed(0))
	b.Raw(raw)
	b.End(content)
	b.End(outer)
	info, err := cms.Parse(b.Bytes())
	if err != nil {
		return nil, err
	}
	return info.EnvelopedData()
}

// EncKeyWithID is what the EnvelopedData of a proof of possession holds once
// decrypted: the private key, and who says that it is theirs (RFC 4211,
// Section 4.2 and Appendix B).
type EncKeyWithID struct {
	PrivateKey []byte           // a PrivateKeyInfo in DER
	Text       string           // the identifier where it is a string
	Name       *ext.GeneralName // the identifier where it is a name
}

// ParseEncKeyWithID reads an EncKeyWithID.
func ParseEncKeyWithID(raw []byte) (EncKeyWithID, error) {
	var k EncKeyWithID
	err := k.read(raw)
	if err != nil {
		err = fmt.Errorf("private key with identifier: %w", err)
	}
	return k, err
}

func (k *EncKeyWithID) read(raw []byte) error {
	outer, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return err
	}
	in := outer.Children()
	private, err := in.Take(der.Sequence)
	if err != nil {
		return err
	}
	k.PrivateKey = private.Raw
	text, ok, err := in.Optional(der.UTF8String)
	switch {
	case err != nil:
		return err
	case ok:
		if k.Text, err = text.Text(); err != nil {
			return err
		}
		return in.End()
	case len(in) > 0:
		k.Name, err = generalName(in)
	}
	return err
}
