package key

import (
	"errors"
	"math/big"

	"github.com/certwright/certwright/format/der"
)

var (
	errDH       = errors.New("the numbers of the DH key do not belong together; the file is damaged")
	errDHUnused = errors.New("this is a DH key, which makes no signatures, and no certificates are made for it; make a new key, such as ecdsa-p256")
)

// maxModulusDH bounds what is computed with, in bits.
const maxModulusDH = 10000

// decodeDHPrivate reads the INTEGER that a key of PKCS #3 or X9.42 (RFC 3279,
// Section 2.3.3) is inside PKCS #8, and computes its public half.
func decodeDHPrivate(algorithm AlgorithmIdentifier, octets []byte) (*Private, error) {
	domain, err := takeIntegers(algorithm.Parameters, 2)
	if err != nil {
		return nil, errDH
	}
	r := der.Reader(octets)
	x, err := takeInteger(&r)
	if err != nil || r.End() != nil {
		return nil, errDH
	}
	p, g := domain[0], domain[1]
	one := big.NewInt(1)
	switch {
	case p.BitLen() > maxModulusDH || p.Cmp(one) <= 0 || p.Bit(0) == 0:
		return nil, errDH
	case g.Cmp(one) <= 0 || g.Cmp(p) >= 0 || x.Sign() <= 0 || x.Cmp(p) >= 0:
		return nil, errDH
	}
	var b der.Builder
	b.BigInt(new(big.Int).Exp(g, x, p))
	public, err := ParsePublic(subjectPublicKeyInfo(algorithm, b.Bytes()))
	if err != nil {
		return nil, err
	}
	var private der.Builder
	private.BigInt(x)
	return &Private{Public: public, Problem: errDHUnused, info: privateKeyInfo(algorithm, private.Bytes())}, nil
}
