package acmesrv

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	xacme "golang.org/x/crypto/acme"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/internal/acmecheck"
	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/protocol/acme"
	"github.com/certwright/certwright/request"
)

func TestRenewal(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	first, _, _ := w.issue(t, c, names("a.test"), acme.HTTP01)
	id := acme.CertID(first.AuthorityKeyId, first.SerialNumber)
	info, err := c.Renewal(t.Context(), id)
	check(t, err)
	life := first.NotAfter.Sub(first.NotBefore)
	if s := info.SuggestedWindow; s.Start.Before(first.NotBefore.Add(life/2)) || !s.End.After(s.Start) || s.End.After(first.NotAfter) {
		t.Errorf("%+v of %v to %v", s, first.NotBefore, first.NotAfter)
	}
	again := names("a.test", "b.test")
	again.Replaces = id
	second, url, _ := w.issue(t, c, again, acme.HTTP01)
	record, err := w.store.Certificate(t.Context(), "issuing", second.SerialNumber.Bytes())
	check(t, err)
	if string(record.Replaces) != string(first.SerialNumber.Bytes()) {
		t.Errorf("the certificate replaces %x", record.Replaces)
	}
	if o, err := c.Settled(t.Context(), url, time.Millisecond); err != nil || o.Replaces != id {
		t.Errorf("%+v, %v", o, err)
	}
	_, _, err = c.Order(t.Context(), again)
	is(t, err, acme.AlreadyReplaced, 409, "was replaced already")

	// An order that came to nothing makes way; other accounts and other names
	// are let in, but are no renewal.
	again.Replaces = acme.CertID(second.AuthorityKeyId, second.SerialNumber)
	for range 2 {
		_, _, err = c.Order(t.Context(), again)
		check(t, err)
	}
	for _, n := range []acme.NewOrder{{Identifiers: names("z.test").Identifiers, Replaces: again.Replaces}, {Identifiers: names("a.test").Identifiers, Replaces: "AAAA.AQ"}} {
		_, _, err = w.registered(t).Order(t.Context(), n)
		check(t, err)
	}
	again.Replaces = "nonsense"
	_, _, err = c.Order(t.Context(), again)
	is(t, err, acme.Malformed, 400, "the name of a certificate is")
	_, err = c.Renewal(t.Context(), "AAAA.AQ")
	is(t, err, acme.Malformed, 404, "there is no certificate of this name here")
	_, err = c.Renewal(t.Context(), "AAAA")
	is(t, err, acme.Malformed, 400, "the name of a certificate is")

	check(t, c.Revoke(t.Context(), second.Raw, int(crl.Superseded), nil))
	info, err = c.Renewal(t.Context(), acme.CertID(second.AuthorityKeyId, second.SerialNumber))
	check(t, err)
	if s := info.SuggestedWindow; s.End.After(time.Now()) || !s.End.After(s.Start) {
		t.Errorf("of a revoked certificate: %+v", s)
	}
}

func TestRevocation(t *testing.T) {
	w := newWorld(t)
	c, other := w.registered(t), w.registered(t)
	byAccount, _, _ := w.issue(t, c, names("a.test"), acme.HTTP01)
	byKey, _, k := w.issue(t, c, names("a.test"), acme.HTTP01)
	byControl, _, _ := w.issue(t, c, names("a.test", "*.b.test"), acme.DNS01)

	is(t, c.Revoke(t.Context(), byAccount.Raw, 2, nil), acme.BadRevocationReason, 400, "the reason 2 is not taken")
	is(t, c.Revoke(t.Context(), byAccount.Raw[:9], 0, nil), acme.Malformed, 400, "not the base64url of a certificate")
	check(t, c.Revoke(t.Context(), byAccount.Raw, int(crl.Superseded), nil))
	is(t, c.Revoke(t.Context(), byAccount.Raw, 0, nil), acme.AlreadyRevoked, 400, "was revoked on")
	check(t, c.Revoke(t.Context(), byKey.Raw, int(crl.KeyCompromise), k))

	w.issue(t, other, names("a.test"), acme.DNS01)
	is(t, other.Revoke(t.Context(), byControl.Raw, 0, nil), acme.Unauthorized, 403, "no valid authorizations for all its names")
	o, _, err := other.Order(t.Context(), names("*.b.test"))
	check(t, err)
	w.fulfil(t, other, o, acme.DNS01)
	is(t, other.Revoke(t.Context(), byControl.Raw, int(crl.KeyCompromise), nil), acme.BadRevocationReason, 400, "do not show that a key is compromised")
	check(t, other.Revoke(t.Context(), byControl.Raw, int(crl.CessationOfOperation), nil))

	stranger := newWorld(t)
	elsewhere, _, _ := stranger.issue(t, stranger.registered(t), names("a.test"), acme.HTTP01)
	is(t, c.Revoke(t.Context(), elsewhere.Raw, 0, nil), acme.Malformed, 400, "was not issued here")
	var methods []string
	for e, err := range w.store.Events(t.Context(), 1) {
		check(t, err)
		if e.Action == "certificate.revoked" {
			_, rest, _ := strings.Cut(string(e.Detail), `"method":"`)
			methods = append(methods, rest[:strings.IndexByte(rest, '"')])
		}
	}
	if got := strings.Join(methods, " "); got != "acme-account acme-key acme-authorization" {
		t.Errorf("the audit chain has %s", got)
	}
	// A key that was compromised is not certified again.
	o, _, err = c.Order(t.Context(), names("a.test"))
	check(t, err)
	w.fulfil(t, c, o, acme.HTTP01)
	_, err = c.Finalize(t.Context(), o, csr(t, k, "a.test"))
	is(t, err, acme.BadCSR, 400, "the key was reported as compromised")
}

