package server

import (
	"context"
	"net/http"
	"path"
	"reflect"
	"slices"

	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/enroll/restsrv"
	"github.com/certwright/certwright/internal/manufacturer"
)

// regime is how the server works under one configuration. It stays as it is
// once it is made: a reload makes another one, which has those parts in common
// with it that were made of the same settings.
type regime struct {
	settings config.Config
	told     Told
	identity *identity
	tls      *handshake
	proxies  *proxies
	parts    []*part

	manufacturers *manufacturer.Known // whose devices CMP knows
	receivers     receivers

	secure, plain http.Handler // the doors that are open over TLS, and without it
}

// part is a piece of a regime.
type part struct {
	name  string
	of    any // the settings that it was made of
	doors []door
}

// maker makes a part.
type maker struct {
	name string
	of   any // the settings that the part is made of: where they are the same, it is kept
	make func(*regime) ([]door, error)
}

// govern makes the regime of a configuration; old is the one before, nil for
// none. The settings that cannot change while the server runs are those of
// the start in any case.
func (s *Server) govern(ctx context.Context, settings config.Config, old *regime) (*regime, error) {
	settings.Keep(&s.config.Settings)
	if err := Check(ctx, &settings, Around(s.config.Office)); err != nil {
		return nil, err
	}
	for _, doubt := range Doubts(ctx, &settings, Around(s.config.Office)) {
		s.config.Log.Warn(doubt)
	}
	r := &regime{settings: settings, told: s.whereabouts(&settings)}
	if old == nil || old.settings.Server.PlainURL != settings.Server.PlainURL {
		if err := settleBase(ctx, s.config.Office, settings.Server.PlainURL, s.config.By, s.config.Log); err != nil {
			return nil, err
		}
	}
	if err := s.appear(ctx, r, old); err != nil {
		return nil, err
	}
	var err error
	if r.proxies, err = newProxies(&settings.Server); err != nil {
		return nil, err
	}
	if r.manufacturers, err = manufacturer.Read(settings.CMP.Manufacturers); err != nil {
		return nil, err
	}
	if r.receivers, err = rootsOfReceivers(&settings); err != nil {
		return nil, err
	}
	if r.tls, err = s.newHandshake(r); err != nil {
		return nil, err
	}
	for _, m := range s.makers(r) {
		made, err := m.part(r, old)
		if err != nil {
			return nil, err
		}
		r.parts = append(r.parts, made)
	}
	r.secure, r.plain = r.handler(false), r.handler(true)
	return r, nil
}

// part takes over the part of the regime before, or makes another.
func (m *maker) part(r, old *regime) (*part, error) {
	if old != nil {
		i := slices.IndexFunc(old.parts, func(p *part) bool { return p.name == m.name && reflect.DeepEqual(p.of, m.of) })
		if i >= 0 {
			return old.parts[i], nil
		}
	}
	doors, err := m.make(r)
	return &part{name: m.name, of: m.of, doors: doors}, err
}

// appear finds the certificate to show, and writes the root of the authority
// that signs it for clients to trust.
func (s *Server) appear(ctx context.Context, r, old *regime) error {
	o, settings := s.config.Office, r.settings.Server
	named := settings.CA
	if named == "" {
		named = r.settings.CA
	}
	ca, err := issuing(ctx, o, named)
	if err != nil {
		return err
	}
	if r.told.Root, r.told.Fingerprint, err = rootFile(o, ca); err != nil {
		return err
	}
	r.identity = &identity{office: o, profile: settings.Profile, certificate: settings.Certificate, key: settings.Key, running: old != nil, ca: ca.Name, names: ownNames(settings.Names, s.config.Host), log: s.config.Log}
	if old != nil && old.identity.like(r.identity) {
		r.identity = old.identity
		return nil
	}
	return r.identity.load(ctx)
}

// handler puts the doors of a regime behind one handler.
func (r *regime) handler(plain bool) http.Handler {
	mux := http.NewServeMux()
	var early []door
	for _, p := range r.parts {
		for _, d := range p.doors {
			if plain && !d.plain {
				continue
			}
			handler := d.handler
			if slices.Contains(d.patterns, "/") {
				handler = otherwise(mux, d.handler)
			}
			for _, pattern := range d.patterns {
				mux.Handle(pattern, named(d.name, handler))
			}
			if d.takes != nil {
				early = append(early, d)
			}
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		for _, d := range early {
			if d.takes(q) {
				named(d.name, d.handler).ServeHTTP(w, q)
				return
			}
		}
		if q.Method == http.MethodConnect || untidy(q.URL.Path) {
			named("none", http.HandlerFunc(nothing)).ServeHTTP(w, q) // a ServeMux would answer by itself, and not as we do
			return
		}
		mux.ServeHTTP(w, q)
	})
}

// untidy reports whether a path has empty elements, or such that lead back.
func untidy(p string) bool {
	clean := path.Clean("/" + p)
	return p != clean && p != clean+"/"
}

// otherwise answers where no other door does: with a 405 where one does for
// another method (RFC 9110, Section 15.5.6).
func otherwise(mux *http.ServeMux, none http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		allowed := restsrv.Allowed(mux, q)
		if allowed == "" {
			none.ServeHTTP(w, q)
			return
		}
		w.Header().Set("Allow", allowed)
		problem(w, q, http.StatusMethodNotAllowed, "usage", short(q.URL.Path)+" does not take this method; it takes "+allowed)
	})
}

// route hands a request to the doors that are open to it now.
func (s *Server) route(w http.ResponseWriter, q *http.Request) {
	r := s.now.Load()
	if exchangeOf(q.Context()).secure {
		r.secure.ServeHTTP(w, q)
		return
	}
	r.plain.ServeHTTP(w, q)
}
