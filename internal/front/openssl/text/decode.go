package text

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// fields takes the elements of a value one by one, as OpenSSL would decode
// them: what fails once stays failed.
type fields struct {
	rest der.Reader
	bad  bool
}

// open reads the element at the front of data, which must have this tag, and
// ignores what follows it.
func open(data []byte, tag der.Tag) fields {
	f := fields{rest: data}
	e := f.take(tag)
	return fields{rest: e.Children(), bad: f.bad}
}

// openList is open for a SEQUENCE OF, of which OpenSSL does not ask that it is
// marked as constructed.
func openList(data []byte) fields {
	if len(data) > 0 && data[0] == byte(der.Sequence)&^0x20 {
		return open(data, der.Sequence&^0x20)
	}
	return open(data, der.Sequence)
}

// sub returns the fields of a constructed element.
func sub(e der.Element) fields { return fields{rest: e.Children()} }

func (f *fields) fail() { f.bad, f.rest = true, nil }

func (f *fields) more() bool { return !f.bad && len(f.rest) > 0 }

// ok reports whether everything was taken and understood.
func (f *fields) ok() bool { return !f.bad && len(f.rest) == 0 }

func (f *fields) next() der.Element {
	e, err := f.rest.Next()
	if err != nil || e.Raw[0] == 0 {
		f.fail()
		return der.Element{}
	}
	return e
}

func (f *fields) take(tag der.Tag) der.Element {
	if f.rest.Peek() != tag {
		f.fail()
		return der.Element{}
	}
	return f.next()
}

func (f *fields) optional(tag der.Tag) (der.Element, bool) {
	if !f.more() || f.rest.Peek() != tag {
		return der.Element{}, false
	}
	e := f.next()
	return e, !f.bad
}

// optionalList takes an optional sequence or set of one kind under an implicit
// tag [n]. OpenSSL does not look whether such a tag says that it is constructed.
func (f *fields) optionalList(n uint8) (der.Element, bool) {
	if e, ok := f.optional(der.ContextConstructed(n)); ok || f.bad {
		return e, ok
	}
	return f.optional(der.Context(n))
}

func (f *fields) object() oid.OID { return f.objectTag(der.ObjectIdentifier) }

func (f *fields) objectTag(tag der.Tag) oid.OID {
	e := f.take(tag)
	id, err := oid.ParseContent(e.Content)
	if err != nil {
		f.fail()
	}
	return id
}

// any takes an element of any type, which must be whole where the type is a
// simple one.
func (f *fields) any() der.Element {
	e := f.next()
	ok := true
	switch e.Tag {
	case der.Null:
		ok = len(e.Content) == 0
	case der.Boolean:
		ok = len(e.Content) == 1
	case der.Integer, der.Enumerated:
		_, ok = readInteger(e.Content)
	case der.ObjectIdentifier:
		_, err := oid.ParseContent(e.Content)
		ok = err == nil
	case der.BitString:
		_, ok = readBits(e.Content)
	case der.BMPString:
		ok = len(e.Content)%2 == 0
	case der.UniversalString:
		ok = len(e.Content)%4 == 0
	}
	if !ok {
		f.fail()
	}
	return e
}

// moment takes a UTCTime or GeneralizedTime, whatever it says.
func (f *fields) moment() der.Element {
	e := f.next()
	if e.Tag != der.UTCTime && e.Tag != der.GeneralizedTime {
		f.fail()
	}
	return e
}

// boolean takes an optional BOOLEAN.
func (f *fields) boolean(tag der.Tag) bool {
	e, ok := f.optional(tag)
	if !ok {
		return false
	}
	if len(e.Content) != 1 {
		f.fail()
		return false
	}
	return e.Content[0] != 0
}

func (f *fields) integer(tag der.Tag) integer {
	n, ok := readInteger(f.take(tag).Content)
	if !ok {
		f.fail()
	}
	return n
}

// unsigned takes an INTEGER of a key, which OpenSSL reads without its sign.
func (f *fields) unsigned() integer {
	return integer{magnitude: f.take(der.Integer).Content}
}

