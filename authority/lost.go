package authority

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"
)

// Lost is a certificate that an authority issued where it worked before, and
// that nobody has any more: what an index said of it is all that is known. Lists
// and answers tell its status; it cannot be shown, and its status stays.
type Lost struct {
	Serial   []byte    `json:"serial"` // magnitude
	NotAfter time.Time `json:"notAfter"`
	Status   Status    `json:"status"` // valid, hold or revoked
	Revoked  time.Time `json:"revoked,omitzero"`
	Reason   int       `json:"reason,omitempty"` // crl.Reason
	Invalid  time.Time `json:"invalid,omitzero"`
	Line     string    `json:"line"` // of the index, as it was
}

// isRevoked reports whether a full list has the certificate.
func (l *Lost) isRevoked() bool { return l.Status == StatusHold || l.Status == StatusRevoked }

// revocation is the certificate as lists have it.
func (l *Lost) revocation() Revocation {
	return Revocation{Serial: l.Serial, At: l.Revoked, Reason: l.Reason, Invalid: l.Invalid}
}

// record is a certificate without its DER, which answers about its status are
// made of.
func (l *Lost) record(ca string) *Certificate {
	return &Certificate{CA: ca, Serial: l.Serial, Status: l.Status, NotAfter: l.NotAfter, Revoked: l.Revoked, Reason: l.Reason, Invalid: l.Invalid}
}

const (
	lostKind = "lost-certificate" // of the records that keep them, one each
	lostPage = 500                // of them are read or written together
)

// lostLine is what such a record holds. Of several lines of one number the
// first counts; the others are kept for who wants the index back.
type lostLine struct {
	Lost
	Place int  `json:"place"` // in the index
	Again bool `json:"again,omitempty"`
}

func lostID(ca string, serial []byte) string { return ca + "/" + hex.EncodeToString(trimZeros(serial)) }

// ImportLost keeps what an index says of certificates that did not come along.
// It takes the place of what was kept of this authority before.
func (a *Authority) ImportLost(ctx context.Context, ca string, list []Lost, by string) error {
	s, err := a.signatory(ctx, ca)
	if err != nil {
		return err
	}
	return a.putLost(ctx, s.ca.Name, list, by)
}

func (a *Authority) putLost(ctx context.Context, ca string, list []Lost, by string) error {
	wanted, err := lostRecords(ca, list)
	if err != nil {
		return err
	}
	var gone []*Record
	for r, err := range a.keptLost(ctx, RecordQuery{Owner: ca}) {
		if err != nil {
			return err
		}
		switch w := wanted[r.ID]; {
		case w == nil:
			gone = append(gone, r)
		case bytes.Equal(w.Body, r.Body):
			delete(wanted, r.ID)
		default:
			w.Revision = r.Revision
		}
	}
	put := make([]*Record, 0, len(wanted))
	for _, r := range wanted {
		put = append(put, r)
	}
	if len(put)+len(gone) == 0 {
		return nil
	}
	slices.SortFunc(put, func(a, b *Record) int { return cmp.Compare(a.ID, b.ID) })
	return a.writeLost(ctx, ca, put, gone, by)
}

// lostRecords are the records of lines, by their IDs.
func lostRecords(ca string, list []Lost) (map[string]*Record, error) {
	out := make(map[string]*Record, len(list))
	for i, l := range list {
		r := &Record{Kind: lostKind, ID: lostID(ca, l.Serial), Owner: ca, State: string(l.Status)}
		line := lostLine{Lost: l, Place: i}
		for out[r.ID] != nil {
			r.ID, line.Again = fmt.Sprintf("%s/%d", lostID(ca, l.Serial), i), true
		}
		if err := r.hold(line); err != nil {
			return nil, err
		}
		out[r.ID] = r
	}
	return out, nil
}

// writeLost writes the records, some at a time, and tells of them in the audit
// chain with the last.
func (a *Authority) writeLost(ctx context.Context, ca string, put, gone []*Record, by string) error {
	e, err := NewEvent(a.now(), by, "index.imported", "ca:"+ca, struct {
		Lines int    `json:"lines"`          // new or changed ones of an index, of certificates that did not come along
		Gone  int    `json:"gone,omitempty"` // those that are no more
		Hash  string `json:"hash"`           // SHA-256 of what the lines are kept as
	}{len(put), len(gone), hex.EncodeToString(hashBodies(put))})
	if err != nil {
		return err
	}
	for len(put)+len(gone) > 0 {
		c := &Change{PutRecords: put[:min(len(put), lostPage)], DeleteRecords: gone[:min(len(gone), lostPage)]}
		put, gone = put[len(c.PutRecords):], gone[len(c.DeleteRecords):]
		if len(put)+len(gone) == 0 {
			c.Events = []*Event{e}
		}
		if err := a.commitOne(ctx, c); err != nil {
			return fmt.Errorf("recording the lines of the index of authority %q: %w", ca, err)
		}
	}
	return nil
}

