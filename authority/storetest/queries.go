package storetest

import (
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
)

func numbers(t *testing.T, list []*authority.Certificate) string {
	t.Helper()
	got := []int{}
	for _, c := range list {
		var n int
		_, err := fmt.Sscanf(string(c.DER), "certificate %d", &n)
		check(t, err)
		got = append(got, n)
	}
	return fmt.Sprint(got)
}

// stock commits certificates 1 to 6, each different in its own way.
func stock(t *testing.T, s authority.Store) {
	t.Helper()
	must(t, s, issue(1), issue(2), issue(3), issue(4), issue(5), issue(6))
	for n := 11; n <= 13; n++ {
		c := aCertificate(n)
		switch n {
		case 11:
			c.Names = []string{"dns:*.wild.example.org", "email:Anna@Example.org", "uri:https://a.example/100%_\\x"}
			c.Profile, c.Requester, c.Ticket = "client", "", ""
		case 12:
			c.Names, c.CA, c.KeyFingerprint = nil, "other", sum("key 2")
			c.Subject = "CN=ΣΊΣΥΦΟΣ,O=a_b%c"
		case 13:
			c.Requester, c.NotAfter, c.Issued = "bert", day(400), day(50)
			c.Names = []string{"dns:xa.b.c.example.net"}
		}
		must(t, s, &authority.Change{AddCertificate: c})
	}
	must(t, s, &authority.Change{SetStatus: &authority.StatusWrite{CA: "issuing", Serial: serial(5), From: "valid", To: "revoked", Revoked: day(60), Reason: 1}})
}

func testCertificateQueries(t *testing.T, s authority.Store) {
	stock(t, s)
	const all = "[1 2 3 4 5 6 11 12 13]"
	for _, q := range []struct {
		query authority.Query
		want  string
	}{
		{authority.Query{}, all},
		{authority.Query{Limit: 3}, "[1 2 3]"},
		{authority.Query{CA: "other"}, "[12]"},
		{authority.Query{Serial: serial(3)}, "[3]"},
		{authority.Query{Subject: "host 4"}, "[4]"},
		{authority.Query{Subject: "CAFÉ"}, "[1 2 3 4 5 6 11 13]"},
		{authority.Query{Subject: "σίσυφ"}, "[12]"},
		{authority.Query{Subject: "a_b%c"}, "[12]"},
		{authority.Query{Subject: "a%c"}, "[]"},
		{authority.Query{Subject: "example"}, "[]"},
		{authority.Query{Name: "dns:h2.example.org"}, "[2]"},
		{authority.Query{Name: "H2.EXAMPLE.ORG"}, "[2]"},
		{authority.Query{Name: "email:h2.example.org"}, "[]"},
		{authority.Query{Name: "h2.example"}, "[]"},
		{authority.Query{Name: "*.example.org"}, "[1 2 3 4 5 6 11]"},
		{authority.Query{Name: "h*.example.org"}, "[1 2 3 4 5 6]"},
		{authority.Query{Name: "dns:*example.org"}, "[1 2 3 4 5 6 11]"},
		{authority.Query{Name: "email:*"}, "[11]"},
		{authority.Query{Name: "*b*c*net"}, "[13]"},
		{authority.Query{Name: "*c*b*net"}, "[]"},
		{authority.Query{Name: "*"}, "[1 2 3 4 5 6 11 13]"},
		{authority.Query{Name: "ip:2001:db8::1", Limit: 2}, "[1 2]"},
		{authority.Query{Name: "2001:DB8::1", CA: "issuing", Limit: 1}, "[1]"},
		{authority.Query{Name: "https://a.example/100%_\\x"}, "[11]"},
		{authority.Query{Name: "https://a.example/*_\\x"}, "[11]"},
		{authority.Query{Fingerprint: sum("certificate 6")}, "[6]"},
		{authority.Query{KeyFingerprint: sum("key 2")}, "[2 12]"},
		{authority.Query{KeyFingerprint: sum("key 2"), CA: "issuing"}, "[2]"},
		{authority.Query{Profile: "client"}, "[11]"},
		{authority.Query{Requester: "bert"}, "[13]"},
		{authority.Query{Ticket: aTicket(4).ID}, "[4]"},
		{authority.Query{Ticket: "none"}, "[]"},
		{authority.Query{Status: authority.StatusRevoked}, "[5]"},
		{authority.Query{Status: authority.StatusValid, Limit: 5}, "[1 2 3 4 6]"},
		{authority.Query{ExpiresBefore: day(103)}, "[1 2]"},
		{authority.Query{ExpiresBefore: day(103).Add(time.Microsecond)}, "[1 2 3]"},
		{authority.Query{ExpiresAfter: day(112)}, "[12 13]"},
		{authority.Query{ExpiresAfter: day(103), ExpiresBefore: day(105)}, "[3 4]"},
		{authority.Query{IssuedAfter: day(13)}, "[13]"},
		{authority.Query{Text: "HOST 1"}, "[1 11 13]"},
		{authority.Query{Text: "wild.Example"}, "[11]"},
		{authority.Query{Text: strings.ToUpper(hex.EncodeToString(serial(4)[2:12]))}, "[4]"},
		{authority.Query{Text: fmt.Sprintf("%x:%x:%x", serial(4)[2:3], serial(4)[3:4], serial(4)[4:12])}, "[4]"},
		{authority.Query{Text: "nothing like it"}, "[]"},
		{authority.Query{After: &authority.Place{CA: "issuing", Serial: serial(5)}}, "[6 11 12 13]"},
		{authority.Query{After: &authority.Place{CA: "issuing", Serial: serial(2)}, Status: authority.StatusValid, Limit: 3}, "[3 4 6]"},
		{authority.Query{After: &authority.Place{CA: "issuing", Serial: serial(13)}}, "[]"},
	} {
		if got := numbers(t, collect(t, s.Certificates(t.Context(), q.query))); got != q.want {
			t.Errorf("%+v: got %s, want %s", q.query, got, q.want)
		}
	}
}

