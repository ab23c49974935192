package access

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/certwright/certwright/evidence"
)

// OIDCConfig says whose tokens of OpenID Connect are believed, and what their
// bearers may do.
type OIDCConfig struct {
	Issuer string // its URL, as the tokens name it
	Client string // the audience that tokens must be for
	Name   string // the claim that holds the principal's name; empty: "email", else "sub"; an email that is not verified is no claim
	Rules  []Rule // the first that matches counts; without one nobody may do anything
	HTTP   *http.Client
	Now    func() time.Time
}

// OIDC recognizes the bearers of ID tokens (OpenID Connect Core 1.0, Section 2).
type OIDC struct {
	config OIDCConfig

	asking   sync.Mutex // of what follows; held while the issuer is asked
	verifier *oidc.IDTokenVerifier
	tried    time.Time // when the issuer could not be reached

	mu    sync.Mutex
	known map[[sha256.Size]byte]knownBearer
}

type knownBearer struct {
	principal *Principal
	until     time.Time
}

// NewOIDC checks the configuration. The issuer is not asked before the first
// token comes.
func NewOIDC(c OIDCConfig) (*OIDC, error) {
	switch {
	case !strings.HasPrefix(c.Issuer, "https://"):
		return nil, fmt.Errorf("the issuer %q of OpenID Connect is not an https URL", c.Issuer)
	case c.Client == "":
		return nil, errors.New("OpenID Connect needs the audience that tokens must be for")
	}
	for _, r := range c.Rules {
		if claim, _, ok := strings.Cut(r.Match, "="); !ok || claim == "" {
			return nil, fmt.Errorf("the rule %q of OpenID Connect is not of the form CLAIM=VALUE", r.Match)
		}
		if err := checkRoles(r); err != nil {
			return nil, err
		}
	}
	if c.HTTP == nil {
		c.HTTP = &http.Client{Timeout: 10 * time.Second}
	}
	c.Now = clock(c.Now)
	return &OIDC{config: c, known: map[[sha256.Size]byte]knownBearer{}}, nil
}

// believed is for how long a token that was verified is not verified again.
const believed = time.Minute

// Principal returns who a token was given to.
func (x *OIDC) Principal(ctx context.Context, token string) (*Principal, error) {
	sum := sha256.Sum256([]byte(token))
	x.mu.Lock()
	known, ok := x.known[sum]
	x.mu.Unlock()
	if now := x.config.Now(); ok && now.Before(known.until) {
		return known.principal, nil
	}
	verifier, err := x.ready(ctx)
	if err != nil {
		return nil, err
	}
	verified, err := verifier.Verify(oidc.ClientContext(ctx, x.config.HTTP), token)
	var expired *oidc.TokenExpiredError
	switch {
	case errors.As(err, &expired):
		return nil, unauthenticated("the token of OpenID Connect has expired", "log in again")
	case err != nil:
		return nil, unauthenticated("the token of OpenID Connect is not of "+x.config.Issuer+" for this server", "log in again, for the audience "+x.config.Client)
	}
	p, err := x.principal(verified)
	if err != nil {
		return nil, err
	}
	until := x.config.Now().Add(believed)
	if verified.Expiry.Before(until) {
		until = verified.Expiry
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.known) >= mostKnown {
		clear(x.known)
	}
	x.known[sum] = knownBearer{p, until}
	return p, nil
}

// ready returns the verifier, having asked the issuer for its keys. One that
// cannot be reached is not asked again at once.
func (x *OIDC) ready(ctx context.Context) (*oidc.IDTokenVerifier, error) {
	x.asking.Lock()
	defer x.asking.Unlock()
	if x.verifier != nil {
		return x.verifier, nil
	}
	unreachable := &Failure{Status: http.StatusServiceUnavailable, Code: "network", Detail: "the issuer " + x.config.Issuer + " of OpenID Connect cannot be reached", Fix: "try again later, or use a token of this server"}
	if time.Since(x.tried) < staleness {
		return nil, unreachable
	}
	// The keys are fetched anew for as long as the process runs, so not by the
	// context of one request.
	provider, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), x.config.HTTP), x.config.Issuer)
	if err != nil {
		x.tried = time.Now()
		return nil, unreachable
	}
	x.verifier = provider.Verifier(&oidc.Config{ClientID: x.config.Client, Now: x.config.Now})
	return x.verifier, nil
}

func (x *OIDC) principal(t *oidc.IDToken) (*Principal, error) {
	claims := map[string]any{}
	if err := t.Claims(&claims); err != nil {
		return nil, unauthenticated("the token of OpenID Connect has claims that cannot be read", "log in again")
	}
	if party, ok := claims["azp"]; ok && party != x.config.Client {
		return nil, unauthenticated("the token of OpenID Connect was given to another client than this server's (azp)", "log in again, as the client "+x.config.Client)
	}
	if claims["email_verified"] != true {
		delete(claims, "email") // whoever may write it themselves could be anybody
	}
	name := t.Subject
	if text, ok := claims["email"].(string); ok && x.config.Name == "" {
		name = text
	}
	if x.config.Name != "" {
		name, _ = claims[x.config.Name].(string)
	}
	if checkName(name) != nil {
		return nil, unauthenticated("the token of OpenID Connect does not name its bearer", "have its issuer add the claim "+x.nameClaim())
	}
	for _, rule := range x.config.Rules {
		claim, pattern, _ := strings.Cut(rule.Match, "=")
		if slices.ContainsFunc(texts(claims[claim]), func(text string) bool { return evidence.MatchRuns(pattern, text) }) {
			return &Principal{Name: oidcPrefix + name, Roles: rule.Roles, Profiles: rule.Profiles, CAs: rule.CAs, Method: "oidc", ID: t.Subject}, nil
		}
	}
	return nil, &Failure{Status: http.StatusForbidden, Code: CodeForbidden, Detail: "no rule says what " + name + " may do", Fix: "have an administrator add one to the configuration"}
}

// nameClaim is the claim that was looked for the name in, last.
func (x *OIDC) nameClaim() string {
	if x.config.Name != "" {
		return x.config.Name
	}
	return "sub"
}

// texts are the values of a claim: one, or a list.
func texts(claim any) []string {
	switch v := claim.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, one := range v {
			if text, ok := one.(string); ok {
				out = append(out, text)
			}
		}
		return out
	}
	return nil
}
