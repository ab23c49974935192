package key

import (
	"crypto"
	"crypto/dsa"
	"crypto/ecdh"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/big"

	"filippo.io/mldsa"
	"github.com/cloudflare/circl/sign/ed448"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// decodeEdwards reads the keys of RFC 8410, which are bare octets.
func (p *Public) decodeEdwards() (crypto.PublicKey, error) {
	size := 0
	switch p.Algorithm.ID {
	case oid.Ed25519:
		p.Type, p.Size, size = "Ed25519", 256, ed25519.PublicKeySize
	case oid.X25519:
		p.Type, p.Size, size = "X25519", 256, 32
	case oid.Ed448:
		p.Type, p.Size, size = "Ed448", 456, ed448.PublicKeySize
	case oid.X448:
		p.Type, p.Size, size = "X448", 448, 56
	}
	if len(p.Bits) != size {
		return nil, fmt.Errorf("the key is %d octets long; %s keys have %d", len(p.Bits), p.Type, size)
	}
	if p.Algorithm.Parameters != nil {
		return nil, fmt.Errorf("the key has parameters; %s keys must not (RFC 8410, Section 3)", p.Type)
	}
	switch p.Type {
	case "Ed25519":
		return ed25519.PublicKey(p.Bits), nil
	case "Ed448":
		return ed448.PublicKey(p.Bits), nil
	case "X25519":
		return ecdh.X25519().NewPublicKey(p.Bits)
	}
	return nil, errors.New("X448 keys are shown but not computed with")
}

// decodeMLDSA reads the keys of RFC 9881, Section 4.
func (p *Public) decodeMLDSA() (crypto.PublicKey, error) {
	parameters := mldsa.MLDSA65()
	p.Curve = "65"
	switch p.Algorithm.ID {
	case oid.MLDSA44:
		p.Curve, parameters = "44", mldsa.MLDSA44()
	case oid.MLDSA87:
		p.Curve, parameters = "87", mldsa.MLDSA87()
	}
	if size := parameters.PublicKeySize(); len(p.Bits) != size {
		return nil, fmt.Errorf("the key is %d octets long; ML-DSA-%s keys have %d", len(p.Bits), p.Curve, size)
	}
	if p.Algorithm.Parameters != nil {
		return nil, fmt.Errorf("the key has parameters; ML-DSA-%s keys must not (RFC 9881, Section 2)", p.Curve)
	}
	k, err := mldsa.NewPublicKey(parameters, p.Bits)
	if err != nil {
		return nil, fmt.Errorf("the key is not one of ML-DSA-%s: %w", p.Curve, err)
	}
	return k, nil
}

// maxModulusDSA is more than any standard has, in bits; DSA's exponents are far
// longer than RSA's.
const maxModulusDSA = 4096

// decodeDSA reads the keys of RFC 3279, Section 2.3.2.
func (p *Public) decodeDSA() (crypto.PublicKey, error) {
	if p.Algorithm.absentOrNull() {
		return nil, errors.New("the key leaves its DSA parameters to be inherited from the issuer")
	}
	domain, err := takeIntegers(p.Algorithm.Parameters, 3)
	if err != nil {
		return nil, fmt.Errorf("the DSA parameters cannot be read: %w", err)
	}
	k := &dsa.PublicKey{Parameters: dsa.Parameters{P: domain[0], Q: domain[1], G: domain[2]}}
	p.Size = k.P.BitLen()
	y, err := der.ParseTag(p.Bits, der.Integer)
	if err != nil {
		return nil, fmt.Errorf("the DSA key cannot be read: %w", err)
	}
	if k.Y, err = y.BigInt(); err != nil {
		return nil, fmt.Errorf("the DSA key cannot be read: %w", err)
	}
	one := big.NewInt(1)
	switch {
	case p.Size > maxModulusDSA:
		return nil, fmt.Errorf("the modulus has %d bits; more than %d are not computed with", p.Size, maxModulusDSA)
	case k.Q.Cmp(one) <= 0 || k.P.Cmp(k.Q) <= 0 || k.Q.BitLen() > 512:
		return nil, errors.New("the DSA parameters p and q do not fit each other")
	case k.G.Cmp(one) <= 0 || k.G.Cmp(k.P) >= 0:
		return nil, errors.New("the DSA parameter g is not between 1 and p")
	case k.Y.Cmp(one) <= 0 || k.Y.Cmp(k.P) >= 0:
		return nil, errors.New("the DSA key is not between 1 and p")
	}
	return k, nil
}

// examineDH finds the size of the keys of RFC 3279, Section 2.3.3, and PKCS#3.
func (p *Public) examineDH() error {
	if numbers, err := takeIntegers(p.Algorithm.Parameters, 1); err == nil {
		p.Size = numbers[0].BitLen()
	}
	return errors.New("DH keys are shown but not computed with")
}

// takeIntegers reads the first count INTEGERs of a SEQUENCE.
func takeIntegers(sequence []byte, count int) ([]*big.Int, error) {
	e, err := der.ParseTag(sequence, der.Sequence)
	if err != nil {
		return nil, err
	}
	r := e.Children()
	numbers := make([]*big.Int, count)
	for i := range numbers {
		if numbers[i], err = takeInteger(&r); err != nil {
			return nil, err
		}
	}
	return numbers, nil
}

// postQuantum names the keys of ML-KEM (RFC 9935) and SLH-DSA (RFC 9909).
func postQuantum(id oid.OID) (kind, set string) {
	const (
		kem       = "\x60\x86\x48\x01\x65\x03\x04\x04" // 2.16.840.1.101.3.4.4
		signature = "\x60\x86\x48\x01\x65\x03\x04\x03" // 2.16.840.1.101.3.4.3
	)
	if len(id) != len(kem)+1 {
		return "", ""
	}
	arc := int(id[len(kem)])
	switch id[:len(kem)] {
	case kem:
		if arc >= 1 && arc <= 3 {
			return "ML-KEM", [...]string{"512", "768", "1024"}[arc-1]
		}
	case signature:
		if arc >= 20 && arc <= 31 {
			family := "SHA2"
			if arc >= 26 {
				family, arc = "SHAKE", arc-6
			}
			return "SLH-DSA", family + "-" + [...]string{"128s", "128f", "192s", "192f", "256s", "256f"}[arc-20]
		}
	}
	return "", ""
}
