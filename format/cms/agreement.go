package cms

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/hkdf"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// agreement is an ephemeral-static key agreement scheme: how the key that
// wraps the content's key is derived from what was agreed.
type agreement struct {
	id   oid.OID
	hash crypto.Hash
	hkdf bool // RFC 8418, Section 2.2; else the function of X9.63 (RFC 5753, Section 7.2)
}

// agreements lists the schemes. Those with the cofactor are the others on
// these curves, whose cofactor is 1.
func agreements() []agreement {
	return []agreement{
		{"\x2b\x81\x05\x10\x86\x48\x3f\x00\x02", crypto.SHA1, false},          // 1.3.133.16.840.63.0.2
		{"\x2b\x81\x04\x01\x0b\x00", crypto.SHA224, false},                    // 1.3.132.1.11.0
		{"\x2b\x81\x04\x01\x0b\x01", crypto.SHA256, false},                    // 1.3.132.1.11.1
		{"\x2b\x81\x04\x01\x0b\x02", crypto.SHA384, false},                    // 1.3.132.1.11.2
		{"\x2b\x81\x04\x01\x0b\x03", crypto.SHA512, false},                    // 1.3.132.1.11.3
		{"\x2b\x81\x05\x10\x86\x48\x3f\x00\x03", crypto.SHA1, false},          // 1.3.133.16.840.63.0.3, cofactor
		{"\x2b\x81\x04\x01\x0e\x00", crypto.SHA224, false},                    // 1.3.132.1.14.0
		{"\x2b\x81\x04\x01\x0e\x01", crypto.SHA256, false},                    // 1.3.132.1.14.1
		{"\x2b\x81\x04\x01\x0e\x02", crypto.SHA384, false},                    // 1.3.132.1.14.2
		{"\x2b\x81\x04\x01\x0e\x03", crypto.SHA512, false},                    // 1.3.132.1.14.3
		{"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03\x13", crypto.SHA256, true}, // 1.2.840.113549.1.9.16.3.19
		{"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03\x14", crypto.SHA384, true}, // 1.2.840.113549.1.9.16.3.20
		{"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03\x15", crypto.SHA512, true}, // 1.2.840.113549.1.9.16.3.21
	}
}

func agreementByID(id oid.OID) (agreement, error) {
	for _, a := range agreements() {
		if a.id == id {
			return a, nil
		}
	}
	return agreement{}, fmt.Errorf("the key agreement scheme %s is not known; ECDH by ephemeral keys is", id.Name())
}

func agreementBy(hash crypto.Hash, byHKDF bool) (agreement, error) {
	for _, a := range agreements() {
		if a.hash == hash && a.hkdf == byHKDF {
			return a, nil
		}
	}
	return agreement{}, fmt.Errorf("there is no key agreement scheme with %v", hash)
}

// kek derives the wrapping key from the shared secret. wrap is the
// AlgorithmIdentifier of the wrapping as it stands in the message.
func (a agreement) kek(secret, wrap, ukm []byte, size int) ([]byte, error) {
	info := sharedInfo(wrap, ukm, size)
	if a.hkdf {
		return hkdf.Key(func() hash.Hash { return a.hash.New() }, secret, ukm, string(info), size)
	}
	var out []byte
	for counter := uint32(1); len(out) < size; counter++ {
		h := a.hash.New()
		h.Write(secret)
		h.Write(binary.BigEndian.AppendUint32(nil, counter))
		h.Write(info)
		out = h.Sum(out)
	}
	return out[:size], nil
}

// sharedInfo writes ECC-CMS-SharedInfo (RFC 5753, Section 7.2).
func sharedInfo(wrap, ukm []byte, size int) []byte {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.Raw(wrap)
	if ukm != nil {
		mark := b.Begin(der.ContextConstructed(0))
		b.Add(der.OctetString, ukm)
		b.End(mark)
	}
	mark := b.Begin(der.ContextConstructed(2))
	b.Add(der.OctetString, binary.BigEndian.AppendUint32(nil, uint32(size)*8))
	b.End(mark)
	b.End(outer)
	return b.Bytes()
}

// exchangeKey returns a public key as crypto/ecdh has it.
func exchangeKey(p *key.Public) (*ecdh.PublicKey, error) {
	switch k := p.Key.(type) {
	case *ecdsa.PublicKey:
		if out, err := k.ECDH(); err == nil {
			return out, nil
		}
	case *ecdh.PublicKey:
		return k, nil
	}
	return nil, fmt.Errorf("no key can be agreed on with this key (%s)", p)
}

