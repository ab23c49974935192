package restsrv

import (
	"strings"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/keystore"
	"github.com/certwright/certwright/internal/secret"
)

// A server that has not a key that was made in another home says which, and that
// it is to be copied: it is no mistake of the server.
func TestKeysOfOtherHomesAreNamed(t *testing.T) {
	empty := t.TempDir()
	w := newWorld(t, func(c *Config) {
		keys := keystore.New(keystore.Config{Folder: empty})
		a, err := authority.New(authority.Config{Store: c.Store, Keys: keys, Profiles: c.Profiles.Get, Now: c.Now})
		if err != nil {
			t.Fatal(err)
		}
		c.Authority, c.Secrets = a, secret.New(secret.Config{Store: c.Store, Keys: keys, Now: c.Now})
	})
	token, _ := w.tokenFor(access.Token{Name: "root", Roles: access.Roles(), By: "tester"})
	body := `{"profile":"server","ca":"issuing","request":` + quoted(csr(t, "a.example")) + `}`
	for _, c := range []struct {
		key     string
		headers []string
	}{
		{"issuing-", nil},
		{"secrets-", []string{"Idempotency-Key", "z1"}},
	} {
		status, header, text := w.raw("POST", "/api/v1/requests", token, strings.NewReader(body), append(c.headers, "Content-Type", "application/json")...)
		if status != 503 || !strings.Contains(text, `"code":"key"`) || !strings.Contains(text, "this server lacks the key "+c.key) || !strings.Contains(text, "copy it from the home") || strings.Contains(text, empty) || header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %v %s", c.key, status, header, text)
		}
		if log := w.log.String(); !strings.Contains(log, "the key "+c.key) {
			t.Errorf("the log does not name the file: %s", log)
		}
	}
}
