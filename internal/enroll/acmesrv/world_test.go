package acmesrv

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/memkeys"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/internal/acmecheck"
	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/internal/store/sqlite"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/protocol/acme"
	"github.com/certwright/certwright/request"
)

// world is a server over a real authority and store, and a small internet: DNS,
// and a host that answers challenges.
type world struct {
	*Server
	url       string
	store     authority.Store
	keys      *memkeys.Keys
	authority *authority.Authority
	log       *strings.Builder
	mu        sync.Mutex
	profiles  map[string]string
	zone      map[string][]string // "TXT a.test" → values; no entry for A: 127.0.0.1
	next      map[string][]string // what zone says once it was asked
	files     map[string]string   // of the host: path → content
	handler   http.HandlerFunc    // of the host instead of files, if not nil
	shown     *tls.Certificate    // by the host for acme-tls/1
	ahead     time.Duration       // of the clock
	meanwhile func()              // once, before the next certificate is recorded
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

func (w *world) set(kind, name string, values ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.zone[kind+" "+name] = values
}

func newWorld(t *testing.T, edit ...func(*Config)) *world {
	t.Helper()
	w := &world{profiles: map[string]string{}, zone: map[string][]string{}, next: map[string][]string{}, files: map[string]string{}, log: &strings.Builder{}}
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"))
	check(t, err)
	t.Cleanup(func() { store.Close() })
	w.store = store
	w.keys = memkeys.New()
	title := acmeorder.Title{Store: store, Now: w.clock, Checker: func() (acmeorder.Checker, error) { return acmecheck.New(w.config.Checks, w.clock) }}
	w.authority, err = authority.New(authority.Config{Store: &intercepted{store, w}, Keys: w.keys, Profiles: w.profile, Now: w.clock, Entitled: title.Entitled})
	check(t, err)
	for _, ca := range []authority.NewCA{{Name: "root", Subject: name(t, "CN=Test Root")}, {Name: "issuing", Subject: name(t, "CN=Test Issuing"), Parent: "root"}} {
		ca.KeyKind, ca.By, ca.PathLen = "ecdsa-p256", "operator", -1
		_, err := w.authority.CreateCA(t.Context(), ca)
		check(t, err)
	}
	w.Server, w.url = w.serve(t, edit...)
	return w
}

// intercepted is a store that lets something happen before a certificate is
// recorded.
type intercepted struct {
	authority.Store
	w *world
}

func (s *intercepted) Commit(ctx context.Context, changes ...*authority.Change) ([]error, error) {
	if then := s.w.meanwhile; then != nil && changes[0].AddCertificate != nil {
		s.w.meanwhile = nil
		then()
	}
	return s.Store.Commit(ctx, changes...)
}

// serve starts a server over the world's store, as one more process would.
func (w *world) serve(t *testing.T, edit ...func(*Config)) (*Server, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	c := Config{
		Authority: w.authority, Store: w.store, Secrets: w.vault(), BaseURL: "http://" + listener.Addr().String(), Now: w.clock,
		Log:    slog.New(slog.NewTextHandler(w.log, nil)),
		Checks: acmecheck.Settings{Resolvers: []string{w.dns(t)}, HTTPPort: w.host(t), TLSPort: w.tlsHost(t), Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
		Orders: acmeorder.Settings{DefaultCA: "issuing"},
	}
	for _, e := range edit {
		e(&c)
	}
	server, err := New(c)
	check(t, err)
	front := &httptest.Server{Listener: listener, Config: &http.Server{Handler: server}}
	front.Start()
	t.Cleanup(front.Close)
	return server, "http://" + listener.Addr().String()
}

func (w *world) profile(name string) (*issuance.Profile, error) {
	if text, ok := w.profiles[name]; ok {
		return issuance.ParseProfile([]byte(text))
	}
	if p, ok := issuance.BuiltInProfile(name); ok {
		return p, nil
	}
	return nil, &request.Refusal{Reason: request.UnknownProfile, Detail: "there is no profile called " + name, Fix: "use another"}
}

func name(t testing.TB, text string) dn.Name {
	t.Helper()
	n, err := dn.ParseText(text)
	check(t, err)
	return n
}

// dns serves the zone.
func (w *world) dns(t *testing.T) string {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	check(t, err)
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(w.answer)}
	go server.ActivateAndServe()
	t.Cleanup(func() { conn.Close() })
	return conn.LocalAddr().String()
}

func (w *world) answer(out dns.ResponseWriter, query *dns.Msg) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := new(dns.Msg)
	m.SetReply(query)
	q := query.Question[0]
	kind, name := dns.TypeToString[q.Qtype], strings.TrimSuffix(strings.ToLower(q.Name), ".")
	values, set := w.zone[kind+" "+name]
	if next, ok := w.next[kind+" "+name]; ok {
		w.zone[kind+" "+name] = next
		delete(w.next, kind+" "+name)
	}
	if !set && kind == "A" {
		values = []string{"127.0.0.1"}
	}
	for _, v := range values {
		if v == "SERVFAIL" {
			m.Rcode = dns.RcodeServerFailure
			continue
		}
		if kind == "TXT" {
			v = `"` + v + `"`
		}
		record, err := dns.NewRR(q.Name + " 60 IN " + kind + " " + v)
		if err != nil {
			panic(err)
		}
		m.Answer = append(m.Answer, record)
	}
	out.WriteMsg(m)
}

