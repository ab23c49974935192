package access

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

// issuerKeys are the keys that an issuer of OpenID Connect shows (Core 1.0,
// Section 10.1.1). They are asked for when a token comes and their time in
// caches is over, and when a token is of none of them: by one request at a
// time, with a pause after each.
type issuerKeys struct {
	issuer string
	http   *http.Client
	now    func() time.Time
	log    func(ctx context.Context, what string, err error)

	mu     sync.Mutex
	set    *keySet       // nil: none were shown yet
	flight chan struct{} // closed when the request under way is answered; nil: none is
	again  time.Time     // not before may the issuer be asked
	failed bool          // it did not answer the last time
}

// keySet is what an issuer has shown at one time.
type keySet struct {
	keys       []jose.JSONWebKey
	algorithms []string // of signatures of ID tokens
	until      time.Time
}

const (
	askPause     = 10 * time.Second // between requests to an issuer, and the shortest time for which keys are kept
	usualLife    = 5 * time.Minute  // of keys, where the issuer says nothing
	longestLife  = 24 * time.Hour   // of keys, whatever the issuer says
	largestAbout = 1 << 20          // octets that an issuer shows
)

// signatureAlgorithms are those whose keys anybody may see.
func signatureAlgorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA}
}

// signer returns the key that has signed a token, and the keys it is one of;
// neither where it is none of the issuer's. Without ask the issuer is left in
// peace.
func (k *issuerKeys) signer(ctx context.Context, token *jose.JSONWebSignature, ask bool) (*jose.JSONWebKey, *keySet, error) {
	set := k.newest()
	if set != nil && k.now().Before(set.until) {
		if key := set.signer(token); key != nil {
			return key, set, nil
		}
	}
	if !ask {
		return nil, nil, nil
	}
	set, err := k.anew(ctx)
	if err != nil {
		return nil, nil, err
	}
	return set.signer(token), set, nil
}

// newest are the keys that were shown last; nil for none.
func (k *issuerKeys) newest() *keySet {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.set
}

// signer returns the key that has signed a token; nil for none.
func (s *keySet) signer(token *jose.JSONWebSignature) *jose.JSONWebKey {
	head := token.Signatures[0].Protected
	for i := range s.keys {
		key := &s.keys[i]
		if head.KeyID != "" && key.KeyID != head.KeyID || key.Algorithm != "" && key.Algorithm != head.Algorithm || !slices.Contains(s.algorithms, head.Algorithm) {
			continue
		}
		if _, err := token.Verify(key); err == nil {
			return key
		}
	}
	return nil
}

// anew returns the keys as the issuer shows them now, or has a moment ago.
func (k *issuerKeys) anew(ctx context.Context) (*keySet, error) {
	k.mu.Lock()
	if k.flight == nil {
		if wait := k.again.Sub(k.now()); wait > 0 {
			defer k.mu.Unlock()
			return k.shown(wait)
		}
		k.flight = make(chan struct{})
		go k.fetch(context.WithoutCancel(ctx), k.flight) // what comes is for others, too
	}
	flight := k.flight
	k.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-flight:
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.shown(askPause)
}

// shown returns the keys, or that the issuer has not shown any; k.mu is held.
func (k *issuerKeys) shown(wait time.Duration) (*keySet, error) {
	if k.failed || k.set == nil {
		return nil, &Failure{Status: http.StatusServiceUnavailable, Code: CodeNetwork, Detail: "the issuer " + k.issuer + " of OpenID Connect cannot be reached",
			Fix: "try again later, or use a token of this server", Wait: wait}
	}
	return k.set, nil
}

// fetch asks the issuer, and ends the flight.
func (k *issuerKeys) fetch(ctx context.Context, flight chan struct{}) {
	set, err := k.ask(ctx)
	k.mu.Lock()
	k.failed = err != nil
	if err == nil {
		k.set = set
	}
	k.again, k.flight = k.now().Add(askPause), nil
	k.mu.Unlock()
	close(flight)
	if err != nil {
		k.log(ctx, "asking "+k.issuer+" for the keys of its tokens", err)
	}
}

// forget has the issuer asked before the next token is believed.
func (k *issuerKeys) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.set, k.again = nil, time.Time{}
}

// ask has the issuer say where its keys are (OpenID Connect Discovery 1.0,
// Section 4), and fetches them.
func (k *issuerKeys) ask(ctx context.Context) (*keySet, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, k.http), k.issuer)
	if err != nil {
		return nil, err
	}
	var about struct {
		Keys       string   `json:"jwks_uri"`
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
	}
	if err := provider.Claims(&about); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(about.Keys, "https://") {
		return nil, fmt.Errorf("its keys are at %q, which is no https URL", about.Keys)
	}
	set := &keySet{}
	for _, one := range signatureAlgorithms() {
		if slices.Contains(about.Algorithms, string(one)) {
			set.algorithms = append(set.algorithms, string(one))
		}
	}
	if len(set.algorithms) == 0 {
		set.algorithms = []string{string(jose.RS256)} // which each has (Discovery 1.0, Section 3)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, about.Keys, nil)
	if err != nil {
		return nil, err
	}
	answer, err := k.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, largestAbout))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", about.Keys, answer.Status)
	}
	set.until = k.now().Add(life(answer.Header))
	set.keys, err = keysIn(text)
	return set, err
}

// keysIn reads a JWK Set (RFC 7517, Section 5), and passes over keys that sign
// no tokens.
func keysIn(text []byte) ([]jose.JSONWebKey, error) {
	var all struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if json.Unmarshal(text, &all) != nil {
		return nil, errors.New("the answer is no set of keys")
	}
	var keys []jose.JSONWebKey
	for _, one := range all.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(one) != nil || key.Use != "" && key.Use != "sig" {
			continue
		}
		switch key.Key.(type) {
		case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// life is for how long an answer may be kept (RFC 9111, Section 4.2), within
// what is good for us and the issuer.
func life(h http.Header) time.Duration {
	lasts := usualLife
	if date, err := http.ParseTime(h.Get("Date")); err == nil && h.Get("Expires") != "" {
		expires, _ := http.ParseTime(h.Get("Expires")) // what is no time is over (Section 5.3)
		lasts = expires.Sub(date)
	}
	directives := strings.Split(strings.ToLower(strings.Join(h.Values("Cache-Control"), ",")), ",")
	for _, one := range directives {
		name, value, _ := strings.Cut(strings.TrimSpace(one), "=")
		if seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31); name == "max-age" && err == nil {
			lasts = time.Duration(seconds) * time.Second
		}
	}
	if age, err := strconv.ParseUint(h.Get("Age"), 10, 31); err == nil {
		lasts -= time.Duration(age) * time.Second
	}
	for _, one := range directives {
		if one = strings.TrimSpace(one); one == "no-store" || one == "no-cache" {
			lasts = 0
		}
	}
	return min(max(lasts, askPause), longestLife)
}
