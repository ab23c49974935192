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

// tabled is a key pair with its tables.
func tabled(t testing.TB, curve elliptic.Curve) (*ecdsa.PrivateKey, ecdsaTables) {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k, newECDSATables(&k.PublicKey)()
}

var tabledCurves = []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()}

// same checks that Verify, the tables and crypto/ecdsa agree, and returns their
// answer.
func same(t interface {
	Helper()
	Fatalf(string, ...any)
}, k *ecdsa.PublicKey, tables ecdsaTables, digest, signature []byte) bool {
	t.Helper()
	want := ecdsa.VerifyASN1(k, digest, signature)
	r, s, err := parsePair(signature)
	if got := err == nil && tables.Verify(digest, r, s); got != want {
		t.Fatalf("digest %x, signature %x: the tables say %t, crypto/ecdsa says %t", digest, signature, got, want)
	}
	if err := verifyECDSA(k, digest, signature); (err == nil) != want || err != nil && !errors.Is(err, ErrSignature) {
		t.Fatalf("digest %x, signature %x: %v, but crypto/ecdsa says %t", digest, signature, err, want)
	}
	return want
}

func TestVerifierMatchesECDSA(t *testing.T) {
	for _, curve := range tabledCurves {
		k, tables := tabled(t, curve)
		t.Run(curve.Params().Name, rapid.MakeCheck(func(t *rapid.T) {
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
		}))
	}
}

// TestVerifierEdges has numbers at the ends of their ranges, and made-up
// signatures whose sum doubles a point or is the point at infinity.
func TestVerifierEdges(t *testing.T) {
	for _, curve := range tabledCurves {
		t.Run(curve.Params().Name, func(t *testing.T) {
			k, tables := tabled(t, curve)
			c := curveByID(standardID(curve.Params().Name))
			numbers := edges(c)
			digests := [][]byte{make([]byte, 32), c.N.Bytes(), bytes.Repeat([]byte{0xff}, 66)}
			for _, r := range numbers {
				for _, s := range numbers {
					for _, digest := range digests {
						same(t, &k.PublicKey, tables, digest, pair(r, s))
					}
				}
			}
			doublings(t, c, k, tables)
		})
	}
}

func edges(c *Curve) []*big.Int {
	one := big.NewInt(1)
	return []*big.Int{
		big.NewInt(-1), big.NewInt(0), one, new(big.Int).Sub(c.N, one), c.N, new(big.Int).Add(c.N, one), c.P, new(big.Int).Sub(c.P, c.N),
		new(big.Int).Lsh(one, uint(c.Size)-1), new(big.Int).Lsh(one, uint(c.Size)), new(big.Int).Lsh(one, 600), new(big.Int).Rsh(c.N, 1),
	}
}

// doublings makes signatures in which u1·G is u2·Q, or its opposite: e is r or
// -r times the secret number.
func doublings(t *testing.T, c *Curve, k *ecdsa.PrivateKey, tables ecdsaTables) {
	t.Helper()
	number, err := k.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	secret := new(big.Int).SetBytes(number)
	point, err := k.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	x, y, err := c.decodePoint(point)
	if err != nil {
		t.Fatal(err)
	}
	scalar := func(v *big.Int) []byte {
		octets := make([]byte, len(c.N.Bytes()))
		v.Mod(v, c.N)
		return v.Lsh(v, uint(8*len(octets)-c.N.BitLen())).FillBytes(octets)
	}
	for u2 := int64(1); u2 < 12; u2++ {
		r, _ := c.affine(c.combine(new(big.Int), big.NewInt(2*u2), &ECPublicKey{Curve: c, X: x, Y: y}))
		r.Mod(r, c.N)
		s := new(big.Int).ModInverse(big.NewInt(u2), c.N)
		s.Mul(s, r).Mod(s, c.N)
		e := new(big.Int).Mul(r, secret)
		if !same(t, &k.PublicKey, tables, scalar(new(big.Int).Set(e)), pair(r, s)) {
			t.Fatal("a signature whose sum doubles a point does not verify")
		}
		if same(t, &k.PublicKey, tables, scalar(e.Neg(e)), pair(r, s)) {
			t.Fatal("a signature whose sum is the point at infinity verifies")
		}
	}
}

func (c *Curve) affine(p jacobian) (x, y *big.Int) {
	z := new(big.Int).ModInverse(p.z, c.P)
	zz := c.mul(z, z)
	return c.mul(p.x, zz), c.mul(p.y, c.mul(zz, z))
}

// TestVerifierBeyondOrder makes keys that have a signature whose point has an
// x between n and p, which one in 2^32 or fewer has by chance.
func TestVerifierBeyondOrder(t *testing.T) {
	for _, curve := range tabledCurves {
		c := curveByID(standardID(curve.Params().Name))
		made := 0
		for small := int64(1); made < 3; small++ {
			x := new(big.Int).Add(c.N, big.NewInt(small))
			if y, err := c.solve(x, 0); err == nil {
				made++
				beyondOrder(t, curve, &ECPublicKey{Curve: c, X: x, Y: y})
			}
		}
	}
}

// beyondOrder makes the key Q = (s·R - e·G)/r, by which R = (e·G + r·Q)/s.
func beyondOrder(t *testing.T, curve elliptic.Curve, at *ECPublicKey) {
	t.Helper()
	c := at.Curve
	r, s := new(big.Int).Sub(at.X, c.N), big.NewInt(12345)
	digest := sha256.Sum256(r.Bytes())
	u := new(big.Int).SetBytes(digest[:])
	inverse := new(big.Int).ModInverse(r, c.N)
	u.Neg(u).Mul(u, inverse).Mod(u, c.N)
	v := inverse.Mul(inverse, s).Mod(inverse, c.N)
	x, y := c.affine(c.combine(u, v, at))
	q := &ECPublicKey{Curve: c, X: x, Y: y}
	_, point, err := encodePublic(q)
	if err != nil {
		t.Fatal(err)
	}
	k, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		t.Fatal(err)
	}
	tables := newECDSATables(k)()
	if !same(t, k, tables, digest[:], pair(r, s)) {
		t.Fatalf("%s: x = n + %v does not verify", c.Name, r)
	}
	same(t, k, tables, digest[:], pair(at.X, s))
	same(t, k, tables, digest[:], pair(new(big.Int).Add(r, big.NewInt(1)), s))
	if !q.verifies(digest[:], r, s) {
		t.Fatalf("%s: x = n + %v does not verify by math/big", c.Name, r)
	}
}

// TestDigits recombines the digits that the tables are asked for.
func TestDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.SliceOfN(rapid.Byte(), 32, 66).Draw(t, "number")
		digit := rapid.IntRange(4, 10).Draw(t, "bits of a digit")
		sum := new(big.Int)
		for i := len(number) * 8 / digit; i >= 0; i-- {
			sum.Lsh(sum, uint(digit)).Add(sum, big.NewInt(int64(bitsAt(number, i*digit)&(1<<digit-1))))
		}
		if sum.Cmp(new(big.Int).SetBytes(number)) != 0 {
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
	for _, kind := range []string{"rsa-2048", "ed25519", "ml-dsa-44"} {
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
