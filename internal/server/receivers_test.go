package server

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/notice"
)

// TestReceiversUnderRootsOfTheirOwn has a webhook whose certificate no system
// trusts, and its roots changed by a reload.
func TestReceiversUnderRootsOfTheirOwn(t *testing.T) {
	w := newWorld(t)
	got := 0
	receiver := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got++ }))
	defer receiver.Close()
	roots := filepath.Join(t.TempDir(), "roots.pem")
	write := func(der []byte) {
		t.Helper()
		if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("hush"), 0o600); err != nil {
		t.Fatal(err)
	}
	hook := config.Webhook{Name: "desk", URL: receiver.URL, Secret: "file:" + secret}
	w.settings.Webhooks = []config.Webhook{hook}
	s := w.server(t)
	send := func() error {
		t.Helper()
		n := s.newNotices(s.now.Load())
		return n.queue.Targets[0].Send(t.Context(), &notice.Message{ID: "m", Data: []byte("{}")})
	}
	if err := send(); err == nil || !strings.Contains(err.Error(), "unknown authority") {
		t.Fatal("posted to one that nothing vouches for:", err)
	}
	write(s.now.Load().identity.current.Load().Certificate[0]) // of somebody else
	hook.Roots = roots
	next := []config.Webhook{hook}
	w.reloaded(t, s, func(c *config.Config) { c.Webhooks = next })
	if err := send(); err == nil || got != 0 {
		t.Fatal("posted to one that other roots do not vouch for:", err)
	}
	write(receiver.Certificate().Raw)
	before := s.now.Load()
	w.reloaded(t, s, func(c *config.Config) { c.Webhooks = next })
	if err := send(); err != nil || got != 1 {
		t.Fatalf("%v, %d posts", err, got)
	}
	if now := s.now.Load(); now.parts[len(now.parts)-1] == before.parts[len(before.parts)-1] {
		t.Error("what posts in the background goes on with the roots before")
	}
	kept := s.now.Load()
	w.reloaded(t, s, func(c *config.Config) { c.Webhooks = next })
	if now := s.now.Load(); now.parts[len(now.parts)-1] != kept.parts[len(kept.parts)-1] {
		t.Error("what posts in the background begins anew though nothing has changed")
	}
	settings := w.settings
	settings.Alerts.Mail.Roots, settings.Webhooks = roots, nil
	found, err := rootsOfReceivers(&settings)
	if err != nil {
		t.Fatal(err)
	}
	if m := s.mail(&settings.Alerts.Mail, found); m.Roots == nil || !m.Roots.Equal(poolOf(found[roots])) {
		t.Error("mail is sent without the roots that are set")
	}
}
