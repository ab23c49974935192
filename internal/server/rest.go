package server

import (
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/enroll/restsrv"
)

// rest makes the door of the REST interface, and those beside it that ask for
// the same tokens.
func (s *Server) rest(r *regime) ([]door, error) {
	guard, forget, err := s.guard(r)
	if err != nil {
		return nil, err
	}
	o := s.config.Office
	handler, err := restsrv.New(restsrv.Config{
		Authority: o.Authority, Store: o.Store, Profiles: o.Profiles, Guard: guard, Tokens: s.tokens,
		Secrets: o.Vault(),
		BaseURL: r.told.URL, Version: s.config.Version, Log: s.config.Log, Now: o.Now,
		PerSecond: float64(r.settings.Limits.Rate), Burst: 10 * r.settings.Limits.Rate,
	})
	return []door{
		{name: "rest", patterns: []string{"/api/v1", "/api/v1/", "GET /openapi.json"}, handler: handler, again: forget},
		{name: "metrics", patterns: []string{"GET /metrics"}, handler: s.measures(r.settings.Server.Metrics, guard)},
		{name: "profiling", patterns: []string{"/debug/pprof/"}, handler: guard.Require(access.Administrator)(profiling())},
	}, err
}
