package server

import (
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/enroll/restsrv"
	"github.com/certwright/certwright/internal/secret"
)

// rest makes the door of the REST interface.
func (s *Server) rest(guard *access.Guard) (door, error) {
	o := s.config.Office
	handler, err := restsrv.New(restsrv.Config{
		Authority: o.Authority, Store: o.Store, Profiles: o.Profiles, Guard: guard, Tokens: s.tokens,
		Secrets: secret.New(secret.Config{Store: o.Store, Keys: o.Keys, Now: o.Now}),
		BaseURL: s.told.URL, Version: s.config.Version, Log: s.config.Log, Now: o.Now,
		PerSecond: float64(s.config.Settings.Limits.Rate), Burst: 10 * s.config.Settings.Limits.Rate,
	})
	return door{name: "rest", patterns: []string{"/api/v1/", "GET /openapi.json"}, handler: handler}, err
}
