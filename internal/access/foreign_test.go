package access

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/memstore"
	"github.com/certwright/certwright/request"
)

type maker struct {
	t    *testing.T
	now  time.Time
	key  *ecdsa.PrivateKey
	root *x509.Certificate
}

func newMaker(t *testing.T, now time.Time) *maker {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	m := &maker{t: t, now: now, key: k}
	m.root = m.make(&x509.Certificate{Subject: pkix.Name{CommonName: "Root"}, IsCA: true, BasicConstraintsValid: true}, nil)
	return m
}

func (m *maker) make(template, parent *x509.Certificate) *x509.Certificate {
	m.t.Helper()
	template.SerialNumber, template.NotBefore, template.NotAfter = big.NewInt(time.Now().UnixNano()), m.now.Add(-time.Hour), m.now.Add(time.Hour)
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, m.key.Public(), m.key)
	if err != nil {
		m.t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		m.t.Fatal(err)
	}
	return c
}

func (m *maker) client(cn string, hosts ...string) *x509.Certificate {
	uri := &url.URL{Scheme: "spiffe", Host: "example", Path: "/agent"}
	return m.make(&x509.Certificate{Subject: pkix.Name{CommonName: cn}, DNSNames: hosts, URIs: []*url.URL{uri}, EmailAddresses: []string{"ann@example.org"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, m.root)
}

// recorded puts a certificate into the records.
func recorded(t *testing.T, s *memstore.Store, c *x509.Certificate, status authority.Status) {
	t.Helper()
	recordedUnder(t, s, c, status, "")
}

func recordedUnder(t *testing.T, s *memstore.Store, c *x509.Certificate, status authority.Status, profile string) {
	t.Helper()
	sum := sha256.Sum256(c.Raw)
	key := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	errs, err := s.Commit(t.Context(), &authority.Change{AddCertificate: &authority.Certificate{CA: "issuing", Profile: profile, Serial: c.SerialNumber.Bytes(), DER: c.Raw, Fingerprint: sum[:],
		KeyFingerprint: key[:], NotBefore: c.NotBefore, NotAfter: c.NotAfter, Status: status}})
	if err != nil || errs[0] != nil {
		t.Fatal(errs, err)
	}
}

func TestClientCertificates(t *testing.T) {
	w := newWorld(t)
	m := newMaker(t, w.now)
	w.standing("issuing", authority.StatusValid, m.root)
	roots := x509.NewCertPool()
	roots.AddCert(m.root)
	rules := []Rule{
		{Match: "dns:*.agents.example", Roles: []Role{Applicant}, Profiles: []string{"server"}},
		{Match: "email:ann@example.org", Roles: []Role{Auditor}},
	}
	issued, revoked := m.client("a", "a.agents.example"), m.client("b", "b.agents.example")
	recorded(t, w.store, issued, authority.StatusValid)
	recorded(t, w.store, revoked, authority.StatusRevoked)
	server := m.make(&x509.Certificate{Subject: pkix.Name{CommonName: "s"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, m.root)
	foreign := m.client("f", "f.elsewhere.example")
	for _, c := range []struct {
		what  string
		roots *x509.CertPool
		rules []Rule
		cert  *x509.Certificate
		want  string
	}{
		{"issued here", nil, rules, issued, "cert:a.agents.example applicant"},
		{"revoked here", nil, rules, revoked, "unauthenticated: the client certificate is not of an authority that is trusted here, or was revoked"},
		{"of another authority", nil, rules, foreign, "unauthenticated: the client certificate is not of an authority that is trusted here, or was revoked"},
		{"under a root", roots, rules, foreign, "cert:ann@example.org auditor"},
		{"without a rule", roots, rules[:1], foreign, "unauthenticated: no rule says what the holder of this client certificate may do"},
		{"by common name", roots, []Rule{{Match: "cn:f", Roles: []Role{Officer}}}, foreign, "cert:f officer"},
		{"by URI", roots, []Rule{{Match: "uri:spiffe://example/*", Roles: []Role{Officer}}}, foreign, "cert:spiffe://example/agent officer"},
		{"for servers", roots, rules, server, "unauthenticated: the client certificate is not for the authentication of clients"},
	} {
		x, err := NewCertificates(CertificateConfig{Issued: w.store, Roots: c.roots, Rules: c.rules, Now: func() time.Time { return w.now }})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time from memory
			g := NewGuard(Config{Certificates: x})
			r := httptest.NewRequest("GET", "/", nil)
			r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{c.cert, m.root}}
			p, err := g.Identify(r)
			got := detailOf(err)
			if err == nil {
				got = p.Name + " " + string(p.Roles[0])
			}
			if got != c.want {
				t.Errorf("%s: %s", c.what, got)
			}
		}
	}
	x, err := NewCertificates(CertificateConfig{Issued: w.store, Rules: rules, Now: func() time.Time { return w.now.Add(2 * time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Principal(t.Context(), []*x509.Certificate{issued}); detailOf(err) != "unauthenticated: the client certificate has expired, or is not valid yet" {
		t.Error(err)
	}
}

// Who asks for a certificate with the name of an administrator is none: rules
// for more than applicants are tied to profiles that are not for everybody.
func TestCertificatesThatEverybodyMayAskFor(t *testing.T) {
	w := newWorld(t)
	m := newMaker(t, w.now)
	w.standing("issuing", authority.StatusValid, m.root)
	roots := x509.NewCertPool()
	roots.AddCert(m.root)
	asked, given, elsewhere := m.client("a", "ops.example"), m.client("b", "ops.example"), m.client("c", "ops.example")
	recordedUnder(t, w.store, asked, authority.StatusValid, "server")
	recordedUnder(t, w.store, given, authority.StatusValid, "operators")
	all := []Role{Officer, Administrator, Auditor}
	const nobody = "unauthenticated: no rule says what the holder of this client certificate may do"
	for _, c := range []struct {
		what string
		rule Rule
		cert *x509.Certificate
		want string
	}{
		{"asked for, no profile", Rule{Roles: all}, asked, nobody},
		{"asked for, under an open profile", Rule{Roles: all, IssuedUnder: []string{"server"}}, asked, nobody},
		{"asked for, of another profile", Rule{Roles: all, IssuedUnder: []string{"operators"}}, asked, nobody},
		{"given, one of the profiles open", Rule{Roles: all, IssuedUnder: []string{"operators", "server"}}, given, nobody},
		{"given", Rule{Roles: all, IssuedUnder: []string{"operators"}}, given, "cert:ops.example officer false"},
		{"given by another authority", Rule{Roles: all, IssuedUnder: []string{"operators"}, IssuedBy: []string{"other"}}, given, nobody},
		{"given by this authority", Rule{Roles: all, IssuedUnder: []string{"operators"}, IssuedBy: []string{"issuing"}}, given, "cert:ops.example officer false"},
		{"from elsewhere", Rule{Roles: all}, elsewhere, "cert:ops.example officer false"},
		{"from elsewhere, for one of ours", Rule{Roles: all, IssuedUnder: []string{"operators"}}, elsewhere, nobody},
		{"applicant by what everybody may have", Rule{Roles: []Role{Applicant}, Profiles: []string{"subca"}}, asked, "cert:ops.example applicant true"},
		{"applicant by what was given", Rule{Roles: []Role{Applicant}, Profiles: []string{"subca"}, IssuedUnder: []string{"operators"}}, given, "cert:ops.example applicant false"},
	} {
		c.rule.Match = "dns:ops.example"
		x, err := NewCertificates(CertificateConfig{Issued: w.store, Roots: roots, Rules: []Rule{c.rule}, Now: func() time.Time { return w.now }, Named: func(p string) bool { return p == "operators" }})
		if err != nil {
			t.Fatal(err)
		}
		p, err := x.Principal(t.Context(), []*x509.Certificate{c.cert, m.root})
		got := detailOf(err)
		if err == nil {
			got = fmt.Sprintf("%s %s %t", p.Name, p.Roles[0], p.Open)
			if p.Open != (len(p.Entitled().Profiles)+len(p.Entitled().CAs) == 0 && len(p.Profiles) > 0) {
				t.Errorf("%s: %+v", c.what, p.Entitled())
			}
		}
		if got != c.want {
			t.Errorf("%s: %s", c.what, got)
		}
	}
}

func TestRulesThatAreWrong(t *testing.T) {
	for _, c := range []struct{ match, role, want string }{
		{"", "officer", `the rule "" for client certificates does not begin with a kind of name`},
		{"ip:192.0.2.1", "officer", `the rule "ip:192.0.2.1" for client certificates does not begin with a kind of name`},
		{"cn:x", "king", `the rule "cn:x": there is no role "king"`},
		{"cn:x", "", `the rule "cn:x" gives no role`},
	} {
		rule := Rule{Match: c.match}
		if c.role != "" {
			rule.Roles = []Role{Role(c.role)}
		}
		if _, err := NewCertificates(CertificateConfig{Rules: []Rule{rule}}); err == nil || err.Error() != c.want {
			t.Errorf("%v", err)
		}
	}
	for _, c := range []struct {
		config OIDCConfig
		want   string
	}{
		{OIDCConfig{Issuer: "http://x"}, `the issuer "http://x" of OpenID Connect is not an https URL`},
		{OIDCConfig{Issuer: "https://x"}, "OpenID Connect needs the audience that tokens must be for"},
		{OIDCConfig{Issuer: "https://x", Client: "c", Rules: []Rule{{Match: "x", Roles: []Role{Officer}}}}, `the rule "x" of OpenID Connect is not of the form CLAIM=VALUE`},
		{OIDCConfig{Issuer: "https://x", Client: "c", Rules: []Rule{{Match: "x=y"}}}, `the rule "x=y" gives no role`},
	} {
		if _, err := NewOIDC(c.config); err == nil || err.Error() != c.want {
			t.Errorf("%v", err)
		}
	}
}

// issuer is a provider of OpenID Connect.
type issuer struct {
	*httptest.Server
	key *ecdsa.PrivateKey

	mu    sync.Mutex
	shown map[string]*ecdsa.PrivateKey // keys by their names
	cache string                       // Cache-Control of the keys
	down  bool                         // it does not show its keys
	asked int                          // how often it was asked for them
}

// change has the issuer show other keys, for as long.
func (i *issuer) change(shown map[string]*ecdsa.PrivateKey, cache string, down bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.shown, i.cache, i.down = shown, cache, down
}

func (i *issuer) times() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked
}

func (i *issuer) keys(w http.ResponseWriter, _ *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked++
	if i.down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	set := jose.JSONWebKeySet{}
	for id, k := range i.shown {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.Public(), KeyID: id, Algorithm: "ES256", Use: "sig"})
	}
	w.Header().Set("Cache-Control", i.cache)
	json.NewEncoder(w).Encode(set)
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: k, shown: map[string]*ecdsa.PrivateKey{"1": k}}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys", "id_token_signing_alg_values_supported": []string{"ES256"}})
	})
	mux.HandleFunc("/keys", i.keys)
	i.Server = httptest.NewTLSServer(mux)
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) token(t *testing.T, key *ecdsa.PrivateKey, claims map[string]any) string {
	t.Helper()
	return signedBy(t, key, "1", nil, claims)
}