// host answers http-01.
func (w *world) host(t *testing.T) int {
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		handler, content, ok := w.handler, "", false
		content, ok = w.files[r.URL.Path]
		w.mu.Unlock()
		switch {
		case handler != nil:
			handler(out, r)
		case ok:
			out.Write([]byte(content))
		default:
			http.NotFound(out, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().(*net.TCPAddr).Port
}

// tlsHost answers tls-alpn-01.
func (w *world) tlsHost(t *testing.T) int {
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		NextProtos: []string{"acme-tls/1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.shown == nil {
				return nil, errors.New("nothing to show")
			}
			return w.shown, nil
		},
	})
	check(t, err)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				conn.(*tls.Conn).Handshake()
				conn.Close()
			}()
		}
	}()
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().(*net.TCPAddr).Port
}

// client is a client with an account key of its own, not registered yet.
func (w *world) client(t testing.TB) *acme.Client {
	return &acme.Client{DirectoryURL: w.url + "/acme/directory", Private: newKey(t)}
}

// registered is a client with an account.
func (w *world) registered(t testing.TB) *acme.Client {
	t.Helper()
	c := w.client(t)
	_, err := c.Register(t.Context(), acme.NewAccount{TermsOfServiceAgreed: true})
	check(t, err)
	return c
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	return k
}

func thumbprint(t testing.TB, c *acme.Client) string {
	t.Helper()
	k, err := acme.NewKey(c.Private.Public())
	check(t, err)
	return k.Thumbprint()
}

func names(list ...string) acme.NewOrder {
	var n acme.NewOrder
	for _, value := range list {
		i := acme.Identifier{Type: acme.DNS, Value: value}
		if net.ParseIP(value) != nil {
			i.Type = acme.IP
		}
		n.Identifiers = append(n.Identifiers, i)
	}
	return n
}

// csr is a request for these names.
func csr(t testing.TB, k crypto.Signer, list ...string) []byte {
	t.Helper()
	template := &x509.CertificateRequest{}
	for _, value := range list {
		if ip := net.ParseIP(value); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, value)
		}
	}
	return csrOf(t, k, template)
}

func csrOf(t testing.TB, k crypto.Signer, template *x509.CertificateRequest) []byte {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, template, k)
	check(t, err)
	return der
}

