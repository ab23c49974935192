// Package publish serves what relying parties fetch: revocation lists,
// answers about the status of certificates, and the certificates of
// authorities (RFC 5280, RFC 6960, RFC 5019).
package publish

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/responder"
	"github.com/certwright/certwright/format/ocsp"
)

// Config is what a Server is made from.
type Config struct {
	Authority *authority.Authority
	Store     authority.Store
	Records   authority.Records
	Keys      authority.Keys
	Log       *slog.Logger     // nil: nowhere
	Now       func() time.Time // nil: the system's clock

	MaxAge      time.Duration                     // how long caches in between may keep what they got; 0: an hour
	MaxRequest  int64                             // octets of an OCSP request; 0: 64 KiB
	Memory      int                               // octets that answers signed ahead may take; 0: 16 MiB
	Ahead       bool                              // sign answers ahead for all valid certificates
	IgnoreNonce bool                              // answer questions with a nonce by answers without one, too
	Prompt      bool                              // publish a list within a minute of a revocation: a delta list where there are such
	Fresh       time.Duration                     // how old the knowledge of what other processes change may be; 0: a second
	Answered    func(status, standing string)     // told of each OCSP answer; may be nil
	Published   func(ca string, l *authority.CRL) // told of each list that the server published by itself; may be nil
}

// Server serves. It is safe for concurrent use, by several processes over one
// store too.
type Server struct {
	config    Config
	responder *responder.Responder
	lists     *lists
	cas       cas
	tidied    time.Time
	tending   sync.Mutex
	headers   headers
}

// headers are values that answers share, and nobody changes.
type headers struct{ answer, noStore, noSniff []string }

const (
	presetMaxAge     = time.Hour
	presetMaxRequest = 64 << 10
	presetFresh      = time.Second
)

// New checks the configuration and returns a server.
func New(c Config) (*Server, error) {
	if c.MaxAge < 0 || c.MaxRequest < 0 {
		return nil, errors.New("the limits of what is published cannot be below zero")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.MaxAge == 0 {
		c.MaxAge = presetMaxAge
	}
	if c.MaxRequest == 0 {
		c.MaxRequest = presetMaxRequest
	}
	if c.Fresh == 0 {
		c.Fresh = presetFresh
	}
	r, err := responder.New(responder.Config{
		Authority: c.Authority, Store: c.Store, Records: c.Records, Keys: c.Keys, Log: c.Log, Now: c.Now,
		Memory: c.Memory, Ahead: c.Ahead, IgnoreNonce: c.IgnoreNonce, Fresh: c.Fresh,
	})
	if err != nil {
		return nil, err
	}
	return &Server{config: c, responder: r, lists: newLists(&c),
		headers: headers{answer: []string{ocsp.ResponseType}, noStore: []string{"no-store"}, noSniff: []string{"nosniff"}}}, nil
}

// Patterns are the places that the server answers at. What is below /ocsp/ is
// base64, whose slashes a ServeMux would tidy away: see Takes.
func Patterns() []string { return []string{"/crl/", "/ca/", "/ocsp", "/ocsp/"} }

// Takes reports whether a request is for the OCSP responder. Such requests
// have to be handed over before a ServeMux sees their path.
func Takes(r *http.Request) bool {
	return r.URL.Path == "/ocsp" || strings.HasPrefix(r.URL.Path, "/ocsp/")
}

// ServeHTTP answers.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header()["X-Content-Type-Options"] = s.headers.noSniff
	switch path := r.URL.Path; {
	case Takes(r):
		s.ocsp(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		notAllowed(w, "GET, HEAD", "fetch this with GET")
	case strings.HasPrefix(path, "/crl/"):
		s.crl(w, r, strings.TrimPrefix(path, "/crl/"))
	case strings.HasPrefix(path, "/ca/"):
		s.ca(w, r, strings.TrimPrefix(path, "/ca/"))
	default:
		http.NotFound(w, r)
	}
}

// notAllowed tells the methods there are (RFC 9110, Section 15.5.6).
func notAllowed(w http.ResponseWriter, methods, fix string) {
	w.Header().Set("Allow", methods)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusMethodNotAllowed)
	fmt.Fprintf(w, `{"title":"Method Not Allowed","status":405,"code":"usage","detail":"this place does not take the method","fix":%q}`+"\n", fix)
}

// Run publishes lists before the last ones end, replaces responder
// certificates in time and signs ahead, until the context ends.
func (s *Server) Run(ctx context.Context) error {
	var all sync.WaitGroup
	all.Go(func() { s.refresh(ctx) })
	err := s.responder.Run(ctx)
	all.Wait()
	return err
}

func (s *Server) now() time.Time { return s.config.Now().UTC() }

// failed answers that something went wrong on this side.
func (s *Server) failed(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() == nil {
		s.config.Log.ErrorContext(r.Context(), "publishing", "path", r.URL.Path, "error", err)
	}
	w.Header().Set("Retry-After", "30")
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, "this cannot be had now; try again in a while", http.StatusServiceUnavailable)
}

func missing(w http.ResponseWriter, text string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, text, http.StatusNotFound)
}
