package text

import (
	"slices"

	"github.com/certwright/certwright/format/der"
)

// noCheck says nothing: that the extension is there is all there is to say.
func noCheck(_ *Writer, value []byte, _ int) state {
	in := fields{rest: value}
	if e := in.take(der.Null); in.bad || len(e.Content) != 0 {
		return unreadable
	}
	return printed
}

func nonce(w *Writer, value []byte, indent int) state {
	spaces(w, indent)
	if len(value) == 0 {
		w.WriteByte('0')
	}
	integer{magnitude: value}.hex(w)
	return printed
}

func crlID(w *Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	url, hasURL := in.explicit(0, der.IA5String)
	number, hasNumber := in.explicit(1, der.Integer)
	when, hasTime := in.explicit(2, der.GeneralizedTime)
	n, ok := readInteger(number.Content)
	if !in.ok() || hasNumber && !ok {
		return unreadable
	}
	if hasURL {
		spaces(w, indent)
		w.WriteString("crlUrl: ")
		printable(w, url.Content)
		w.WriteByte('\n')
	}
	if hasNumber {
		spaces(w, indent)
		w.WriteString("crlNum: ")
		n.hex(w)
		w.WriteByte('\n')
	}
	if hasTime {
		spaces(w, indent)
		w.WriteString("crlTime: ")
		if !writeTime(w, when) {
			return unprintable
		}
		w.WriteByte('\n')
	}
	return printed
}

func serviceLocator(w *Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	issuer := in.distinguishedName()
	locator, ok := in.optional(der.Sequence)
	if !in.ok() || ok && !readableAccess(sub(locator)) {
		return unreadable
	}
	spaces(w, indent)
	w.WriteString("Issuer: ")
	if !Name(w, issuer, 0, Oneline) || len(slices.Concat(issuer.RDNs...)) == 0 {
		return unprintable
	}
	if !ok {
		return printed
	}
	for list := sub(locator); list.more(); {
		one := sub(list.take(der.Sequence))
		method := one.object()
		location := one.name()
		w.WriteByte('\n')
		spaces(w, 2*indent)
		w.WriteString(w.Objects.Long(method))
		w.WriteString(" - ")
		location.long(w)
	}
	return printed
}

func readableAccess(in fields) bool {
	for in.more() {
		one := sub(in.take(der.Sequence))
		one.object()
		one.name()
		if !one.ok() {
			return false
		}
	}
	return in.ok()
}