// TestLargeKeys has an account and a certificate of RSA keys longer than usual.
func TestLargeKeys(t *testing.T) {
	w := newWorld(t)
	made := func(bits int) *rsa.PrivateKey {
		const prime = 1024 // many small ones are found sooner than two large ones
		k, err := rsa.GenerateMultiPrimeKey(rand.Reader, bits/prime, bits)
		check(t, err)
		return k
	}
	_, err := (&acme.Client{DirectoryURL: w.url + "/acme/directory", Private: made(5120)}).Register(t.Context(), acme.NewAccount{})
	check(t, err)
	c := w.registered(t)
	o, _, err := c.Order(t.Context(), names("a.test"))
	check(t, err)
	w.fulfil(t, c, o, acme.HTTP01)
	k := made(5120)
	o, err = c.Finalize(t.Context(), o, csr(t, k, "a.test"))
	check(t, err)
	chain, _, err := c.Certificate(t.Context(), o.Certificate)
	check(t, err)
	check(t, w.client(t).Revoke(t.Context(), leaf(t, chain).Raw, int(crl.KeyCompromise), k))
}

// slow is a checker whose results come when they are let through.
type slow struct {
	begun chan acmecheck.Task
	let   chan *acme.Problem
}

func (s *slow) Check(_ context.Context, t acmecheck.Task) (acmecheck.Proof, *acme.Problem) {
	s.begun <- t
	return acmecheck.Proof{}, <-s.let
}

func (*slow) Permitted(context.Context, acmecheck.Task) *acme.Problem { return nil }

// TestKilledWhileValidating has a process vanish in the middle of a
// validation: another takes it up when the claim has ended, and not before.
func TestKilledWhileValidating(t *testing.T) {
	dead := &slow{begun: make(chan acmecheck.Task, 9), let: make(chan *acme.Problem)}
	w := newWorld(t, func(c *Config) { c.Checker = dead })
	c := w.registered(t)
	o, url, err := c.Order(t.Context(), names("a.test"))
	check(t, err)
	z, err := c.Authorization(t.Context(), o.Authorizations[0])
	check(t, err)
	ch, err := c.Accept(t.Context(), pick(t, z, acme.DNS01).URL)
	check(t, err)
	<-dead.begun
	if ch.Status != acme.StatusProcessing {
		t.Fatalf("%+v", ch)
	}
	if other, err := c.Accept(t.Context(), pick(t, z, acme.HTTP01).URL); err != nil || other.Status != acme.StatusPending {
		t.Fatalf("while another is under way: %+v, %v", other, err)
	}
	response, err := c.Post(t.Context(), o.Authorizations[0], nil, &z)
	check(t, err)
	if z.Status != acme.StatusPending || response.Header.Get("Retry-After") != checkRetry {
		t.Fatalf("%+v, %v", z, response.Header)
	}

	alive := &slow{begun: make(chan acmecheck.Task, 9), let: make(chan *acme.Problem, 9)}
	alive.let <- nil
	second, _ := w.serve(t, func(c *Config) { c.Checker, c.BaseURL = alive, w.url })
	check(t, second.orders.Resume(t.Context()))
	if len(alive.begun) != 0 {
		t.Fatal("a validation that is claimed was taken up")
	}
	w.mu.Lock()
	w.ahead = time.Minute
	w.mu.Unlock()
	check(t, second.orders.Resume(t.Context()))
	if task := <-alive.begun; task.Method != acme.DNS01 || task.Identifier.Value != "a.test" {
		t.Fatalf("%+v", task)
	}
	ready, err := c.Settled(t.Context(), url, time.Millisecond)
	check(t, err)
	if ready.Status != acme.StatusReady {
		t.Fatalf("%+v", ready)
	}
	// The first comes back after all: its result comes too late.
	dead.let <- acme.NewProblem(acme.Unauthorized, "too late")
	w.background(t)
	if ready, err = c.Settled(t.Context(), url, time.Millisecond); err != nil || ready.Status != acme.StatusReady {
		t.Fatalf("%+v, %v", ready, err)
	}
}

