package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/request"
)

// Store is what tokens need of an authority's records.
type Store interface {
	authority.Records
	authority.Committer
}

// Token is what is known of an API token besides its secret.
type Token struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"` // of the principal
	Roles       []Role    `json:"roles"`
	Profiles    []string  `json:"profiles,omitempty"`
	CAs         []string  `json:"cas,omitempty"`
	Description string    `json:"description,omitempty"`
	By          string    `json:"by"` // who made it
	Created     time.Time `json:"created"`
	Expires     time.Time `json:"expires,omitzero"` // zero: never
	Revoked     time.Time `json:"revoked,omitzero"`
	RevokedBy   string    `json:"revokedBy,omitempty"`
}

// storedToken is the body of a record of kind "token".
type storedToken struct {
	Token
	Hash []byte `json:"hash"` // SHA-256 of the secret
}

const (
	tokenKind   = "token"
	tokenPrefix = "cwt_"
	idLength    = 16
	active      = "active"
	revoked     = "revoked"
)

// staleness is for how long a token that was looked up is believed without
// another look: for so long may one that another process revoked go on.
const staleness = 5 * time.Second

// Tokens makes, finds and revokes API tokens. It is safe for concurrent use.
type Tokens struct {
	store Store
	now   func() time.Time

	mu    sync.RWMutex
	known map[string]knownToken // by ID
}

type knownToken struct {
	token     *storedToken
	principal *Principal
	seen      time.Time
}

// mostKnown bounds how many tokens are kept in memory.
const mostKnown = 10_000

// NewTokens returns the tokens kept in a store. Without now the system's
// clock tells the time.
func NewTokens(store Store, now func() time.Time) *Tokens {
	if now == nil {
		now = time.Now
	}
	return &Tokens{store: store, now: now, known: map[string]knownToken{}}
}

// New makes a token as t says, in the name of t.By, and returns it with its
// text, which is not kept and cannot be had again. What cannot be is a
// *request.Refusal.
func (x *Tokens) New(ctx context.Context, t Token) (made *Token, text string, err error) {
	t.Created, t.Revoked, t.RevokedBy = x.now().UTC().Truncate(time.Millisecond), time.Time{}, ""
	if err := t.check(); err != nil {
		return nil, "", err
	}
	t.ID = newTokenID()
	secret := make([]byte, 32)
	rand.Read(secret)
	encoded := base64.RawURLEncoding.EncodeToString(secret)
	hash := sha256.Sum256([]byte(encoded))
	r, err := record(&storedToken{Token: t, Hash: hash[:]}, active, 0)
	if err != nil {
		return nil, "", err
	}
	if err := x.commit(ctx, r, t.By, "token.created", &t); err != nil {
		return nil, "", err
	}
	return &t, tokenPrefix + t.ID + "_" + encoded, nil
}

func newTokenID() string {
	octets := make([]byte, 10)
	rand.Read(octets)
	return strings.ToLower(base32.HexEncoding.EncodeToString(octets))
}

func (t *Token) check() error {
	if err := checkOwnName(t.Name); err != nil {
		return err
	}
	if len(t.Roles) == 0 {
		return &request.Refusal{Reason: request.BadFormat, Field: "roles", Detail: "a token without a role can do nothing", Fix: "give it roles: applicant, officer, administrator, auditor"}
	}
	for _, r := range t.Roles {
		if _, err := ParseRole(string(r)); err != nil {
			return err
		}
	}
	if !t.Expires.IsZero() && !t.Expires.After(t.Created) {
		return &request.Refusal{Reason: request.BadValidity, Field: "expires", Detail: "the token would have expired already", Fix: "give a time to come"}
	}
	if len(t.Description) > 1000 {
		return &request.Refusal{Reason: request.BadFormat, Field: "description", Detail: "the description is longer than 1000 characters", Fix: "shorten it"}
	}
	return nil
}

func record(t *storedToken, state string, revision int64) (*authority.Record, error) {
	body, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("encoding a token: %w", err)
	}
	return &authority.Record{Kind: tokenKind, ID: t.ID, Revision: revision, Owner: t.Name, State: state, Due: t.Expires, Body: body}, nil
}

// commit writes a record and what the audit chain says of it.
func (x *Tokens) commit(ctx context.Context, r *authority.Record, by, action string, t *Token) error {
	e, err := authority.NewEvent(x.now(), by, action, "token:"+t.ID, struct {
		Name     string   `json:"name"`
		Roles    []Role   `json:"roles"`
		Profiles []string `json:"profiles,omitempty"`
		CAs      []string `json:"cas,omitempty"`
	}{t.Name, t.Roles, t.Profiles, t.CAs})
	if err != nil {
		return err
	}
	return authority.PutTold(ctx, x.store, r, e)
}

