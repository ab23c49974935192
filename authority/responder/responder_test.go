package responder_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/memkeys"
	"github.com/certwright/certwright/authority/memstore"
	"github.com/certwright/certwright/authority/responder"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/ocsp"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// world is an authority with a responder, and a clock that stands still.
type world struct {
	*authority.Authority
	*responder.Responder
	store *memstore.Store
	keys  *memkeys.Keys
	ca    *cert.Certificate
	log   bytes.Buffer
	mu    sync.Mutex
	now   time.Time
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func name(t testing.TB, text string) dn.Name {
	t.Helper()
	n, err := dn.ParseText(text)
	check(t, err)
	return n
}

func profile(name string) (*issuance.Profile, error) {
	if p, ok := issuance.BuiltInProfile(name); ok {
		return p, nil
	}
	return nil, &request.Refusal{Reason: request.UnknownProfile, Detail: "there is no profile " + name}
}

func newWorld(t testing.TB, settings authority.CASettings, change func(*responder.Config)) *world {
	t.Helper()
	w := &world{store: memstore.New(), keys: memkeys.New(), now: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)}
	var err error
	w.Authority = w.authority(t)
	made, err := w.CreateCA(t.Context(), authority.NewCA{Name: "ca", Subject: name(t, "CN=Test CA,O=Test"), KeyKind: "ecdsa-p256", PathLen: -1, Settings: settings, By: "operator"})
	check(t, err)
	w.ca, err = cert.Parse(made.Chain[0])
	check(t, err)
	w.Responder = w.responder(t, w.Authority, change)
	return w
}

func (w *world) authority(t testing.TB) *authority.Authority {
	t.Helper()
	a, err := authority.New(authority.Config{Store: w.store, Keys: w.keys, Profiles: profile, Now: w.clock})
	check(t, err)
	return a
}