// background waits for what the world's server has under way.
func (w *world) background(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	check(t, w.Run(ctx))
}

// TestAskedAgainAfterAKill has the client ask again, of another process, before
// that has looked by itself.
func TestAskedAgainAfterAKill(t *testing.T) {
	dead := &slow{begun: make(chan acmecheck.Task, 9), let: make(chan *acme.Problem, 1)}
	w := newWorld(t, func(c *Config) { c.Checker, c.SharedNonces = dead, true })
	c := w.registered(t)
	o, _, err := c.Order(t.Context(), names("a.test"))
	check(t, err)
	z, err := c.Authorization(t.Context(), o.Authorizations[0])
	check(t, err)
	for range 2 {
		ch, err := c.Accept(t.Context(), z.Challenges[0].URL)
		check(t, err)
		if ch.Status != acme.StatusProcessing {
			t.Fatalf("%+v", ch)
		}
	}
	if <-dead.begun; len(dead.begun) != 0 {
		t.Error("a challenge is validated twice at a time")
	}
	alive := &slow{begun: make(chan acmecheck.Task, 9), let: make(chan *acme.Problem, 9)}
	_, at := w.serve(t, func(c *Config) { c.Checker, c.BaseURL, c.SharedNonces = alive, w.url, true })
	w.mu.Lock()
	w.ahead = time.Minute
	w.mu.Unlock()
	alive.let <- nil
	challenge := z.Challenges[0].URL
	check(t, send(t, c, acme.Header{KeyID: c.AccountURL, URL: challenge}, strings.Replace(challenge, w.url, at, 1), "{}"))
	<-alive.begun
	if z = w.settled(t, c, o.Authorizations[0]); z.Status != acme.StatusValid {
		t.Fatalf("%+v", z)
	}
	dead.let <- nil
	w.background(t)
}

func TestTooManyValidations(t *testing.T) {
	stuck := &slow{begun: make(chan acmecheck.Task, 99), let: make(chan *acme.Problem, 99)}
	w := newWorld(t, func(c *Config) { c.Checker, c.Orders.Validations = stuck, 1 })
	c := w.registered(t)
	var list []string
	for i := range 11 {
		list = append(list, "a"+strconv.Itoa(i)+".test")
	}
	o, _, err := c.Order(t.Context(), names(list...))
	check(t, err)
	var refused error
	var all sync.WaitGroup
	for i, url := range o.Authorizations {
		challenge := strings.Replace(url, "/authz/", "/chall/", 1) + "/dns-01"
		if i < 10 {
			all.Go(func() { c.Accept(t.Context(), challenge) })
			continue
		}
		all.Wait()
		_, refused = c.Accept(t.Context(), challenge)
	}
	is(t, refused, acme.RateLimited, 429, "too many validations of this account, or of others at its address, wait for their turn")
	for range 10 {
		stuck.let <- nil
	}
	w.background(t)
}

