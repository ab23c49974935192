package key

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

func pair(r, s *big.Int) []byte {
	var b der.Builder
	mark := b.Begin(der.Sequence)
	b.BigInt(r)
	b.BigInt(s)
	b.End(mark)
	return b.Bytes()
}

// p256Key is a key pair whose secret number the test knows.
func p256Key(t testing.TB) (*ecdsa.PrivateKey, *p256Tables) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := k.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return k, newP256Tables(point)
}

// same checks that the tables and crypto/ecdsa agree, and returns their answer.
func same(t interface {
	Helper()
	Fatalf(string, ...any)
}, k *ecdsa.PublicKey, tables *p256Tables, digest, signature []byte) bool {
	t.Helper()
	want := ecdsa.VerifyASN1(k, digest, signature)
	r, s, err := parsePair(signature)
	if got := err == nil && tables.verifies(digest, r, s); got != want {
		t.Fatalf("digest %x, signature %x: the tables say %t, crypto/ecdsa says %t", digest, signature, got, want)
	}
	return want
}

func TestVerifierMatchesECDSA(t *testing.T) {
	k, tables := p256Key(t)
	rapid.Check(t, func(t *rapid.T) {
		digest := rapid.SliceOfN(rapid.Byte(), 0, 64).Draw(t, "digest")
		signature, err := ecdsa.SignASN1(rand.Reader, k, digest)
		if err != nil {
			t.Fatal(err)
		}
		if !same(t, &k.PublicKey, tables, digest, signature) {
			t.Fatalf("a signature over %x does not verify", digest)
		}
		bad := bytes.Clone(signature)
		bad[rapid.IntRange(0, len(bad)-1).Draw(t, "octet")] ^= byte(rapid.IntRange(1, 255).Draw(t, "change"))
		same(t, &k.PublicKey, tables, digest, bad)
		same(t, &k.PublicKey, tables, append([]byte{1}, digest...), signature)
	})
}

// TestVerifierEdges has numbers at the ends of their ranges, and made-up
// signatures whose sum doubles a point, is the point at infinity, or has an x
// that is not below the order.
func TestVerifierEdges(t *testing.T) {
	k, tables := p256Key(t)
	c := curveByID(oid.P256)
	n, one := c.N, big.NewInt(1)
	numbers := []*big.Int{
		big.NewInt(-1), big.NewInt(0), one, big.NewInt(2), new(big.Int).Sub(n, one), n, new(big.Int).Add(n, one), c.P, new(big.Int).Sub(c.P, n),
		new(big.Int).Lsh(one, 255), new(big.Int).Lsh(one, 256), new(big.Int).Lsh(one, 300), new(big.Int).Rsh(n, 1),
	}
	digests := [][]byte{nil, make([]byte, 32), n.Bytes(), bytes.Repeat([]byte{0xff}, 32), bytes.Repeat([]byte{0xff}, 64), {1}}
	for _, r := range numbers {
		for _, s := range numbers {
			for _, digest := range digests {
				same(t, &k.PublicKey, tables, digest, pair(r, s))
			}
		}
	}
	scalar := func(v *big.Int) []byte { v.Mod(v, n); return v.FillBytes(make([]byte, 32)) }
	secret := new(big.Int).SetBytes(func() []byte { b, _ := k.Bytes(); return b }())
	public := &ECPublicKey{Curve: c, X: fromBytes(tables, 1), Y: fromBytes(tables, 33)}
	for u2 := int64(1); u2 < 40; u2++ {
		// u1·G equals u2·Q where e = r·secret: the sum is 2·u2·Q.
		double := c.combine(new(big.Int), big.NewInt(2*u2), public)
		r := c.affineX(double)
		s := new(big.Int).ModInverse(big.NewInt(u2), n)
		s.Mul(s, r).Mod(s, n)
		e := new(big.Int).Mul(r, secret)
		if !same(t, &k.PublicKey, tables, scalar(e), pair(r, s)) {
			t.Fatal("a signature whose sum doubles a point does not verify")
		}
		if same(t, &k.PublicKey, tables, scalar(new(big.Int).Neg(e)), pair(r, s)) {
			t.Fatal("a signature whose sum is the point at infinity verifies")
		}
	}
}

func fromBytes(tables *p256Tables, at int) *big.Int {
	return new(big.Int).SetBytes(tables.multiples[0].Bytes()[at : at+32])
}

func (c *Curve) affineX(p jacobian) *big.Int {
	zz := new(big.Int).ModInverse(p.z, c.P)
	zz.Mul(zz, zz).Mul(zz, p.x).Mod(zz, c.P)
	return zz.Mod(zz, c.N)
}

