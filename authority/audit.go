package authority

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
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
	Seq    int64
	Kind   string // "changed", "removed", "reordered", "head"
	Detail string
}

// VerifyAudit walks the audit chain and returns every fault, and the number
// of events and hash of the last one.
func (a *Authority) VerifyAudit(ctx context.Context) (faults []AuditFault, events int64, head []byte, err error) {
	panic("unwritten")
}
