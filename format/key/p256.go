package key

import (
	"bytes"
	"encoding/binary"
	"math/big"
	"sync"

	"filippo.io/nistec"
)

// The tables cut a scalar into signed digits of p256Digit bits: 26 digits
// d·2^(10i), d from -512 to 512, and a point for each digit above zero.
const (
	p256Digit   = 10
	p256Half    = 1 << (p256Digit - 1)
	p256Windows = (256 + p256Digit - 1) / p256Digit
)

// p256Tables are the multiples of one public key that turn a multiplication by
// it into 26 additions. They hold public values only, so their use need not
// take constant time. One key's are 1.3 MB.
type p256Tables struct {
	multiples []nistec.P256Point // (k+1)·2^(10i)·Q at i·512 + k
	scratch   sync.Pool          // of *p256Scratch
}

// p256Scratch is memory that one check after another uses.
type p256Scratch struct{ order, r, s, e, w, product, u, quotient big.Int }

// newP256Tables computes the tables of a point that is known to be on the curve.
func newP256Tables(point []byte) *p256Tables {
	base, err := nistec.NewP256Point().SetBytes(point)
	if err != nil {
		return nil
	}
	t := &p256Tables{multiples: make([]nistec.P256Point, p256Windows*p256Half)}
	t.scratch.New = func() any {
		s := new(p256Scratch)
		s.order.SetBytes(p256Order[:])
		return s
	}
	for i := range p256Windows {
		window := t.multiples[i*p256Half : (i+1)*p256Half]
		window[0].Set(base)
		for k := 1; k < p256Half; k++ {
			window[k].Add(&window[k-1], base)
		}
		base.Double(&window[p256Half-1])
	}
	return t
}

// p256Order is the order n of the curve's group, and p256Gap is p - n.
var (
	p256Order = [32]byte{
		0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
	}
	p256Gap = [32]byte{
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x43, 0x19, 0x05, 0x52, 0x58, 0xe8, 0x61, 0x7b, 0x0c, 0x46, 0x35, 0x3d, 0x03, 0x9c, 0xda, 0xae,
	}
)

// verifies checks an ECDSA signature (SEC 1, Section 4.1.4) whose numbers are
// positive and given by their magnitudes.
func (t *p256Tables) verifies(digest, r, s []byte) bool {
	var r32, s32 [32]byte
	if !below(&r32, r) || !below(&s32, s) {
		return false
	}
	x := t.scratch.Get().(*p256Scratch)
	u1, u2 := x.scalars(digest, r32[:], s32[:])
	t.scratch.Put(x)
	sum, err := nistec.NewP256Point().ScalarBaseMult(u1[:])
	if err != nil {
		return false
	}
	t.addMultiple(sum, &u2)
	got, err := sum.BytesX()
	if err != nil {
		return false // the point at infinity
	}
	return bytes.Equal(got, r32[:]) || equalBeyondOrder(got, &r32)
}

// below copies a magnitude without its leading zero to 32 octets, and reports
// whether it is less than the order.
func below(out *[32]byte, magnitude []byte) bool {
	if len(magnitude) > 32 && magnitude[0] == 0 {
		magnitude = magnitude[1:]
	}
	if len(magnitude) > 32 {
		return false
	}
	copy(out[32-len(magnitude):], magnitude)
	return bytes.Compare(out[:], p256Order[:]) < 0
}

// scalars computes u1 = e/s and u2 = r/s by the order.
func (x *p256Scratch) scalars(digest, r, s []byte) (u1, u2 [32]byte) {
	if len(digest) > 32 {
		digest = digest[:32]
	}
	x.e.SetBytes(digest)
	x.r.SetBytes(r)
	x.s.SetBytes(s)
	x.w.ModInverse(&x.s, &x.order)
	x.product.Mul(&x.e, &x.w)
	x.quotient.QuoRem(&x.product, &x.order, &x.u)
	x.u.FillBytes(u1[:])
	x.product.Mul(&x.r, &x.w)
	x.quotient.QuoRem(&x.product, &x.order, &x.u)
	x.u.FillBytes(u2[:])
	return u1, u2
}

// addMultiple adds scalar·Q to sum.
func (t *p256Tables) addMultiple(sum *nistec.P256Point, scalar *[32]byte) {
	var negative nistec.P256Point
	carry := 0
	for i := range p256Windows {
		digit := bitsAt(scalar, i*p256Digit) + carry
		carry = 0
		if digit > p256Half {
			digit, carry = digit-2*p256Half, 1
		}
		switch {
		case digit > 0:
			sum.Add(sum, &t.multiples[i*p256Half+digit-1])
		case digit < 0:
			sum.Add(sum, negative.Negate(&t.multiples[i*p256Half-digit-1]))
		}
	}
}

// bitsAt returns p256Digit bits of a number, from this bit on.
func bitsAt(number *[32]byte, bit int) int {
	var padded [40]byte
	copy(padded[8:], number[:])
	last := 39 - bit/8
	return int(binary.BigEndian.Uint64(padded[last-7:])>>(bit%8)) & (2*p256Half - 1)
}

// equalBeyondOrder compares x with r + n, for the few x that are not below n.
func equalBeyondOrder(x []byte, r *[32]byte) bool {
	if bytes.Compare(r[:], p256Gap[:]) >= 0 {
		return false
	}
	var sum [32]byte
	carry := 0
	for i := 31; i >= 0; i-- {
		carry += int(r[i]) + int(p256Order[i])
		sum[i] = byte(carry)
		carry >>= 8
	}
	return bytes.Equal(x, sum[:])
}