// TestVerifierBeyondOrder makes keys that have a signature whose point has an
// x between n and p, which one in 2^128 has by chance.
func TestVerifierBeyondOrder(t *testing.T) {
	c := curveByID(oid.P256)
	made := 0
	for small := int64(1); made < 5; small++ {
		r := big.NewInt(small)
		x := new(big.Int).Add(c.N, r)
		y, err := c.solve(x, 0)
		if err != nil {
			continue
		}
		made++
		digest := sha256.Sum256(r.Bytes())
		s := big.NewInt(12345 + small)
		// Q = (s·R - e·G)/r has R = (e·G + r·Q)/s.
		inverse := new(big.Int).ModInverse(r, c.N)
		u := new(big.Int).SetBytes(digest[:])
		u.Neg(u).Mul(u, inverse).Mod(u, c.N)
		v := inverse.Mul(inverse, s).Mod(inverse, c.N)
		q := c.combine(u, v, &ECPublicKey{Curve: c, X: x, Y: y})
		z := new(big.Int).ModInverse(q.z, c.P)
		zz := c.mul(z, z)
		qx, qy := c.mul(q.x, zz), c.mul(q.y, c.mul(zz, z))
		point := append([]byte{4}, qx.FillBytes(make([]byte, 32))...)
		point = append(point, qy.FillBytes(make([]byte, 32))...)
		k, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		if err != nil {
			t.Fatal(err)
		}
		tables := newP256Tables(point)
		if !same(t, k, tables, digest[:], pair(r, s)) {
			t.Fatalf("x = n + %d does not verify", small)
		}
		same(t, k, tables, digest[:], pair(x, s))
		same(t, k, tables, digest[:], pair(new(big.Int).Add(r, big.NewInt(1)), s))
		if !(&ECPublicKey{Curve: c, X: qx, Y: qy}).verifies(digest[:], r, s) {
			t.Fatalf("x = n + %d does not verify by math/big", small)
		}
	}
}

// TestDigits recombines the digits that the tables are asked for.
func TestDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "number"))
		sum := new(big.Int)
		for i := p256Windows - 1; i >= 0; i-- {
			sum.Lsh(sum, p256Digit).Add(sum, big.NewInt(int64(bitsAt(&number, i*p256Digit))))
		}
		if sum.Cmp(new(big.Int).SetBytes(number[:])) != 0 {
			t.Fatalf("%x is cut into %x", number, sum)
		}
	})
}

// TestVerifierConcurrent takes a verifier from its first call to its tables by
// several goroutines at once.
func TestVerifierConcurrent(t *testing.T) {
	k, err := Generate("ecdsa-p256", nil)
	if err != nil {
		t.Fatal(err)
	}
	alg, err := ChooseSignatureAlgorithm(k.Public, "sha512", false)
	if err != nil {
		t.Fatal(err)
	}
	message := []byte("a message")
	signature, err := Sign(k.Signer, alg, message)
	if err != nil {
		t.Fatal(err)
	}
	v := NewVerifier(k.Public)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range tablesAfter {
				if err := v.Verify(alg.Identifier, message, signature); err != nil {
					t.Error(err)
				}
				if err := v.Verify(alg.Identifier, message[1:], signature); !errors.Is(err, ErrSignature) {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if v.tables.Load() == nil {
		t.Fatal("no tables were computed")
	}
	wrong := withoutParameters(oid.SHA256WithRSA)
	if err := v.Verify(wrong, message, signature); !errors.Is(err, ErrAlgorithm) {
		t.Errorf("another key's algorithm: %v", err)
	}
	if err := v.Verify(alg.Identifier, message, []byte{0x30, 0}); !errors.Is(err, ErrSignature) || !strings.Contains(err.Error(), "malformed") {
		t.Errorf("a malformed signature: %v", err)
	}
}

// TestVerifierOfOthers checks that keys without tables are verified as ever.
func TestVerifierOfOthers(t *testing.T) {
	for _, kind := range []string{"rsa-2048", "ecdsa-p384", "ed25519", "ml-dsa-44"} {
		k, err := Generate(kind, nil)
		if err != nil {
			t.Fatal(err)
		}
		alg, err := ChooseSignatureAlgorithm(k.Public, "", false)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := Sign(k.Signer, alg, []byte("a message"))
		if err != nil {
			t.Fatal(err)
		}
		v := NewVerifier(k.Public)
		v.Warm()
		if err := v.Verify(alg.Identifier, []byte("a message"), signature); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if err := v.Verify(alg.Identifier, []byte("another"), signature); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: over another message: %v", kind, err)
		}
	}
}
