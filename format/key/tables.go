package key

import (
	"bytes"
	"crypto/ecdsa"
	"math/big"
	"sync"

	"filippo.io/nistec"

	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/p256"
)

// ecdsaTables check ECDSA signatures by one public key (SEC 1, Section 4.1.4),
// whose numbers are positive and given by their magnitudes.
type ecdsaTables interface {
	Verify(digest, r, s []byte) bool
}

// newECDSATables returns the function that computes the tables of a key, nil
// for keys without any.
func newECDSATables(k *ecdsa.PublicKey) func() ecdsaTables {
	if verifiesHere(k) {
		p, ok := pointP256(k)
		if !ok {
			return nil
		}
		return func() ecdsaTables { return p256.NewTables(&p) }
	}
	point, err := k.Bytes()
	if err != nil {
		return nil
	}
	switch k.Curve {
	case standard("P-384"):
		return func() ecdsaTables {
			return newKeyTables(point, oid.P384, 7, nistec.NewP384Point, generatorP384().multiple)
		}
	case standard("P-521"):
		return func() ecdsaTables {
			return newKeyTables(point, oid.P521, 7, nistec.NewP521Point, generatorP521().multiple)
		}
	}
	return nil
}

// Each curve has one table of its generator, for all keys.
var (
	generatorP384 = sync.OnceValue(func() *multiples[*nistec.P384Point] {
		return newMultiples(nistec.NewP384Point, nistec.NewP384Point().SetGenerator(), 384, 7)
	})
	generatorP521 = sync.OnceValue(func() *multiples[*nistec.P521Point] {
		return newMultiples(nistec.NewP521Point, nistec.NewP521Point().SetGenerator(), 521, 7)
	})
)

// nistPoint is what the points of nistec have in common.
type nistPoint[P any] interface {
	Add(p, q P) P
	Double(p P) P
	Negate(p P) P
	Set(p P) P
	SetBytes([]byte) (P, error)
	BytesX() ([]byte, error)
}

// multiples turn a multiplication of one point into as many additions as a
// scalar has digits of so many bits, signed. They hold public values only, so
// their use need not take constant time.
type multiples[P nistPoint[P]] struct {
	fresh   func() P // makes the point at infinity
	digit   int      // bits
	windows int      // enough to take the carry of the last digit
	points  []P      // (k+1)·2^(digit·i)·Q at i·half + k
}

func (m *multiples[P]) half() int { return 1 << (m.digit - 1) }

func newMultiples[P nistPoint[P]](fresh func() P, point P, bits, digit int) *multiples[P] {
	m := &multiples[P]{fresh: fresh, digit: digit, windows: bits/digit + 1}
	base := fresh().Set(point)
	for range m.windows {
		last := fresh().Set(base)
		m.points = append(m.points, last)
		for range m.half() - 1 {
			last = fresh().Add(last, base)
			m.points = append(m.points, last)
		}
		base.Double(last)
	}
	return m
}

// addTo adds scalar·Q to sum; it overwrites scratch.
func (m *multiples[P]) addTo(sum P, scalar []byte, scratch P) {
	half, carry := m.half(), 0
	for i := range m.windows {
		digit := bitsAt(scalar, i*m.digit)&(2*half-1) + carry
		carry = 0
		if digit > half {
			digit, carry = digit-2*half, 1
		}
		switch {
		case digit > 0:
			sum.Add(sum, m.points[i*half+digit-1])
		case digit < 0:
			sum.Add(sum, scratch.Negate(m.points[i*half-digit-1]))
		}
	}
}

// multiple returns scalar·Q.
func (m *multiples[P]) multiple(scalar []byte) P {
	sum := m.fresh()
	m.addTo(sum, scalar, m.fresh())
	return sum
}

// bitsAt returns seventeen bits or more of a number, from this bit on.
func bitsAt(number []byte, bit int) int {
	bits, last := 0, len(number)-1-bit/8
	for i := range 3 {
		if last-i >= 0 {
			bits |= int(number[last-i]) << (8 * i)
		}
	}
	return bits >> (bit % 8)
}

// keyTables are the multiples of a public key, with what else a check needs.
type keyTables[P nistPoint[P]] struct {
	key     *multiples[P]
	base    func(scalar []byte) P // multiplies the generator
	field   *big.Int
	order   []byte
	scratch sync.Pool // of *ecdsaScratch[P]
}

// ecdsaScratch is memory that one check after another uses.
type ecdsaScratch[P any] struct {
	order, r, s, e, w, product, u, quotient big.Int

	point  P
	octets [4 * 66]byte
}

// newKeyTables computes the tables of a point that is known to be on the curve.
func newKeyTables[P nistPoint[P]](point []byte, id oid.OID, digit int, fresh func() P, base func([]byte) P) ecdsaTables {
	c := curveByID(id)
	q, err := fresh().SetBytes(point)
	if err != nil {
		return nil
	}
	t := &keyTables[P]{key: newMultiples(fresh, q, c.Size, digit), base: base, field: c.P, order: c.N.Bytes()}
	t.scratch.New = func() any {
		s := &ecdsaScratch[P]{point: fresh()}
		s.order.Set(c.N)
		return s
	}
	return t
}

func (t *keyTables[P]) Verify(digest, r, s []byte) bool {
	x := t.scratch.Get().(*ecdsaScratch[P])
	defer t.scratch.Put(x)
	clear(x.octets[:])
	width := len(t.order)
	r, okR := t.below(x.octets[:width], r)
	s, okS := t.below(x.octets[width:2*width], s)
	if !okR || !okS {
		return false
	}
	u1, u2 := x.octets[2*width:3*width], x.octets[3*width:4*width]
	x.scalars(digest, r, s, u1, u2)
	sum := t.base(u1)
	t.key.addTo(sum, u2, x.point)
	got, err := sum.BytesX()
	if err != nil {
		return false // the point at infinity
	}
	return bytes.Equal(got, r) || x.equalBeyondOrder(got, r, t.field)
}

// below copies a magnitude, less a leading zero, to as many octets as the
// order has, and reports whether it is less than that.
func (t *keyTables[P]) below(out, magnitude []byte) ([]byte, bool) {
	if len(magnitude) > len(out) && magnitude[0] == 0 {
		magnitude = magnitude[1:]
	}
	if len(magnitude) > len(out) {
		return nil, false
	}
	copy(out[len(out)-len(magnitude):], magnitude)
	return out, bytes.Compare(out, t.order) < 0
}

// scalars computes u1 = e/s and u2 = r/s by the order.
func (x *ecdsaScratch[P]) scalars(digest, r, s, u1, u2 []byte) {
	digest = digest[:min(len(digest), len(r))]
	x.e.SetBytes(digest)
	if excess := 8*len(digest) - x.order.BitLen(); excess > 0 {
		x.e.Rsh(&x.e, uint(excess))
	}
	x.r.SetBytes(r)
	x.s.SetBytes(s)
	x.w.ModInverse(&x.s, &x.order)
	x.product.Mul(&x.e, &x.w)
	x.quotient.QuoRem(&x.product, &x.order, &x.u)
	x.u.FillBytes(u1)
	x.product.Mul(&x.r, &x.w)
	x.quotient.QuoRem(&x.product, &x.order, &x.u)
	x.u.FillBytes(u2)
}

// equalBeyondOrder compares got with r + n, for the few x that are not below n.
func (x *ecdsaScratch[P]) equalBeyondOrder(got, r []byte, field *big.Int) bool {
	x.u.Add(x.r.SetBytes(r), &x.order)
	return x.u.Cmp(field) < 0 && x.s.SetBytes(got).Cmp(&x.u) == 0
}
