package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/certwright/certwright/authority"
)

// revoke is the change that revokes certificate n on the nth day.
func revoke(n, reason int) *authority.Change {
	return &authority.Change{SetStatus: &authority.StatusWrite{
		CA: "issuing", Serial: serial(n), From: authority.StatusValid, To: authority.StatusRevoked, Revoked: day(n), Reason: reason, Invalid: day(n - 1),
	}}
}

func testStatuses(t *testing.T, s authority.Store) {
	must(t, s, issue(1))
	set := func(from, to authority.Status, reason int) *authority.Change {
		return &authority.Change{SetStatus: &authority.StatusWrite{CA: "issuing", Serial: serial(1), From: from, To: to, Revoked: day(5), Reason: reason}}
	}
	fails(t, s, authority.ErrNotFound, revoke(2, 1))
	fails(t, s, authority.ErrConflict, set("hold", "revoked", 1))
	for _, step := range []struct {
		from, to authority.Status
		reason   int
	}{{"valid", "hold", 6}, {"hold", "valid", 0}, {"valid", "hold", 6}, {"hold", "revoked", 1}} {
		must(t, s, set(step.from, step.to, step.reason))
		got, err := s.Certificate(t.Context(), "issuing", serial(1))
		check(t, err)
		want := aCertificate(1)
		want.Status = step.to
		if step.to != authority.StatusValid {
			want.Revoked, want.Reason = day(5), step.reason
		}
		equal(t, "certificate", got, want)
		fails(t, s, authority.ErrConflict, set(step.from, step.to, step.reason))
	}
}

// testUnconfirmed: no list speaks of a certificate before it is confirmed, nor
// of its confirmation; one that is revoked instead is listed.
func testUnconfirmed(t *testing.T, s authority.Store) {
	for n := 1; n <= 2; n++ {
		c := issue(n)
		c.PutTicket.Ticket.State, c.AddCertificate.Status = authority.StateUnconfirmed, authority.StatusUnconfirmed
		must(t, s, c)
	}
	all := authority.RevocationQuery{Shard: -1, Delta: true}
	if got := listed(t, s, all); got != "[]" {
		t.Errorf("unconfirmed certificates are listed: %s", got)
	}
	set := func(n int, to authority.Status) *authority.Change {
		ticket := issuedTicket(n)
		return &authority.Change{PutTicket: &authority.TicketWrite{Ticket: ticket, From: authority.StateUnconfirmed},
			SetStatus: &authority.StatusWrite{CA: "issuing", Serial: serial(n), From: authority.StatusUnconfirmed, To: to, Revoked: day(5)}}
	}
	if last, err := s.LastChange(t.Context(), "issuing"); err != nil || last != 0 {
		t.Errorf("nothing changed, and the last change is %d, %v", last, err)
	}
	must(t, s, set(1, authority.StatusValid))
	if got := listed(t, s, all); got != "[]" {
		t.Errorf("a confirmed certificate is listed: %s", got)
	}
	fails(t, s, authority.ErrConflict, set(1, authority.StatusRevoked))
	must(t, s, set(2, authority.StatusRevoked))
	if got := listed(t, s, all); got != "[2]" {
		t.Errorf("listed are %s, want [2]", got)
	}
	for r := range s.Revocations(t.Context(), all) {
		if last, err := s.LastChange(t.Context(), "issuing"); err != nil || last != r.Change || last == 0 {
			t.Errorf("the last change is %d, %v, and not %d", last, err, r.Change)
		}
	}
	if last, err := s.LastChange(t.Context(), "other"); err != nil || last != 0 {
		t.Errorf("of another authority the last change is %d, %v", last, err)
	}
	got, err := s.Certificate(t.Context(), "issuing", serial(1))
	check(t, err)
	equal(t, "confirmed certificate", got, aCertificate(1))
	if n := len(collect(t, s.Certificates(t.Context(), authority.Query{Status: authority.StatusUnconfirmed}))); n != 0 {
		t.Errorf("%d certificates are unconfirmed still", n)
	}
}

func listed(t *testing.T, s authority.Store, q authority.RevocationQuery) string {
	t.Helper()
	q.CA = "issuing"
	got := []int{}
	var before []byte
	for _, r := range collect(t, s.Revocations(t.Context(), q)) {
		if bytes.Compare(before, r.Serial) >= 0 {
			t.Fatalf("%x comes after %x", r.Serial, before)
		}
		before = r.Serial
		n := int(r.Serial[14])<<8 | int(r.Serial[15])
		if r.Reason == 8 {
			n = -n
		}
		got = append(got, n)
	}
	slices.Sort(got)
	return fmt.Sprint(got)
}

