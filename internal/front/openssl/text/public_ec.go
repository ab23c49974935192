package text

import (
	"math/big"
	"strconv"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// curve is an elliptic curve that OpenSSL knows by name.
type curve struct {
	id    oid.OID
	order int    // bits
	nist  string // NIST's name for it
}

func namedCurve(id oid.OID) (curve, bool) {
	for _, c := range curves {
		if c.id == id {
			return c, true
		}
	}
	return curve{}, false
}

func (p PublicKey) writeEC(w *Writer, indent int) bool {
	order, ok := orderBits(p.algorithm)
	if !ok || !p.onCurve() {
		return false
	}
	heading(w, indent, "Public-Key: (", strconv.Itoa(order), " bit)")
	heading(w, indent, "pub:")
	colonLines(w, p.bits, indent+4, 15)
	writeCurve(w, p.algorithm, p.bits[0]&^1, indent)
	return true
}

// onCurve reports whether the point is one of its curve. It takes points of
// binary curves as they are.
func (p PublicKey) onCurve() bool {
	if len(p.bits) < 2 {
		return false
	}
	k, err := key.ParsePublic(p.Raw)
	if err != nil {
		return false
	}
	if k.Key != nil {
		return true
	}
	if p.algorithm.parameters.Tag == der.ObjectIdentifier {
		return k.Size == 0 && p.fits()
	}
	d, ok := readDomain(p.algorithm.parameters)
	return ok && (d.binary || d.contains(p.bits) && d.contains(d.base))
}

// fits reports whether the point has about the length that points of its
// binary curve have.
func (p PublicKey) fits() bool {
	order, ok := orderBits(p.algorithm)
	width := len(p.bits) - 1
	if p.bits[0] >= 4 {
		width /= 2
	}
	return ok && p.bits[0] >= 2 && p.bits[0] <= 7 && 8*width >= order-8 && 8*width <= order+24
}

// contains reports whether a point solves y² = x³ + ax + b over the prime.
func (d domain) contains(point []byte) bool {
	prime := new(big.Int).SetBytes(d.prime)
	width := (prime.BitLen() + 7) / 8
	if prime.BitLen() < 2 || prime.Bit(0) == 0 || prime.BitLen() > 661 || len(d.a) > 100 || len(d.b) > 100 {
		return false
	}
	x := new(big.Int)
	if len(point) > 0 {
		x.SetBytes(point[1:min(len(point), 1+width)])
	}
	if x.Cmp(prime) >= 0 {
		return false
	}
	right := d.right(x)
	switch {
	case len(point) == 1+width && (point[0] == 2 || point[0] == 3):
		return right.Sign() == 0 || big.Jacobi(right, prime) == 1
	case len(point) == 1+2*width && (point[0] == 4 || point[0] == 6|point[2*width]&1):
		y := new(big.Int).SetBytes(point[1+width:])
		return y.Cmp(prime) < 0 && y.Mul(y, y).Mod(y, prime).Cmp(right) == 0
	}
	return false
}

// right computes x³ + ax + b modulo the prime.
func (d domain) right(x *big.Int) *big.Int {
	r := new(big.Int).Mul(x, x)
	r.Add(r, new(big.Int).SetBytes(d.a)).Mul(r, x).Add(r, new(big.Int).SetBytes(d.b))
	return r.Mod(r, new(big.Int).SetBytes(d.prime))
}

func orderBits(a algorithm) (int, bool) {
	if !a.given {
		return 0, false
	}
	switch a.parameters.Tag {
	case der.ObjectIdentifier:
		c, ok := namedCurve(oid.OID(a.parameters.Content))
		return c.order, ok
	case der.Sequence:
		d, ok := readDomain(a.parameters)
		return bitLength(d.order.magnitude), ok
	}
	return 0, false
}

// domain is ECParameters, spelled out (RFC 3279, Section 2.3.5).
type domain struct {
	binary          bool
	prime           []byte // or the polynomial
	basis           string
	a, b, base      []byte
	seed            []byte
	order, cofactor integer
	hasCofactor     bool
}

func readDomain(e der.Element) (d domain, ok bool) {
	in := sub(e)
	in.integer(der.Integer)
	field := sub(in.take(der.Sequence))
	switch kind := field.object(); kind {
	case oid.PrimeField:
		d.prime = field.integer(der.Integer).magnitude
	case "\x2a\x86\x48\xce\x3d\x01\x02": // 1.2.840.10045.1.2
		d.binary = true
		d.readPolynomial(&field)
	default:
		field.fail()
	}
	equation := sub(in.take(der.Sequence))
	d.a, d.b = equation.take(der.OctetString).Content, equation.take(der.OctetString).Content
	if equation.more() {
		d.seed = equation.bits(der.BitString)
	}
	d.base = in.take(der.OctetString).Content
	d.order = in.integer(der.Integer)
	d.cofactor, d.hasCofactor = in.optionalInteger(der.Integer)
	return d, in.ok() && field.ok() && equation.ok()
}

const (
	trinomialBasis   oid.OID = "\x2a\x86\x48\xce\x3d\x01\x02\x03\x02" // 1.2.840.10045.1.2.3.2
	pentanomialBasis oid.OID = "\x2a\x86\x48\xce\x3d\x01\x02\x03\x03" // 1.2.840.10045.1.2.3.3
)

func (d *domain) readPolynomial(in *fields) {
	two := sub(in.take(der.Sequence))
	m, _ := two.integer(der.Integer).small()
	terms := []int64{m, 0}
	switch two.object() {
	case trinomialBasis:
		d.basis = "tpBasis"
		k, _ := two.integer(der.Integer).small()
		terms = append(terms, k)
	case pentanomialBasis:
		d.basis = "ppBasis"
		list := sub(two.take(der.Sequence))
		for range 3 {
			k, _ := list.integer(der.Integer).small()
			terms = append(terms, k)
		}
	}
	if !two.ok() || m <= 0 || m > 661 {
		in.fail()
		return
	}
	d.prime = make([]byte, m/8+1)
	for _, k := range terms {
		if k < 0 || k > m {
			in.fail()
			return
		}
		d.prime[len(d.prime)-1-int(k/8)] |= 1 << (k % 8)
	}
}

// guessCofactor finds the cofactor by Hasse's theorem, which leaves one choice
// where the order is large enough.
func (d domain) guessCofactor() []byte {
	q, n := new(big.Int).SetBytes(d.prime), new(big.Int).SetBytes(d.order.magnitude)
	if d.binary {
		q.SetBit(new(big.Int), q.BitLen()-1, 1)
	}
	if n.BitLen() <= (q.BitLen()+1)/2+3 {
		return nil
	}
	h := new(big.Int).Rsh(n, 1)
	h.Add(h, q).Add(h, big.NewInt(1)).Quo(h, n)
	return h.Bytes()
}

// Forms of points: the first octet, without the bit of y that it carries
// (SEC 1, Section 2.3.3).
const (
	compressedForm   = 2
	uncompressedForm = 4
	hybridForm       = 6
)

func formName(form byte) string {
	switch form {
	case compressedForm:
		return "compressed"
	case hybridForm:
		return "hybrid"
	}
	return "uncompressed"
}

// generator returns the base point in a form; as it was read where it is that
// of a binary curve.
func (d domain) generator(form byte) []byte {
	prime := new(big.Int).SetBytes(d.prime)
	width := (prime.BitLen() + 7) / 8
	if d.binary || len(d.base) <= width || d.base[0]&^1 == form {
		return d.base
	}
	x, y := d.base[1:1+width], d.base[1+width:]
	if len(y) == 0 {
		root := new(big.Int).ModSqrt(d.right(new(big.Int).SetBytes(x)), prime)
		if root == nil {
			return d.base
		}
		if root.Bit(0) != uint(d.base[0]&1) {
			root.Sub(prime, root).Mod(root, prime)
		}
		y = root.FillBytes(make([]byte, width))
	}
	first := form
	if form != uncompressedForm {
		first |= y[len(y)-1] & 1
	}
	out := append([]byte{first}, x...)
	if form == compressedForm {
		return out
	}
	return append(out, y...)
}

// writeCurve writes the curve, its base point in this form.
func writeCurve(w *Writer, a algorithm, form byte, indent int) {
	if a.parameters.Tag == der.ObjectIdentifier {
		c, _ := namedCurve(oid.OID(a.parameters.Content))
		short, _, _ := oid.OpenSSLNames(c.id)
		heading(w, indent, "ASN1 OID: ", short)
		if c.nist != "" {
			heading(w, indent, "NIST CURVE: ", c.nist)
		}
		return
	}
	d, _ := readDomain(a.parameters)
	if d.binary {
		heading(w, indent, "Field Type: characteristic-two-field")
		heading(w, indent, "Basis Type: ", d.basis)
		number(w, "Polynomial:", d.prime, false, indent)
	} else {
		heading(w, indent, "Field Type: prime-field")
		number(w, "Prime:", d.prime, false, indent)
	}
	number(w, "A:   ", d.a, false, indent)
	number(w, "B:   ", d.b, false, indent)
	heading(w, indent, "Generator (", formName(form), "):")
	colonLines(w, d.generator(form), indent+4, 15)
	number(w, "Order: ", d.order.magnitude, false, indent)
	if cofactor := d.guessCofactor(); cofactor != nil {
		number(w, "Cofactor: ", cofactor, false, indent)
	}
	if len(d.seed) > 0 {
		heading(w, indent, "Seed:")
		colonLines(w, d.seed, indent+4, 15)
	}
}
