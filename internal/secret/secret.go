// Package secret keeps the secrets that an authority shares with those who
// are to enrol by CMP, EST or SCEP: encrypted, for a time, a number of uses,
// a profile and names.
package secret

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/request"
)

// Secret is what is known of a shared secret besides itself.
type Secret struct {
	Reference   string    `json:"reference"`        // what the other side names it by; as requester in the records, too
	Doors       []string  `json:"doors,omitempty"`  // "cmp", "est", "scep"; empty: all
	Profile     string    `json:"profile"`          // empty: the authority's default
	CA          string    `json:"ca"`               // empty: the only issuing one
	Names       []string  `json:"names,omitempty"`  // patterns of subject alternative names ("dns:*.plant.example"); empty: whatever the profile allows
	Uses        int       `json:"uses"`             // how many certificates it is good for; 0: any number
	Used        int       `json:"used"`             //
	Description string    `json:"description"`      //
	By          string    `json:"by"`               // who made it
	Created     time.Time `json:"created"`          //
	Expires     time.Time `json:"expires,omitzero"` // zero: never
	Revoked     time.Time `json:"revoked,omitzero"`
	RevokedBy   string    `json:"revokedBy,omitempty"`
}

// Doors are the protocols that know shared secrets.
func Doors() []string { return []string{"cmp", "est", "scep"} }

// State returns "active", "spent", "expired" or "revoked".
func (s *Secret) State(now time.Time) string {
	switch {
	case !s.Revoked.IsZero():
		return "revoked"
	case s.Uses > 0 && s.Used >= s.Uses:
		return "spent"
	case !s.Expires.IsZero() && !now.Before(s.Expires):
		return "expired"
	}
	return "active"
}

// Store is what a Vault needs of an authority's records.
type Store interface {
	authority.Records
	authority.Committer
}

// Config is what a Vault is made from.
type Config struct {
	Store Store
	Keys  authority.Keys // where the key that encrypts is kept, with those of the authorities
	Now   func() time.Time
}

// Vault keeps secrets. It is safe for concurrent use, by several processes
// over one store and keystore too.
type Vault struct {
	config Config

	mu  sync.Mutex
	box *box

	// changing puts the changes of one secret in line: many devices may use the
	// same one at once, and compare-and-swap lets one of them through at a time.
	changing [64]sync.Mutex
}

// New returns the vault of a store.
func New(c Config) *Vault {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Vault{config: c}
}

const (
	kind     = "secret"
	attempts = 20
)

// stored is the body of a record of this kind. Its name is a digest of the
// value, by a key of ours, so that a value finds it.
type stored struct {
	Secret
	Sealed []byte `json:"sealed"`
}

// New keeps a secret as s says, in the name of s.By, and returns it with its
// value. Where value is empty, one of 128 random bits is made. A reference
// that is empty is made, too; one that is taken, or a value that another
// secret has, is a *request.Refusal.
func (v *Vault) New(ctx context.Context, s Secret, value string) (*Secret, string, error) {
	return v.NewOnce(ctx, s, value, nil)
}

// NewOnce is New for an order that is remembered with it; nil is none.
func (v *Vault) NewOnce(ctx context.Context, s Secret, value string, once *authority.Once) (*Secret, string, error) {
	s.Created, s.Used, s.Revoked, s.RevokedBy = v.config.Now().UTC().Truncate(time.Millisecond), 0, time.Time{}, ""
	if s.Reference == "" {
		s.Reference = randomText(5)
	}
	if value == "" {
		value = randomText(16)
	}
	if err := s.check(value); err != nil {
		return nil, "", err
	}
	b, err := v.open(ctx)
	if err != nil {
		return nil, "", err
	}
	r, err := record(&stored{s, b.seal(s.Reference, value)}, 0, b.digest(value))
	if err != nil {
		return nil, "", err
	}
	with, err := once.Records(s.Reference)
	if err != nil {
		return nil, "", err
	}
	err = v.commit(ctx, r, &s, s.By, "secret.created", "", with...)
	if errors.Is(err, authority.ErrConflict) {
		return nil, "", &request.Refusal{Reason: request.Duplicate, Field: "reference", Detail: fmt.Sprintf("there is a secret with the reference %q already, or one with this value", s.Reference), Fix: "choose another reference, and let the value be made"}
	}
	if err != nil {
		return nil, "", err
	}
	return &s, value, nil
}

// randomText has so many random octets in characters that are easily typed.
func randomText(octets int) string {
	random := make([]byte, octets)
	rand.Read(random)
	return strings.ToLower(base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding).EncodeToString(random))
}

