package acmesrv

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/protocol/acme"
)

// TestIdentitiesSetLater has CAA looked at of names that were proven before it
// was, or under other names of this authority.
func TestIdentitiesSetLater(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	o, _, err := c.Order(t.Context(), names("late.test"))
	check(t, err)
	w.set("CAA", "late.test", `0 issue "one.test"`)
	w.fulfil(t, c, o, acme.HTTP01)
	under := func(identities ...string) error {
		server, _ := w.serve(t, func(c *Config) { c.BaseURL, c.Checks.CAAIdentities = w.url, identities })
		now := &acme.Client{DirectoryURL: c.DirectoryURL, Private: c.Private, AccountURL: c.AccountURL, HTTP: &http.Client{Transport: &from{server, "192.0.2.1:1"}}}
		o, _, err := now.Order(t.Context(), names("late.test"))
		check(t, err)
		w.fulfil(t, now, o, acme.HTTP01)
		if o.Status != acme.StatusReady {
			t.Fatalf("the order is %s", o.Status)
		}
		_, err = now.Finalize(t.Context(), o, csr(t, newKey(t), "late.test"))
		return err
	}
	is(t, under("two.test"), acme.CAA, 403, "name other authorities than two.test")
	check(t, under("two.test", "one.test"))
	check(t, under())
}

// TestLooksAreGood for their time, where the names are the same.
func TestLooksAreGood(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Checks.CAAIdentities = []string{"one.test", "Two.test"} })
	c := w.registered(t)
	o, _, err := c.Order(t.Context(), names("good.test"))
	check(t, err)
	w.set("CAA", "good.test", `0 issue "two.test"`)
	w.fulfil(t, c, o, acme.HTTP01)
	w.set("CAA", "good.test", `0 issue "other.test"`)
	_, err = c.Finalize(t.Context(), o, csr(t, newKey(t), "good.test"))
	check(t, err)
}

// TestPersistentProofsEnd has an officer decide after the end that a record of
// dns-persist-01 gives itself (draft-ietf-acme-dns-persist-02, Section 4.1).
func TestPersistentProofsEnd(t *testing.T) {
	w := watched(t, func(c *Config) {
		c.Checks.CAAIdentities = []string{"ca.test"}
		c.Orders.Challenges = []string{acme.DNSPersist01}
	})
	c := w.registered(t)
	hold := func(host string, until time.Time) string {
		t.Helper()
		o, url, err := c.Order(t.Context(), names(host))
		check(t, err)
		z, err := c.Authorization(t.Context(), o.Authorizations[0])
		check(t, err)
		w.set("TXT", "_validation-persist."+host, fmt.Sprintf("ca.test; accounturi=%s; persistUntil=%d", acme.HashedAccount(w.url+"/acme/account-hash/", host, thumbprint(t, c), c.AccountURL), until.Unix()))
		_, err = c.Accept(t.Context(), pick(t, z, acme.DNSPersist01).URL)
		check(t, err)
		o, err = c.Finalize(t.Context(), o, csr(t, newKey(t), host))
		check(t, err)
		if o.Status != acme.StatusProcessing {
			t.Fatalf("the order is %s", o.Status)
		}
		return url
	}
	end := w.clock().Add(time.Hour)
	early, late := hold("early.test", end), hold("late.test", end)
	w.later(59 * time.Minute)
	out, err := w.authority.Approve(t.Context(), w.ticketAt(t, early).ID, "olga", "")
	check(t, err)
	if out.Certificate == nil {
		t.Fatalf("%v", out.Refusal)
	}
	w.later(time.Minute)
	out, err = w.authority.Approve(t.Context(), w.ticketAt(t, late).ID, "olga", "")
	check(t, err)
	if out.Certificate != nil || out.Refusal == nil || !strings.Contains(out.Refusal.Detail, "the record that proves late.test was good until "+end.UTC().Truncate(time.Second).Format(time.RFC3339)) {
		t.Fatalf("%+v", out.Refusal)
	}
}
