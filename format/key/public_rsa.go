package key

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// RSAPublicKey is an RSA key whose exponent is too large for an
// *rsa.PublicKey. Signatures by it can be verified.
type RSAPublicKey struct{ N, E *big.Int }

// Equal reports whether x is the same modulus and exponent.
func (k *RSAPublicKey) Equal(x crypto.PublicKey) bool {
	other, ok := x.(*RSAPublicKey)
	return ok && k.N.Cmp(other.N) == 0 && k.E.Cmp(other.E) == 0
}

// Bounds on what is computed with, so that no key can keep a processor busy.
const (
	maxModulus  = 16384 // bits
	maxExponent = 256   // bits; FIPS 186-5, Section 5.1, allows no more
)

// rsaOfX500 (2.5.8.1.1) is what X.500 of 1988 calls RSA keys; its parameters are
// the length of the modulus.
const rsaOfX500 oid.OID = "\x55\x08\x01\x01"

func (p *Public) decodeRSA() (crypto.PublicKey, error) {
	n, e, err := p.rsaNumbers()
	if err != nil {
		return nil, err
	}
	p.Size = n.BitLen()
	switch {
	case n.Sign() <= 0:
		return nil, errors.New("the modulus is not positive")
	case n.Bit(0) == 0:
		return nil, errors.New("the modulus is even")
	case p.Size > maxModulus:
		return nil, fmt.Errorf("the modulus has %d bits; more than %d are not computed with", p.Size, maxModulus)
	case e.Sign() <= 0:
		return nil, errors.New("the public exponent is not positive")
	case e.Bit(0) == 0:
		return nil, errors.New("the public exponent is even")
	case e.BitLen() == 1:
		return nil, errors.New("the public exponent is 1")
	case e.BitLen() > maxExponent:
		return nil, fmt.Errorf("the public exponent has %d bits; more than %d are not computed with", e.BitLen(), maxExponent)
	case e.BitLen() > 31:
		return &RSAPublicKey{N: n, E: e}, nil
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}

// rsaNumbers reads an RSAPublicKey (RFC 8017, Appendix A.1.1).
func (p *Public) rsaNumbers() (n, e *big.Int, err error) {
	outer, err := der.ParseTag(p.Bits, der.Sequence)
	if err != nil {
		return nil, nil, fmt.Errorf("the key is not an RSAPublicKey: %w", err)
	}
	r := outer.Children()
	if n, err = takeInteger(&r); err != nil {
		return nil, nil, fmt.Errorf("the modulus cannot be read: %w", err)
	}
	if e, err = takeInteger(&r); err != nil {
		return nil, nil, fmt.Errorf("the public exponent cannot be read: %w", err)
	}
	if err := r.End(); err != nil {
		return nil, nil, fmt.Errorf("the key is not an RSAPublicKey: %w", err)
	}
	return n, e, nil
}

func takeInteger(r *der.Reader) (*big.Int, error) {
	e, err := r.Take(der.Integer)
	if err != nil {
		return nil, err
	}
	return e.BigInt()
}

// decodePSS reads a key that is only for RSASSA-PSS (RFC 4055, Section 3.1);
// its parameters, if there are any, bind the signatures.
func (p *Public) decodePSS() (crypto.PublicKey, error) {
	k, err := p.decodeRSA()
	if err != nil || p.Algorithm.Parameters == nil {
		return k, err
	}
	if _, err := parsePSS(p.Algorithm.Parameters); err != nil {
		return nil, fmt.Errorf("the RSASSA-PSS parameters of the key cannot be used: %w", err)
	}
	return k, nil
}
