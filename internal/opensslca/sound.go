package opensslca

import (
	"bytes"
	"cmp"
	"runtime"
	"sync"
	"sync/atomic"
)

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
	x.ascends = x.ascending()
	return <-subjects && x.ascends
}

// ascending reports whether every line is well formed and has a serial number
// above that of the line before.
func (x *Index) ascending() bool {
	var (
		wait   sync.WaitGroup
		broken atomic.Bool
		size   = len(x.lines)/runtime.GOMAXPROCS(0) + 1
	)
	for from := 0; from < len(x.lines); from += size {
		wait.Go(func() {
			if !x.ascendingIn(from, min(from+size, len(x.lines))) {
				broken.Store(true)
			}
		})
	}
	wait.Wait()
	return !broken.Load()
}

// ascendingIn looks at some of the lines, and at the serial number before them.
func (x *Index) ascendingIn(from, to int) bool {
	var last []byte
	if from > 0 {
		last = x.column(from-1, 3)
	}
	for i := from; i < to; i++ {
		fields, n := split(x.raw(i))
		if check(fields, n) != nil || i > 0 && compareSerials(last, fields[3]) >= 0 {
			return false
		}
		last = fields[3]
	}
	return true
}

// compareSerials orders serial numbers, each an even number of digits.
func compareSerials(a, b []byte) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), bytes.Compare(a, b))
}

// soundSubjects reports whether no two valid entries have the same subject.
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
