package key

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// maxRSABits bounds the work that checking a key can cost.
const maxRSABits = 16384

var errRSA = errors.New("the numbers of the RSA key do not belong together; the file is damaged")

// decodeRSAPrivate reads RSAPrivateKey (RFC 8017, Appendix A.1.2).
func decodeRSAPrivate(algorithm AlgorithmIdentifier, octets []byte) (*Private, error) {
	numbers, primes, err := rsaNumbers(octets)
	if err != nil {
		return nil, fmt.Errorf("RSA key: %w", err)
	}
	n, e, d := numbers[0], numbers[1], numbers[2]
	if n.BitLen() > maxRSABits {
		return nil, fmt.Errorf("the RSA key has %d bits, and at most %d are accepted", n.BitLen(), maxRSABits)
	}
	for _, x := range append(numbers, primes...) {
		if x.Sign() <= 0 || x.BitLen() > maxRSABits {
			return nil, errRSA
		}
	}
	if e.BitLen() > 31 {
		return nil, errors.New("the RSA key has a public exponent of more than 31 bits, which is not supported; make a new key, whose exponent is 65537")
	}
	k := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: int(e.Int64())}, D: d, Primes: primes}
	k.Precompute()
	if k.Validate() != nil {
		return nil, damagedRSA(algorithm, octets, n, e, whyRSA(k))
	}
	pre := k.Precomputed
	if len(primes) == 2 && (pre.Dp.Cmp(numbers[5]) != 0 || pre.Dq.Cmp(numbers[6]) != 0 || pre.Qinv.Cmp(numbers[7]) != 0) {
		return nil, damagedRSA(algorithm, octets, n, e, errRSA)
	}
	p, err := NewPrivate(k)
	if err != nil {
		return nil, err
	}
	if algorithm.ID != oid.RSAEncryption {
		p.Public, err = ParsePublic(subjectPublicKeyInfo(algorithm, p.Public.Bits))
	}
	switch {
	case err != nil:
		return nil, err
	case p.Public.Problem != nil:
		p.Signer, p.Problem = nil, p.Public.Problem
	case !p.Public.CanSign():
		p.Signer, p.Problem = nil, errors.New("the RSA key is marked as being for encryption (RSAES-OAEP) and makes no signatures; use another key")
	}
	return p, nil
}

// whyRSA says why a key is not taken: it is damaged, or whole but weak.
func whyRSA(k *rsa.PrivateKey) error {
	one, product := big.NewInt(1), big.NewInt(1)
	for _, prime := range k.Primes {
		product.Mul(product, prime)
		ed := new(big.Int).Mul(big.NewInt(int64(k.E)), k.D)
		if less := new(big.Int).Sub(prime, one); less.Sign() == 0 || ed.Mod(ed.Sub(ed, one), less).Sign() != 0 {
			return errRSA
		}
	}
	if product.Cmp(k.N) != 0 {
		return errRSA
	}
	for _, w := range Weaknesses(&Public{Type: "RSA", Key: &k.PublicKey}) {
		if w.Code != WeakModulusSize && w.Code != WeakExponent {
			return fmt.Errorf("the RSA key is weak, and anybody can compute it: %s; make a new key", w.Detail)
		}
	}
	return errRSA
}

// rsaNumbers returns n, e, d, p, q, dP, dQ, qInv, and all the primes.
func rsaNumbers(octets []byte) (numbers, primes []*big.Int, err error) {
	all, err := der.ParseTag(octets, der.Sequence)
	if err != nil {
		return nil, nil, err
	}
	r := all.Children()
	version, err := takeInteger(&r)
	if err != nil {
		return nil, nil, err
	}
	for range 8 {
		x, err := takeInteger(&r)
		if err != nil {
			return nil, nil, err
		}
		numbers = append(numbers, x)
	}
	primes = []*big.Int{numbers[3], numbers[4]}
	if version.Sign() == 0 {
		return numbers, primes, r.End()
	}
	others, err := r.Take(der.Sequence)
	if err != nil {
		return nil, nil, fmt.Errorf("other primes: %w", err)
	}
	for o := others.Children(); !o.Empty(); {
		info, err := o.Take(der.Sequence)
		if err != nil || len(primes) > 7 {
			return nil, nil, errors.New("the list of other primes cannot be read, or has too many")
		}
		i := info.Children()
		prime, err := takeInteger(&i)
		if err != nil {
			return nil, nil, err
		}
		primes = append(primes, prime)
	}
	return numbers, primes, r.End()
}

// encodeRSAPrivate writes RSAPrivateKey of two primes or more.
func encodeRSAPrivate(k *rsa.PrivateKey) []byte {
	k.Precompute()
	var b der.Builder
	all := b.Begin(der.Sequence)
	version := int64(0)
	if len(k.Primes) > 2 {
		version = 1
	}
	b.Int(version)
	b.BigInt(k.N)
	b.Int(int64(k.E))
	b.BigInt(k.D)
	b.BigInt(k.Primes[0])
	b.BigInt(k.Primes[1])
	b.BigInt(k.Precomputed.Dp)
	b.BigInt(k.Precomputed.Dq)
	b.BigInt(k.Precomputed.Qinv)
	if len(k.Primes) > 2 {
		others := b.Begin(der.Sequence)
		product := new(big.Int).Mul(k.Primes[0], k.Primes[1])
		for _, prime := range k.Primes[2:] {
			one := b.Begin(der.Sequence)
			b.BigInt(prime)
			b.BigInt(new(big.Int).Mod(k.D, new(big.Int).Sub(prime, big.NewInt(1))))
			b.BigInt(new(big.Int).ModInverse(product, prime))
			b.End(one)
			product.Mul(product, prime)
		}
		b.End(others)
	}
	b.End(all)
	return b.Bytes()
}
