package dn

import (
	"bytes"
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/certwright/certwright/format/der"
)

// Equal compares names as RFC 5280, Section 7.1 does: string types, case and
// runs of blanks make no difference, nor does the order of the attributes of
// one part. Values that are not character strings compare octet by octet.
func (n Name) Equal(other Name) bool {
	if bytes.Equal(n.Raw, other.Raw) {
		return true
	}
	if len(n.RDNs) != len(other.RDNs) {
		return false
	}
	return bytes.Equal(n.Canonical(), other.Canonical())
}

// Canonical returns octets that are equal for names that are Equal, for use
// as an index key. They are a Name in DER, its strings UTF8Strings prepared
// as RFC 4518 says for matching regardless of case: mapped, folded (every
// simple folding of Unicode, and ß as ss), in normalization form KC, blanks
// at both ends dropped and inner runs of them made one.
func (n Name) Canonical() []byte {
	b := der.NewBuilder(make([]byte, 0, len(n.Raw)+16))
	name := b.Begin(der.Sequence)
	var scratch [256]byte
	for _, rdn := range n.RDNs {
		set := b.Begin(der.Set)
		if len(rdn) == 1 {
			appendCanonical(b, rdn[0], scratch[:0])
		} else {
			appendCanonicalSet(b, rdn)
		}
		b.End(set)
	}
	b.End(name)
	return b.Bytes()
}

// Canonical is Name.Canonical for one part, without the tag and length of its
// set: what name constraints compare part by part.
func (r RDN) Canonical() []byte {
	b := der.NewBuilder(nil)
	appendCanonicalSet(b, r)
	return b.Bytes()
}

func appendCanonicalSet(b *der.Builder, rdn RDN) {
	encodings := make([][]byte, len(rdn))
	for i, a := range rdn {
		one := der.NewBuilder(nil)
		appendCanonical(one, a, nil)
		encodings[i] = one.Bytes()
	}
	slices.SortFunc(encodings, bytes.Compare)
	b.Raw(encodings...)
}

func appendCanonical(b *der.Builder, a Attribute, scratch []byte) {
	seq := b.Begin(der.Sequence)
	b.OID(string(a.Type))
	if folded, ok := fold(scratch, a); ok {
		b.Add(der.UTF8String, folded)
	} else {
		b.Raw(a.RawValue())
	}
	b.End(seq)
}

// fold appends the prepared form of a value to out; false where the value is
// not a character string.
func fold(out []byte, a Attribute) ([]byte, bool) {
	switch a.Tag {
	case der.UTF8String, der.PrintableString, der.IA5String, der.NumericString, der.VisibleString, der.T61String:
		if folded, ok := foldASCII(out, a.Value); ok {
			return folded, true
		}
	}
	text, ok := a.decode()
	if !ok {
		return nil, false
	}
	return foldText(text), true
}

// foldASCII prepares values of printable ASCII alone, which most are.
func foldASCII(out, value []byte) ([]byte, bool) {
	for _, c := range value {
		switch {
		case c < ' ' || c > '~':
			return nil, false
		case c == ' ':
			if len(out) == 0 || out[len(out)-1] == ' ' {
				continue
			}
		case c >= 'A' && c <= 'Z':
			c |= 0x20
		}
		out = append(out, c)
	}
	return bytes.TrimSuffix(out, []byte{' '}), true
}

// foldText is the preparation of RFC 4518, Section 2, for any text. Folding
// stands between two normalizations, as either can undo the other.
func foldText(text string) []byte {
	mapped := make([]byte, 0, len(text))
	for _, c := range text {
		switch {
		case isSpace(c):
			mapped = append(mapped, ' ')
		case isNothing(c):
		default:
			mapped = utf8.AppendRune(mapped, c)
		}
	}
	normal := norm.NFKC.Bytes(mapped)
	folded := make([]byte, 0, len(normal))
	for len(normal) > 0 {
		c, size := utf8.DecodeRune(normal)
		normal = normal[size:]
		folded = appendFolded(folded, c)
	}
	return squeeze(norm.NFKC.Bytes(folded))
}

func appendFolded(out []byte, c rune) []byte {
	switch c {
	case 'ß', 'ẞ':
		return append(out, "ss"...)
	case 'İ':
		return append(out, "i̇"...)
	case 'ı':
		return utf8.AppendRune(out, c)
	}
	return utf8.AppendRune(out, unicode.ToLower(unicode.ToUpper(c)))
}

// isSpace are the characters that map to a blank (RFC 4518, Section 2.2).
func isSpace(c rune) bool {
	return c >= 0x09 && c <= 0x0d || c == 0x85 || unicode.In(c, unicode.Z)
}

// isNothing are the characters that map to nothing (RFC 4518, Section 2.2).
func isNothing(c rune) bool {
	switch {
	case c == 0x00ad, c == 0x034f, c == 0x1806, c >= 0x180b && c <= 0x180e, c >= 0xfe00 && c <= 0xfe0f, c == 0xfffc:
		return true
	}
	return unicode.Is(unicode.Cc, c) || unicode.Is(unicode.Cf, c)
}

// squeeze drops blanks at both ends and makes runs of them one (RFC 4518,
// Section 2.6.1), in place.
func squeeze(text []byte) []byte {
	out := text[:0]
	for _, c := range text {
		if c == ' ' && (len(out) == 0 || out[len(out)-1] == ' ') {
			continue
		}
		out = append(out, c)
	}
	return bytes.TrimSuffix(out, []byte{' '})
}
