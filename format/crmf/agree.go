package crmf

import (
	"crypto"
	"crypto/hmac"
	"fmt"
	"hash"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// Agreement is what the key of agreeMAC is made from: the secret that the two
// keys agree on, and the names in the authority's certificate (RFC 6955,
// Section 7).
type Agreement struct {
	Secret  []byte
	Subject []byte // DER of the subject of the certificate whose key agreed
	Issuer  []byte // DER of its issuer
}

// agreedMACs are the algorithms of static elliptic curve Diffie-Hellman proofs
// of possession (RFC 6955, Section 7).
var agreedMACs = [...]struct {
	id   oid.OID
	hash crypto.Hash
}{
	{"\x2b\x06\x01\x05\x05\x07\x06\x19", crypto.SHA224}, // 1.3.6.1.5.5.7.6.25
	{"\x2b\x06\x01\x05\x05\x07\x06\x1a", crypto.SHA256}, // 1.3.6.1.5.5.7.6.26
	{"\x2b\x06\x01\x05\x05\x07\x06\x1b", crypto.SHA384}, // 1.3.6.1.5.5.7.6.27
	{"\x2b\x06\x01\x05\x05\x07\x06\x1c", crypto.SHA512}, // 1.3.6.1.5.5.7.6.28
}

// CheckAgreeMAC verifies an agreeMAC over the CertRequest: ErrMAC says that it
// is wrong.
func (m *Message) CheckAgreeMAC(a *Agreement) error {
	if m.Proof == nil || m.Proof.PrivateKey == nil || m.Proof.PrivateKey.MAC == nil {
		return ErrNoProof
	}
	mac := m.Proof.PrivateKey.MAC
	for _, known := range agreedMACs {
		if known.id != mac.Algorithm.ID {
			continue
		}
		if !hmac.Equal(a.mac(known.hash, m.Request.Raw), mac.Value) {
			return ErrMAC
		}
		return nil
	}
	return fmt.Errorf("the MAC algorithm %s is not one for proving possession by key agreement", mac.Algorithm.ID.Name())
}

func (a *Agreement) mac(h crypto.Hash, message []byte) []byte {
	derived := h.New()
	derived.Write(a.Subject)
	derived.Write(a.Secret)
	derived.Write(a.Issuer)
	mac := hmac.New(func() hash.Hash { return h.New() }, derived.Sum(nil))
	mac.Write(message)
	return mac.Sum(nil)
}

// AgreeMAC computes the MAC of a CertRequest with HMAC-SHA-256.
func (a *Agreement) AgreeMAC(request []byte) (*MACValue, error) {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	algorithm := b.Begin(der.Sequence)
	b.OID(string(agreedMACs[1].id))
	b.End(algorithm)
	b.Bits(a.mac(crypto.SHA256, request))
	b.End(outer)
	return ParseMACValue(b.Bytes())
}
