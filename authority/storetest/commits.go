package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/certwright/certwright/authority"
)

func testWhole(t *testing.T, s authority.Store) {
	must(t, s, issue(1))
	for name, spoilt := range map[string]*authority.Change{
		"a certificate that exists": {PutCA: &authority.CAWrite{CA: aCA("new")}, PutTicket: &authority.TicketWrite{Ticket: aTicket(2)},
			AddCertificate: aCertificate(1), Events: []*authority.Event{anEvent("x")}},
		"a status that moved": {PutTicket: &authority.TicketWrite{Ticket: aTicket(2)}, AddCertificate: aCertificate(2),
			SetStatus: &authority.StatusWrite{CA: "issuing", Serial: serial(1), From: "hold", To: "revoked"}, Events: []*authority.Event{anEvent("x")}},
		"a ticket that is not there": {AddCertificate: aCertificate(2), PutTicket: &authority.TicketWrite{Ticket: aTicket(2), From: authority.StateHeld},
			Events: []*authority.Event{anEvent("x")}},
	} {
		errs, err := s.Commit(t.Context(), spoilt)
		check(t, err)
		if errs[0] == nil {
			t.Fatalf("%s: no error", name)
		}
		if _, err := s.CA(t.Context(), "new"); !errors.Is(err, authority.ErrNotFound) {
			t.Fatalf("%s left an authority: %v", name, err)
		}
		if _, err := s.Ticket(t.Context(), aTicket(2).ID); !errors.Is(err, authority.ErrNotFound) {
			t.Fatalf("%s left a ticket: %v", name, err)
		}
		if list := collect(t, s.Certificates(t.Context(), authority.Query{})); len(list) != 1 {
			t.Fatalf("%s left %d certificates", name, len(list))
		}
		if list := collect(t, s.Events(t.Context(), 1)); len(list) != 1 {
			t.Fatalf("%s left %d events", name, len(list))
		}
	}
}

func testAlone(t *testing.T, s authority.Store) {
	spoilt := issue(1)
	spoilt.PutTicket.Ticket.ID = "another"
	moved := &authority.Change{PutTicket: &authority.TicketWrite{Ticket: issuedTicket(2), From: authority.StateIssued}}
	errs, err := s.Commit(t.Context(), issue(1), spoilt, issue(2), moved, revoke(7, 1), issue(3))
	check(t, err)
	for i, want := range []error{nil, authority.ErrExists, nil, nil, authority.ErrNotFound, nil} {
		if !errors.Is(errs[i], want) {
			t.Errorf("change %d: got %v, want %v", i, errs[i], want)
		}
	}
	if got := numbers(t, collect(t, s.Certificates(t.Context(), authority.Query{}))); got != "[1 2 3]" {
		t.Fatalf("certificates %s", got)
	}
	if _, err := s.Ticket(t.Context(), "another"); !errors.Is(err, authority.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	chain(t, s, 3)
}

// chain checks that the audit chain holds and has this many events.
func chain(t *testing.T, s authority.Store, want int64) {
	t.Helper()
	previous, seq := make([]byte, 32), int64(0)
	for _, e := range collect(t, s.Events(t.Context(), 1)) {
		seq++
		if e.Seq != seq || !bytes.Equal(e.Previous, previous) || !bytes.Equal(e.Hash, authority.EventHash(e)) {
			t.Fatalf("event %d does not continue the chain: %+v", seq, e)
		}
		previous = e.Hash
	}
	headSeq, head, err := s.Head(t.Context())
	check(t, err)
	if seq != want || headSeq != want || !bytes.Equal(head, previous) {
		t.Fatalf("%d events, head at %d with %x, want %d with %x", seq, headSeq, head, want, previous)
	}
}

func testAudit(t *testing.T, s authority.Store) {
	chain(t, s, 0)
	first, second := anEvent("first"), anEvent("second")
	must(t, s, &authority.Change{Events: []*authority.Event{first, second}})
	if first.Seq != 1 || second.Seq != 2 || !bytes.Equal(second.Previous, first.Hash) {
		t.Fatalf("events were not filled in: %+v, %+v", first, second)
	}
	bare := &authority.Event{At: day(1), Action: "bare"}
	must(t, s, &authority.Change{Events: []*authority.Event{bare}})
	equal(t, "events", collect(t, s.Events(t.Context(), 2)), []*authority.Event{second, bare})
	chain(t, s, 3)
}

func testConcurrent(t *testing.T, s authority.Store) {
	const callers, each = 16, 20
	var group sync.WaitGroup
	var taken atomic.Int64
	for caller := range callers {
		group.Go(func() {
			for i := range each {
				own := issue(1 + caller*each + i)
				same := &authority.Change{AddCertificate: aCertificate(1000 + i), Events: []*authority.Event{anEvent("same")}}
				errs, err := s.Commit(t.Context(), own, same)
				if err != nil || errs[0] != nil {
					t.Errorf("caller %d: %v %v", caller, errs, err)
					return
				}
				if errs[1] == nil {
					taken.Add(1)
				} else if !errors.Is(errs[1], authority.ErrExists) {
					t.Errorf("caller %d: %v", caller, errs[1])
				}
				if _, err := s.Certificate(t.Context(), "issuing", own.AddCertificate.Serial); err != nil {
					t.Errorf("caller %d cannot read what was committed: %v", caller, err)
				}
			}
		})
	}
	group.Wait()
	if taken.Load() != each {
		t.Fatalf("%d certificates were added by several at once, want %d", taken.Load(), each)
	}
	if n := len(collect(t, s.Certificates(t.Context(), authority.Query{}))); n != callers*each+each {
		t.Fatalf("%d certificates", n)
	}
	chain(t, s, callers*each+each)
}

func testCompeting(t *testing.T, s authority.Store) {
	must(t, s, &authority.Change{PutTicket: &authority.TicketWrite{Ticket: aTicket(1)}})
	var group sync.WaitGroup
	var won atomic.Int64
	for officer := range 12 {
		group.Go(func() {
			ticket := aTicket(1)
			ticket.State, ticket.Decider = authority.StateRefused, fmt.Sprint("officer ", officer)
			errs, err := s.Commit(t.Context(), &authority.Change{PutTicket: &authority.TicketWrite{Ticket: ticket, From: authority.StateHeld}})
			switch {
			case err != nil:
				t.Error(err)
			case errs[0] == nil:
				won.Add(1)
			case !errors.Is(errs[0], authority.ErrConflict):
				t.Error(errs[0])
			}
		})
	}
	group.Wait()
	if won.Load() != 1 {
		t.Fatalf("%d officers decided", won.Load())
	}
}

func testContext(t *testing.T, s authority.Store) {
	must(t, s, issue(1))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Commit(ended, issue(2)); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if _, err := s.Certificate(t.Context(), "issuing", serial(2)); !errors.Is(err, authority.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	if _, err := s.Certificate(ended, "issuing", serial(1)); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	var last error
	for _, err := range s.Certificates(ended, authority.Query{}) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Fatalf("got %v", last)
	}
	must(t, s, issue(2))
}

func testClose(t *testing.T, s authority.Store) {
	must(t, s, issue(1))
	check(t, s.Close())
	if _, err := s.Commit(t.Context(), issue(2)); err == nil {
		t.Fatal("a closed store took a change")
	}
	if _, err := s.Certificate(t.Context(), "issuing", serial(1)); err == nil {
		t.Fatal("a closed store answered")
	}
	check(t, s.Close())
}
