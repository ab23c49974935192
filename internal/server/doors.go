package server

import (
	"context"
	"net/http"
)

// door is one way in: the paths it answers, and what it does in the
// background. One without paths does only that.
type door struct {
	name     string
	patterns []string // of http.ServeMux
	plain    bool     // answers without TLS, too
	handler  http.Handler
	run      func(ctx context.Context) error // nil: nothing
	again    func()                          // forgets what was fetched from elsewhere, at a reload; nil: there is no such

	// takes are the requests that go to the door before a ServeMux tidies their
	// paths; nil: none.
	takes func(r *http.Request) bool
}

// makers are the parts of a regime.
func (s *Server) makers(r *regime) []maker {
	c := &r.settings
	return []maker{
		{"health", nil, s.health},
		{"own certificate", []any{c.Server.Certificate, c.Server.Key, c.Server.Profile, r.identity.ca, r.identity.names}, func(r *regime) ([]door, error) { return []door{{name: "own certificate", run: r.identity.run}}, nil }},
		{"rest", []any{c.Access, c.Limits.Rate, c.Server.Metrics, r.told.URL}, s.rest},
		{"publish", c.Publish, s.publication},
		{"unconfirmed", nil, func(*regime) ([]door, error) { return []door{{name: "unconfirmed", run: s.lapse}}, nil }},
		{"cmp", []any{c.CMP, c.CA, r.manufacturers.Sum()}, s.cmp},
		{"acme", []any{c.ACME, c.CA, r.told.URL, s.described(c.ACME.Profiles)}, s.acme},
		{"notices", []any{c.Alerts, c.Webhooks, r.receivers}, s.notices},
	}
}
