// Package der reads and writes the Distinguished Encoding Rules of ASN.1
// (ITU-T X.690) without losing a byte of what was read.
//
// Reading accepts what DER forbids but requests in the field contain, lengths
// in more octets than needed above all; Strict tells the two apart.
package der

import (
	"errors"
	"fmt"
	"math/big"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// Tag is an identifier octet: class, constructed bit and tag number. All tag
// numbers above 30 share the number 31; Element.Number tells them apart.
type Tag uint8

// Universal tags (X.680, Section 8.6).
const (
	Boolean          Tag = 1
	Integer          Tag = 2
	BitString        Tag = 3
	OctetString      Tag = 4
	Null             Tag = 5
	ObjectIdentifier Tag = 6
	Enumerated       Tag = 10
	UTF8String       Tag = 12
	NumericString    Tag = 18
	PrintableString  Tag = 19
	T61String        Tag = 20
	VideotexString   Tag = 21
	IA5String        Tag = 22
	UTCTime          Tag = 23
	GeneralizedTime  Tag = 24
	GraphicString    Tag = 25
	VisibleString    Tag = 26
	GeneralString    Tag = 27
	UniversalString  Tag = 28
	BMPString        Tag = 30
	Sequence         Tag = 0x30
	Set              Tag = 0x31
)

const (
	constructed     = 0x20
	contextSpecific = 0x80
)

// Context returns the tag [n] of a primitive encoding, n at most 30.
func Context(n uint8) Tag { return Tag(contextSpecific | n) }

// ContextConstructed returns the tag [n] of a constructed encoding, n at most 30.
func ContextConstructed(n uint8) Tag { return Tag(contextSpecific | constructed | n) }

// Constructed reports whether the content is itself a run of elements.
func (t Tag) Constructed() bool { return t&constructed != 0 }

// Class returns 0 universal, 1 application, 2 context-specific, 3 private.
func (t Tag) Class() int { return int(t >> 6) }

// Element is one identifier, length and content. Raw and Content share the
// memory that was read.
type Element struct {
	Tag     Tag
	Number  uint32 // the tag number, in full
	Raw     []byte // identifier, length and content octets
	Content []byte
}

// HeaderLen returns the number of identifier and length octets.
func (e Element) HeaderLen() int { return len(e.Raw) - len(e.Content) }

// Errors that callers tell apart.
var (
	ErrTruncated  = errors.New("the data end before the element does")
	ErrIndefinite = errors.New("the length is indefinite, which DER forbids (BER)")
)

// Reader takes elements off the front of a run of them.
type Reader []byte

// Empty reports whether nothing is left.
func (r Reader) Empty() bool { return len(r) == 0 }

// Peek returns the identifier octet of the next element, 0 at the end.
func (r Reader) Peek() Tag {
	if len(r) == 0 {
		return 0
	}
	return Tag(r[0])
}

// Next takes the next element, whatever it is.
func (r *Reader) Next() (Element, error) {
	in := *r
	if len(in) < 2 {
		return Element{}, ErrTruncated
	}
	e := Element{Tag: Tag(in[0]), Number: uint32(in[0] & 0x1f)}
	at := 1
	if e.Number == 31 {
		e.Number = 0
		for {
			if at >= len(in) {
				return Element{}, ErrTruncated
			}
			if e.Number >= 1<<24 {
				return Element{}, errors.New("a tag number is above 2^31")
			}
			e.Number = e.Number<<7 | uint32(in[at]&0x7f)
			at++
			if in[at-1]&0x80 == 0 {
				break
			}
		}
	}
	if at >= len(in) {
		return Element{}, ErrTruncated
	}
	length := int(in[at])
	at++
	if length == 0x80 {
		return Element{}, ErrIndefinite
	}
	if length > 0x80 {
		octets := length & 0x7f
		if octets > len(in)-at {
			return Element{}, ErrTruncated
		}
		length = 0
		for _, c := range in[at : at+octets] {
			if length >= 1<<39 {
				return Element{}, ErrTruncated
			}
			length = length<<8 | int(c)
		}
		at += octets
	}
	if length > len(in)-at {
		return Element{}, ErrTruncated
	}
	e.Raw, e.Content = in[:at+length:at+length], in[at:at+length:at+length]
	*r = in[at+length:]
	return e, nil
}

// Take takes the next element and wants it to have this tag.
func (r *Reader) Take(want Tag) (Element, error) {
	if len(*r) == 0 {
		return Element{}, fmt.Errorf("%v is missing", want)
	}
	if got := Tag((*r)[0]); got != want {
		return Element{}, fmt.Errorf("found %v where %v belongs", got, want)
	}
	e, err := r.Next()
	if err != nil {
		return Element{}, fmt.Errorf("%v: %w", want, err)
	}
	return e, nil
}

// Optional takes the next element if it has this tag.
func (r *Reader) Optional(want Tag) (Element, bool, error) {
	if len(*r) == 0 || Tag((*r)[0]) != want {
		return Element{}, false, nil
	}
	e, err := r.Next()
	return e, err == nil, err
}

// End returns an error if anything is left.
func (r Reader) End() error {
	if len(r) > 0 {
		return fmt.Errorf("%d bytes too many at the end", len(r))
	}
	return nil
}

// Parse reads data that are one element and nothing else.
func Parse(data []byte) (Element, error) {
	r := Reader(data)
	e, err := r.Next()
	if err != nil {
		return Element{}, err
	}
	return e, r.End()
}

// ParseTag is Parse for an element that must have this tag.
func ParseTag(data []byte, want Tag) (Element, error) {
	r := Reader(data)
	e, err := r.Take(want)
	if err != nil {
		return Element{}, err
	}
	return e, r.End()
}

// Children returns a reader over the content of e.
func (e Element) Children() Reader { return Reader(e.Content) }

// String names a tag as ASN.1 writes it: SEQUENCE, [0], OCTET STRING.
func (t Tag) String() string {
	if t.Class() == 2 {
		return fmt.Sprintf("[%d]", t&0x1f)
	}
	if t.Class() != 0 {
		return fmt.Sprintf("[%s %d]", [...]string{"UNIVERSAL", "APPLICATION", "", "PRIVATE"}[t.Class()], t&0x1f)
	}
	name := universalNames[t&0x1f]
	switch number := t & 0x1f; {
	case name == "":
	case (number == 16 || number == 17) && t&0x20 == 0:
		return "primitive " + name
	case number != 16 && number != 17 && t&0x20 != 0:
		return "constructed " + name
	default:
		return name
	}
	return fmt.Sprintf("[UNIVERSAL %d]", t&0x1f)
}

var universalNames = [32]string{
	1: "BOOLEAN", 2: "INTEGER", 3: "BIT STRING", 4: "OCTET STRING", 5: "NULL", 6: "OBJECT IDENTIFIER",
	7: "ObjectDescriptor", 8: "EXTERNAL", 9: "REAL", 10: "ENUMERATED", 12: "UTF8String", 13: "RELATIVE-OID",
	16: "SEQUENCE", 17: "SET", 18: "NumericString", 19: "PrintableString", 20: "T61String", 21: "VideotexString",
	22: "IA5String", 23: "UTCTime", 24: "GeneralizedTime", 25: "GraphicString", 26: "VisibleString",
	27: "GeneralString", 28: "UniversalString", 30: "BMPString",
}

// Bool decodes the content of a BOOLEAN; any octet but zero is true.
func (e Element) Bool() (bool, error) {
	if len(e.Content) != 1 {
		return false, errors.New("BOOLEAN is not one octet long")
	}
	return e.Content[0] != 0, nil
}

// BigInt decodes the content of an INTEGER or ENUMERATED of any size.
func (e Element) BigInt() (*big.Int, error) {
	if len(e.Content) == 0 {
		return nil, errors.New("INTEGER is empty")
	}
	n := new(big.Int).SetBytes(e.Content)
	if e.Content[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(e.Content))*8))
	}
	return n, nil
}