func (f *fields) optionalInteger(tag der.Tag) (integer, bool) {
	e, ok := f.optional(tag)
	if !ok {
		return integer{}, false
	}
	n, ok := readInteger(e.Content)
	if !ok {
		f.fail()
	}
	return n, ok
}

// bits takes a BIT STRING and clears its unused bits.
func (f *fields) bits(tag der.Tag) []byte {
	octets, ok := readBits(f.take(tag).Content)
	if !ok {
		f.fail()
	}
	return octets
}

func readBits(content []byte) ([]byte, bool) {
	if len(content) == 0 || content[0] > 7 {
		return nil, false
	}
	octets := content[1:]
	if unused := content[0]; unused > 0 && len(octets) > 0 {
		octets = append([]byte(nil), octets...)
		octets[len(octets)-1] &= 0xff << unused
	}
	return octets, true
}

// bit returns bit n of a BIT STRING, the first one being 0.
func bit(octets []byte, n int) bool {
	return n/8 < len(octets) && octets[n/8]&(0x80>>(n%8)) != 0
}

// integer is an INTEGER or ENUMERATED as OpenSSL holds it.
type integer struct {
	negative  bool
	magnitude []byte // without leading zeros, but for zero itself: one zero octet
}

// readInteger refuses the empty and the padded.
func readInteger(content []byte) (integer, bool) {
	switch {
	case len(content) == 0:
		return integer{}, false
	case len(content) > 1 && (content[0] == 0 && content[1] < 0x80 || content[0] == 0xff && content[1] >= 0x80):
		return integer{}, false
	case content[0]&0x80 == 0:
		if content[0] == 0 && len(content) > 1 {
			content = content[1:]
		}
		return integer{magnitude: content}, true
	}
	n := new(big.Int).SetBytes(content)
	n.Sub(new(big.Int).Lsh(big.NewInt(1), uint(8*len(content))), n)
	return integer{negative: true, magnitude: n.Bytes()}, true
}

func (n integer) sign() string {
	if n.negative {
		return "-"
	}
	return ""
}

// small returns the number where it fits 63 bits.
func (n integer) small() (int64, bool) {
	if len(n.magnitude) > 8 {
		return 0, false
	}
	var u uint64
	for _, c := range n.magnitude {
		u = u<<8 | uint64(c)
	}
	switch {
	case n.negative && u <= 1<<63:
		return -int64(u), true
	case n.negative || u >= 1<<63:
		return 0, false
	}
	return int64(u), true
}

// String writes numbers below 2^127 in decimal and larger ones in hexadecimal.
func (n integer) String() string {
	if v, ok := n.small(); ok {
		return strconv.FormatInt(v, 10)
	}
	big := new(big.Int).SetBytes(n.magnitude)
	if big.BitLen() < 128 {
		return n.sign() + big.String()
	}
	var out strings.Builder
	out.WriteString(n.sign())
	out.WriteString("0x")
	bareHex(&out, n.magnitude)
	return out.String()
}

// Serial writes an INTEGER in hexadecimal digits, 35 octets on a line.
func (n integer) hex(w *Writer) {
	w.WriteString(n.sign())
	for i, c := range n.magnitude {
		if i > 0 && i%35 == 0 {
			w.WriteString("\\\n")
		}
		w.WriteByte(upperDigits[c>>4])
		w.WriteByte(upperDigits[c&15])
	}
}

// shortened is the long name of an identifier in at most size octets.
func (more Objects) shortened(id oid.OID, size int) string {
	name := more.Long(id)
	return name[:min(len(name), size)]
}

// explicitAny takes an optional [n] EXPLICIT element of any type.
func (f *fields) explicitAny(n uint8) (der.Element, bool) {
	e, ok := f.optional(der.ContextConstructed(n))
	if !ok {
		return der.Element{}, false
	}
	in := sub(e)
	return in.next(), !in.bad
}

// explicit takes an optional [n] EXPLICIT element.
func (f *fields) explicit(n uint8, tag der.Tag) (der.Element, bool) {
	e, ok := f.optional(der.ContextConstructed(n))
	if !ok {
		return der.Element{}, false
	}
	in := sub(e)
	inner := in.take(tag)
	if !in.ok() {
		f.fail()
	}
	return inner, true
}
