package opensslconf

import (
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"strings"

	"github.com/certwright/certwright/format/der"
)

// typeWord returns the type of a word of the ASN.1 language, case making no
// difference; false for modifiers and for words that it does not have.
func typeWord(word string) (der.Tag, bool) {
	switch strings.ToUpper(word) {
	case "BOOL", "BOOLEAN":
		return der.Boolean, true
	case "NULL":
		return der.Null, true
	case "INT", "INTEGER":
		return der.Integer, true
	case "ENUM", "ENUMERATED":
		return der.Enumerated, true
	case "OID", "OBJECT":
		return der.ObjectIdentifier, true
	case "UTCTIME", "UTC":
		return der.UTCTime, true
	case "GENERALIZEDTIME", "GENTIME":
		return der.GeneralizedTime, true
	case "OCT", "OCTETSTRING":
		return der.OctetString, true
	case "BITSTR", "BITSTRING":
		return der.BitString, true
	case "SEQUENCE", "SEQ":
		return der.Sequence, true
	case "SET":
		return der.Set, true
	}
	return stringWord(strings.ToUpper(word))
}

func stringWord(word string) (der.Tag, bool) {
	switch word {
	case "UNIVERSALSTRING", "UNIV":
		return der.UniversalString, true
	case "IA5", "IA5STRING":
		return der.IA5String, true
	case "UTF8", "UTF8STRING":
		return der.UTF8String, true
	case "BMP", "BMPSTRING":
		return der.BMPString, true
	case "VISIBLESTRING", "VISIBLE":
		return der.VisibleString, true
	case "PRINTABLESTRING", "PRINTABLE":
		return der.PrintableString, true
	case "T61", "T61STRING", "TELETEXSTRING":
		return der.T61String, true
	case "GENERALSTRING", "GENSTR":
		return der.GeneralString, true
	case "NUMERIC", "NUMERICSTRING":
		return der.NumericString, true
	}
	return 0, false
}

// readValue takes modifiers off the front of a text until its type; what
// follows the type is the value, commas and all.
func readValue(text string) (valueText, error) {
	var v valueText
	rest := text
	for {
		rest = strings.TrimLeft(rest, blanks)
		item, after, more := strings.Cut(rest, ",")
		if item == "" {
			return v, errors.New("a type is missing")
		}
		trimmed := strings.TrimRight(item, blanks)
		word, value, hasValue := strings.Cut(trimmed, ":")
		if kind, ok := typeWord(word); ok {
			v.kind, v.has = kind, hasValue
			if hasValue {
				v.text = rest[len(word)+1:]
			} else if len(trimmed) < len(rest) {
				return v, fmt.Errorf("the type %s has no colon and value after it", word)
			}
			return v, nil
		}
		if err := v.modify(word, value, hasValue); err != nil {
			return v, err
		}
		if !more {
			return v, errors.New("it ends before its type")
		}
		rest = after
	}
}

const blanks = " \t\n\v\f\r"

func (v *valueText) modify(word, value string, hasValue bool) error {
	switch strings.ToUpper(word) {
	case "IMP", "IMPLICIT":
		if v.implicit != nil {
			return errors.New("an IMPLICIT tag follows another IMPLICIT tag")
		}
		w, err := parseTag(value, hasValue)
		v.implicit = &w
		return err
	case "EXP", "EXPLICIT":
		if v.implicit != nil {
			return errors.New("an EXPLICIT tag follows an IMPLICIT one")
		}
		w, err := parseTag(value, hasValue)
		if err != nil {
			return err
		}
		w.constructed = true
		return v.wrap(w)
	case "OCTWRAP":
		return v.wrap(wrap{tag: 4})
	case "SEQWRAP":
		return v.wrap(wrap{tag: 16, constructed: true})
	case "SETWRAP":
		return v.wrap(wrap{tag: 17, constructed: true})
	case "BITWRAP":
		return v.wrap(wrap{tag: 3, pad: true})
	case "FORM", "FORMAT":
		return v.setFormat(value)
	}
	return fmt.Errorf("%q is neither a type nor a modifier", clip(word))
}

// wrap puts one more tag around the value; an IMPLICIT tag before a wrap
// takes the place of the wrap's own.
func (v *valueText) wrap(w wrap) error {
	if len(v.wraps) == maxWraps {
		return fmt.Errorf("more than %d tags stand around one value", maxWraps)
	}
	if v.implicit != nil {
		w.tag, w.class = v.implicit.tag, v.implicit.class
		v.implicit = nil
	}
	v.wraps = append(v.wraps, w)
	return nil
}