// prepare puts in place what a challenge asks for.
func (w *world) prepare(t testing.TB, c *acme.Client, z *acme.Authorization, ch *acme.Challenge) {
	t.Helper()
	answer := acme.KeyAuthorization(ch.Token, thumbprint(t, c))
	host := z.Identifier.Value
	switch ch.Type {
	case acme.HTTP01:
		w.mu.Lock()
		w.files["/.well-known/acme-challenge/"+ch.Token] = answer
		w.mu.Unlock()
	case acme.DNS01:
		w.set("TXT", "_acme-challenge."+host, "something else", acme.DNSValue(answer))
	case acme.DNSAccount01:
		w.set("TXT", acme.AccountLabel(c.AccountURL)+"._acme-challenge."+host, acme.DNSValue(answer))
	case acme.TLSALPN01:
		shown := responder(t, z.Identifier, answer)
		w.mu.Lock()
		w.shown = shown
		w.mu.Unlock()
	case acme.DNSPersist01:
		record := ch.IssuerDomainNames[0] + "; accounturi=" + acme.HashedAccount(w.url+"/acme/account-hash/", host, thumbprint(t, c), c.AccountURL)
		if z.Wildcard {
			record += ";policy=WildCard"
		}
		// A semicolon begins a comment in the text form of records.
		w.set("TXT", "_validation-persist."+host, "other.example; accounturi=x", record)
	}
}

// pick is the challenge of a type.
func pick(t testing.TB, z *acme.Authorization, method string) *acme.Challenge {
	t.Helper()
	for i := range z.Challenges {
		if z.Challenges[i].Type == method {
			return &z.Challenges[i]
		}
	}
	t.Fatalf("%s has no challenge %s: %+v", z.Identifier.Value, method, z.Challenges)
	return nil
}

// fulfil validates all authorizations of an order.
func (w *world) fulfil(t testing.TB, c *acme.Client, o *acme.Order, method string) {
	t.Helper()
	for _, url := range o.Authorizations {
		z, err := c.Authorization(t.Context(), url)
		check(t, err)
		if z.Status == acme.StatusValid { // proven for an earlier order
			continue
		}
		ch := pick(t, z, method)
		w.prepare(t, c, z, ch)
		_, err = c.Accept(t.Context(), ch.URL)
		check(t, err)
		if z = w.settled(t, c, url); z.Status != acme.StatusValid {
			t.Fatalf("%s of %s: %v", method, z.Identifier.Value, z.Challenges[0].Error)
		}
	}
}

// settled asks for an authorization until it is not pending any more.
func (w *world) settled(t testing.TB, c *acme.Client, url string) *acme.Authorization {
	t.Helper()
	for {
		z, err := c.Authorization(t.Context(), url)
		check(t, err)
		if z.Status != acme.StatusPending {
			return z
		}
	}
}

// issue goes all the way, and returns the leaf, the URL of the order and the
// key.
func (w *world) issue(t testing.TB, c *acme.Client, n acme.NewOrder, method string) (*x509.Certificate, string, *ecdsa.PrivateKey) {
	t.Helper()
	o, url, err := c.Order(t.Context(), n)
	check(t, err)
	w.fulfil(t, c, o, method)
	ready, err := c.Settled(t.Context(), url, 10*time.Millisecond)
	check(t, err)
	if ready.Status != acme.StatusReady {
		t.Fatalf("the order is %s: %v", ready.Status, ready.Error)
	}
	var list []string
	for _, i := range n.Identifiers {
		list = append(list, i.Value)
	}
	k := newKey(t)
	done, err := c.Finalize(t.Context(), ready, csr(t, k, list...))
	check(t, err)
	if done.Status != acme.StatusValid {
		t.Fatalf("the order is %s", done.Status)
	}
	chain, _, err := c.Certificate(t.Context(), done.Certificate)
	check(t, err)
	return leaf(t, chain), url, k
}

func leaf(t testing.TB, chain []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(chain)
	parsed, err := x509.ParseCertificate(block.Bytes)
	check(t, err)
	return parsed
}

// is checks that an error is a problem of this type and status whose detail
// has this text in it.
func is(t testing.TB, err error, of acme.ProblemType, status int, detail string) {
	t.Helper()
	var p *acme.Problem
	if !errors.As(err, &p) {
		t.Fatalf("got %v, want %s", err, of)
	}
	if !p.Has(of) || p.Status != status || !strings.Contains(p.Detail, detail) {
		t.Fatalf("got %d %s: %q, want %d %s: %q", p.Status, p.Type, p.Detail, status, of, detail)
	}
}

func curveKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	check(t, err)
	return k
}