// testPages goes through lists page by page while they grow.
func testPages(t *testing.T, s authority.Store) {
	var pages []string
	q := authority.Query{Limit: 2}
	tickets := authority.TicketQuery{Limit: 2}
	for n := 1; ; n++ {
		must(t, s, issue(2*n-1), issue(2*n))
		page := collect(t, s.Certificates(t.Context(), q))
		byTicket := collect(t, s.Tickets(t.Context(), tickets))
		if len(page) != 2 || len(byTicket) != 2 || page[1].Ticket != byTicket[1].ID {
			t.Fatalf("page %d: %d certificates, %d tickets", n, len(page), len(byTicket))
		}
		pages = append(pages, numbers(t, page))
		if n == 3 {
			break
		}
		q.After, tickets.After = &authority.Place{CA: page[1].CA, Serial: page[1].Serial}, byTicket[1].ID
	}
	equal(t, "pages", fmt.Sprint(pages), "[[1 2] [3 4] [5 6]]")
	unknown := authority.Query{After: &authority.Place{CA: "issuing", Serial: serial(99)}}
	for what, err := range map[string]error{
		"certificate": firstError(s.Certificates(t.Context(), unknown)),
		"ticket":      firstError(s.Tickets(t.Context(), authority.TicketQuery{After: "none"})),
	} {
		if !errors.Is(err, authority.ErrNotFound) {
			t.Errorf("after an unknown %s: %v", what, err)
		}
	}
}

func firstError[T any](records iter.Seq2[T, error]) error {
	for _, err := range records {
		return err
	}
	return nil
}

func testOrder(t *testing.T, s authority.Store) {
	const count = 700
	var changes []*authority.Change
	for n := range count {
		changes = append(changes, issue(n))
	}
	must(t, s, changes...)
	seen := 0
	for c, err := range s.Certificates(t.Context(), authority.Query{}) {
		check(t, err)
		if want := fmt.Sprint("certificate ", seen); string(c.DER) != want {
			t.Fatalf("got %s, want %s", c.DER, want)
		}
		seen++
	}
	if seen != count {
		t.Fatalf("%d certificates of %d", seen, count)
	}
	for range s.Certificates(t.Context(), authority.Query{}) {
		break
	}
	for range s.Events(t.Context(), 1) {
		break
	}
	for range s.Tickets(t.Context(), authority.TicketQuery{}) {
		break
	}
	if got := len(collect(t, s.Certificates(t.Context(), authority.Query{Limit: 300}))); got != 300 {
		t.Fatalf("%d certificates with a limit of 300", got)
	}
	if got := len(collect(t, s.Events(t.Context(), 101))); got != count-100 {
		t.Fatalf("%d events from 101 on", got)
	}
	if got := len(collect(t, s.Tickets(t.Context(), authority.TicketQuery{State: authority.StateIssued}))); got != count {
		t.Fatalf("%d tickets", got)
	}
}

func testReadWhileWriting(t *testing.T, s authority.Store) {
	must(t, s, issue(1), issue(2), issue(3))
	n := 100
	for c, err := range s.Certificates(t.Context(), authority.Query{Limit: 3}) {
		check(t, err)
		n++
		must(t, s, issue(n))
		again, err := s.Certificate(t.Context(), c.CA, c.Serial)
		check(t, err)
		equal(t, "certificate", again, c)
	}
	for n := range 3 {
		must(t, s, revoke(n+1, 1))
	}
	seen := 0
	for _, err := range s.Revocations(t.Context(), authority.RevocationQuery{CA: "issuing", Shard: -1}) {
		check(t, err)
		seen++
		must(t, s, revoke(100+seen, 1))
	}
	if seen != 3 {
		t.Fatalf("a list of one moment has %d entries, want 3", seen)
	}
}
