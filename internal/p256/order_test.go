package p256

import (
	"bytes"
	"crypto/elliptic"
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestOrder(t *testing.T) {
	n := elliptic.P256().Params().N
	r := new(big.Int).Lsh(big.NewInt(1), 256)
	inverseR := new(big.Int).ModInverse(r, n)
	all := append(edgeNumbers(n), edgeNumbers(r)...)
	for range 60 {
		all = append(all, randomBelow(n))
	}
	for _, a := range all {
		x := number(a)
		if want := integer(a).Cmp(n) < 0; x.belowOrder() != want {
			t.Fatalf("%x is below n: %t", a, !want)
		}
		if !x.belowOrder() {
			continue
		}
		for _, b := range all { // y may be any number of 256 bits
			y, z := number(b), number{}
			z.mulOrder(&y, &x)
			want := new(big.Int).Mul(integer(a), integer(b))
			if want.Mul(want, inverseR).Mod(want, n); z != limbsOf(want) {
				t.Fatalf("%x times %x is %x, not %x", a, b, z, limbsOf(want))
			}
		}
		if x.isZero() {
			continue
		}
		var z number
		z.invertOrder(&x)
		if want := new(big.Int).ModInverse(integer(a), n); z != limbsOf(want) {
			t.Fatalf("the inverse of %x is %x, not %x", a, z, limbsOf(want))
		}
	}
}

// TestInvertOrder inverts many random numbers of every length.
func TestInvertOrder(t *testing.T) {
	n := elliptic.P256().Params().N
	for i := range 20_000 {
		v := new(big.Int).Rsh(integer(randomBelow(n)), uint(i%250))
		if v.Sign() == 0 {
			continue
		}
		x, z := number(limbsOf(v)), number{}
		z.invertOrder(&x)
		if want := new(big.Int).ModInverse(v, n); z != limbsOf(want) {
			t.Fatalf("the inverse of %x is %x, not %x", v, z, limbsOf(want))
		}
	}
}

func TestSetBytes(t *testing.T) {
	for size := range 40 {
		in := make([]byte, size)
		for i := range in {
			in[i] = byte(rand.Uint32())
		}
		for _, octets := range [][]byte{in, append(make([]byte, 3), in...)} {
			var z number
			fits := new(big.Int).SetBytes(octets).BitLen() <= 256
			if z.setBytes(octets) != fits || fits && !bytes.Equal(integer(z).Bytes(), new(big.Int).SetBytes(octets).Bytes()) {
				t.Fatalf("%x is read as %x", octets, z)
			}
		}
	}
}

// TestCut recombines digits, and looks that no two are near each other.
func TestCut(t *testing.T) {
	beyond := new(big.Int).Lsh(big.NewInt(1), 256)
	all := edgeNumbers(beyond)
	for range 500 {
		all = append(all, randomBelow(beyond))
	}
	for _, v := range all {
		for width := 2; width <= 12; width++ {
			var d digits
			length := d.cut((*number)(&v), width)
			sum, last := new(big.Int), -width
			for i, digit := range d {
				if digit == 0 {
					continue
				}
				if digit&1 == 0 || int(digit) >= 1<<(width-1) || int(digit) <= -1<<(width-1) || i-last < width || i >= length {
					t.Fatalf("%x in digits of %d bits has %d at %d, after one at %d, length %d", v, width, digit, i, last, length)
				}
				last = i
				sum.Add(sum, new(big.Int).Lsh(big.NewInt(int64(digit)), uint(i)))
			}
			if sum.Cmp(integer(v)) != 0 || length != last+1 && last >= 0 {
				t.Fatalf("%x is cut into %x, length %d", v, sum, length)
			}
		}
	}
}
