// Package opensslca keeps a certification authority's directory as OpenSSL's
// `ca` does: index.txt, its attributes, serial and crlnumber; with a lock, and
// with files that are replaced whole.
package opensslca

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"iter"
	"slices"
	"time"
)

// Index is an index.txt: the certificates of an authority, a line each. It is
// kept as it was read; what is added or changed takes the place of single lines.
type Index struct {
	data    []byte
	lines   []line
	kept    int  // octets of data that are in the file
	changed bool // entries in the file have changed, or it does not end in a line end
	ascends bool // every serial number is known to be above the one before
	old     *oldCopy
}

// line is where an entry stands in the data, without its line end.
type line struct {
	start, end int
	number     int // in the file, from 1
}

// Fault is a line of an index that cannot be used.
type Fault struct {
	Line  int // in the file, from 1
	Entry int // among the entries, from 1
	Kind  FaultKind
	Text  string // in plain words
	Value string // the faulty value, where it is one
	Other int    // for duplicates: line of the first

	OtherEntry int // and its place among the entries, from 1
}

// FaultKind tells the faults of an index apart.
type FaultKind int

// The faults of an index.
const (
	BadColumns FaultKind = iota + 1
	BadStatus
	BadExpiry
	BadRevocation // revoked, without a date that can be read
	NotRevoked    // a revocation date on an entry that is not revoked
	BadSerialLength
	BadSerialDigit
	RepeatedSerial
	RepeatedSubject // of two valid entries
)

// Error returns "line N: what is wrong".
func (f *Fault) Error() string { return fmt.Sprintf("line %d: %s", f.Line, f.Text) }

// Parse finds the lines of an index. Comments are passed over; lines are
// looked into by Faults and by whoever asks for them.
func Parse(data []byte) *Index {
	x := &Index{data: data, kept: len(data), changed: len(data) > 0 && data[len(data)-1] != '\n'}
	x.lines = make([]line, 0, len(data)/64+1)
	for start, number := 0, 1; start < len(data); number++ {
		end := len(data)
		if n := bytes.IndexByte(data[start:], '\n'); n >= 0 {
			end = start + n
		}
		next := end + 1
		if end > start && data[end-1] == '\r' {
			end--
		}
		if data[start] != '#' {
			x.lines = append(x.lines, line{start, end, number})
		}
		start = next
	}
	return x
}

// Len returns how many entries there are.
func (x *Index) Len() int { return len(x.lines) }

func (x *Index) raw(i int) []byte { return x.data[x.lines[i].start:x.lines[i].end] }

// Entry returns the entry at a position, from 0.
func (x *Index) Entry(i int) Entry {
	fields, _ := split(x.raw(i))
	return entryOf(fields)
}

// Line returns the line of the file that the entry at a position stands on; 0
// for one that was added since.
func (x *Index) Line(i int) int { return x.lines[i].number }

// All yields the entries in order, with their positions.
func (x *Index) All() iter.Seq2[int, Entry] {
	return func(yield func(int, Entry) bool) {
		for i := range x.lines {
			if !yield(i, x.Entry(i)) {
				return
			}
		}
	}
}

// OfStatus yields the entries of a status in order, with their positions.
func (x *Index) OfStatus(s Status) iter.Seq2[int, Entry] {
	return func(yield func(int, Entry) bool) {
		for i := range x.lines {
			if line := x.raw(i); len(line) > 0 && line[0] == byte(s) && !yield(i, x.Entry(i)) {
				return
			}
		}
	}
}

// Expired yields the valid entries whose time has ended, in order, with their
// positions.
func (x *Index) Expired(now time.Time) iter.Seq2[int, Entry] {
	digits := []byte(now.UTC().Format("20060102150405"))
	return func(yield func(int, Entry) bool) {
		for i := range x.lines {
			line := x.raw(i)
			if len(line) == 0 || line[0] != byte(Valid) {
				continue
			}
			fields, _ := split(line)
			if !timely(fields[1]) || bytes.Compare(fourDigitYear(fields[1]), digits) > 0 {
				continue
			}
			e := entryOf(fields)
			if t, err := Time(e.Expiry); err == nil && t.Before(now) && !yield(i, e) {
				return
			}
		}
	}
}

// Faults yields what is wrong with the index, in order of its lines. unique
// asks for subjects that two valid entries have.
func (x *Index) Faults(unique bool) iter.Seq[*Fault] {
	return func(yield func(*Fault) bool) {
		if x.sound(unique) {
			return
		}
		serials, subjects := newSeen(len(x.lines)), newSeen(0)
		if unique {
			subjects = newSeen(len(x.lines))
		}
		for i := range x.lines {
			fields, n := split(x.raw(i))
			f := check(fields, n)
			if f == nil {
				if first := serials.add(i, fields[3], func(k int) []byte { return x.column(k, 3) }); first >= 0 {
					f = &Fault{Kind: RepeatedSerial, Value: string(fields[3]), Other: x.lines[first].number, OtherEntry: first + 1}
					f.Text = fmt.Sprintf("the serial number %s stands on line %d already", fields[3], f.Other)
				}
			}
			if f == nil && unique && fields[0][0] == byte(Valid) {
				if first := subjects.add(i, fields[5], func(k int) []byte { return x.column(k, 5) }); first >= 0 {
					f = &Fault{Kind: RepeatedSubject, Value: string(fields[5]), Other: x.lines[first].number, OtherEntry: first + 1}
					f.Text = fmt.Sprintf("the subject %s has a valid certificate on line %d already", clip(fields[5]), f.Other)
				}
			}
			if f == nil {
				continue
			}
			f.Line, f.Entry = x.lines[i].number, i+1
			if !yield(f) {
				return
			}
		}
	}
}

