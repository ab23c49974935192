package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/certwright/certwright/authority"
)

// contest is what several stores enter at once, of whom one wins each round.
type contest struct {
	name   string
	late   error // what those who come too late are told
	enter  func(store, round int) *authority.Change
	rounds int
}

const rounds = 12

var contests = [...]contest{
	{"serial numbers", authority.ErrExists, func(_, round int) *authority.Change {
		return &authority.Change{AddCertificate: aCertificate(100 + round)}
	}, rounds},
	{"guarded keys", authority.ErrKey, func(store, round int) *authority.Change {
		return &authority.Change{AddCertificate: sameKey(200+10*round+store, 700+round, 0).AddCertificate, KeyGuard: authority.KeyUncertified}
	}, rounds},
	{"idempotency keys", authority.ErrExists, func(store, round int) *authority.Change {
		ticket := aTicket(400 + 10*round + store)
		ticket.IdempotencyKey = fmt.Sprint("once ", round)
		return &authority.Change{PutTicket: &authority.TicketWrite{Ticket: ticket}}
	}, rounds},
	{"numbers of lists", authority.ErrConflict, func(_, round int) *authority.Change {
		return &authority.Change{AddCRL: aCRL(authority.FullCRL, 0, int64(round+1))}
	}, rounds},
	{"decisions", authority.ErrConflict, func(store, _ int) *authority.Change {
		ticket := aTicket(900)
		ticket.State, ticket.Decider = authority.StateRefused, fmt.Sprint("officer ", store)
		return &authority.Change{PutTicket: &authority.TicketWrite{Ticket: ticket, From: authority.StateHeld}}
	}, 1},
	{"claims", authority.ErrConflict, func(store, _ int) *authority.Change {
		r := aRecord("claimed")
		r.Revision, r.Owner = 1, fmt.Sprint("process ", store)
		return &authority.Change{PutRecords: []*authority.Record{r}}
	}, 1},
}

// RunShared tests stores over the same records, as several processes have
// them; open opens one more over those of the test.
func RunShared(t *testing.T, open func(t *testing.T) authority.Store) {
	stores := []authority.Store{open(t), open(t), open(t)}
	for i, s := range stores {
		must(t, s, issue(i+1))
		for _, other := range stores {
			if _, err := other.Certificate(t.Context(), "issuing", serial(i+1)); err != nil {
				t.Fatalf("what one store committed another does not see: %v", err)
			}
		}
	}
	must(t, stores[0], &authority.Change{PutTicket: &authority.TicketWrite{Ticket: aTicket(900)}})
	check(t, stores[1].PutRecords(t.Context(), aRecord("claimed")))
	events := int64(len(stores))
	for _, c := range contests {
		for round := range c.rounds {
			c.hold(t, stores, round)
			events++
		}
	}
	for i, s := range stores { // what the others have not seen is as much taken
		Issue(t, s, 1000+100*i, 1039+100*i)
		events += 40
		for j, other := range stores {
			Claimed(t, other, 1000+100*i, 1003+100*i+12*j)
		}
	}
	for _, s := range stores {
		chain(t, s, events)
	}
}

// hold lets all stores enter one round.
func (c contest) hold(t *testing.T, stores []authority.Store, round int) {
	var group sync.WaitGroup
	var winners atomic.Int32
	for i, s := range stores {
		group.Go(func() {
			change := c.enter(i, round)
			change.Events = []*authority.Event{anEvent(c.name)}
			switch err := authority.CommitOne(t.Context(), s, change); {
			case err == nil:
				winners.Add(1)
			case !errors.Is(err, c.late):
				t.Errorf("%s: %v", c.name, err)
			}
		})
	}
	group.Wait()
	if n := winners.Load(); n != 1 {
		t.Errorf("%s: %d of %d stores succeeded", c.name, n, len(stores))
	}
}
