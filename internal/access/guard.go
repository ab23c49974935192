package access

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Config is what a Guard is made from. What is not given is not looked for.
type Config struct {
	Tokens       *Tokens
	Certificates *Certificates
	OIDC         *OIDC
	Log          func(ctx context.Context, what string, err error) // our own failures; nil: nowhere
	Now          func() time.Time                                  // nil: the system's
}

// Guard recognizes who sends requests, and tells those to wait whom it does not
// recognize all the time, so that tokens are not guessed at speed.
type Guard struct {
	config  Config
	strange *Limiter // of addresses that nobody is recognized at
}

const (
	strangersPerSecond = 5
	strangersBurst     = 50
)

// NewGuard returns a guard.
func NewGuard(c Config) *Guard {
	if c.Log == nil {
		c.Log = func(context.Context, string, error) {}
	}
	c.Now = clock(c.Now)
	return &Guard{config: c, strange: NewLimiter(strangersPerSecond, strangersBurst)}
}

// Identify returns who sends a request: by its bearer token (RFC 6750), or
// without one by its client certificate. Nobody, and somebody who is not
// known, is a *Failure, and for an address that nobody is recognized at all the
// time one that says to wait (429); any other error is ours.
func (g *Guard) Identify(r *http.Request) (*Principal, error) {
	address, now := Address(r), g.config.Now()
	p, err := g.recognize(r, !g.strange.Spent(address, now))
	var f *Failure
	if errors.As(err, &f) && f.Status == http.StatusUnauthorized {
		if wait, ok := g.strange.Allow(address, now); !ok {
			return nil, TooOften(wait)
		}
	}
	return p, err
}

// Address is where a request is from, without the port.
func Address(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}

// recognize is Identify without its limit; without ask nobody elsewhere is asked.
func (g *Guard) recognize(r *http.Request, ask bool) (*Principal, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		if g.config.Certificates != nil && r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
			return g.config.Certificates.Principal(r.Context(), r.TLS.PeerCertificates)
		}
		return nil, unauthenticated("nothing shows who sends this", "send a token in the header \"Authorization: Bearer TOKEN\"; certwright token new makes one")
	}
	scheme, credential, _ := strings.Cut(header, " ")
	credential = strings.TrimSpace(credential)
	switch {
	case !strings.EqualFold(scheme, "Bearer"):
		return nil, unauthenticated("the header Authorization is of another kind than Bearer", "send \"Authorization: Bearer TOKEN\"")
	case g.config.OIDC != nil && strings.Count(credential, ".") == 2:
		return g.config.OIDC.recognize(r.Context(), credential, ask)
	case g.config.Tokens != nil:
		return g.config.Tokens.Principal(r.Context(), credential)
	}
	return nil, wrongToken()
}

// Admit is Identify of somebody who must have one of these roles (any, where
// none is named).
func (g *Guard) Admit(r *http.Request, roles ...Role) (*Principal, error) {
	p, err := g.Identify(r)
	if err == nil && len(roles) > 0 && !p.Has(roles...) {
		return nil, forbidden(roles)
	}
	return p, err
}

// Require lets requests pass whose sender has one of these roles (any, where
// none is named), with the principal in their context.
func (g *Guard) Require(roles ...Role) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p, err := g.Admit(r, roles...)
			if err != nil {
				g.turnAway(w, r, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(With(r.Context(), p)))
		})
	}
}

// turnAway answers with problem details (RFC 9457).
func (g *Guard) turnAway(w http.ResponseWriter, r *http.Request, err error) {
	var f *Failure
	if !errors.As(err, &f) {
		g.config.Log(r.Context(), "recognizing who sends a request", err)
		f = &Failure{Status: http.StatusInternalServerError, Code: "internal", Detail: "it cannot be found out who sends this"}
	}
	maps.Copy(w.Header(), f.Header())
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(f.Status)
	json.NewEncoder(w).Encode(struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Code   string `json:"code"`
		Detail string `json:"detail"`
		Fix    string `json:"fix,omitempty"`
	}{http.StatusText(f.Status), f.Status, f.Code, f.Detail, f.Fix})
}

// Rule gives what somebody may do who is recognized by something else than a
// token of ours.
type Rule struct {
	Match    string   // of a certificate: a subject alternative name ("dns:*.agents.example") or, without kind, a common name; of OpenID Connect: "CLAIM=VALUE"; * matches any run of characters
	Roles    []Role   //
	Profiles []string // empty: all
	CAs      []string // empty: all

	// Of a certificate that was issued here: the profiles and authorities that it
	// must be of. Without profiles a rule gives the role of applicants alone, and
	// nothing by name: everybody may have asked for a certificate with the name.
	IssuedUnder []string
	IssuedBy    []string // empty: any
}

// OnlyApplicants reports whether a rule gives no more than the role of applicants.
func (r *Rule) OnlyApplicants() bool {
	return !slices.ContainsFunc(r.Roles, func(role Role) bool { return role != Applicant })
}

// clock is now, or the system's.
func clock(now func() time.Time) func() time.Time {
	if now == nil {
		return time.Now
	}
	return now
}
