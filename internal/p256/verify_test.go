package p256

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/asn1"
	"math/big"
	"math/rand/v2"
	"testing"

	"filippo.io/nistec"
)

// signer is a public key in all the forms that are compared.
type signer struct {
	number *big.Int // the private key, where it is known
	nist   *nistec.P256Point
	public *ecdsa.PublicKey
	point  Point
	tables *Tables
}

func newSigner(t testing.TB, nist *nistec.P256Point, number *big.Int) *signer {
	t.Helper()
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), nist.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	k := &signer{number: number, nist: nist, public: public, point: ours(t, nist)}
	k.tables = NewTables(&k.point)
	return k
}

// sameVerdict checks that crypto/ecdsa, the point and its tables agree, and
// returns what they say. It takes r and s as any integers.
func (k *signer) sameVerdict(t testing.TB, digest []byte, r, s *big.Int) bool {
	t.Helper()
	signature, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
	if err != nil {
		t.Fatal(err)
	}
	want := ecdsa.VerifyASN1(k.public, digest, signature)
	if r.Sign() < 0 || s.Sign() < 0 {
		return want // callers read positive numbers only
	}
	alone, tabled := k.point.Verify(digest, r.Bytes(), s.Bytes()), k.tables.Verify(digest, r.Bytes(), s.Bytes())
	if alone != want || tabled != want {
		t.Fatalf("key %x, digest %x, r %x, s %x: crypto/ecdsa says %t, the point %t, its tables %t", k.nist.Bytes(), digest, r, s, want, alone, tabled)
	}
	return want
}

// made makes the digest and the signature that are checked by exactly
// u1·G + u2·Q: with R their sum, r is its x, s is r/u2 and e is s·u1. Where the
// sum is infinity there is no signature, and r is one.
func (k *signer) made(t testing.TB, u1, u2 *big.Int) (digest []byte, r, s *big.Int, infinite bool) {
	t.Helper()
	n := elliptic.P256().Params().N
	sum := reference(t, u1, nil)
	sum.Add(sum, reference(t, u2, k.nist))
	r = big.NewInt(1)
	if x, err := sum.BytesX(); err != nil {
		infinite = true
	} else {
		r.SetBytes(x).Mod(r, n)
	}
	s = new(big.Int).ModInverse(u2, n)
	s.Mul(s, r).Mod(s, n)
	e := new(big.Int).Mul(u1, s)
	return e.Mod(e, n).FillBytes(make([]byte, 32)), r, s, infinite
}

// verifyMade verifies what is made of two scalars, and its neighbours.
func (k *signer) verifyMade(t testing.TB, u1, u2 *big.Int) {
	t.Helper()
	n := elliptic.P256().Params().N
	digest, r, s, infinite := k.made(t, u1, u2)
	if k.sameVerdict(t, digest, r, s) == infinite {
		t.Fatalf("key %x, u1 %x, u2 %x: the signature verifies: %t", k.nist.Bytes(), u1, u2, infinite)
	}
	other := new(big.Int).Sub(n, s) // of the opposite sum, with the same x
	if k.sameVerdict(t, digest, r, other) == infinite {
		t.Fatalf("key %x, u1 %x, u2 %x: the opposite s verifies: %t", k.nist.Bytes(), u1, u2, infinite)
	}
	k.sameVerdict(t, append(digest, 0xff), r, s)
	digest[rand.IntN(32)] ^= 1 << rand.IntN(8)
	if k.sameVerdict(t, digest, r, s) {
		t.Fatalf("key %x, u1 %x, u2 %x: the signature verifies for another digest", k.nist.Bytes(), u1, u2)
	}
}

// edgeSigners are keys that are near multiples of the generator, and others.
func edgeSigners(t testing.TB) (out []*signer) {
	n := elliptic.P256().Params().N
	numbers := []*big.Int{
		big.NewInt(1), new(big.Int).Sub(n, big.NewInt(1)), big.NewInt(2), big.NewInt(1 << combWidth), // G, -G, 2G and one of its tables
		integer(randomBelow(n)),
	}
	for _, number := range numbers {
		out = append(out, newSigner(t, reference(t, number, nil), number))
	}
	return out
}