func (w *world) responder(t testing.TB, a *authority.Authority, change func(*responder.Config)) *responder.Responder {
	t.Helper()
	c := responder.Config{Authority: a, Store: w.store, Records: w.store, Keys: w.keys, Now: w.clock, Fresh: 1,
		Log: slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	if change != nil {
		change(&c)
	}
	r, err := responder.New(c)
	check(t, err)
	return r
}

// issue has a certificate issued for a host.
func (w *world) issue(t testing.TB, host string, asked issuance.Asked) *cert.Certificate {
	t.Helper()
	k, err := key.Generate("ecdsa-p256", rand.Reader)
	check(t, err)
	general, err := ext.ParseGeneralName("dns:" + host)
	check(t, err)
	algorithm, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	check(t, err)
	p, err := pkcs10.Create(pkcs10.Template{Extensions: []ext.Extension{ext.NewSubjectAltName([]ext.GeneralName{general}, false)}}, k, algorithm)
	check(t, err)
	r, err := request.FromPKCS10(p)
	check(t, err)
	out, err := w.Submit(t.Context(), authority.Submission{Request: r, Asked: asked, Origin: evidence.Origin{Door: "cli", Requester: "anna", Method: "local-user"}})
	check(t, err)
	if out.Certificate == nil {
		t.Fatalf("refused: %+v", out.Refusal)
	}
	c, err := cert.Parse(out.Certificate.DER)
	check(t, err)
	return c
}

func (w *world) revoke(t testing.TB, a *authority.Authority, c *cert.Certificate, reason crl.Reason) {
	t.Helper()
	_, err := a.Revoke(t.Context(), authority.RevocationOrder{Serial: c.Serial.Bytes(), Reason: reason, By: "officer"})
	check(t, err)
}

func (w *world) question(t testing.TB, hash crypto.Hash, nonce []byte, serials ...*big.Int) []byte {
	t.Helper()
	template := ocsp.RequestTemplate{}
	for _, s := range serials {
		id, err := ocsp.NewCertID(hash, w.ca, s)
		check(t, err)
		template.Requests = append(template.Requests, ocsp.Single{CertID: id})
	}
	if nonce != nil {
		e, err := ocsp.NewNonce(nonce)
		check(t, err)
		template.Extensions = append(template.Extensions, e)
	}
	raw, err := ocsp.CreateRequest(template)
	check(t, err)
	return raw
}

// ask asks about one certificate and verifies the answer.
func (w *world) ask(t testing.TB, c *cert.Certificate, nonce []byte) (*ocsp.SingleResponse, *responder.Answer) {
	t.Helper()
	a := w.Respond(t.Context(), w.question(t, crypto.SHA1, nonce, c.Serial))
	return w.verify(t, a, c, nonce), a
}

func (w *world) verify(t testing.TB, a *responder.Answer, c *cert.Certificate, nonce []byte) *ocsp.SingleResponse {
	t.Helper()
	r, err := ocsp.ParseResponse(a.DER)
	check(t, err)
	single, problems := r.Check(ocsp.Expected{Certificate: c, Issuer: w.ca, Now: w.clock(), Nonce: nonce})
	if len(problems) > 0 {
		t.Fatalf("%+v\n%s", problems, w.log.String())
	}
	return single
}

func TestStandings(t *testing.T) {
	w := newWorld(t, authority.CASettings{}, nil)
	good, held, revoked := w.issue(t, "good.test", issuance.Asked{}), w.issue(t, "held.test", issuance.Asked{}), w.issue(t, "revoked.test", issuance.Asked{})
	short := w.issue(t, "short.test", issuance.Asked{Validity: time.Hour})
	w.revoke(t, w.Authority, held, crl.CertificateHold)
	w.revoke(t, w.Authority, revoked, crl.KeyCompromise)
	w.pass(2 * time.Hour)
	for c, want := range map[*cert.Certificate]authority.Standing{good: authority.StandingGood, held: authority.StandingHold, revoked: authority.StandingRevoked, short: authority.StandingExpired} {
		single, a := w.ask(t, c, nil)
		if a.Standing != want {
			t.Errorf("%s is %s, not %s", c.SubjectAltNames()[0], a.Standing, want)
		}
		switch want {
		case authority.StandingGood:
			if single.Status != ocsp.Good || len(single.Extensions) != 0 {
				t.Errorf("%+v", single)
			}
		case authority.StandingHold:
			if single.Status != ocsp.Revoked || single.Reason != crl.CertificateHold {
				t.Errorf("%+v", single)
			}
		case authority.StandingRevoked:
			if single.Status != ocsp.Revoked || single.Reason != crl.KeyCompromise || !single.RevokedAt.Equal(w.clock().Add(-2*time.Hour)) {
				t.Errorf("%+v", single)
			}
		case authority.StandingExpired:
			if cutoff, err := ocsp.ArchiveCutoff(single.Extensions); err != nil || single.Status != ocsp.Good || !cutoff.Equal(w.ca.NotBefore) {
				t.Errorf("%+v: %v %v", single, cutoff, err)
			}
		}
		if a.NextUpdate.IsZero() || !a.Renewed.Before(a.NextUpdate) || !a.Renewed.After(w.clock()) || !single.NextUpdate.Equal(a.NextUpdate) {
			t.Errorf("times: %+v", a)
		}
	}
}

func TestNotYetValidIsKnown(t *testing.T) {
	w := newWorld(t, authority.CASettings{}, nil)
	c := w.issue(t, "soon.test", issuance.Asked{})
	w.pass(-10 * 24 * time.Hour)
	standing, record, err := w.Standing(t.Context(), "ca", c.Serial.Bytes())
	check(t, err)
	if standing != authority.StandingNotYetValid || record == nil {
		t.Errorf("it is %s", standing)
	}
}

func TestUnknown(t *testing.T) {
	for _, revoke := range []bool{false, true} {
		w := newWorld(t, authority.CASettings{RevokeUnissued: revoke}, nil)
		a := w.Respond(t.Context(), w.question(t, crypto.SHA256, nil, big.NewInt(4711)))
		r, err := ocsp.ParseResponse(a.DER)
		check(t, err)
		s := r.Basic.Responses[0]
		_, extended := ext.Find(r.Basic.Extensions, oid.OCSPExtendedRevoke)
		want := ocsp.Unknown
		if revoke {
			want = ocsp.Revoked
		}
		if s.Status != want || extended != revoke || a.Standing != authority.StandingUnknown || !a.NextUpdate.IsZero() || !s.NextUpdate.IsZero() {
			t.Errorf("revoke %v: %+v %+v", revoke, s, a)
		}
		if revoke && (s.Reason != crl.CertificateHold || s.RevokedAt.Unix() != 0) {
			t.Errorf("%+v", s)
		}
	}
}

func TestForeignAndMalformed(t *testing.T) {
	w := newWorld(t, authority.CASettings{}, nil)
	other := newWorld(t, authority.CASettings{}, nil)
	if a := w.Respond(t.Context(), other.question(t, crypto.SHA1, nil, big.NewInt(5))); a.Status != ocsp.Unauthorized {
		t.Errorf("a foreign issuer: %v", a.Status)
	}
	nonce := func(value []byte) []ext.Extension { return []ext.Extension{{ID: oid.OCSPNonce, Value: value}} }
	long := append([]byte{4, 0x81, 0x81}, make([]byte, 129)...)
	for what, list := range map[string][]ext.Extension{
		"an empty nonce": nonce([]byte{4, 0}), "a long nonce": nonce(long), "a nonce without a type": nonce([]byte{0xff, 1, 2}),
		"a critical extension": {{ID: oid.Data, Critical: true, Value: []byte{5, 0}}}, "another type of answer": {ocsp.NewAcceptableResponses([]oid.OID{oid.Data})},
	} {
		id, err := ocsp.NewCertID(crypto.SHA1, w.ca, big.NewInt(5))
		check(t, err)
		raw, err := ocsp.CreateRequest(ocsp.RequestTemplate{Requests: []ocsp.Single{{CertID: id}}, Extensions: list})
		check(t, err)
		if a := w.Respond(t.Context(), raw); a.Status != ocsp.MalformedRequest {
			t.Errorf("%s: %v", what, a.Status)
		}
	}
	for _, raw := range [][]byte{nil, []byte("hello"), {0x30, 4, 0x30, 2, 0x30, 0}} {
		if a := w.Respond(t.Context(), raw); a.Status != ocsp.MalformedRequest {
			t.Errorf("%x: %v", raw, a.Status)
		}
	}
	check(t, w.store.Close())
	if a := w.Respond(t.Context(), w.question(t, crypto.SHA1, nil, big.NewInt(5))); a.Status != ocsp.TryLater || !bytes.Equal(a.DER, ocsp.Refusal(ocsp.TryLater)) {
		t.Errorf("without its store: %v", a.Status)
	}
}

func TestSeveralInOne(t *testing.T) {
	w := newWorld(t, authority.CASettings{}, nil)
	first, second := w.issue(t, "a.test", issuance.Asked{}), w.issue(t, "b.test", issuance.Asked{})
	w.revoke(t, w.Authority, second, crl.Superseded)
	nonce := bytes.Repeat([]byte{3}, 128)
	a := w.Respond(t.Context(), w.question(t, crypto.SHA256, nonce, first.Serial, second.Serial, big.NewInt(9)))
	r, err := ocsp.ParseResponse(a.DER)
	check(t, err)
	var got []string
	for _, s := range r.Basic.Responses {
		got = append(got, s.Status.String())
	}
	if strings.Join(got, " ") != "good revoked unknown" || !a.NextUpdate.IsZero() {
		t.Errorf("%v, %+v", got, a)
	}
	w.verify(t, a, first, nonce)
}

// One answer is signed for one authority, and says nothing of certificates of
// another.
func TestSeveralAuthoritiesInOne(t *testing.T) {
	w := newWorld(t, authority.CASettings{}, nil)
	first := w.issue(t, "a.test", issuance.Asked{})
	made, err := w.CreateCA(t.Context(), authority.NewCA{Name: "sub", Parent: "ca", Subject: name(t, "CN=Sub"), KeyKind: "ecdsa-p256", PathLen: -1, By: "operator"})
	check(t, err)
	sub, err := cert.Parse(made.Chain[0])
	check(t, err)
	one, err := ocsp.NewCertID(crypto.SHA1, w.ca, first.Serial)
	check(t, err)
	other, err := ocsp.NewCertID(crypto.SHA1, sub, big.NewInt(9))
	check(t, err)
	for _, ids := range [][]ocsp.CertID{{one, other}, {other, one}} {
		question, err := ocsp.CreateRequest(ocsp.RequestTemplate{Requests: []ocsp.Single{{CertID: ids[0]}, {CertID: ids[1]}}})
		check(t, err)
		if a := w.Respond(t.Context(), question); a.Status != ocsp.Unauthorized {
			t.Errorf("%v", a.Status)
		}
	}
}

func TestNonceIsBound(t *testing.T) {
	w := newWorld(t, authority.CASettings{}, nil)
	c := w.issue(t, "a.test", issuance.Asked{})
	for _, length := range []int{1, 16, 32, 128} {
		w.ask(t, c, bytes.Repeat([]byte{8}, length))
	}
	w.Responder = w.responder(t, w.Authority, func(c *responder.Config) { c.IgnoreNonce = true })
	a := w.Respond(t.Context(), w.question(t, crypto.SHA1, []byte{1}, c.Serial))
	w.verify(t, a, c, nil)
	if a.NextUpdate.IsZero() {
		t.Error("an answer without a nonce can be kept")
	}
}

func TestAnswersAreKeptUntilTheStatusChanges(t *testing.T) {
	w := newWorld(t, authority.CASettings{}, nil)
	c := w.issue(t, "a.test", issuance.Asked{})
	_, first := w.ask(t, c, nil)
	w.pass(time.Minute)
	if _, again := w.ask(t, c, nil); again != first {
		t.Error("the answer is signed anew")
	}
	w.revoke(t, w.Authority, c, crl.CertificateHold)
	if s, _ := w.ask(t, c, nil); s.Status != ocsp.Revoked {
		t.Error("an old answer is given")
	}
	_, err := w.Release(t.Context(), "ca", c.Serial.Bytes(), "officer")
	check(t, err)
	if s, _ := w.ask(t, c, nil); s.Status != ocsp.Good {
		t.Error("an old answer is given after the release")
	}
	// By another process over the same store.
	w.revoke(t, w.authority(t), c, crl.Superseded)
	if s, _ := w.ask(t, c, nil); s.Status != ocsp.Revoked || s.Reason != crl.Superseded {
		t.Error("an old answer is given when another process revoked")
	}
}

func TestAnswersAreRenewedAhead(t *testing.T) {
	w := newWorld(t, authority.CASettings{OCSPValidity: 2 * time.Hour}, nil)
	c := w.issue(t, "a.test", issuance.Asked{})
	_, first := w.ask(t, c, nil)
	w.ask(t, c, nil)
	w.pass(time.Hour)
	check(t, w.Tend(t.Context()))
	_, second := w.ask(t, c, nil)
	if second == first || !second.ThisUpdate.Equal(w.clock()) || !second.NextUpdate.Equal(w.clock().Add(2*time.Hour)) {
		t.Errorf("%+v", second)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	w := newWorld(t, authority.CASettings{}, func(c *responder.Config) { c.Memory = 8000; c.Ahead = true })
	var all []*cert.Certificate
	for i := range 20 {
		all = append(all, w.issue(t, fmt.Sprintf("h%d.test", i), issuance.Asked{}))
	}
	check(t, w.Tend(t.Context()))
	if kept := w.Kept(); kept == 0 || kept > 6 {
		t.Errorf("%d answers are kept", kept)
	}
	for _, c := range all {
		w.ask(t, c, nil)
	}
	if kept := w.Kept(); kept == 0 || kept > 6 {
		t.Errorf("%d answers are kept", kept)
	}
}

// responderOf is the certificate that an answer comes with.
func responderOf(t testing.TB, a *responder.Answer) *cert.Certificate {
	t.Helper()
	r, err := ocsp.ParseResponse(a.DER)
	check(t, err)
	if len(r.Basic.Certificates) != 1 {
		t.Fatalf("%d certificates", len(r.Basic.Certificates))
	}
	return r.Basic.Certificates[0]
}

func TestResponderCertificateIsRotated(t *testing.T) {
	w := newWorld(t, authority.CASettings{}, nil)
	c := w.issue(t, "a.test", issuance.Asked{})
	_, a := w.ask(t, c, nil)
	first := responderOf(t, a)
	if got := first.Subject.String(); got != "CN=Test CA OCSP Responder,O=Test" {
		t.Errorf("it is called %s", got)
	}
	// Another process uses what is on record.
	other := w.responder(t, w.Authority, nil)
	if again := responderOf(t, other.Respond(t.Context(), w.question(t, crypto.SHA1, nil, c.Serial))); !bytes.Equal(again.Raw, first.Raw) {
		t.Error("a second certificate was issued")
	}
	w.pass(first.NotAfter.Sub(first.NotBefore) * 3 / 4)
	check(t, w.Tend(t.Context()))
	_, a = w.ask(t, c, nil)
	second := responderOf(t, a)
	if bytes.Equal(second.Raw, first.Raw) || !second.NotAfter.After(first.NotAfter) {
		t.Fatal("it is not replaced in time")
	}
	w.pass(first.NotAfter.Sub(first.NotBefore) * 3 / 4)
	keys := w.keys.Len()
	check(t, w.Tend(t.Context()))
	records, err := w.store.FindRecords(t.Context(), authority.RecordQuery{Kind: responder.RecordKind})
	check(t, err)
	if len(records) != 2 || w.keys.Len() != keys {
		t.Errorf("%d records and %d keys are left: what ended is to go", len(records), w.keys.Len())
	}
	// One that is revoked is not used.
	_, a = w.ask(t, c, nil)
	third := responderOf(t, a)
	w.revoke(t, w.Authority, third, crl.KeyCompromise)
	fresh := w.responder(t, w.Authority, nil)
	w.Responder = fresh
	if _, a := w.ask(t, c, nil); bytes.Equal(responderOf(t, a).Raw, third.Raw) {
		t.Error("a revoked responder goes on")
	}
}

func TestRetiredAuthorityIsAnsweredFor(t *testing.T) {
	w := newWorld(t, authority.CASettings{}, nil)
	c := w.issue(t, "a.test", issuance.Asked{})
	_, err := w.UpdateCA(t.Context(), "ca", func(ca *authority.CA, _ *authority.CASettings) { ca.State = authority.CARetired }, "officer")
	check(t, err)
	if s, _ := w.ask(t, c, nil); s.Status != ocsp.Good {
		t.Errorf("%+v", s)
	}
	w.pass(40 * 365 * 24 * time.Hour)
	if a := w.Respond(t.Context(), w.question(t, crypto.SHA1, nil, c.Serial)); a.Status != ocsp.Unauthorized {
		t.Errorf("an authority that has expired: %v", a.Status)
	}
}

func TestConfig(t *testing.T) {
	if _, err := responder.New(responder.Config{}); err == nil || !strings.Contains(err.Error(), "needs the authorities") {
		t.Error(err)
	}
	w := newWorld(t, authority.CASettings{}, nil)
	if _, err := responder.New(responder.Config{Authority: w.Authority, Store: w.store, Records: w.store, Keys: w.keys, Memory: -1}); err == nil || !strings.Contains(err.Error(), "below zero") {
		t.Error(err)
	}
}

// TestManyAtOnce asks from several sides while statuses change: after each
// change is on record, nobody hears the status before it.
func TestManyAtOnce(t *testing.T) {
	w := newWorld(t, authority.CASettings{}, nil)
	var all []*cert.Certificate
	for i := range 8 {
		all = append(all, w.issue(t, fmt.Sprintf("h%d.test", i), issuance.Asked{}))
	}
	var group sync.WaitGroup
	for i, c := range all {
		plain, nonced := w.question(t, crypto.SHA1, nil, c.Serial), w.question(t, crypto.SHA256, []byte{byte(i + 1)}, c.Serial)
		group.Go(func() {
			hear := func(want authority.Standing) {
				for range 5 {
					for _, q := range [][]byte{plain, nonced} {
						if got := w.Respond(t.Context(), q).Standing; got != want {
							t.Errorf("heard %s, and it is %s", got, want)
						}
					}
				}
			}
			for range 3 {
				hear(authority.StandingGood)
				if _, err := w.Revoke(t.Context(), authority.RevocationOrder{Serial: c.Serial.Bytes(), Reason: crl.CertificateHold, By: "officer"}); err != nil {
					t.Error(err)
				}
				hear(authority.StandingHold)
				if _, err := w.Release(t.Context(), "ca", c.Serial.Bytes(), "officer"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

func TestRevokedResponderIsDroppedByEveryProcess(t *testing.T) {
	w := newWorld(t, authority.CASettings{}, nil)
	c := w.issue(t, "a.test", issuance.Asked{})
	nonce := []byte("a question of this very moment")
	_, before := w.ask(t, c, nonce)
	_, kept := w.ask(t, c, nil)
	first := responderOf(t, kept)
	if !bytes.Equal(responderOf(t, before).Raw, first.Raw) {
		t.Fatal("two responders at once")
	}
	elsewhere := w.authority(t)
	w.revoke(t, elsewhere, first, crl.KeyCompromise)
	_, signed := w.ask(t, c, nonce)
	second := responderOf(t, signed)
	if bytes.Equal(second.Raw, first.Raw) {
		t.Fatal("a responder that another process revoked signs on")
	}
	if _, kept = w.ask(t, c, nil); bytes.Equal(responderOf(t, kept).Raw, first.Raw) {
		t.Error("an answer that a revoked responder signed is given out")
	}
	// The one before is revoked while the other has signed since.
	w.revoke(t, elsewhere, second, crl.Superseded)
	check(t, w.Tend(t.Context()))
	if _, kept = w.ask(t, c, nil); !bytes.Equal(responderOf(t, kept).Raw, responderOf(t, mustAsk(t, w, c, nonce)).Raw) || bytes.Equal(responderOf(t, kept).Raw, second.Raw) {
		t.Error("an answer that a revoked responder signed is given out")
	}
	if s, _ := w.ask(t, first, nonce); s.Status != ocsp.Revoked {
		t.Errorf("%+v", s)
	}
}

func mustAsk(t *testing.T, w *world, c *cert.Certificate, nonce []byte) *responder.Answer {
	t.Helper()
	_, a := w.ask(t, c, nonce)
	return a
}