// signedBy makes a token of a key with this name; more is in its header.
func signedBy(t *testing.T, key *ecdsa.PrivateKey, id string, more map[jose.HeaderKey]any, claims map[string]any) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: id}}, &jose.SignerOptions{ExtraHeaders: more})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	out, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOpenIDConnect(t *testing.T) {
	i := newIssuer(t)
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	x, err := NewOIDC(OIDCConfig{Issuer: i.URL, Client: "certwright", Others: []string{"account"}, HTTP: i.Client(), Now: func() time.Time { return now },
		Rules: []Rule{{Match: "groups=pki-*", Roles: []Role{Officer}}, {Match: "email=*@example.org", Roles: []Role{Applicant}}}})
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	with := func(more map[string]any) map[string]any {
		claims := map[string]any{"iss": i.URL, "aud": "certwright", "sub": "u1", "exp": now.Add(time.Hour).Unix(), "iat": now.Unix()}
		for k, v := range more {
			claims[k] = v
		}
		return claims
	}
	const givenToAnother = "unauthenticated: the token of OpenID Connect was given to another client than this server's (azp)"
	notOurs := "unauthenticated: the token of OpenID Connect is not of " + i.URL + " for this server"
	for _, c := range []struct {
		what   string
		key    *ecdsa.PrivateKey
		claims map[string]any
		want   string
	}{
		{"an officer", i.key, with(map[string]any{"groups": []string{"staff", "pki-officers"}, "email": "ann@example.org", "email_verified": true}), "oidc:ann@example.org officer oidc"},
		{"an applicant whose address is not verified", i.key, with(map[string]any{"email": "bert@example.org"}), "forbidden: no rule says what u1 may do"},
		{"an applicant", i.key, with(map[string]any{"email": "bert@example.org", "email_verified": true}), "oidc:bert@example.org applicant oidc"},
		{"nobody we know", i.key, with(nil), "forbidden: no rule says what u1 may do"},
		{"for us and one that is trusted, given to us", i.key, with(map[string]any{"aud": []string{"account", "certwright"}, "azp": "certwright", "groups": "pki-officers"}), "oidc:u1 officer oidc"},
		{"for us and one that is trusted, given to it", i.key, with(map[string]any{"aud": []string{"account", "certwright"}, "azp": "account", "groups": "pki-officers"}), givenToAnother},
		{"for one that is trusted alone", i.key, with(map[string]any{"aud": "account", "groups": "pki-officers"}), notOurs},
		{"for us and another", i.key, with(map[string]any{"aud": []string{"certwright", "x"}, "groups": "pki-officers"}), "unauthenticated: the token of OpenID Connect is for x, too"},
		{"for us and another, given to us", i.key, with(map[string]any{"aud": []string{"x", "certwright"}, "azp": "certwright", "groups": "pki-officers"}), "unauthenticated: the token of OpenID Connect is for x, too"},
		{"a logout token", i.key, with(map[string]any{"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}, "groups": "pki-officers"}), "unauthenticated: the token of OpenID Connect is no ID token, but tells of events"},
		{"given to another", i.key, with(map[string]any{"azp": "x", "groups": "pki-officers"}), givenToAnother},
		{"given to no text", i.key, with(map[string]any{"azp": []string{"certwright"}, "groups": "pki-officers"}), givenToAnother},
		{"called like the bearer of a token", i.key, with(map[string]any{"sub": "officer1", "groups": "pki-officers"}), "oidc:officer1 officer oidc"},
		{"of another key", other, with(map[string]any{"groups": "pki-officers"}), notOurs},
		{"for another server", i.key, with(map[string]any{"aud": "other", "groups": "pki-officers"}), notOurs},
		{"of another issuer", i.key, with(map[string]any{"iss": "https://evil.example", "groups": "pki-officers"}), notOurs},
		{"expired", i.key, with(map[string]any{"exp": now.Add(-time.Second).Unix(), "groups": "pki-officers"}), "unauthenticated: the token of OpenID Connect has expired"},
		{"without a name", i.key, with(map[string]any{"sub": "", "groups": "pki-officers"}), "unauthenticated: the token of OpenID Connect does not name its bearer"},
	} {
		g := NewGuard(Config{OIDC: x, Tokens: newWorld(t).tokens})
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+i.token(t, c.key, c.claims))
		for range 2 {
			p, err := g.Identify(r)
			got := detailOf(err)
			if err == nil {
				got = p.Name + " " + string(p.Roles[0]) + " " + p.Method
			}
			if got != c.want {
				t.Errorf("%s: %s", c.what, got)
			}
		}
	}
}

// Tokens that say to be of another kind than ID tokens are none (RFC 8725,
// Section 3.11).
func TestTokensOfOtherKinds(t *testing.T) {
	l := newLogin(t)
	for kind, want := range map[any]string{
		"JWT": "", "jwt": "", "application/jwt": "",
		"logout+jwt": "logout+jwt", "at+jwt": "at+jwt", "application/at+jwt": "application/at+jwt", "secevent+jwt": "secevent+jwt", "dpop+jwt": "dpop+jwt", 7: "7",
	} {
		if want != "" {
			want = "unauthenticated: the token of OpenID Connect is no ID token, but of the type " + want
		}
		if got := l.show(signedBy(t, l.key, "1", map[jose.HeaderKey]any{"typ": kind}, l.claims())); got != want {
			t.Errorf("%v: %s", kind, got)
		}
	}
}

// The fix names the claim that was looked for, where the configuration names none.
func TestClaimOfTheNameIsTold(t *testing.T) {
	for name, want := range map[string]string{"": "have its issuer add the claim sub", "login": "have its issuer add the claim login"} {
		x := &OIDC{config: OIDCConfig{Client: "c", Name: name}}
		if got := x.nameClaim(); "have its issuer add the claim "+got != want {
			t.Errorf("%q: %s", name, got)
		}
	}
}

func TestIssuerThatCannotBeReached(t *testing.T) {
	i := newIssuer(t)
	address := i.URL
	i.Close()
	x, err := NewOIDC(OIDCConfig{Issuer: address, Client: "c", HTTP: i.Client()})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := x.Principal(context.Background(), i.token(t, i.key, nil)); detailOf(err) != "network: the issuer "+address+" of OpenID Connect cannot be reached" {
			t.Error(err)
		}
	}
}

// A rule without a kind of name is refused, with the kind that was meant.
func TestRulesSayTheKindOfName(t *testing.T) {
	for match, fix := range map[string]string{
		"foo":          "write cn:foo for a common name, or dns:foo for a host",
		"ops.example":  "write dns:ops.example, or cn:ops.example for a common name",
		"a@b.example":  "write email:a@b.example, or cn:a@b.example for a common name",
		"groups=ops":   "rules of the form CLAIM=VALUE are for OpenID Connect: access.oidc.rules; for a common name write cn:groups=ops",
		"":             "write cn: and a common name, or dns:, email: or uri: and a name of that kind",
		"dns:":         "write cn: and a common name, or dns:, email: or uri: and a name of that kind",
		"DNS:a.exampl": "write cn: and a common name, or dns:, email: or uri: and a name of that kind",
	} {
		_, err := NewCertificates(CertificateConfig{Rules: []Rule{{Match: match, Roles: []Role{Applicant}}}})
		var refusal *request.Refusal
		if !errors.As(err, &refusal) || refusal.Fix != fix {
			t.Errorf("%q: %+v", match, err)
		}
	}
	if _, err := NewCertificates(CertificateConfig{Rules: []Rule{{Match: "cn:foo", Roles: []Role{Applicant}}}}); err != nil {
		t.Error(err)
	}
}
