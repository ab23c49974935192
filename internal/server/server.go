// Package server makes a running program of a configuration: it starts what is
// needed, listens, mounts the doors, and ends without breaking a promise.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/enroll/acmesrv"
	"github.com/certwright/certwright/internal/systemd"
	"github.com/certwright/certwright/internal/task"
)

// Config is what a server is made from.
type Config struct {
	Settings config.Config
	Read     func() (config.Config, error) // reads the configuration again
	Getenv   func(string) string           // where secrets may come from
	Office   *task.Office
	Host     string         // the name of this machine
	By       string         // who starts the server: what it makes first is made by them
	Log      *slog.Logger   // what happens; see NewLog
	Level    *slog.LevelVar // of Log, which a reload may change
	Measures *Measures
	Version  string // of the program
	Service  systemd.Notifier
}

// Server is a server that listens.
type Server struct {
	config  Config // its settings are those of the start
	crowd   *crowd
	tokens  *access.Tokens
	nonces  *acmesrv.Nonces
	tracing *tracing

	secure, plain           net.Listener // plain may be nil
	secureServer, plainHTTP *http.Server
	created                 bool   // the authority was made now
	token                   string // of the first administrator, where it was made now

	now      atomic.Pointer[regime]
	stopping atomic.Bool
	reloads  sync.Mutex
	crew     *crew // nil before Run
}

// Told is what whoever starts the server wants to know.
type Told struct {
	URL         string `json:"url"`
	ACME        string `json:"acme,omitempty"` // the directory; empty: off
	REST        string `json:"rest"`
	PlainURL    string `json:"plainUrl,omitempty"`
	Created     bool   `json:"created"` // the authority was made now
	Root        string `json:"root"`    // file of the root's certificate
	Fingerprint []byte `json:"-"`       // SHA-256 of the root's certificate
	Token       string `json:"-"`       // of the first administrator, where it was made now
}

// New opens the listeners, makes what is missing of an authority and of the
// server's own certificate, and mounts the doors. Nothing is served before Run.
func New(ctx context.Context, c Config) (*Server, error) {
	s := &Server{config: c, crowd: newCrowd(connections(c.Settings.Limits.Connections))}
	if err := Check(ctx, &c.Settings, Around(c.Office)); err != nil {
		return nil, err
	}
	if err := s.listen(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *Server) listen() (err error) {
	settings := &s.config.Settings.Server
	if s.secure, err = listen(settings.Listen); err != nil || settings.PlainListen == config.PlainOff {
		return err
	}
	s.plain, err = listen(settings.PlainListen)
	return err
}

// whereabouts is where the server is reached under these settings.
func (s *Server) whereabouts(c *config.Config) Told {
	settings := &c.Server
	first := ownNames(settings.Names, s.config.Host)[0]
	t := Told{URL: settings.URL}
	if t.URL == "" {
		t.URL = addressOf("https", settings.Listen, s.secure, first)
	}
	t.REST = t.URL + "/api/v1/"
	if !c.ACME.Off {
		t.ACME = t.URL + "/acme/directory"
	}
	if s.plain == nil {
		return t
	}
	if t.PlainURL = settings.PlainURL; t.PlainURL == "" {
		t.PlainURL = addressOf("http", settings.PlainListen, s.plain, first)
	}
	return t
}

// prepare makes what is missing, and what serves.
func (s *Server) prepare(ctx context.Context) (err error) {
	c := &s.config
	if err := c.Office.Profiles.Reload(); err != nil {
		return err
	}
	if s.created, err = firstAuthority(ctx, c.Office, c.Host, base(&c.Settings.Server, s.whereabouts(&c.Settings).PlainURL), c.By); err != nil {
		return err
	}
	s.tellKeys(ctx)
	s.tokens, s.nonces = access.NewTokens(c.Office.Store, c.Office.Now), acmesrv.NewNonces()
	first, err := s.govern(ctx, c.Settings, nil)
	if err != nil {
		return err
	}
	s.now.Store(first)
	if s.token, err = firstToken(ctx, c.Office, s.tokens, c.By); err != nil {
		return err
	}
	if s.tracing, err = newTracing(ctx, c.Version, c.Log); err != nil {
		return err
	}
	s.watch()
	h := s.front(http.HandlerFunc(s.route))
	s.secureServer, s.plainHTTP = newHTTP(h, c.Settings.Limits, s.crowd), newHTTP(h, c.Settings.Limits, s.crowd)
	s.secureServer.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: s.hello}
	for _, h := range []*http.Server{s.secureServer, s.plainHTTP} {
		h.ErrorLog = slog.NewLogLogger(c.Log.Handler(), slog.LevelDebug)
	}
	return nil
}

