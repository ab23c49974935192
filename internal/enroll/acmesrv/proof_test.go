package acmesrv

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/acme/autocert"

	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/protocol/acme"
)

var _ autocert.Manager

// pass lets time go by.
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += d
}

// TestProofsAreGoodForOtherOrders of the same account, while they are valid
// (RFC 8555, Section 7.1.3).
func TestProofsAreGoodForOtherOrders(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	first, _, err := c.Order(t.Context(), names("a.test"))
	check(t, err)
	w.fulfil(t, c, first, acme.HTTP01)

	second, url, err := c.Order(t.Context(), names("a.test"))
	check(t, err)
	if second.Status != acme.StatusReady || second.Authorizations[0] != first.Authorizations[0] {
		t.Fatalf("the order is %s, with the authorization %s, and not %s", second.Status, second.Authorizations[0], first.Authorizations[0])
	}
	done, err := c.Finalize(t.Context(), second, csr(t, newKey(t), "a.test"))
	check(t, err)
	if done.Status != acme.StatusValid {
		t.Errorf("%+v", done)
	}
	// The evidence says when and how the name was proven.
	chain, _, err := c.Certificate(t.Context(), done.Certificate)
	check(t, err)
	ticket, err := w.store.Ticket(t.Context(), w.ticketOf(t, leaf(t, chain)))
	check(t, err)
	if want := `"method":"http-01"`; !strings.Contains(string(ticket.Evidence), want) {
		t.Errorf("the evidence is %s", ticket.Evidence)
	}

	// A name that was not proven must be; so must one by a wildcard.
	mixed, _, err := c.Order(t.Context(), names("a.test", "b.test", "*.a.test"))
	check(t, err)
	if mixed.Status != acme.StatusPending || mixed.Authorizations[0] != first.Authorizations[0] || mixed.Authorizations[1] == first.Authorizations[0] || mixed.Authorizations[2] == first.Authorizations[0] {
		t.Errorf("%+v", mixed)
	}
	// Another account has proven nothing.
	other := w.registered(t)
	theirs, _, err := other.Order(t.Context(), names("a.test"))
	check(t, err)
	if theirs.Status != acme.StatusPending {
		t.Errorf("the order of another account is %s", theirs.Status)
	}
	// What is ready for another order too is in the list of none but its own.
	if o, err := c.Settled(t.Context(), url, time.Millisecond); err != nil || o.Status != acme.StatusValid {
		t.Errorf("%+v, %v", o, err)
	}
}

// TestProofsEnd by time, by their account, and with their challenge.
func TestProofsEnd(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Orders.AuthorizationLifetime = 3 * time.Hour })
	c := w.registered(t)
	prove := func(name string) *acme.Order {
		t.Helper()
		o, _, err := c.Order(t.Context(), names(name))
		check(t, err)
		w.fulfil(t, c, o, acme.HTTP01)
		return o
	}
	status := func(name, want string) (o *acme.Order, url string) {
		t.Helper()
		o, url, err := c.Order(t.Context(), names(name))
		check(t, err)
		if o.Status != want {
			t.Fatalf("the order for %s is %s, and not %s", name, o.Status, want)
		}
		return o, url
	}
	first := prove("a.test")
	w.pass(2 * time.Hour)
	o, _ := status("a.test", acme.StatusReady)
	if end := w.clock().Add(time.Hour + time.Minute); o.Expires.After(end) {
		t.Errorf("the order lasts until %s, longer than its authorization", o.Expires)
	}
	w.pass(time.Hour - 4*time.Minute)
	status("a.test", acme.StatusPending) // too little time is left
	prove("a.test")
	status("a.test", acme.StatusReady)

	// Whoever gives up an authorization gives it up for all orders.
	waiting, url := status("a.test", acme.StatusReady)
	_, err := c.Post(t.Context(), waiting.Authorizations[0], acme.AccountUpdate{Status: acme.StatusDeactivated}, nil)
	check(t, err)
	status("a.test", acme.StatusPending)
	_, err = c.Finalize(t.Context(), waiting, csr(t, newKey(t), "a.test"))
	is(t, err, acme.OrderNotReady, 403, "the order is invalid; place another")
	if o, err := c.Settled(t.Context(), url, time.Millisecond); err != nil || o.Status != acme.StatusInvalid {
		t.Errorf("%+v, %v", o, err)
	}
	if first.Authorizations[0] == waiting.Authorizations[0] {
		t.Error("an authorization that had ended was taken over")
	}

	// A challenge that is offered no more proves nothing any more.
	prove("b.test")
	_, strict := w.serve(t, func(c *Config) { c.Orders.Challenges = []string{acme.DNS01} })
	there := &acme.Client{DirectoryURL: strict + "/acme/directory", Private: c.Private}
	_, err = there.Register(t.Context(), acme.NewAccount{OnlyReturnExisting: true})
	check(t, err)
	if o, _, err := there.Order(t.Context(), names("b.test")); err != nil || o.Status != acme.StatusPending {
		t.Errorf("%+v, %v", o, err)
	}
}