func testRevocations(t *testing.T, s authority.Store) {
	stock(t, s)
	must(t, s, revoke(1, 1), revoke(2, 4), revoke(3, 0), revoke(4, 5))
	must(t, s, &authority.Change{SetStatus: &authority.StatusWrite{CA: "other", Serial: serial(12), From: "valid", To: "revoked", Revoked: day(9)}})
	must(t, s, &authority.Change{SetStatus: &authority.StatusWrite{CA: "issuing", Serial: serial(6), From: "valid", To: "hold", Revoked: day(9), Reason: 6}})
	for _, q := range []struct {
		query authority.RevocationQuery
		want  string
	}{
		{authority.RevocationQuery{Shard: -1}, "[1 2 3 4 5 6]"},
		{authority.RevocationQuery{Shard: 0}, "[3 6]"},
		{authority.RevocationQuery{Shard: 1}, "[1 4]"},
		{authority.RevocationQuery{Shard: 7}, "[]"},
		{authority.RevocationQuery{Shard: -1, NotExpired: day(103), Changed: 1000}, "[3 4 5 6]"},
		{authority.RevocationQuery{Shard: -1, NotExpired: day(103)}, "[1 2 3 4 5 6]"},
		{authority.RevocationQuery{Shard: 1, NotExpired: day(104), Changed: 1000}, "[4]"},
	} {
		if got := listed(t, s, q.query); got != q.want {
			t.Errorf("%+v: got %s, want %s", q.query, got, q.want)
		}
	}
	for _, r := range collect(t, s.Revocations(t.Context(), authority.RevocationQuery{CA: "issuing", Shard: 2})) {
		if bytes.Equal(r.Serial, serial(2)) {
			equal(t, "revocation", r, authority.Revocation{Serial: serial(2), At: day(2), Reason: 4, Invalid: day(1), Change: r.Change})
		}
	}
	for range s.Revocations(t.Context(), authority.RevocationQuery{CA: "issuing", Shard: -1}) {
		break
	}
}

func testDeltaRevocations(t *testing.T, s authority.Store) {
	must(t, s, issue(1), issue(2), issue(3), issue(4))
	mark := func() (highest int64) {
		for _, r := range collect(t, s.Revocations(t.Context(), authority.RevocationQuery{CA: "issuing", Shard: -1, Delta: true})) {
			highest = max(highest, r.Change)
		}
		return highest
	}
	status := func(n int, from, to authority.Status, reason int) {
		t.Helper()
		must(t, s, &authority.Change{SetStatus: &authority.StatusWrite{CA: "issuing", Serial: serial(n), From: from, To: to, Revoked: day(8), Reason: reason}})
	}
	delta := func(since int64, want string) {
		t.Helper()
		if got := listed(t, s, authority.RevocationQuery{Shard: -1, Delta: true, Changed: since}); got != want {
			t.Fatalf("changed after %d: got %s, want %s", since, got, want)
		}
	}
	delta(0, "[]")
	must(t, s, revoke(1, 1))
	status(2, "valid", "hold", 6)
	first := mark()
	delta(0, "[1 2]")
	delta(first, "[]")
	must(t, s, revoke(3, 1))
	status(2, "hold", "valid", 0)
	delta(first, "[-2 3]")
	second := mark()
	status(2, "valid", "hold", 6)
	delta(second, "[2]")
	status(2, "hold", "revoked", 4)
	delta(second, "[2]")
	if got := listed(t, s, authority.RevocationQuery{Shard: -1}); got != "[1 2 3]" {
		t.Fatalf("the full list has %s", got)
	}
}

func aCRL(kind authority.CRLKind, shard int, number int64) *authority.CRL {
	return &authority.CRL{CA: "issuing", Kind: kind, Shard: shard, Number: number, Base: number - 1, Mark: 10 * number, Entries: 3,
		ThisUpdate: day(int(number)), NextUpdate: day(int(number) + 7), DER: []byte(fmt.Sprint("list ", number))}
}

