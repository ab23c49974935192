package acmeorder

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/protocol/acme"
)

// Limit is how often something may be done: Count times at once, and then as
// often again within each Per. A Count of 0 is no limit.
type Limit struct {
	Count int
	Per   time.Duration
}

// Limited says that something was done too often.
type Limited struct {
	*acme.Problem
	Wait time.Duration // until it may be done again
}

// Unwrap returns the problem.
func (l *Limited) Unwrap() error { return l.Problem }

// spend counts one use against a limit, in a record that is to be written with
// what is done. The record holds one time: when all uses so far will be paid
// for, if each takes its share of Per.
func (o *Orders) spend(ctx context.Context, l Limit, key, what string) (*authority.Record, error) {
	now := o.now()
	r, err := o.config.Store.Record(ctx, kindLimit, key)
	if errors.Is(err, authority.ErrNotFound) {
		r, err = &authority.Record{Kind: kindLimit, ID: key, Body: []byte("{}")}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for a limit: %w", err)
	}
	paid := r.Due
	if paid.Before(now) {
		paid = now
	}
	share := l.Per / time.Duration(l.Count)
	paid = paid.Add(share)
	if over := paid.Sub(now) - l.Per; over > 0 {
		return nil, &Limited{acme.NewProblem(acme.RateLimited, fmt.Sprintf("too many %s: %d in %v are let through; try again after %s",
			what, l.Count, l.Per, now.Add(over).Format(time.RFC3339))), over}
	}
	r.Due = paid
	return r, nil
}

// spentNames counts one use of each name, in records that are to be written: of
// whatever account, for only who has proven a name comes to use it. What was
// done too often names all that are, one subproblem each.
func (o *Orders) spentNames(ctx context.Context, names []acme.Identifier) ([]*authority.Record, error) {
	if o.settings.OrdersPerName.Count == 0 {
		return nil, nil
	}
	var out []*authority.Record
	var over *Limited
	for _, name := range names {
		spent, err := o.spend(ctx, o.settings.OrdersPerName, "name:"+name.Type+":"+name.Value, "orders for "+name.Value+" were finalized")
		var one *Limited
		switch {
		case errors.As(err, &one):
			if over == nil {
				over = &Limited{acme.NewProblem(acme.RateLimited, one.Detail), 0}
			}
			over.Wait = max(over.Wait, one.Wait)
			over.Subproblems = append(over.Subproblems, *one.Problem.Of(name))
		case err != nil:
			return nil, err
		}
		out = append(out, spent)
	}
	if over != nil {
		return nil, over
	}
	return out, nil
}

// spentRefusal counts one request of an account that was refused, in a record
// that is to be written: each leaves a ticket behind.
func (o *Orders) spentRefusal(ctx context.Context, account string) (*authority.Record, error) {
	return o.spend(ctx, Limit{Count: 30, Per: time.Hour}, "refused:"+account, "requests of this account were refused")
}

// mayFinalize refuses an order whose names were finalized too often, or whose
// account had too many requests refused.
func (o *Orders) mayFinalize(ctx context.Context, order *Order) error {
	if _, err := o.spentRefusal(ctx, order.record.Owner); err != nil {
		return err
	}
	_, err := o.spentNames(ctx, order.Identifiers)
	return err
}

// spent are the records that go with the outcome of a submission: one use of
// each name, or a refusal.
func (o *Orders) spent(ctx context.Context, order *Order, out *authority.Outcome) ([]*authority.Record, error) {
	if out.Refusal == nil {
		return o.spentNames(ctx, order.Identifiers)
	}
	r, err := o.spentRefusal(ctx, order.record.Owner)
	if err != nil {
		return nil, err
	}
	return []*authority.Record{r}, nil
}