// TestValidationsAreShared has one account start more validations than run at
// once, of hosts that say nothing: those of another begin all the same.
func TestValidationsAreShared(t *testing.T) {
	stuck := &slow{begun: make(chan acmecheck.Task, 99), let: make(chan *acme.Problem, 99)}
	w := newWorld(t, func(c *Config) { c.Checker, c.Orders.Validations = stuck, 4 })
	greedy, other := w.registered(t), w.registered(t)
	accept := func(c *acme.Client, list ...string) *sync.WaitGroup {
		o, _, err := c.Order(t.Context(), names(list...))
		check(t, err)
		var all sync.WaitGroup
		for _, url := range o.Authorizations {
			all.Go(func() { c.Accept(t.Context(), strings.Replace(url, "/authz/", "/chall/", 1)+"/dns-01") })
		}
		return &all
	}
	accept(greedy, "a.test", "b.test", "c.test", "d.test", "e.test", "f.test").Wait()
	for range 2 {
		<-stuck.begun
	}
	accept(other, "z.test").Wait()
	if next := <-stuck.begun; next.Identifier.Value != "z.test" {
		t.Errorf("the validation of %s has begun first", next.Identifier.Value)
	}
	for range 7 {
		stuck.let <- nil
	}
	w.background(t)
}

func TestOrdersEnd(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	o, url, err := c.Order(t.Context(), names("a.test"))
	check(t, err)
	ready, readyURL, err := c.Order(t.Context(), names("b.test"))
	check(t, err)
	w.fulfil(t, c, ready, acme.HTTP01)
	w.mu.Lock()
	w.ahead = 9 * time.Hour
	w.mu.Unlock()
	for _, u := range []string{url, readyURL} {
		if o, err := c.Settled(t.Context(), u, time.Millisecond); err != nil || o.Status != acme.StatusInvalid {
			t.Errorf("%+v, %v", o, err)
		}
	}
	z, err := c.Authorization(t.Context(), o.Authorizations[0])
	check(t, err)
	if z.Status != acme.StatusExpired {
		t.Errorf("%+v", z)
	}
	ch, err := c.Accept(t.Context(), z.Challenges[0].URL)
	check(t, err)
	if ch.Status != acme.StatusPending {
		t.Errorf("a challenge of an order that has ended is %s", ch.Status)
	}
	w.mu.Lock()
	w.ahead = 60 * 24 * time.Hour
	w.mu.Unlock()
	check(t, w.orders.Tidy(t.Context()))
	_, err = c.Post(t.Context(), url, nil, nil)
	is(t, err, acme.Malformed, 404, "no such resource")
}

func TestDeactivatedAuthorization(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	o, url, err := c.Order(t.Context(), names("a.test"))
	check(t, err)
	w.fulfil(t, c, o, acme.HTTP01)
	var z acme.Authorization
	_, err = c.Post(t.Context(), o.Authorizations[0], acme.AccountUpdate{Status: "valid"}, nil)
	is(t, err, acme.Malformed, 400, "can only be set to deactivated")
	_, err = c.Post(t.Context(), o.Authorizations[0], acme.AccountUpdate{Status: acme.StatusDeactivated}, &z)
	check(t, err)
	o, err = c.Settled(t.Context(), url, time.Millisecond)
	check(t, err)
	if z.Status != acme.StatusDeactivated || o.Status != acme.StatusInvalid {
		t.Errorf("%+v, %+v", z, o)
	}
	_, err = c.Post(t.Context(), o.Authorizations[0], acme.AccountUpdate{Status: acme.StatusDeactivated}, nil)
	is(t, err, acme.Malformed, 400, "is deactivated already")
}

