package key

import (
	"crypto"
	"crypto/dsa"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"

	"filippo.io/mldsa"
	"github.com/cloudflare/circl/sign/ed448"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// MarshalPublic writes the SubjectPublicKeyInfo of a key: *rsa.PublicKey,
// *ecdsa.PublicKey, ed25519.PublicKey, *ecdh.PublicKey, *mldsa.PublicKey,
// ed448.PublicKey, *dsa.PublicKey, *ECPublicKey or *RSAPublicKey.
func MarshalPublic(pub crypto.PublicKey) (*Public, error) {
	algorithm, bits, err := encodePublic(pub)
	if err != nil {
		return nil, fmt.Errorf("writing a public key: %w", err)
	}
	p, err := ParsePublic(subjectPublicKeyInfo(algorithm, bits))
	if err != nil {
		return nil, err
	}
	if p.Problem != nil {
		return nil, fmt.Errorf("writing a public key: %w", p.Problem)
	}
	return p, nil
}

// subjectPublicKeyInfo writes RFC 5280, Section 4.1.2.7.
func subjectPublicKeyInfo(algorithm AlgorithmIdentifier, bits []byte) []byte {
	b := der.NewBuilder(make([]byte, 0, len(algorithm.Raw)+len(bits)+16))
	mark := b.Begin(der.Sequence)
	b.Raw(algorithm.Raw)
	b.Bits(bits)
	b.End(mark)
	return b.Bytes()
}

func encodePublic(pub crypto.PublicKey) (AlgorithmIdentifier, []byte, error) {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return encodeRSA(k.N, big.NewInt(int64(k.E)))
	case *RSAPublicKey:
		return encodeRSA(k.N, k.E)
	case *ecdsa.PublicKey:
		bits, err := k.Bytes()
		if err != nil {
			return AlgorithmIdentifier{}, nil, errors.New("the elliptic curve key is not on P-224, P-256, P-384 or P-521")
		}
		return namedCurve(standardID(k.Curve.Params().Name)), bits, nil
	case *ECPublicKey:
		width := (k.Curve.Size + 7) / 8
		bits := make([]byte, 1+2*width)
		bits[0] = 4
		k.X.FillBytes(bits[1 : 1+width])
		k.Y.FillBytes(bits[1+width:])
		return namedCurve(k.Curve.ID), bits, nil
	case ed25519.PublicKey:
		return withoutParameters(oid.Ed25519), k, nil
	case ed448.PublicKey:
		return withoutParameters(oid.Ed448), k, nil
	case *ecdh.PublicKey:
		if k.Curve() == ecdh.X25519() {
			return withoutParameters(oid.X25519), k.Bytes(), nil
		}
		return namedCurve(standardID(fmt.Sprint(k.Curve()))), k.Bytes(), nil
	case *mldsa.PublicKey:
		return withoutParameters(mldsaID(k.Parameters())), k.Bytes(), nil
	case *dsa.PublicKey:
		return encodeDSA(k)
	}
	return AlgorithmIdentifier{}, nil, fmt.Errorf("keys of the Go type %T are not known", pub)
}

func encodeRSA(n, e *big.Int) (AlgorithmIdentifier, []byte, error) {
	if n == nil || e == nil {
		return AlgorithmIdentifier{}, nil, errors.New("the RSA key has no modulus or no exponent")
	}
	var b der.Builder
	mark := b.Begin(der.Sequence)
	b.BigInt(n)
	b.BigInt(e)
	b.End(mark)
	return withParameters(oid.RSAEncryption, []byte{byte(der.Null), 0}), b.Bytes(), nil
}

func encodeDSA(k *dsa.PublicKey) (AlgorithmIdentifier, []byte, error) {
	if k.P == nil || k.Q == nil || k.G == nil || k.Y == nil {
		return AlgorithmIdentifier{}, nil, errors.New("the DSA key is not complete")
	}
	var domain, y der.Builder
	mark := domain.Begin(der.Sequence)
	domain.BigInt(k.P)
	domain.BigInt(k.Q)
	domain.BigInt(k.G)
	domain.End(mark)
	y.BigInt(k.Y)
	return withParameters(oid.DSA, domain.Bytes()), y.Bytes(), nil
}

func namedCurve(id oid.OID) AlgorithmIdentifier {
	var b der.Builder
	b.OID(string(id))
	return withParameters(oid.ECPublicKey, b.Bytes())
}

// standardID returns the identifier of a curve by crypto/elliptic's name of it.
func standardID(name string) oid.OID {
	switch name {
	case "P-224":
		return oid.P224
	case "P-384":
		return oid.P384
	case "P-521":
		return oid.P521
	}
	return oid.P256
}

func mldsaID(p mldsa.Parameters) oid.OID {
	switch p {
	case mldsa.MLDSA44():
		return oid.MLDSA44
	case mldsa.MLDSA87():
		return oid.MLDSA87
	}
	return oid.MLDSA65
}
