package acmesrv

import (
	"crypto"
	"crypto/ecdsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/protocol/acme"
)

func TestAccounts(t *testing.T) {
	w := newWorld(t)
	c := w.client(t)
	_, err := c.Register(t.Context(), acme.NewAccount{OnlyReturnExisting: true})
	is(t, err, acme.AccountDoesNotExist, 400, "there is no account of this key")
	for contact, of := range map[string]acme.ProblemType{
		"tel:+123": acme.UnsupportedContact, "mailto:a@b.test,c@d.test": acme.InvalidContact, "mailto:a@b.test?subject=x": acme.InvalidContact, "mailto:nobody": acme.InvalidContact,
	} {
		_, err := c.Register(t.Context(), acme.NewAccount{Contact: []string{contact}})
		is(t, err, of, 400, "mailto:name@domain")
	}
	made, err := c.Register(t.Context(), acme.NewAccount{Contact: []string{"mailto:a@b.test"}})
	check(t, err)
	url := c.AccountURL
	again, err := c.Register(t.Context(), acme.NewAccount{OnlyReturnExisting: true})
	check(t, err)
	if made.Status != acme.StatusValid || again.Contact[0] != "mailto:a@b.test" || c.AccountURL != url {
		t.Fatalf("%+v, %+v", made, again)
	}
	var changed acme.Account
	response, err := c.Post(t.Context(), url, acme.AccountUpdate{Contact: &[]string{"mailto:c@d.test"}}, &changed)
	check(t, err)
	if changed.Contact[0] != "mailto:c@d.test" || !strings.Contains(response.Header.Get("Link"), w.url+`/acme/directory>;rel="index"`) {
		t.Fatalf("%+v, %v", changed, response.Header)
	}
	_, err = c.Post(t.Context(), url, acme.AccountUpdate{Status: "revoked"}, nil)
	is(t, err, acme.Malformed, 400, "can only be set to deactivated")
	_, err = c.Post(t.Context(), url, acme.AccountUpdate{Status: acme.StatusDeactivated}, &changed)
	check(t, err)
	if changed.Status != acme.StatusDeactivated {
		t.Fatalf("%+v", changed)
	}
	_, _, err = c.Order(t.Context(), names("a.test"))
	is(t, err, acme.Unauthorized, 401, "the account is deactivated")
	_, err = c.Register(t.Context(), acme.NewAccount{})
	is(t, err, acme.Unauthorized, 401, "the account is deactivated; make another, with another key")
}

func TestTermsOfService(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Orders.TermsOfService = "https://ca.test/terms" })
	c := w.client(t)
	_, err := c.Register(t.Context(), acme.NewAccount{})
	is(t, err, acme.UserActionRequired, 403, "https://ca.test/terms")
	var p *acme.Problem
	if errors.As(err, &p); p.Instance != "https://ca.test/terms" {
		t.Errorf("the instance is %q", p.Instance)
	}
	if got := w.answerOf(t, c, w.url+"/acme/new-account", "{}").Header.Values("Link"); !slices.Contains(got, `<https://ca.test/terms>;rel="terms-of-service"`) {
		t.Errorf("the links are %q", got)
	}
	_, err = c.Register(t.Context(), acme.NewAccount{TermsOfServiceAgreed: true})
	check(t, err)
	if d, err := c.Directory(t.Context()); err != nil || d.Meta.TermsOfService != "https://ca.test/terms" {
		t.Fatalf("%+v, %v", d, err)
	}
}

func TestKeyRollover(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Orders.Challenges = []string{acme.DNS01, acme.DNSPersist01}
		c.Checks.CAAIdentities = []string{"ca.test"}
	})
	c, other := w.registered(t), w.registered(t)
	w.issue(t, c, names("a.test"), acme.DNSPersist01)
	old, to := c.Private, newKey(t)
	is(t, c.RollOver(t.Context(), other.Private), acme.Malformed, 409, "an account has this key already")
	is(t, c.RollOver(t.Context(), old), acme.Malformed, 409, "an account has this key already") // its own
	check(t, c.RollOver(t.Context(), to))
	check(t, c.RollOver(t.Context(), newKey(t)))
	// The standing record was made with the first key, and still counts.
	o, url, err := c.Order(t.Context(), names("a.test"))
	check(t, err)
	z, err := c.Authorization(t.Context(), o.Authorizations[0])
	check(t, err)
	_, err = c.Accept(t.Context(), pick(t, z, acme.DNSPersist01).URL)
	check(t, err)
	if o, err = c.Settled(t.Context(), url, time.Millisecond); err != nil || o.Status != acme.StatusReady {
		t.Fatalf("%+v, %v", o, err)
	}
	w.issue(t, c, names("b.test"), acme.DNS01)
	stale := &acme.Client{DirectoryURL: c.DirectoryURL, Private: old, AccountURL: c.AccountURL}
	_, _, err = stale.Order(t.Context(), names("a.test"))
	is(t, err, acme.Malformed, 400, "the signature does not verify by the key")
}

