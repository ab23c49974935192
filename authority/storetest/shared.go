package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/certwright/certwright/authority"
)

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
	const rounds = 12
	for _, contest := range []struct {
		name   string
		is     error // what those who come too late are told
		enter  func(store, round int) *authority.Change
		rounds int // each has one winner
	}{
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
	} {
		for round := range contest.rounds {
			var group sync.WaitGroup
			won := make([]bool, len(stores))
			for i, s := range stores {
				group.Go(func() {
					c := contest.enter(i, round)
					c.Events = []*authority.Event{anEvent(contest.name)}
					errs, err := s.Commit(t.Context(), c)
					if err != nil || errs[0] != nil && !errors.Is(errs[0], contest.is) {
						t.Errorf("%s: %v %v", contest.name, errs, err)
						return
					}
					won[i] = errs[0] == nil
				})
			}
			group.Wait()
			winners := 0
			for _, w := range won {
				if w {
					winners++
				}
			}
			if winners != 1 {
				t.Errorf("%s: %d of %d stores succeeded", contest.name, winners, len(stores))
			}
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
