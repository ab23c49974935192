package restsrv

import (
	"bytes"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/internal/task"
)

// world is a server over a real authority with a store on disk.
type world struct {
	t      *testing.T
	home   config.Home
	office *task.Office
	tokens *access.Tokens
	server *httptest.Server
	log    *lockedBuffer
	clock  sync.Mutex
	time   time.Time
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func newWorld(t *testing.T, change func(*Config)) *world {
	t.Helper()
	w := &world{t: t, time: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), log: &lockedBuffer{}}
	home := config.Home{Folder: t.TempDir()}
	w.home = home
	if err := home.Make(); err != nil {
		t.Fatal(err)
	}
	if text := reviewedProfile(t); text != nil {
		if err := os.WriteFile(filepath.Join(home.Profiles(), "reviewed.yaml"), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	none := func() ([]byte, error) { return nil, nil }
	var err error
	w.office, err = task.Open(t.Context(), task.Setup{Home: home, Existing: func(string) ([]byte, error) { return nil, nil }, New: none, Now: w.now, Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	h, err := task.HostHierarchy("test", "ecdsa-p256", "tester")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := task.CreateHierarchy(t.Context(), w.office, h); err != nil {
		t.Fatal(err)
	}
	w.tokens = access.NewTokens(w.office.Store, w.now)
	c := Config{
		Authority: w.office.Authority, Store: w.office.Store, Profiles: w.office.Profiles, Tokens: w.tokens, Guard: access.NewGuard(access.Config{Tokens: w.tokens, Now: w.now}),
		Secrets: secret.New(secret.Config{Store: w.office.Store, Keys: w.office.Keys, Now: w.now}),
		BaseURL: "https://ca.example", Version: "test", Now: w.now, Log: slog.New(slog.NewTextHandler(w.log, nil)),
	}
	if change != nil {
		change(&c)
	}
	handler, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	w.server = httptest.NewServer(handler)
	t.Cleanup(func() {
		w.server.Close()
		w.office.Close()
	})
	return w
}

func (w *world) now() time.Time {
	w.clock.Lock()
	defer w.clock.Unlock()
	return w.time
}

func (w *world) pass(d time.Duration) {
	w.clock.Lock()
	defer w.clock.Unlock()
	w.time = w.time.Add(d)
}

// reviewedProfile is the built-in profile for servers, with a review.
func reviewedProfile(t *testing.T) []byte {
	t.Helper()
	p, err := config.NewProfiles(config.Home{Folder: t.TempDir()}).Get("server")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(p.Text()), "name: server", "name: reviewed", 1)
	return []byte(text + "\nissuance: review\n")
}

// as returns a client for somebody with a new token.
func (w *world) as(name string, roles ...access.Role) *client.Client {
	w.t.Helper()
	_, c := w.tokenFor(access.Token{Name: name, Roles: roles, By: "tester"})
	return c
}

func (w *world) tokenFor(t access.Token) (string, *client.Client) {
	w.t.Helper()
	_, text, err := w.tokens.New(w.t.Context(), t)
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := client.New(client.Config{URL: w.server.URL, Token: text, HTTP: w.server.Client()})
	if err != nil {
		w.t.Fatal(err)
	}
	return text, c
}

// csr makes a request for host names.
func csr(t *testing.T, hosts ...string) string {
	t.Helper()
	_, text := csrWithKey(t, hosts...)
	return text
}

func csrWithKey(t *testing.T, hosts ...string) (*key.Private, string) {
	t.Helper()
	k, err := key.Generate("ecdsa-p256", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k, csrOf(t, k, hosts...)
}

func csrOf(t *testing.T, k *key.Private, hosts ...string) string {
	t.Helper()
	subject, err := dn.ParseText("CN=" + hosts[0])
	if err != nil {
		t.Fatal(err)
	}
	spec := task.RequestSpec{Subject: subject}
	for _, h := range hosts {
		n, err := ext.ParseGeneralName("dns:" + h)
		if err != nil {
			t.Fatal(err)
		}
		spec.Names = append(spec.Names, n)
	}
	r, _, err := task.NewRequest(spec, k)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.Encode("CERTIFICATE REQUEST", r.Raw))
}

// raw sends a request as it is, and returns status, header and body.
func (w *world) raw(method, path, token string, body io.Reader, header ...string) (int, http.Header, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := w.server.Client().Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(text)
}

// problem is what a client was told, in short.
func problem(err error) string {
	p, ok := err.(*client.Problem)
	switch {
	case err == nil:
		return ""
	case !ok:
		return err.Error()
	case p.Reason != "":
		return p.Code + "/" + p.Reason + ": " + p.Detail
	}
	return p.Code + ": " + p.Detail
}
