package text

import (
	"github.com/certwright/certwright/format/der"
)

func nameConstraints(w *Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	var lists [2][]generalName
	var given [2]bool
	for n := range lists {
		e, ok := in.optionalList(uint8(n))
		given[n] = ok
		trees := sub(e)
		for trees.more() {
			one := sub(trees.take(der.Sequence))
			lists[n] = append(lists[n], one.name())
			one.optionalInteger(der.Context(0))
			one.optionalInteger(der.Context(1))
			if !one.ok() {
				return unreadable
			}
		}
		if !trees.ok() {
			return unreadable
		}
	}
	if !in.ok() {
		return unreadable
	}
	subtrees(w, "Permitted", lists[0], indent)
	if given[0] && given[1] {
		w.WriteByte('\n')
	}
	subtrees(w, "Excluded", lists[1], indent)
	return printed
}

func subtrees(w *Writer, title string, list []generalName, indent int) {
	if len(list) == 0 {
		return
	}
	spaces(w, indent)
	w.WriteString(title)
	w.WriteString(":\n")
	for i, g := range list {
		if i > 0 {
			w.WriteByte('\n')
		}
		spaces(w, indent+2)
		if g.kind != 7 {
			g.long(w)
			continue
		}
		base := min(len(g.text), 4)
		if len(g.text) >= 16 {
			base = 16
		}
		w.WriteString("IP:")
		w.WriteString(address(g.text[:base]))
		w.WriteByte('/')
		w.WriteString(address(g.text[base:]))
	}
}
