package asn1tree

import "math"

// header is the identifier and length octets of one element.
type header struct {
	class       int // 0 universal, 1 application, 2 context-specific, 3 private
	tag         int
	size        int // octets of the header itself
	length      int // octets of content; 0 where the length is indefinite
	constructed bool
	indefinite  bool
}

// Causes of BadEncoding.
const (
	cutShort      = "the data end inside an identifier or a length"
	tagTooLarge   = "a tag number is above 2^31"
	lengthTooBig  = "a length is above 2^63"
	runsPastEnd   = "a length runs past the end of what contains it"
	indefinitePri = "a primitive element has an indefinite length"
)

// dialect is what releases of OpenSSL 3.0 do differently. The zero value is
// the newest.
type dialect struct {
	behind int // octets that must stand behind a length in the long form: 1 in 3.0.19, 0 in 3.0.22
}

// header reads the header at the front of data; cause says what is wrong
// with it, and is empty where nothing is.
func (d dialect) header(data []byte) (h header, cause string) {
	if len(data) < 2 {
		return h, cutShort
	}
	h.class, h.constructed, h.tag = int(data[0]>>6), data[0]&0x20 != 0, int(data[0]&0x1f)
	at := 1
	if h.tag == 0x1f {
		if h.tag, at, cause = readLongTag(data); cause != "" {
			return h, cause
		}
	}
	first := data[at]
	at++
	switch {
	case first == 0x80:
		if !h.constructed {
			return h, indefinitePri
		}
		h.indefinite = true
	case first < 0x80:
		h.length = int(first)
	default:
		octets := int(first & 0x7f)
		if len(data)-at < octets+d.behind {
			return h, cutShort
		}
		if h.length, cause = readLength(data[at : at+octets]); cause != "" {
			return h, cause
		}
		at += octets
	}
	h.size = at
	if h.length > len(data)-at {
		return h, runsPastEnd
	}
	return h, ""
}

// readLongTag reads a tag number in base 128 behind the first octet.
func readLongTag(data []byte) (tag, at int, cause string) {
	for at = 1; at < len(data)-1; at++ {
		tag = tag<<7 | int(data[at]&0x7f)
		if data[at]&0x80 == 0 {
			return tag, at + 1, ""
		}
		if tag > math.MaxInt32>>7 {
			return 0, 0, tagTooLarge
		}
	}
	return 0, 0, cutShort
}

func readLength(octets []byte) (length int, cause string) {
	for _, c := range octets {
		if length > math.MaxInt64>>8 {
			return 0, lengthTooBig
		}
		length = length<<8 | int(c)
	}
	return length, ""
}

// signAndMagnitude takes the content of an INTEGER apart; ok is false where it
// is empty or padded (X.690, Section 8.3.2).
func signAndMagnitude(content []byte) (negative bool, magnitude []byte, ok bool) {
	if len(content) == 0 {
		return false, nil, false
	}
	negative = content[0]&0x80 != 0
	if len(content) > 1 && (content[0] == 0 && content[1]&0x80 == 0 || content[0] == 0xff && content[1]&0x80 != 0) {
		return false, nil, false
	}
	if !negative {
		if len(content) > 1 && content[0] == 0 {
			content = content[1:]
		}
		return false, content, true
	}
	magnitude = make([]byte, len(content))
	carry := 1
	for i := len(content) - 1; i >= 0; i-- {
		sum := int(content[i]^0xff) + carry
		magnitude[i], carry = byte(sum), sum>>8
	}
	if len(magnitude) > 1 && magnitude[0] == 0 {
		magnitude = magnitude[1:]
	}
	return true, magnitude, true
}
