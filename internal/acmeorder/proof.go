package acmeorder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/acmecheck"
	"github.com/certwright/certwright/protocol/acme"
)

// Place names an authorization: the N-th of an order.
type Place struct {
	Order string `json:"order"`
	N     int    `json:"n"`
}

const (
	// leastLeft is how long an authorization must still be good to be taken
	// over by an order: its client needs some time.
	leastLeft = 5 * time.Minute
	// caaGood is how long a look at CAA records is good (the Baseline
	// Requirements of the CA/Browser Forum, Section 3.2.2.8).
	caaGood = 8 * time.Hour
)

// proofKey is the record that says where an account has proven a name last.
func proofKey(account string, name acme.Identifier) string {
	return account + "/" + name.Type + ":" + name.Value
}

// ordered is the identifier as it was ordered: with "*." of a wildcard.
func (z *Authorization) ordered() acme.Identifier {
	i := z.Identifier
	if z.Wildcard {
		i.Value = "*." + i.Value
	}
	return i
}

// proofs are the records that say where names were proven just now, as they
// are to be written.
func (o *Orders) proofs(ctx context.Context, order *Order) ([]*authority.Record, error) {
	var out []*authority.Record
	for n := range order.Authorizations {
		z := &order.Authorizations[n]
		if !z.proven || o.settings.ProveEachOrder {
			continue
		}
		id := proofKey(order.record.Owner, z.ordered())
		r, err := o.config.Store.Record(ctx, kindProof, id)
		if errors.Is(err, authority.ErrNotFound) {
			r, err = &authority.Record{Kind: kindProof, ID: id, Owner: order.record.Owner}, nil
		}
		if err != nil {
			return nil, fmt.Errorf("looking for the proof of a name: %w", err)
		}
		r.Due = z.Expires
		if err := encode(r, Place{order.ID, n}); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// proven is an authorization of the account that a new order can take over
// (RFC 8555, Section 7.1.3); nil where the name must be proven. It must still
// be valid, and by a challenge that is still offered.
func (o *Orders) proven(ctx context.Context, a *Account, name acme.Identifier) (*Authorization, error) {
	if o.settings.ProveEachOrder {
		return nil, nil
	}
	r, err := o.config.Store.Record(ctx, kindProof, proofKey(a.ID, name))
	if errors.Is(err, authority.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for the proof of a name: %w", err)
	}
	var at Place
	if err := json.Unmarshal(r.Body, &at); err != nil {
		return nil, fmt.Errorf("reading the proof of a name: %w", err)
	}
	z, err := o.at(ctx, at)
	if err != nil || z == nil || z.ordered() != name {
		return nil, err
	}
	soon := o.now().Add(leastLeft)
	if z.standing(soon) != acme.StatusValid || !slices.Contains(o.settings.Challenges, z.Tried) {
		return nil, nil
	}
	taken := *z
	taken.Of, taken.Token = at, ""
	return &taken, nil
}

// at reads an authorization; nil if there is none.
func (o *Orders) at(ctx context.Context, p Place) (*Authorization, error) {
	order, err := o.read(ctx, p.Order)
	if err != nil || order == nil || p.N < 0 || p.N >= len(order.Authorizations) {
		return nil, err
	}
	return &order.Authorizations[p.N], nil
}

// look finds out what has become of the authorizations that an order has taken
// over: they may have been deactivated. It returns the records that it looked
// at.
func (o *Orders) look(ctx context.Context, order *Order) (seen []*authority.Record, err error) {
	for n := range order.Authorizations {
		z := &order.Authorizations[n]
		if z.Of == (Place{}) {
			continue
		}
		other, err := o.read(ctx, z.Of.Order)
		if err != nil {
			return nil, err
		}
		if other == nil || z.Of.N >= len(other.Authorizations) {
			z.Status = acme.StatusExpired
			continue
		}
		now := &other.Authorizations[z.Of.N]
		z.Status, z.Expires = now.Status, now.Expires
		seen = append(seen, other.record)
	}
	return seen, nil
}

// Authorize makes an authorization ahead of any order (RFC 8555, Section
// 7.4.1): the only one of what it returns.
func (o *Orders) Authorize(ctx context.Context, a *Account, name acme.Identifier) (*Order, error) {
	if strings.HasPrefix(name.Value, "*.") {
		return nil, acme.NewProblem(acme.Malformed, "a wildcard cannot be authorized ahead; place an order for it").Of(name)
	}
	names, err := o.checkNames([]acme.Identifier{name})
	if err != nil {
		return nil, err
	}
	if _, err := o.mayOrder(ctx, a, names); err != nil {
		return nil, err
	}
	order := o.unrecorded(a, orderBody{Identifiers: names, Alone: true})
	order.Authorizations = []Authorization{o.newAuthorization(names[0], order.Expires)}
	for range tries {
		if err := o.put(ctx, a, order); !errors.Is(err, authority.ErrConflict) {
			return order, err
		}
	}
	return nil, errBusy
}

// stillPermitted looks again at CAA where that was looked at so long ago, or for
// other names of this authority.
func (o *Orders) stillPermitted(ctx context.Context, order *Order, ago time.Duration) *acme.Problem {
	const atOnce = 8
	problems := make([]*acme.Problem, len(order.Authorizations))
	turns := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for n := range order.Authorizations {
		z := &order.Authorizations[n]
		if o.now().Sub(z.Validated) < ago && slices.Equal(z.CAA, o.settings.CAAIdentities) {
			continue
		}
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			problems[n] = o.config.Checker.Permitted(ctx, acmecheck.Task{Method: z.Tried, Identifier: z.Identifier, Wildcard: z.Wildcard, AccountURL: order.Account})
			if problems[n] != nil {
				problems[n] = problems[n].Of(z.Identifier)
			}
		})
	}
	all.Wait()
	for _, p := range problems {
		if p != nil {
			return p
		}
	}
	return nil
}
