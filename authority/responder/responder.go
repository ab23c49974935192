// Package responder answers what the status of a certificate is, from the
// records of the authorities and by responder certificates that they issue and
// that it replaces in time (RFC 6960, RFC 9654).
package responder

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/delegate"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/ocsp"
)

// Config is what a Responder is made from.
type Config struct {
	Authority *authority.Authority
	Store     authority.Store
	Records   authority.Records // remembers the responders' certificates and keys
	Keys      authority.Keys
	Log       *slog.Logger     // nil: nowhere
	Now       func() time.Time // nil: the system's clock

	Memory      int           // octets that answers signed ahead may take; 0: 16 MiB
	Ahead       bool          // sign ahead for all valid certificates; otherwise for those asked about
	IgnoreNonce bool          // answer questions with a nonce by answers without one, too (RFC 5019)
	Fresh       time.Duration // how old the knowledge of what other processes change may be; 0: a second
}

const (
	presetMemory = 16 << 20
	presetFresh  = time.Second
	maxRequests  = 256 // certificates that one request may ask about
)

// Responder answers. It is safe for concurrent use, by several processes over
// one store too.
type Responder struct {
	config Config
	cache  *cache

	delegates *delegate.Delegates

	mu      sync.Mutex
	issuers *issuers
}

// New checks the configuration and returns a responder.
func New(c Config) (*Responder, error) {
	switch {
	case c.Authority == nil || c.Store == nil || c.Records == nil || c.Keys == nil:
		return nil, errors.New("a responder needs the authorities, their store, records and keys")
	case c.Memory < 0 || c.Fresh < 0:
		return nil, errors.New("the memory and freshness of a responder cannot be below zero")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Memory == 0 {
		c.Memory = presetMemory
	}
	if c.Fresh == 0 {
		c.Fresh = presetFresh
	}
	signing, err := delegates(&c)
	if err != nil {
		return nil, err
	}
	r := &Responder{config: c, cache: newCache(c.Memory), delegates: signing}
	c.Authority.OnStatus(r.cache.forget)
	return r, nil
}

func (r *Responder) now() time.Time { return r.config.Now().UTC() }

// Answer is a response with what may be said about it.
type Answer struct {
	DER        []byte
	Status     ocsp.Status
	Standing   authority.Standing // of the first certificate asked about; empty where there is no answer
	ThisUpdate time.Time
	NextUpdate time.Time // zero where the answer is for this question alone
	Renewed    time.Time // when the next answer can be had; zero where NextUpdate is

	signer *cert.Certificate // the responder's
}

func refusal(s ocsp.Status) *Answer { return &Answer{DER: ocsp.Refusal(s), Status: s} }

// Respond answers a request in DER. Whatever is wrong is an answer, too.
func (r *Responder) Respond(ctx context.Context, request []byte) *Answer {
	q, err := ocsp.ParseRequest(request)
	if err != nil {
		r.config.Log.DebugContext(ctx, "an OCSP request cannot be read", "error", err)
		return refusal(ocsp.MalformedRequest)
	}
	nonce, err := ocsp.Nonce(q.Extensions)
	_, critical := q.UnknownCritical()
	if err != nil || critical || !q.AcceptsBasic() || len(q.Requests) == 0 || len(q.Requests) > maxRequests {
		return refusal(ocsp.MalformedRequest)
	}
	if r.config.IgnoreNonce {
		nonce = nil
	}
	answer, err := r.answer(ctx, q, nonce)
	if err != nil {
		r.config.Log.ErrorContext(ctx, "an OCSP request could not be answered", "error", err)
		return refusal(ocsp.TryLater)
	}
	return answer
}

func (r *Responder) answer(ctx context.Context, q *ocsp.Request, nonce []byte) (*Answer, error) {
	known, err := r.authorities(ctx)
	if err != nil {
		return nil, err
	}
	var by *issuer
	for i := range q.Requests {
		of := known.of(&q.Requests[i].CertID)
		if of != nil && by != nil && of != by {
			return refusal(ocsp.Unauthorized), nil // one answer is signed for one authority
		}
		if of != nil {
			by = of
		}
	}
	switch {
	case by == nil || r.now().After(by.certificate.NotAfter):
		return refusal(ocsp.Unauthorized), nil
	case len(q.Requests) == 1 && nonce == nil:
		return r.cached(ctx, by, &q.Requests[0].CertID)
	}
	return r.sign(ctx, by, q.Requests, nonce)
}

// cached returns the answer signed before, or signs it.
func (r *Responder) cached(ctx context.Context, by *issuer, id *ocsp.CertID) (*Answer, error) {
	if err := r.catchUp(ctx, by); err != nil {
		return r.lasting(ctx, id, err)
	}
	now := r.now()
	if a := r.cache.get(id.Raw, now); a != nil {
		return a, nil
	}
	a, err := r.signAhead(ctx, by, id)
	if err != nil {
		return r.lasting(ctx, id, err)
	}
	return a, nil
}

// lasting returns the answer signed before while it is valid, where none can be
// signed now.
func (r *Responder) lasting(ctx context.Context, id *ocsp.CertID, err error) (*Answer, error) {
	a := r.cache.valid(id.Raw, r.now())
	if a == nil {
		return nil, err
	}
	r.config.Log.WarnContext(ctx, "an OCSP answer cannot be signed now, and that signed before is given", "error", err)
	return a, nil
}

// signAhead signs an answer and keeps it, unless a status changed meanwhile.
func (r *Responder) signAhead(ctx context.Context, by *issuer, id *ocsp.CertID) (*Answer, error) {
	since := r.cache.changes()
	a, err := r.sign(ctx, by, []ocsp.Single{{CertID: *id}}, nil)
	if err == nil && !a.NextUpdate.IsZero() {
		r.cache.put(by.name, id, a, since)
	}
	return a, err
}

// sign looks everything up and signs.
func (r *Responder) sign(ctx context.Context, by *issuer, asked []ocsp.Single, nonce []byte) (*Answer, error) {
	if err := r.exact(ctx, by); err != nil {
		return nil, err
	}
	signer, err := r.signer(ctx, by)
	if err != nil {
		return nil, err
	}
	now := r.now().Truncate(time.Second)
	a := &Answer{Status: ocsp.Successful, signer: signer.Certificate, ThisUpdate: now, NextUpdate: now.Add(by.settings.AnswerValidity())}
	if end := signer.Certificate.NotAfter; a.NextUpdate.After(end) {
		a.NextUpdate = end
	}
	t := ocsp.ResponseTemplate{ResponderKey: signer.Certificate.PublicKey.Identifier(), ProducedAt: now, Responses: make([]ocsp.SingleResponse, 0, len(asked)), Extensions: make([]ext.Extension, 0, 2)}
	if nonce != nil {
		e, err := ocsp.NewNonce(nonce)
		if err != nil {
			return nil, err
		}
		t.Extensions = append(t.Extensions, e)
	}
	final, unissued := true, false
	for i := range asked {
		s, standing, err := r.single(ctx, by, &asked[i].CertID, a)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			a.Standing = standing
		}
		final = final && standing != authority.StandingUnknown
		unissued = unissued || standing == authority.StandingUnknown && s.Status == ocsp.Revoked
		t.Responses = append(t.Responses, s)
	}
	if unissued {
		t.Extensions = append(t.Extensions, ocsp.NewExtendedRevoke())
	}
	if a.DER, err = ocsp.CreateResponse(t, signer.Key, signer.Algorithm, [][]byte{signer.Certificate.Raw}); err != nil {
		return nil, err
	}
	if !final || nonce != nil || len(asked) > 1 {
		a.NextUpdate = time.Time{}
		return a, nil
	}
	a.Renewed = now.Add(a.NextUpdate.Sub(now) / 2)
	return a, nil
}

