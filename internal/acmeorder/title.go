package acmeorder

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/protocol/acme"
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
// *request.Refusal. Authorizations that have expired since the order was
// finalized are no reason, for it is then that they are wanted (RFC 8555,
// Section 7.4). Requests of other doors are nothing to it.
func (x *Title) Entitled(ctx context.Context, t *authority.Ticket) error {
	order, why, err := x.ended(ctx, t)
	if err != nil || order == nil && why == "" {
		return err
	}
	if why != "" {
		return &request.Refusal{Reason: request.NotAuthorized, Field: "ticket", Detail: fmt.Sprintf("%s may not have this certificate any more: %s", t.Requester, why), Fix: "refuse it; another order is needed"}
	}
	checker, err := x.Checker()
	if err != nil {
		return err
	}
	o := x.orders()
	o.config.Checker = checker
	if p := o.stillPermitted(ctx, order, 0); p != nil {
		return &request.Refusal{Reason: request.PolicyRefused, Field: "names", Detail: p.Detail, Fix: "approve it once they permit it, or refuse it"}
	}
	return nil
}

// orders reads what the records say.
func (x *Title) orders() *Orders { return &Orders{config: Config{Store: x.Store, Now: x.Now}} }

// ended finds the order of a ticket, and says what of the right to it was ended
// for good. The order is nil where the ticket is none of ACME.
func (x *Title) ended(ctx context.Context, t *authority.Ticket) (order *Order, why string, err error) {
	id, ours := strings.CutPrefix(t.IdempotencyKey, key(""))
	if !ours {
		return nil, "", nil
	}
	o := x.orders()
	if order, err = o.read(ctx, id); err != nil {
		return nil, "", err
	}
	if order == nil {
		return nil, "its order is not kept any more", nil
	}
	a, err := o.Account(ctx, order.record.Owner)
	if err != nil {
		return nil, "", err
	}
	if a == nil || a.Status != acme.StatusValid {
		return order, "the account was deactivated", nil
	}
	var problem *acme.Problem
	if err := o.mayOrder(ctx, a, order.Identifiers); errors.As(err, &problem) {
		return order, problem.Detail, nil
	} else if err != nil {
		return nil, "", err
	}
	if err := o.look(ctx, order); err != nil {
		return nil, "", err
	}
	for _, z := range order.Authorizations {
		if z.Status == acme.StatusDeactivated {
			return order, "the account gave up the authorization of " + z.ordered().Value, nil
		}
	}
	return order, "", nil
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
		_, why, err := x.ended(ctx, t)
		if err != nil {
			return err
		}
		if why == "" {
			continue
		}
		var decided *request.Refusal // by somebody else, meanwhile
		if _, err := a.WithdrawFor(ctx, t.ID, t.Requester, why); err != nil && !errors.As(err, &decided) {
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
