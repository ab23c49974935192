// Package restsrv is the REST interface: requests, reviews, certificates,
// authorities, profiles, tokens, secrets and the audit chain over HTTP and JSON.
package restsrv

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/issuance"
)

// Profiles finds profiles by name.
type Profiles interface {
	Get(name string) (*issuance.Profile, error)
	List() []config.ProfileEntry
	Source(name string) string
}

// Config is what the REST interface is made from.
type Config struct {
	Authority *authority.Authority
	Store     authority.Store
	Profiles  Profiles
	Guard     *access.Guard
	Tokens    *access.Tokens
	Secrets   *secret.Vault
	BaseURL   string       // where clients reach the server; empty: not told
	Version   string       // of the program
	Log       *slog.Logger // nil: nowhere
	Now       func() time.Time

	PerSecond float64 // requests of one principal, on average; 0: any number
	Burst     int     // and at once
}

// server answers the requests.
type server struct {
	Config
	office  *task.Office
	limiter *access.Limiter // of principals
	api     huma.API

	mu      sync.Mutex
	issuers map[string]*issuer // by authority
}

// The largest bodies, in octets.
const (
	largestRequest = 256 << 10
	largestOrder   = 64 << 10
)

// New returns the handler of everything below /api/v1/, and of /openapi.json.
func New(c Config) (http.Handler, error) {
	switch {
	case c.Authority == nil || c.Store == nil || c.Profiles == nil:
		return nil, errors.New("the REST interface needs an authority, its records and profiles")
	case c.Guard == nil || c.Tokens == nil || c.Secrets == nil:
		return nil, errors.New("the REST interface needs a guard, tokens and secrets")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &server{Config: c, limiter: access.NewLimiter(c.PerSecond, c.Burst), issuers: map[string]*issuer{}}
	s.office = &task.Office{Authority: c.Authority, Store: c.Store, Now: c.Now}
	mux := http.NewServeMux()
	s.api = humago.New(mux, s.description())
	s.requests()
	s.certificates()
	s.authorities()
	s.administration()
	s.acme()
	s.describeFiles()
	s.tidyDescription()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.nothingHere(w, r, Allowed(mux, r)) })
	return s.ownPages().Handler(mux), s.serveDescription(mux)
}

// description is what OpenAPI says of the interface as a whole.
func (s *server) description() huma.Config {
	c := huma.DefaultConfig("Certwright", s.Version)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", "", nil
	c.Info.Description = "Requests, reviews, certificates, authorities, profiles, tokens, secrets and the audit chain of a Certwright server."
	c.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	if s.BaseURL != "" {
		c.Servers = []*huma.Server{{URL: s.BaseURL}}
	}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":       {Type: "http", Scheme: "bearer", Description: "an API token (certwright token new), or an ID token of OpenID Connect"},
		"certificate": {Type: "mutualTLS", Description: "a client certificate"},
	}
	plain := huma.Format{
		Marshal: func(w io.Writer, v any) error {
			e := json.NewEncoder(w)
			e.SetEscapeHTML(false)
			return e.Encode(v)
		},
		Unmarshal: decodeStrictly,
	}
	c.Formats = map[string]huma.Format{"application/json": plain, "json": plain}
	c.Transformers = []huma.Transformer{ownProblem}
	return c
}

// serveDescription writes the description once, and serves it.
func (s *server) serveDescription(mux *http.ServeMux) error {
	text, err := json.MarshalIndent(s.api.OpenAPI(), "", "  ")
	if err != nil {
		return fmt.Errorf("describing the REST interface: %w", err)
	}
	handler := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		w.Write(text)
	}
	mux.HandleFunc("GET /openapi.json", handler)
	mux.HandleFunc("GET /api/v1/openapi.json", handler)
	return nil
}