func TestKeyRolloverForged(t *testing.T) {
	w := newWorld(t)
	c, other := w.registered(t), w.registered(t)
	url := w.url + "/acme/key-change"
	public, err := acme.NewKey(c.Private.Public())
	check(t, err)
	theirs, err := acme.NewKey(other.Private.Public())
	check(t, err)
	change := func(account string, old *acme.Key) string {
		text, err := json.Marshal(acme.KeyChange{Account: account, OldKey: *old})
		check(t, err)
		return string(text)
	}
	right := change(c.AccountURL, public)
	to := newKey(t)
	for _, test := range []struct {
		by      *ecdsa.PrivateKey
		header  acme.Header
		payload string
		detail  string
	}{
		{to, acme.Header{URL: url + "x"}, right, "the inner message must have jwk"},
		{to, acme.Header{URL: url, Nonce: "AAAA"}, right, "the inner message must have jwk"},
		{to, acme.Header{URL: url, KeyID: c.AccountURL}, right, "the inner message must have jwk"},
		{to, acme.Header{URL: url, Key: theirs}, right, "the signature does not verify"},
		{to, acme.Header{URL: url}, change(other.AccountURL, public), "are not those of the account"},
		{to, acme.Header{URL: url}, change(c.AccountURL, theirs), "are not those of the account"},
		{to, acme.Header{URL: url}, "7", "no JSON object with account and oldKey"},
	} {
		inner, err := acme.Sign(test.by, test.header, []byte(test.payload))
		check(t, err)
		_, err = c.Post(t.Context(), url, json.RawMessage(inner), nil)
		is(t, err, acme.Malformed, 400, test.detail)
	}
	_, err = c.Post(t.Context(), url, "nothing", nil)
	is(t, err, acme.Malformed, 400, "no JSON object")
}

