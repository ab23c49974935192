// Package acmeorder keeps what ACME promises: accounts, orders,
// authorizations and challenges, as a state machine over the records of a
// store, without HTTP.
//
// All state is in the records, so several processes can share it, and one that
// is killed leaves nothing stuck: a validation that runs is claimed in the
// order's record until a time, and done anew by whoever looks after that. What
// becomes of an order once it is finalized is not kept here at all: its ticket
// says it.
package acmeorder

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/acmecheck"
	"github.com/certwright/certwright/protocol/acme"
)

// Checker looks whether challenges are fulfilled.
type Checker interface {
	Check(ctx context.Context, t acmecheck.Task) (acmecheck.Proof, *acme.Problem)
	// Permitted looks whether CAA records still let the authority issue for what
	// a task has proven before.
	Permitted(ctx context.Context, t acmecheck.Task) *acme.Problem
}

// Settings are what an operator may choose.
type Settings struct {
	CAAIdentities         []string          // by which CAA records permit this authority; empty: CAA is not looked at
	Challenges            []string          // offered; nil: http-01, dns-01, tls-alpn-01 and dns-account-01
	Profiles              map[string]string // that clients may ask for, with what to tell people of each
	DefaultProfile        string            // empty: "server"
	DefaultCA             string            // empty: the only issuing one
	Authorities           []string          // that clients may order of, by directories of their own, besides DefaultCA; empty: those that stand above no other one
	RequireBinding        bool              // accounts need an external account binding
	TermsOfService        string            // URL that clients must agree to; empty: none
	OrderLifetime         time.Duration     // until when an order must be finalized; 0: 8 h
	AuthorizationLifetime time.Duration     // how long a proof is good for other orders of the account, and for revoking; 0: 7 days
	ProveEachOrder        bool              // proofs are not good for other orders, and none are given ahead of one
	Keep                  time.Duration     // how long an order stays in the records after that; 0: 7 days
	AccountsPerAddress    Limit             // new accounts by a client's address, of IPv6 by its first 64 bits
	OrdersPerAccount      Limit
	OrdersPerName         Limit // orders with one same name in them that are finalized, of all accounts
	Validations           int   // that run at once; 0: 64
	MaxNames              int   // of one order; 0: 100
}

// Config is what Orders are made from.
type Config struct {
	Authority  *authority.Authority
	Store      authority.Store
	Checker    Checker
	Secrets    Sealer                 // of the keys of external accounts
	AccountURL func(id string) string // the URL of an account, which some challenges are about
	Settings   Settings
	Now        func() time.Time                 // nil: the system's clock
	Log        func(format string, args ...any) // what went wrong on our side; nil: nowhere
}

// Orders is the state machine. It is safe for concurrent use.
type Orders struct {
	config     Config
	settings   Settings
	holder     string // this process, as claims name it
	turns      *turns // of validations
	background sync.WaitGroup

	mu      sync.Mutex
	running map[Place]bool // checks that run in this process, or wait for their turn

	accounts recent[*Account]           // by ID; good while the record is the same
	issued   recent[*authority.Outcome] // by order: an issued ticket and its certificate do not change
}

// The kinds of record.
const (
	kindAccount = "acme-account"
	kindOrder   = "acme-order"
	kindProof   = "acme-proof" // where an account has proven a name last
	kindBinding = "acme-eab"
	kindLimit   = "acme-limit"

	// KindNonce is that of nonces which are remembered as used.
	KindNonce = "acme-nonce"
)

// New checks the configuration.
func New(c Config) (*Orders, error) {
	if c.Authority == nil || c.Store == nil || c.Checker == nil || c.Secrets == nil || c.AccountURL == nil {
		return nil, errors.New("ACME needs an authority, a store, a checker, what encrypts secrets, and the URLs of accounts")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = func(string, ...any) {}
	}
	s := c.Settings
	if s.Challenges == nil {
		s.Challenges = []string{acme.HTTP01, acme.DNS01, acme.TLSALPN01, acme.DNSAccount01}
	}
	for _, method := range s.Challenges {
		if !isMethod(method) {
			return nil, fmt.Errorf("there is no ACME challenge called %q; use http-01, dns-01, tls-alpn-01, dns-account-01 or dns-persist-01", method)
		}
	}
	s.CAAIdentities = slices.Sorted(slices.Values(s.CAAIdentities))
	setDefault(&s.DefaultProfile, "server")
	setDefault(&s.OrderLifetime, 8*time.Hour)
	setDefault(&s.AuthorizationLifetime, 7*24*time.Hour)
	setDefault(&s.Keep, 7*24*time.Hour)
	setDefault(&s.Validations, 64)
	setDefault(&s.MaxNames, 100)
	return &Orders{config: c, settings: s, holder: newID(c.Now()), turns: newTurns(s.Validations), running: map[Place]bool{}}, nil
}

// Settings returns the settings with what was left open filled in.
func (o *Orders) Settings() Settings { return o.settings }

func setDefault[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}

func isMethod(method string) bool {
	switch method {
	case acme.HTTP01, acme.DNS01, acme.TLSALPN01, acme.DNSAccount01, acme.DNSPersist01:
		return true
	}
	return false
}

// now is the time in the precision that stores keep.
func (o *Orders) now() time.Time { return o.config.Now().UTC().Truncate(time.Millisecond) }

// tries is how often a change is made anew because its record was changed
// meanwhile; each time somebody else's change went through.
const tries = 200

// errBusy says that a record is changed all the time.
var errBusy = errors.New("the record is changed all the time")

// newID returns an ID of 26 characters that sorts by time: 48 bits of time and
// 80 random ones.
func newID(now time.Time) string {
	var octets [16]byte
	rand.Read(octets[6:])
	for i, ms := 5, now.UnixMilli(); i >= 0; i, ms = i-1, ms>>8 {
		octets[i] = byte(ms)
	}
	return base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding).EncodeToString(octets[:])
}

func encode(r *authority.Record, body any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encoding the record %s %s: %w", r.Kind, r.ID, err)
	}
	r.Body = encoded
	return nil
}

func decode(r *authority.Record, body any) error {
	if err := json.Unmarshal(r.Body, body); err != nil {
		return fmt.Errorf("reading the record %s %s: %w", r.Kind, r.ID, err)
	}
	return nil
}
