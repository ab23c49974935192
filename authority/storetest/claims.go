package storetest

import (
	"fmt"
	"testing"

	"github.com/certwright/certwright/authority"
)

// Issue issues certificates from one number to another, with idempotency keys,
// some commits with several of them.
func Issue(t *testing.T, s authority.Store, from, to int) {
	t.Helper()
	var changes []*authority.Change
	for n := from; n <= to; n++ {
		c := issue(n)
		c.PutTicket.Ticket.IdempotencyKey = claimedKey(n)
		changes = append(changes, c)
		if n%7 == 0 || n == to {
			must(t, s, changes...)
			changes = nil
		}
	}
}

func claimedKey(n int) string { return fmt.Sprint("claimed ", n) }

// Claimed tests that certificates from one number to another are found as
// Issue left them, and that nobody else gets their serial numbers and keys.
func Claimed(t *testing.T, s authority.Store, from, to int) {
	t.Helper()
	var keys []string
	for n := from; n <= to; n++ {
		keys = append(keys, claimedKey(n))
		c, err := s.Certificate(t.Context(), "issuing", serial(n))
		check(t, err)
		equal(t, "certificate", c, aCertificate(n))
		ticket, err := s.TicketByKey(t.Context(), claimedKey(n))
		check(t, err)
		equal(t, "ticket", ticket.ID, issuedTicket(n).ID)
		same := aCertificate(to + 1)
		same.Serial = serial(n)
		fails(t, s, authority.ErrExists, &authority.Change{AddCertificate: same})
		again := aTicket(to + 1)
		again.IdempotencyKey = claimedKey(n)
		fails(t, s, authority.ErrExists, &authority.Change{PutTicket: &authority.TicketWrite{Ticket: again}})
	}
	used, err := s.UsedKeys(t.Context(), append(keys, "another"))
	check(t, err)
	if len(used) != to-from+1 || used["another"] {
		t.Errorf("%d keys are used, want %d", len(used), to-from+1)
	}
}

// testClaims holds that what is unique stays so however much comes after it,
// and until it is deleted.
func testClaims(t *testing.T, s authority.Store) {
	Issue(t, s, 1, 150)
	Claimed(t, s, 1, 150)
	for _, n := range []int{1, 75, 150} {
		must(t, s, revoke(n, 1))
		if c, err := s.Certificate(t.Context(), "issuing", serial(n)); err != nil || c.Status != authority.StatusRevoked {
			t.Errorf("certificate %d: %v, %v", n, c, err)
		}
	}
	page := collect(t, s.Certificates(t.Context(), authority.Query{After: &authority.Place{CA: "issuing", Serial: serial(10)}, Limit: 2}))
	equal(t, "page", numbers(t, page), "[11 12]")
	must(t, s, &authority.Change{Delete: &authority.Retention{CertificatesExpiredBefore: day(150), TicketsClosedBefore: day(400)}})
	Claimed(t, s, 51, 74)
	Issue(t, s, 1, 49)
	Claimed(t, s, 1, 49)
}
