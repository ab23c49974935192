package authority

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/request"
)

const (
	presetOCSPValidity = 12 * time.Hour
	maxOCSPValidity    = 7 * day
	responderProfile   = "ocsp"
)

// AnswerValidity is how long an OCSP answer is valid.
func (s *CASettings) AnswerValidity() time.Duration {
	if s.OCSPValidity == 0 {
		return presetOCSPValidity
	}
	return s.OCSPValidity
}

// ArchiveCutoff is how far back revocations of expired certificates are
// remembered (RFC 6960, Section 4.4.4); zero for ever.
func (s *CASettings) ArchiveCutoff(now time.Time) time.Time {
	switch {
	case s.KeepExpired < 0:
		return time.Time{}
	case s.KeepExpired == 0:
		return now.Add(-presetKeepExpired)
	}
	return now.Add(-s.KeepExpired)
}

// CertifyResponder submits the request of a responder that is to answer for an
// authority, under the profile "ocsp" (RFC 6960, Section 4.2.2.2). It goes the
// way of all submissions, but is open to authorities that are retired, too:
// what they issued is asked about until it has ended.
func (a *Authority) CertifyResponder(ctx context.Context, ca string, r *request.Request) (*Outcome, error) {
	return a.Submit(ctx, Submission{
		CA: ca, Profile: responderProfile, Request: r, responder: true,
		Origin: evidence.Origin{Door: "ocsp", Requester: "system", Method: evidence.Internal, Entitled: evidence.Operator()},
	})
}

// answering returns an authority that can have a responder certified.
func (a *Authority) answering(ctx context.Context, name string) (*signatory, error) {
	s, err := a.signatory(ctx, name)
	if err != nil {
		return nil, err
	}
	if s.certificate != nil && !a.now().After(s.certificate.NotAfter) {
		return s, nil
	}
	return nil, &request.Refusal{Reason: request.IssuerRefused, Field: "ca", Detail: fmt.Sprintf("authority %q has no certificate that is valid now", name), Fix: "bring one in with `certwright ca install`"}
}

// Standing is what the records say of a serial number.
type Standing string

// The standings. Not yet valid and expired certificates are known, and were
// not revoked.
const (
	StandingUnknown     Standing = "unknown"
	StandingNotYetValid Standing = "not-yet-valid"
	StandingGood        Standing = "good"
	StandingExpired     Standing = "expired"
	StandingHold        Standing = "hold"
	StandingRevoked     Standing = "revoked"
)

// Standing looks up a serial number of an authority: its standing now, and its
// record unless it is unknown. That of a lost certificate has no DER.
func (a *Authority) Standing(ctx context.Context, ca string, serial []byte) (Standing, *Certificate, error) {
	c, err := a.config.Store.Certificate(ctx, ca, trimZeros(serial))
	if errors.Is(err, ErrNotFound) {
		return a.lostStanding(ctx, ca, trimZeros(serial))
	}
	if err != nil {
		return "", nil, fmt.Errorf("reading certificate %x of authority %q: %w", serial, ca, err)
	}
	standing := c.Standing(a.now())
	if standing == StandingUnknown {
		return standing, nil, nil
	}
	return standing, c, nil
}

// lostStanding is what is known of a certificate without a record.
func (a *Authority) lostStanding(ctx context.Context, ca string, serial []byte) (Standing, *Certificate, error) {
	if _, err := a.signatory(ctx, ca); err != nil {
		return "", nil, err
	}
	l, err := a.lost(ctx, ca, serial)
	if err != nil {
		return "", nil, err
	}
	if l == nil {
		return StandingUnknown, nil, nil
	}
	c := l.record(ca)
	return c.Standing(a.now()), c, nil
}

// Standing is what a record says at this time.
func (c *Certificate) Standing(now time.Time) Standing {
	switch {
	case c.Status == StatusUnconfirmed:
		return StandingUnknown
	case c.Status == StatusRevoked:
		return StandingRevoked
	case c.Status == StatusHold:
		return StandingHold
	case now.Before(c.NotBefore):
		return StandingNotYetValid
	case now.After(c.NotAfter):
		return StandingExpired
	}
	return StandingGood
}

// OnStatus has f called after each change of a certificate's status that this
// process makes, once it is on record. f must not wait for anything.
func (a *Authority) OnStatus(f func(ca string, serial []byte)) {
	a.listening.Lock()
	defer a.listening.Unlock()
	a.listeners = append(a.listeners, f)
}

func (a *Authority) tellStatus(c *Certificate) {
	a.listening.RLock()
	defer a.listening.RUnlock()
	for _, f := range a.listeners {
		f(c.CA, slices.Clone(c.Serial))
	}
}
