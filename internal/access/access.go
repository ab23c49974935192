// Package access tells who sends a request over the network, by token, client
// certificate or OpenID Connect, and what they may do.
package access

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/request"
)

// Role is one kind of thing that somebody may do.
type Role string

// The roles. None includes another: who is to do two things has two roles.
const (
	Applicant     Role = "applicant"     // asks for certificates, and looks after their own
	Officer       Role = "officer"       // sees all requests and certificates, decides, revokes
	Administrator Role = "administrator" // gives and takes tokens and secrets
	Auditor       Role = "auditor"       // sees everything, changes nothing
)

// Roles returns every role.
func Roles() []Role { return []Role{Applicant, Officer, Administrator, Auditor} }

// ParseRole reads the name of a role.
func ParseRole(text string) (Role, error) {
	if role := Role(text); slices.Contains(Roles(), role) {
		return role, nil
	}
	return "", &request.Refusal{Reason: request.BadFormat, Field: "roles", Detail: fmt.Sprintf("there is no role %q", text),
		Fix: "the roles are applicant, officer, administrator and auditor"}
}

// Principal is somebody who was recognized. It is not changed once made.
type Principal struct {
	Name     string   // stands in the records as requester or officer
	Roles    []Role   //
	Profiles []string // that they may ask for; empty: all
	CAs      []string // that they may ask; empty: all
	Method   string   // how they were recognized: "token", "mtls", "oidc"
	ID       string   // of the token, or the fingerprint of the client certificate
	Open     bool     // what shows who they are may be had by everybody, so that nothing is theirs by name
}

// Has reports whether the principal has one of these roles.
func (p *Principal) Has(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(p.Roles, r) })
}

// Entitled is what the principal was given by name of what is closed to others.
func (p *Principal) Entitled() evidence.Entitlement {
	if p.Open {
		return evidence.Entitlement{}
	}
	return evidence.Entitlement{Profiles: p.Profiles, CAs: p.CAs}
}

// Scope settles which profile and authority a request of the principal is
// for: what it names, or where it names none the only one allowed. It is a
// *request.Refusal (NotAuthorized) where the principal may not have that.
func (p *Principal) Scope(profile, ca string) (allowedProfile, allowedCA string, err error) {
	if profile, err = within("profile", profile, p.Profiles); err != nil {
		return "", "", err
	}
	ca, err = within("ca", ca, p.CAs)
	return profile, ca, err
}

func within(field, asked string, allowed []string) (string, error) {
	switch {
	case len(allowed) == 0, slices.Contains(allowed, asked):
		return asked, nil
	case asked == "" && len(allowed) == 1:
		return allowed[0], nil
	}
	what := map[string]string{"profile": "the profile", "ca": "the authority"}[field]
	r := &request.Refusal{Reason: request.NotAuthorized, Field: field, Detail: fmt.Sprintf("you may not use %s %s", what, asked),
		Fix: "use one of " + strings.Join(allowed, ", ")}
	if asked == "" {
		r.Detail = fmt.Sprintf("%s is not named, and you may not use every one", what)
	}
	return "", r
}

type contextKey struct{}

// With returns a context that carries a principal.
func With(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From returns the principal that a Guard put into the context of a request;
// nil where there is none.
func From(ctx context.Context) *Principal {
	p, _ := ctx.Value(contextKey{}).(*Principal)
	return p
}

// Failure is why a request is turned away before it is looked at.
type Failure struct {
	Status int    // of HTTP
	Code   string // stable: "unauthenticated", "forbidden"
	Detail string
	Fix    string
	Wait   time.Duration // after which it is worth another try; 0: not known
}

// The codes of failures.
const (
	CodeUnauthenticated = "unauthenticated"
	CodeForbidden       = "forbidden"
	CodeRateLimited     = "rate-limited"
	CodeNetwork         = "network"
)

// Header is what the answer says in its header.
func (f *Failure) Header() http.Header {
	h := http.Header{}
	if f.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="certwright"`)
	}
	if f.Wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(f.Wait.Seconds()))))
	}
	return h
}

// Error returns the detail.
func (f *Failure) Error() string { return f.Detail }

func unauthenticated(detail, fix string) *Failure {
	return &Failure{Status: http.StatusUnauthorized, Code: CodeUnauthenticated, Detail: detail, Fix: fix}
}

// TooOften tells to wait.
func TooOften(wait time.Duration) *Failure {
	return &Failure{Status: http.StatusTooManyRequests, Code: CodeRateLimited, Detail: "you send too many requests", Fix: "wait " + wait.String() + ", and send fewer at a time", Wait: wait}
}

func forbidden(roles []Role) *Failure {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return &Failure{Status: http.StatusForbidden, Code: CodeForbidden, Detail: "this needs the role " + strings.Join(names, " or "),
		Fix: "use a token with that role: certwright token new NAME --role " + names[0]}
}

// What stands before the names of those who were recognized by something else
// than a token, so that nobody is taken for the bearer of a token of that name.
const (
	certificatePrefix = "cert:"
	oidcPrefix        = "oidc:"
)

// checkOwnName refuses for a token what checkName does, and the names of those
// who are recognized otherwise.
func checkOwnName(name string) error {
	for _, prefix := range []string{certificatePrefix, oidcPrefix} {
		if len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
			return &request.Refusal{Reason: request.BadFormat, Field: "name", Detail: fmt.Sprintf("names that begin with %s are those of others than the bearers of tokens", prefix), Fix: "choose another name"}
		}
	}
	return checkName(name)
}

// checkName refuses names that records and logs could not tell apart, and
// those that the records have for what nobody in particular does.
func checkName(name string) error {
	if slices.Contains([]string{"profile", "holder", "system", "unknown"}, strings.ToLower(name)) {
		return &request.Refusal{Reason: request.BadFormat, Field: "name", Detail: fmt.Sprintf("the name %q has a meaning of its own in the records", name), Fix: "choose another name"}
	}
	plain := strings.Join(strings.Fields(name), " ")
	bad := func(r rune) bool { return !unicode.IsPrint(r) }
	if name == "" || name != plain || len(name) > 200 || strings.ContainsFunc(name, bad) {
		return &request.Refusal{Reason: request.BadFormat, Field: "name", Detail: "the name is empty, too long, or has blanks or signs that do not show",
			Fix: "give a name of at most 200 printable characters"}
	}
	return nil
}