func testCRLs(t *testing.T, s authority.Store) {
	if _, err := s.LatestCRL(t.Context(), "issuing", authority.FullCRL, 0); !errors.Is(err, authority.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	if _, err := s.NewestCRL(t.Context(), "issuing", authority.FullCRL, 0); !errors.Is(err, authority.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	add := func(c *authority.CRL) { t.Helper(); must(t, s, &authority.Change{AddCRL: c}) }
	add(aCRL(authority.FullCRL, 0, 1))
	add(aCRL(authority.FullCRL, 1, 2))
	add(aCRL(authority.DeltaCRL, 0, 3))
	add(aCRL(authority.FullCRL, 0, 5))
	for _, taken := range []int64{1, 4, 5} {
		fails(t, s, authority.ErrConflict, &authority.Change{AddCRL: aCRL(authority.FullCRL, 2, taken)})
	}
	other := aCRL(authority.FullCRL, 0, 1)
	other.CA = "other"
	add(other)
	for _, want := range []*authority.CRL{aCRL(authority.FullCRL, 0, 5), aCRL(authority.FullCRL, 1, 2), aCRL(authority.DeltaCRL, 0, 3)} {
		got, err := s.LatestCRL(t.Context(), "issuing", want.Kind, want.Shard)
		check(t, err)
		equal(t, "latest list", got, want)
		want.DER = nil
		bare, err := s.NewestCRL(t.Context(), "issuing", want.Kind, want.Shard)
		check(t, err)
		equal(t, "newest list", bare, want)
	}
	large := aCRL(authority.FullCRL, 1, 6)
	large.DER = bytes.Repeat([]byte("0123456789"), 300_000)
	add(large)
	got, err := s.LatestCRL(t.Context(), "issuing", authority.FullCRL, 1)
	check(t, err)
	if !bytes.Equal(got.DER, large.DER) {
		t.Fatalf("a list of %d octets came back as %d", len(large.DER), len(got.DER))
	}
	var list []int64
	for _, c := range collect(t, s.CRLs(t.Context(), "issuing")) {
		if c.DER != nil {
			t.Fatal("a list of lists comes with DER")
		}
		list = append(list, c.Number)
	}
	if fmt.Sprint(list) != "[1 2 3 5 6]" {
		t.Fatalf("lists %v", list)
	}
}

func testRetention(t *testing.T, s authority.Store) {
	stock(t, s)
	must(t, s, revoke(1, 1), revoke(2, 1), revoke(6, 1))
	for n, state := range map[int]authority.State{21: authority.StateRefused, 22: authority.StateWithdrawn, 23: authority.StateHeld, 24: authority.StateRefused} {
		ticket := aTicket(n)
		ticket.State, ticket.Decided, ticket.IdempotencyKey = state, day(n), fmt.Sprint("key ", n)
		must(t, s, &authority.Change{PutTicket: &authority.TicketWrite{Ticket: ticket}})
	}
	for n := range int64(4) {
		must(t, s, &authority.Change{AddCRL: aCRL(authority.FullCRL, int(n%2), n+1)})
	}
	must(t, s, &authority.Change{Delete: &authority.Retention{}})
	must(t, s, &authority.Change{Delete: &authority.Retention{CA: "other", CertificatesExpiredBefore: day(105), TicketsClosedBefore: day(24)}})
	if n := len(collect(t, s.Certificates(t.Context(), authority.Query{}))); n != 9 {
		t.Fatalf("%d certificates after a retention of nothing", n)
	}
	must(t, s, &authority.Change{Delete: &authority.Retention{CertificatesExpiredBefore: day(103), Limit: 1}})
	if got := numbers(t, collect(t, s.Certificates(t.Context(), authority.Query{Limit: 2}))); got != "[2 3]" {
		t.Fatalf("after removing one: %s", got)
	}
	_, before, err := s.Head(t.Context())
	check(t, err)
	must(t, s, &authority.Change{Delete: &authority.Retention{
		CA: "issuing", CertificatesExpiredBefore: day(103), TicketsClosedBefore: day(24), CRLsReplacedBefore: day(60)}})
	_, after, err := s.Head(t.Context())
	check(t, err)
	equal(t, "head of the audit chain", after, before)
	if got := numbers(t, collect(t, s.Certificates(t.Context(), authority.Query{Name: "ip:2001:db8::1"}))); got != "[3 4 5 6]" {
		t.Errorf("certificates %s", got)
	}
	if got := listed(t, s, authority.RevocationQuery{Shard: -1}); got != "[5 6]" {
		t.Errorf("revocations %s", got)
	}
	if n := len(collect(t, s.Tickets(t.Context(), authority.TicketQuery{}))); n != 6 {
		t.Errorf("%d tickets", n)
	}
	for n, kept := range map[int]bool{21: false, 22: false, 23: true, 24: true} {
		if _, err := s.TicketByKey(t.Context(), fmt.Sprint("key ", n)); (err == nil) != kept {
			t.Errorf("ticket %d: %v", n, err)
		}
	}
	if n := len(collect(t, s.CRLs(t.Context(), "issuing"))); n != 2 {
		t.Errorf("%d lists, want the newest of each shard", n)
	}
	must(t, s, issue(1))
	if _, err := s.Certificate(t.Context(), "issuing", serial(1)); err != nil {
		t.Error(err)
	}
}
