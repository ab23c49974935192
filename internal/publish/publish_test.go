package publish_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/memkeys"
	"github.com/certwright/certwright/authority/memstore"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/ocsp"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/internal/publish"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// world is an authority whose lists and answers a server publishes.
type world struct {
	*authority.Authority
	server *publish.Server
	http   *httptest.Server
	store  *memstore.Store
	keys   *memkeys.Keys
	ca     *cert.Certificate
	mu     sync.Mutex
	now    time.Time
	told   []string // what Answered heard
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

// wait lets the clock go on.
func (w *world) wait(_ context.Context, d time.Duration) error {
	w.pass(d)
	return nil
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func profile(name string) (*issuance.Profile, error) {
	if p, ok := issuance.BuiltInProfile(name); ok {
		return p, nil
	}
	return nil, &request.Refusal{Reason: request.UnknownProfile, Detail: "there is no profile " + name}
}

func newWorld(t testing.TB, settings authority.CASettings, change func(*publish.Config)) *world {
	t.Helper()
	w := &world{store: memstore.New(), keys: memkeys.New(), now: time.Now().UTC().Truncate(time.Second)}
	var err error
	w.Authority, err = authority.New(authority.Config{Store: w.store, Keys: w.keys, Profiles: profile, Now: w.clock, Wait: w.wait})
	check(t, err)
	subject, err := dn.ParseText("CN=Test CA")
	check(t, err)
	made, err := w.CreateCA(t.Context(), authority.NewCA{Name: "ca", Subject: subject, KeyKind: "ecdsa-p256", PathLen: -1, Settings: settings, By: "operator"})
	check(t, err)
	w.ca, err = cert.Parse(made.Chain[0])
	check(t, err)
	c := publish.Config{Authority: w.Authority, Store: w.store, Records: w.store, Keys: w.keys, Now: w.clock, Fresh: 1,
		Answered: func(status, standing string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.told = append(w.told, status+" "+standing)
		}}
	if change != nil {
		change(&c)
	}
	w.server, err = publish.New(c)
	check(t, err)
	w.http = httptest.NewServer(w.server)
	t.Cleanup(w.http.Close)
	return w
}

func (w *world) issue(t testing.TB) *cert.Certificate {
	t.Helper()
	k, err := key.Generate("ecdsa-p256", rand.Reader)
	check(t, err)
	general, err := ext.ParseGeneralName("dns:a.test")
	check(t, err)
	algorithm, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	check(t, err)
	p, err := pkcs10.Create(pkcs10.Template{Extensions: []ext.Extension{ext.NewSubjectAltName([]ext.GeneralName{general}, false)}}, k, algorithm)
	check(t, err)
	r, err := request.FromPKCS10(p)
	check(t, err)
	out, err := w.Submit(t.Context(), authority.Submission{Request: r, Origin: evidence.Origin{Door: "cli", Requester: "anna", Method: "local-user"}})
	check(t, err)
	if out.Certificate == nil {
		t.Fatalf("refused: %+v", out.Refusal)
	}
	c, err := cert.Parse(out.Certificate.DER)
	check(t, err)
	return c
}

func (w *world) revoke(t testing.TB, c *cert.Certificate) {
	t.Helper()
	_, err := w.Revoke(t.Context(), authority.RevocationOrder{Serial: c.Serial.Bytes(), Reason: crl.Superseded, By: "officer"})
	check(t, err)
}

// reply is what came back.
type reply struct {
	*http.Response
	body []byte
}

func (w *world) do(t testing.TB, method, path string, body []byte, headers ...string) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.http.URL+path, bytes.NewReader(body))
	check(t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	check(t, err)
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	check(t, err)
	return reply{answer, data}
}

func (r reply) want(t testing.TB, code int, kind string) reply {
	t.Helper()
	if r.StatusCode != code || kind != "" && r.Header.Get("Content-Type") != kind {
		t.Fatalf("%s %s: %s, %s: %.200s", r.Request.Method, r.Request.URL.Path, r.Status, r.Header.Get("Content-Type"), r.body)
	}
	return r
}

func TestListsAreServed(t *testing.T) {
	w := newWorld(t, authority.CASettings{DeltaValidity: 24 * time.Hour, Base: "http://pki.test"}, nil)
	check(t, w.server.Tend(t.Context()))
	w.pass(3 * time.Second)
	first := w.do(t, "GET", "/crl/ca.crl", nil).want(t, 200, "application/pkix-crl")
	l, err := crl.Parse(first.body)
	check(t, err)
	check(t, l.CheckSignature(w.ca.PublicKey))
	if got := first.Header.Get("Cache-Control"); got != "max-age=3600, public" {
		t.Errorf("Cache-Control: %s", got)
	}
	if first.Header.Get("Last-Modified") != l.ThisUpdate.Format(http.TimeFormat) || first.Header.Get("Expires") != l.NextUpdate.Format(http.TimeFormat) || first.Header.Get("Etag") == "" {
		t.Errorf("headers %v", first.Header)
	}
	for _, condition := range [][]string{{"If-None-Match", first.Header.Get("Etag")}, {"If-None-Match", `"x", W/` + first.Header.Get("Etag")}, {"If-None-Match", "*"}, {"If-Modified-Since", first.Header.Get("Last-Modified")}} {
		if again := w.do(t, "GET", "/crl/ca.crl", nil, condition...).want(t, 304, ""); len(again.body) != 0 {
			t.Error("there is a body with 304")
		}
	}
	w.do(t, "GET", "/crl/ca.crl", nil, "If-None-Match", `"other"`, "If-Modified-Since", first.Header.Get("Last-Modified")).want(t, 200, "application/pkix-crl")
	if part := w.do(t, "GET", "/crl/ca.crl", nil, "Range", "bytes=0-9").want(t, 206, ""); !bytes.Equal(part.body, first.body[:10]) {
		t.Error("a part is wrong")
	}
	if head := w.do(t, "HEAD", "/crl/ca.crl", nil).want(t, 200, "application/pkix-crl"); len(head.body) != 0 || head.ContentLength != int64(len(first.body)) {
		t.Error("HEAD is wrong")
	}
	w.revoke(t, w.issue(t))
	w.pass(13 * time.Hour)
	check(t, w.server.Tend(t.Context()))
	delta, err := crl.Parse(w.do(t, "GET", "/crl/ca/delta.crl", nil).want(t, 200, "application/pkix-crl").body)
	check(t, err)
	if delta.DeltaBase() == nil || delta.DeltaBase().Cmp(l.Number()) != 0 || delta.Len() != 1 {
		t.Errorf("delta list of %v with %d entries", delta.DeltaBase(), delta.Len())
	}
	// At once when asked, by whoever shares the store.
	_, err = w.PublishCRL(t.Context(), "ca", authority.FullCRL, -1, "officer")
	check(t, err)
	next, err := crl.Parse(w.do(t, "GET", "/crl/ca.crl", nil, "If-None-Match", first.Header.Get("Etag")).want(t, 200, "application/pkix-crl").body)
	check(t, err)
	if next.Len() != 1 {
		t.Errorf("the next list has %d entries", next.Len())
	}
}

// Of two lists, answers or certificates of one second the later is taken for
// the earlier by nobody who asks by date.
func TestNothingOfOneSecondIsTakenForTheOther(t *testing.T) {
	w := newWorld(t, authority.CASettings{}, nil)
	c := w.issue(t)
	answer := "/ocsp/" + url.PathEscape(base64.StdEncoding.EncodeToString(w.question(t, nil, c.Serial)))
	date := w.clock().Format(http.TimeFormat)
	places := []string{answer, "/crl/ca.crl", "/ca/ca.crt"}
	for _, place := range places {
		got := w.do(t, "GET", place, nil, "If-Modified-Since", date).want(t, 200, "")
		if place != "/crl/ca.crl" && got.Header.Get("Last-Modified") != "" || got.Header.Get("Etag") == "" {
			t.Errorf("%s: %v", place, got.Header)
		}
	}
	w.revoke(t, c)
	_, err := w.PublishCRL(t.Context(), "ca", authority.FullCRL, -1, "officer")
	check(t, err)
	if got := w.do(t, "GET", answer, nil, "If-Modified-Since", date); status(t, w, got, c, nil) != ocsp.Revoked {
		t.Error("it is not revoked")
	}
	for _, place := range places {
		w.do(t, "GET", place, nil, "If-Modified-Since", date).want(t, 200, "")
	}
	w.pass(3 * time.Second)
	for _, place := range places {
		got := w.do(t, "GET", place, nil).want(t, 200, "")
		w.do(t, "GET", place, nil, "If-Modified-Since", got.Header.Get("Last-Modified")).want(t, 304, "")
		w.do(t, "GET", place, nil, "If-Modified-Since", w.clock().Add(-time.Hour).Format(http.TimeFormat)).want(t, 200, "")
	}
}

// A renewed certificate of an authority is not that of before to those who ask
// by date.
func TestRenewedAuthorityIsModified(t *testing.T) {
	w := newWorld(t, authority.CASettings{}, nil)
	w.pass(time.Hour)
	before := w.do(t, "GET", "/ca/ca.crt", nil).want(t, 200, "")
	ca, err := w.store.CA(t.Context(), "ca")
	check(t, err)
	_, err = w.InstallCA(t.Context(), "ca", ca.Chain, "officer")
	check(t, err)
	w.pass(time.Minute)
	after := w.do(t, "GET", "/ca/ca.crt", nil, "If-Modified-Since", before.Header.Get("Last-Modified")).want(t, 200, "")
	if got := after.Header.Get("Last-Modified"); got != w.clock().Add(-time.Minute).Format(http.TimeFormat) {
		t.Errorf("Last-Modified: %s", got)
	}
}

// Certificates of a new authority or shard point to lists that are there.
func TestFirstListsArePublishedWhenAsked(t *testing.T) {
	w := newWorld(t, authority.CASettings{DeltaValidity: time.Hour, Base: "http://pki.test"}, nil)
	w.do(t, "GET", "/crl/ca/delta.crl", nil).want(t, 200, "application/pkix-crl")
	_, err := w.UpdateCA(t.Context(), "ca", func(_ *authority.CA, s *authority.CASettings) { s.Shards = 2 }, "officer")
	check(t, err)
	w.do(t, "GET", "/crl/ca/1.crl", nil).want(t, 200, "application/pkix-crl")
	w.do(t, "GET", "/crl/ca/2.crl", nil).want(t, 404, "")
	w.do(t, "GET", "/crl/other.crl", nil).want(t, 404, "")
}

// A delta list follows each full one.
func TestDeltaListsFollowFullOnes(t *testing.T) {
	w := newWorld(t, authority.CASettings{DeltaValidity: 24 * time.Hour}, nil)
	check(t, w.server.Tend(t.Context()))
	_, err := w.PublishCRL(t.Context(), "ca", authority.FullCRL, -1, "officer")
	check(t, err)
	for range 2 {
		check(t, w.server.Tend(t.Context()))
	}
	if l, err := w.store.NewestCRL(t.Context(), "ca", authority.DeltaCRL, 0); err != nil || l.Number != 4 || l.Base != 3 {
		t.Errorf("%+v, %v", l, err)
	}
}

// away is a store that cannot be reached at times.
type away struct {
	*memstore.Store
	down atomic.Bool
}

var errAway = errors.New("the database cannot be reached")

func (a *away) fails() error {
	if a.down.Load() {
		return errAway
	}
	return nil
}

func (a *away) CA(ctx context.Context, name string) (*authority.CA, error) {
	if err := a.fails(); err != nil {
		return nil, err
	}
	return a.Store.CA(ctx, name)
}

func (a *away) CAs(ctx context.Context) ([]*authority.CA, error) {
	if err := a.fails(); err != nil {
		return nil, err
	}
	return a.Store.CAs(ctx)
}

func (a *away) NewestCRL(ctx context.Context, ca string, kind authority.CRLKind, shard int) (*authority.CRL, error) {
	if err := a.fails(); err != nil {
		return nil, err
	}
	return a.Store.NewestCRL(ctx, ca, kind, shard)
}

func (a *away) LastChange(ctx context.Context, ca string) (int64, error) {
	if err := a.fails(); err != nil {
		return 0, err
	}
	return a.Store.LastChange(ctx, ca)
}

func (a *away) Revocations(ctx context.Context, q authority.RevocationQuery) iter.Seq2[authority.Revocation, error] {
	if err := a.fails(); err != nil {
		return func(yield func(authority.Revocation, error) bool) { yield(authority.Revocation{}, err) }
	}
	return a.Store.Revocations(ctx, q)
}

// While the records cannot be read, what was served before is served as long
// as it holds.
func TestWhatHoldsIsServedWithoutTheRecords(t *testing.T) {
	var store *away
	w := newWorld(t, authority.CASettings{CRLValidity: 10 * time.Hour}, func(c *publish.Config) {
		store = &away{Store: c.Store.(*memstore.Store)}
		c.Store = store
	})
	c, other := w.issue(t), w.issue(t)
	answer := func(of *cert.Certificate) string {
		return "/ocsp/" + url.PathEscape(base64.StdEncoding.EncodeToString(w.question(t, nil, of.Serial)))
	}
	places := []string{answer(c), "/crl/ca.crl", "/ca/ca.crt"}
	before := map[string]reply{}
	for _, place := range places {
		before[place] = w.do(t, "GET", place, nil).want(t, 200, "")
	}
	w.do(t, "GET", "/crl/ca.crl", nil).want(t, 200, "")
	store.down.Store(true)
	for _, wait := range []time.Duration{0, 9 * time.Hour} {
		w.pass(wait)
		for _, place := range places {
			if got := w.do(t, "GET", place, nil).want(t, 200, ""); !bytes.Equal(got.body, before[place].body) {
				t.Errorf("%s is another", place)
			}
		}
	}
	if got := w.do(t, "GET", answer(other), nil); !bytes.Equal(got.body, ocsp.Refusal(ocsp.TryLater)) {
		t.Errorf("an answer that there is not: %x", got.body)
	}
	w.do(t, "GET", "/ca/other.crt", nil).want(t, 503, "")
	w.pass(4 * time.Hour)
	if got := w.do(t, "GET", "/crl/ca.crl", nil).want(t, 503, ""); got.Header.Get("Retry-After") == "" {
		t.Error("nobody says when to come again")
	}
	if got := w.do(t, "GET", answer(c), nil); !bytes.Equal(got.body, ocsp.Refusal(ocsp.TryLater)) {
		t.Errorf("an answer that has ended: %x", got.body)
	}
	store.down.Store(false)
	for _, place := range places {
		w.do(t, "GET", place, nil).want(t, 200, "")
	}
}

func TestListsAreRefreshedBeforeTheyEnd(t *testing.T) {
	w := newWorld(t, authority.CASettings{CRLValidity: 10 * time.Hour}, nil)
	numbers := func() string {
		var out []string
		for l, err := range w.store.CRLs(t.Context(), "ca") {
			check(t, err)
			out = append(out, fmt.Sprint(l.Number))
		}
		return strings.Join(out, " ")
	}
	for _, step := range []struct {
		wait time.Duration
		want string
	}{{0, "1"}, {4 * time.Hour, "1"}, {time.Hour, "1 2"}, {time.Hour, "1 2"}, {40 * time.Hour, "1 2 3"}} {
		w.pass(step.wait)
		check(t, w.server.Tend(t.Context()))
		if got := numbers(); got != step.want {
			t.Fatalf("after %s there are the lists %s, not %s", step.wait, got, step.want)
		}
	}
}

func TestOneOfSeveralProcessesPublishes(t *testing.T) {
	w := newWorld(t, authority.CASettings{}, nil)
	check(t, w.store.PutRecords(t.Context(), &authority.Record{Kind: "crl-publication", ID: "ca/full/0", Due: w.clock().Add(time.Minute), Body: []byte("{}")}))
	check(t, w.server.Tend(t.Context()))
	w.do(t, "GET", "/crl/ca.crl", nil).want(t, 404, "")
	w.pass(2 * time.Minute)
	check(t, w.server.Tend(t.Context()))
	w.do(t, "GET", "/crl/ca.crl", nil).want(t, 200, "")
}

func TestPromptLists(t *testing.T) {
	w := newWorld(t, authority.CASettings{}, func(c *publish.Config) { c.Prompt = true })
	check(t, w.server.Tend(t.Context()))
	for i := range 2 {
		w.revoke(t, w.issue(t))
		w.pass(time.Minute)
		check(t, w.server.Tend(t.Context()))
		l, err := crl.Parse(w.do(t, "GET", "/crl/ca.crl", nil).want(t, 200, "").body)
		check(t, err)
		if l.Len() != i+1 {
			t.Errorf("%d revocations, and %d entries", i+1, l.Len())
		}
	}
	check(t, w.server.Tend(t.Context()))
	if l, err := w.store.NewestCRL(t.Context(), "ca", authority.FullCRL, 0); err != nil || l.Number != 3 {
		t.Errorf("%+v, %v: nothing changed", l, err)
	}
}

func TestShards(t *testing.T) {
	w := newWorld(t, authority.CASettings{Shards: 3, Base: "http://pki.test", DeltaValidity: time.Hour}, nil)
	check(t, w.server.Tend(t.Context()))
	for _, path := range []string{"/crl/ca.crl", "/crl/ca/0.crl", "/crl/ca/1.crl", "/crl/ca/2.crl", "/crl/ca/2/delta.crl", "/crl/ca/delta.crl"} {
		w.do(t, "GET", path, nil).want(t, 200, "application/pkix-crl")
	}
	for _, path := range []string{"/crl/ca/3.crl", "/crl/ca/-1.crl", "/crl/ca/01.crl", "/crl/ca/x.crl", "/crl/ca/1/2.crl", "/crl/other.crl", "/crl/ca", "/crl/", "/crl/ca/1/2/delta.crl"} {
		w.do(t, "GET", path, nil).want(t, 404, "text/plain; charset=utf-8")
	}
	w.do(t, "POST", "/crl/ca.crl", nil).want(t, 405, "")
}

func TestCertificatesOfAuthorities(t *testing.T) {
	w := newWorld(t, authority.CASettings{}, nil)
	for _, ending := range []string{"crt", "cer", "der"} {
		if got := w.do(t, "GET", "/ca/ca."+ending, nil).want(t, 200, "application/pkix-cert"); !bytes.Equal(got.body, w.ca.Raw) {
			t.Errorf("%s is not the certificate", ending)
		}
	}
	info, err := cms.Parse(w.do(t, "GET", "/ca/ca.p7c", nil).want(t, 200, "application/pkcs7-mime; smime-type=certs-only").body)
	check(t, err)
	signed, err := info.SignedData()
	check(t, err)
	if len(signed.Certificates) != 1 {
		t.Errorf("%d certificates", len(signed.Certificates))
	}
	pem := w.do(t, "GET", "/ca/ca.pem", nil).want(t, 200, "application/x-pem-file")
	if !bytes.HasPrefix(pem.body, []byte("-----BEGIN CERTIFICATE")) {
		t.Errorf("%s", pem.body)
	}
	w.do(t, "GET", "/ca/ca.pem", nil, "If-None-Match", pem.Header.Get("Etag")).want(t, 304, "")
	for _, path := range []string{"/ca/x.crt", "/ca/ca", "/ca/", "/ca/ca.txt", "/x"} {
		w.do(t, "GET", path, nil).want(t, 404, "")
	}
}

func (w *world) question(t testing.TB, nonce []byte, serials ...*big.Int) []byte {
	t.Helper()
	template := ocsp.RequestTemplate{}
	for _, serial := range serials {
		id, err := ocsp.NewCertID(crypto.SHA1, w.ca, serial)
		check(t, err)
		template.Requests = append(template.Requests, ocsp.Single{CertID: id})
	}
	if nonce != nil {
		e, err := ocsp.NewNonce(nonce)
		check(t, err)
		template.Extensions = []ext.Extension{e}
	}
	raw, err := ocsp.CreateRequest(template)
	check(t, err)
	return raw
}

func status(t testing.TB, w *world, r reply, c *cert.Certificate, nonce []byte) ocsp.CertStatus {
	t.Helper()
	answer, err := ocsp.ParseResponse(r.want(t, 200, "application/ocsp-response").body)
	check(t, err)
	single, err := answer.Verify(ocsp.Expected{Certificate: c, Issuer: w.ca, Now: w.clock(), Nonce: nonce})
	check(t, err)
	return single.Status
}

func TestOCSPByGet(t *testing.T) {
	w := newWorld(t, authority.CASettings{}, nil)
	c := w.issue(t)
	text := base64.StdEncoding.EncodeToString(w.question(t, nil, c.Serial))
	w.do(t, "GET", "/ocsp/"+text, nil).want(t, 200, "")
	w.pass(3 * time.Second)
	for _, path := range []string{"/ocsp/" + url.PathEscape(text), "/ocsp/" + text, "/ocsp//" + strings.TrimRight(text, "=")} {
		got := w.do(t, "GET", path, nil)
		if status(t, w, got, c, nil) != ocsp.Good {
			t.Error("it is not good")
		}
		if cc := got.Header.Get("Cache-Control"); cc != "max-age=3600, public, no-transform, must-revalidate" {
			t.Errorf("Cache-Control: %s", cc)
		}
		if got.Header.Get("Expires") == "" || got.Header.Get("Last-Modified") == "" {
			t.Errorf("%v", got.Header)
		}
		w.do(t, "GET", path, nil, "If-None-Match", got.Header.Get("Etag")).want(t, 304, "")
	}
	w.revoke(t, c)
	got := w.do(t, "GET", "/ocsp/"+url.PathEscape(text), nil)
	if status(t, w, got, c, nil) != ocsp.Revoked {
		t.Error("it is not revoked")
	}
	unknown := w.do(t, "GET", "/ocsp/"+url.PathEscape(base64.StdEncoding.EncodeToString(w.question(t, nil, big.NewInt(1)))), nil).want(t, 200, "application/ocsp-response")
	if unknown.Header.Get("Cache-Control") != "no-store" {
		t.Error("what is unknown may be known in a moment")
	}
	bad := w.do(t, "GET", "/ocsp/!!", nil).want(t, 200, "application/ocsp-response")
	if !bytes.Equal(bad.body, ocsp.Refusal(ocsp.MalformedRequest)) || bad.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%x %v", bad.body, bad.Header)
	}
}

