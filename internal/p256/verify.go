// Package p256 verifies ECDSA signatures of the curve P-256 (FIPS 186-5,
// Section 6.4.2). Everything it computes with is public and its time depends
// on it: it must never be given a secret.
package p256

import "math/bits"

// Verify checks a signature by the key p over a digest. The numbers r and s of
// the signature are positive and have their most significant octet first.
func (p *Point) Verify(digest, r, s []byte) bool {
	var c check
	if !c.prepare(digest, r, s) {
		return false
	}
	sum := p.combine(&c.u1, &c.u2)
	return c.passes(&sum)
}

// check is one verification.
type check struct {
	r      number
	u1, u2 number // e/s and r/s modulo n
}

// prepare reports whether r and s are in their range.
func (c *check) prepare(digest, r, s []byte) bool {
	var w number
	if !c.r.setBytes(r) || !w.setBytes(s) || !c.r.belowOrder() || !w.belowOrder() || c.r.isZero() || w.isZero() {
		return false
	}
	e := leftmost(digest)
	w.invertOrder(&w)
	w.mulOrder(&w, &squareROrder)
	c.u1.mulOrder(&e, &w)
	c.u2.mulOrder(&c.r, &w)
	return true
}

// passes reports whether the sum u1·G + u2·Q has an x that is r modulo n. It
// multiplies by Z² rather than divide by it.
func (c *check) passes(sum *jacobian) bool {
	if sum.z.isZero() {
		return false
	}
	var zz, x element
	zz.square(&sum.z)
	x.setNumber(&c.r)
	if x.mul(&x, &zz); x == sum.x {
		return true
	}
	// One x in 2^128 is not below n: then r is n less.
	var beyond number
	var carry uint64
	for i := range beyond {
		beyond[i], carry = bits.Add64(c.r[i], order[i], carry)
	}
	if carry == 1 || !x.setNumber(&beyond) {
		return false
	}
	x.mul(&x, &zz)
	return x == sum.x
}