// TestEachOrderIsProven where the operator wants that.
func TestEachOrderIsProven(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Orders.ProveEachOrder = true })
	c := w.registered(t)
	for range 2 {
		o, _, err := c.Order(t.Context(), names("a.test"))
		check(t, err)
		if o.Status != acme.StatusPending {
			t.Fatalf("the order is %s", o.Status)
		}
		w.fulfil(t, c, o, acme.HTTP01)
	}
	d, err := c.Directory(t.Context())
	check(t, err)
	if d.NewAuthz != "" {
		t.Error("authorizations ahead of orders are offered, and good for none")
	}
	_, err = c.Post(t.Context(), w.url+"/acme/new-authz", acme.NewAuthorization{Identifier: acme.Identifier{Type: acme.DNS, Value: "a.test"}}, nil)
	is(t, err, acme.Malformed, 404, "there is no such resource")
}

// TestAuthorizationsAheadOfOrders are made, proven, and taken over (RFC 8555,
// Section 7.4.1).
func TestAuthorizationsAheadOfOrders(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Orders.OrdersPerAccount = acmeorder.Limit{Count: 3, Per: time.Hour} })
	c := w.registered(t)
	d, err := c.Directory(t.Context())
	check(t, err)
	ahead := func(kind, value string) (*acme.Authorization, string, error) {
		var z acme.Authorization
		answer, err := c.Post(t.Context(), d.NewAuthz, acme.NewAuthorization{Identifier: acme.Identifier{Type: kind, Value: value}}, &z)
		if err != nil {
			return nil, "", err
		}
		return &z, answer.Header.Get("Location"), nil
	}
	z, url, err := ahead(acme.DNS, "A.test")
	check(t, err)
	if z.Status != acme.StatusPending || z.Identifier.Value != "a.test" || len(z.Challenges) != 4 {
		t.Fatalf("%+v", z)
	}
	w.prepare(t, c, z, pick(t, z, acme.DNS01))
	_, err = c.Accept(t.Context(), pick(t, z, acme.DNS01).URL)
	check(t, err)
	if got := w.settled(t, c, url); got.Status != acme.StatusValid {
		t.Fatalf("%+v", got)
	}
	o, _, err := c.Order(t.Context(), names("a.test"))
	check(t, err)
	if o.Status != acme.StatusReady || o.Authorizations[0] != url {
		t.Errorf("%+v, and the authorization is %s", o, url)
	}
	// It is no order.
	id := url[len(w.url+"/acme/authz/") : len(url)-len("/0")]
	for _, path := range []string{"/acme/order/" + id, "/acme/cert/" + id} {
		_, err := c.Post(t.Context(), w.url+path, nil, nil)
		is(t, err, acme.Malformed, 404, "")
	}
	_, err = c.Post(t.Context(), w.url+"/acme/order/"+id+"/finalize", acme.Finalize{CSR: "AAAA"}, nil)
	is(t, err, acme.Malformed, 404, "")
	var list acme.OrderList
	_, err = c.Post(t.Context(), c.AccountURL+"/orders", nil, &list)
	check(t, err)
	if len(list.Orders) != 1 {
		t.Errorf("the orders are %q", list.Orders)
	}
	// What cannot be, and the limits of orders.
	_, _, err = ahead(acme.DNS, "*.a.test")
	is(t, err, acme.Malformed, 400, "a wildcard cannot be authorized ahead; place an order for it")
	_, _, err = ahead(acme.DNS, "a_b")
	is(t, err, acme.RejectedIdentifier, 400, "a label of the domain name")
	_, _, err = ahead(acme.IP, "127.0.0.1")
	check(t, err)
	_, _, err = ahead(acme.DNS, "b.test")
	is(t, err, acme.RateLimited, 429, "too many orders were placed by this account")
}

// TestCAAIsLookedAtAgain where a proof is older than such a look is good.
func TestCAAIsLookedAtAgain(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Checks.CAAIdentities = []string{"ca.test"} })
	c := w.registered(t)
	o, _, err := c.Order(t.Context(), names("a.test"))
	check(t, err)
	w.fulfil(t, c, o, acme.HTTP01)
	w.set("CAA", "a.test", `0 issue "other.test"`)
	order := func() error {
		o, _, err := c.Order(t.Context(), names("a.test"))
		check(t, err)
		_, err = c.Finalize(t.Context(), o, csr(t, newKey(t), "a.test"))
		return err
	}
	check(t, order())
	w.pass(9 * time.Hour)
	is(t, order(), acme.CAA, 403, "name other authorities than ca.test")
	w.set("CAA", "a.test", `0 issue "ca.test; validationmethods=http-01"`)
	check(t, order())
	w.set("CAA", "a.test", "SERVFAIL")
	is(t, order(), acme.CAA, 403, "without an answer nothing is issued")
}
