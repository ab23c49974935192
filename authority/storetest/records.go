package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/certwright/certwright/authority"
)

func testAuthorities(t *testing.T, s authority.Store) {
	if _, err := s.CA(t.Context(), "root"); !errors.Is(err, authority.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	root := aCA("root")
	must(t, s, &authority.Change{PutCA: &authority.CAWrite{CA: root}}, &authority.Change{PutCA: &authority.CAWrite{CA: aCA("issuing")}})
	if root.Revision != 1 {
		t.Fatalf("revision %d", root.Revision)
	}
	got, err := s.CA(t.Context(), "root")
	check(t, err)
	equal(t, "authority", got, root)
	all, err := s.CAs(t.Context())
	check(t, err)
	if len(all) != 2 || all[0].Name != "issuing" || all[1].Name != "root" {
		t.Fatalf("got %v", all)
	}
	fails(t, s, authority.ErrExists, &authority.Change{PutCA: &authority.CAWrite{CA: aCA("root")}})
	fails(t, s, authority.ErrNotFound, &authority.Change{PutCA: &authority.CAWrite{CA: aCA("other"), From: 1}})
	got.State, got.Settings = "retired", nil
	must(t, s, &authority.Change{PutCA: &authority.CAWrite{CA: got, From: 1}})
	fails(t, s, authority.ErrConflict, &authority.Change{PutCA: &authority.CAWrite{CA: aCA("root"), From: 1}})
	again, err := s.CA(t.Context(), "root")
	check(t, err)
	equal(t, "changed authority", again, got)
	if again.Revision != 2 {
		t.Fatalf("revision %d", again.Revision)
	}
}

func testTickets(t *testing.T, s authority.Store) {
	if _, err := s.Ticket(t.Context(), "none"); !errors.Is(err, authority.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	full, bare := aTicket(1), &authority.Ticket{ID: "bare", State: authority.StateRefused, CA: "issuing"}
	full.IdempotencyKey = "key 1"
	must(t, s, &authority.Change{PutTicket: &authority.TicketWrite{Ticket: full}}, &authority.Change{PutTicket: &authority.TicketWrite{Ticket: bare}})
	for _, want := range []*authority.Ticket{full, bare} {
		got, err := s.Ticket(t.Context(), want.ID)
		check(t, err)
		equal(t, "ticket", got, want)
	}
	fails(t, s, authority.ErrExists, &authority.Change{PutTicket: &authority.TicketWrite{Ticket: aTicket(1)}})
	got, _ := s.Ticket(t.Context(), full.ID)
	got.Request[0], got.Messages[0].Text = 'X', "changed by the caller"
	again, err := s.Ticket(t.Context(), full.ID)
	check(t, err)
	equal(t, "ticket after a caller changed its copy", again, full)
}

func testTicketStates(t *testing.T, s authority.Store) {
	ticket := aTicket(1)
	must(t, s, &authority.Change{PutTicket: &authority.TicketWrite{Ticket: ticket}})
	fails(t, s, authority.ErrNotFound, &authority.Change{PutTicket: &authority.TicketWrite{Ticket: aTicket(2), From: authority.StateHeld}})
	fails(t, s, authority.ErrConflict, &authority.Change{PutTicket: &authority.TicketWrite{Ticket: ticket, From: authority.StateAsked}})
	ticket.State, ticket.Serial, ticket.Decided, ticket.Decider = authority.StateIssued, serial(1), day(9), "officer"
	ticket.Messages = append(ticket.Messages, authority.Message{At: day(9), From: "officer", Kind: "approve"})
	must(t, s, &authority.Change{PutTicket: &authority.TicketWrite{Ticket: ticket, From: authority.StateHeld}})
	fails(t, s, authority.ErrConflict, &authority.Change{PutTicket: &authority.TicketWrite{Ticket: ticket, From: authority.StateHeld}})
	got, err := s.Ticket(t.Context(), ticket.ID)
	check(t, err)
	equal(t, "ticket", got, ticket)
}

func testIdempotencyKeys(t *testing.T, s authority.Store) {
	if _, err := s.TicketByKey(t.Context(), ""); !errors.Is(err, authority.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	first, second, third, fourth := aTicket(1), aTicket(2), aTicket(3), aTicket(4)
	first.IdempotencyKey, second.IdempotencyKey = "same", "same"
	must(t, s, &authority.Change{PutTicket: &authority.TicketWrite{Ticket: first}})
	fails(t, s, authority.ErrExists, &authority.Change{PutTicket: &authority.TicketWrite{Ticket: second}})
	must(t, s, &authority.Change{PutTicket: &authority.TicketWrite{Ticket: third}}, &authority.Change{PutTicket: &authority.TicketWrite{Ticket: fourth}})
	got, err := s.TicketByKey(t.Context(), "same")
	check(t, err)
	equal(t, "ticket by key", got, first)
	for _, key := range []string{"", "Same", "other"} {
		if _, err := s.TicketByKey(t.Context(), key); !errors.Is(err, authority.ErrNotFound) {
			t.Fatalf("key %q: got %v", key, err)
		}
	}
	first.State = authority.StateAsked
	must(t, s, &authority.Change{PutTicket: &authority.TicketWrite{Ticket: first, From: authority.StateHeld}})
	got, err = s.TicketByKey(t.Context(), "same")
	check(t, err)
	equal(t, "changed ticket by key", got, first)
}

func testTicketQueries(t *testing.T, s authority.Store) {
	for n := 1; n <= 6; n++ {
		ticket := aTicket(n)
		switch n {
		case 2:
			must(t, s, issue(2))
			continue
		case 3:
			ticket.State = authority.StateAsked
		case 4:
			ticket.Requester = ""
		case 5:
			ticket.CA, ticket.State = "other", authority.StateRefused
		case 6:
			ticket.KeyFingerprint = sum("key 2")
			ticket.Fingerprint = sum("request 1")
		}
		must(t, s, &authority.Change{PutTicket: &authority.TicketWrite{Ticket: ticket}})
	}
	for _, q := range []struct {
		query authority.TicketQuery
		want  string
	}{
		{authority.TicketQuery{}, "[1 2 3 4 5 6]"},
		{authority.TicketQuery{Limit: 2}, "[1 2]"},
		{authority.TicketQuery{State: authority.StateHeld}, "[1 4 6]"},
		{authority.TicketQuery{State: authority.StateHeld, Limit: 2}, "[1 4]"},
		{authority.TicketQuery{State: authority.StateAsked}, "[3]"},
		{authority.TicketQuery{Open: true}, "[1 3 4 6]"},
		{authority.TicketQuery{Open: true, Limit: 3}, "[1 3 4]"},
		{authority.TicketQuery{State: authority.StateIssued}, "[2]"},
		{authority.TicketQuery{State: authority.StateWithdrawn}, "[]"},
		{authority.TicketQuery{CA: "other"}, "[5]"},
		{authority.TicketQuery{Requester: "anna"}, "[1 2 3 5 6]"},
		{authority.TicketQuery{KeyFingerprint: sum("key 2")}, "[2 6]"},
		{authority.TicketQuery{KeyFingerprint: sum("key 2"), State: authority.StateIssued}, "[2]"},
		{authority.TicketQuery{KeyFingerprint: sum("key 1")}, "[1]"},
		{authority.TicketQuery{Fingerprint: sum("request 1")}, "[1 6]"},
		{authority.TicketQuery{Fingerprint: sum("request 9")}, "[]"},
	} {
		got := []int{}
		for _, ticket := range collect(t, s.Tickets(t.Context(), q.query)) {
			var n int
			_, err := fmt.Sscanf(ticket.ID[23:], "%d", &n)
			check(t, err)
			got = append(got, n)
		}
		if fmt.Sprint(got) != q.want {
			t.Errorf("%+v: got %v, want %s", q.query, got, q.want)
		}
	}
}

func testCertificates(t *testing.T, s authority.Store) {
	if _, err := s.Certificate(t.Context(), "issuing", serial(1)); !errors.Is(err, authority.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	bare := &authority.Certificate{CA: "issuing", Serial: []byte{1}, DER: []byte{2}, Fingerprint: sum("x"), Status: authority.StatusValid}
	revoked := aCertificate(2)
	revoked.Status, revoked.Revoked, revoked.Reason, revoked.Invalid = authority.StatusRevoked, day(4), 1, day(3)
	for _, want := range []*authority.Certificate{aCertificate(1), bare, revoked} {
		must(t, s, &authority.Change{AddCertificate: want})
		got, err := s.Certificate(t.Context(), want.CA, want.Serial)
		check(t, err)
		equal(t, "certificate", got, want)
	}
	if _, err := s.Certificate(t.Context(), "other", serial(1)); !errors.Is(err, authority.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	if list := collect(t, s.Revocations(t.Context(), authority.RevocationQuery{CA: "issuing", Shard: -1})); len(list) != 1 {
		t.Fatalf("a certificate added as revoked is not listed: %v", list)
	}
}

func testUniqueSerials(t *testing.T, s authority.Store) {
	must(t, s, &authority.Change{AddCertificate: aCertificate(1)})
	same := aCertificate(2)
	same.Serial = serial(1)
	fails(t, s, authority.ErrExists, &authority.Change{AddCertificate: same})
	same.CA = "other"
	must(t, s, &authority.Change{AddCertificate: same})
	got, err := s.Certificate(t.Context(), "issuing", serial(1))
	check(t, err)
	equal(t, "certificate", got, aCertificate(1))
}
