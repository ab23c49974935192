package cmp

import (
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// KeyAlgorithm is the AlgorithmIdentifier, in DER, of keys of a kind as
// key.Generate knows them; of a kind that is not known it is that of RSA. It says
// nothing of the size of RSA keys.
func KeyAlgorithm(kind string) []byte {
	var b der.Builder
	mark := b.Begin(der.Sequence)
	switch kind {
	case "ecdsa-p256":
		b.OID(string(oid.ECPublicKey))
		b.OID(string(oid.P256))
	case "ecdsa-p384":
		b.OID(string(oid.ECPublicKey))
		b.OID(string(oid.P384))
	case "ecdsa-p521":
		b.OID(string(oid.ECPublicKey))
		b.OID(string(oid.P521))
	case "ed25519":
		b.OID(string(oid.Ed25519))
	case key.AgreementKind:
		b.OID(string(oid.X25519))
	case "ml-dsa-44":
		b.OID(string(oid.MLDSA44))
	case "ml-dsa-65":
		b.OID(string(oid.MLDSA65))
	case "ml-dsa-87":
		b.OID(string(oid.MLDSA87))
	default:
		b.OID(string(oid.RSAEncryption))
		b.Null()
	}
	b.End(mark)
	return b.Bytes()
}

// Keyless is what a template has in place of a public key where the authority is
// to make one of a kind (RFC 9483, Section 4.1.6).
func Keyless(kind string) *key.Public {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.Raw(KeyAlgorithm(kind))
	b.Bits(nil)
	b.End(outer)
	return &key.Public{Raw: b.Bytes()}
}
