package text

import (
	"bufio"

	"github.com/certwright/certwright/format/der"
)

// accessDescriptions is authorityInfoAccess and subjectInfoAccess.
func accessDescriptions(w *bufio.Writer, value []byte, indent int) state {
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
		s, ok := location.short()
		unwritable = unwritable || !ok
		list = append(list, shortened(method, 79)+" - "+untilZero(s))
	}
	switch {
	case !in.ok():
		return unreadable
	case unwritable:
		return unprintable
	}
	return list.write(w, indent, true)
}
