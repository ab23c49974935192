package server

import (
	"strings"
	"testing"

	"github.com/certwright/certwright/internal/config"
)

// TestReloadAsksTheIssuerAnew has a reload that changes nothing reach what
// keeps the keys of an issuer of OpenID Connect.
func TestReloadAsksTheIssuerAnew(t *testing.T) {
	w := newWorld(t)
	w.settings.Access.OIDC = config.OIDC{Issuer: "https://id.invalid", Client: "certwright", Rules: []config.AccessRule{{Match: "groups=pki", Roles: []string{"officer"}}}}
	s := w.server(t)
	called := 0
	before := s.now.Load()
	for _, p := range before.parts {
		for i := range p.doors {
			if forget := p.doors[i].again; forget != nil {
				p.doors[i].again = func() { called++; forget() }
			}
		}
	}
	w.reloaded(t, s, func(*config.Config) {})
	if called != 1 || !strings.Contains(w.log.String(), `msg=reloaded result="taken over"`) {
		t.Errorf("called %d times; %s", called, w.log.String())
	}
}
