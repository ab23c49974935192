package openssl

import (
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/internal/front/openssl/text"
)

// attributeLine is a line of the subject as it is printed where the
// configuration has neither name_opt nor cert_opt.
func (c *call) attributeLine(a dn.Attribute) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%-22s:", text.Objects(c.names).Long(a.Type))
	switch a.Tag {
	case der.PrintableString:
		out.WriteString("PRINTABLE:'")
	case der.T61String:
		out.WriteString("T61STRING:'")
	case der.IA5String:
		out.WriteString("IA5STRING:'")
	case der.UniversalString:
		out.WriteString("UNIVERSALSTRING:'")
	default:
		fmt.Fprintf(&out, "ASN.1 %2d:'", int(a.Tag))
	}
	for _, c := range a.Value {
		switch {
		case c >= ' ' && c <= '~':
			out.WriteByte(c)
		case c >= 0x80:
			fmt.Fprintf(&out, "\\0x%08X", uint32(int32(int8(c))))
		case c >= 0x70:
			fmt.Fprintf(&out, "^%c", c-0x40)
		default:
			fmt.Fprintf(&out, "^%c", c+'@')
		}
	}
	out.WriteByte('\'')
	return out.String()
}
