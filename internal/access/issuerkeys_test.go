package access

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// login is an OIDC over an issuer, with a clock.
type login struct {
	t *testing.T
	*issuer
	oidc *OIDC
	now  time.Time
	made int
}

func newLogin(t *testing.T) *login {
	t.Helper()
	l := &login{t: t, issuer: newIssuer(t), now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	var err error
	l.oidc, err = NewOIDC(OIDCConfig{Issuer: l.URL, Client: "certwright", HTTP: l.Client(), Now: func() time.Time { return l.now }, Rules: []Rule{{Match: "sub=*", Roles: []Role{Officer}}}})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// claims are those of a token that was never shown before.
func (l *login) claims() map[string]any {
	l.made++
	return map[string]any{"iss": l.URL, "aud": "certwright", "sub": fmt.Sprint("u", l.made), "exp": l.now.Add(48 * time.Hour).Unix(), "iat": l.now.Unix()}
}

// try shows a fresh token of a key, and returns what becomes of it.
func (l *login) try(k *ecdsa.PrivateKey, id string) string {
	l.t.Helper()
	return l.show(signedBy(l.t, k, id, nil, l.claims()))
}

func (l *login) show(token string) string {
	_, err := l.oidc.Principal(l.t.Context(), token)
	return detailOf(err)
}

func (l *login) wrong() string {
	return "unauthenticated: the token of OpenID Connect is not of " + l.URL + " for this server"
}

func (l *login) away() string {
	return "network: the issuer " + l.URL + " of OpenID Connect cannot be reached"
}

// A key that the issuer shows no more is not believed when its time in caches
// is over (RFC 9111, Section 4.2), and at once when the keys are asked for anew.
func TestWithdrawnKeysOfIssuers(t *testing.T) {
	for _, c := range []struct {
		cache string
		lasts time.Duration
	}{{"max-age=30", 30 * time.Second}, {"public, MAX-AGE=\"60\"", time.Minute}, {"max-age=1", 10 * time.Second}, {"no-store", 10 * time.Second}, {"no-cache, max-age=600", 10 * time.Second},
		{"", 5 * time.Minute}, {"max-age=rubbish", 5 * time.Minute}, {"max-age=99999999", 24 * time.Hour}} {
		l := newLogin(t)
		old, fresh := l.key, newKey(t)
		l.change(map[string]*ecdsa.PrivateKey{"1": old}, c.cache, false)
		shown := signedBy(t, old, "1", nil, l.claims())
		if got := l.show(shown); got != "" {
			t.Fatalf("%q: %s", c.cache, got)
		}
		l.change(map[string]*ecdsa.PrivateKey{"2": fresh}, c.cache, false)
		l.now = l.now.Add(c.lasts - time.Second)
		if got := l.try(old, "1"); got != "" || l.times() != 1 {
			t.Errorf("%q, before its time is over: %q, asked %d times", c.cache, got, l.times())
		}
		l.now = l.now.Add(time.Second)
		for _, got := range []string{l.try(old, "1"), l.show(shown)} {
			if got != l.wrong() {
				t.Errorf("%q, after its time: %q", c.cache, got)
			}
		}
		if got := l.try(fresh, "2"); got != "" || l.times() != 2 {
			t.Errorf("%q, the key after it: %q, asked %d times", c.cache, got, l.times())
		}
	}
}

func TestKeysOfIssuersAreForgotten(t *testing.T) {
	l := newLogin(t)
	shown := signedBy(t, l.key, "1", nil, l.claims())
	if got := l.show(shown); got != "" {
		t.Fatal(got)
	}
	l.change(map[string]*ecdsa.PrivateKey{"2": newKey(t)}, "", false)
	l.oidc.Forget()
	for _, got := range []string{l.show(shown), l.try(l.key, "1")} {
		if got != l.wrong() {
			t.Error(got)
		}
	}
}

// A new key is taken as soon as a token shows it, and the old ones that are
// gone then go with it.
func TestNewKeysOfIssuers(t *testing.T) {
	l := newLogin(t)
	shown := signedBy(t, l.key, "1", nil, l.claims())
	if got := l.show(shown); got != "" {
		t.Fatal(got)
	}
	fresh := newKey(t)
	l.change(map[string]*ecdsa.PrivateKey{"2": fresh}, "", false)
	l.now = l.now.Add(20 * time.Second)
	if got := l.try(fresh, "2"); got != "" {
		t.Error(got)
	}
	for _, got := range []string{l.show(shown), l.try(l.key, "1"), l.show("a.b.c")} {
		if got != l.wrong() {
			t.Error(got)
		}
	}
	if l.try(fresh, "") != "" || l.try(fresh, "1") != l.wrong() {
		t.Error("a token that does not name its key, or another one")
	}
}

// Tokens of keys that nobody knows have the issuer asked once, and again after a
// pause; many at the same time wait for one answer.
func TestIssuersAreAskedWithPauses(t *testing.T) {
	l := newLogin(t)
	other := newKey(t)
	var tokens []string
	for n := range 40 {
		tokens = append(tokens, signedBy(t, other, fmt.Sprint("made up ", n), nil, l.claims()))
	}
	var all sync.WaitGroup
	for _, token := range tokens {
		all.Go(func() {
			if got := l.show(token); got != l.wrong() {
				t.Error(got)
			}
		})
	}
	all.Wait()
	if n := l.times(); n != 1 {
		t.Errorf("the issuer was asked %d times", n)
	}
	l.now = l.now.Add(11 * time.Second)
	for _, token := range tokens {
		l.show(token)
	}
	if n := l.times(); n != 2 {
		t.Errorf("the issuer was asked %d times", n)
	}
	if got := l.try(l.key, "1"); got != "" {
		t.Error(got)
	}
}

// An issuer that does not show its keys says nothing of a token.
func TestKeysThatCannotBeFetched(t *testing.T) {
	l := newLogin(t)
	l.change(l.shown, "", true)
	for range 3 {
		_, err := l.oidc.Principal(t.Context(), signedBy(t, l.key, "1", nil, l.claims()))
		if f, ok := err.(*Failure); detailOf(err) != l.away() || !ok || f.Status != http.StatusServiceUnavailable || f.Wait != 10*time.Second {
			t.Errorf("%+v", err)
		}
	}
	if n := l.times(); n != 1 {
		t.Errorf("asked %d times without a pause", n)
	}
	r, answer := httptest.NewRequest("GET", "/metrics", nil), httptest.NewRecorder()
	r.Header.Set("Authorization", "Bearer "+signedBy(t, l.key, "1", nil, l.claims()))
	NewGuard(Config{OIDC: l.oidc}).Require(Auditor)(nil).ServeHTTP(answer, r)
	if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") != "10" || !strings.Contains(answer.Body.String(), `"code":"network"`) {
		t.Errorf("%d %v %s", answer.Code, answer.Header(), answer.Body)
	}
	l.now = l.now.Add(11 * time.Second)
	l.change(l.shown, "", false)
	if got := l.try(l.key, "1"); got != "" {
		t.Fatal(got)
	}
	l.now = l.now.Add(11 * time.Second)
	l.change(l.shown, "", true)
	if got := l.try(newKey(t), "new"); got != l.away() {
		t.Errorf("a key that may be a new one: %s", got)
	}
	if got := l.try(l.key, "1"); got != "" {
		t.Errorf("a key that is known: %s", got)
	}
	l.now = l.now.Add(5 * time.Minute)
	if got := l.try(l.key, "1"); got != l.away() {
		t.Errorf("a key whose time is over: %s", got)
	}
}

// Whoever shows wrong tokens all the time is told to wait at every door, and
// has the issuer left in peace.
func TestStrangersAreToldToWait(t *testing.T) {
	l := newLogin(t)
	g := NewGuard(Config{OIDC: l.oidc, Tokens: newWorld(t).tokens, Now: func() time.Time { return l.now }})
	other := newKey(t)
	at := func(address, token string) *httptest.ResponseRecorder {
		r, answer := httptest.NewRequest("GET", "/metrics", nil), httptest.NewRecorder()
		r.RemoteAddr = address
		r.Header.Set("Authorization", "Bearer "+token)
		g.Require()(http.NotFoundHandler()).ServeHTTP(answer, r)
		return answer
	}
	madeUp := func() string { return signedBy(t, other, "made up", nil, l.claims()) }
	for n := range 60 {
		answer := at("192.0.2.1:4711", madeUp())
		if wait := n >= 50; wait != (answer.Code == http.StatusTooManyRequests) || !wait && answer.Code != http.StatusUnauthorized {
			t.Errorf("the %d. time: %d", n+1, answer.Code)
		} else if wait && (answer.Header().Get("Retry-After") != "1" || !strings.Contains(answer.Body.String(), `"code":"rate-limited","detail":"you send too many requests","fix":"wait 1s, and send fewer at a time"`)) {
			t.Errorf("%v %s", answer.Header(), answer.Body)
		}
	}
	l.now = l.now.Add(11 * time.Second)
	for range 50 {
		at("192.0.2.1", "cwt_wrong")
	}
	if code := at("192.0.2.1:4712", madeUp()).Code; code != http.StatusTooManyRequests || l.times() != 1 {
		t.Errorf("%d, and the issuer was asked %d times", code, l.times())
	}
	if code := at("192.0.2.1:4712", signedBy(t, l.key, "1", nil, l.claims())).Code; code != http.StatusNotFound {
		t.Errorf("a right token from the same address: %d", code)
	}
	if code := at("192.0.2.2:4712", madeUp()).Code; code != http.StatusUnauthorized || l.times() != 2 {
		t.Errorf("another address: %d, and the issuer was asked %d times", code, l.times())
	}
}
