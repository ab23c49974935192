package acmeorder

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/protocol/acme"
	"github.com/certwright/certwright/request"
)

// right is an account's right to the certificate of an order.
type right struct {
	order   *Order
	grounds []*authority.Record // that it rests on: while these are as they are, it holds
	ended   string              // why there is none any more; empty: it holds
}

// right finds out whether what an order's certificate rests on holds still: the
// account, its external account, and the authorizations.
func (o *Orders) right(ctx context.Context, id string) (*right, error) {
	order, err := o.read(ctx, id)
	if err != nil {
		return nil, err
	}
	if order == nil {
		return &right{ended: "its order is not kept any more"}, nil
	}
	r := &right{order: order, grounds: []*authority.Record{order.record}}
	a, err := o.Account(ctx, order.record.Owner)
	if err != nil {
		return nil, err
	}
	if a == nil || a.Status != acme.StatusValid {
		r.ended = "the account was deactivated"
		return r, nil
	}
	binding, err := o.mayOrder(ctx, a, order.Identifiers)
	var problem *acme.Problem
	if errors.As(err, &problem) {
		r.ended = problem.Detail
		return r, nil
	} else if err != nil {
		return nil, err
	}
	r.grounds = append(r.grounds, a.record)
	if binding != nil {
		r.grounds = append(r.grounds, binding)
	}
	others, err := o.look(ctx, order)
	r.grounds = append(r.grounds, others...)
	for _, z := range order.Authorizations {
		switch {
		case z.Status == acme.StatusDeactivated:
			r.ended = "the account gave up the authorization of " + z.ordered().Value
		case !z.ProofEnds.IsZero() && !z.ProofEnds.After(o.now()):
			r.ended = fmt.Sprintf("the record that proves %s was good until %s", z.ordered().Value, z.ProofEnds.Format(time.RFC3339))
		}
	}
	return r, err
}

// mayHave says what an order's certificate rests on, as the authority asks
// before it signs: a *request.Refusal where that was ended.
func (o *Orders) mayHave(ctx context.Context, id string) ([]*authority.Record, error) {
	r, err := o.right(ctx, id)
	if err != nil {
		return nil, err
	}
	if r.ended != "" {
		return nil, &request.Refusal{Reason: request.NotAuthorized, Field: "order", Detail: r.ended, Fix: "place another order"}
	}
	return r.grounds, nil
}
