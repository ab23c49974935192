package p256

// Point is a point of the curve y² = x³ - 3x + b that is not the one at
// infinity.
type Point struct{ x, y element }

var (
	curveB = element{0xd89cdf6229c4bddf, 0xacf005cd78843090, 0xe5a220abf7212ed6, 0xdc30061d04874834}

	generator = Point{
		element{0x79e730d418a9143c, 0x75ba95fc5fedb601, 0x79fb732b77622510, 0x18905f76a53755c6},
		element{0xddf25357ce95560a, 0x8b4ab8e4ba19e45c, 0xd2e88688dd21f325, 0x8571ff1825885d85},
	}
)

// NewPoint makes a point of its coordinates, most significant octet first. It
// reports whether they are below p and on the curve.
func NewPoint(x, y *[32]byte) (p Point, ok bool) {
	var nx, ny number
	nx.setBytes(x[:])
	ny.setBytes(y[:])
	below := p.x.setNumber(&nx)
	below = p.y.setNumber(&ny) && below
	return p, below && p.onCurve()
}

func (p *Point) onCurve() bool {
	var right, left element
	right.square(&p.x)
	for range 3 {
		right.sub(&right, &one)
	}
	right.mul(&right, &p.x)
	right.add(&right, &curveB)
	left.square(&p.y)
	return left == right
}

// jacobian is the point (X/Z², Y/Z³); Z is zero at infinity.
type jacobian struct{ x, y, z element }

func (p *jacobian) setPoint(q *Point) { p.x, p.y, p.z = q.x, q.y, one }

// double sets p to 2p. No point of the curve has Y = 0, and infinity stays
// infinity.
func (p *jacobian) double() {
	var m, s, t, yy element
	yy.add(&p.y, &p.y)
	t.square(&p.z)
	p.z.mul(&p.z, &yy)
	yy.square(&yy) // 4Y²
	m.sub(&p.x, &t)
	t.add(&p.x, &t)
	s.mul(&p.x, &yy)
	m.mul(&m, &t)
	yy.square(&yy)
	t.add(&m, &m)
	m.add(&m, &t) // 3(X - Z²)(X + Z²), the slope's numerator
	yy.halve(&yy) // 8Y⁴
	t.add(&s, &s)
	p.x.square(&m)
	p.x.sub(&p.x, &t)
	s.sub(&s, &p.x)
	s.mul(&s, &m)
	p.y.sub(&s, &yy)
}

// addPoint adds q, or its opposite, to p.
func (p *jacobian) addPoint(q *Point, negative bool) {
	y := q.y
	if negative {
		y.sub(&element{}, &q.y)
	}
	if p.z.isZero() {
		p.x, p.y, p.z = q.x, y, one
		return
	}
	var zz, u, s element
	zz.square(&p.z)
	u.mul(&q.x, &zz)
	zz.mul(&zz, &p.z)
	s.mul(&y, &zz)
	p.join(&p.x, &p.y, &u, &s)
}

// multiple is a point with what its additions share.
type multiple struct {
	jacobian
	zz, zzz element
}

func (m *multiple) set(p *jacobian) {
	m.jacobian = *p
	m.zz.square(&p.z)
	m.zzz.mul(&m.zz, &p.z)
}

// addMultiple adds q, which is not infinity, or its opposite to p.
func (p *jacobian) addMultiple(q *multiple, negative bool) {
	y := q.y
	if negative {
		y.sub(&element{}, &q.y)
	}
	if p.z.isZero() {
		p.x, p.y, p.z = q.x, y, q.z
		return
	}
	var zz, u, s, x1, y1 element
	zz.square(&p.z)
	u.mul(&q.x, &zz)
	zz.mul(&zz, &p.z)
	s.mul(&y, &zz)
	x1.mul(&p.x, &q.zz)
	y1.mul(&p.y, &q.zzz)
	p.z.mul(&p.z, &q.z)
	p.join(&x1, &y1, &u, &s)
}

// join sets p to the sum of (x1, y1) and (x2, y2), both over the same p.z.
func (p *jacobian) join(x1, y1, x2, y2 *element) {
	var h, r, hh, hhh, v element
	h.sub(x2, x1)
	r.sub(y2, y1)
	if h.isZero() {
		if !r.isZero() {
			p.z = element{} // a point and its opposite
			return
		}
		p.x, p.y = *x1, *y1
		p.double()
		return
	}
	hh.square(&h)
	hhh.mul(&hh, &h)
	v.mul(x1, &hh)
	hh.mul(y1, &hhh)
	p.z.mul(&p.z, &h)
	p.x.square(&r)
	p.x.sub(&p.x, &hhh)
	p.x.sub(&p.x, &v)
	p.x.sub(&p.x, &v)
	v.sub(&v, &p.x)
	v.mul(&v, &r)
	p.y.sub(&v, &hh)
}

// points brings points, none of them infinity, to Z = 1, with one inversion
// for all.
func points(in []jacobian) []Point {
	products := make([]element, len(in)) // of all Z before
	product := one
	for i := range in {
		products[i] = product
		product.mul(&product, &in[i].z)
	}
	out := make([]Point, len(in))
	product.invert(&product)
	var inverse, square element
	for i := len(in) - 1; i >= 0; i-- {
		inverse.mul(&product, &products[i])
		product.mul(&product, &in[i].z)
		square.square(&inverse)
		out[i].x.mul(&in[i].x, &square)
		square.mul(&square, &inverse)
		out[i].y.mul(&in[i].y, &square)
	}
	return out
}
