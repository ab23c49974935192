package publish_test

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/pem"
)

// verify has openssl check a certificate with the full list and the delta list
// that the server publishes, and returns what it says.
func (w *world) verify(t *testing.T, c *cert.Certificate, full, delta string) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, blocks ...[]byte) string {
		path := filepath.Join(dir, name)
		check(t, os.WriteFile(path, bytes.Join(blocks, nil), 0o600))
		return path
	}
	list := func(path string) []byte {
		return pem.Encode("X509 CRL", w.do(t, "GET", path, nil).want(t, 200, "application/pkix-crl").body)
	}
	out, _ := exec.Command("openssl", "verify", "-CAfile", write("ca.pem", pem.Encode("CERTIFICATE", w.ca.Raw)), "-crl_check", "-extended_crl", "-use_deltas",
		"-CRLfile", write("lists.pem", list(full), list(delta)), write("leaf.pem", pem.Encode("CERTIFICATE", c.Raw))).CombinedOutput()
	if len(out) == 0 {
		t.Fatal("openssl says nothing; it must be installed")
	}
	return string(out)
}

func (w *world) change(t *testing.T, f func(*authority.CASettings)) {
	t.Helper()
	_, err := w.UpdateCA(t.Context(), "ca", func(_ *authority.CA, s *authority.CASettings) { f(s) }, "officer")
	check(t, err)
}

// A certificate that is revoked when lists have a new scope is revoked to
// programs that combine them.
func TestListsOfANewScopeAreCombined(t *testing.T) {
	for name, f := range map[string]func(*authority.CASettings){
		"shards": func(s *authority.CASettings) { s.Shards = 5 },
		"base":   func(s *authority.CASettings) { s.Base = "http://other.test" },
	} {
		for _, by := range []string{"server", "officer"} {
			t.Run(name+" by "+by, func(t *testing.T) {
				w := newWorld(t, authority.CASettings{Base: "http://pki.test", DeltaValidity: time.Hour, Shards: map[string]int{"base": 2}[name]}, nil)
				c := w.issue(t)
				check(t, w.server.Tend(t.Context()))
				w.pass(time.Minute)
				w.change(t, f)
				w.revoke(t, c)
				if by == "server" {
					check(t, w.server.Tend(t.Context()))
				} else {
					_, err := w.PublishCRL(t.Context(), "ca", authority.DeltaCRL, -1, "officer")
					check(t, err)
				}
				record, err := w.store.Certificate(t.Context(), "ca", c.Serial.Bytes())
				check(t, err)
				shard := string(rune('0' + record.Shard))
				if said := w.verify(t, c, "/crl/ca/"+shard+".crl", "/crl/ca/"+shard+"/delta.crl"); !strings.Contains(said, "certificate revoked") {
					t.Errorf("openssl says %s", said)
				}
			})
		}
	}
}

// Nothing is published twice for a scope that did not change.
func TestListsOfTheSameScopeStay(t *testing.T) {
	w := newWorld(t, authority.CASettings{Base: "http://pki.test", DeltaValidity: time.Hour}, nil)
	check(t, w.server.Tend(t.Context()))
	w.change(t, func(s *authority.CASettings) { s.Base = "http://other.test" }) // one list for all says of no place
	check(t, w.server.Tend(t.Context()))
	if n := w.count(t); n != 2 {
		t.Errorf("%d lists, want 2", n)
	}
	w.change(t, func(s *authority.CASettings) { s.Shards = 3 })
	for range 2 {
		check(t, w.server.Tend(t.Context()))
	}
	if n := w.count(t); n != 8 {
		t.Errorf("%d lists, want 8", n)
	}
}

func (w *world) count(t *testing.T) (n int) {
	t.Helper()
	for _, err := range w.store.CRLs(t.Context(), "ca") {
		check(t, err)
		n++
	}
	return n
}

// Of lists that come out shortly after each other nobody who has one gets "not
// modified" for the next.
func TestEveryListIsModified(t *testing.T) {
	w := newWorld(t, authority.CASettings{Base: "http://pki.test", DeltaValidity: time.Hour}, nil)
	seen := map[string]bool{}
	for i, kind := range []authority.CRLKind{authority.FullCRL, authority.DeltaCRL, authority.DeltaCRL, authority.DeltaCRL, authority.FullCRL, authority.FullCRL} {
		_, err := w.PublishCRL(t.Context(), "ca", kind, -1, "officer")
		check(t, err)
		got := w.do(t, "GET", "/crl/ca.crl", nil).want(t, 200, "")
		modified := got.Header.Get("Last-Modified")
		if modified == "" {
			t.Fatalf("list %d has no Last-Modified: %v", i, got.Header)
		}
		if seen[modified] == (kind == authority.FullCRL) {
			t.Errorf("list %d is of %s", i, modified)
		}
		for before := range seen {
			if before != modified {
				w.do(t, "GET", "/crl/ca.crl", nil, "If-Modified-Since", before).want(t, 200, "")
			}
		}
		seen[modified] = true
	}
	w.pass(time.Minute)
	got := w.do(t, "GET", "/crl/ca.crl", nil).want(t, 200, "")
	w.do(t, "GET", "/crl/ca.crl", nil, "If-Modified-Since", got.Header.Get("Last-Modified")).want(t, 304, "")
	// It was signed for a while, or another server still gave out the one before:
	// a later date than its own is that of another list.
	w.do(t, "GET", "/crl/ca.crl", nil, "If-Modified-Since", w.clock().Format(http.TimeFormat)).want(t, 200, "")
	w.pass(-time.Hour)
	if got := w.do(t, "GET", "/crl/ca.crl", nil).want(t, 200, ""); got.Header.Get("Last-Modified") != "" {
		t.Errorf("a list of the future is of %s", got.Header.Get("Last-Modified"))
	}
}
