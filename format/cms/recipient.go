package cms

import (
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// oriKEM is the recipient of RFC 9629, Section 3.
const oriKEM oid.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x0d\x03" // 1.2.840.113549.1.9.16.13.3

// parseRecipient reads RecipientInfo (RFC 5652, Section 6.2).
func parseRecipient(e der.Element) (Recipient, error) {
	r := Recipient{Raw: e.Raw}
	in := e.Children()
	var err error
	switch e.Tag {
	case der.Sequence:
		r.Kind, err = KeyTransport, r.keyTransport(in)
	case der.ContextConstructed(1):
		r.Kind, err = KeyAgreement, r.keyAgreement(in)
	case der.ContextConstructed(2):
		r.Kind, err = KeyEncryptionKey, r.keyEncryptionKey(in)
	case der.ContextConstructed(3):
		r.Kind, err = Password, r.password(in)
	case der.ContextConstructed(4):
		err = r.other(in)
	default:
		err = fmt.Errorf("found %v where a recipient belongs", e.Tag)
	}
	return r, err
}

func (r *Recipient) keyTransport(in der.Reader) (err error) {
	if r.Version, err = takeInt(&in); err != nil {
		return fmt.Errorf("version: %w", err)
	}
	id, err := takeIdentifier(&in)
	if err != nil {
		return fmt.Errorf("identifier: %w", err)
	}
	r.Identifiers = []Identifier{id}
	return r.takeKey(&in)
}

// takeKey reads the key encryption algorithm and one encrypted key.
func (r *Recipient) takeKey(in *der.Reader) (err error) {
	if r.KeyEncryption, err = takeAlgorithm(in); err != nil {
		return fmt.Errorf("key encryption algorithm: %w", err)
	}
	encrypted, err := in.Take(der.OctetString)
	if err != nil {
		return fmt.Errorf("encrypted key: %w", err)
	}
	r.EncryptedKeys = [][]byte{encrypted.Content}
	return in.End()
}

func (r *Recipient) keyAgreement(in der.Reader) (err error) {
	if r.Version, err = takeInt(&in); err != nil {
		return fmt.Errorf("version: %w", err)
	}
	originator, err := in.Take(der.ContextConstructed(0))
	if err == nil {
		r.EphemeralKey, err = ephemeralKey(originator)
	}
	if err != nil {
		return fmt.Errorf("originator: %w", err)
	}
	material, ok, err := in.Optional(der.ContextConstructed(1))
	if err == nil && ok {
		var e der.Element
		e, err = der.ParseTag(material.Content, der.OctetString)
		r.KeyingMaterial = e.Content
	}
	if err != nil {
		return fmt.Errorf("user keying material: %w", err)
	}
	if r.KeyEncryption, err = takeAlgorithm(&in); err != nil {
		return fmt.Errorf("key encryption algorithm: %w", err)
	}
	keys, err := in.Take(der.Sequence)
	if err != nil {
		return fmt.Errorf("encrypted keys: %w", err)
	}
	for one := keys.Children(); !one.Empty(); {
		pair, err := one.Take(der.Sequence)
		if err != nil {
			return fmt.Errorf("encrypted keys: %w", err)
		}
		if err := r.agreedKey(pair.Children()); err != nil {
			return fmt.Errorf("encrypted keys: %w", err)
		}
	}
	return in.End()
}

// ephemeralKey reads OriginatorIdentifierOrKey; nil is an identifier (RFC
// 5652, Section 6.2.2).
func ephemeralKey(originator der.Element) ([]byte, error) {
	e, err := der.Parse(originator.Content)
	if err != nil || e.Tag != der.ContextConstructed(1) {
		return nil, err
	}
	in := e.Children()
	if _, err := takeAlgorithm(&in); err != nil {
		return nil, err
	}
	public, err := in.Take(der.BitString)
	if err != nil {
		return nil, err
	}
	octets, _, err := public.Bits()
	if err != nil {
		return nil, err
	}
	return octets, in.End()
}

// agreedKey reads RecipientEncryptedKey (RFC 5652, Section 6.2.2).
func (r *Recipient) agreedKey(in der.Reader) error {
	id, err := takeAgreedIdentifier(&in)
	if err != nil {
		return err
	}
	encrypted, err := in.Take(der.OctetString)
	if err != nil {
		return err
	}
	r.Identifiers = append(r.Identifiers, id)
	r.EncryptedKeys = append(r.EncryptedKeys, encrypted.Content)
	return in.End()
}

func takeAgreedIdentifier(in *der.Reader) (Identifier, error) {
	byKey, ok, err := in.Optional(der.ContextConstructed(0))
	if err != nil {
		return Identifier{}, err
	}
	if ok {
		inner := byKey.Children()
		k, err := inner.Take(der.OctetString)
		return Identifier{KeyIdentifier: k.Content}, err
	}
	issuer, err := in.Take(der.Sequence)
	if err != nil {
		return Identifier{}, err
	}
	return issuerAndSerial(issuer)
}

func (r *Recipient) keyEncryptionKey(in der.Reader) (err error) {
	if r.Version, err = takeInt(&in); err != nil {
		return fmt.Errorf("version: %w", err)
	}
	id, err := in.Take(der.Sequence)
	if err != nil {
		return fmt.Errorf("identifier: %w", err)
	}
	inner := id.Children()
	k, err := inner.Take(der.OctetString)
	if err != nil {
		return fmt.Errorf("identifier: %w", err)
	}
	r.Identifiers = []Identifier{{KeyIdentifier: k.Content}}
	return r.takeKey(&in)
}

func (r *Recipient) password(in der.Reader) (err error) {
	if r.Version, err = takeInt(&in); err != nil {
		return fmt.Errorf("version: %w", err)
	}
	derivation, ok, err := in.Optional(der.ContextConstructed(0))
	if err == nil && ok {
		var a key.AlgorithmIdentifier
		a, err = key.ParseAlgorithmIdentifier(append([]byte{byte(der.Sequence)}, derivation.Raw[1:]...))
		r.KeyDerivation = &a
	}
	if err != nil {
		return fmt.Errorf("key derivation algorithm: %w", err)
	}
	return r.takeKey(&in)
}

func (r *Recipient) other(in der.Reader) (err error) {
	r.Kind = OtherRecipientKind
	if r.Type, err = takeOID(&in); err != nil {
		return err
	}
	value, err := in.Next()
	if err != nil {
		return err
	}
	if err := in.End(); err != nil {
		return err
	}
	if r.Type == oriKEM {
		return r.keyEncapsulation(value)
	}
	return nil
}

// keyEncapsulation reads KEMRecipientInfo (RFC 9629, Section 3).
func (r *Recipient) keyEncapsulation(value der.Element) (err error) {
	r.Kind = KeyEncapsulation
	in := value.Children()
	if r.Version, err = takeInt(&in); err != nil {
		return fmt.Errorf("version: %w", err)
	}
	id, err := takeIdentifier(&in)
	if err != nil {
		return fmt.Errorf("identifier: %w", err)
	}
	r.Identifiers = []Identifier{id}
	if r.KeyEncryption, err = takeAlgorithm(&in); err != nil {
		return fmt.Errorf("key encapsulation algorithm: %w", err)
	}
	all, err := elements(in)
	if err != nil {
		return err
	}
	// The encrypted key stands at the end, behind the encapsulated one, the
	// derivation function, the length, and the wrapping algorithm.
	if len(all) == 0 {
		return fmt.Errorf("encrypted key: %w", der.ErrTruncated)
	}
	last, err := der.ParseTag(all[len(all)-1], der.OctetString)
	if err != nil {
		return fmt.Errorf("encrypted key: %w", err)
	}
	r.EncryptedKeys = [][]byte{last.Content}
	return nil
}
