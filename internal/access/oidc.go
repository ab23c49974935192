package access

import (
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/certwright/certwright/evidence"
)

// OIDCConfig says whose tokens of OpenID Connect are believed, and what their
// bearers may do.
type OIDCConfig struct {
	Issuer string   // its URL, as the tokens name it
	Client string   // the audience that tokens must be for
	Others []string // audiences that tokens may be for besides
	Name   string   // the claim that holds the principal's name; empty: "email", else "sub"; an email that is not verified is no claim
	Rules  []Rule   // the first that matches counts; without one nobody may do anything
	HTTP   *http.Client
	Now    func() time.Time
	Log    func(ctx context.Context, what string, err error) // that the issuer did not answer; nil: nowhere
}

// OIDC recognizes the bearers of ID tokens (OpenID Connect Core 1.0, Section 2).
type OIDC struct {
	config OIDCConfig

	keys *issuerKeys

	mu    sync.Mutex
	of    *keySet // that the known were verified by
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
	if c.Log == nil {
		c.Log = func(context.Context, string, error) {}
	}
	keys := &issuerKeys{issuer: c.Issuer, http: onlyTLS(c.HTTP), now: c.Now, log: c.Log}
	return &OIDC{config: c, keys: keys, known: map[[sha256.Size]byte]knownBearer{}}, nil
}

// onlyTLS has a copy of a client follow no redirect to where others could
// change the keys on the way.
func onlyTLS(c *http.Client) *http.Client {
	out := *c
	out.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if next.URL.Scheme != "https" || len(via) >= 5 {
			return fmt.Errorf("it redirects to %s", next.URL.Redacted())
		}
		return nil
	}
	return &out
}

// believed is for how long a token that was verified is not verified again.
const believed = time.Minute

// Principal returns who a token was given to. That the issuer cannot be reached
// is a *Failure (503).
func (x *OIDC) Principal(ctx context.Context, token string) (*Principal, error) {
	return x.recognize(ctx, token, true)
}

// recognize is Principal; without ask the issuer is left in peace, and a token
// of a key that is not known is not believed.
func (x *OIDC) recognize(ctx context.Context, token string, ask bool) (*Principal, error) {
	sum := sha256.Sum256([]byte(token))
	newest := x.keys.newest()
	x.mu.Lock()
	known, ok := x.known[sum]
	ok = ok && x.of == newest
	x.mu.Unlock()
	if now := x.config.Now(); ok && now.Before(known.until) {
		return known.principal, nil
	}
	notOurs := unauthenticated("the token of OpenID Connect is not of "+x.config.Issuer+" for this server", "log in again, for the audience "+x.config.Client)
	signed, err := jose.ParseSignedCompact(token, signatureAlgorithms())
	if err != nil {
		return nil, notOurs
	}
	if err := checkType(signed); err != nil {
		return nil, err
	}
	key, set, err := x.keys.signer(ctx, signed, ask)
	if err != nil {
		return nil, err
	}
	if key == nil {
		return nil, notOurs
	}
	keys := &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{key.Key}}
	verified, err := oidc.NewVerifier(x.config.Issuer, keys, &oidc.Config{ClientID: x.config.Client, Now: x.config.Now, SupportedSigningAlgs: set.algorithms}).Verify(ctx, token)
	var expired *oidc.TokenExpiredError
	switch {
	case errors.As(err, &expired):
		return nil, unauthenticated("the token of OpenID Connect has expired", "log in again")
	case err != nil:
		return nil, notOurs
	}
	p, err := x.principal(verified)
	if err != nil {
		return nil, err
	}
	x.remember(sum, set, p, verified.Expiry)
	return p, nil
}

// checkType refuses tokens that say to be of another kind than ID tokens: those
// of access (RFC 9068), of logout and so on (RFC 8725, Section 3.11).
func checkType(token *jose.JSONWebSignature) error {
	kind, ok := token.Signatures[0].Protected.ExtraHeaders[jose.HeaderType]
	text := fmt.Sprint(kind)
	if !ok || strings.EqualFold(strings.TrimPrefix(text, "application/"), "jwt") {
		return nil
	}
	return unauthenticated("the token of OpenID Connect is no ID token, but of the type "+brief(text), "send the ID token of a login")
}

// brief keeps what others wrote from filling a message.
func brief(text string) string {
	if len(text) > 100 {
		return text[:100] + "…"
	}
	return text
}

// remember spares the work for a token that comes again soon.
func (x *OIDC) remember(sum [sha256.Size]byte, set *keySet, p *Principal, expiry time.Time) {
	until := x.config.Now().Add(believed)
	for _, end := range []time.Time{expiry, set.until} {
		if end.Before(until) {
			until = end
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.known) >= mostKnown || x.of != set {
		clear(x.known)
	}
	x.of = set
	x.known[sum] = knownBearer{p, until}
}

// Forget has the issuer asked for its keys before the next token is believed.
func (x *OIDC) Forget() {
	x.keys.forget()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.of = nil
	clear(x.known)
}

func (x *OIDC) principal(t *oidc.IDToken) (*Principal, error) {
	claims := map[string]any{}
	if err := t.Claims(&claims); err != nil {
		return nil, unauthenticated("the token of OpenID Connect has claims that cannot be read", "log in again")
	}
	if _, ok := claims["events"]; ok {
		return nil, unauthenticated("the token of OpenID Connect is no ID token, but tells of events", "send the ID token of a login")
	}
	for _, audience := range t.Audience {
		if audience != x.config.Client && !slices.Contains(x.config.Others, audience) {
			return nil, unauthenticated("the token of OpenID Connect is for "+brief(audience)+", too", "log in again, for the audience "+x.config.Client+" alone, or have an administrator name the other in access.oidc.audiences")
		}
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