func TestExternalAccounts(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Orders.RequireBinding = true })
	url := w.url + "/acme/new-account"
	bound := func(c *acme.Client, by crypto.Signer, id string, secret []byte, url string) error {
		public, err := acme.NewKey(by.Public())
		check(t, err)
		s, err := acme.Bind(id, secret, public, url)
		check(t, err)
		_, err = c.Register(t.Context(), acme.NewAccount{ExternalAccountBinding: s})
		return err
	}
	make := func(b acmeorder.Binding) (string, []byte) {
		secret, err := w.operator().NewBinding(t.Context(), &b)
		check(t, err)
		return b.KeyID, secret
	}
	id, secret := make(acmeorder.Binding{Note: "web team", Names: []string{"*.web.test", "www.test"}})
	c := w.client(t)
	_, err := c.Register(t.Context(), acme.NewAccount{})
	is(t, err, acme.ExternalAccountRequired, 403, "ask the operator")
	is(t, bound(c, c.Private, id, []byte("another secret of enough octets.."), url), acme.Unauthorized, 403, "not by a key that was handed out here")
	is(t, bound(c, c.Private, "nobody", secret, url), acme.Unauthorized, 403, "not by a key that was handed out here")
	is(t, bound(c, newKey(t), id, secret, url), acme.Malformed, 400, "is for another account key")
	is(t, bound(c, c.Private, id, secret, url+"x"), acme.Malformed, 400, "must have the url of newAccount")
	_, err = c.Register(t.Context(), acme.NewAccount{ExternalAccountBinding: &acme.Signed{Protected: "e30", Payload: "e30"}})
	is(t, err, acme.Malformed, 400, "the external account binding cannot be read")
	check(t, bound(c, c.Private, id, secret, url))
	is(t, bound(w.client(t), newKey(t), id, secret, url), acme.Malformed, 400, "")
	second := w.client(t)
	is(t, bound(second, second.Private, id, secret, url), acme.Unauthorized, 403, "was used, has expired or was revoked")

	_, _, err = c.Order(t.Context(), names("a.web.test", "other.test", "web.test"))
	is(t, err, acme.RejectedIdentifier, 400, "2 names are not taken")
	got, _, _ := w.issue(t, c, names("a.web.test", "www.test"), acme.HTTP01)
	record, err := w.store.Ticket(t.Context(), w.ticketOf(t, got))
	check(t, err)
	if !strings.Contains(string(record.Evidence), "external-account "+id) {
		t.Errorf("the evidence is %s", record.Evidence)
	}
	check(t, w.operator().RevokeBinding(t.Context(), id))
	_, _, err = c.Order(t.Context(), names("www.test"))
	is(t, err, acme.Unauthorized, 403, "was revoked")

	many, secret := make(acmeorder.Binding{Many: true, Expires: w.clock().Add(time.Hour)})
	for range 2 {
		one := w.client(t)
		check(t, bound(one, one.Private, many, secret, url))
	}
	w.mu.Lock()
	w.ahead = 2 * time.Hour
	w.mu.Unlock()
	late := w.client(t)
	is(t, bound(late, late.Private, many, secret, url), acme.Unauthorized, 403, "has expired")
	list, err := w.operator().Bindings(t.Context(), "", 0)
	check(t, err)
	if len(list) != 2 || list[0].State != acmeorder.BindingRevoked || list[0].Note != "web team" || list[1].State != acmeorder.BindingBound {
		t.Errorf("%+v", list)
	}
	if d, err := c.Directory(t.Context()); err != nil || !d.Meta.ExternalAccountRequired {
		t.Errorf("%+v, %v", d, err)
	}
}

func (w *world) operator() *acmeorder.Operator {
	return &acmeorder.Operator{Authority: w.authority, Store: w.store, Secrets: w.vault(), By: "olga", Now: w.clock}
}

func (w *world) vault() *secret.Vault {
	return secret.New(secret.Config{Store: w.store, Keys: w.keys, Now: w.clock})
}

// TestKeysOfExternalAccountsAreEncrypted is of keys that are made now, and of
// those that older versions have recorded as they are.
func TestKeysOfExternalAccountsAreEncrypted(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	var made acmeorder.Binding
	key, err := w.operator().NewBinding(ctx, &made)
	check(t, err)
	old := []byte("a key of thirty-two octets, plain")
	body := func(id string) string {
		t.Helper()
		r, err := w.store.Record(ctx, "acme-eab", id)
		check(t, err)
		return string(r.Body)
	}
	hidden := func(id string, key []byte) {
		t.Helper()
		if text := body(id); strings.Contains(text, base64.StdEncoding.EncodeToString(key)) || !strings.Contains(text, `"sealed":"`) || strings.Contains(text, `"secret"`) {
			t.Errorf("the record of %s is %s", id, text)
		}
	}
	hidden(made.KeyID, key)
	for _, id := range []string{"used", "waiting"} {
		check(t, w.store.PutRecords(ctx, &authority.Record{Kind: "acme-eab", ID: id, State: acmeorder.BindingFree,
			Body: []byte(`{"secret":"` + base64.StdEncoding.EncodeToString(old) + `","note":"old"}`)}))
	}
	register := func(id string, key []byte) error {
		c := w.client(t)
		public, err := acme.NewKey(c.Private.Public())
		check(t, err)
		s, err := acme.Bind(id, key, public, w.url+"/acme/new-account")
		check(t, err)
		_, err = c.Register(ctx, acme.NewAccount{ExternalAccountBinding: s})
		return err
	}
	check(t, register("used", old))
	hidden("used", old)
	check(t, acmeorder.SealBindings(ctx, w.store, w.vault())) // as a server does when it starts
	hidden("waiting", old)
	is(t, register("waiting", key), acme.Unauthorized, 403, "not by a key that was handed out here")
	check(t, register("waiting", old))
	check(t, register(made.KeyID, key))

	// A sealed key is good under its own name only.
	other, err := w.store.Record(ctx, "acme-eab", "used")
	check(t, err)
	check(t, w.store.PutRecords(ctx, &authority.Record{Kind: "acme-eab", ID: "copied", State: acmeorder.BindingFree, Body: other.Body}))
	is(t, register("copied", old), acme.ServerInternal, 500, "")
}

