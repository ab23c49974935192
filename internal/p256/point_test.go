package p256

import (
	"crypto/elliptic"
	"crypto/rand"
	"math/big"
	"testing"

	"filippo.io/nistec"
)

// reference multiplies by nistec: the generator, or a point.
func reference(t testing.TB, k *big.Int, of *nistec.P256Point) *nistec.P256Point {
	t.Helper()
	scalar := new(big.Int).Mod(k, elliptic.P256().Params().N).FillBytes(make([]byte, 32))
	var p *nistec.P256Point
	var err error
	if of == nil {
		p, err = nistec.NewP256Point().ScalarBaseMult(scalar)
	} else {
		p, err = nistec.NewP256Point().ScalarMult(of, scalar)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ours is a point of nistec's, not infinity, as one of ours.
func ours(t testing.TB, p *nistec.P256Point) Point {
	t.Helper()
	octets := p.Bytes()
	if len(octets) != 65 {
		t.Fatal("infinity has no coordinates")
	}
	out, ok := NewPoint((*[32]byte)(octets[1:33]), (*[32]byte)(octets[33:]))
	if !ok {
		t.Fatalf("%x is not on the curve", octets)
	}
	return out
}

// equal reports whether a sum is a point of nistec's.
func equal(t testing.TB, sum *jacobian, want *nistec.P256Point) bool {
	t.Helper()
	if len(want.Bytes()) == 1 {
		return sum.z.isZero()
	}
	return !sum.z.isZero() && points([]jacobian{*sum})[0] == ours(t, want)
}

// TestAdditions adds every small multiple to every other, in forms with other
// Z than 1, so that sums that double and sums that vanish are there.
func TestAdditions(t *testing.T) {
	secret, err := rand.Int(rand.Reader, elliptic.P256().Params().N)
	if err != nil {
		t.Fatal(err)
	}
	base := reference(t, secret, nil)
	scaled := func(k int64) (p jacobian) { // k·base, with a Z of its own
		if k == 0 {
			return p
		}
		affine, z := ours(t, reference(t, big.NewInt(k), base)), element{uint64(k)*3 + 5, 7, 11, 13}
		var zz element
		zz.square(&z)
		p.x.mul(&affine.x, &zz)
		zz.mul(&zz, &z)
		p.y.mul(&affine.y, &zz)
		p.z = z
		return p
	}
	for i := int64(-6); i <= 6; i++ {
		left := scaled(i)
		twice := left
		if twice.double(); !equal(t, &twice, reference(t, big.NewInt(2*i), base)) {
			t.Fatalf("twice %d is something else", i)
		}
		for j := int64(-6); j <= 6; j++ {
			if j == 0 {
				continue
			}
			for _, negative := range []bool{false, true} {
				want := i + j
				if negative {
					want = i - j
				}
				right, affine := scaled(j), ours(t, reference(t, big.NewInt(j), base))
				var m multiple
				m.set(&right)
				sum, mixed := left, left
				sum.addMultiple(&m, negative)
				mixed.addPoint(&affine, negative)
				expected := reference(t, big.NewInt(want), base)
				if !equal(t, &sum, expected) || !equal(t, &mixed, expected) {
					t.Fatalf("%d and %d (opposite: %t) are something else", i, j, negative)
				}
			}
		}
	}
}

func TestNewPoint(t *testing.T) {
	c := elliptic.P256().Params()
	octets := func(v *big.Int) *[32]byte { return (*[32]byte)(v.FillBytes(make([]byte, 32))) }
	root := new(big.Int).ModSqrt(c.B, c.P) // of the point whose x is 0
	most := new(big.Int).Lsh(big.NewInt(1), 256)
	most.Sub(most, big.NewInt(1))
	for name, test := range map[string]struct {
		x, y *big.Int
		good bool
	}{
		"generator":           {c.Gx, c.Gy, true},
		"its opposite":        {c.Gx, new(big.Int).Sub(c.P, c.Gy), true},
		"x of 0":              {new(big.Int), root, true},
		"x of p":              {c.P, root, false},
		"both 0":              {new(big.Int), new(big.Int), false},
		"y of another":        {c.Gx, root, false},
		"swapped":             {c.Gy, c.Gx, false},
		"x and y of 2^256-1":  {most, most, false},
		"y of p for one of 0": {c.Gx, c.P, false},
	} {
		if _, ok := NewPoint(octets(test.x), octets(test.y)); ok != test.good {
			t.Errorf("%s: %t", name, ok)
		}
		if c.P.Cmp(test.x) > 0 && c.P.Cmp(test.y) > 0 && elliptic.P256().IsOnCurve(test.x, test.y) != test.good {
			t.Errorf("%s: crypto/elliptic says otherwise", name)
		}
	}
}

// TestTables looks at the multiples of each row: first, second, last, and one
// in between.
func TestTables(t *testing.T) {
	base := reference(t, big.NewInt(987654321), nil)
	p := ours(t, base)
	c := newComb(&p)
	for i := range windows {
		for _, k := range []int{0, 1, 2, half / 3, half - 2, half - 1} {
			number := new(big.Int).Lsh(big.NewInt(int64(k+1)), uint(i*combWidth))
			if c[i*half+k] != ours(t, reference(t, number, base)) {
				t.Fatalf("the multiple %d of row %d is something else", k+1, i)
			}
		}
	}
	for i, p := range oddGenerators() {
		if p != ours(t, reference(t, big.NewInt(int64(2*i+1)), nil)) {
			t.Fatalf("the odd multiple %d of the generator is something else", 2*i+1)
		}
	}
}
