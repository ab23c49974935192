package authority

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Seal makes an event the next of the chain: it sets Seq, Previous and Hash,
// and rounds At to what a store keeps.
func (e *Event) Seal(seq int64, previous []byte) {
	e.Seq, e.Previous = seq, previous
	e.At = e.At.UTC().Truncate(time.Millisecond)
	e.Hash = EventHash(e)
}

// EventHash is the hash of an event in the audit chain: SHA-256 over Previous
// and the event's other fields. Numbers are eight octets, most significant
// first; every other field is preceded by its length as such a number.
func EventHash(e *Event) []byte {
	const label = "certwright audit event 1"
	buf := make([]byte, 0, 512)
	buf = appendField(buf, label)
	buf = appendField(buf, e.Previous)
	buf = binary.BigEndian.AppendUint64(buf, uint64(e.Seq))
	buf = binary.BigEndian.AppendUint64(buf, uint64(e.At.UnixMilli()))
	buf = appendField(buf, e.Actor)
	buf = appendField(buf, e.Action)
	buf = appendField(buf, e.Object)
	buf = appendField(buf, e.Detail)
	sum := sha256.Sum256(buf)
	return sum[:]
}

func appendField[T string | []byte](buf []byte, field T) []byte {
	buf = binary.BigEndian.AppendUint64(buf, uint64(len(field)))
	return append(buf, field...)
}

// AuditFault is a place where the audit chain does not hold.
type AuditFault struct {
	Seq    int64  `json:"seq"`
	Kind   string `json:"kind"` // "changed", "removed", "reordered", "head"; "record" where the chain is whole, and the records beside it are not what it says
	Detail string `json:"detail"`
}

// maxFaults is how many faults are told apart; a chain with more is not
// worth walking any further.
const maxFaults = 1000

// auditor walks the chain.
type auditor struct {
	faults   []AuditFault
	broken   []*Event // whose hash is not that of their content
	next     int64    // the sequence number due
	previous []byte   // the hash due, nil after a gap
	count    int64
	head     []byte
	stopped  bool // before the end of the chain
}

// VerifyAudit walks the audit chain and returns every fault, and the number
// of events and hash of the last one. Where the chain is whole, tickets,
// certificates and revocations are held against it.
func (a *Authority) VerifyAudit(ctx context.Context) (faults []AuditFault, events int64, head []byte, err error) {
	// The head first: what is added meanwhile comes after it.
	seq, hash, err := a.config.Store.Head(ctx)
	headless := errors.Is(err, ErrHead)
	if err != nil && !headless {
		return nil, 0, nil, fmt.Errorf("reading the head of the audit chain: %w", err)
	}
	w := &auditor{next: 1, previous: make([]byte, sha256.Size), head: make([]byte, sha256.Size)}
	for e, err := range a.config.Store.Events(ctx, math.MinInt64+1) {
		if err != nil && !errors.Is(err, ErrDamaged) {
			return nil, 0, nil, fmt.Errorf("reading the audit chain: %w", err)
		}
		w.take(e)
		if e.Seq == seq && !bytes.Equal(e.Hash, hash) {
			w.fault(seq, "head", "the head of the chain was recorded with another hash than the event has")
		}
		if len(w.faults)+len(w.broken) > maxFaults {
			w.stopped = true
			break
		}
	}
	w.explain()
	last := w.next - 1
	switch {
	case w.stopped:
		w.fault(last, "changed", "there are so many faults that what follows was not looked at")
	case headless:
		w.fault(last, "head", "the head of the chain, which says where it ends, is missing: later events may have been removed")
	case last < seq:
		w.fault(last+1, "removed", "the end is missing: "+missing(last+1, seq))
	case last > seq:
		if err := a.beyond(ctx, w, last); err != nil {
			return nil, 0, nil, err
		}
	}
	if len(w.faults) == 0 {
		if w.faults, err = a.disagreements(ctx, w.count); err != nil {
			return nil, 0, nil, err
		}
	}
	slices.SortStableFunc(w.faults, func(a, b AuditFault) int { return cmp.Compare(a.Seq, b.Seq) })
	return w.faults, w.count, w.head, nil
}

