package acmeorder

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/acmecheck"
	"github.com/certwright/certwright/protocol/acme"
)

const (
	// prompt is how long a client that says it is ready is kept waiting for
	// the result: most proofs are there within it, and then neither a claim
	// is written nor does the client have to ask again.
	prompt = 300 * time.Millisecond
	// claimLength is longer than a check can take. One that still waits for its
	// turn then may be begun by another process, too: the first result counts.
	claimLength = 30 * time.Second
)

// result is what a check found.
type result struct {
	proof   acmecheck.Proof
	problem *acme.Problem
}

// Respond begins to validate a challenge, at once, and returns its order with
// the result if that is quick; address is the client's. It is nil where the account has no such
// challenge. A challenge that was answered before is left as it is.
func (o *Orders) Respond(ctx context.Context, a *Account, id string, n int, method, address string) (*Order, error) {
	order, err := o.read(ctx, id)
	if err != nil || order == nil || order.record.Owner != a.ID || n < 0 || n >= len(order.Authorizations) {
		return nil, err
	}
	z := &order.Authorizations[n]
	if !slices.Contains(z.Methods, method) {
		return nil, nil
	}
	if err := o.conclude(ctx, order); err != nil {
		return nil, err
	}
	again := z.Status == acme.StatusProcessing && z.Until.Before(o.now())
	if order.Status != acme.StatusPending || z.Status != acme.StatusPending && !again {
		return order, nil
	}
	if again {
		method = z.Tried // its holder is gone
	}
	return o.validate(context.WithoutCancel(ctx), a, order, n, method, network(address))
}

// validate checks a challenge. A result that is not there promptly is claimed
// in the record, and written when it comes.
func (o *Orders) validate(ctx context.Context, a *Account, order *Order, n int, method, from string) (*Order, error) {
	z := &order.Authorizations[n]
	task := acmecheck.Task{
		Method: method, Identifier: z.Identifier, Wildcard: z.Wildcard, Token: z.Token,
		Thumbprints: a.thumbprints(), AccountURL: o.config.AccountURL(a.ID),
	}
	done := make(chan result, 1)
	began, err := o.begin(sender{from, a.ID}, Place{order.ID, n}, func() {
		proof, problem := o.config.Checker.Check(ctx, task)
		done <- result{proof, problem}
	})
	if err != nil || !began {
		return order, err
	}
	soon := time.NewTimer(prompt)
	defer soon.Stop()
	select {
	case r := <-done:
		return o.settle(ctx, a, order, n, method, r)
	case <-soon.C:
	}
	if order, err = o.claim(ctx, a, order.ID, n, method); err != nil || order == nil {
		return order, err
	}
	o.background.Go(func() {
		if _, err := o.settle(ctx, a, order, n, method, <-done); err != nil {
			o.config.Log("recording the result of a validation: %v", err)
		}
	})
	return orderCopy(order), nil
}

// begin runs a check in the background, when it is its turn. It
// reports whether it did: one that runs in this process already is not begun
// again, and where too many wait the client is told to come back.
func (o *Orders) begin(from sender, at Place, check func()) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.running[at] {
		return false, nil
	}
	taken := o.turns.take(from, func() {
		check()
		o.mu.Lock()
		delete(o.running, at)
		o.mu.Unlock()
	}, o.background.Go)
	if !taken {
		return false, &Limited{acme.NewProblem(acme.RateLimited, "too many validations of this account, or of others at its address, wait for their turn; try again in a minute"), time.Minute}
	}
	o.running[at] = true
	return true, nil
}

// orderCopy is an order for the caller while another goroutine goes on with
// the record.
func orderCopy(order *Order) *Order {
	out := *order
	out.Authorizations = slices.Clone(order.Authorizations)
	return &out
}

// claim writes that this process validates, until a time.
func (o *Orders) claim(ctx context.Context, a *Account, id string, n int, method string) (*Order, error) {
	return o.edit(ctx, a, id, n, func(_ *Order, z *Authorization) error {
		now := o.now()
		if z.Status == acme.StatusPending || z.Status == acme.StatusProcessing && z.Until.Before(now) {
			z.Status, z.Tried, z.Holder, z.Until = acme.StatusProcessing, method, o.holder, now.Add(claimLength)
		}
		return nil
	})
}

