package text

import (
	"github.com/certwright/certwright/format/der"
)

func basicConstraints(w *Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	ca := in.boolean(der.Boolean)
	length, limited := in.optionalInteger(der.Integer)
	if !in.ok() {
		return unreadable
	}
	list := values{"CA:FALSE"}
	if ca {
		list[0] = "CA:TRUE"
	}
	if limited {
		list = append(list, "pathlen:"+length.String())
	}
	return list.write(w, indent, false)
}

// namedBits writes the names of the bits that are set.
func namedBits(w *Writer, value []byte, indent int, names []string) state {
	in := fields{rest: value}
	octets := in.bits(der.BitString)
	if in.bad {
		return unreadable
	}
	var list values
	for i, name := range names {
		if bit(octets, i) {
			list = append(list, name)
		}
	}
	return list.writeSome(w, indent)
}

func keyUsage(w *Writer, value []byte, indent int) state {
	return namedBits(w, value, indent, []string{
		"Digital Signature", "Non Repudiation", "Key Encipherment", "Data Encipherment", "Key Agreement",
		"Certificate Sign", "CRL Sign", "Encipher Only", "Decipher Only",
	})
}

func netscapeCertType(w *Writer, value []byte, indent int) state {
	return namedBits(w, value, indent, []string{
		"SSL Client", "SSL Server", "S/MIME", "Object Signing", "Unused", "SSL CA", "S/MIME CA", "Object Signing CA",
	})
}

// objects is extKeyUsage: a SEQUENCE OF OBJECT IDENTIFIER.
func objects(w *Writer, value []byte, indent int) state {
	in := openList(value)
	var list values
	for in.more() {
		list = append(list, w.Objects.shortened(in.object(), 79))
	}
	if !in.ok() {
		return unreadable
	}
	return list.writeSome(w, indent)
}

func object(w *Writer, value []byte, indent int) state {
	in := fields{rest: value}
	id := in.object()
	if in.bad {
		return unreadable
	}
	spaces(w, indent)
	w.WriteString(w.Objects.Long(id))
	return printed
}

func integerValue(w *Writer, value []byte, indent int) state {
	in := fields{rest: value}
	n := in.integer(der.Integer)
	if in.bad {
		return unreadable
	}
	return line(w, indent, n.String())
}

func reasonCode(w *Writer, value []byte, indent int) state {
	in := fields{rest: value}
	n := in.integer(der.Enumerated)
	if in.bad {
		return unreadable
	}
	if v, ok := n.small(); ok && v >= 0 && v < int64(len(reasonCodes)) && reasonCodes[v] != "" {
		return line(w, indent, reasonCodes[v])
	}
	return line(w, indent, n.String())
}

var reasonCodes = [...]string{
	"Unspecified", "Key Compromise", "CA Compromise", "Affiliation Changed", "Superseded", "Cessation Of Operation",
	"Certificate Hold", "", "Remove From CRL", "Privilege Withdrawn", "AA Compromise",
}

func ia5String(w *Writer, value []byte, indent int) state {
	return characters(w, value, der.IA5String, indent)
}

func utf8String(w *Writer, value []byte, indent int) state {
	return characters(w, value, der.UTF8String, indent)
}

func characters(w *Writer, value []byte, tag der.Tag, indent int) state {
	in := fields{rest: value}
	s := in.take(tag).Content
	switch {
	case in.bad:
		return unreadable
	case len(s) == 0:
		return unprintable
	}
	return line(w, indent, string(s))
}

func generalizedTime(w *Writer, value []byte, indent int) state {
	in := fields{rest: value}
	e := in.take(der.GeneralizedTime)
	if in.bad {
		return unreadable
	}
	spaces(w, indent)
	return stateOf(writeTime(w, e))
}

func privateKeyUsagePeriod(w *Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	from, hasFrom := in.optional(der.Context(0))
	to, hasTo := in.optional(der.Context(1))
	if !in.ok() {
		return unreadable
	}
	spaces(w, indent)
	if hasFrom {
		w.WriteString("Not Before: ")
		from.Tag = der.GeneralizedTime
		writeTime(w, from)
		if hasTo {
			w.WriteString(", ")
		}
	}
	if hasTo {
		w.WriteString("Not After: ")
		to.Tag = der.GeneralizedTime
		writeTime(w, to)
	}
	return printed
}

func tlsFeature(w *Writer, value []byte, indent int) state {
	in := openList(value)
	var list values
	for in.more() {
		n := in.integer(der.Integer)
		switch v, ok := n.small(); {
		case ok && v == 5:
			list = append(list, "status_request")
		case ok && v == 17:
			list = append(list, "status_request_v2")
		default:
			list = append(list, n.String())
		}
	}
	if !in.ok() {
		return unreadable
	}
	return list.writeSome(w, indent)
}

func poison(w *Writer, value []byte, indent int) state {
	in := fields{rest: value}
	if e := in.take(der.Null); in.bad || len(e.Content) != 0 {
		return unreadable
	}
	return line(w, indent, "NULL")
}

func proxyCertInfo(w *Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	length, limited := in.optionalInteger(der.Integer)
	policy := sub(in.take(der.Sequence))
	language := policy.object()
	text, hasText := policy.optional(der.OctetString)
	if !in.ok() || !policy.ok() {
		return unreadable
	}
	spaces(w, indent)
	w.WriteString("Path Length Constraint: ")
	if limited {
		length.hex(w)
	} else {
		w.WriteString("infinite")
	}
	w.WriteByte('\n')
	spaces(w, indent)
	w.WriteString("Policy Language: ")
	w.WriteString(w.Objects.Long(language))
	if hasText {
		w.WriteByte('\n')
		spaces(w, indent)
		w.WriteString("Policy Text: ")
		w.WriteString(untilZero(string(text.Content)))
	}
	return printed
}
