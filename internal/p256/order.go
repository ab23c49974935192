package p256

import (
	"encoding/binary"
	"math/big"
	"math/bits"
	"sync"
)

// number is a plain number below 2^256, least limb first.
type number [4]uint64

// order is n, the number of points of the curve.
var order = number{0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000}

// setBytes sets z to a number of any length, most significant octet first, and
// reports whether it is below 2^256.
func (z *number) setBytes(in []byte) bool {
	for len(in) > 32 && in[0] == 0 {
		in = in[1:]
	}
	if len(in) > 32 {
		return false
	}
	var full [32]byte
	copy(full[32-len(in):], in)
	for i := range z {
		z[i] = binary.BigEndian.Uint64(full[24-8*i:])
	}
	return true
}

func (z *number) fillBytes(out *[32]byte) {
	for i, limb := range z {
		binary.BigEndian.PutUint64(out[24-8*i:], limb)
	}
}

func (z *number) isZero() bool { return z[0]|z[1]|z[2]|z[3] == 0 }

// sub sets z to x - y modulo 2^256 and returns the borrow.
func (z *number) sub(x, y *number) (borrow uint64) {
	for i := range z {
		z[i], borrow = bits.Sub64(x[i], y[i], borrow)
	}
	return borrow
}

// belowOrder reports whether z is less than n.
func (z *number) belowOrder() bool {
	var difference number
	return difference.sub(z, &order) == 1
}

// leftmost takes the leftmost 256 bits of a digest (SEC 1, Section 4.1.4, step 3).
func leftmost(digest []byte) (e number) {
	e.setBytes(digest[:min(len(digest), 32)])
	return e
}

// mulOrder sets z to x·y/2^256 modulo n, where x·y is below 2^256·n.
func (z *number) mulOrder(x, y *number) {
	const negativeInverse = 0xccd1c8aaee00bc4f // -1/n modulo 2^64
	var t [6]uint64
	for _, limb := range x {
		t[5] = addProduct(&t, limb, y)
		t[5] += addProduct(&t, t[0]*negativeInverse, &order)
		copy(t[:], t[1:])
		t[5] = 0
	}
	*z = number(t[:4])
	if t[4] != 0 || !z.belowOrder() {
		z.sub(z, &order)
	}
}

// addProduct adds x·y to the lower five limbs of t and returns the carry.
func addProduct(t *[6]uint64, x uint64, y *number) uint64 {
	var high, carry uint64
	for i, limb := range y {
		h, l := bits.Mul64(x, limb)
		l, c := bits.Add64(l, high, 0)
		h += c
		t[i], c = bits.Add64(t[i], l, 0)
		high = h + c
	}
	t[4], carry = bits.Add64(t[4], high, 0)
	return carry
}

// orderInt is n for math/big, which changes nothing of it.
var orderInt = sync.OnceValue(func() *big.Int {
	var octets [32]byte
	order.fillBytes(&octets)
	return new(big.Int).SetBytes(octets[:])
})

// invertOrder sets z to 1/x modulo n; x is not zero.
func (z *number) invertOrder(x *number) {
	var octets [32]byte
	x.fillBytes(&octets)
	v := new(big.Int).SetBytes(octets[:])
	z.setBytes(v.ModInverse(v, orderInt()).FillBytes(octets[:]))
}

// squareROrder is 2^512 modulo n.
var squareROrder = number{0x83244c95be79eea2, 0x4699799c49bd6fa6, 0x2845b2392b6bec59, 0x66e12d94f3d95620}

// bitsFrom returns 64 bits of z from bit at on, zeros beyond the last.
func (z *number) bitsFrom(at int) uint64 {
	i := at / 64
	if i >= len(z) {
		return 0
	}
	low := z[i] >> (at % 64)
	if i+1 < len(z) {
		low |= z[i+1] << (64 - at%64)
	}
	return low
}