// Told says where everything is.
func (s *Server) Told() Told {
	t := s.now.Load().told
	t.Created, t.Token = s.created, s.token
	return t
}

// hire has what works in the background begin.
func (s *Server) hire(ctx context.Context, failed chan<- error) *crew {
	s.reloads.Lock()
	defer s.reloads.Unlock()
	s.crew = newCrew(ctx, failed)
	s.crew.take(s.now.Load().parts)
	return s.crew
}

// Run serves until the context ends, and returns when what was promised is
// done: requests under way are answered, and work in the background has come
// to its end. up is called when the server is ready; each message on reload
// has it read configuration, profiles and certificates again.
func (s *Server) Run(ctx context.Context, up func() error, reload <-chan struct{}) error {
	defer s.close()
	work, endWork := context.WithCancel(context.WithoutCancel(ctx))
	defer endWork()
	failed := make(chan error, 2) // one for each listener
	var serving sync.WaitGroup
	serving.Go(func() { failed <- ended(s.secureServer.ServeTLS(s.secure, "", "")) })
	if s.plain != nil {
		serving.Go(func() { failed <- ended(s.plainHTTP.Serve(s.plain)) })
	}
	crew := s.hire(work, failed)
	err := up()
	if err == nil {
		s.say(s.config.Service.Ready("serving " + s.Told().URL))
		err = s.attend(ctx, reload, failed)
	}
	s.stopping.Store(true)
	s.say(s.config.Service.Stopping())
	s.config.Log.Info("stopping")
	err = errors.Join(err, s.shut())
	serving.Wait()
	endWork()
	crew.all.Wait()
	if err := s.stopTracing(); err != nil {
		s.config.Log.Warn("the last traces were not sent", "cause", err)
	}
	s.config.Log.Info("stopped")
	return err
}

// attend answers to reloads until the context ends or a part fails.
func (s *Server) attend(ctx context.Context, reload <-chan struct{}, failed <-chan error) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return err
		case <-reload:
			s.say(s.config.Service.Reloading())
			s.Reload(context.WithoutCancel(ctx))
			s.say(s.config.Service.Ready("serving " + s.Told().URL))
		}
	}
}

// shut takes no new connections, and waits for the requests under way, but not
// for ever.
func (s *Server) shut() error {
	grace := s.now.Load().settings.Server.Grace
	ctx, cancel := context.WithTimeout(context.Background(), duration(grace))
	defer cancel()
	var all sync.WaitGroup
	for _, h := range []*http.Server{s.secureServer, s.plainHTTP} {
		all.Go(func() {
			if err := h.Shutdown(ctx); err != nil {
				s.config.Log.Warn("requests were still under way when the time to end was over", "grace", grace)
				h.Close()
			}
		})
	}
	all.Wait()
	return nil
}

func (s *Server) close() error {
	var errs []error
	for _, l := range []net.Listener{s.secure, s.plain} {
		if l == nil {
			continue
		}
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (s *Server) stopTracing() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return s.tracing.stop(ctx)
}

// say logs that the service manager could not be told.
func (s *Server) say(err error) {
	if err != nil {
		s.config.Log.Warn("the service manager was not told", "cause", err)
	}
}

// ended is what a listener's end means: nothing where it was closed on purpose.
func ended(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serving: %w", err)
}

func duration(d config.Duration) time.Duration { return time.Duration(d) }

// wait waits, and reports whether the time has come before the context ended.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
