package p256

import (
	"crypto/elliptic"
	"math/big"
	"math/rand/v2"
	"testing"
)

// integer is what four limbs make.
func integer(limbs [4]uint64) *big.Int {
	out := new(big.Int)
	for i := 3; i >= 0; i-- {
		out.Or(out.Lsh(out, 64), new(big.Int).SetUint64(limbs[i]))
	}
	return out
}

// limbsOf is the opposite of integer.
func limbsOf(v *big.Int) (limbs [4]uint64) {
	v = new(big.Int).Set(v)
	for i := range limbs {
		limbs[i] = v.Uint64()
		v.Rsh(v, 64)
	}
	return limbs
}

func modulus() *big.Int { return elliptic.P256().Params().P }

// edgeNumbers are numbers below m at the ends of its range, and of patterns
// that carry through whole limbs and halves of limbs.
func edgeNumbers(m *big.Int) (out [][4]uint64) {
	for i := range int64(4) {
		out = append(out, limbsOf(big.NewInt(i)), limbsOf(new(big.Int).Sub(m, big.NewInt(i+1))))
	}
	half := new(big.Int).Rsh(m, 1)
	montgomery := new(big.Int).Lsh(big.NewInt(1), 256)
	out = append(out, limbsOf(half), limbsOf(half.Add(half, big.NewInt(1))), limbsOf(montgomery.Mod(montgomery, m)))
	for bit := uint(0); bit < 256; bit += 32 {
		power := new(big.Int).Lsh(big.NewInt(1), bit)
		for _, v := range []*big.Int{power, new(big.Int).Sub(power, big.NewInt(1)), new(big.Int).Sub(m, power)} {
			if v.Cmp(m) < 0 {
				out = append(out, limbsOf(v))
			}
		}
	}
	words := []uint64{0, 1, 1 << 32, 1<<32 - 1, 1 << 63, ^uint64(0), 0xffffffff00000001, 0xffffffff00000000}
	for len(out) < 120 {
		var v [4]uint64
		for i := range v {
			v[i] = words[rand.IntN(len(words))]
		}
		if integer(v).Cmp(m) < 0 {
			out = append(out, v)
		}
	}
	return out
}

func randomBelow(m *big.Int) [4]uint64 {
	for {
		v := [4]uint64{rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64()}
		if integer(v).Cmp(m) < 0 {
			return v
		}
	}
}

// operand is a number by the limbs of its Montgomery form, which are what the
// carries depend on, and as an integer.
type operand struct {
	limbs element
	value *big.Int
}

func operands(m *big.Int) (out []operand) {
	for _, v := range edgeNumbers(m) {
		out = append(out, operand{v, integer(v)})
	}
	for range 60 {
		v := randomBelow(m)
		out = append(out, operand{v, integer(v)})
	}
	return out
}

// TestField holds every operation against math/big, over all pairs of edges,
// with its result in memory of its own and in that of either operand.
func TestField(t *testing.T) {
	p := modulus()
	inverseR := new(big.Int).ModInverse(new(big.Int).Lsh(big.NewInt(1), 256), p)
	want := new(big.Int)
	all := operands(p)
	for _, x := range all {
		for _, y := range all {
			twoOperands(t, "add", (*element).add, x, y, want.Add(x.value, y.value))
			twoOperands(t, "sub", (*element).sub, x, y, want.Sub(x.value, y.value))
			twoOperands(t, "mul", (*element).mul, x, y, want.Mul(want.Mul(x.value, y.value), inverseR))
		}
		oneOperand(t, "square", (*element).square, x, want.Mul(want.Mul(x.value, x.value), inverseR))
		half := want.Set(x.value)
		if half.Bit(0) == 1 {
			half.Add(half, p)
		}
		oneOperand(t, "halve", (*element).halve, x, half.Rsh(half, 1))
	}
}

func twoOperands(t *testing.T, name string, f func(z, x, y *element), x, y operand, want *big.Int) {
	t.Helper()
	var z element
	f(&z, &x.limbs, &y.limbs)
	left, right := x.limbs, y.limbs
	f(&left, &left, &y.limbs)
	f(&right, &x.limbs, &right)
	if expected := element(limbsOf(want.Mod(want, modulus()))); z != expected || left != expected || right != expected {
		t.Fatalf("%s of %x and %x is %x, %x and %x, not %x", name, x.limbs, y.limbs, z, left, right, expected)
	}
}

func oneOperand(t *testing.T, name string, f func(z, x *element), x operand, want *big.Int) {
	t.Helper()
	var z element
	f(&z, &x.limbs)
	same := x.limbs
	f(&same, &same)
	if expected := element(limbsOf(want.Mod(want, modulus()))); z != expected || same != expected {
		t.Fatalf("%s of %x is %x and %x, not %x", name, x.limbs, z, same, expected)
	}
}

func TestFieldInverse(t *testing.T) {
	for _, x := range operands(modulus()) {
		var inverse, product element
		inverse.invert(&x.limbs)
		product.mul(&inverse, &x.limbs)
		want := one
		if x.limbs.isZero() {
			want = element{}
		}
		if product != want {
			t.Fatalf("%x times its inverse %x is %x", x.limbs, inverse, product)
		}
	}
}

// TestSetNumber reads numbers of 256 bits, those not below p included.
func TestSetNumber(t *testing.T) {
	p := modulus()
	beyond := new(big.Int).Lsh(big.NewInt(1), 256)
	for _, v := range edgeNumbers(beyond) {
		var z element
		below := z.setNumber((*number)(&v))
		if want := integer(v).Cmp(p) < 0; below != want {
			t.Fatalf("%x is below p: %t, not %t", v, below, want)
		}
		want := new(big.Int).Mul(integer(v), beyond)
		if z != limbsOf(want.Mod(want, p)) {
			t.Fatalf("%x is read as %x", v, z)
		}
	}
}

// TestConstants holds the numbers of the curve against the standard library's.
func TestConstants(t *testing.T) {
	c := elliptic.P256().Params()
	shift := func(v *big.Int, bits uint, m *big.Int) [4]uint64 {
		v = new(big.Int).Lsh(v, bits)
		return limbsOf(v.Mod(v, m))
	}
	unit := big.NewInt(1)
	for name, pair := range map[string][2][4]uint64{
		"p":              {{p0, p1, 0, p3}, limbsOf(c.P)},
		"n":              {order, limbsOf(c.N)},
		"2^256 modulo p": {one, shift(unit, 256, c.P)},
		"2^512 modulo p": {squareR, shift(unit, 512, c.P)},
		"2^512 modulo n": {squareROrder, shift(unit, 512, c.N)},
		"b":              {curveB, shift(c.B, 256, c.P)},
		"x of generator": {generator.x, shift(c.Gx, 256, c.P)},
		"y of generator": {generator.y, shift(c.Gy, 256, c.P)},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %x, not %x", name, pair[0], pair[1])
		}
	}
}