func TestOperatorEndsAccount(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	list, err := w.operator().Accounts(t.Context(), "", 0)
	check(t, err)
	if len(list) != 1 || list[0].Status != acme.StatusValid {
		t.Fatalf("%+v", list)
	}
	check(t, w.operator().Deactivate(t.Context(), list[0].ID))
	_, _, err = c.Order(t.Context(), names("a.test"))
	is(t, err, acme.Unauthorized, 401, "the account is revoked")
	if err := w.operator().Deactivate(t.Context(), "x"); !errors.Is(err, authority.ErrNotFound) {
		t.Error(err)
	}
}

func TestRateLimits(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Orders.AccountsPerAddress = acmeorder.Limit{Count: 2, Per: time.Hour}
		c.Orders.OrdersPerAccount = acmeorder.Limit{Count: 3, Per: time.Hour}
	})
	c := w.registered(t)
	w.registered(t)
	_, err := w.client(t).Register(t.Context(), acme.NewAccount{})
	is(t, err, acme.RateLimited, 429, "too many accounts were made from 127.0.0.1: 2 in 1h0m0s are let through; try again after ")
	for _, name := range []string{"a.test", "a.test", "b.test"} {
		_, _, err := c.Order(t.Context(), names(name))
		check(t, err)
	}
	d, err := c.Directory(t.Context())
	check(t, err)
	response, err := c.Post(t.Context(), d.NewOrder, names("c.test"), nil)
	is(t, err, acme.RateLimited, 429, "orders were placed by this account")
	if after, err := strconv.Atoi(response.Header.Get("Retry-After")); err != nil || after < 600 || after > 1200 {
		t.Errorf("Retry-After is %d, %v", after, err)
	}
	w.mu.Lock()
	w.ahead = 21 * time.Minute
	w.mu.Unlock()
	_, _, err = c.Order(t.Context(), names("c.test"))
	check(t, err)
}