func (x *Index) column(i, n int) []byte {
	fields, _ := split(x.raw(i))
	return fields[n]
}

// BySerial returns the position of the entry with this serial number, in
// upper-case hexadecimal digits.
func (x *Index) BySerial(serial string) (int, bool) {
	if x.ascends {
		return slices.BinarySearchFunc(x.lines, []byte(serial), func(l line, serial []byte) int {
			fields, _ := split(x.data[l.start:l.end])
			return compareSerials(fields[3], serial)
		})
	}
	return x.find([]byte("\t"+serial+"\t"), func(fields *[columns][]byte) bool { return string(fields[3]) == serial })
}

// BySubject returns the position of the valid entry with this subject.
func (x *Index) BySubject(subject string) (int, bool) {
	e := Entry{Subject: subject}
	written := e.append(nil)
	written = written[bytes.LastIndexByte(written[:len(written)-len(subject)], '\t') : len(written)-1]
	return x.find(written, func(fields *[columns][]byte) bool {
		return len(fields[0]) > 0 && fields[0][0] == byte(Valid) && plain(fields[5]) == subject
	})
}

// find looks for octets in all lines at once, and then at the lines that have
// them.
func (x *Index) find(octets []byte, is func(*[columns][]byte) bool) (int, bool) {
	for from := 0; ; {
		at := bytes.Index(x.data[from:], octets)
		if at < 0 {
			return 0, false
		}
		at += from
		i, in := slices.BinarySearchFunc(x.lines, at, func(l line, at int) int {
			switch {
			case l.end < at:
				return -1
			case l.start > at:
				return 1
			}
			return 0
		})
		if in {
			if fields, n := split(x.raw(i)); n == columns && is(&fields) {
				return i, true
			}
		}
		from = at + 1
	}
}

// Append adds an entry at the end.
func (x *Index) Append(e Entry) {
	if n := len(x.data); n > 0 && x.data[n-1] != '\n' {
		x.data = append(x.data, '\n')
	}
	start := len(x.data)
	x.ascends = x.ascends && (len(x.lines) == 0 || compareSerials(x.column(len(x.lines)-1, 3), []byte(e.Serial)) < 0)
	x.data = e.append(x.data)
	x.lines = append(x.lines, line{start, len(x.data) - 1, 0})
}

// Set puts an entry in the place of another.
func (x *Index) Set(i int, e Entry) {
	text := e.append(nil)
	text = text[:len(text)-1]
	at := x.lines[i]
	x.ascends = x.ascends && x.Entry(i).Serial == e.Serial
	if x.old != nil {
		<-x.old.ready
	}
	x.changed = x.changed || at.start < x.kept
	before := len(x.data)
	x.data = slices.Replace(x.data, at.start, at.end, text...)
	grown := len(text) - (at.end - at.start)
	if grown == 0 {
		return
	}
	if at.start < x.kept {
		x.kept += len(x.data) - before
	}
	x.lines[i].end += grown
	for k := i + 1; k < len(x.lines); k++ {
		x.lines[k].start += grown
		x.lines[k].end += grown
	}
}

// Bytes returns the index as it is written to its file.
func (x *Index) Bytes() []byte {
	if n := len(x.data); n > 0 && x.data[n-1] != '\n' {
		return append(slices.Clip(x.data), '\n')
	}
	return x.data
}

func clip(text []byte) string {
	if len(text) > 80 {
		return string(text[:80]) + "…"
	}
	return string(text)
}

// seen finds values that stood in an earlier line.
type seen struct {
	seed  maphash.Seed
	slots []uint64 // by hash: half of the hash, and the position plus one
}

func newSeen(n int) *seen {
	size := 16
	for size < 2*n {
		size *= 2
	}
	return &seen{seed: maphash.MakeSeed(), slots: make([]uint64, size)}
}

// add remembers a value, and returns the position of the first that is the
// same, or -1.
func (s *seen) add(i int, value []byte, of func(int) []byte) int {
	mask := uint64(len(s.slots) - 1)
	hash := maphash.Bytes(s.seed, value)
	half := hash &^ (1<<32 - 1)
	for h := hash & mask; ; h = (h + 1) & mask {
		at := s.slots[h]
		if at == 0 {
			s.slots[h] = half | uint64(i+1)
			return -1
		}
		if k := int(at&(1<<32-1)) - 1; at&^(1<<32-1) == half && bytes.Equal(of(k), value) {
			return k
		}
	}
}
