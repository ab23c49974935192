package asn1tree

import (
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// window returns the part of data that the options ask to print.
func (d dialect) window(data []byte, o Options) ([]byte, error) {
	for _, at := range o.StrParse {
		if at <= 0 || at >= len(data) {
			if o.Skipped != nil {
				o.Skipped(at)
			}
			continue
		}
		content, err := d.open(data[at:])
		if err != nil {
			err.Offset = at
			return nil, err
		}
		data = content
	}
	if o.Offset < 0 || o.Offset >= len(data) {
		return nil, &Error{Kind: OutOfRange, Offset: o.Offset}
	}
	data = data[o.Offset:]
	if o.Length > 0 && o.Length < len(data) {
		data = data[:o.Length]
	}
	return data, nil
}

// open returns what the first element of data holds: the octets of a string,
// the magnitude of a number, and the whole element where it is a SEQUENCE, a
// SET or of no universal type.
func (d dialect) open(data []byte) ([]byte, *Error) {
	broken := &Error{Kind: BadStructure}
	h, cause := d.header(data)
	if cause != "" {
		return nil, broken
	}
	if h.class != 0 || h.tag == sequence || h.tag == set {
		size, ok := d.extent(data, 0)
		if !ok || h.class == 0 && !h.constructed {
			return nil, broken
		}
		return data[:size], nil
	}
	content := data[h.size : h.size+h.length]
	if h.constructed {
		if !stringType(h.tag) {
			return nil, broken
		}
		var ok bool
		if content, _, ok = d.gather(data, nil, 0); !ok {
			return nil, broken
		}
	}
	return openPrimitive(h.tag, content)
}

const (
	sequence = int(der.Sequence &^ 0x20)
	set      = int(der.Set &^ 0x20)
)

// openPrimitive checks the content of a universal type, and returns what can
// be read inside it.
func openPrimitive(tag int, content []byte) ([]byte, *Error) {
	broken := &Error{Kind: BadStructure}
	switch universal(tag) {
	case der.Boolean, der.Null, der.ObjectIdentifier:
		_, err := oid.ParseContent(content)
		good := map[der.Tag]bool{der.Boolean: len(content) == 1, der.Null: len(content) == 0, der.ObjectIdentifier: err == nil}
		if !good[universal(tag)] {
			return nil, broken
		}
		return nil, &Error{Kind: NotOpenable, Cause: tagNames[tag]}
	case der.Integer, der.Enumerated:
		_, magnitude, ok := signAndMagnitude(content)
		if !ok {
			return nil, broken
		}
		return magnitude, nil
	case der.BitString:
		if len(content) == 0 || content[0] > 7 {
			return nil, broken
		}
		bits := append([]byte(nil), content[1:]...)
		if len(bits) > 0 {
			bits[len(bits)-1] &= 0xff << content[0]
		}
		return bits, nil
	case der.BMPString:
		if len(content)%2 != 0 {
			return nil, broken
		}
	case der.UniversalString:
		if len(content)%4 != 0 {
			return nil, broken
		}
	}
	return content, nil
}

// stringType reports whether elements of this universal tag may be built of
// several parts.
func stringType(tag int) bool {
	switch universal(tag) {
	case der.Boolean, der.Integer, der.Enumerated, der.Null, der.ObjectIdentifier:
		return false
	}
	return true
}

// maxGather is the deepest nesting of the parts of one string that is read.
const maxGather = 5

// gather appends the content of the parts of a constructed string to out.
func (d dialect) gather(data, out []byte, depth int) (content []byte, size int, ok bool) {
	h, cause := d.header(data)
	if cause != "" || depth > maxGather {
		return nil, 0, false
	}
	if !h.constructed {
		return append(out, data[h.size:h.size+h.length]...), h.size + h.length, true
	}
	end := h.size + h.length
	if h.indefinite {
		end = len(data)
	}
	at := h.size
	for at < end {
		if h.indefinite && end-at >= 2 && data[at] == 0 && data[at+1] == 0 {
			return out, at + 2, true
		}
		if out, size, ok = d.gather(data[at:end], out, depth+1); !ok {
			return nil, 0, false
		}
		at += size
	}
	return out, at, !h.indefinite
}

// extent returns the octets that the first element of data takes, its
// end-of-contents included.
func (d dialect) extent(data []byte, depth int) (size int, ok bool) {
	h, cause := d.header(data)
	if cause != "" || depth > maxDepth {
		return 0, false
	}
	if !h.indefinite {
		return h.size + h.length, true
	}
	for at := h.size; at < len(data); at += size {
		if len(data)-at >= 2 && data[at] == 0 && data[at+1] == 0 {
			return at + 2, true
		}
		if size, ok = d.extent(data[at:], depth+1); !ok {
			return 0, false
		}
	}
	return 0, false
}
