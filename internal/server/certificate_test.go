package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/task"
)

// What the configuration says of the server's own certificate is so after a
// reload, and after a restart.
func TestOwnCertificateIsAsConfigured(t *testing.T) {
	for what, c := range map[string]struct {
		change func(*config.Config)
		issuer string
		names  []string
	}{
		"a name less":         {func(c *config.Config) { c.Server.Names = []string{"localhost"} }, "CN=ca.example Issuing CA", []string{"localhost"}},
		"a name more":         {func(c *config.Config) { c.Server.Names = append(slices.Clone(c.Server.Names), "new.example") }, "CN=ca.example Issuing CA", []string{"localhost", "old.example", "new.example"}},
		"another authority":   {func(c *config.Config) { c.Server.CA = "second" }, "CN=Second CA", []string{"localhost", "old.example"}},
		"another profile":     {func(c *config.Config) { c.Server.Profile = "short" }, "CN=ca.example Issuing CA", []string{"localhost", "old.example"}},
		"nothing but letters": {func(c *config.Config) { c.Log.Level = "warn" }, "", nil},
	} {
		for _, restart := range []bool{false, true} {
			w := newWorld(t)
			text := shortProfile(t)
			if err := os.WriteFile(filepath.Join(w.home.Profiles(), "short.yaml"), text, 0o600); err != nil {
				t.Fatal(err)
			}
			w.settings.Server.Names, w.settings.Server.CA = []string{"localhost", "old.example"}, "issuing"
			s := w.server(t)
			second, err := task.HostHierarchy("second", "ecdsa-p256", "ann")
			if err == nil {
				second.RootName = "second"
				second.Root, err = task.CommonName("Second CA")
			}
			if err == nil {
				_, err = task.CreateRoot(t.Context(), s.config.Office, second)
			}
			if err != nil {
				t.Fatal(err)
			}
			before := s.now.Load().identity.current.Load().Leaf
			if restart {
				s.close()
				s.config.Office.Close()
				c.change(&w.settings)
				s = w.server(t)
			} else {
				w.reloaded(t, s, c.change)
			}
			i := s.now.Load().identity
			after := i.current.Load().Leaf
			if c.names == nil {
				if !after.Equal(before) {
					t.Errorf("%s, restart %t: there is another certificate", what, restart)
				}
				continue
			}
			if after.Equal(before) || after.Issuer.String() != c.issuer || !slices.Equal(after.DNSNames, c.names) {
				t.Errorf("%s, restart %t: %s, %v, %v", what, restart, after.Issuer, after.DNSNames, w.log.String())
			}
			if err := i.load(t.Context()); err != nil || !i.current.Load().Leaf.Equal(after) {
				t.Errorf("%s: a second look changes it again, %v", what, err)
			}
		}
	}
}

// shortProfile is the built-in profile for servers under another name.
func shortProfile(t *testing.T) []byte {
	t.Helper()
	p, err := config.NewProfiles(config.Home{Folder: t.TempDir()}).Get("server")
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.Replace(string(p.Text()), "name: server", "name: short", 1))
}

// elsewhere writes a certificate from elsewhere and its key into one file.
func elsewhere(t *testing.T, file string, serial int64, from, to time.Time) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), DNSNames: []string{"localhost"}, NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A certificate that is not valid now does not take the place of one that is.
func TestReloadTakesNoCertificateOutOfItsTime(t *testing.T) {
	w := newWorld(t)
	good, bad, now := filepath.Join(t.TempDir(), "good.pem"), filepath.Join(t.TempDir(), "bad.pem"), w.clock()
	elsewhere(t, good, 1, now.Add(-time.Hour), now.Add(time.Hour))
	w.settings.Server.Certificate, w.settings.Server.Key = good, good
	s := w.server(t)
	shown := func() int64 { return s.now.Load().identity.current.Load().Leaf.SerialNumber.Int64() }
	for i, c := range []struct {
		from, to time.Time
		want     string
	}{
		{now.Add(-2 * time.Hour), now.Add(-time.Hour), "it ended at "},
		{now.Add(time.Hour), now.Add(2 * time.Hour), "it is not valid before "},
	} {
		serial := int64(10 + i)
		elsewhere(t, bad, serial, c.from, c.to)
		if err := os.Rename(bad, good); err != nil { // under the same name
			t.Fatal(err)
		}
		w.reloaded(t, s, func(*config.Config) {})
		if shown() != 1 || !strings.Contains(w.log.String(), `msg="the certificate of the server stays as it was" cause="`+good+": "+c.want) || !strings.Contains(w.log.String(), `reloaded result="kept as it was"`) {
			t.Errorf("%d: %s", shown(), w.log.String())
		}
		if doubts := strings.Join(Doubts(t.Context(), &w.settings, Around(s.config.Office)), ""); !strings.Contains(doubts, good+": "+c.want) {
			t.Errorf("a check says: %q", doubts)
		}
		elsewhere(t, bad, serial, c.from, c.to) // under another one
		w.reloaded(t, s, func(c *config.Config) { c.Server.Certificate, c.Server.Key = bad, bad })
		if shown() != 1 || !strings.Contains(w.log.String(), "the configuration cannot be used, and stays as it was") || !strings.Contains(w.log.String(), bad+": "+c.want) {
			t.Errorf("%d: %s", shown(), w.log.String())
		}
		if _, ready := s.readiness(t.Context()); !ready {
			t.Error("not ready")
		}
	}
	elsewhere(t, good, 20, now.Add(-time.Hour), now.Add(time.Hour))
	w.reloaded(t, s, func(*config.Config) {})
	if shown() != 20 {
		t.Error("the one of now is not taken")
	}
	// One that has run out since is no reason not to read the rest.
	w.pass(2 * time.Hour)
	w.log.text.Reset()
	w.reloaded(t, s, func(*config.Config) {})
	if text := w.log.String(); !strings.Contains(text, `reloaded result="taken over"`) || !strings.Contains(text, "it ended at ") {
		t.Error(text)
	}
}