func TestOCSPByPost(t *testing.T) {
	w := newWorld(t, authority.CASettings{}, func(c *publish.Config) { c.MaxRequest = 2000 })
	c := w.issue(t)
	nonce := bytes.Repeat([]byte{1}, 32)
	post := func(path string, body []byte) reply {
		return w.do(t, "POST", path, body, "Content-Type", "application/ocsp-request")
	}
	for _, path := range []string{"/ocsp", "/ocsp/"} {
		got := post(path, w.question(t, nonce, c.Serial))
		if status(t, w, got, c, nonce) != ocsp.Good || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%v", got.Header)
		}
	}
	if got := post("/ocsp", w.question(t, nil, c.Serial, big.NewInt(3))); status(t, w, got, c, nil) != ocsp.Good {
		t.Error("of two, the first is not good")
	}
	if got := post("/ocsp", []byte("x")).want(t, 200, "application/ocsp-response"); !bytes.Equal(got.body, ocsp.Refusal(ocsp.MalformedRequest)) {
		t.Errorf("%x", got.body)
	}
	if got := post("/ocsp", make([]byte, 2001)).want(t, 413, "application/ocsp-response"); !bytes.Equal(got.body, ocsp.Refusal(ocsp.MalformedRequest)) {
		t.Errorf("%x", got.body)
	}
	other := newWorld(t, authority.CASettings{}, nil)
	if got := post("/ocsp", other.question(t, nil, c.Serial)).want(t, 200, "application/ocsp-response"); !bytes.Equal(got.body, ocsp.Refusal(ocsp.Unauthorized)) {
		t.Errorf("%x", got.body)
	}
	w.do(t, "PUT", "/ocsp", nil).want(t, 405, "")
	check(t, w.store.Close())
	if got := post("/ocsp", w.question(t, nil, c.Serial)).want(t, 200, "application/ocsp-response"); !bytes.Equal(got.body, ocsp.Refusal(ocsp.TryLater)) {
		t.Errorf("%x", got.body)
	}
	w.do(t, "GET", "/crl/ca.crl", nil).want(t, 503, "text/plain; charset=utf-8")
	w.do(t, "GET", "/ca/ca.crt", nil).want(t, 503, "text/plain; charset=utf-8")
	want := "successful good|successful good|successful good|malformedRequest |malformedRequest |unauthorized |tryLater "
	if got := strings.Join(w.told, "|"); got != want {
		t.Errorf("told %s", got)
	}
}

