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
	if p.algorithm.parameters.Tag == der.ObjectIdentifier {
		if k.Key != nil {
			return true
		}
		return k.Size == 0 && p.fits()
	}
	d, ok := readDomain(p.algorithm.parameters)
	if !ok || d.binary {
		return ok
	}
	g, ok := d.group()
	return ok && g.contains(p.bits)
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
	emptySeed       bool
	order, cofactor integer
	hasCofactor     bool
}

func readDomain(e der.Element) (d domain, ok bool) {
	in := sub(e)
	in.integer(der.Integer)
	field := sub(in.take(der.Sequence))
	switch kind := field.object(); kind {
	case oid.PrimeField:
		prime := field.integer(der.Integer)
		if d.prime = prime.magnitude; prime.negative {
			field.fail()
		}
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
		d.emptySeed = len(d.seed) == 0
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
		d.write(w, indent)
	} else if g, ok := d.group(); ok {
		g.write(w, form, indent)
	}
}

// write writes a curve over a binary field as it stands there.
func (d domain) write(w *Writer, indent int) {
	heading(w, indent, "Field Type: characteristic-two-field")
	heading(w, indent, "Basis Type: ", d.basis)
	number(w, "Polynomial:", d.prime, false, indent)
	number(w, "A:   ", d.a, false, indent)
	number(w, "B:   ", d.b, false, indent)
	heading(w, indent, "Generator (", formName(d.base[0]&^1), "):")
	colonLines(w, d.base, indent+4, 15)
	writeOrder(w, d.order.magnitude, d.guessCofactor(), d.seed, indent)
}

// guessCofactor finds the cofactor by Hasse's theorem, nil where it leaves
// more than one choice.
func (d domain) guessCofactor() []byte {
	field := new(big.Int).SetBit(new(big.Int), new(big.Int).SetBytes(d.prime).BitLen()-1, 1)
	g := Group{prime: field, order: new(big.Int).SetBytes(d.order.magnitude)}
	return g.guessCofactor().Bytes()
}

// write writes a curve over a prime field. The base point is in its own form,
// if that is not the usual one; else in the form of the key.
func (g *Group) write(w *Writer, form byte, indent int) {
	if g.form != uncompressedForm {
		form = g.form
	}
	heading(w, indent, "Field Type: prime-field")
	number(w, "Prime:", g.prime.Bytes(), false, indent)
	number(w, "A:   ", magnitude(g.a), false, indent)
	number(w, "B:   ", magnitude(g.b), false, indent)
	heading(w, indent, "Generator (", formName(form), "):")
	colonLines(w, g.base(form), indent+4, 15)
	writeOrder(w, g.order.Bytes(), g.cofactor.Bytes(), g.seed, indent)
}

// magnitude is a number as integer has it.
func magnitude(n *big.Int) []byte {
	if n.Sign() == 0 {
		return []byte{0}
	}
	return n.Bytes()
}

func writeOrder(w *Writer, order, cofactor, seed []byte, indent int) {
	number(w, "Order: ", order, false, indent)
	if len(cofactor) > 0 {
		number(w, "Cofactor: ", cofactor, false, indent)
	}
	if len(seed) > 0 {
		heading(w, indent, "Seed:")
		colonLines(w, seed, indent+4, 15)
	}
}
