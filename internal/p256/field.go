package p256

import "math/bits"

// element is a number modulo p = 2^256 - 2^224 + 2^192 + 2^96 - 1, below p,
// least limb first, in Montgomery form: 2^256 times what it stands for.
type element [4]uint64

// The limbs of p; the third is zero. As p is -1 modulo 2^64, what Montgomery's
// reduction multiplies p by is the lowest limb itself.
const (
	p0 = 0xffffffffffffffff
	p1 = 0x00000000ffffffff
	p3 = 0xffffffff00000001
)

var (
	one     = element{0x0000000000000001, 0xffffffff00000000, 0xffffffffffffffff, 0x00000000fffffffe} // 2^256 modulo p
	squareR = element{0x0000000000000003, 0xfffffffbffffffff, 0xfffffffffffffffe, 0x00000004fffffffd} // 2^512 modulo p
)

// setNumber sets z to a plain number and reports whether it was below p.
func (z *element) setNumber(x *number) bool {
	t := element(*x)
	z.mul(&t, &squareR)
	_, b := bits.Sub64(x[0], p0, 0)
	_, b = bits.Sub64(x[1], p1, b)
	_, b = bits.Sub64(x[2], 0, b)
	_, b = bits.Sub64(x[3], p3, b)
	return b == 1
}

func (z *element) isZero() bool { return z[0]|z[1]|z[2]|z[3] == 0 }

// add sets z to x + y.
func (z *element) add(x, y *element) {
	t0, c := bits.Add64(x[0], y[0], 0)
	t1, c := bits.Add64(x[1], y[1], c)
	t2, c := bits.Add64(x[2], y[2], c)
	t3, c := bits.Add64(x[3], y[3], c)
	s0, b := bits.Sub64(t0, p0, 0)
	s1, b := bits.Sub64(t1, p1, b)
	s2, b := bits.Sub64(t2, 0, b)
	s3, b := bits.Sub64(t3, p3, b)
	_, b = bits.Sub64(c, 0, b)
	// One condition each, which become moves and no jumps.
	if b != 0 {
		s0 = t0
	}
	if b != 0 {
		s1 = t1
	}
	if b != 0 {
		s2 = t2
	}
	if b != 0 {
		s3 = t3
	}
	z[0], z[1], z[2], z[3] = s0, s1, s2, s3
}

// sub sets z to x - y.
func (z *element) sub(x, y *element) {
	t0, b := bits.Sub64(x[0], y[0], 0)
	t1, b := bits.Sub64(x[1], y[1], b)
	t2, b := bits.Sub64(x[2], y[2], b)
	t3, b := bits.Sub64(x[3], y[3], b)
	borrowed := -b
	t0, c := bits.Add64(t0, borrowed&p0, 0)
	t1, c = bits.Add64(t1, borrowed&p1, c)
	t2, c = bits.Add64(t2, 0, c)
	t3, _ = bits.Add64(t3, borrowed&p3, c)
	z[0], z[1], z[2], z[3] = t0, t1, t2, t3
}

// halve sets z to x/2.
func (z *element) halve(x *element) {
	odd := -(x[0] & 1)
	t0, c := bits.Add64(x[0], odd&p0, 0)
	t1, c := bits.Add64(x[1], odd&p1, c)
	t2, c := bits.Add64(x[2], 0, c)
	t3, c := bits.Add64(x[3], odd&p3, c)
	z[0], z[1], z[2], z[3] = t0>>1|t1<<63, t1>>1|t2<<63, t2>>1|t3<<63, t3>>1|c<<63
}

// mul sets z to x·y/2^256, which is the product of what x and y stand for.
func (z *element) mul(x, y *element) {
	y0, y1, y2, y3 := y[0], y[1], y[2], y[3]
	var l0, l1, l2, l3, h0, h1, h2, h3, c uint64

	h0, t0 := bits.Mul64(x[0], y0)
	h1, l1 = bits.Mul64(x[0], y1)
	h2, l2 = bits.Mul64(x[0], y2)
	h3, l3 = bits.Mul64(x[0], y3)
	t1, c := bits.Add64(h0, l1, 0)
	t2, c := bits.Add64(h1, l2, c)
	t3, c := bits.Add64(h2, l3, c)
	t4, _ := bits.Add64(h3, 0, c)

	h0, l0 = bits.Mul64(x[1], y0)
	h1, l1 = bits.Mul64(x[1], y1)
	h2, l2 = bits.Mul64(x[1], y2)
	h3, l3 = bits.Mul64(x[1], y3)
	l1, c = bits.Add64(h0, l1, 0)
	l2, c = bits.Add64(h1, l2, c)
	l3, c = bits.Add64(h2, l3, c)
	h3, _ = bits.Add64(h3, 0, c)
	t1, c = bits.Add64(t1, l0, 0)
	t2, c = bits.Add64(t2, l1, c)
	t3, c = bits.Add64(t3, l2, c)
	t4, c = bits.Add64(t4, l3, c)
	t5, _ := bits.Add64(h3, 0, c)

	h0, l0 = bits.Mul64(x[2], y0)
	h1, l1 = bits.Mul64(x[2], y1)
	h2, l2 = bits.Mul64(x[2], y2)
	h3, l3 = bits.Mul64(x[2], y3)
	l1, c = bits.Add64(h0, l1, 0)
	l2, c = bits.Add64(h1, l2, c)
	l3, c = bits.Add64(h2, l3, c)
	h3, _ = bits.Add64(h3, 0, c)
	t2, c = bits.Add64(t2, l0, 0)
	t3, c = bits.Add64(t3, l1, c)
	t4, c = bits.Add64(t4, l2, c)
	t5, c = bits.Add64(t5, l3, c)
	t6, _ := bits.Add64(h3, 0, c)

	h0, l0 = bits.Mul64(x[3], y0)
	h1, l1 = bits.Mul64(x[3], y1)
	h2, l2 = bits.Mul64(x[3], y2)
	h3, l3 = bits.Mul64(x[3], y3)
	l1, c = bits.Add64(h0, l1, 0)
	l2, c = bits.Add64(h1, l2, c)
	l3, c = bits.Add64(h2, l3, c)
	h3, _ = bits.Add64(h3, 0, c)
	t3, c = bits.Add64(t3, l0, 0)
	t4, c = bits.Add64(t4, l1, c)
	t5, c = bits.Add64(t5, l2, c)
	t6, c = bits.Add64(t6, l3, c)
	t7, _ := bits.Add64(h3, 0, c)

	z.reduce(t0, t1, t2, t3, t4, t5, t6, t7)
}

