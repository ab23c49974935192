package access

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/memstore"
	"github.com/certwright/certwright/request"
)

type world struct {
	t      *testing.T
	store  *memstore.Store
	tokens *Tokens
	now    time.Time
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, store: memstore.New(), now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	w.tokens = NewTokens(w.store, func() time.Time { return w.now })
	return w
}

func (w *world) token(spec Token) (*Token, string) {
	w.t.Helper()
	made, text, err := w.tokens.New(w.t.Context(), spec)
	if err != nil {
		w.t.Fatal(err)
	}
	return made, text
}

func detailOf(err error) string {
	var f *Failure
	var r *request.Refusal
	switch {
	case errors.As(err, &f):
		return f.Code + ": " + f.Detail
	case errors.As(err, &r):
		return string(r.Reason) + ": " + r.Detail
	case err == nil:
		return ""
	}
	return err.Error()
}

func TestTokenOfAPrincipal(t *testing.T) {
	w := newWorld(t)
	made, text := w.token(Token{Name: "ann", Roles: []Role{Officer, Applicant}, Profiles: []string{"server"}, CAs: []string{"issuing"}, By: "root"})
	p, err := w.tokens.Principal(t.Context(), text)
	if err != nil || p.Name != "ann" || !p.Has(Officer) || p.Has(Administrator) || p.Method != "token" || p.ID != made.ID {
		t.Fatalf("%+v, %v", p, err)
	}
	if !slices.Equal(p.Profiles, []string{"server"}) || !slices.Equal(p.CAs, []string{"issuing"}) {
		t.Errorf("%+v", p)
	}
	again, err := w.tokens.Principal(t.Context(), text)
	if err != nil || again != p {
		t.Errorf("the second look-up is not from memory: %v, %v", again, err)
	}
}

func TestTokenIsHashedAtRest(t *testing.T) {
	w := newWorld(t)
	_, text := w.token(Token{Name: "ann", Roles: []Role{Applicant}, By: "root"})
	secret := text[len(tokenPrefix)+idLength+1:]
	if len(secret) != 43 {
		t.Errorf("the secret has %d characters, not those of 256 bits", len(secret))
	}
	found, err := w.store.FindRecords(t.Context(), authority.RecordQuery{Kind: tokenKind})
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if all, _ := json.Marshal(found); strings.Contains(string(all), secret) || strings.Contains(string(found[0].Body), secret) {
		t.Error("the record holds the secret")
	}
	for e, err := range w.store.Events(t.Context(), 1) {
		if err != nil || strings.Contains(string(e.Detail), secret) || e.Action != "token.created" || e.Actor != "root" || e.Object != "token:"+found[0].ID {
			t.Errorf("%+v, %v", e, err)
		}
	}
}

func TestTokensThatAreNone(t *testing.T) {
	w := newWorld(t)
	made, text := w.token(Token{Name: "ann", Roles: []Role{Applicant}, By: "root", Expires: w.now.Add(time.Hour)})
	const unknown = "unauthenticated: the token is not known, or was revoked"
	for _, bad := range []string{"", "x", "cwt_", "cwt_" + made.ID, "cwt_" + made.ID + "_", text + "A", text[:len(text)-1], strings.Replace(text, "cwt_", "CWT_", 1),
		"cwt_0000000000000000_" + text[len(tokenPrefix)+idLength+1:], text + strings.Repeat("A", 1000)} {
		if _, err := w.tokens.Principal(t.Context(), bad); detailOf(err) != unknown {
			t.Errorf("%q: %v", bad, err)
		}
	}
	w.now = w.now.Add(time.Hour)
	if _, err := w.tokens.Principal(t.Context(), text); detailOf(err) != "unauthenticated: the token has expired" {
		t.Errorf("expired: %v", err)
	}
}

