package pkcs10

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// Text returns the first value of the first attribute of this type
// (challengePassword, unstructuredName, unstructuredAddress, Microsoft's OS
// version …) as UTF-8, and false where there is none that is a string.
func (r *Request) Text(id oid.OID) (string, bool) {
	a, ok := r.Attribute(id)
	if !ok || len(a.Values) == 0 {
		return "", false
	}
	text, err := ParseText(a.Values[0])
	return text, err == nil
}

// ParseText decodes an attribute value that is a character string of any type.
func ParseText(value []byte) (string, error) {
	e, err := der.Parse(value)
	if err != nil {
		return "", err
	}
	return e.Text()
}

// maxText is the upper bound of the text attributes, in characters (RFC 2985,
// Appendix A: pkcs-9-ub-challengePassword and its like).
const maxText = 255

// NewTextAttribute makes challengePassword, unstructuredName and their like,
// in the string type RFC 2985 asks for: PrintableString where the text allows
// it, else UTF8String; IA5String for unstructuredName and Microsoft's OS
// version; BMPString for friendlyName.
func NewTextAttribute(id oid.OID, text string) (Attribute, error) {
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		return Attribute{}, fmt.Errorf("the text of %s is empty", id.Name())
	case n > maxText:
		return Attribute{}, fmt.Errorf("the text of %s has %d characters; at most %d are allowed", id.Name(), n, maxText)
	case !utf8.ValidString(text):
		return Attribute{}, fmt.Errorf("the text of %s is not valid UTF-8", id.Name())
	}
	tag := der.UTF8String
	switch id {
	case oid.UnstructuredName, oid.EmailAddress:
		if ascii(text) {
			tag = der.IA5String
		}
	case oid.MSOSVersion:
		if !ascii(text) {
			return Attribute{}, errors.New("an OS version is written in ASCII")
		}
		tag = der.IA5String
	case oid.FriendlyName:
		tag = der.BMPString
	default:
		if printable(text) {
			tag = der.PrintableString
		}
	}
	var b der.Builder
	if tag == der.BMPString {
		b.Add(tag, bmp(text))
	} else {
		b.AddString(tag, text)
	}
	return Attribute{ID: id, Values: [][]byte{b.Bytes()}}, nil
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c >= 0x80 }) < 0
}

// printable reports whether s fits the alphabet of PrintableString (X.680, Section 41.4).
func printable(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		return !letter && !strings.ContainsRune(" '()+,-./:=?", c)
	}) < 0
}

func bmp(s string) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		out = append(out, byte(unit>>8), byte(unit))
	}
	return out
}
