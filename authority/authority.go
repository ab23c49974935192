// Package authority runs certification authorities: it takes submissions,
// has them judged, has the approved ones signed, records them before it
// releases them, and revokes them.
package authority

import (
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/certwright/certwright/issuance"
)

// Keys finds and makes the private keys of authorities.
type Keys interface {
	// Signer opens the key behind a reference; ErrNoKey where another has it.
	Signer(ctx context.Context, reference string) (crypto.Signer, error)
	// Create makes a key of this kind for the authority of this name.
	Create(ctx context.Context, name, kind string) (reference string, signer crypto.Signer, err error)
	// Forget removes a key that Create made and no authority came to use.
	Forget(reference string) error
}

// Linter examines the DER of a certificate that is about to be signed.
type Linter interface {
	Lint(ctx context.Context, der []byte) ([]issuance.Finding, error)
}

// Config is what an Authority is made from.
type Config struct {
	Store    Store
	Keys     Keys
	Profiles func(name string) (*issuance.Profile, error)     // a *request.Refusal (UnknownProfile) where there is none
	Linters  map[string]Linter                                // by the name a profile uses; a profile that names a missing one refuses
	Now      func() time.Time                                 // nil: the system's clock
	Wait     func(ctx context.Context, d time.Duration) error // lets Now go on so far; nil: a timer
	Log      func(format string, args ...any)                 // what went wrong on our side; nil: nowhere

	// Entitled is asked when an officer approves a ticket: whether who asked for
	// the certificate may still have it, as Submission.Entitled says of one that
	// is not held. Nil: they always may.
	Entitled func(ctx context.Context, t *Ticket) ([]*Record, error)
}

// Authority is the running core. It is safe for concurrent use, by several
// processes over one store too.
type Authority struct {
	config Config

	mu      sync.Mutex
	known   map[string]*signatory // by name
	names   []string              // of all authorities, when they were last looked at
	checked time.Time
	unfit   map[string]*unfit // of those looked at since then, by name; nil for one that may sign
	above   map[string]bool   // those that stand above others

	listening sync.RWMutex
	listeners []func(ca string, serial []byte)
}

// New checks the configuration and returns an authority.
func New(c Config) (*Authority, error) {
	switch {
	case c.Store == nil:
		return nil, errors.New("an authority needs a store")
	case c.Keys == nil:
		return nil, errors.New("an authority needs its keys")
	case c.Profiles == nil:
		return nil, errors.New("an authority needs profiles")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Wait == nil {
		c.Wait = waitFor
	}
	if c.Log == nil {
		c.Log = func(string, ...any) {}
	}
	return &Authority{config: c, known: map[string]*signatory{}}, nil
}

// Profile returns a profile by its name, a *request.Refusal (UnknownProfile)
// where there is none.
func (a *Authority) Profile(name string) (*issuance.Profile, error) { return a.config.Profiles(name) }

// now is the time in the precision that stores keep.
func (a *Authority) now() time.Time { return a.config.Now().UTC().Truncate(time.Millisecond) }

// commitOne commits one change; its own error comes as the error.
func (a *Authority) commitOne(ctx context.Context, c *Change) error {
	return CommitOne(ctx, a.config.Store, c)
}

// newSerial returns a serial number of 16 random octets, positive and without
// a leading zero (RFC 5280, Section 4.1.2.2).
func newSerial() []byte {
	serial := make([]byte, 16)
	for serial[0] == 0 {
		rand.Read(serial)
		serial[0] &= 0x7f
	}
	return serial
}

// newID returns the ID of a ticket: 48 bits of time and 80 random ones in
// Crockford's base 32, so that IDs sort by time.
func newID(now time.Time) string {
	const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	var octets [16]byte
	rand.Read(octets[6:])
	for i, ms := 5, now.UnixMilli(); i >= 0; i, ms = i-1, ms>>8 {
		octets[i] = byte(ms)
	}
	id := make([]byte, 26)
	var bits, held uint
	next := len(octets) - 1
	for i := len(id) - 1; i >= 0; i-- {
		if held < 5 && next >= 0 {
			bits |= uint(octets[next]) << held
			held += 8
			next--
		}
		id[i] = digits[bits&31]
		bits >>= 5
		held -= min(held, 5)
	}
	return string(id)
}