func (s *Secret) check(value string) error {
	unfit := func(r rune) bool { return !unicode.IsPrint(r) || unicode.IsSpace(r) || r == '/' }
	bad := func(field, detail, fix string) error {
		return &request.Refusal{Reason: request.BadFormat, Field: field, Detail: detail, Fix: fix}
	}
	switch {
	case len(s.Reference) > 100 || strings.ContainsFunc(s.Reference, unfit):
		return bad("reference", "the reference is too long, or has blanks, strokes or signs that do not show", "give one of at most 100 printable characters")
	case len(value) < 8 || len(value) > 1000:
		return bad("value", "the value is shorter than 8 characters, or longer than 1000", "let it be made")
	case s.Uses < 0:
		return bad("uses", "the number of uses is less than 0", "give 0 for any number")
	case !s.Expires.IsZero() && !s.Expires.After(s.Created):
		return &request.Refusal{Reason: request.BadValidity, Field: "expires", Detail: "the secret would have expired already", Fix: "give a time to come"}
	case len(s.Description) > 1000:
		return bad("description", "the description is longer than 1000 characters", "shorten it")
	}
	for _, door := range s.Doors {
		if !slices.Contains(Doors(), door) {
			return bad("doors", fmt.Sprintf("there is no protocol %q that secrets are for", door), "the protocols are "+strings.Join(Doors(), ", "))
		}
	}
	for _, name := range s.Names {
		if kind, rest, ok := strings.Cut(name, ":"); !ok || kind == "" || rest == "" {
			return bad("names", fmt.Sprintf("the pattern %q has no kind of name", name), `write it like "dns:*.plant.example"`)
		}
	}
	return nil
}

func record(s *stored, revision int64, name string) (*authority.Record, error) {
	body, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encoding a secret: %w", err)
	}
	state := "active"
	if !s.Revoked.IsZero() {
		state = "revoked"
	}
	return &authority.Record{Kind: kind, ID: s.Reference, Revision: revision, Name: name, State: state, Due: s.Expires, Body: body}, nil
}

func (v *Vault) commit(ctx context.Context, r *authority.Record, s *Secret, by, action, what string, with ...*authority.Record) error {
	e, err := authority.NewEvent(v.config.Now(), by, action, "secret:"+s.Reference, struct {
		Profile string   `json:"profile,omitempty"`
		Names   []string `json:"names,omitempty"`
		Uses    int      `json:"uses,omitempty"`
		Used    int      `json:"used,omitempty"`
		For     string   `json:"for,omitempty"`
	}{s.Profile, s.Names, s.Uses, s.Used, what})
	if err != nil {
		return err
	}
	return authority.PutTold(ctx, v.config.Store, r, e, with...)
}

// List returns what is known of secrets in the order of their references,
// those after one reference, at most limit (0: all).
func (v *Vault) List(ctx context.Context, after string, limit int) ([]*Secret, error) {
	found, err := v.config.Store.FindRecords(ctx, authority.RecordQuery{Kind: kind, After: after, Limit: limit})
	if err != nil {
		return nil, fmt.Errorf("reading the secrets: %w", err)
	}
	list, err := authority.Bodies[stored](found)
	if err != nil {
		return nil, err
	}
	out := make([]*Secret, len(list))
	for i := range list {
		out[i] = &list[i].Secret
	}
	return out, nil
}

// Get returns what is known of a secret. One that is not there is a
// *request.Refusal (UnknownRequest).
func (v *Vault) Get(ctx context.Context, reference string) (*Secret, error) {
	s, _, err := v.find(ctx, reference)
	if err != nil {
		return nil, err
	}
	return &s.Secret, nil
}

func (v *Vault) find(ctx context.Context, reference string) (*stored, *authority.Record, error) {
	return authority.Kept[stored](ctx, v.config.Store, kind, reference, Unknown(reference))
}

// Unknown is the answer where there is no secret of a reference.
func Unknown(reference string) *request.Refusal {
	return &request.Refusal{Reason: request.UnknownRequest, Field: "reference", Detail: fmt.Sprintf("there is no secret %q", reference), Fix: "see those there are: certwright secret list"}
}

// Revoke ends a secret in the name of by. One that was revoked stays as it is.
func (v *Vault) Revoke(ctx context.Context, reference, by string) (*Secret, error) {
	return v.change(ctx, reference, by, "secret.revoked", "", func(s *Secret) (bool, error) {
		if !s.Revoked.IsZero() {
			return false, nil
		}
		s.Revoked, s.RevokedBy = v.config.Now().UTC().Truncate(time.Millisecond), by
		return true, nil
	})
}

