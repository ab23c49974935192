package server

import (
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/notice"
)

// TestWebhooksTellOfDecisions has the server tell of its own certificate, as
// of any other.
func TestWebhooksTellOfDecisions(t *testing.T) {
	w := newWorld(t)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	type letter struct {
		header http.Header
		body   []byte
	}
	letters := make(chan letter, 10)
	refusals := 1
	receiver := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if refusals > 0 { // the first try is in vain
			refusals--
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		letters <- letter{r.Header, body}
	}))
	defer receiver.Close()
	w.settings.Webhooks = []config.Webhook{{Name: "desk", URL: receiver.URL, Secret: "file:" + secret, Events: []string{"request.*"}}}
	s := w.server(t)
	n := s.newNotices(s.now.Load())
	ctx := t.Context()
	read := func() {
		t.Helper()
		if err := n.decisions[0].Read(ctx, w.clock()); err != nil {
			t.Fatal(err)
		}
	}
	read()
	if err := s.now.Load().identity.renew(ctx); err != nil {
		t.Fatal(err)
	}
	read()
	for range 2 {
		w.pass(minute)
		if err := n.queue.Deliver(ctx); err != nil {
			t.Fatal(err)
		}
	}
	got := <-letters
	var m notice.Message
	if err := json.Unmarshal(got.body, &m); err != nil || m.Type != "request.issued" {
		t.Fatalf("%v: %s", err, got.body)
	}
	if want := notice.Sign([]byte("hush"), m.ID, got.header.Get("Webhook-Timestamp"), got.body); got.header.Get("Webhook-Signature") != want {
		t.Errorf("the signature is %s, and not %s", got.header.Get("Webhook-Signature"), want)
	}
	if err := n.queue.Deliver(ctx); err != nil || len(letters) != 0 {
		t.Errorf("%v, and %d more messages", err, len(letters))
	}
}

// minute is longer than the first pause between tries.
const minute = time.Minute

// TestAlertsOfAuthorities has the authorities end that the server has made.
func TestAlertsOfAuthorities(t *testing.T) {
	w := newWorld(t)
	w.settings.Alerts.Webhook = config.Webhook{Name: "chat", URL: "http://127.0.0.1:1/", Secret: "env:NONE"}
	s := w.server(t)
	n := s.newNotices(s.now.Load())
	c, _, err := s.config.Office.Authority.CA(t.Context(), "issuing")
	if err != nil {
		t.Fatal(err)
	}
	own, err := x509.ParseCertificate(c.Chain[0])
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{false, true} {
		w.pass(own.NotAfter.Add(-90*24*time.Hour-time.Second).Sub(w.clock()) + time.Duration(i)*minute)
		if err := n.look(t.Context(), w.clock()); err != nil {
			t.Fatal(err)
		}
		found, err := s.config.Office.Store.FindRecords(t.Context(), authority.RecordQuery{Kind: "delivery"})
		if err != nil {
			t.Fatal(err)
		}
		told := slices.ContainsFunc(found, func(r *authority.Record) bool {
			return strings.Contains(string(r.Body), `"alert":"authority-ends","ca":"issuing"`)
		})
		if told != want {
			t.Errorf("told %v, want %v: %d messages", told, want, len(found))
		}
	}
}

func TestNobodyToTell(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	if s.newNotices(s.now.Load()) != nil {
		t.Error("messages are made for nobody")
	}
}

func TestAlertsGoToMailAndWebhook(t *testing.T) {
	w := newWorld(t)
	w.settings.Alerts.Mail = config.Mail{Server: "127.0.0.1:1", TLS: "none", From: "a@b.example", To: []string{"c@d.example"}}
	w.settings.Alerts.Webhook = config.Webhook{Name: "chat", URL: "http://127.0.0.1:1/", Secret: "env:NONE"}
	s := w.server(t)
	n := s.newNotices(s.now.Load())
	w.pass(80 * 24 * 60 * minute) // the server's certificate ends in ten days, for nobody renews it here
	if err := n.look(t.Context(), w.clock()); err != nil {
		t.Fatal(err)
	}
	w.pass(minute)
	if err := n.queue.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`msg="a message was not delivered" to=mail `, `msg="a message was not delivered" to=alerts:chat `, `cause="there is no secret in env:NONE"`} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("no %s in\n%s", want, w.log.String())
		}
	}
}
