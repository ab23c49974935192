package text

import "math/big"

// Check reports whether the numbers are those of an elliptic curve whose base
// point has the order given.
func (g *Group) Check() bool {
	if g.prime.BitLen() > largestField {
		return false
	}
	cube := new(big.Int).Exp(g.a, big.NewInt(3), g.prime)
	square := new(big.Int).Mul(g.b, g.b)
	discriminant := cube.Mul(cube, big.NewInt(4))
	discriminant.Add(discriminant, square.Mul(square, big.NewInt(27))).Mod(discriminant, g.prime)
	if discriminant.Sign() == 0 {
		return false
	}
	return g.vanishes(&affine{g.x, g.y})
}

// CheckPoint is Check, and whether a public key is a point of that order.
func (g *Group) CheckPoint(point []byte) bool {
	if !g.contains(point) || !g.Check() {
		return false
	}
	other := *g
	other.form = point[0] &^ 1
	return other.readBase(point) && g.vanishes(&affine{other.x, other.y})
}

// vanishes reports whether the point times the order is the point at infinity.
func (g *Group) vanishes(base *affine) bool {
	var sum *affine // nil is the point at infinity
	for i := g.order.BitLen() - 1; i >= 0; i-- {
		ok := true
		if sum, ok = g.add(sum, sum); ok && g.order.Bit(i) == 1 {
			sum, ok = g.add(sum, base)
		}
		if !ok {
			return false
		}
	}
	return sum == nil
}

type affine struct{ x, y *big.Int }

// add adds two points; ok is false where the field turns out to be none.
func (g *Group) add(p, q *affine) (sum *affine, ok bool) {
	if p == nil {
		return q, true
	}
	if q == nil {
		return p, true
	}
	over, under := new(big.Int).Sub(q.y, p.y), new(big.Int).Sub(q.x, p.x)
	if under.Sign() == 0 {
		if opposite := new(big.Int).Add(p.y, q.y); opposite.Mod(opposite, g.prime).Sign() == 0 {
			return nil, true
		}
		over.Mul(p.x, p.x).Mul(over, big.NewInt(3)).Add(over, g.a)
		under.Lsh(p.y, 1)
	}
	if under.ModInverse(under.Mod(under, g.prime), g.prime) == nil {
		return nil, false
	}
	slope := over.Mul(over, under).Mod(over, g.prime)
	x := new(big.Int).Mul(slope, slope)
	x.Sub(x, p.x).Sub(x, q.x).Mod(x, g.prime)
	y := new(big.Int).Sub(p.x, x)
	y.Mul(y, slope).Sub(y, p.y).Mod(y, g.prime)
	return &affine{x, y}, true
}
