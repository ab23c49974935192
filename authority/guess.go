package authority

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/request"
)

// WaitError says that too much was shown already that shows nothing: passwords
// and signatures are not looked at for a while.
type WaitError struct{ Wait time.Duration }

// Error says so in words.
func (e *WaitError) Error() string { return e.refusal().Detail }

// Unwrap returns the refusal that it is.
func (e *WaitError) Unwrap() error { return e.refusal() }

func (e *WaitError) refusal() *request.Refusal {
	return notHolder("too many wrong passwords or signatures were shown for this certificate, or by you", fmt.Sprintf("wait %s, or ask an officer", e.Wait))
}

// How much may be shown in vain before one is told to wait, a minute first and
// twice as long each time, and after how long it is forgotten.
const (
	wrongOfCertificate = 5
	wrongOfCaller      = 10
	shortestWait       = time.Minute
	longestWait        = time.Hour
	forgetWrong        = 24 * time.Hour
)

const wrongKind = "wrong-proof"

// wrong is what was shown in vain for one certificate, or by one caller.
type wrong struct {
	Times int       `json:"times"`
	Last  time.Time `json:"last"`

	free   int
	record *Record
}

func (w *wrong) wait(now time.Time) time.Duration {
	over := w.Times - w.free
	if over < 0 {
		return 0
	}
	wait := longestWait
	if over < 6 {
		wait = min(shortestWait<<over, longestWait)
	}
	return max(0, w.Last.Add(wait).Sub(now))
}

// counts are where an order is counted. Certificates are told apart by their
// numbers alone, so that those that are not there are counted like others; what a
// signature shows cannot be guessed, and others' failures do not stand in its way.
func counts(o *RevocationOrder) []*wrong {
	var out []*wrong
	if o.Caller != "" {
		out = append(out, &wrong{free: wrongOfCaller, record: &Record{Kind: wrongKind, ID: "caller:" + hex.EncodeToString(sha([]byte(o.Caller)))}})
	}
	if o.Password != "" {
		out = append(out, &wrong{free: wrongOfCertificate, record: &Record{Kind: wrongKind, ID: "certificate:" + hex.EncodeToString(sha(trimZeros(o.Serial)))}})
	}
	return out
}

// count counts what is shown before it is looked at, so that of many at once no
// more are than one after another; it is a *WaitError where nothing more is looked
// at for now. What turns out to be right is taken back.
func (a *Authority) count(ctx context.Context, o *RevocationOrder) (takeBack func() error, err error) {
	all := counts(o)
	err = a.recount(ctx, all, func(w *wrong, now time.Time) error {
		if now.Sub(w.Last) >= forgetWrong {
			w.Times = 0
		}
		if wait := w.wait(now); wait > 0 {
			return &WaitError{max(time.Second, (wait + time.Second - 1).Truncate(time.Second))}
		}
		w.Times, w.Last = w.Times+1, now
		return nil
	})
	return func() error {
		return a.recount(context.WithoutCancel(ctx), counts(o), func(w *wrong, _ time.Time) error {
			w.Times = max(0, w.Times-1)
			return nil
		})
	}, err
}

// recount changes counts by compare-and-swap, all or none.
func (a *Authority) recount(ctx context.Context, all []*wrong, change func(*wrong, time.Time) error) error {
	const many = 50
	for range many {
		records := make([]*Record, len(all))
		for i, w := range all {
			if err := a.readCount(ctx, w); err != nil {
				return err
			}
			if err := change(w, a.now()); err != nil {
				return err
			}
			body, err := json.Marshal(w)
			if err != nil {
				return fmt.Errorf("encoding a count: %w", err)
			}
			w.record.Body, w.record.Due = body, w.Last.Add(forgetWrong)
			records[i] = w.record
		}
		if len(records) == 0 {
			return nil
		}
		err := a.config.Store.PutRecords(ctx, records...)
		if !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return &WaitError{time.Second} // so many try at once
}

func (a *Authority) readCount(ctx context.Context, w *wrong) error {
	w.Times, w.Last, w.record.Revision = 0, time.Time{}, 0
	r, err := a.config.Store.Record(ctx, wrongKind, w.record.ID)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading what was shown in vain: %w", err)
	}
	w.record = r
	return json.Unmarshal(r.Body, w)
}

// Miss counts an order for a certificate that is not there as if what it shows
// were wrong: by the counts nobody finds out which there are.
func (a *Authority) Miss(ctx context.Context, o RevocationOrder) error {
	if _, err := a.count(ctx, &o); err != nil {
		return err
	}
	method := "challenge-password"
	if o.Password == "" {
		method = "key-signature"
	}
	return a.tellRefused(ctx, o.CA, o.Serial, &o, "holder", method, "there is no such certificate")
}
