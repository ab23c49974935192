package server

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/specimen"
)

// reloaded has a running server read another configuration.
func (w *world) reloaded(t *testing.T, s *Server, change func(*config.Config)) {
	t.Helper()
	next := w.settings
	change(&next)
	w.fresh = func() (config.Config, error) { return next, nil }
	s.Reload(t.Context())
}

// TestReloadTakesOver has settings of every door change while the server runs.
func TestReloadTakesOver(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	run(t, s)
	c := client(t, w, s)
	url := s.Told().URL
	says := func(path, want string, status int) {
		t.Helper()
		if answer, body := get(t, c, url+path); answer.StatusCode != status || !strings.Contains(body, want) {
			t.Errorf("%s: %s %s", path, answer.Status, body)
		}
	}
	says("/acme/directory", `"renewalInfo"`, http.StatusOK)
	says("/metrics", "unauthenticated", http.StatusUnauthorized)
	answer, _ := get(t, c, url+"/acme/new-nonce")
	nonce := answer.Header.Get("Replay-Nonce")
	before := s.now.Load()

	w.reloaded(t, s, func(c *config.Config) {
		c.ACME.RequireEAB, c.ACME.Profiles, c.ACME.TermsOfService = true, []string{"server"}, "https://ca.example/terms"
		c.Server.Metrics, c.Limits.Body = "open", 4096
	})
	says("/acme/directory", `"externalAccountRequired":true`, http.StatusOK)
	says("/acme/directory", `"termsOfService":"https://ca.example/terms"`, http.StatusOK)
	says("/metrics", "certwright_reloads_total", http.StatusOK)
	if err := s.nonces.Spend(t.Context(), nonce); err != nil {
		t.Error("a nonce that was given before is not taken after:", err)
	}
	if text := w.log.String(); !strings.Contains(text, `msg="these settings were changed, and hold now" keys="[server.metrics acme.profiles acme.require-eab acme.terms-of-service limits.body]"`) {
		t.Error(text)
	}
	after := s.now.Load()
	for _, p := range before.parts {
		if kept := slices.Contains(after.parts, p); kept == (p.name == "acme" || p.name == "rest") {
			t.Errorf("the part %s: kept is %t", p.name, kept)
		}
	}
	says("/api/v1/whoami", "unauthenticated", http.StatusUnauthorized)

	// A mistake anywhere leaves everything as it is.
	w.reloaded(t, s, func(c *config.Config) { c.ACME.Off, c.ACME.Profiles = false, []string{"nobody"} })
	says("/acme/directory", `"externalAccountRequired":true`, http.StatusOK)
	if text := w.log.String(); !strings.Contains(text, `msg="the configuration cannot be used, and stays as it was" cause="the configuration: the value of \"acme.profiles\": there is no profile \"nobody\""`) {
		t.Error(text)
	}
	w.reloaded(t, s, func(c *config.Config) { c.ACME.Off, c.CMP.Off = true, true })
	says("/acme/directory", "there is nothing at", http.StatusNotFound)
	if s.Told().ACME != "" {
		t.Error("ACME is off, and still told of")
	}
}

// TestReloadOfNames has the server called by another name, without a restart.
func TestReloadOfNames(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	run(t, s)
	w.reloaded(t, s, func(c *config.Config) {
		c.Server.Names, c.Server.URL = []string{"new.example", "127.0.0.1"}, "https://new.example"
	})
	c := client(t, w, s)
	answer, body := get(t, c, "https://"+s.secure.Addr().String()+"/acme/directory")
	if err := answer.TLS.PeerCertificates[0].VerifyHostname("new.example"); err != nil || !strings.Contains(body, `"https://new.example/acme/new-order"`) {
		t.Error(err, body)
	}
	w.reloaded(t, s, func(c *config.Config) { c.Server.Certificate, c.Server.Key = "none.crt", "none.key" })
	if text := w.log.String(); !strings.Contains(text, "the server cannot use this certificate with the key in none.key") {
		t.Error(text)
	}
	if answer, _ := get(t, c, "https://"+s.secure.Addr().String()+"/healthz"); answer.TLS.PeerCertificates[0].VerifyHostname("new.example") != nil {
		t.Error("the certificate is not the one of before the mistake")
	}
}