// single answers about one certificate. One that is not known may be known the
// next moment, so the answer says that there may be news at any time.
func (r *Responder) single(ctx context.Context, by *issuer, id *ocsp.CertID, a *Answer) (ocsp.SingleResponse, authority.Standing, error) {
	s := ocsp.SingleResponse{CertID: *id, Status: ocsp.Unknown, ThisUpdate: a.ThisUpdate}
	if id.Negative || !by.named(id) {
		return s, authority.StandingUnknown, nil
	}
	standing, c, err := r.standing(ctx, by, id.Serial)
	if err != nil {
		return s, "", err
	}
	switch standing {
	case authority.StandingUnknown:
		if by.settings.RevokeUnissued {
			s.Status, s.RevokedAt, s.Reason = ocsp.Revoked, time.Unix(0, 0), certificateHold
		}
		return s, standing, nil
	case authority.StandingHold, authority.StandingRevoked:
		s.Status, s.RevokedAt, s.Reason = ocsp.Revoked, c.Revoked, reason(c)
		if !c.Invalid.IsZero() {
			s.Extensions = append(s.Extensions, ext.NewInvalidityDate(c.Invalid))
		}
	default:
		s.Status = ocsp.Good
	}
	s.NextUpdate = a.NextUpdate
	if a.ThisUpdate.After(c.NotAfter) {
		s.Extensions = append(s.Extensions, ocsp.NewArchiveCutoff(by.cutoff(a.ThisUpdate)))
	}
	return s, standing, nil
}

// standing is what the records say, or what is known of them.
func (r *Responder) standing(ctx context.Context, by *issuer, serial []byte) (authority.Standing, *authority.Certificate, error) {
	if c := r.cache.fact(by.name, serial); c != nil {
		return c.Standing(r.now()), c, nil
	}
	since := r.cache.changes()
	standing, c, err := r.config.Authority.Standing(ctx, by.name, serial)
	if err == nil && c != nil {
		r.cache.learn(c, since)
	}
	return standing, c, err
}