func hashBodies(list []*Record) []byte {
	var all []byte
	for _, r := range list {
		all = append(all, r.Body...)
	}
	return sha(all)
}

// keptLost yields the records of lines, by number.
func (a *Authority) keptLost(ctx context.Context, q RecordQuery) iter.Seq2[*Record, error] {
	q.Kind, q.Limit = lostKind, lostPage
	return func(yield func(*Record, error) bool) {
		for {
			page, err := a.config.Store.FindRecords(ctx, q)
			if err != nil {
				yield(nil, fmt.Errorf("reading the lines of the index of authority %q: %w", q.Owner, err))
				return
			}
			for _, r := range page {
				if !yield(r, nil) {
					return
				}
			}
			if len(page) < q.Limit {
				return
			}
			q.After = page[len(page)-1].ID
		}
	}
}

// Lost returns what is kept of certificates that did not come along, in the
// order of the index.
func (a *Authority) Lost(ctx context.Context, ca string) ([]Lost, error) {
	s, err := a.signatory(ctx, ca)
	if err != nil {
		return nil, err
	}
	var lines []*lostLine
	for r, err := range a.keptLost(ctx, RecordQuery{Owner: s.ca.Name}) {
		if err != nil {
			return nil, err
		}
		line, err := Body[lostLine](r)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	slices.SortStableFunc(lines, func(a, b *lostLine) int { return cmp.Compare(a.Place, b.Place) })
	out := make([]Lost, len(lines))
	for i, l := range lines {
		out[i] = l.Lost
	}
	return out, nil
}

// lost finds a certificate by its number; nil where none was lost with it.
func (a *Authority) lost(ctx context.Context, ca string, serial []byte) (*Lost, error) {
	r, err := a.config.Store.Record(ctx, lostKind, lostID(ca, serial))
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading certificate %x of authority %q: %w", serial, ca, err)
	}
	line, err := Body[lostLine](r)
	if err != nil {
		return nil, err
	}
	return &line.Lost, nil
}

// lostOf yields those revocations of lost certificates that a list holds: full
// lists alone, and of several the first.
func (a *Authority) lostOf(ctx context.Context, c *CRL, notExpired time.Time) iter.Seq2[Revocation, error] {
	return func(yield func(Revocation, error) bool) {
		if c.Kind != FullCRL || c.Shard > 0 {
			return
		}
		for r, err := range a.keptLost(ctx, RecordQuery{Owner: c.CA}) {
			var line *lostLine
			if err == nil {
				line, err = Body[lostLine](r)
			}
			if err != nil {
				yield(Revocation{}, err)
				return
			}
			if line.Again || !line.isRevoked() || line.NotAfter.Before(notExpired) {
				continue
			}
			if !yield(line.revocation(), nil) {
				return
			}
		}
	}
}

// moveLost moves what an older version kept in the settings of an authority to
// records of their own, and brings the authority up to date.
func (a *Authority) moveLost(ctx context.Context, ca *CA) error {
	for range attempts {
		var before struct {
			Lost []Lost `json:"lost"`
		}
		if !bytes.Contains(ca.Settings, []byte(`"lost"`)) || json.Unmarshal(ca.Settings, &before) != nil || before.Lost == nil {
			return nil
		}
		err := a.putLost(ctx, ca.Name, before.Lost, "system")
		if err == nil {
			err = a.withoutLost(ctx, ca)
		}
		if !errors.Is(err, ErrConflict) {
			return err
		}
		now, err := a.config.Store.CA(ctx, ca.Name) // another process moves them, too
		if err != nil {
			return fmt.Errorf("reading authority %q: %w", ca.Name, err)
		}
		*ca = *now
	}
	return fmt.Errorf("moving the lines of the index of authority %q: others change it all the time", ca.Name)
}

// withoutLost stores the settings of an authority as they are written now.
func (a *Authority) withoutLost(ctx context.Context, ca *CA) error {
	var settings CASettings
	if err := json.Unmarshal(ca.Settings, &settings); err != nil {
		return fmt.Errorf("settings of authority %q: %w", ca.Name, err)
	}
	next := *ca
	var err error
	if next.Settings, err = json.Marshal(settings); err != nil {
		return fmt.Errorf("encoding the settings of authority %q: %w", ca.Name, err)
	}
	c := &Change{PutCA: &CAWrite{CA: &next, From: ca.Revision}}
	if err := c.addCAEvent(&next, "ca.changed", "system", a.now()); err != nil {
		return err
	}
	if err := a.commitOne(ctx, c); err != nil {
		return fmt.Errorf("storing the settings of authority %q: %w", ca.Name, err)
	}
	*ca = next
	return nil
}
