package opensslconf

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"

	"github.com/certwright/certwright/format/der"
)

// Limits of the ASN.1 language: those of OpenSSL, and two that keep a short
// text from filling the memory.
const (
	maxSections = 50       // sections inside sections
	maxWraps    = 20       // EXPLICIT tags and wraps around one value
	maxBit      = 1 << 23  // highest bit of a BITLIST
	maxTagged   = 16 << 20 // octets of a value with all that is inside
)

// Generate writes the DER of a value in the language of
// ASN1_generate_nconf(3): "UTF8:text", "EXPLICIT:0,INTEGER:5",
// "SEQUENCE:section". conf may be nil where no section is named.
func Generate(conf *File, text string) ([]byte, error) {
	g := generator{conf: conf}
	out, err := g.value(text, 0)
	if err != nil {
		return nil, fmt.Errorf("asn.1 value %q: %w", clip(text), err)
	}
	return out, nil
}

// clip keeps quoted text short in messages.
func clip(text string) string {
	if len(text) > 80 {
		return text[:77] + "..."
	}
	return text
}

type generator struct {
	conf  *File
	total int // octets written so far: sections named often multiply
}

// wrap is one tag around a value.
type wrap struct {
	tag         uint64
	class       byte // the two high bits of the identifier octet
	constructed bool
	pad         bool // a zero octet first: the unused bits of a BIT STRING
}

type valueText struct {
	kind     der.Tag
	text     string
	has      bool // a colon stands before the text
	format   textFormat
	wraps    []wrap
	implicit *wrap
}

type textFormat int

const (
	formatASCII textFormat = iota
	formatUTF8
	formatHex
	formatBits
)

func (g *generator) value(text string, depth int) ([]byte, error) {
	v, err := readValue(text)
	if err != nil {
		return nil, err
	}
	var base []byte
	if v.kind == der.Sequence || v.kind == der.Set {
		base, err = g.section(v, depth)
	} else {
		base, err = g.primitive(v)
	}
	if err != nil {
		return nil, err
	}
	if v.implicit == nil && len(v.wraps) == 0 {
		return g.count(base)
	}
	if v.implicit != nil {
		e, err := der.Parse(base)
		if err != nil {
			return nil, err
		}
		w := *v.implicit
		w.constructed = e.Tag.Constructed() || w.class == 0 && (w.tag == 16 || w.tag == 17)
		base = w.around(e.Content)
	}
	for _, w := range slices.Backward(v.wraps) {
		base = w.around(base)
	}
	if base, err = retyped(base); err != nil {
		return nil, err
	}
	return g.count(base)
}

func (g *generator) count(value []byte) ([]byte, error) {
	if g.total += len(value); g.total > maxTagged {
		return nil, fmt.Errorf("its sections name each other until more than %d octets are written", maxTagged)
	}
	return value, nil
}

func (w wrap) around(content []byte) []byte {
	first := w.class
	if w.constructed {
		first |= 0x20
	}
	var out []byte
	if w.tag < 31 {
		out = append(out, first|byte(w.tag))
	} else {
		out = append(out, first|31)
		for shift := 63; shift >= 0; shift -= 7 {
			if c := byte(w.tag>>shift) & 0x7f; len(out) > 1 || c != 0 || shift == 0 {
				if shift > 0 {
					c |= 0x80
				}
				out = append(out, c)
			}
		}
	}
	n := len(content)
	if w.pad {
		n++
	}
	out = appendLength(out, n)
	if w.pad {
		out = append(out, 0)
	}
	return append(out, content...)
}

func appendLength(out []byte, n int) []byte {
	if n < 0x80 {
		return append(out, byte(n))
	}
	octets := big.NewInt(int64(n)).Bytes()
	return append(append(out, 0x80|byte(len(octets))), octets...)
}

func (g *generator) section(v valueText, depth int) ([]byte, error) {
	name := v.text
	if g.conf == nil {
		return nil, fmt.Errorf("a SEQUENCE or SET takes its parts from a section of a configuration file, and there is none")
	}
	if depth >= maxSections {
		return nil, fmt.Errorf("sections name each other more than %d deep", maxSections)
	}
	var parts [][]byte
	if v.has {
		pairs, ok := g.conf.Section(name)
		if !ok {
			return nil, fmt.Errorf("there is no section %s", name)
		}
		for _, p := range pairs {
			part, err := g.value(p.Value, depth+1)
			if err != nil {
				return nil, fmt.Errorf("section %s, %s: %w", name, p.Name, err)
			}
			parts = append(parts, part)
		}
	}
	if v.kind == der.Set {
		slices.SortStableFunc(parts, bytes.Compare)
	}
	b := der.NewBuilder(nil)
	b.Add(v.kind, bytes.Join(parts, nil))
	return b.Bytes(), nil
}

func (g *generator) primitive(v valueText) ([]byte, error) {
	b := der.NewBuilder(nil)
	switch v.kind {
	case der.Null:
		if v.text != "" {
			return nil, fmt.Errorf("NULL has no value, not %q", clip(v.text))
		}
		b.Null()
		return b.Bytes(), nil
	case der.BitString, der.OctetString:
		return octets(v)
	case der.Boolean, der.Integer, der.Enumerated, der.ObjectIdentifier, der.UTCTime, der.GeneralizedTime:
		if v.format != formatASCII {
			return nil, fmt.Errorf("a value of type %v is written in ASCII only", v.kind)
		}
	default:
		if v.format != formatASCII && v.format != formatUTF8 {
			return nil, fmt.Errorf("a character string is written as ASCII or UTF8, not as HEX or BITLIST")
		}
		_, content, err := chooseString([]byte(v.text), v.format == formatUTF8, maskOf(v.kind), 0, -1)
		if err != nil {
			return nil, err
		}
		b.Add(v.kind, content)
		return b.Bytes(), nil
	}
	switch v.kind {
	case der.Boolean:
		value, err := parseBool(v.text)
		if err != nil {
			return nil, err
		}
		b.Bool(value)
	case der.Integer, der.Enumerated:
		n, err := parseInteger(v.text)
		if err != nil {
			return nil, err
		}
		b.BigInt(n)
		b.Bytes()[0] = byte(v.kind)
	case der.ObjectIdentifier:
		id, err := g.conf.Object(v.text)
		if err != nil {
			return nil, err
		}
		b.OID(string(id))
	default:
		if !timeText(v.kind, v.text) {
			return nil, fmt.Errorf("%q is no time; write YYMMDDHHMMSSZ for UTCTIME and YYYYMMDDHHMMSSZ for GENERALIZEDTIME", clip(v.text))
		}
		b.AddString(v.kind, v.text)
	}
	return b.Bytes(), nil
}

func octets(v valueText) ([]byte, error) {
	b := der.NewBuilder(nil)
	content := []byte(v.text)
	var err error
	switch {
	case v.format == formatHex:
		if content, err = parseHex(v.text); err != nil {
			return nil, err
		}
	case v.format == formatBits && v.kind == der.BitString:
		bits, err := parseBits(v.text)
		if err != nil {
			return nil, err
		}
		b.Add(der.BitString, bits)
		return b.Bytes(), nil
	case v.format != formatASCII:
		return nil, fmt.Errorf("octets are written as ASCII or HEX, the bits of a BIT STRING as BITLIST too")
	}
	if v.kind == der.BitString {
		content = append([]byte{0}, content...)
	}
	b.Add(v.kind, content)
	return b.Bytes(), nil
}