// square sets z to x·x/2^256.
func (z *element) square(x *element) {
	x0, x1, x2, x3 := x[0], x[1], x[2], x[3]
	h01, t1 := bits.Mul64(x0, x1)
	h02, l02 := bits.Mul64(x0, x2)
	h03, l03 := bits.Mul64(x0, x3)
	h12, l12 := bits.Mul64(x1, x2)
	h13, l13 := bits.Mul64(x1, x3)
	t6, t5 := bits.Mul64(x2, x3)
	t2, c := bits.Add64(h01, l02, 0)
	t3, c := bits.Add64(h02, l03, c)
	t4, c := bits.Add64(h03, l13, c)
	t5, c = bits.Add64(t5, h13, c)
	t6, _ = bits.Add64(t6, 0, c)
	t3, c = bits.Add64(t3, l12, 0)
	t4, c = bits.Add64(t4, h12, c)
	t5, c = bits.Add64(t5, 0, c)
	t6, _ = bits.Add64(t6, 0, c)

	t1, c = bits.Add64(t1, t1, 0)
	t2, c = bits.Add64(t2, t2, c)
	t3, c = bits.Add64(t3, t3, c)
	t4, c = bits.Add64(t4, t4, c)
	t5, c = bits.Add64(t5, t5, c)
	t6, t7 := bits.Add64(t6, t6, c)

	h0, t0 := bits.Mul64(x0, x0)
	h1, l1 := bits.Mul64(x1, x1)
	h2, l2 := bits.Mul64(x2, x2)
	h3, l3 := bits.Mul64(x3, x3)
	t1, c = bits.Add64(t1, h0, 0)
	t2, c = bits.Add64(t2, l1, c)
	t3, c = bits.Add64(t3, h1, c)
	t4, c = bits.Add64(t4, l2, c)
	t5, c = bits.Add64(t5, h2, c)
	t6, c = bits.Add64(t6, l3, c)
	t7, _ = bits.Add64(t7, h3, c)

	z.reduce(t0, t1, t2, t3, t4, t5, t6, t7)
}

// reduce sets z to t/2^256: four times it adds the multiple of p that clears
// the lowest limb, and drops that limb.
func (z *element) reduce(t0, t1, t2, t3, t4, t5, t6, t7 uint64) {
	m := t0
	h, l := bits.Mul64(m, p3)
	t0, c := bits.Add64(t1, m<<32, 0)
	t1, c = bits.Add64(t2, m>>32, c)
	t2, c = bits.Add64(t3, l, c)
	t3, _ = bits.Add64(h, 0, c)
	m = t0
	h, l = bits.Mul64(m, p3)
	t0, c = bits.Add64(t1, m<<32, 0)
	t1, c = bits.Add64(t2, m>>32, c)
	t2, c = bits.Add64(t3, l, c)
	t3, _ = bits.Add64(h, 0, c)
	m = t0
	h, l = bits.Mul64(m, p3)
	t0, c = bits.Add64(t1, m<<32, 0)
	t1, c = bits.Add64(t2, m>>32, c)
	t2, c = bits.Add64(t3, l, c)
	t3, _ = bits.Add64(h, 0, c)
	m = t0
	h, l = bits.Mul64(m, p3)
	t0, c = bits.Add64(t1, m<<32, 0)
	t1, c = bits.Add64(t2, m>>32, c)
	t2, c = bits.Add64(t3, l, c)
	t3, _ = bits.Add64(h, 0, c)

	t0, c = bits.Add64(t0, t4, 0)
	t1, c = bits.Add64(t1, t5, c)
	t2, c = bits.Add64(t2, t6, c)
	t3, c = bits.Add64(t3, t7, c)
	s0, b := bits.Sub64(t0, p0, 0)
	s1, b := bits.Sub64(t1, p1, b)
	s2, b := bits.Sub64(t2, 0, b)
	s3, b := bits.Sub64(t3, p3, b)
	_, b = bits.Sub64(c, 0, b)
	// One condition each, which become moves and no jumps.
	if b != 0 {
		s0 = t0
	}
	if b != 0 {
		s1 = t1
	}
	if b != 0 {
		s2 = t2
	}
	if b != 0 {
		s3 = t3
	}
	z[0], z[1], z[2], z[3] = s0, s1, s2, s3
}

// invert sets z to 1/x by Fermat, x^(p-2), and to 0 where x is 0. It serves
// tables, not the checks made with them.
func (z *element) invert(x *element) {
	exponent, power := number{p0 - 2, p1, 0, p3}, one
	for i := 255; i >= 0; i-- {
		power.square(&power)
		if exponent[i/64]>>(i%64)&1 == 1 {
			power.mul(&power, x)
		}
	}
	*z = power
}