func TestProfilesAndAuthorities(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Orders.Profiles = map[string]string{"peer": "for clients", "device": "https://ca.test/device"}
	})
	text, err := os.ReadFile("../../../issuance/profiles/server.yaml")
	check(t, err)
	w.profiles["peer"] = strings.NewReplacer("name: server", "name: peer", "default: [serverAuth]", "default: [clientAuth]").Replace(string(text))
	c := w.registered(t)
	d, err := c.Directory(t.Context())
	check(t, err)
	if d.Meta.Profiles["peer"] != "data:text/plain;charset=utf-8,for%20clients" || d.Meta.Profiles["device"] != "https://ca.test/device" {
		t.Errorf("%v", d.Meta.Profiles)
	}
	n := names("a.test")
	n.Profile = "subca"
	_, _, err = c.Order(t.Context(), n)
	is(t, err, acme.InvalidProfile, 400, "no profile of this name is offered here")
	n.Profile = "peer"
	got, _, _ := w.issue(t, c, n, acme.HTTP01)
	if len(got.ExtKeyUsage) != 1 || got.ExtKeyUsage[0] != x509.ExtKeyUsageClientAuth {
		t.Errorf("usages %v", got.ExtKeyUsage)
	}
	own := &acme.Client{DirectoryURL: w.url + "/acme/ca/issuing/p/peer/directory", Private: c.Private, AccountURL: c.AccountURL}
	n.Profile = "device"
	_, _, err = own.Order(t.Context(), n)
	is(t, err, acme.InvalidProfile, 400, "for the profile peer alone")
	n.Profile = ""
	got, _, _ = w.issue(t, own, n, acme.HTTP01)
	if got.Issuer.CommonName != "Test Issuing" || got.ExtKeyUsage[0] != x509.ExtKeyUsageClientAuth {
		t.Errorf("issued by %s for %v", got.Issuer, got.ExtKeyUsage)
	}
	nowhere := &acme.Client{DirectoryURL: w.url + "/acme/p/subca/directory", Private: c.Private}
	_, err = nowhere.Directory(t.Context())
	is(t, err, acme.Malformed, 404, "")
	unknown := &acme.Client{DirectoryURL: w.url + "/acme/ca/nobody/directory", Private: c.Private, AccountURL: c.AccountURL}
	_, err = unknown.Directory(t.Context())
	is(t, err, acme.Malformed, 404, "no authority of this name signs for clients of ACME here")
	_, err = c.Post(t.Context(), w.url+"/acme/ca/nobody/new-order", n, nil)
	is(t, err, acme.Malformed, 404, "no authority of this name signs for clients of ACME here")
}

func TestAlternateChains(t *testing.T) {
	w := newWorld(t)
	_, err := w.authority.CreateCA(t.Context(), authority.NewCA{Name: "other-root", Subject: name(t, "CN=Other Root"), KeyKind: "ecdsa-p256", By: "operator", PathLen: -1})
	check(t, err)
	crossSign(t, w)
	c := w.registered(t)
	o, _, err := c.Order(t.Context(), names("a.test"))
	check(t, err)
	w.fulfil(t, c, o, acme.HTTP01)
	o, err = c.Finalize(t.Context(), o, csr(t, newKey(t), "a.test"))
	check(t, err)
	_, alternates, err := c.Certificate(t.Context(), o.Certificate)
	check(t, err)
	if len(alternates) != 1 {
		t.Fatalf("%v", alternates)
	}
	chain, back, err := c.Certificate(t.Context(), alternates[0])
	check(t, err)
	if len(back) != 1 || back[0] != o.Certificate || !strings.Contains(string(chain), "BEGIN CERTIFICATE") {
		t.Errorf("%v", back)
	}
	_, _, err = c.Certificate(t.Context(), o.Certificate+"/2")
	is(t, err, acme.Malformed, 404, "")
	_, _, err = c.Certificate(t.Context(), o.Certificate+"/0")
	is(t, err, acme.Malformed, 404, "")
}

// crossSign records the issuing authority's certificate under another name,
// as one by way of another root would be.
func crossSign(t *testing.T, w *world) {
	t.Helper()
	issuing, err := w.store.CA(t.Context(), "issuing")
	check(t, err)
	other, err := w.store.CA(t.Context(), "other-root")
	check(t, err)
	ours, err := x509.ParseCertificate(issuing.Chain[0])
	check(t, err)
	theirs, err := x509.ParseCertificate(other.Chain[0])
	check(t, err)
	signer, err := w.keys.Signer(t.Context(), other.Key)
	check(t, err)
	template := *ours
	template.AuthorityKeyId = nil
	der, err := x509.CreateCertificate(nil, &template, theirs, ours.PublicKey, signer)
	check(t, err)
	cross := &authority.CA{Name: "issuing-cross", State: "active", Key: issuing.Key, Chain: [][]byte{der, other.Chain[0]}, Settings: issuing.Settings, Created: issuing.Created}
	errs, err := w.store.Commit(t.Context(), &authority.Change{PutCA: &authority.CAWrite{CA: cross}})
	check(t, err)
	check(t, errs[0])
}

func TestSharedNonces(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.SharedNonces = true })
	_, at := w.serve(t, func(c *Config) { c.SharedNonces = true })
	c := w.registered(t)
	w.issue(t, c, names("a.test"), acme.HTTP01)
	// A nonce of one process is good at another, once over both.
	nonce, err := c.Nonce(t.Context())
	check(t, err)
	there := &acme.Client{DirectoryURL: at + "/acme/directory", Private: newKey(t)}
	check(t, send(t, there, acme.Header{Nonce: nonce}, at+"/acme/new-account", "{}"))
	for _, url := range []string{at, w.url} {
		is(t, send(t, there, acme.Header{Nonce: nonce}, url+"/acme/new-account", "{}"), acme.BadNonce, 400, "")
	}
	late, err := c.Nonce(t.Context())
	check(t, err)
	w.mu.Lock()
	w.ahead = 2 * time.Hour
	w.mu.Unlock()
	is(t, send(t, there, acme.Header{Nonce: late}, w.url+"/acme/new-account", "{}"), acme.BadNonce, 400, "too old")
}

