package key

import (
	"crypto/dsa"
	"errors"
	"math/big"

	"github.com/certwright/certwright/format/der"
)

var (
	errDSA       = errors.New("the numbers of the DSA key do not belong together; the file is damaged")
	errDSAUnused = errors.New("this is a DSA key, which no certificates are made for any more; make a new key, such as ecdsa-p256")
)

// decodeDSAPrivate reads the INTEGER that a DSA key is inside PKCS #8.
func decodeDSAPrivate(algorithm AlgorithmIdentifier, octets []byte) (*Private, error) {
	domain, err := takeIntegers(algorithm.Parameters, 3)
	if err != nil {
		return nil, errDSA
	}
	r := der.Reader(octets)
	x, err := takeInteger(&r)
	if err != nil || r.End() != nil {
		return nil, errDSA
	}
	return newDSA(domain[0], domain[1], domain[2], x, nil)
}

// parseTraditionalDSA reads version, p, q, g, y, x, as OpenSSL writes them.
func parseTraditionalDSA(data []byte) (*Private, error) {
	numbers, err := takeIntegers(data, 6)
	if err != nil {
		return nil, errDSA
	}
	return newDSA(numbers[1], numbers[2], numbers[3], numbers[5], numbers[4])
}

// newDSA keeps a DSA key; y is checked where it is given.
func newDSA(p, q, g, x, y *big.Int) (*Private, error) {
	for _, n := range []*big.Int{p, q, g, x} {
		if n.Sign() <= 0 || n.BitLen() > 10000 {
			return nil, errDSA
		}
	}
	if p.Bit(0) == 0 || q.BitLen() > 1024 || x.Cmp(q) >= 0 || q.Cmp(p) >= 0 || g.Cmp(p) >= 0 {
		return nil, errDSA
	}
	computed := new(big.Int).Exp(g, x, p)
	if y != nil && y.Cmp(computed) != 0 {
		return nil, errHalves
	}
	public, err := MarshalPublic(&dsa.PublicKey{Parameters: dsa.Parameters{P: p, Q: q, G: g}, Y: computed})
	if err != nil {
		return nil, err
	}
	var b der.Builder
	b.BigInt(x)
	return &Private{Public: public, Problem: errDSAUnused, info: privateKeyInfo(public.Algorithm, b.Bytes())}, nil
}
