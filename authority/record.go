package authority

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/request"
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

// Committer is the way into a Store: Store.Commit.
type Committer interface {
	Commit(ctx context.Context, changes ...*Change) ([]error, error)
}

// CommitOne commits one change; why it was not applied is the error, too.
func CommitOne(ctx context.Context, s Committer, c *Change) error {
	errs, err := s.Commit(ctx, c)
	if err != nil {
		return err
	}
	return errs[0]
}

// PutTold stores a record together with the event that tells of it, and with
// other records, or nothing.
func PutTold(ctx context.Context, s Committer, r *Record, e *Event, with ...*Record) error {
	if err := CommitOne(ctx, s, &Change{PutRecords: append([]*Record{r}, with...), Events: []*Event{e}}); err != nil {
		return fmt.Errorf("recording %s %s: %w", r.Kind, r.ID, err)
	}
	return nil
}

// Body reads what a record holds.
func Body[T any](r *Record) (*T, error) {
	body := new(T)
	if err := json.Unmarshal(r.Body, body); err != nil {
		return nil, fmt.Errorf("reading the record %s %s: %w", r.Kind, r.ID, err)
	}
	return body, nil
}

// Bodies reads what records hold.
func Bodies[T any](list []*Record) ([]*T, error) {
	out := make([]*T, 0, len(list))
	for _, r := range list {
		body, err := Body[T](r)
		if err != nil {
			return nil, err
		}
		out = append(out, body)
	}
	return out, nil
}

// Kept returns a record and what it holds; none is the *request.Refusal that
// missing is.
func Kept[T any](ctx context.Context, records Records, kind, id string, missing *request.Refusal) (*T, *Record, error) {
	r, err := records.Record(ctx, kind, id)
	if errors.Is(err, ErrNotFound) {
		return nil, nil, missing
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading the record %s %s: %w", kind, id, err)
	}
	body, err := Body[T](r)
	return body, r, err
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
