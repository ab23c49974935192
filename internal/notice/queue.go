// Package notice tells people and programs outside of what has happened, or is
// about to: decisions as they are made, and certificates that end soon. What
// is to be told is in the records until it was told.
package notice

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/certwright/certwright/authority"
)

// Message is one thing to be told, in the form of Standard Webhooks.
type Message struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"` // "request.issued", "certificates.ending"
	Timestamp time.Time       `json:"timestamp"`
	Data      json.RawMessage `json:"data"`

	Left []string `json:"-"` // whom of several it has not reached yet; empty: nobody has it
}

// Undelivered is the error of a try that did not reach all of those that the
// message is for, or that is not to be made again.
type Undelivered struct {
	Left  []string // whom to try again; empty: nobody
	Some  bool     // others have it now
	Cause error
}

func (u *Undelivered) Error() string { return u.Cause.Error() }
func (u *Undelivered) Unwrap() error { return u.Cause }

// Target is where messages go.
type Target struct {
	Name string // what is under way is remembered by it
	Send func(ctx context.Context, m *Message) error

	Patience time.Duration // how long one try may take; 0: half a minute
}

// Queue delivers messages, and tries again where that fails. What is under way
// is in the records, so that no process takes it with it when it ends, and
// several may share the work.
type Queue struct {
	Records authority.Records
	Targets []Target
	Now     func() time.Time
	Log     *slog.Logger
	Result  func(target, result string) // told of each try; may be nil
}

// delivery is the body of a record of the kind "delivery".
type delivery struct {
	Message  Message  `json:"message"`
	Attempts int      `json:"attempts"`
	Left     []string `json:"left,omitempty"`  // Message.Left
	Error    string   `json:"error,omitempty"` // of the last try
}

const (
	deliveryKind = "delivery"
	waiting      = "waiting"
	failed       = "failed"

	timeout    = 30 * time.Second // of one try, where the target says nothing else
	spare      = 90 * time.Second // for so much longer than a try a delivery is left to whom has taken it
	mostTries  = 14               // about a day and a half with the pauses between them
	longestGap = 6 * time.Hour
	keepFailed = 30 * 24 * time.Hour // so that somebody can see what was lost
	batch      = 50
)

// record makes what is to be put for a message to be delivered.
func record(target string, m *Message, due time.Time) (*authority.Record, error) {
	body, err := json.Marshal(delivery{Message: *m})
	if err != nil {
		return nil, fmt.Errorf("encoding a message: %w", err)
	}
	return &authority.Record{Kind: deliveryKind, ID: target + "/" + m.ID, Owner: target, State: waiting, Due: due, Body: body}, nil
}

// Work delivers until the context ends. Each target has its own pace, with a
// pause where nothing is due or a try was in vain: one that does not answer keeps
// no other waiting.
func (q *Queue) Work(ctx context.Context, pause time.Duration) {
	var all sync.WaitGroup
	for i := range q.Targets {
		all.Go(func() {
			ticks := time.NewTicker(pause)
			defer ticks.Stop()
			for ctx.Err() == nil {
				if err := q.deliver(ctx, &q.Targets[i]); err != nil && ctx.Err() == nil {
					q.Log.ErrorContext(ctx, "delivering messages", "to", q.Targets[i].Name, "cause", err)
				}
				select {
				case <-ctx.Done():
				case <-ticks.C:
				}
			}
		})
	}
	all.Wait()
}

// Deliver tries what is due now, for all targets at the same time, and returns
// when each has been tried.
func (q *Queue) Deliver(ctx context.Context) error {
	errs := make([]error, len(q.Targets))
	var all sync.WaitGroup
	for i := range q.Targets {
		all.Go(func() { errs[i] = q.deliver(ctx, &q.Targets[i]) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// deliver tries what is due for one target, until a try is in vain.
func (q *Queue) deliver(ctx context.Context, t *Target) error {
	for {
		due, err := q.Records.FindRecords(ctx, authority.RecordQuery{Kind: deliveryKind, Owner: t.Name, DueBefore: q.Now(), Limit: batch})
		if err != nil {
			return fmt.Errorf("looking for messages to deliver: %w", err)
		}
		for _, r := range due {
			if sent, err := q.one(ctx, t, r); err != nil || !sent {
				return err
			}
		}
		if len(due) < batch {
			return nil
		}
	}
}

// one takes up one delivery, unless another process has, and reports whether
// to go on with the next.
func (q *Queue) one(ctx context.Context, t *Target, r *authority.Record) (bool, error) {
	if r.State == failed {
		return true, taken(q.Records.DeleteRecords(ctx, r))
	}
	d, err := authority.Body[delivery](r)
	if err != nil {
		return false, err
	}
	d.Attempts++
	patience := cmp.Or(t.Patience, timeout)
	if err := q.put(ctx, r, d, q.Now().Add(patience+spare)); err != nil {
		return true, taken(err)
	}
	d.Message.Left = d.Left
	limited, cancel := context.WithTimeout(ctx, patience)
	err = t.Send(limited, &d.Message)
	cancel()
	if err == nil {
		q.result(t.Name, "sent")
		return true, taken(q.Records.DeleteRecords(ctx, r))
	}
	if ctx.Err() != nil {
		return false, nil // the lease ends by itself
	}
	return q.again(ctx, t, r, d, err)
}

// again has a delivery tried again after a try in vain, for those that are
// left, and reports whether to go on with the next: the target answers.
func (q *Queue) again(ctx context.Context, t *Target, r *authority.Record, d *delivery, cause error) (bool, error) {
	q.result(t.Name, "failed")
	d.Error = cause.Error()
	due := q.Now().Add(gap(d.Attempts))
	var u *Undelivered
	answered := errors.As(cause, &u)
	what := "a message was not delivered"
	if answered {
		d.Left = u.Left
		if u.Some {
			what += " to all"
		}
	}
	if d.Attempts >= mostTries || answered && len(u.Left) == 0 {
		r.State, due = failed, q.Now().Add(keepFailed)
	}
	q.Log.WarnContext(ctx, what, "to", t.Name, "message", d.Message.ID, "type", d.Message.Type, "attempt", d.Attempts, "given-up", r.State == failed, "cause", cause)
	return answered, taken(q.put(ctx, r, d, due))
}

func (q *Queue) put(ctx context.Context, r *authority.Record, d *delivery, due time.Time) error {
	body, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("encoding a message: %w", err)
	}
	r.Body, r.Due = body, due
	return q.Records.PutRecords(ctx, r)
}

func (q *Queue) result(target, result string) {
	if q.Result != nil {
		q.Result(target, result)
	}
}

// taken passes over that another process was quicker.
func taken(err error) error {
	if errors.Is(err, authority.ErrConflict) {
		return nil
	}
	return err
}

// gap is how long to wait after so many tries: 10 s, 20 s, 40 s … 6 h.
func gap(attempts int) time.Duration {
	return min(10*time.Second<<min(attempts-1, 20), longestGap)
}

func notFound(err error) bool { return errors.Is(err, authority.ErrNotFound) }