// nothingHere answers for paths that are none, and for methods that a path does
// not know (RFC 9110, Section 15.5.6).
func (s *server) nothingHere(w http.ResponseWriter, r *http.Request, allowed string) {
	if allowed != "" {
		w.Header().Set("Allow", allowed)
		writeProblem(w, &client.Problem{Status: http.StatusMethodNotAllowed, Code: client.CodeUsage, Detail: short(r.URL.Path) + " does not take " + short(r.Method), Fix: "use " + allowed})
		return
	}
	writeProblem(w, &client.Problem{Status: http.StatusNotFound, Code: client.CodeNotFound, Detail: "there is nothing at " + r.Method + " " + short(r.URL.Path), Fix: "see /openapi.json for what there is"})
}

// Allowed are the methods, as the header Allow lists them, that something of its
// own answers at the path of a request; empty where none is, and what answers is
// the pattern for everything.
func Allowed(mux *http.ServeMux, r *http.Request) string {
	var out []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		probe := *r
		probe.Method = method
		if _, pattern := mux.Handler(&probe); pattern != "/" && pattern != "" {
			out = append(out, method)
		}
	}
	return strings.Join(out, ", ")
}

func short(text string) string {
	if len(text) > 100 {
		return text[:100] + "…"
	}
	return text
}

// sender is who sent a request, and from where.
type sender struct {
	*access.Principal
	address string
}

type senderKey struct{}

func (x *sender) origin() evidence.Origin {
	return evidence.Origin{Door: "rest", Requester: x.Name, Method: x.Method, Address: x.address, Entitled: x.Entitled()}
}

// everything reports whether the sender sees what others asked for.
func (x *sender) everything() bool { return x.Has(access.Officer, access.Auditor) }

// admit lets requests pass of those who have one of these roles, before their
// body is read; one that is said to be too large is not waited for (RFC 9110,
// Section 10.1.1).
func (s *server) admit(roles []access.Role, largest int64) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		w.Header().Set("Cache-Control", "no-store")
		p, err := s.Guard.Admit(r, roles...)
		if err != nil {
			writeFailure(w, s.failure(r.Context(), err))
			return
		}
		if wait, ok := s.limiter.Allow(p.Name, s.Now()); !ok {
			writeFailure(w, tooOften(wait))
			return
		}
		if wrong := askedRightly(ctx.Operation(), r.URL.Query()); wrong != nil {
			writeFailure(w, wrong)
			return
		}
		if r.ContentLength != 0 && r.Method != http.MethodGet && r.Header.Get("Content-Type") == "" {
			writeFailure(w, untyped())
			return
		}
		if wrong := keyTaken(ctx.Operation(), r.Header.Get("Idempotency-Key")); wrong != nil {
			writeFailure(w, wrong)
			return
		}
		if r.ContentLength > largest {
			writeFailure(w, tooLarge())
			return
		}
		next(&answering{asked: huma.WithValue(ctx, senderKey{}, &sender{p, access.Address(r)})})
	}
}

// on registers an operation for those who have one of these roles (any, where
// none is named).
func on[I, O any](s *server, op huma.Operation, roles []access.Role, handle func(context.Context, *sender, *I) (*O, error)) {
	op.Path = "/api/v1" + op.Path
	op.Security = []map[string][]string{{"token": {}}, {"certificate": {}}}
	op.Description = rolesInWords(op.Description, roles)
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = largestOrder
	}
	op.Middlewares = huma.Middlewares{s.admit(roles, op.MaxBodyBytes)}
	op.Responses = s.problems(&op, reflect.TypeFor[I]())
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		x := ctx.Value(senderKey{}).(*sender)
		out, err := handle(ctx, x, in)
		if err != nil {
			return nil, s.failure(ctx, err)
		}
		return out, nil
	})
	s.describeAnswers(&op, reflect.TypeFor[I](), reflect.TypeFor[O]())
}

func rolesInWords(description string, roles []access.Role) string {
	if description != "" {
		description += ". "
	}
	if len(roles) == 0 {
		return description + "For every role."
	}
	words := "For the role "
	for i, r := range roles {
		if i > 0 {
			words += " or "
		}
		words += string(r)
	}
	return description + words + "."
}
