package text

import (
	"strings"

	"github.com/certwright/certwright/format/der"
)

func subjectKeyIdentifier(w *Writer, value []byte, indent int) state {
	in := fields{rest: value}
	octets := in.take(der.OctetString).Content
	if in.bad {
		return unreadable
	}
	spaces(w, indent)
	colonHex(w, octets)
	return printed
}

func authorityKeyIdentifier(w *Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	id, hasID := in.optional(der.Context(0))
	issuer, hasIssuer := in.optionalList(1)
	names := sub(issuer)
	issuers := names.names()
	serial, hasSerial := in.optionalInteger(der.Context(2))
	if !in.ok() || !names.ok() {
		return unreadable
	}
	var list values
	if hasID {
		s := hexString(id.Content)
		if hasIssuer || hasSerial {
			s = "keyid:" + s
		}
		list = append(list, s)
	}
	for _, g := range issuers {
		s, ok := g.short(w.Objects)
		if !ok {
			return unprintable
		}
		list = append(list, untilZero(s))
	}
	if hasSerial {
		list = append(list, "serial:"+hexString(serial.magnitude))
	}
	if len(list) == 0 && !hasIssuer {
		return unprintable
	}
	return list.write(w, indent, true)
}

func hexString(octets []byte) string {
	var out strings.Builder
	colonHex(&out, octets)
	return out.String()
}
