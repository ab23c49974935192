package acmesrv

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/protocol/acme"
)

const heldRule = `
rules:
  - name: a person looks
    when: "true"
    verdict: hold
    message: every request is looked at
`

// watched is a world in which an officer looks at every request.
func watched(t *testing.T, edit ...func(*Config)) *world {
	t.Helper()
	w := newWorld(t, append(edit, func(c *Config) { c.Orders.DefaultProfile = "watched" })...)
	text, err := os.ReadFile("../../../issuance/profiles/server.yaml")
	check(t, err)
	w.profiles["watched"] = strings.Replace(string(text), "name: server", "name: watched", 1) + heldRule
	return w
}

// held places an order and finalizes it, so that it waits for an officer.
func (w *world) held(t *testing.T, c *acme.Client, list ...string) (*acme.Order, string) {
	t.Helper()
	o, url, err := c.Order(t.Context(), names(list...))
	check(t, err)
	w.fulfil(t, c, o, acme.HTTP01)
	o, err = c.Finalize(t.Context(), o, csr(t, newKey(t), list...))
	check(t, err)
	response, err := c.Post(t.Context(), url, nil, &o)
	check(t, err)
	if o.Status != acme.StatusProcessing || o.Certificate != "" || response.Header.Get("Retry-After") != heldRetry {
		t.Fatalf("%+v, %v", o, response.Header)
	}
	return o, url
}

// ticketAt is the ticket of the order at a URL.
func (w *world) ticketAt(t *testing.T, url string) *authority.Ticket {
	t.Helper()
	found, err := w.store.TicketByKey(t.Context(), "acme-order:"+url[strings.LastIndexByte(url, '/')+1:])
	check(t, err)
	return found
}

// later moves the clock.
func (w *world) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += d
}

// TestHeldOrdersWait has an officer decide.
func TestHeldOrdersWait(t *testing.T) {
	w := watched(t)
	c := w.registered(t)
	_, url := w.held(t, c, "a.test")
	_, err := w.authority.Ask(t.Context(), w.ticketAt(t, url).ID, "olga", "why?")
	check(t, err)
	var o acme.Order
	_, err = c.Post(t.Context(), url, nil, &o)
	check(t, err)
	if o.Status != acme.StatusProcessing {
		t.Fatalf("asked: %+v", o)
	}
	_, err = w.authority.Answer(t.Context(), w.ticketAt(t, url).ID, "", "because")
	check(t, err)
	_, err = w.authority.Approve(t.Context(), w.ticketAt(t, url).ID, "olga", "")
	check(t, err)
	done, err := c.Settled(t.Context(), url, time.Millisecond)
	check(t, err)
	if done.Status != acme.StatusValid {
		t.Fatalf("%+v", done)
	}
	if _, _, err := c.Certificate(t.Context(), done.Certificate); err != nil {
		t.Fatal(err)
	}
	_, url = w.held(t, c, "b.test")
	_, err = w.authority.Refuse(t.Context(), w.ticketAt(t, url).ID, "olga", "not ours")
	check(t, err)
	done, err = c.Settled(t.Context(), url, time.Millisecond)
	check(t, err)
	if done.Status != acme.StatusInvalid || !done.Error.Has(acme.Unauthorized) || !strings.Contains(done.Error.Detail, "an officer refused the request: not ours") {
		t.Fatalf("%+v", done)
	}
}

// TestHeldOrdersAreKept has an officer take their time: the order is there
// until they have decided, and for its days after that.
func TestHeldOrdersAreKept(t *testing.T) {
	w := watched(t)
	c := w.registered(t)
	_, url := w.held(t, c, "a.test")
	const day = 24 * time.Hour
	for range 10 {
		w.later(3 * day)
		check(t, w.orders.Tidy(t.Context()))
	}
	out, err := w.authority.Approve(t.Context(), w.ticketAt(t, url).ID, "olga", "")
	check(t, err)
	if out.Certificate == nil {
		t.Fatalf("%v", out.Refusal)
	}
	w.later(6 * day)
	check(t, w.orders.Tidy(t.Context()))
	var done acme.Order
	_, err = c.Post(t.Context(), url, nil, &done)
	check(t, err)
	if done.Status != acme.StatusValid {
		t.Fatalf("%+v", done)
	}
	if _, _, err := c.Certificate(t.Context(), done.Certificate); err != nil {
		t.Fatal(err)
	}
	w.later(9 * day)
	check(t, w.orders.Tidy(t.Context()))
	_, err = c.Post(t.Context(), url, nil, &done)
	is(t, err, acme.Malformed, 404, "there is no such resource")
}

