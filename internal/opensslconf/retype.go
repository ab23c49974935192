package opensslconf

import (
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// retyped reads a tagged value again as its outermost tag says, as OpenSSL
// does: under a universal tag it must be a value of that type, and a string in
// pieces is put together.
func retyped(raw []byte) ([]byte, error) {
	e, err := der.Parse(raw)
	if err != nil {
		return nil, err
	}
	if e.Tag.Class() != 0 || e.Number == 16 || e.Number == 17 {
		return raw, nil
	}
	content := e.Content
	if e.Tag.Constructed() {
		switch der.Tag(e.Number) {
		case der.Null, der.Boolean, der.ObjectIdentifier, der.Integer, der.Enumerated:
			return nil, fmt.Errorf("the universal tag %d is of a type that has no parts", e.Number)
		}
		if content, err = collected(content, 0); err != nil {
			return nil, err
		}
	}
	if content, err = checked(e.Number, content); err != nil {
		return nil, fmt.Errorf("under the universal tag %d: %w", e.Number, err)
	}
	return wrap{tag: uint64(e.Number)}.around(content), nil
}

// collected joins the contents of the pieces of a string.
func collected(content []byte, depth int) ([]byte, error) {
	if depth > 4 {
		return nil, errors.New("the pieces of a string lie too deep inside each other")
	}
	var out []byte
	for r := der.Reader(content); !r.Empty(); {
		e, err := r.Next()
		if err != nil {
			return nil, err
		}
		piece := e.Content
		if e.Tag.Constructed() {
			if piece, err = collected(piece, depth+1); err != nil {
				return nil, err
			}
		}
		out = append(out, piece...)
	}
	return out, nil
}

// checked refuses content that no value of this universal type has, and clears
// the unused bits of a BIT STRING.
func checked(number uint32, content []byte) ([]byte, error) {
	n, ok := len(content), true
	switch der.Tag(number) {
	case der.Boolean:
		ok = n == 1
	case der.Integer, der.Enumerated:
		ok = n == 1 || n > 1 && !(content[0] == 0 && content[1] < 0x80 || content[0] == 0xff && content[1] >= 0x80)
	case der.Null:
		ok = n == 0
	case der.BMPString:
		ok = n%2 == 0
	case der.UniversalString:
		ok = n%4 == 0
	case der.ObjectIdentifier:
		_, err := oid.ParseContent(content)
		return content, err
	case der.BitString:
		if n == 0 || content[0] > 7 {
			ok = false
		} else if n > 1 {
			content = append([]byte(nil), content...)
			content[n-1] &= 0xff << content[0]
		}
	}
	if !ok {
		return nil, errors.New("it is no value of that type")
	}
	return content, nil
}