func TestRevokedTokenEndsAtOnce(t *testing.T) {
	w := newWorld(t)
	made, text := w.token(Token{Name: "ann", Roles: []Role{Applicant}, By: "root"})
	if _, err := w.tokens.Principal(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		gone, err := w.tokens.Revoke(t.Context(), made.ID, "bert")
		if err != nil || gone.Revoked.IsZero() || gone.RevokedBy != "bert" {
			t.Fatalf("%+v, %v", gone, err)
		}
	}
	if _, err := w.tokens.Principal(t.Context(), text); err == nil {
		t.Error("a revoked token is still good")
	}
	if _, err := w.tokens.Revoke(t.Context(), "nosuch", "bert"); detailOf(err) != `unknown-request: there is no token "nosuch"` {
		t.Error(err)
	}
	all, err := w.tokens.List(t.Context(), "ann", "", 0)
	if err != nil || len(all) != 1 || all[0].Revoked.IsZero() {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestTokensThatCannotBe(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		spec Token
		want string
	}{
		{Token{Roles: []Role{Officer}}, "bad-format: the name is empty, too long, or has blanks or signs that do not show"},
		{Token{Name: " ann", Roles: []Role{Officer}}, "bad-format: the name is empty, too long, or has blanks or signs that do not show"},
		{Token{Name: "a\u202enn", Roles: []Role{Officer}}, "bad-format: the name is empty, too long, or has blanks or signs that do not show"},
		{Token{Name: "Profile", Roles: []Role{Officer}}, `bad-format: the name "Profile" has a meaning of its own in the records`},
		{Token{Name: "oidc:ann", Roles: []Role{Officer}}, "bad-format: names that begin with oidc: are those of others than the bearers of tokens"},
		{Token{Name: "CERT:ann", Roles: []Role{Officer}}, "bad-format: names that begin with cert: are those of others than the bearers of tokens"},
		{Token{Name: "ann"}, "bad-format: a token without a role can do nothing"},
		{Token{Name: "ann", Roles: []Role{"king"}}, `bad-format: there is no role "king"`},
		{Token{Name: "ann", Roles: []Role{Officer}, Expires: w.now}, "bad-validity: the token would have expired already"},
		{Token{Name: "ann", Roles: []Role{Officer}, Description: strings.Repeat("x", 1001)}, "bad-format: the description is longer than 1000 characters"},
	} {
		if _, _, err := w.tokens.New(t.Context(), c.spec); detailOf(err) != c.want {
			t.Errorf("%+v: %v", c.spec, err)
		}
	}
}

func TestScope(t *testing.T) {
	for _, c := range []struct {
		p           Principal
		profile, ca string
		want, fault string
	}{
		{Principal{}, "", "", "/", ""},
		{Principal{}, "server", "a", "server/a", ""},
		{Principal{Profiles: []string{"server"}}, "", "", "server/", ""},
		{Principal{Profiles: []string{"server"}, CAs: []string{"a"}}, "server", "", "server/a", ""},
		{Principal{Profiles: []string{"server"}}, "subca", "", "", "not-authorized: you may not use the profile subca"},
		{Principal{Profiles: []string{"server", "client"}}, "", "", "", "not-authorized: the profile is not named, and you may not use every one"},
		{Principal{CAs: []string{"a"}}, "", "b", "", "not-authorized: you may not use the authority b"},
	} {
		profile, ca, err := c.p.Scope(c.profile, c.ca)
		if detailOf(err) != c.fault || err == nil && profile+"/"+ca != c.want {
			t.Errorf("%+v %q %q: %q %q %v", c.p, c.profile, c.ca, profile, ca, err)
		}
	}
}

func TestRequire(t *testing.T) {
	w := newWorld(t)
	_, text := w.token(Token{Name: "ann", Roles: []Role{Auditor}, By: "root"})
	g := NewGuard(Config{Tokens: w.tokens})
	var seen *Principal
	handler := func(roles ...Role) http.Handler {
		return g.Require(roles...)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = From(r.Context()) }))
	}
	for _, c := range []struct {
		header string
		roles  []Role
		status int
		body   string
	}{
		{"Bearer " + text, []Role{Auditor, Officer}, 200, ""},
		{"bearer  " + text, nil, 200, ""},
		{"Bearer " + text, []Role{Administrator}, 403, `"code":"forbidden","detail":"this needs the role administrator"`},
		{"", nil, 401, `"code":"unauthenticated","detail":"nothing shows who sends this"`},
		{"Basic " + text, nil, 401, `"detail":"the header Authorization is of another kind than Bearer"`},
		{"Bearer", nil, 401, `"detail":"the token is not known, or was revoked"`},
		{"Bearer a.b.c", nil, 401, `"detail":"the token is not known, or was revoked"`},
	} {
		seen = nil
		r := httptest.NewRequest("GET", "/", nil)
		if c.header != "" {
			r.Header.Set("Authorization", c.header)
		}
		answer := httptest.NewRecorder()
		handler(c.roles...).ServeHTTP(answer, r)
		body, _ := io.ReadAll(answer.Body)
		if answer.Code != c.status || !strings.Contains(string(body), c.body) {
			t.Errorf("%.12q: %d %s", c.header, answer.Code, body)
		}
		if (seen != nil) != (c.status == 200) || seen != nil && seen.Name != "ann" {
			t.Errorf("%.12q: the handler saw %+v", c.header, seen)
		}
		if (answer.Header().Get("WWW-Authenticate") != "") != (c.status == 401) {
			t.Errorf("%.12q: WWW-Authenticate %q", c.header, answer.Header().Get("WWW-Authenticate"))
		}
	}
}

// failing is a store that cannot be read.
type failing struct{ *memstore.Store }

func (failing) Record(context.Context, string, string) (*authority.Record, error) {
	return nil, errors.New("the disk is gone")
}

func TestOwnFailuresAreNotShown(t *testing.T) {
	w := newWorld(t)
	_, text := w.token(Token{Name: "ann", Roles: []Role{Auditor}, By: "root"})
	var logged string
	g := NewGuard(Config{Tokens: NewTokens(failing{w.store}, nil), Log: func(_ context.Context, what string, err error) { logged = what + ": " + err.Error() }})
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+text)
	answer := httptest.NewRecorder()
	g.Require()(http.NotFoundHandler()).ServeHTTP(answer, r)
	if answer.Code != 500 || strings.Contains(answer.Body.String(), "disk") || !strings.Contains(answer.Body.String(), "it cannot be found out who sends this") {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
	if !strings.Contains(logged, "the disk is gone") || strings.Contains(logged, text[21:]) {
		t.Errorf("logged: %s", logged)
	}
}

func TestLimiter(t *testing.T) {
	l := NewLimiter(2, 3)
	now := time.Unix(1000, 0)
	for range 3 {
		if _, ok := l.Allow("ann", now); !ok {
			t.Fatal("turned away within the burst")
		}
	}
	if wait, ok := l.Allow("ann", now); ok || wait != time.Second {
		t.Errorf("%v %v", wait, ok)
	}
	if _, ok := l.Allow("bert", now); !ok {
		t.Error("bert waits for ann")
	}
	if _, ok := l.Allow("ann", now.Add(time.Second)); !ok {
		t.Error("ann waits for ever")
	}
	if _, ok := (*Limiter)(nil).Allow("x", now); !ok {
		t.Error("no limiter limits")
	}
}