// TestHeldOrdersEndWithTheRightToThem takes the right to a certificate away
// while an officer has not decided yet.
func TestHeldOrdersEndWithTheRightToThem(t *testing.T) {
	w := watched(t)
	giveUp := func(c *acme.Client, url string) {
		t.Helper()
		_, err := c.Post(t.Context(), url, map[string]string{"status": acme.StatusDeactivated}, nil)
		check(t, err)
	}
	for _, row := range []struct {
		name, why string
		end       func(c *acme.Client, first, o *acme.Order)
	}{
		{"a.test", "the account gave up the authorization of a.test", func(c *acme.Client, _, o *acme.Order) { giveUp(c, o.Authorizations[0]) }},
		{"b.test", "the account gave up the authorization of b.test", func(c *acme.Client, first, _ *acme.Order) { giveUp(c, first.Authorizations[0]) }},
		{"c.test", "the account was deactivated", func(c *acme.Client, _, _ *acme.Order) { giveUp(c, c.AccountURL) }},
		{"d.test", "the account was deactivated", func(c *acme.Client, _, _ *acme.Order) {
			check(t, w.operator().Deactivate(t.Context(), c.AccountURL[strings.LastIndexByte(c.AccountURL, '/')+1:]))
		}},
	} {
		c := w.registered(t)
		first, _ := w.held(t, c, row.name)
		o, url := w.held(t, c, row.name)
		row.end(c, first, o)
		ticket := w.ticketAt(t, url)
		if n := len(ticket.Messages); ticket.State != authority.StateWithdrawn || ticket.Messages[n-1].Text != row.why {
			t.Errorf("%s: the ticket is %s: %+v", row.name, ticket.State, ticket.Messages)
		}
		_, err := w.authority.Approve(t.Context(), ticket.ID, "olga", "")
		if err == nil || !strings.Contains(err.Error(), "is withdrawn already") {
			t.Errorf("%s: approved: %v", row.name, err)
		}
		var done acme.Order
		if row.why == "the account was deactivated" {
			continue
		}
		_, err = c.Post(t.Context(), url, nil, &done)
		check(t, err)
		if done.Status != acme.StatusInvalid || !strings.Contains(done.Error.Detail, "the request was withdrawn: "+row.why) {
			t.Errorf("%s: %+v", row.name, done)
		}
	}
}

// TestExternalAccountsEnd revokes a key while orders of its account wait for a
// proof, for their request, and for an officer.
func TestExternalAccountsEnd(t *testing.T) {
	w := watched(t, func(c *Config) { c.Orders.RequireBinding = true })
	var b acmeorder.Binding
	secret, err := w.operator().NewBinding(t.Context(), &b)
	check(t, err)
	c := w.client(t)
	public, err := acme.NewKey(c.Private.Public())
	check(t, err)
	s, err := acme.Bind(b.KeyID, secret, public, w.url+"/acme/new-account")
	check(t, err)
	_, err = c.Register(t.Context(), acme.NewAccount{ExternalAccountBinding: s})
	check(t, err)
	pending, _, err := c.Order(t.Context(), names("p.test"))
	check(t, err)
	ready, _, err := c.Order(t.Context(), names("r.test"))
	check(t, err)
	w.fulfil(t, c, ready, acme.HTTP01)
	_, url := w.held(t, c, "h.test")

	check(t, w.operator().RevokeBinding(t.Context(), b.KeyID))
	ticket := w.ticketAt(t, url)
	if n := len(ticket.Messages); ticket.State != authority.StateWithdrawn || !strings.Contains(ticket.Messages[n-1].Text, "was revoked") {
		t.Errorf("the ticket is %s: %+v", ticket.State, ticket.Messages)
	}
	_, err = c.Finalize(t.Context(), ready, csr(t, newKey(t), "r.test"))
	is(t, err, acme.Unauthorized, 403, "the external account that this account is bound to was revoked")
	w.fulfil(t, c, pending, acme.HTTP01)
	_, err = c.Finalize(t.Context(), pending, csr(t, newKey(t), "p.test"))
	is(t, err, acme.Unauthorized, 403, "the external account that this account is bound to was revoked")
}