// List returns tokens in the order of their IDs, those after one ID, at most
// limit (0: all); with a name those of that principal.
func (x *Tokens) List(ctx context.Context, name, after string, limit int) ([]*Token, error) {
	found, err := x.store.FindRecords(ctx, authority.RecordQuery{Kind: tokenKind, Owner: name, After: after, Limit: limit})
	if err != nil {
		return nil, fmt.Errorf("reading the tokens: %w", err)
	}
	list, err := authority.Bodies[storedToken](found)
	if err != nil {
		return nil, err
	}
	out := make([]*Token, len(list))
	for i := range list {
		out[i] = &list[i].Token
	}
	return out, nil
}

// Get returns what is known of a token. One that is not there is a
// *request.Refusal.
func (x *Tokens) Get(ctx context.Context, id string) (*Token, error) {
	t, _, err := x.find(ctx, id)
	if err != nil {
		return nil, err
	}
	return &t.Token, nil
}

func (x *Tokens) find(ctx context.Context, id string) (*storedToken, *authority.Record, error) {
	return authority.Kept[storedToken](ctx, x.store, tokenKind, id, UnknownToken(id))
}

// UnknownToken is the answer where there is no token of an ID.
func UnknownToken(id string) *request.Refusal {
	return &request.Refusal{Reason: request.UnknownRequest, Field: "token", Detail: fmt.Sprintf("there is no token %q", id), Fix: "see those there are: certwright token list"}
}

// Revoke ends a token in the name of by. One that was revoked stays as it is.
// Other processes over the same store hear of it within seconds.
func (x *Tokens) Revoke(ctx context.Context, id, by string) (*Token, error) {
	for range 5 {
		t, r, err := x.find(ctx, id)
		if err != nil {
			return nil, err
		}
		if !t.Revoked.IsZero() {
			return &t.Token, nil
		}
		t.Revoked, t.RevokedBy = x.now().UTC().Truncate(time.Millisecond), by
		changed, err := record(t, revoked, r.Revision)
		if err != nil {
			return nil, err
		}
		err = x.commit(ctx, changed, by, "token.revoked", &t.Token)
		x.forget(id)
		if !errors.Is(err, authority.ErrConflict) {
			return &t.Token, err
		}
	}
	return nil, fmt.Errorf("revoking token %s: %w", id, authority.ErrConflict)
}

func (x *Tokens) forget(id string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.known, id)
}

// wrongToken is all that is said of a token that is none: whether it ever was
// one is nobody's business.
func wrongToken() *Failure {
	return unauthenticated("the token is not known, or was revoked", "use another token: certwright token new")
}

// Principal returns whose token this is.
func (x *Tokens) Principal(ctx context.Context, text string) (*Principal, error) {
	rest, ok := strings.CutPrefix(text, tokenPrefix)
	if !ok || len(rest) < idLength+2 || len(rest) > 200 || rest[idLength] != '_' {
		return nil, wrongToken()
	}
	id, secret := rest[:idLength], rest[idLength+1:]
	known, err := x.lookUp(ctx, id)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256([]byte(secret))
	switch {
	case subtle.ConstantTimeCompare(hash[:], known.token.Hash) != 1, !known.token.Revoked.IsZero():
		return nil, wrongToken()
	case !known.token.Expires.IsZero() && !x.now().Before(known.token.Expires):
		return nil, unauthenticated("the token has expired", "use another token: certwright token new")
	}
	return known.principal, nil
}

func (x *Tokens) lookUp(ctx context.Context, id string) (knownToken, error) {
	x.mu.RLock()
	known, ok := x.known[id]
	x.mu.RUnlock()
	now := time.Now() // not x.now: how old the look is has nothing to do with the time the authority keeps
	if ok && now.Sub(known.seen) < staleness {
		return known, nil
	}
	t, _, err := x.find(ctx, id)
	var refusal *request.Refusal
	if errors.As(err, &refusal) {
		return known, wrongToken()
	}
	if err != nil {
		return known, err
	}
	known = knownToken{token: t, seen: now, principal: &Principal{
		Name: t.Name, Roles: slices.Clone(t.Roles), Profiles: t.Profiles, CAs: t.CAs, Method: "token", ID: t.ID,
	}}
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.known) >= mostKnown {
		clear(x.known)
	}
	x.known[id] = known
	return known, nil
}
