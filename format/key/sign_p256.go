package key

import (
	"crypto/ecdsa"
	"crypto/fips140"
	"crypto/rand"
	"crypto/sha512"
	"errors"
	"math/big"
	"sync"

	"filippo.io/bigmod"
	"filippo.io/nistec"
)

// errNonce is what a nonce with which nothing can be signed leads to: one in
// 2^255, or a random source that is broken.
var errNonce = errors.New("the random source is broken: a nonce of zero came from it")

// signsHere reports whether signP256 signs for this key. In the FIPS 140-3
// mode the validated module signs, and nothing else.
func signsHere(k *ecdsa.PrivateKey) bool {
	return k.Curve == standard("P-256") && !fips140.Enabled()
}

// signP256 signs a digest by ECDSA on P-256 (SEC 1, Section 4.1.3), in half of
// the time of crypto/ecdsa, with a nonce of the key, the digest and the
// system's random source, so that neither a weak source nor a repeated digest
// gives the key away.
func signP256(k *ecdsa.PrivateKey, digest []byte) ([]byte, error) {
	o := orderP256()
	d, secret, err := o.private(k)
	if err != nil {
		return nil, err
	}
	var random, blind [32]byte
	rand.Read(random[:])
	rand.Read(blind[:])
	r, s, err := o.sign(d, o.nonce(secret, random[:], digest), o.below(blind[:]), digest)
	clear(secret)
	if err != nil {
		return nil, err
	}
	return joinPair(r, s), nil
}

// groupOrder computes by the order n of P-256's generator, in constant time.
type groupOrder struct {
	modulus *bigmod.Modulus
	wrap    *bigmod.Nat // 2^256 mod n
	big     *big.Int
}

var orderP256 = sync.OnceValue(func() *groupOrder {
	n := standard("P-256").Params().N
	o := &groupOrder{big: n}
	var err error
	if o.modulus, err = bigmod.NewModulus(n.Bytes()); err != nil {
		panic("the order of P-256 is no modulus: " + err.Error())
	}
	wrap := new(big.Int).Lsh(big.NewInt(1), 256)
	if o.wrap, err = bigmod.NewNat().SetBytes(wrap.Mod(wrap, n).FillBytes(make([]byte, 32)), o.modulus); err != nil {
		panic("a remainder is not below its modulus: " + err.Error())
	}
	return o
})

// private returns the private number of a key, as 32 octets too.
func (o *groupOrder) private(k *ecdsa.PrivateKey) (*bigmod.Nat, []byte, error) {
	// The octets that k.Bytes returns belong to k, and could not be cleared.
	if k.D != nil && k.D.Sign() > 0 && k.D.BitLen() <= 256 {
		octets := k.D.FillBytes(make([]byte, 32))
		if d, err := bigmod.NewNat().SetBytes(octets, o.modulus); err == nil {
			return d, octets, nil
		}
	}
	return nil, nil, errors.New("the private number of the key is not one of P-256")
}

// nonce derives a number below the order from 512 bits, so that its bias is
// far below what could be seen. All inputs but the digest have 32 octets.
func (o *groupOrder) nonce(secret, random, digest []byte) *bigmod.Nat {
	const label = "P-256 nonce v1:"
	input := make([]byte, 0, len(label)+32+32+64)
	input = append(append(append(append(input, label...), secret...), random...), digest...)
	wide := sha512.Sum512(input)
	clear(input)
	return o.reduce(wide[:])
}

// reduce computes the remainder of 64 octets.
func (o *groupOrder) reduce(wide []byte) *bigmod.Nat {
	return o.below(wide[:32]).Mul(o.wrap, o.modulus).Add(o.below(wide[32:]), o.modulus)
}

// below computes the remainder of 32 octets.
func (o *groupOrder) below(octets []byte) *bigmod.Nat {
	n, err := bigmod.NewNat().SetOverflowingBytes(octets, o.modulus)
	if err != nil {
		panic("32 octets are more than P-256's order has: " + err.Error())
	}
	return n
}

// sign returns r and s for a private number d and a nonce k. What depends on
// these takes constant time, but for the inverse of k: that is computed of
// k·blind, which says nothing of k to who does not know the random blind.
func (o *groupOrder) sign(d, k, blind *bigmod.Nat, digest []byte) (r, s []byte, err error) {
	point, err := nistec.NewP256Point().ScalarBaseMult(k.Bytes(o.modulus))
	if err != nil {
		return nil, nil, err
	}
	x, err := point.BytesX()
	if err != nil {
		return nil, nil, errNonce
	}
	blinded := new(big.Int).SetBytes(k.Mul(blind, o.modulus).Bytes(o.modulus))
	if blinded.ModInverse(blinded, o.big) == nil {
		return nil, nil, errNonce
	}
	var octets [32]byte
	rNat := o.below(x)
	sum := d.Mul(rNat, o.modulus).Add(o.below(o.truncated(digest, &octets)), o.modulus)
	sum.Mul(blind, o.modulus)
	sum.Mul(o.below(blinded.FillBytes(octets[:])), o.modulus)
	if rNat.IsZero() == 1 || sum.IsZero() == 1 {
		return nil, nil, errNonce
	}
	return rNat.Bytes(o.modulus), sum.Bytes(o.modulus), nil
}

// truncated returns the leftmost 256 bits of a digest, or all of one that has
// less, with zeros before it.
func (o *groupOrder) truncated(digest []byte, out *[32]byte) []byte {
	digest = digest[:min(len(digest), len(out))]
	clear(out[:])
	copy(out[len(out)-len(digest):], digest)
	return out[:]
}

// joinPair writes SEQUENCE { r INTEGER, s INTEGER } (RFC 3279, Section 2.2.3)
// of positive numbers of 32 octets.
func joinPair(r, s []byte) []byte {
	out := append(make([]byte, 0, 72), 0x30, 0)
	for _, n := range [][]byte{r, s} {
		for len(n) > 1 && n[0] == 0 && n[1] < 0x80 {
			n = n[1:]
		}
		pad := int(n[0] >> 7)
		out = append(out, 2, byte(pad+len(n)))
		out = append(append(out, make([]byte, pad)...), n...)
	}
	out[1] = byte(len(out) - 2)
	return out
}