func TestNoncesAreForgottenLate(t *testing.T) {
	n := NewNonces()
	first, err := n.Give(t.Context())
	check(t, err)
	second, err := n.Give(t.Context())
	check(t, err)
	n.next += window - 2
	check(t, n.Spend(t.Context(), first))
	last, err := n.Give(t.Context())
	check(t, err)
	check(t, n.Spend(t.Context(), last)) // takes the bit of the first
	if n.Spend(t.Context(), first) == nil {
		t.Error("a nonce is good twice")
	}
	check(t, n.Spend(t.Context(), second))
	if n.Spend(t.Context(), second) == nil {
		t.Error("a nonce is good twice")
	}
}

func TestCAA(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Checks.CAAIdentities = []string{"ca.test", "CA2.Test"} })
	c := w.registered(t)
	for _, test := range []struct {
		at      string
		records []string
		name    string
		detail  string // empty: is permitted
	}{
		{"none.test", nil, "none.test", ""},
		{"a.test", []string{`0 issue "CA.test"`}, "a.test", ""},
		{"b.test", []string{`0 issue "other.test"`}, "b.test", "the CAA records at b.test name other authorities than ca.test or CA2.Test"},
		{"c.test", []string{`0 issue "other.test"`}, "www.below.c.test", "the CAA records at c.test name other"},
		{"d.test", []string{`0 issue ";"`}, "d.test", "name other authorities"},
		{"e.test", []string{`0 issuewild "ca.test"`, `0 issue "other.test"`}, "*.e.test", ""},
		{"e.test", []string{`0 issuewild "ca.test"`, `0 issue "other.test"`}, "e.test", "name other"},
		{"f.test", []string{`0 issuewild ";"`, `0 issue "ca.test"`}, "*.f.test", "name other"},
		{"g.test", []string{`128 unheard "x"`}, "g.test", `the critical property "unheard"`},
		{"h.test", []string{`0 unheard "x"`, `0 iodef "mailto:a@b.test"`}, "h.test", ""},
		{"i.test", []string{`0 issue "ca.test; validationmethods=http-01,dns-01"`}, "i.test", ""},
		{"j.test", []string{`0 issue "ca.test; validationmethods=http-01"`}, "j.test", "do not permit the method dns-01"},
		{"k.test", []string{`0 issue "ca.test; accounturi=` + c.AccountURL + `"`}, "k.test", ""},
		{"l.test", []string{`0 issue "ca.test; accounturi=https://elsewhere/1"`}, "l.test", "permit another account than " + c.AccountURL},
		{"m.test", []string{`0 issue "ca.test; accounturi=https://elsewhere/1"`, `0 issue "ca.test"`}, "m.test", ""},
		{"n.test", []string{`0 issue "ca.test; broken parameter"`}, "n.test", "name ca.test with parameters that cannot be read"},
		{"p.test", []string{`0 issue "ca2.test"`}, "p.test", ""},
		{"q.test", []string{`0 issue "ca.test; ValidationMethods=http-01"`}, "q.test", "do not permit the method dns-01"},
		{"r.test", []string{`0 issue "ca.test; AccountURI=https://elsewhere/1"`}, "r.test", "permit another account than " + c.AccountURL},
		{"o.test", []string{"SERVFAIL"}, "o.test", "without an answer nothing is issued"},
	} {
		w.set("CAA", test.at, test.records...)
		if test.detail == "" {
			w.issue(t, c, names(test.name), acme.DNS01)
			continue
		}
		o, url, err := c.Order(t.Context(), names(test.name))
		check(t, err)
		z, err := c.Authorization(t.Context(), o.Authorizations[0])
		check(t, err)
		ch := pick(t, z, acme.DNS01)
		w.prepare(t, c, z, ch)
		_, err = c.Accept(t.Context(), ch.URL)
		check(t, err)
		o, err = c.Settled(t.Context(), url, time.Millisecond)
		check(t, err)
		if o.Error == nil {
			t.Fatalf("%s of %v is %s", test.name, test.records, o.Status)
		}
		is(t, o.Error, acme.CAA, 0, test.detail)
	}
}