// settle writes a result: into the order as it was read, or where that was
// changed meanwhile, into what it is now.
func (o *Orders) settle(ctx context.Context, a *Account, order *Order, n int, method string, r result) (*Order, error) {
	o.enter(order, n, method, r)
	err := o.save(ctx, order)
	if err == nil {
		return order, o.byAuthorizations(ctx, order) // there was no ticket before it was ready
	}
	if !errors.Is(err, authority.ErrConflict) {
		return nil, err
	}
	return o.edit(ctx, a, order.ID, n, func(order *Order, _ *Authorization) error {
		o.enter(order, n, method, r)
		return nil
	})
}

// enter puts a result into an authorization that still waits for one.
func (o *Orders) enter(order *Order, n int, method string, r result) {
	z := &order.Authorizations[n]
	if z.Status != acme.StatusPending && z.Status != acme.StatusProcessing {
		return
	}
	now := o.now()
	z.Tried, z.Holder, z.Until = method, "", time.Time{}
	if r.problem != nil {
		z.Status, z.Error = acme.StatusInvalid, r.problem.Of(z.Identifier)
		order.record.Name = "" // what it was to replace can be replaced by another
		return
	}
	z.Status, z.Validated, z.Error, z.proven = acme.StatusValid, now, nil, true
	z.Expires = now.Add(o.settings.AuthorizationLifetime).Truncate(time.Second)
	if z.CAA = nil; z.Identifier.Type == acme.DNS {
		z.CAA = o.settings.CAAIdentities
	}
	z.ProofEnds = r.proof.Until.UTC()
	if !z.ProofEnds.IsZero() && z.ProofEnds.Before(z.Expires) {
		z.Expires = z.ProofEnds
	}
}

// Run takes up validations that a process left behind, and removes what is
// past keeping, until the context ends; then it waits for what it began.
func (o *Orders) Run(ctx context.Context) error {
	const pause, tidyEvery = 2 * time.Second, time.Minute
	tick := time.NewTicker(pause)
	defer tick.Stop()
	defer o.background.Wait()
	if err := SealBindings(ctx, o.config.Store, o.config.Secrets); err != nil && ctx.Err() == nil {
		o.config.Log("encrypting keys of external accounts: %v", err)
	}
	var tidied time.Time
	for {
		if err := o.Resume(ctx); err != nil && ctx.Err() == nil {
			o.config.Log("taking up validations: %v", err)
		}
		if now := o.config.Now(); now.Sub(tidied) >= tidyEvery {
			tidied = now
			if err := o.Tidy(ctx); err != nil && ctx.Err() == nil {
				o.config.Log("removing old orders: %v", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Resume takes up the validations whose holders are gone.
func (o *Orders) Resume(ctx context.Context) error {
	const atOnce = 100
	list, err := o.config.Store.FindRecords(ctx, authority.RecordQuery{Kind: kindOrder, State: stateRunning, DueBefore: o.now(), Limit: atOnce})
	if err != nil {
		return fmt.Errorf("looking for validations left behind: %w", err)
	}
	for _, r := range list {
		order, err := orderOf(r)
		if err != nil {
			return err
		}
		a, err := o.Account(ctx, r.Owner)
		if err != nil {
			return err
		}
		for n, z := range order.Authorizations {
			if a == nil || z.Status != acme.StatusProcessing || !z.Until.Before(o.now()) {
				continue
			}
			if err := o.resume(ctx, a, order.ID, n, z.Tried); err != nil {
				return err
			}
		}
	}
	return nil
}

// resume claims one validation that was left behind and begins it, if no other
// process was faster.
func (o *Orders) resume(ctx context.Context, a *Account, id string, n int, method string) error {
	order, err := o.claim(ctx, a, id, n, method)
	if err != nil || order == nil || order.Authorizations[n].Holder != o.holder || order.Authorizations[n].Status != acme.StatusProcessing {
		return err
	}
	o.background.Go(func() {
		if _, err := o.validate(context.WithoutCancel(ctx), a, order, n, method, ""); err != nil {
			o.config.Log("validating anew: %v", err)
		}
	})
	return nil
}
