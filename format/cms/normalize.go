package cms

import (
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/der"
)

// maxDepth bounds how deep elements are nested.
const maxDepth = 64

// Normalize turns the indefinite lengths and constructed strings of BER
// (X.690, Section 8), which programs that stream write, into definite lengths
// and primitive strings. Elements that have neither are kept byte for byte, so
// that signatures over them still verify. What is DER comes back as it is.
func Normalize(ber []byte) ([]byte, error) {
	out, rest, _, err := normalize(ber, 0)
	if err != nil {
		return nil, fmt.Errorf("reading BER: %w", err)
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("reading BER: %d bytes too many at the end", len(rest))
	}
	return out, nil
}

// header is the identifier and length octets of an element.
type header struct {
	size       int // octets of identifier and length
	tag        int // octets of the identifier
	length     int
	indefinite bool
}

func readHeader(in []byte) (h header, err error) {
	if len(in) < 2 {
		return h, der.ErrTruncated
	}
	h.tag = 1
	if in[0]&0x1f == 0x1f {
		for {
			if h.tag >= len(in) || h.tag > 5 {
				return h, der.ErrTruncated
			}
			h.tag++
			if in[h.tag-1]&0x80 == 0 {
				break
			}
		}
	}
	if h.tag >= len(in) {
		return h, der.ErrTruncated
	}
	first := in[h.tag]
	h.size = h.tag + 1
	switch {
	case first == 0x80:
		h.indefinite = true
		if in[0]&0x20 == 0 {
			return h, errors.New("a primitive element has an indefinite length")
		}
		return h, nil
	case first < 0x80:
		h.length = int(first)
	default:
		octets := int(first & 0x7f)
		if octets > len(in)-h.size {
			return h, der.ErrTruncated
		}
		for _, c := range in[h.size : h.size+octets] {
			if h.length >= 1<<39 {
				return h, der.ErrTruncated
			}
			h.length = h.length<<8 | int(c)
		}
		h.size += octets
	}
	if h.length > len(in)-h.size {
		return h, der.ErrTruncated
	}
	return h, nil
}

// normalize takes one element off the front of in, and tells whether it had to
// be written anew.
func normalize(in []byte, depth int) (out, rest []byte, changed bool, err error) {
	if depth > maxDepth {
		return nil, nil, false, fmt.Errorf("elements are nested more than %d deep", maxDepth)
	}
	h, err := readHeader(in)
	if err != nil {
		return nil, nil, false, err
	}
	if in[0]&0x20 == 0 {
		end := h.size + h.length
		return in[:end:end], in[end:], false, nil
	}
	content, rest := in[h.size:], []byte(nil)
	if !h.indefinite {
		content, rest = content[:h.length], content[h.length:]
	}
	children, after, changed, err := normalizeContent(content, h.indefinite, depth)
	if err != nil {
		return nil, nil, false, err
	}
	if h.indefinite {
		rest = after
	}
	if isString(in[0]) {
		out, err = joinString(in[0]&^0x20, children)
		return out, rest, true, err
	}
	if !changed && !h.indefinite {
		end := h.size + h.length
		return in[:end:end], rest, false, nil
	}
	return wrap(in[:h.tag], children), rest, true, nil
}

// normalizeContent normalizes a run of elements; one of an element of
// indefinite length goes up to the two zero octets.
func normalizeContent(in []byte, indefinite bool, depth int) (children [][]byte, rest []byte, changed bool, err error) {
	for {
		if indefinite && len(in) >= 2 && in[0] == 0 && in[1] == 0 {
			return children, in[2:], true, nil
		}
		if len(in) == 0 {
			if indefinite {
				return nil, nil, false, der.ErrTruncated
			}
			return children, nil, changed, nil
		}
		child, after, anew, err := normalize(in, depth+1)
		if err != nil {
			return nil, nil, false, err
		}
		changed = changed || anew
		children, in = append(children, child), after
	}
}

// wrap writes an element with the identifier octets of tag.
func wrap(tag []byte, children [][]byte) []byte {
	length := 0
	for _, c := range children {
		length += len(c)
	}
	out := make([]byte, 0, len(tag)+9+length)
	out = append(out, tag...)
	out = appendLength(out, length)
	for _, c := range children {
		out = append(out, c...)
	}
	return out
}

func appendLength(out []byte, n int) []byte {
	if n < 0x80 {
		return append(out, byte(n))
	}
	octets := 1
	for n>>(8*octets) > 0 {
		octets++
	}
	out = append(out, 0x80|byte(octets))
	for i := octets - 1; i >= 0; i-- {
		out = append(out, byte(n>>(8*i)))
	}
	return out
}

// isString reports whether an identifier octet is that of a constructed
// string of a universal type.
func isString(identifier byte) bool {
	switch n := identifier & 0x1f; {
	case identifier>>6 != 0:
		return false
	case der.Tag(n) == der.BitString, der.Tag(n) == der.OctetString, der.Tag(n) == der.UTF8String:
		return true
	default:
		return n >= byte(der.NumericString) && n <= byte(der.BMPString)
	}
}

// joinString makes one primitive string of the segments of a constructed one
// (X.690, Section 8.6.4, 8.7.3 and 8.23.6).
func joinString(identifier byte, segments [][]byte) ([]byte, error) {
	var content []byte
	unused := byte(0)
	for i, s := range segments {
		e, err := der.Parse(s)
		if err != nil {
			return nil, err
		}
		if e.Tag != der.Tag(identifier) && e.Tag != der.OctetString {
			return nil, fmt.Errorf("a constructed %v holds %v", der.Tag(identifier), e.Tag)
		}
		part := e.Content
		if der.Tag(identifier) == der.BitString {
			if part, unused, err = bitSegment(e, i == len(segments)-1); err != nil {
				return nil, err
			}
		}
		content = append(content, part...)
	}
	if der.Tag(identifier) == der.BitString {
		content = append([]byte{unused}, content...)
	}
	return wrap([]byte{identifier}, [][]byte{content}), nil
}

func bitSegment(e der.Element, last bool) ([]byte, byte, error) {
	if e.Tag != der.BitString {
		return nil, 0, fmt.Errorf("a constructed BIT STRING holds %v", e.Tag)
	}
	bits, n, err := e.Bits()
	if err != nil {
		return nil, 0, err
	}
	if n != 0 && !last {
		return nil, 0, errors.New("a segment of a BIT STRING that is not the last has unused bits")
	}
	return bits, byte(n), nil
}