func TestResolversMustAgree(t *testing.T) {
	other := &world{zone: map[string][]string{}}
	var agree []string
	w := newWorld(t, func(c *Config) {
		agree = []string{c.Checks.Resolvers[0], other.dns(t)}
		c.Checks.Resolvers, c.Checks.Agree = agree, 2
	})
	c := w.registered(t)
	o, url, err := c.Order(t.Context(), names("a.test"))
	check(t, err)
	w.fulfil(t, c, o, acme.HTTP01)
	if o, err = c.Settled(t.Context(), url, time.Millisecond); err != nil || o.Status != acme.StatusReady {
		t.Fatalf("%+v, %v", o, err)
	}
	o, url, err = c.Order(t.Context(), names("b.test"))
	check(t, err)
	z, err := c.Authorization(t.Context(), o.Authorizations[0])
	check(t, err)
	ch := pick(t, z, acme.DNS01)
	w.prepare(t, c, z, ch) // the other resolver does not see it
	_, err = c.Accept(t.Context(), ch.URL)
	check(t, err)
	o, err = c.Settled(t.Context(), url, time.Millisecond)
	check(t, err)
	is(t, o.Error, acme.Unauthorized, 0, "there is no TXT record")
	if _, err := acmecheck.New(acmecheck.Settings{Agree: 2, Resolvers: agree[:1]}, nil); err == nil || !strings.Contains(err.Error(), "more resolvers must agree than there are") {
		t.Error(err)
	}
}

func TestPersistentRecords(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Orders.Challenges = []string{acme.DNSPersist01}
		c.Checks.CAAIdentities = []string{"ca.test", "CA2.Test"}
	})
	c := w.registered(t)
	hash := func(domain string) string {
		return acme.HashedAccount(w.url+"/acme/account-hash/", domain, thumbprint(t, c), c.AccountURL)
	}
	for _, test := range []struct {
		record, name string
		of           acme.ProblemType
		detail       string
	}{
		{"", "a.test", acme.Unauthorized, "no TXT record at _validation-persist.a.test begins with ca.test"},
		{"ca.test", "a.test", acme.Malformed, "has no accounturi"},
		{"ca.test; accounturi=" + c.AccountURL, "a.test", acme.Unauthorized, "is for another account; this one's accounturi is " + hash("a.test")},
		{"ca.test; accounturi=" + hash("b.test"), "a.test", acme.Unauthorized, "is for another account"},
		{"ca.test; accounturi=" + hash("a.test") + "; accounturi=x", "a.test", acme.Malformed, "the parameter accounturi is there twice"},
		{"ca.test; accounturi=" + hash("a.test"), "*.a.test", acme.Unauthorized, "does not say policy=wildcard"},
		{"ca.test; accounturi=" + hash("a.test") + "; persistUntil=soon", "a.test", acme.Malformed, "is no count of seconds"},
		{"ca.test; accounturi=" + hash("a.test") + "; persistUntil=1", "a.test", acme.Unauthorized, "was good until 1970-01-01T00:00:01Z"},
	} {
		w.set("TXT", "_validation-persist.a.test", "other.test; accounturi=x", test.record)
		is(t, w.refusal(t, c, test.name, acme.DNSPersist01), test.of, 0, test.detail)
	}
	until := time.Now().Add(time.Hour).Unix()
	w.set("TXT", "_validation-persist.a.test", "CA2.test; AccountURI="+hash("*")+"; unheard=x; persistUntil="+strconv.FormatInt(until, 10))
	o, _, err := c.Order(t.Context(), names("a.test"))
	check(t, err)
	z, err := c.Authorization(t.Context(), o.Authorizations[0])
	check(t, err)
	if ch := pick(t, z, acme.DNSPersist01); ch.Token != "" || len(ch.IssuerDomainNames) != 2 {
		t.Errorf("%+v", ch)
	}
	_, err = c.Accept(t.Context(), z.Challenges[0].URL)
	check(t, err)
	if z = w.settled(t, c, o.Authorizations[0]); z.Status != acme.StatusValid || z.Expires.Unix() != until {
		t.Errorf("%+v", z)
	}
	d, err := c.Directory(t.Context())
	check(t, err)
	if d.Meta.AccountHashPrefix != w.url+"/acme/account-hash/" || len(d.Meta.IssuerDomainNames) != 2 {
		t.Errorf("%+v", d.Meta)
	}
	_, err = New(Config{BaseURL: w.url, Authority: w.authority, Store: w.store, Secrets: w.vault(), Orders: acmeorder.Settings{Challenges: []string{acme.DNSPersist01}}})
	if err == nil || !strings.Contains(err.Error(), "dns-persist-01 needs the names") {
		t.Error(err)
	}
}

