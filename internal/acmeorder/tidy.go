package acmeorder

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/certwright/certwright/authority"
)

// Tidy removes orders, limits and used nonces that are past keeping.
func (o *Orders) Tidy(ctx context.Context) error {
	for _, kind := range []string{kindOrder, kindProof, kindLimit, KindNonce} {
		for more := true; more; {
			var err error
			if more, err = o.tidySome(ctx, kind); err != nil {
				return err
			}
		}
	}
	return nil
}

// tidySome removes some of the records of a kind, and reports whether there are
// more.
func (o *Orders) tidySome(ctx context.Context, kind string) (more bool, err error) {
	const atOnce = 500
	list, err := o.config.Store.FindRecords(ctx, authority.RecordQuery{Kind: kind, DueBefore: o.now(), Limit: atOnce})
	if err != nil {
		return false, fmt.Errorf("looking for old records: %w", err)
	}
	full := len(list) == atOnce
	old := slices.DeleteFunc(list, func(r *authority.Record) bool { return r.State == stateRunning })
	if kind == kindOrder {
		if old, err = o.postpone(ctx, old); err != nil {
			return false, err
		}
	}
	if len(old) == 0 {
		return false, nil
	}
	if err := o.config.Store.DeleteRecords(ctx, old...); err != nil && !errors.Is(err, authority.ErrConflict) {
		return false, fmt.Errorf("removing old records: %w", err)
	}
	return full, nil
}

// postpone keeps of the orders that are due those whose ticket is open, or was
// decided not long ago, and returns the others.
func (o *Orders) postpone(ctx context.Context, due []*authority.Record) (old []*authority.Record, err error) {
	for _, r := range due {
		until, err := o.keptUntil(ctx, r)
		if err != nil {
			return nil, err
		}
		if !until.After(o.now()) {
			old = append(old, r)
			continue
		}
		r.Due = until
		if err := o.config.Store.PutRecords(ctx, r); err != nil && !errors.Is(err, authority.ErrConflict) {
			return nil, fmt.Errorf("recording order %s: %w", r.ID, err)
		}
	}
	return old, nil
}

// keptUntil is when an order is past keeping: an officer may take longer to
// decide than its client had to finalize it.
func (o *Orders) keptUntil(ctx context.Context, r *authority.Record) (time.Time, error) {
	if r.State != stateReady {
		return r.Due, nil
	}
	t, err := o.config.Store.TicketByKey(ctx, key(r.ID))
	switch {
	case errors.Is(err, authority.ErrNotFound):
		return r.Due, nil
	case err != nil:
		return r.Due, fmt.Errorf("looking for the ticket of order %s: %w", r.ID, err)
	case t.Decided.IsZero():
		return o.now().Add(o.settings.Keep), nil
	}
	return t.Decided.Add(o.settings.Keep), nil
}