func (v *valueText) setFormat(name string) error {
	for _, f := range []struct {
		name   string
		format textFormat
	}{{"ASCII", formatASCII}, {"UTF8", formatUTF8}, {"HEX", formatHex}, {"BITLIST", formatBits}} {
		if strings.HasPrefix(name, f.name) {
			v.format = f.format
			return nil
		}
	}
	return fmt.Errorf("the format %q is none of ASCII, UTF8, HEX and BITLIST", clip(name))
}

// parseTag reads the number of a tag and the letter of its class: "0", "3A".
func parseTag(text string, given bool) (wrap, error) {
	digits := text[:len(text)-len(strings.TrimLeft(text, "0123456789"))]
	n, ok := new(big.Int).SetString("0"+digits, 10)
	if !given || !ok || n.BitLen() > 31 {
		return wrap{}, fmt.Errorf("the tag %q is not a number with U, A, P or C after it", clip(text))
	}
	w := wrap{tag: n.Uint64(), class: 0x80}
	if rest := text[len(digits):]; rest != "" {
		switch rest[0] {
		case 'U':
			w.class = 0
		case 'A':
			w.class = 0x40
		case 'C':
			w.class = 0x80
		case 'P':
			w.class = 0xc0
		default:
			return wrap{}, fmt.Errorf("the tag %q is not a number with U, A, P or C after it", clip(text))
		}
	}
	return w, nil
}

// parseHex reads pairs of hexadecimal digits, with or without colons between.
func parseHex(text string) ([]byte, error) {
	if len(text) < 2 {
		return nil, errors.New("at least two hexadecimal digits are needed")
	}
	out := []byte{}
	for i := 0; i < len(text); {
		if text[i] == ':' {
			i++
			continue
		}
		if i+1 >= len(text) {
			return nil, errors.New("the hexadecimal digits are odd in number")
		}
		high, low := hexDigit(text[i]), hexDigit(text[i+1])
		if high < 0 || low < 0 {
			return nil, fmt.Errorf("%q is not a pair of hexadecimal digits", text[i:i+2])
		}
		out = append(out, byte(high<<4|low))
		i += 2
	}
	return out, nil
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// parseBits reads numbers of bits with commas between, and returns the content
// of a BIT STRING without trailing zero bits.
func parseBits(text string) ([]byte, error) {
	var octets []byte
	for item := range strings.SplitSeq(text, ",") {
		item = strings.Trim(item, blanks)
		n, ok := new(big.Int).SetString(item, 10)
		if item == "" || !ok || n.Sign() < 0 || n.BitLen() > 24 || n.Int64() > maxBit {
			return nil, fmt.Errorf("the bit %q is not a number up to %d", clip(item), maxBit)
		}
		at := int(n.Int64())
		for len(octets) <= at/8 {
			octets = append(octets, 0)
		}
		octets[at/8] |= 0x80 >> (at % 8)
	}
	unused := bits.TrailingZeros8(octets[len(octets)-1])
	return append([]byte{byte(unused)}, octets...), nil
}

// parseBool reads a truth value in the spellings that OpenSSL has.
func parseBool(text string) (bool, error) {
	switch text {
	case "TRUE", "true", "Y", "y", "YES", "yes":
		return true, nil
	case "FALSE", "false", "N", "n", "NO", "no":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither TRUE nor FALSE", clip(text))
}

// maxDigits bounds the time that reading a number takes.
const maxDigits = 20000

// parseInteger reads a number, decimal or after 0x hexadecimal.
func parseInteger(text string) (*big.Int, error) {
	rest, negative := strings.CutPrefix(text, "-")
	base, digits := 10, "0123456789"
	if strings.HasPrefix(rest, "0x") || strings.HasPrefix(rest, "0X") {
		rest, base, digits = rest[2:], 16, "0123456789abcdefABCDEF"
	}
	if inner, again := strings.CutPrefix(rest, "-"); again {
		rest, negative = inner, true
	}
	if rest == "" || strings.Trim(rest, digits) != "" {
		return nil, fmt.Errorf("%q is not a whole number", clip(text))
	}
	if len(rest) > maxDigits {
		return nil, fmt.Errorf("the number has more than %d digits", maxDigits)
	}
	n, _ := new(big.Int).SetString(rest, base)
	if negative {
		n.Neg(n)
	}
	return n, nil
}