// beyond looks at the head once more, since events were added while the chain
// was walked, or there are more of them than the head ever counted.
func (a *Authority) beyond(ctx context.Context, w *auditor, last int64) error {
	seq, hash, err := a.config.Store.Head(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("reading the head of the audit chain again: %w", err)
	case seq < last:
		w.fault(seq+1, "head", fmt.Sprintf("the head of the chain says that it ends with event %d, and there are events up to %d: the head was set back, or events were added past it", seq, last))
	case seq == last && !bytes.Equal(hash, w.head):
		w.fault(seq, "head", "the head of the chain was recorded with another hash than the event has")
	}
	return nil
}

func (w *auditor) fault(seq int64, kind, detail string) {
	w.faults = append(w.faults, AuditFault{Seq: seq, Kind: kind, Detail: detail})
}

func (w *auditor) take(e *Event) {
	w.count++
	switch {
	case e.Seq > w.next:
		w.fault(w.next, "removed", missing(w.next, e.Seq-1))
		w.previous = nil
	case e.Seq < w.next:
		w.fault(e.Seq, "changed", "the event stands before the first one")
		return
	}
	sound := bytes.Equal(e.Hash, EventHash(e))
	if !sound {
		w.broken = append(w.broken, e)
	} else if w.previous != nil && !bytes.Equal(e.Previous, w.previous) {
		w.fault(e.Seq, "changed", "the event does not go with the one before it: one of the two was written anew")
	}
	// What follows is held against what this event said of itself, so that
	// one fault is not reported as many. One that lies proves nothing.
	w.next, w.previous, w.head = e.Seq+1, e.Hash, e.Hash
	if !sound {
		w.previous = nil
	}
}

func missing(from, to int64) string {
	if from == to {
		return fmt.Sprintf("event %d was removed", from)
	}
	return fmt.Sprintf("events %d to %d were removed", from, to)
}

// run is a row of neighbours that are not sound in the same way.
type run struct {
	first, last int64
	shift       int64 // from their numbers to those they were recorded as; 0: their content was changed
}

// explain tells events that were moved from events whose content was changed,
// in one word for neighbours that were moved or changed together.
func (w *auditor) explain() {
	var runs []run
	for _, e := range w.broken {
		shift := int64(0)
		if n := len(runs); n > 0 && w.recordedAs(e, e.Seq+runs[n-1].shift) {
			shift = runs[n-1].shift
		} else if from, moved := w.origin(e); moved {
			shift = from - e.Seq
		}
		if n := len(runs); n > 0 && runs[n-1].last+1 == e.Seq && runs[n-1].shift == shift {
			runs[n-1].last = e.Seq
			continue
		}
		runs = append(runs, run{e.Seq, e.Seq, shift})
	}
	for _, r := range runs {
		w.tell(r)
	}
}

func (w *auditor) tell(r run) {
	many := r.last > r.first
	switch {
	case r.shift == 0 && many:
		w.fault(r.first, "changed", fmt.Sprintf("the content of events %d to %d is not what was recorded", r.first, r.last))
	case r.shift == 0:
		w.fault(r.first, "changed", "the content is not what was recorded")
	case !many:
		w.fault(r.first, "reordered", fmt.Sprintf("the event was recorded as number %d", r.first+r.shift))
	case r.shift > 0:
		w.fault(r.first, "reordered", fmt.Sprintf("events %d to %d were recorded as numbers %d to %d: what stood before them was removed, and they were given new numbers",
			r.first, r.last, r.first+r.shift, r.last+r.shift))
	default:
		w.fault(r.first, "reordered", fmt.Sprintf("events %d to %d were recorded as numbers %d to %d: others were put before them",
			r.first, r.last, r.first+r.shift, r.last+r.shift))
	}
}

// recordedAs reports whether this is the number under which an event was
// recorded.
func (w *auditor) recordedAs(e *Event, seq int64) bool {
	moved := *e
	moved.Seq = seq
	return bytes.Equal(e.Hash, EventHash(&moved))
}

// origin looks for the number under which an event was recorded: that of
// another event that is not sound, or one close by.
func (w *auditor) origin(e *Event) (int64, bool) {
	for distance := int64(1); distance <= 16; distance++ {
		for _, seq := range []int64{e.Seq + distance, e.Seq - distance} {
			if w.recordedAs(e, seq) {
				return seq, true
			}
		}
	}
	for _, other := range w.broken {
		if w.recordedAs(e, other.Seq) {
			return other.Seq, true
		}
	}
	return 0, false
}
