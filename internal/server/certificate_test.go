package server

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
