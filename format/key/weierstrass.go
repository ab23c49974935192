package key

import "math/big"

// jacobian is a point (X/Z², Y/Z³); Z is zero at infinity.
type jacobian struct{ x, y, z *big.Int }

func (p jacobian) infinite() bool { return p.z.Sign() == 0 }

// verifies checks an ECDSA signature (SEC 1, Section 4.1.4) by a curve of any
// parameters. All is public, so nothing here runs in constant time.
func (k *ECPublicKey) verifies(digest []byte, r, s *big.Int) bool {
	c := k.Curve
	if r.Sign() <= 0 || s.Sign() <= 0 || r.Cmp(c.N) >= 0 || s.Cmp(c.N) >= 0 {
		return false
	}
	w := new(big.Int).ModInverse(s, c.N)
	u1 := new(big.Int).Mul(hashToInt(digest, c.N), w)
	u2 := new(big.Int).Mul(r, w)
	u1.Mod(u1, c.N)
	u2.Mod(u2, c.N)
	sum := c.combine(u1, u2, k)
	if sum.infinite() {
		return false
	}
	zz := new(big.Int).ModInverse(sum.z, c.P)
	zz.Mul(zz, zz)
	x := zz.Mul(zz, sum.x)
	x.Mod(x, c.P)
	return x.Mod(x, c.N).Cmp(r) == 0
}

// hashToInt takes the leftmost bits of a digest, as many as n has.
func hashToInt(digest []byte, n *big.Int) *big.Int {
	size := n.BitLen()
	if len(digest) > (size+7)/8 {
		digest = digest[:(size+7)/8]
	}
	e := new(big.Int).SetBytes(digest)
	if excess := len(digest)*8 - size; excess > 0 {
		e.Rsh(e, uint(excess))
	}
	return e
}

// combine computes u1·G + u2·Q, doubling once for both.
func (c *Curve) combine(u1, u2 *big.Int, k *ECPublicKey) jacobian {
	one := big.NewInt(1)
	g, q := jacobian{c.X, c.Y, one}, jacobian{k.X, k.Y, one}
	both := c.add(g, q)
	sum := jacobian{new(big.Int), big.NewInt(1), new(big.Int)}
	for i := max(u1.BitLen(), u2.BitLen()) - 1; i >= 0; i-- {
		sum = c.double(sum)
		switch u1.Bit(i) | u2.Bit(i)<<1 {
		case 1:
			sum = c.add(sum, g)
		case 2:
			sum = c.add(sum, q)
		case 3:
			sum = c.add(sum, both)
		}
	}
	return sum
}

func (c *Curve) mul(a, b *big.Int) *big.Int {
	p := new(big.Int).Mul(a, b)
	return p.Mod(p, c.P)
}

func (c *Curve) double(p jacobian) jacobian {
	if p.infinite() || p.y.Sign() == 0 {
		return jacobian{new(big.Int), big.NewInt(1), new(big.Int)}
	}
	yy := c.mul(p.y, p.y)
	s := c.mul(p.x, yy)
	s.Lsh(s, 2)
	zz := c.mul(p.z, p.z)
	m := c.mul(p.x, p.x)
	m.Mul(m, big.NewInt(3)).Add(m, c.mul(c.A, c.mul(zz, zz))).Mod(m, c.P)
	x := c.mul(m, m)
	x.Sub(x, s).Sub(x, s).Mod(x, c.P)
	y := s.Sub(s, x)
	y.Mul(y, m).Sub(y, new(big.Int).Lsh(c.mul(yy, yy), 3)).Mod(y, c.P)
	z := c.mul(p.y, p.z)
	return jacobian{x, y, z.Mod(z.Lsh(z, 1), c.P)}
}

func (c *Curve) add(p, q jacobian) jacobian {
	if p.infinite() {
		return q
	}
	if q.infinite() {
		return p
	}
	pzz, qzz := c.mul(p.z, p.z), c.mul(q.z, q.z)
	u1, u2 := c.mul(p.x, qzz), c.mul(q.x, pzz)
	s1, s2 := c.mul(p.y, c.mul(qzz, q.z)), c.mul(q.y, c.mul(pzz, p.z))
	h, r := u2.Sub(u2, u1), s2.Sub(s2, s1)
	if h.Sign() == 0 {
		if r.Sign() == 0 {
			return c.double(p)
		}
		return jacobian{new(big.Int), big.NewInt(1), new(big.Int)}
	}
	h.Mod(h, c.P)
	hh := c.mul(h, h)
	hhh := c.mul(h, hh)
	v := c.mul(u1, hh)
	x := c.mul(r, r)
	x.Sub(x, hhh).Sub(x, v).Sub(x, v).Mod(x, c.P)
	y := v.Sub(v, x)
	y.Mul(y, r).Sub(y, s1.Mul(s1, hhh)).Mod(y, c.P)
	return jacobian{x, y, c.mul(h, c.mul(p.z, q.z))}
}
