package ext

import (
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// NetscapeCertType holds bit i of Netscape's certificate type as bit i.
type NetscapeCertType uint32

// NetscapeCertTypeNames are the names of the bits, in order, as OpenSSL's
// configuration has them ("client", "server", …).
func NetscapeCertTypeNames(t NetscapeCertType) []string {
	names := [...]string{"client", "server", "email", "objsign", "reserved", "sslCA", "emailCA", "objCA"}
	var out []string
	for i := range 32 {
		switch {
		case t>>i&1 == 0:
		case i < len(names):
			out = append(out, names[i])
		default:
			out = append(out, fmt.Sprintf("bit %d", i))
		}
	}
	return out
}

// ParseNetscapeCertType reads the value of Netscape's certificate type.
func ParseNetscapeCertType(value []byte) (NetscapeCertType, error) {
	bits, err := namedBits(value, "Netscape certificate type")
	return NetscapeCertType(bits), err
}

// NewNetscapeCertType makes Netscape's certificate type, not critical.
func NewNetscapeCertType(t NetscapeCertType) Extension {
	b := der.NewBuilder(nil)
	b.NamedBits(der.BitString, uint32(t))
	return Extension{ID: oid.NetscapeCertType, Value: b.Bytes()}
}

// ParseNetscapeComment reads the value of Netscape's comment and of its other
// string extensions.
func ParseNetscapeComment(value []byte) (string, error) {
	e, err := der.Parse(value)
	if err != nil {
		return "", fmt.Errorf("Netscape comment: %w", err)
	}
	text, err := e.Text()
	if err != nil {
		return "", fmt.Errorf("Netscape comment: %w", err)
	}
	return text, nil
}

// NewNetscapeComment makes Netscape's comment, an IA5String; text outside
// ASCII is an error.
func NewNetscapeComment(text string) (Extension, error) {
	if !isASCII(text) {
		return Extension{}, fmt.Errorf("Netscape comment: %q has characters outside ASCII; leave them out", shorten(text))
	}
	b := der.NewBuilder(make([]byte, 0, len(text)+4))
	b.AddString(der.IA5String, text)
	return Extension{ID: oid.NetscapeComment, Value: b.Bytes()}, nil
}