// TestScalars verifies with pairs of edges as scalars by keys that are or are
// near the generator: sums that double, vanish, or lack a part.
func TestScalars(t *testing.T) {
	n := elliptic.P256().Params().N
	var scalars []*big.Int
	for i, v := range edgeNumbers(n) {
		if i < 4 || i%12 == 0 {
			scalars = append(scalars, integer(v))
		}
	}
	for _, k := range edgeSigners(t) {
		for _, u1 := range scalars {
			for _, u2 := range scalars {
				if u2.Sign() != 0 {
					k.verifyMade(t, u1, u2)
				}
			}
		}
	}
}

// TestCancelling verifies where u1·G is u2·Q or its opposite, or near it.
func TestCancelling(t *testing.T) {
	n := elliptic.P256().Params().N
	for _, k := range edgeSigners(t) {
		for range 10 {
			u2 := integer(randomBelow(n))
			for near := int64(-2); near <= 2; near++ {
				u1 := new(big.Int).Mul(u2, k.number)
				for range 2 {
					u1.Neg(u1)
					k.verifyMade(t, new(big.Int).Mod(new(big.Int).Add(u1, big.NewInt(near)), n), u2)
				}
			}
		}
	}
}

// TestRandom verifies random signatures, as they are and over digests of other
// lengths.
func TestRandom(t *testing.T) {
	n := elliptic.P256().Params().N
	for range 4 {
		number := integer(randomBelow(n))
		k := newSigner(t, reference(t, number, nil), number)
		for range 400 {
			k.verifyMade(t, integer(randomBelow(n)), integer(randomBelow(n)))
		}
		for size := range 70 {
			digest := bytes.Repeat([]byte{byte(rand.Uint32())}, size)
			r := reference(t, big.NewInt(int64(size+3)), nil).Bytes()[1:33]
			x := new(big.Int).SetBytes(r)
			e := integer(leftmost(digest))
			s := new(big.Int).Mul(x, number)
			s.Add(s, e).Mul(s, new(big.Int).ModInverse(big.NewInt(int64(size+3)), n)).Mod(s, n)
			if !k.sameVerdict(t, digest, x, s) {
				t.Fatalf("a signature over a digest of %d octets does not verify", size)
			}
		}
	}
}

// TestRanges has r and s at both ends of their ranges and beyond, over digests
// that are not below the order.
func TestRanges(t *testing.T) {
	c := elliptic.P256().Params()
	unit := big.NewInt(1)
	top := new(big.Int).Lsh(unit, 256)
	numbers := []*big.Int{
		big.NewInt(-1), new(big.Int), unit, big.NewInt(2), new(big.Int).Sub(c.N, unit), c.N, new(big.Int).Add(c.N, unit),
		new(big.Int).Sub(c.P, unit), c.P, new(big.Int).Add(c.P, unit), new(big.Int).Sub(c.P, c.N), new(big.Int).Sub(top, unit), top,
		new(big.Int).Lsh(unit, 300), new(big.Int).Rsh(c.N, 1), c.Gx, new(big.Int).Mod(c.Gx, c.N), new(big.Int).Add(c.N, c.Gx),
	}
	digests := [][]byte{
		nil, make([]byte, 32), unit.FillBytes(make([]byte, 32)), c.N.Bytes(), new(big.Int).Sub(c.N, unit).Bytes(), new(big.Int).Add(c.N, unit).Bytes(),
		c.P.Bytes(), bytes.Repeat([]byte{0xff}, 32), bytes.Repeat([]byte{0xff}, 64), make([]byte, 20), append(make([]byte, 31), 2, 0xff),
	}
	for _, k := range edgeSigners(t) {
		for _, r := range numbers {
			for _, s := range numbers {
				for _, digest := range digests {
					k.sameVerdict(t, digest, r, s)
				}
			}
		}
	}
}

// TestNothing has what no known signature leads to.
func TestNothing(t *testing.T) {
	var c check
	if c.prepare(nil, nil, []byte{1}) || c.prepare(nil, []byte{1}, nil) || !c.prepare(nil, []byte{1}, []byte{1}) {
		t.Error("r or s of 0 is taken")
	}
	if c.passes(&jacobian{}) || c.passes(&jacobian{x: one, y: one}) {
		t.Error("infinity passes")
	}
	if c.r = (number{}); c.passes(&jacobian{}) {
		t.Error("infinity passes with r of 0")
	}
}

