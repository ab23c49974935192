package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crl"
)

func testUsedKeys(t *testing.T, s authority.Store) {
	const used = 300
	var changes []*authority.Change
	want := map[string]bool{}
	for n := range used {
		ticket := aTicket(n + 1)
		ticket.IdempotencyKey = fmt.Sprint("key ", n)
		want[ticket.IdempotencyKey] = true
		changes = append(changes, &authority.Change{PutTicket: &authority.TicketWrite{Ticket: ticket}})
	}
	must(t, s, changes...)
	var keys []string
	for n := range 2 * used {
		keys = append(keys, fmt.Sprint("key ", n))
	}
	got, err := s.UsedKeys(t.Context(), keys)
	check(t, err)
	equal(t, "used keys", got, want)
	got, err = s.UsedKeys(t.Context(), nil)
	check(t, err)
	equal(t, "no keys", got, map[string]bool{})
}

// sameKey is the change that issues certificate n for the key of another.
func sameKey(n, other int, guard authority.KeyGuard) *authority.Change {
	c := issue(n)
	c.AddCertificate.KeyFingerprint = aCertificate(other).KeyFingerprint
	c.KeyGuard = guard
	return c
}

func testKeyGuards(t *testing.T, s authority.Store) {
	must(t, s, sameKey(1, 1, authority.KeyUncertified))
	must(t, s, sameKey(2, 1, authority.KeyNotExposed))
	fails(t, s, authority.ErrKey, sameKey(3, 1, authority.KeyUncertified))
	revoke := func(n int, reason crl.Reason) {
		must(t, s, &authority.Change{SetStatus: &authority.StatusWrite{
			CA: "issuing", Serial: serial(n), From: authority.StatusValid, To: authority.StatusRevoked, Revoked: day(5), Reason: int(reason),
		}})
	}
	revoke(2, crl.Superseded)
	must(t, s, sameKey(4, 1, authority.KeyNotExposed))
	revoke(1, crl.KeyCompromise)
	fails(t, s, authority.ErrKey, sameKey(5, 1, authority.KeyNotExposed))
	must(t, s, sameKey(6, 1, authority.AnyKey))

	// Among changes that travel together each is held against those before it,
	// and one that fails does so alone.
	errs, err := s.Commit(t.Context(), sameKey(7, 7, authority.KeyUncertified), sameKey(8, 7, authority.KeyUncertified), sameKey(9, 1, authority.KeyNotExposed), sameKey(10, 10, authority.KeyNotExposed))
	check(t, err)
	for i, want := range []error{nil, authority.ErrKey, authority.ErrKey, nil} {
		if !errors.Is(errs[i], want) || want == nil && errs[i] != nil {
			t.Errorf("change %d: got %v, want %v", i, errs[i], want)
		}
	}
	for n, want := range map[int]bool{7: true, 8: false, 9: false, 10: true} {
		if _, err := s.Certificate(t.Context(), "issuing", serial(n)); (err == nil) != want {
			t.Errorf("certificate %d is there: %v, want %v", n, err == nil, want)
		}
	}
}