func TestOpenSSLAsksTheServer(t *testing.T) {
	w := newWorld(t, authority.CASettings{}, nil)
	c := w.issue(t)
	dir := t.TempDir()
	for name, der := range map[string][]byte{"ca": w.ca.Raw, "leaf": c.Raw} {
		convert := exec.Command("openssl", "x509", "-inform", "DER", "-out", dir+"/"+name)
		convert.Stdin = bytes.NewReader(der)
		if out, err := convert.CombinedOutput(); err != nil {
			t.Fatalf("openssl (it must be installed): %v\n%s", err, out)
		}
	}
	out, err := exec.Command("openssl", "ocsp", "-issuer", dir+"/ca", "-cert", dir+"/leaf", "-url", w.http.URL+"/ocsp", "-CAfile", dir+"/ca").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Response verify OK") || !strings.Contains(string(out), "/leaf: good") || strings.Contains(string(out), "WARNING") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestRunEnds(t *testing.T) {
	published := make(chan string, 1)
	w := newWorld(t, authority.CASettings{}, func(c *publish.Config) {
		c.Published = func(ca string, l *authority.CRL) { published <- fmt.Sprintf("%s %d", ca, l.Number) }
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.server.Run(ctx) }()
	if got := <-published; got != "ca 1" {
		t.Errorf("published %s", got)
	}
	cancel()
	check(t, <-ended)
}

func TestConfig(t *testing.T) {
	for text, c := range map[string]publish.Config{"cannot be below zero": {MaxAge: -1}, "needs the authorities": {}} {
		if _, err := publish.New(c); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	r := httptest.NewRequest("GET", "/ocsp/MFQ//x", nil)
	if !publish.Takes(r) || publish.Takes(httptest.NewRequest("GET", "/ocspx", nil)) {
		t.Error("paths")
	}
	if len(publish.Patterns()) == 0 {
		t.Error("no patterns")
	}
}
