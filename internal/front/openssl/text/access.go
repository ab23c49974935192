package text

import (
	"github.com/certwright/certwright/format/der"
)

// accessDescriptions is authorityInfoAccess and subjectInfoAccess.
func accessDescriptions(w *Writer, value []byte, indent int) state {
	in := openList(value)
	var list values
	unwritable := false
	for in.more() {
		one := sub(in.take(der.Sequence))
		method := one.object()
		location := one.name()
		if !one.ok() {
			return unreadable
		}
		s, ok := location.short(w.Objects)
		unwritable = unwritable || !ok
		list = append(list, w.Objects.shortened(method, 79)+" - "+untilZero(s))
	}
	switch {
	case !in.ok():
		return unreadable
	case unwritable:
		return unprintable
	}
	return list.write(w, indent, true)
}
