package dn

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// String returns the name as RFC 4514 writes it, most specific part first.
// Types without a name come in dotted form with the hexadecimal of the value
// (Section 2.4); control characters and marks that turn the direction of
// writing are escaped, so that the text is safe to print.
func (n Name) String() string {
	var b strings.Builder
	b.Grow(len(n.Raw))
	for i := len(n.RDNs) - 1; i >= 0; i-- {
		n.RDNs[i].write(&b)
		if i > 0 {
			b.WriteByte(',')
		}
	}
	return b.String()
}

// String returns the part as RFC 4514 writes it: "CN=a", "CN=a+UID=b".
func (r RDN) String() string {
	var b strings.Builder
	r.write(&b)
	return b.String()
}

func (r RDN) write(b *strings.Builder) {
	for i, a := range r {
		if i > 0 {
			b.WriteByte('+')
		}
		a.write(b)
	}
}

// String returns the attribute as RFC 4514 writes it: "CN=a".
func (a Attribute) String() string {
	var b strings.Builder
	a.write(&b)
	return b.String()
}

func (a Attribute) write(b *strings.Builder) {
	name, named := TypeName(a.Type)
	b.WriteString(name)
	b.WriteByte('=')
	text, ok := a.decode()
	if !named || !ok {
		b.WriteString(a.hex())
		return
	}
	escape(b, text)
}

// TypeName returns the name that String writes for an attribute type, and
// false with the dotted form where there is none that RFC 4514 can write.
func TypeName(kind oid.OID) (string, bool) {
	if kind == uniqueIdentifier {
		// Its short name differs from userId's by case alone, which LDAP ignores.
		return "uniqueIdentifier", true
	}
	short, long, ok := oid.Names(kind)
	switch {
	case ok && isDescriptor(short):
		return short, true
	case ok && isDescriptor(long):
		return long, true
	}
	return kind.String(), false
}

const uniqueIdentifier oid.OID = "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x2c" // 0.9.2342.19200300.100.1.44

// isDescriptor checks the syntax of attribute names (RFC 4512, Section 1.4).
func isDescriptor(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case isLetter(c):
		case i > 0 && (c >= '0' && c <= '9' || c == '-'):
		default:
			return false
		}
	}
	return s != ""
}

// escape writes a value with the escapes of RFC 4514, Section 2.4.
func escape(b *strings.Builder, text string) {
	for i, c := range text {
		switch {
		case strings.ContainsRune(`,+"\<>;`, c),
			i == 0 && (c == ' ' || c == '#'),
			i == len(text)-1 && c == ' ':
			b.WriteByte('\\')
			b.WriteRune(c)
		case unsafeToPrint(c):
			for _, octet := range []byte(string(c)) {
				b.WriteByte('\\')
				b.WriteString(strings.ToUpper(hex.EncodeToString([]byte{octet})))
			}
		default:
			b.WriteRune(c)
		}
	}
}

// unsafeToPrint reports characters that change what a terminal shows.
func unsafeToPrint(c rune) bool {
	return c < 0x20 || c >= 0x7f && c < 0xa0 || c >= 0x2028 && c <= 0x202e ||
		c >= 0x2066 && c <= 0x2069 || unicode.Is(unicode.Bidi_Control, c)
}

// Slash returns the name as `openssl x509 -nameopt compat` writes it: octets
// outside printable ASCII as \xHH, a backslash before "/" and "+" alone.
func (n Name) Slash() string {
	var b strings.Builder
	for _, rdn := range n.RDNs {
		for i, a := range rdn {
			separator := byte('/')
			if i > 0 {
				separator = '+'
			}
			b.WriteByte(separator)
			if short, _, ok := oid.OpenSSLNames(a.Type); ok {
				b.WriteString(short)
			} else {
				b.WriteString(a.Type.String())
			}
			b.WriteByte('=')
			slashValue(&b, a)
		}
	}
	return b.String()
}

func slashValue(b *strings.Builder, a Attribute) {
	value := a.Value
	// OpenSSL drops the upper octets of wide characters, where they are zero,
	// for one type alone.
	if a.Tag == der.GeneralString && len(value)%4 == 0 {
		value = narrow(value)
	}
	for _, c := range value {
		if c < ' ' || c > '~' {
			fmt.Fprintf(b, "\\x%02X", c)
			continue
		}
		if c == '/' || c == '+' {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
}

func narrow(wide []byte) []byte {
	var out []byte
	for i := 0; i < len(wide); i += 4 {
		if wide[i] != 0 || wide[i+1] != 0 || wide[i+2] != 0 {
			return wide
		}
		out = append(out, wide[i+3])
	}
	return out
}
