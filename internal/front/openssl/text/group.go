package text

import (
	"errors"
	"math/big"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// Group is an elliptic curve over a prime field that is spelled out, as
// OpenSSL takes it in: what it would refuse is refused (RFC 3279, Section
// 2.3.5; SEC 1, Appendix C.2).
type Group struct {
	Named       *key.Curve // whose parameters these are; nil where nobody named them
	prime, a, b *big.Int
	x, y        *big.Int
	order       *big.Int
	cofactor    *big.Int // 0 where it is not known
	seed        []byte
	form        byte // of the base point
	width       int  // octets of a coordinate
}

// largestField is the size in bits that fields may have.
const largestField = 661

var errGroup = errors.New("the parameters do not make an elliptic curve: a number is out of its range, or the base point is not on the curve")

// ReadGroup reads ECParameters over a prime field.
func ReadGroup(parameters []byte) (*Group, error) {
	e, err := der.ParseTag(parameters, der.Sequence)
	if err != nil {
		return nil, err
	}
	d, ok := readDomain(e)
	if !ok || d.binary {
		return nil, errors.New("the parameters cannot be read, or are not those of a prime field")
	}
	g, ok := d.group()
	if !ok {
		return nil, errGroup
	}
	return g, nil
}

// group works the numbers of a prime field out.
func (d domain) group() (*Group, bool) {
	number := func(octets []byte) *big.Int { return new(big.Int).SetBytes(octets) }
	g := &Group{prime: number(d.prime), order: number(d.order.magnitude), cofactor: number(d.cofactor.magnitude)}
	bits := g.prime.BitLen()
	switch {
	case bits < 3, bits > largestField, g.prime.Bit(0) == 0, len(d.base) == 0, d.emptySeed:
		return nil, false
	case d.order.negative, g.order.Sign() == 0, g.order.BitLen() > bits+1, d.cofactor.negative:
		return nil, false
	}
	g.width = (bits + 7) / 8
	g.a, g.b = number(d.a), number(d.b)
	g.a.Mod(g.a, g.prime)
	g.b.Mod(g.b, g.prime)
	g.form = d.base[0] &^ 1
	if !g.readBase(d.base) {
		return nil, false
	}
	if g.cofactor.Sign() == 0 {
		g.cofactor = g.guessCofactor()
	}
	g.seed = d.seed
	g.findName()
	return g, true
}

// readBase reads a point in any of its forms; it must be on the curve.
func (g *Group) readBase(base []byte) bool {
	if len(base) < 1+g.width {
		return false
	}
	g.x = new(big.Int).SetBytes(base[1 : 1+g.width])
	if g.x.Cmp(g.prime) >= 0 {
		return false
	}
	right := g.right(g.x)
	switch {
	case len(base) == 1+g.width && g.form == compressedForm:
		if g.y = squareRoot(right, g.prime); g.y == nil {
			return false
		}
		if g.y.Bit(0) != uint(base[0]&1) {
			g.y.Sub(g.prime, g.y).Mod(g.y, g.prime)
		}
		return true
	case len(base) == 1+2*g.width && (base[0] == uncompressedForm || base[0] == hybridForm|base[2*g.width]&1):
		g.y = new(big.Int).SetBytes(base[1+g.width:])
		square := new(big.Int).Mul(g.y, g.y)
		return g.y.Cmp(g.prime) < 0 && square.Mod(square, g.prime).Cmp(right) == 0
	}
	return false
}

// squareRoot returns nil where there is none, or the modulus is not prime.
func squareRoot(n, prime *big.Int) *big.Int {
	if !prime.ProbablyPrime(10) {
		return nil
	}
	return new(big.Int).ModSqrt(n, prime)
}

// right computes x³ + ax + b modulo the prime.
func (g *Group) right(x *big.Int) *big.Int {
	r := new(big.Int).Mul(x, x)
	r.Add(r, g.a).Mul(r, x).Add(r, g.b)
	return r.Mod(r, g.prime)
}

// guessCofactor finds the cofactor by Hasse's theorem, which leaves one choice
// where the order is large enough; 0 where it leaves more.
func (g *Group) guessCofactor() *big.Int {
	if g.order.BitLen() <= (g.prime.BitLen()+1)/2+3 {
		return new(big.Int)
	}
	h := new(big.Int).Rsh(g.order, 1)
	h.Add(h, g.prime).Add(h, big.NewInt(1))
	return h.Quo(h, g.order)
}

// findName finds the curve that has the same numbers. It brings its own
// cofactor, its own seed where there was any, and no form of points.
func (g *Group) findName() {
	for _, c := range key.Curves() {
		if c.P.Cmp(g.prime) == 0 && c.A.Cmp(g.a) == 0 && c.B.Cmp(g.b) == 0 && c.X.Cmp(g.x) == 0 && c.Y.Cmp(g.y) == 0 && c.N.Cmp(g.order) == 0 {
			g.Named, g.cofactor, g.form = c, big.NewInt(1), uncompressedForm
			if g.seed != nil {
				g.seed = CurveSeed(c.ID)
			}
			return
		}
	}
}

// GroupOf spells a curve out that has a name, with its seed.
func GroupOf(c *key.Curve) *Group {
	return &Group{
		Named: c, prime: c.P, a: c.A, b: c.B, x: c.X, y: c.Y, order: c.N, cofactor: big.NewInt(1),
		seed: CurveSeed(c.ID), form: uncompressedForm, width: (c.P.BitLen() + 7) / 8,
	}
}

// WithoutSeed leaves the seed out of what is written.
func (g *Group) WithoutSeed() { g.seed = nil }

// Marshal writes ECParameters; form is that of the base point, as
// -conv_form names it, or empty for the group's own.
func (g *Group) Marshal(form string) []byte {
	var b der.Builder
	all := b.Begin(der.Sequence)
	b.Int(1)
	field := b.Begin(der.Sequence)
	b.OID(string(oid.PrimeField))
	b.BigInt(g.prime)
	b.End(field)
	curve := b.Begin(der.Sequence)
	b.Add(der.OctetString, g.a.FillBytes(make([]byte, g.width)))
	b.Add(der.OctetString, g.b.FillBytes(make([]byte, g.width)))
	if len(g.seed) > 0 {
		b.Bits(g.seed)
	}
	b.End(curve)
	b.Add(der.OctetString, g.base(formNamed(form, g.form)))
	b.BigInt(g.order)
	b.BigInt(g.cofactor)
	b.End(all)
	return b.Bytes()
}

func formNamed(name string, otherwise byte) byte {
	for _, form := range []byte{compressedForm, uncompressedForm, hybridForm} {
		if formName(form) == name {
			return form
		}
	}
	return otherwise
}

// base writes the base point (SEC 1, Section 2.3.3).
func (g *Group) base(form byte) []byte {
	out := make([]byte, 1+2*g.width)
	out[0] = form
	g.x.FillBytes(out[1 : 1+g.width])
	g.y.FillBytes(out[1+g.width:])
	if form != uncompressedForm {
		out[0] |= byte(g.y.Bit(0))
	}
	if form == compressedForm {
		out = out[:1+g.width]
	}
	return out
}

// contains reports whether a point solves the equation.
func (g *Group) contains(point []byte) bool {
	if len(point) == 0 {
		return false
	}
	other := *g
	other.form = point[0] &^ 1
	return other.readBase(point)
}