// Int decodes the content of an INTEGER or ENUMERATED that fits an int.
func (e Element) Int() (int, error) {
	if len(e.Content) == 0 || len(e.Content) > 8 {
		return 0, fmt.Errorf("INTEGER of %d octets where a small one belongs", len(e.Content))
	}
	n := int64(int8(e.Content[0]))
	for _, c := range e.Content[1:] {
		n = n<<8 | int64(c)
	}
	return int(n), nil
}

// Bits decodes the content of a BIT STRING: its octets, and how many bits of
// the last one are unused.
func (e Element) Bits() (octets []byte, unused int, err error) {
	if len(e.Content) == 0 || e.Content[0] > 7 || len(e.Content) == 1 && e.Content[0] != 0 {
		return nil, 0, errors.New("BIT STRING has no valid count of unused bits")
	}
	return e.Content[1:], int(e.Content[0]), nil
}

// Time decodes the content of a UTCTime or GeneralizedTime, with or without
// seconds, in UTC or with an offset (X.680, Section 46 and 47). Years of
// UTCTime from 50 on are of the twentieth century (RFC 5280, Section 4.1.2.5.1).
func (e Element) Time() (time.Time, error) {
	s, layout := string(e.Content), "20060102150405"
	switch e.Tag {
	case UTCTime:
		layout = "060102150405"
	case GeneralizedTime:
	default:
		return time.Time{}, fmt.Errorf("found %v where a time belongs", e.Tag)
	}
	// time.Parse takes a sign for a digit here and there.
	for _, c := range s[:min(len(s), len(layout)-2)] {
		if c < '0' || c > '9' {
			return time.Time{}, fmt.Errorf("%q is not a time as %v writes it", s, e.Tag)
		}
	}
	zone := "Z0700"
	for _, l := range []string{layout + zone, layout[:len(layout)-2] + zone} {
		t, err := time.Parse(l, s)
		if err != nil {
			continue
		}
		// time.Parse reads two-digit years from 69 on as the twentieth century.
		if e.Tag == UTCTime && t.Year() >= 2050 {
			t = t.AddDate(-100, 0, 0)
		}
		return t.UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%q is not a time as %v writes it", s, e.Tag)
}

// Text decodes the content of any character string type to UTF-8. Octets
// that are not valid in the type are errors; T61String is read as UTF-8 where it
// is, else as Latin-1: those who write one mean one of the two.
func (e Element) Text() (string, error) {
	switch e.Tag {
	case UTF8String:
		if !utf8.Valid(e.Content) {
			return "", errors.New("UTF8String is not valid UTF-8")
		}
		return string(e.Content), nil
	case NumericString, PrintableString, IA5String, VisibleString, GeneralString, GraphicString, VideotexString:
		for _, c := range e.Content {
			if c >= 0x80 {
				return "", fmt.Errorf("%v has an octet outside ASCII", e.Tag)
			}
		}
		return string(e.Content), nil
	case T61String:
		if utf8.Valid(e.Content) {
			return string(e.Content), nil
		}
		return latin1(e.Content), nil
	case BMPString:
		if len(e.Content)%2 != 0 {
			return "", errors.New("BMPString has an odd number of octets")
		}
		units := make([]uint16, 0, len(e.Content)/2)
		for i := 0; i < len(e.Content); i += 2 {
			units = append(units, uint16(e.Content[i])<<8|uint16(e.Content[i+1]))
		}
		return string(utf16.Decode(units)), nil
	case UniversalString:
		if len(e.Content)%4 != 0 {
			return "", errors.New("UniversalString is not in groups of four octets")
		}
		var out []rune
		for i := 0; i < len(e.Content); i += 4 {
			c := e.Content[i:]
			out = append(out, rune(uint32(c[0])<<24|uint32(c[1])<<16|uint32(c[2])<<8|uint32(c[3])))
		}
		return string(out), nil
	}
	return "", fmt.Errorf("%v is not a character string", e.Tag)
}

func latin1(b []byte) string {
	out := make([]rune, len(b))
	for i, c := range b {
		out[i] = rune(c)
	}
	return string(out)
}

// Strict returns nil if data are one element in DER throughout: shortest
// lengths, definite, BOOLEAN 0 or 255, INTEGER without padding. It does not
// look inside OCTET STRINGs and BIT STRINGs.
func Strict(data []byte) error {
	e, err := Parse(data)
	if err != nil {
		return err
	}
	return strict(e, 0)
}

const maxDepth = 128

func strict(e Element, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("elements are nested more than %d deep", maxDepth)
	}
	if e.HeaderLen() != shortestHeader(e.Number, len(e.Content)) {
		return fmt.Errorf("%v has a length or tag in more octets than needed", e.Tag)
	}
	if !e.Tag.Constructed() {
		switch {
		case e.Tag == Boolean && (len(e.Content) != 1 || e.Content[0] != 0 && e.Content[0] != 0xff):
			return errors.New("BOOLEAN is neither 00 nor FF")
		case e.Tag == Integer && padded(e.Content):
			return errors.New("INTEGER is empty or padded")
		}
		return nil
	}
	for r := e.Children(); !r.Empty(); {
		child, err := r.Next()
		if err != nil {
			return err
		}
		if err := strict(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// shortestHeader returns the number of octets that DER spends on a tag number
// and a length.
func shortestHeader(number uint32, length int) int {
	n := 2
	if number > 30 {
		for ; number > 0; number >>= 7 {
			n++
		}
	}
	if length >= 0x80 {
		n += octets(length)
	}
	return n
}

func padded(c []byte) bool {
	return len(c) == 0 || len(c) > 1 && (c[0] == 0 && c[1] < 0x80 || c[0] == 0xff && c[1] >= 0x80)
}
