package opensslca

import "bytes"

// sound reports whether an index has no faults. It is what nearly every index
// is, and is seen faster than a fault is named: serial numbers that ascend are
// not the same, and subjects are compared meanwhile.
func (x *Index) sound(unique bool) bool {
	subjects := make(chan bool, 1)
	if unique {
		go func() { subjects <- x.soundSubjects() }()
	} else {
		subjects <- true
	}
	ascending := x.ascending()
	return <-subjects && ascending
}

// ascending reports whether every line is well formed and has a serial number
// above that of the line before.
func (x *Index) ascending() bool {
	var last []byte
	for i := range x.lines {
		fields, n := split(x.raw(i))
		if check(fields, n) != nil {
			return false
		}
		serial := fields[3]
		if i > 0 && (len(serial) < len(last) || len(serial) == len(last) && bytes.Compare(serial, last) <= 0) {
			return false
		}
		last = serial
	}
	return true
}

func (x *Index) soundSubjects() bool {
	subjects := newSeen(len(x.lines))
	for i := range x.lines {
		line := x.raw(i)
		if len(line) == 0 || line[0] != byte(Valid) {
			continue
		}
		fields, n := split(line)
		if n != columns || subjects.add(i, fields[5], func(k int) []byte { return x.column(k, 5) }) >= 0 {
			return false
		}
	}
	return true
}