// TestApprovalLooksAgain has CAA records change while an order is held and its
// authorization expires, and then the account end without anybody taking back
// what it has held.
func TestApprovalLooksAgain(t *testing.T) {
	w := watched(t, func(c *Config) { c.Checks.CAAIdentities = []string{"ca.test"} })
	c := w.registered(t)
	_, url := w.held(t, c, "a.test")
	approve := func(url string) *authority.Outcome {
		t.Helper()
		out, err := w.authority.Approve(t.Context(), w.ticketAt(t, url).ID, "olga", "")
		check(t, err)
		return out
	}
	w.set("CAA", "a.test", `0 issue "other.test"`)
	w.later(8 * 24 * time.Hour)
	if out := approve(url); out.Refusal == nil || out.Ticket.State != authority.StateHeld || !strings.Contains(out.Refusal.Detail, "name other authorities than ca.test") {
		t.Fatalf("approved against CAA: %+v, %v", out.Ticket, out.Refusal)
	}
	w.set("CAA", "a.test", `0 issue "ca.test; accounturi=`+c.AccountURL+`"`)
	if out := approve(url); out.Certificate == nil {
		t.Fatalf("%v", out.Refusal)
	}

	_, url = w.held(t, c, "b.test")
	r, err := w.store.Record(t.Context(), "acme-account", c.AccountURL[strings.LastIndexByte(c.AccountURL, '/')+1:])
	check(t, err)
	r.State = acme.StatusRevoked
	check(t, w.store.PutRecords(t.Context(), r))
	if out := approve(url); out.Refusal == nil || !strings.Contains(out.Refusal.Detail, "may not have this certificate any more: the account was deactivated") {
		t.Fatalf("approved for an account that has ended: %+v, %v", out.Ticket, out.Refusal)
	}
}

// TestOrderListsLeaveOutWhatIsInvalid, however it became so (RFC 8555, Section
// 7.1.2.1).
func TestOrderListsLeaveOutWhatIsInvalid(t *testing.T) {
	w := watched(t)
	c := w.registered(t)
	_, refused := w.held(t, c, "refused.test")
	_, err := w.authority.Refuse(t.Context(), w.ticketAt(t, refused).ID, "olga", "no")
	check(t, err)
	_, _, err = c.Order(t.Context(), names("expired.test"))
	check(t, err)
	w.later(9 * time.Hour)
	first, _, err := c.Order(t.Context(), names("given-up.test"))
	check(t, err)
	w.fulfil(t, c, first, acme.HTTP01)
	_, _, err = c.Order(t.Context(), names("given-up.test"))
	check(t, err)
	_, err = c.Post(t.Context(), first.Authorizations[0], map[string]string{"status": acme.StatusDeactivated}, nil)
	check(t, err)
	_, pending, err := c.Order(t.Context(), names("pending.test"))
	check(t, err)
	w.later(time.Second) // those of one millisecond come in any order
	_, held := w.held(t, c, "held.test")
	var list acme.OrderList
	_, err = c.Post(t.Context(), c.AccountURL+"/orders", nil, &list)
	check(t, err)
	if len(list.Orders) != 2 || list.Orders[0] != pending || list.Orders[1] != held {
		t.Errorf("%v, want %s and %s", list.Orders, pending, held)
	}
}
