package authority

import (
	"context"
	"fmt"
	"time"
)

// tidyAtOnce is how many certificates one transaction removes, so that others
// need not wait long.
const tidyAtOnce = 500

// Tidy removes what is past keeping, by each authority's settings: records of
// certificates some time after they expired, with their requests; requests
// that were refused or withdrawn, after a year; replaced revocation lists 90
// days after they ran out. The audit chain is never pruned.
func (a *Authority) Tidy(ctx context.Context) error {
	a.forget()
	if _, err := a.Lapse(ctx); err != nil {
		return err
	}
	if err := Forget(ctx, a.config.Store, wrongKind, a.now()); err != nil {
		return err
	}
	list, err := a.config.Store.CAs(ctx)
	if err != nil {
		return fmt.Errorf("reading the authorities: %w", err)
	}
	for _, ca := range list {
		if err := a.tidy(ctx, ca); err != nil {
			return fmt.Errorf("tidying up authority %q: %w", ca.Name, err)
		}
	}
	return nil
}

// tidyAccount is what the audit chain keeps of it.
type tidyAccount struct {
	CertificatesExpiredBefore *time.Time `json:"certificatesExpiredBefore,omitempty"`
	TicketsClosedBefore       time.Time  `json:"ticketsClosedBefore"`
	CRLsReplacedBefore        time.Time  `json:"crlsReplacedBefore"`
}

func (a *Authority) tidy(ctx context.Context, ca *CA) error {
	s, err := a.newSignatory(ca)
	if err != nil {
		return err
	}
	now := a.now()
	r := Retention{CA: ca.Name, TicketsClosedBefore: now.Add(-keepRefused), CRLsReplacedBefore: now.Add(-keepReplacedCRLs), Limit: tidyAtOnce}
	detail := tidyAccount{TicketsClosedBefore: r.TicketsClosedBefore, CRLsReplacedBefore: r.CRLsReplacedBefore}
	if keep := s.settings.KeepExpired; keep >= 0 {
		if keep == 0 {
			keep = presetKeepExpired
		}
		r.CertificatesExpiredBefore = now.Add(-keep)
		detail.CertificatesExpiredBefore = &r.CertificatesExpiredBefore
	}
	for round := 0; ; round++ {
		due, err := a.due(ctx, &r)
		if err != nil || !due {
			return err
		}
		c := &Change{Delete: &r}
		if round == 0 {
			e, err := NewEvent(now, "system", "records.tidied", "ca:"+ca.Name, detail)
			if err != nil {
				return err
			}
			c.Events = []*Event{e}
		}
		if err := a.commitOne(ctx, c); err != nil {
			return err
		}
	}
}

// due reports whether there is anything past keeping.
func (a *Authority) due(ctx context.Context, r *Retention) (bool, error) {
	if !r.CertificatesExpiredBefore.IsZero() {
		for _, err := range a.config.Store.Certificates(ctx, Query{CA: r.CA, ExpiresBefore: r.CertificatesExpiredBefore, Limit: 1}) {
			return err == nil, err
		}
	}
	for _, state := range []State{StateRefused, StateWithdrawn} {
		for t, err := range a.config.Store.Tickets(ctx, TicketQuery{CA: r.CA, State: state}) {
			if err != nil || r.RemovesTicket(t) {
				return err == nil, err
			}
			break // the oldest stays, so the others do
		}
	}
	newest := map[place]int64{}
	var old []*CRL
	for c, err := range a.config.Store.CRLs(ctx, r.CA) {
		if err != nil {
			return false, err
		}
		newest[place{c.Kind, c.Shard}] = c.Number
		if r.RemovesCRL(c) {
			old = append(old, c)
		}
	}
	for _, c := range old {
		if newest[place{c.Kind, c.Shard}] != c.Number {
			return true, nil
		}
	}
	return false, nil
}

// place is where a revocation list is published: each has a newest one.
type place struct {
	kind  CRLKind
	shard int
}
