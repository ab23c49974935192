package acmeorder

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/request"
)

// Title says whether accounts may still have what they asked for while that is
// held: an officer may take longer to decide than their right to it lasts. It
// needs the records alone, so that whoever approves can ask.
type Title struct {
	Store   authority.Store
	Now     func() time.Time
	Checker func() (Checker, error) // that looks at CAA records
}

// Entitled refuses to approve a request of ACME whose account, external account
// or authorizations were ended, or whose names' CAA records forbid it now: a
// *request.Refusal. Else it returns the records that the right to the
// certificate rests on. Authorizations that have expired since the order was
// finalized are no reason, for it is then that they are wanted (RFC 8555,
// Section 7.4); proofs that say until when they may be relied on are. Requests of other doors are nothing to it.
func (x *Title) Entitled(ctx context.Context, t *authority.Ticket) ([]*authority.Record, error) {
	id, ours := orderOfTicket(t)
	if !ours {
		return nil, nil
	}
	o := x.orders()
	right, err := o.right(ctx, id)
	if err != nil {
		return nil, err
	}
	if right.ended != "" {
		return nil, &request.Refusal{Reason: request.NotAuthorized, Field: "ticket", Detail: fmt.Sprintf("%s may not have this certificate any more: %s", t.Requester, right.ended), Fix: "refuse it; another order is needed"}
	}
	if o.config.Checker, err = x.Checker(); err != nil {
		return nil, err
	}
	if p := o.stillPermitted(ctx, right.order, 0); p != nil {
		return nil, &request.Refusal{Reason: request.PolicyRefused, Field: "names", Detail: p.Detail, Fix: "approve it once they permit it, or refuse it"}
	}
	return right.grounds, nil
}

// orders reads what the records say.
func (x *Title) orders() *Orders { return &Orders{config: Config{Store: x.Store, Now: x.Now}} }

// orderOfTicket is the ID of the order that a ticket is of; ours is false where
// it is none of ACME.
func orderOfTicket(t *authority.Ticket) (id string, ours bool) {
	return strings.CutPrefix(t.IdempotencyKey, key(""))
}

// takeBack withdraws the held requests of a requester, or of all where it is
// empty, that the right to was ended of.
func (x *Title) takeBack(ctx context.Context, a *authority.Authority, requester string) error {
	var open []*authority.Ticket
	for _, state := range []authority.State{authority.StateHeld, authority.StateAsked} {
		for t, err := range x.Store.Tickets(ctx, authority.TicketQuery{State: state, Requester: requester}) {
			if err != nil {
				return fmt.Errorf("looking for held requests: %w", err)
			}
			open = append(open, t)
		}
	}
	for _, t := range open {
		id, ours := orderOfTicket(t)
		if !ours {
			continue
		}
		right, err := x.orders().right(ctx, id)
		if err != nil {
			return err
		}
		if right.ended == "" {
			continue
		}
		var decided *request.Refusal // by somebody else, meanwhile
		if _, err := a.WithdrawFor(ctx, t.ID, t.Requester, right.ended); err != nil && !errors.As(err, &decided) {
			return fmt.Errorf("withdrawing ticket %s: %w", t.ID, err)
		}
	}
	return nil
}

// takeBack withdraws the held requests of an account that the right to was
// ended of.
func (o *Orders) takeBack(ctx context.Context, a *Account) error {
	x := Title{Store: o.config.Store, Now: o.config.Now}
	return x.takeBack(ctx, o.config.Authority, a.Requester())
}
