package server

import (
	"context"
	"net/http"

	"github.com/certwright/certwright/internal/access"
)

// door is one way in: the paths it answers, and what it does in the
// background.
type door struct {
	name     string
	patterns []string // of http.ServeMux
	plain    bool     // answers on the plain listener too
	handler  http.Handler
	run      func(ctx context.Context) error // nil: nothing

	// takes are the requests that go to the door before a ServeMux tidies their
	// paths; nil: none.
	takes func(r *http.Request) bool
}

// worker is work in the background.
type worker struct {
	name string
	run  func(ctx context.Context) error
}

// mount makes every door.
func (s *Server) mount() ([]door, error) {
	guard, err := s.guard()
	if err != nil {
		return nil, err
	}
	published, err := s.publication()
	if err != nil {
		return nil, err
	}
	rest, err := s.rest(guard)
	if err != nil {
		return nil, err
	}
	doors := []door{
		{name: "health", patterns: []string{"GET /healthz", "GET /readyz"}, plain: true, handler: s.health()},
		{name: "metrics", patterns: []string{"GET /metrics"}, handler: s.measures(guard)},
		{name: "profiling", patterns: []string{"/debug/pprof/"}, handler: guard.Require(access.Administrator)(profiling())},
		{name: "none", patterns: []string{"/"}, plain: true, handler: http.HandlerFunc(s.nothing)},
		published,
		rest,
	}
	cmp, err := s.cmp()
	if err != nil {
		return nil, err
	}
	acme, err := s.acme()
	return append(append(doors, cmp...), acme...), err
}

// workers is everything that works in the background.
func (s *Server) workers() []worker {
	all := []worker{{"own certificate", s.identity.run}, {"watchdog", s.watchdog}}
	if n := s.notices(); n != nil {
		all = append(all, worker{"notices", n.run})
	}
	for _, d := range s.doors {
		if d.run != nil {
			all = append(all, worker{d.name, d.run})
		}
	}
	return all
}

// handlers puts the doors behind the two listeners.
func (s *Server) handlers() (secure, plain http.Handler) {
	both := []*http.ServeMux{http.NewServeMux(), http.NewServeMux()}
	for _, d := range s.doors {
		for i, mux := range both {
			if i == 1 && !d.plain {
				continue
			}
			for _, p := range d.patterns {
				mux.Handle(p, named(d.name, d.handler))
			}
		}
	}
	return s.front(s.before(both[0], false)), s.front(s.before(both[1], true))
}

// before hands requests to the doors that take them, and the others on.
func (s *Server) before(next http.Handler, plain bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, d := range s.doors {
			if d.takes != nil && d.takes(r) && (d.plain || !plain) {
				named(d.name, d.handler).ServeHTTP(w, r)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
