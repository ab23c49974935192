package authority

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/request"
)

// States that an active authority has by its certificate; no record holds
// them.
const (
	CARevoked = "revoked" // its certificate, or one above it that is of this store
	CAOnHold  = "hold"    // likewise
	CAExpired = "expired"
)

// unfit is why an active authority may not sign certificates now.
type unfit struct {
	state string
	whose string // the certificate in question
	how   string // what became of it
}

func (u *unfit) refusal(name string) *request.Refusal {
	r := &request.Refusal{Reason: request.IssuerRefused, Field: "ca", Detail: u.whose + " " + u.how}
	switch u.state {
	case CAOnHold:
		r.Fix = "take it off hold with `certwright revoke --release`, or sign with another authority: --ca NAME"
	case CAExpired:
		r.Fix = fmt.Sprintf("have it renewed and install it with `certwright ca install %s FILE`, or sign with another authority: --ca NAME", name)
	default:
		r.Fix = fmt.Sprintf("make another authority with `certwright ca create`, retire this one with `certwright ca retire %s`, and sign with --ca NAME", name)
	}
	return r
}

// State is what an authority is now: active, awaiting or retired as its
// record says, or of an active one that its certificate has expired, or was
// revoked or put on hold, or one above it in this store.
func (a *Authority) State(ctx context.Context, name string) (string, error) {
	s, err := a.signatory(ctx, name)
	if err != nil {
		return "", err
	}
	if s.ca.State != CAActive {
		return s.ca.State, nil
	}
	u, err := a.fitness(ctx, s)
	if err != nil {
		return "", err
	}
	if u != nil {
		return u.state, nil
	}
	return CAActive, nil
}

// Withdrawn reports whether the certificate of an authority, retired or not, or one
// above it in this store, is revoked or on hold.
func (a *Authority) Withdrawn(ctx context.Context, name string) (bool, error) {
	s, err := a.signatory(ctx, name)
	if err != nil {
		return false, err
	}
	u, err := a.fitness(ctx, s)
	return u != nil && u.state != CAExpired, err
}

// fitness looks whether an active authority may sign; nil says that it may.
// What the records said is kept until the authorities are looked at anew.
func (a *Authority) fitness(ctx context.Context, s *signatory) (*unfit, error) {
	if s.certificate != nil && a.now().After(s.certificate.NotAfter) {
		return &unfit{CAExpired, fmt.Sprintf("the certificate of authority %q", s.ca.Name), "expired on " + s.certificate.NotAfter.Format(time.RFC3339)}, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if u, known := a.unfit[s.ca.Name]; known {
		return u, nil
	}
	for i, der := range s.ca.Chain {
		u, err := a.withdrawn(ctx, der)
		if err != nil {
			return nil, fmt.Errorf("looking whether authority %q was revoked: %w", s.ca.Name, err)
		}
		if u == nil {
			continue
		}
		u.whose = fmt.Sprintf("the certificate of authority %q", s.ca.Name)
		if i > 0 {
			c, err := cert.Parse(der)
			if err != nil {
				return nil, fmt.Errorf("chain of authority %q: %w", s.ca.Name, err)
			}
			u.whose = fmt.Sprintf("the certificate of %s, above authority %q,", c.Subject, s.ca.Name)
		}
		a.unfit[s.ca.Name] = u
		return u, nil
	}
	a.unfit[s.ca.Name] = nil
	return nil, nil
}

// withdrawn looks for a certificate of this store that was revoked or put on
// hold; nil where it was not, or is not of this store.
func (a *Authority) withdrawn(ctx context.Context, der []byte) (*unfit, error) {
	for c, err := range a.config.Store.Certificates(ctx, Query{Fingerprint: sha(der), Limit: 1}) {
		if err != nil {
			return nil, err
		}
		switch c.Status {
		case StatusRevoked:
			return &unfit{state: CARevoked, how: becameOf(c)}, nil
		case StatusHold:
			return &unfit{state: CAOnHold, how: becameOf(c)}, nil
		}
	}
	return nil, nil
}

// becameOf says what became of a certificate that is not valid any more.
func becameOf(c *Certificate) string {
	at := c.Revoked.Format(time.RFC3339)
	if c.Status == StatusHold {
		return "is on hold since " + at
	}
	return fmt.Sprintf("was revoked on %s, reason %v", at, crl.Reason(c.Reason))
}

// mayReplace refuses a certificate of the same key in place of one that was
// revoked or is on hold: it would undo that.
func (a *Authority) mayReplace(ctx context.Context, s *Submission) (*request.Refusal, error) {
	old, err := a.config.Store.Certificate(ctx, s.Replaces.CA, s.Replaces.Serial)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading certificate %x, which is to be replaced: %w", s.Replaces.Serial, err)
	}
	key := s.Request.PublicKey.Fingerprint()
	if old.Status == StatusValid || string(old.KeyFingerprint) != string(key[:]) {
		return nil, nil
	}
	r := &request.Refusal{Reason: request.AlreadyRevoked, Field: "serial", Detail: fmt.Sprintf("certificate %x %s, and is not issued again for the same key", old.Serial, becameOf(old)),
		Fix: "have one issued for a new key: certwright rekey"}
	if old.Status == StatusUnconfirmed {
		return &request.Refusal{Reason: request.WrongState, Field: "serial", Detail: fmt.Sprintf("certificate %x is unconfirmed, and not issued again before its holder has confirmed it", old.Serial),
			Fix: "confirm it: certwright request confirm"}, nil
	}
	if old.Status == StatusHold {
		r.Fix = fmt.Sprintf("release it first: certwright revoke --release %x", old.Serial)
	}
	return r, nil
}