// TestCrew has parts take the place of others: never two of a name at once.
func TestCrew(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	events := make(chan string, 10)
	work := func(name, what string) *part {
		return &part{name: name, doors: []door{{name: name, run: func(ctx context.Context) error {
			events <- what + " begins"
			<-ctx.Done()
			events <- what + " ends"
			return ctx.Err()
		}}}}
	}
	c := newCrew(ctx, make(chan error))
	next := func(want string) {
		t.Helper()
		if got := <-events; got != want {
			t.Errorf("%s, and not %s", got, want)
		}
	}
	stays, first := work("stays", "the one that stays"), work("changes", "the first")
	c.take([]*part{stays})
	next("the one that stays begins")
	c.take([]*part{stays, first})
	next("the first begins")
	c.take([]*part{stays, work("changes", "the second")})
	next("the first ends")
	next("the second begins")
	c.take([]*part{stays})
	next("the second ends")
	end()
	next("the one that stays ends")
	c.all.Wait()
}

// TestClientsAreAskedForCertificates only where the configuration needs them,
// and then for those of the authorities here.
func TestClientsAreAskedForCertificates(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	run(t, s)
	shaken := func() (asked bool, names int) {
		t.Helper()
		c := client(t, w, s)
		c.Transport.(*http.Transport).TLSClientConfig.GetClientCertificate = func(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			asked, names = true, len(r.AcceptableCAs)
			return &tls.Certificate{}, nil
		}
		get(t, c, s.Told().URL+"/healthz")
		return asked, names
	}
	if asked, _ := shaken(); asked {
		t.Error("a certificate is asked for that nothing is done with")
	}
	w.reloaded(t, s, func(c *config.Config) {
		c.Access.Certificates = []config.AccessRule{{Match: "dns:*.agents.example", Roles: []string{"applicant"}}}
	})
	if asked, names := shaken(); !asked || names != 2 {
		t.Errorf("asked: %t, for those of %d authorities, and not 2", asked, names)
	}
	w.reloaded(t, s, func(*config.Config) {})
	if asked, _ := shaken(); asked {
		t.Error("a certificate is asked for after the rules are gone")
	}
}

// The roots of manufacturers are read again, and where they cannot be, what was
// read before holds.
func TestReloadReadsManufacturers(t *testing.T) {
	w := newWorld(t)
	maker, err := specimen.NewMaker("Acme", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	roots := filepath.Join(t.TempDir(), "roots.pem")
	write := func(data []byte) {
		t.Helper()
		if err := os.WriteFile(roots, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: maker.Root.Raw}))
	w.settings.CMP.Manufacturers = []config.Manufacturer{{Name: "acme", Roots: roots, Same: []string{"serialNumber"}}}
	s := w.server(t)
	run(t, s)
	same := func(*config.Config) {}
	first := s.now.Load().manufacturers.Sum()
	w.reloaded(t, s, same)
	if s.now.Load().manufacturers.Sum() != first {
		t.Error("the same file is another one after a reload")
	}
	write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: maker.Sub.Raw}))
	before := s.now.Load()
	w.reloaded(t, s, same)
	second := s.now.Load().manufacturers.Sum()
	for _, p := range before.parts {
		if p.name == "cmp" && slices.Contains(s.now.Load().parts, p) {
			t.Error("CMP goes on with the roots of before")
		}
	}
	write(nil)
	w.reloaded(t, s, same)
	if second == first || s.now.Load().manufacturers.Sum() != second {
		t.Error("the roots of before do not hold")
	}
	if text := w.log.String(); !strings.Contains(text, "the roots of the manufacturer acme: there is no certificate in it") {
		t.Error(text)
	}
}