// TestNamesAreLimitedByProof has a stranger order a name of somebody else, who
// alone can use its limit up.
func TestNamesAreLimitedByProof(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Orders.OrdersPerName = acmeorder.Limit{Count: 2, Per: 24 * time.Hour} })
	stranger, owner := w.registered(t), w.registered(t)
	for range 5 {
		_, _, err := stranger.Order(t.Context(), names("a.test"))
		check(t, err)
	}
	extra, url, err := owner.Order(t.Context(), names("a.test"))
	check(t, err)
	w.issue(t, owner, names("a.test"), acme.HTTP01)
	w.issue(t, w.registered(t), names("a.test"), acme.HTTP01) // of whatever account
	limited := func(err error) {
		t.Helper()
		is(t, err, acme.RateLimited, 429, "too many orders for a.test were finalized: 2 in 24h0m0s are let through; try again after ")
		var p *acme.Problem
		if errors.As(err, &p); p.Identifier != nil || len(p.Subproblems) != 1 || p.Subproblems[0].Identifier == nil || p.Subproblems[0].Identifier.Value != "a.test" {
			t.Errorf("%+v", p)
		}
	}
	_, _, err = owner.Order(t.Context(), names("b.test", "a.test"))
	limited(err)
	d, err := owner.Directory(t.Context())
	check(t, err)
	response, err := owner.Post(t.Context(), d.NewOrder, names("a.test"), nil)
	limited(err)
	if after, err := strconv.Atoi(response.Header.Get("Retry-After")); err != nil || after < 42000 || after > 43200 {
		t.Errorf("Retry-After is %d, %v", after, err)
	}

	// One that was placed before waits.
	w.fulfil(t, owner, extra, acme.HTTP01)
	_, err = owner.Finalize(t.Context(), extra, csr(t, newKey(t), "a.test"))
	limited(err)
	if o, err := owner.Settled(t.Context(), url, time.Millisecond); err != nil || o.Status != acme.StatusReady {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestOrderList(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	var want []string
	for range 3 {
		_, url, err := c.Order(t.Context(), names("a.test"))
		check(t, err)
		want = append(want, url)
	}
	w.refusal(t, c, "refused.test", acme.DNS01)
	var a acme.Account
	_, err := c.Post(t.Context(), c.AccountURL, nil, &a)
	check(t, err)
	var list acme.OrderList
	_, err = c.Post(t.Context(), a.Orders, nil, &list)
	check(t, err)
	slices.Sort(want)
	if !slices.Equal(list.Orders, want) {
		t.Errorf("%v, want %v", list.Orders, want)
	}
	var rest acme.OrderList
	_, err = c.Post(t.Context(), a.Orders+"?after="+want[1][strings.LastIndexByte(want[1], '/')+1:], nil, &rest)
	check(t, err)
	if len(rest.Orders) != 1 {
		t.Errorf("%v", rest)
	}
}

func TestIdentifiers(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	for value, detail := range map[string]string{
		"a.test.": "ends with a dot", "a..test": "a label of the domain name", "-a.test": "a label", "a_b.test": "a label", "*.*.test": "a wildcard can only", "a.*.test": "a wildcard can only",
		"münchen.test": "a label", "xn--a.test": "a label that begins with xn--", "a.1": "is not a number", "*.": "1 to 253", strings.Repeat("a", 64) + ".test": "a label", "a b.test": "a label", "a/b": "a label",
		"192.0.2.1": "order it as an identifier of the type ip", "*.192.0.2.1": "type ip",
	} {
		_, _, err := c.Order(t.Context(), acme.NewOrder{Identifiers: []acme.Identifier{{Type: acme.DNS, Value: value}}})
		is(t, err, acme.RejectedIdentifier, 400, detail)
	}
	for _, value := range []string{"192.000.2.1", "2001:DB8::1", "::ffff:192.0.2.1", "fe80::1%eth0", "x"} {
		_, _, err := c.Order(t.Context(), acme.NewOrder{Identifiers: []acme.Identifier{{Type: acme.IP, Value: value}}})
		is(t, err, acme.Malformed, 400, "no IP address in its usual form")
	}
	_, _, err := c.Order(t.Context(), acme.NewOrder{Identifiers: []acme.Identifier{{Type: acme.IP, Value: "224.0.0.1"}}})
	is(t, err, acme.RejectedIdentifier, 400, "not one that a host can have")
	_, _, err = c.Order(t.Context(), acme.NewOrder{Identifiers: []acme.Identifier{{Type: "email", Value: "a@b.test"}}})
	is(t, err, acme.UnsupportedIdentifier, 400, "dns or ip")
	_, _, err = c.Order(t.Context(), acme.NewOrder{})
	is(t, err, acme.Malformed, 400, "no identifiers")
	_, _, err = c.Order(t.Context(), names(make([]string, 101)...))
	is(t, err, acme.Malformed, 400, "101 identifiers")
	past := time.Now().Add(-time.Hour)
	_, _, err = c.Order(t.Context(), acme.NewOrder{Identifiers: names("a.test").Identifiers, NotAfter: &past})
	is(t, err, acme.Malformed, 400, "is over already")
	_, _, err = c.Order(t.Context(), acme.NewOrder{Identifiers: []acme.Identifier{{Type: acme.DNS, Value: "ok.test"}, {Type: acme.DNS, Value: "a_b.test"}, {Type: "email", Value: "x\x00"}}})
	is(t, err, acme.Compound, 400, "2 names are not taken; see the subproblems")
	if p := err.(*acme.Problem); len(p.Subproblems) != 2 || p.Subproblems[0].Identifier.Value != "a_b.test" || p.Subproblems[1].Identifier.Value != "x." {
		t.Errorf("%+v", p.Subproblems)
	}
}

func TestNewNonce(t *testing.T) {
	w := newWorld(t)
	for method, status := range map[string]int{http.MethodHead: 200, http.MethodGet: 204} {
		request, err := http.NewRequest(method, w.url+"/acme/new-nonce", nil)
		check(t, err)
		response, err := http.DefaultClient.Do(request)
		check(t, err)
		response.Body.Close()
		if response.StatusCode != status || response.Header.Get("Replay-Nonce") == "" || response.Header.Get("Cache-Control") != "no-store" || response.Header.Get("Link") == "" {
			t.Errorf("%s: %s, %v", method, response.Status, response.Header)
		}
	}
}