// TestEveryReasonHasAType holds the table of refusals against the reasons.
func TestEveryReasonHasAType(t *testing.T) {
	for _, reason := range request.Reasons() {
		p := acmeorder.RefusalProblem(&request.Refusal{Reason: reason, Detail: "d", Fix: "f"})
		if p.Has("") || p.Detail != "d; f" || statusOf(p) < 400 {
			t.Errorf("%s: %+v", reason, p)
		}
	}
}

// TestInternalErrorsAreNotTold closes the store under a server.
func TestInternalErrorsAreNotTold(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	check(t, w.store.Close())
	_, _, err := c.Order(t.Context(), names("a.test"))
	is(t, err, acme.ServerInternal, 500, "something went wrong here, not with the request; tell the operator the reference ")
	reference := err.Error()[strings.LastIndexByte(err.Error(), ' ')+1:]
	if !strings.Contains(w.log.String(), "reference="+reference) {
		t.Errorf("the log does not have %s: %s", reference, w.log)
	}
}

// TestOtherClient has the client of golang.org/x/crypto go the whole way.
func TestOtherClient(t *testing.T) {
	w := newWorld(t)
	c := &xacme.Client{Key: newKey(t), DirectoryURL: w.url + "/acme/directory"}
	_, err := c.Register(t.Context(), &xacme.Account{Contact: []string{"mailto:a@b.test"}}, xacme.AcceptTOS)
	check(t, err)
	o, err := c.AuthorizeOrder(t.Context(), xacme.DomainIDs("a.test", "*.a.test"))
	check(t, err)
	for _, url := range o.AuthzURLs {
		z, err := c.GetAuthorization(t.Context(), url)
		check(t, err)
		for _, ch := range z.Challenges {
			if ch.Type != acme.DNS01 {
				continue
			}
			value, err := c.DNS01ChallengeRecord(ch.Token)
			check(t, err)
			w.set("TXT", "_acme-challenge.a.test", value)
			_, err = c.Accept(t.Context(), ch)
			check(t, err)
			_, err = c.WaitAuthorization(t.Context(), url)
			check(t, err)
		}
	}
	o, err = c.WaitOrder(t.Context(), o.URI)
	check(t, err)
	chain, _, err := c.CreateOrderCert(t.Context(), o.FinalizeURL, csr(t, newKey(t), "a.test", "*.a.test"), true)
	check(t, err)
	if len(chain) != 2 {
		t.Errorf("%d certificates", len(chain))
	}
	check(t, c.AccountKeyRollover(t.Context(), newKey(t)))
	check(t, c.RevokeCert(t.Context(), nil, chain[0], xacme.CRLReasonSuperseded))
	check(t, c.DeactivateReg(t.Context()))
}

func TestWrongConfiguration(t *testing.T) {
	w := newWorld(t)
	for _, base := range []string{"", "ca.test", "https://ca.test/", "/x"} {
		if _, err := New(Config{BaseURL: base, Authority: w.authority, Store: w.store}); err == nil || !strings.Contains(err.Error(), "ACME needs the base URL") {
			t.Errorf("%q: %v", base, err)
		}
	}
	_, err := New(Config{BaseURL: w.url, Authority: w.authority, Store: w.store, Secrets: w.vault(), Orders: acmeorder.Settings{Challenges: []string{"http-1"}}})
	if err == nil || !strings.Contains(err.Error(), `there is no ACME challenge called "http-1"`) {
		t.Error(err)
	}
	_, err = New(Config{BaseURL: w.url, Authority: w.authority, Store: w.store, Checks: acmecheck.Settings{Resolvers: []string{"192.0.2.1"}}})
	if err == nil || !strings.Contains(err.Error(), "needs a port") {
		t.Error(err)
	}
	response, err := http.Get(w.url + "/acme/directory")
	check(t, err)
	response.Body.Close()
	if response.Header.Get("Cache-Control") == "" || response.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%v", response.Header)
	}
}