// Spend counts one use of a secret, for what is named (a ticket, say). It is a
// *request.Refusal (NotAuthorized) where it is good for no more. Spend before
// submitting: of two at once that want the last use, one gets it.
func (v *Vault) Spend(ctx context.Context, reference, what string) (*Secret, error) {
	return v.change(ctx, reference, reference, "secret.used", what, func(s *Secret) (bool, error) {
		if err := v.good(s, ""); err != nil {
			return false, err
		}
		s.Used++
		return true, nil
	})
}

// Return takes a use back that came to nothing.
func (v *Vault) Return(ctx context.Context, reference, what string) error {
	_, err := v.change(ctx, reference, reference, "secret.returned", what, func(s *Secret) (bool, error) {
		if s.Used == 0 {
			return false, nil
		}
		s.Used--
		return true, nil
	})
	return err
}

// change puts a secret by compare-and-swap.
func (v *Vault) change(ctx context.Context, reference, by, action, what string, do func(*Secret) (bool, error)) (*Secret, error) {
	line := v.line(reference)
	line.Lock()
	defer line.Unlock()
	for range attempts {
		s, r, err := v.find(ctx, reference)
		if err != nil {
			return nil, err
		}
		changed, err := do(&s.Secret)
		if err != nil || !changed {
			return &s.Secret, err
		}
		next, err := record(s, r.Revision, r.Name)
		if err != nil {
			return nil, err
		}
		err = v.commit(ctx, next, &s.Secret, by, action, what)
		if !errors.Is(err, authority.ErrConflict) {
			return &s.Secret, err
		}
	}
	return nil, fmt.Errorf("the secret %q: %w", reference, authority.ErrConflict)
}

// line is the lock that the changes of a secret wait for.
func (v *Vault) line(reference string) *sync.Mutex {
	h := fnv.New32a()
	h.Write([]byte(reference))
	return &v.changing[h.Sum32()%uint32(len(v.changing))]
}

// good refuses a secret that is revoked, spent, expired, or not for a door.
func (v *Vault) good(s *Secret, door string) error {
	state := s.State(v.config.Now())
	detail := ""
	switch {
	case state == "spent":
		detail = "the secret was used as often as it may be"
	case state != "active":
		detail = "the secret is " + state
	case door != "" && len(s.Doors) > 0 && !slices.Contains(s.Doors, door):
		detail = "the secret is not for " + door
	default:
		return nil
	}
	return &request.Refusal{Reason: request.NotAuthorized, Field: "secret", Detail: detail, Fix: "ask an administrator for another one"}
}

// Open returns a secret that is good for a door, with its value, by its
// reference. One that is not is a *request.Refusal: NotAuthorized, or
// UnknownRequest where there is none.
func (v *Vault) Open(ctx context.Context, reference, door string) (*Secret, []byte, error) {
	s, _, err := v.find(ctx, reference)
	if err != nil {
		return nil, nil, err
	}
	if err := v.good(&s.Secret, door); err != nil {
		return nil, nil, err
	}
	b, err := v.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	value, err := b.unseal(reference, s.Sealed)
	return &s.Secret, value, err
}

// ByValue returns the secret that has a value and is good for a door, where
// the protocol names no reference (the challenge password of SCEP).
func (v *Vault) ByValue(ctx context.Context, value, door string) (*Secret, error) {
	b, err := v.open(ctx)
	if err != nil {
		return nil, err
	}
	r, err := v.config.Store.RecordNamed(ctx, kind, b.digest(value))
	if errors.Is(err, authority.ErrNotFound) {
		return nil, &request.Refusal{Reason: request.NotAuthorized, Field: "secret", Detail: "the secret is not known", Fix: "check it, or ask an administrator for another one"}
	}
	if err != nil {
		return nil, fmt.Errorf("looking for a secret: %w", err)
	}
	s, err := authority.Body[stored](r)
	if err != nil {
		return nil, err
	}
	return &s.Secret, v.good(&s.Secret, door)
}

// Limit has the names that the certificate would bear held against those that
// the secret is for, in judging: the profile may add names to the request's.
func (s *Secret) Limit(o *evidence.Origin) {
	if len(s.Names) > 0 {
		o.Names, o.NamesOf = slices.Clone(s.Names), fmt.Sprintf("the secret %q", s.Reference)
	}
}

// Recall returns a secret with its value although it may be spent, expired or
// revoked, to see whether a message is by its holder, and to end what was begun
// with it. Where there is none it is a *request.Refusal (UnknownRequest).
func (v *Vault) Recall(ctx context.Context, reference string) (*Secret, []byte, error) {
	s, _, err := v.find(ctx, reference)
	if err != nil {
		return nil, nil, err
	}
	b, err := v.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	value, err := b.unseal(reference, s.Sealed)
	return &s.Secret, value, err
}