// signerOf makes the key by which r, s and the digest e lead to this sum R: Q is
// (s·R - e·G)/r.
func signerOf(t testing.TB, sum *nistec.P256Point, r, s, e *big.Int) *signer {
	t.Helper()
	n := elliptic.P256().Params().N
	inverse := new(big.Int).ModInverse(r, n)
	q := reference(t, new(big.Int).Mul(s, inverse), sum)
	q.Add(q, reference(t, inverse.Mul(inverse, e).Neg(inverse), nil))
	return newSigner(t, q, nil)
}

// pointsFrom returns the first points whose x is this or a little more.
func pointsFrom(x *big.Int, count int) (out []*nistec.P256Point) {
	for x = new(big.Int).Set(x); len(out) < count; x.Add(x, big.NewInt(1)) {
		compressed := append([]byte{2}, x.FillBytes(make([]byte, 32))...)
		if p, err := nistec.NewP256Point().SetBytes(compressed); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// TestBeyondOrder makes keys that have a signature whose point has an x of n
// or more, which one in 2^128 has by chance.
func TestBeyondOrder(t *testing.T) {
	c := elliptic.P256().Params()
	for _, sum := range pointsFrom(new(big.Int).Add(c.N, big.NewInt(1)), 6) {
		x := new(big.Int).SetBytes(sum.Bytes()[1:33])
		r, s, e := new(big.Int).Sub(x, c.N), integer(randomBelow(c.N)), integer(randomBelow(c.N))
		k := signerOf(t, sum, r, s, e)
		digest := e.FillBytes(make([]byte, 32))
		if !k.sameVerdict(t, digest, r, s) {
			t.Fatalf("x = n + %d does not verify", r)
		}
		for _, other := range []*big.Int{x, new(big.Int).Add(r, big.NewInt(1)), new(big.Int).Sub(c.P, c.N), new(big.Int).Sub(c.P, x)} {
			if k.sameVerdict(t, digest, other, s) {
				t.Fatalf("x = n + %d verifies with r = %v", r, other)
			}
		}
	}
}

// TestFalseBeyondOrder makes keys and signatures whose r is not x modulo n, but
// of which r + n is x modulo p or modulo 2^256.
func TestFalseBeyondOrder(t *testing.T) {
	c := elliptic.P256().Params()
	for _, start := range []*big.Int{new(big.Int), new(big.Int).Lsh(big.NewInt(1), 200), new(big.Int).Lsh(big.NewInt(1), 230)} {
		for _, sum := range pointsFrom(start, 3) {
			for _, m := range []*big.Int{c.P, new(big.Int).Lsh(big.NewInt(1), 256)} {
				r := new(big.Int).SetBytes(sum.Bytes()[1:33])
				r.Add(r, m).Sub(r, c.N)
				s, e := integer(randomBelow(c.N)), integer(randomBelow(c.N))
				if signerOf(t, sum, r, s, e).sameVerdict(t, e.FillBytes(make([]byte, 32)), r, s) {
					t.Fatalf("%x verifies with r = %x", sum.Bytes(), r)
				}
			}
		}
	}
}

// FuzzVerify makes a signature of two scalars by one of some keys, and changes
// it by what is fed.
func FuzzVerify(f *testing.F) {
	f.Add([]byte{1}, []byte{2}, byte(3), []byte{})
	f.Add([]byte{0}, []byte{1}, byte(1), []byte{1})
	f.Add(elliptic.P256().Params().N.Bytes(), bytes.Repeat([]byte{0xff}, 32), byte(4), []byte{0, 0, 0, 1})
	n := elliptic.P256().Params().N
	keys := edgeSigners(f)
	f.Fuzz(func(t *testing.T, u1, u2 []byte, key byte, change []byte) {
		scalar := func(in []byte) *big.Int {
			v := new(big.Int).SetBytes(in)
			return v.Mod(v, n)
		}
		second := scalar(u2)
		if second.Sign() == 0 {
			return
		}
		k := keys[int(key)%len(keys)]
		k.verifyMade(t, scalar(u1), second)
		digest, r, s, _ := k.made(t, scalar(u1), second)
		delta := new(big.Int).SetBytes(change)
		k.sameVerdict(t, digest, r.Add(r, delta), s)
		k.sameVerdict(t, append(change, digest...), r, s.Add(s, delta))
	})
}
