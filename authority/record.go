package authority

import (
	"context"
	"time"
)

// Record is what a front door must remember that is no request and no
// certificate: an account, an order, a token, a secret.
type Record struct {
	Kind, ID string    // the key: "acme-order", "…"
	Revision int64     // 0: not stored yet; raised by one at each Put
	Owner    string    // whom it belongs to; searched by; may be empty
	Name     string    // a second key, unique within Kind where not empty (an account's key thumbprint)
	State    string    // searched by
	Due      time.Time // when it is to be looked at or may go; zero: never
	Body     []byte    // JSON
}

// Records keeps what front doors must remember; every Store is one, too. Work
// that several processes might take up is claimed by putting its record: one
// of them succeeds. Times are kept in milliseconds, UTC. What Records return
// belongs to the caller.
type Records interface {
	// Record returns the record of this kind and ID, ErrNotFound if none.
	Record(ctx context.Context, kind, id string) (*Record, error)
	// RecordNamed finds by Record.Name, ErrNotFound if none.
	RecordNamed(ctx context.Context, kind, name string) (*Record, error)
	// PutRecords stores all of these or none, durably. It is ErrConflict
	// where a stored revision is another one than Revision says, or a Name is
	// taken. It raises Revision in place.
	PutRecords(ctx context.Context, r ...*Record) error
	// FindRecords returns records of one kind in the order of their IDs' octets.
	FindRecords(ctx context.Context, q RecordQuery) ([]*Record, error)
	// DeleteRecords removes all of these or none, by Kind, ID and Revision;
	// ErrConflict where a stored revision is another one, or none is stored.
	DeleteRecords(ctx context.Context, r ...*Record) error
}

// RecordQuery selects records of a kind; other zero fields do not narrow it.
type RecordQuery struct {
	Kind      string // must be given
	Owner     string
	State     string
	DueBefore time.Time // Due is set, and before
	After     string    // ID is greater: the last one of the page before
	Limit     int       // 0: no limit
}

// Matches reports whether a record is among those selected, were it not for
// the limit.
func (q *RecordQuery) Matches(r *Record) bool {
	return r.Kind == q.Kind && r.ID > q.After &&
		(q.Owner == "" || r.Owner == q.Owner) && (q.State == "" || r.State == q.State) &&
		(q.DueBefore.IsZero() || !r.Due.IsZero() && r.Due.Before(q.DueBefore))
}

// Stored raises the revisions of the records that a change put, once it is
// applied: for stores.
func (c *Change) Stored() {
	for _, r := range c.PutRecords {
		r.Revision++
	}
}