// agree encrypts the content's key to an elliptic curve key by an ephemeral
// one (RFC 5753, Section 3.1; RFC 8418).
func (f For) agree(cek []byte, random io.Reader) ([]byte, error) {
	theirs, err := exchangeKey(f.Public)
	if err != nil {
		return nil, err
	}
	hash := f.Hash
	if hash == 0 {
		hash = agreementHash(f.Public)
	}
	scheme, err := agreementBy(hash, theirs.Curve() == ecdh.X25519())
	if err != nil {
		return nil, err
	}
	ours, err := theirs.Curve().GenerateKey(random)
	if err != nil {
		return nil, fmt.Errorf("making an ephemeral key: %w", err)
	}
	secret, err := ours.ECDH(theirs)
	if err != nil {
		return nil, fmt.Errorf("agreeing on a key: %w", err)
	}
	var wrap der.Builder
	appendAlgorithm(&wrap, wrapID(len(cek)), false)
	size, err := wrapKeySize(wrapID(len(cek)))
	if err != nil {
		return nil, err
	}
	kek, err := scheme.kek(secret, wrap.Bytes(), nil, size)
	if err != nil {
		return nil, fmt.Errorf("deriving a key: %w", err)
	}
	wrapped, err := wrapAES(kek, cek)
	if err != nil {
		return nil, err
	}
	return f.appendAgreement(scheme, ours.PublicKey(), wrap.Bytes(), wrapped), nil
}

// agreementHash is the hash as strong as the curve.
func agreementHash(p *key.Public) crypto.Hash {
	switch p.Curve {
	case "P-384":
		return crypto.SHA384
	case "P-521":
		return crypto.SHA512
	}
	return crypto.SHA256
}

// appendAgreement writes KeyAgreeRecipientInfo (RFC 5652, Section 6.2.2).
func (f For) appendAgreement(scheme agreement, ephemeral *ecdh.PublicKey, wrap, wrapped []byte) []byte {
	var b der.Builder
	outer := b.Begin(der.ContextConstructed(1))
	b.Int(3)
	originator := b.Begin(der.ContextConstructed(0))
	public := b.Begin(der.ContextConstructed(1))
	b.Raw(f.Public.Algorithm.Raw)
	b.Bits(ephemeral.Bytes())
	b.End(public)
	b.End(originator)
	algorithm := b.Begin(der.Sequence)
	b.OID(string(scheme.id))
	b.Raw(wrap)
	b.End(algorithm)
	keys := b.Begin(der.Sequence)
	one := b.Begin(der.Sequence)
	f.Identifier.appendAgreed(&b)
	b.Add(der.OctetString, wrapped)
	b.End(one)
	b.End(keys)
	b.End(outer)
	return b.Bytes()
}

// openAgreement derives the wrapping key of a recipient of key agreement, and
// unwraps the content's key with it.
func openAgreement(r *Recipient, private crypto.PrivateKey, wrapped []byte) ([]byte, error) {
	scheme, err := agreementByID(r.KeyEncryption.ID)
	if err != nil {
		return nil, &clearError{err}
	}
	wrap, err := key.ParseAlgorithmIdentifier(r.KeyEncryption.Parameters)
	if err != nil {
		return nil, &clearError{fmt.Errorf("key wrapping algorithm: %w", err)}
	}
	size, err := wrapKeySize(wrap.ID)
	if err != nil {
		return nil, &clearError{err}
	}
	if k, ok := private.(*ecdsa.PrivateKey); ok {
		if private, err = k.ECDH(); err != nil {
			return nil, &clearError{fmt.Errorf("keys of the curve %s agree on nothing here; those of P-256, P-384, P-521 and X25519 do", k.Params().Name)}
		}
	}
	exchanger, ok := private.(ecdh.KeyExchanger)
	if !ok {
		return nil, errUnwrap
	}
	if r.EphemeralKey == nil {
		return nil, &clearError{errors.New("the sender's key is not in the message; only ephemeral keys are known")}
	}
	theirs, err := exchanger.Curve().NewPublicKey(r.EphemeralKey)
	if err != nil {
		return nil, errUnwrap
	}
	secret, err := exchanger.ECDH(theirs)
	if err != nil {
		return nil, errUnwrap
	}
	kek, err := scheme.kek(secret, wrap.Raw, r.KeyingMaterial, size)
	if err != nil {
		return nil, errUnwrap
	}
	return unwrap(wrap.ID, kek, wrapped)
}
