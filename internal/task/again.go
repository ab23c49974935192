package task

import (
	"context"
	"errors"
	"fmt"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// Old is a certificate that is to be issued again, with the ticket it was
// issued on.
type Old struct {
	Record *authority.Certificate
	Ticket *authority.Ticket
}

// OldOf finds the ticket of a certificate.
func OldOf(ctx context.Context, o *Office, record *authority.Certificate) (Old, error) {
	t, err := o.Desk().Ticket(ctx, record.Ticket)
	if errors.Is(err, authority.ErrNotFound) {
		return Old{}, &request.Refusal{Reason: request.UnknownRequest, Detail: "the request of this certificate is not on record",
			Fix: "sign a new request: certwright sign FILE"}
	}
	return Old{record, t}, err
}

// AgainSpec says how a certificate is issued again.
type AgainSpec struct {
	CA      string           // empty: the one that issued it
	Request *request.Request // nil: the one on record
	Profile string           // empty: the same
	Origin  evidence.Origin
	Asked   issuance.Asked

	IdempotencyKey string
	With           func(*authority.Outcome) ([]*authority.Record, error) // authority.Submission.With
}

// Again issues a certificate in place of an old one. A new request must have
// a new key, and the names of the old one unless s asks for others. What an officer had put
// in place of the request's subject and names is asked for again, unless s
// asks for something else.
func Again(ctx context.Context, o *Office, old Old, s AgainSpec) (*authority.Outcome, error) {
	if s.Request != nil {
		if err := inPlace(old, s.Request, &s.Asked); err != nil {
			return nil, err
		}
	} else {
		requests, err := request.Parse(old.Ticket.Request)
		if err != nil || len(requests) == 0 {
			return nil, fmt.Errorf("reading the request on record of ticket %s: %w", old.Ticket.ID, err)
		}
		s.Request = requests[0]
	}
	if s.Profile == "" {
		s.Profile = old.Record.Profile
	}
	if s.CA == "" {
		s.CA = old.Record.CA
	}
	before, err := old.Ticket.AskedFor()
	if err != nil {
		return nil, fmt.Errorf("ticket %s: %w", old.Ticket.ID, err)
	}
	if s.Asked.Subject == nil {
		s.Asked.Subject = before.Subject
	}
	if s.Asked.Names == nil {
		s.Asked.Names = before.Names
	}
	return SubmitOnce(ctx, o, authority.Submission{
		CA: s.CA, Profile: s.Profile, Request: s.Request, Origin: s.Origin, Asked: s.Asked, Replaces: old.Record, IdempotencyKey: s.IdempotencyKey, With: s.With,
	})
}

// SubmitOnce submits, and refuses an idempotency key that was used for the same
// request with other words around it. A server that is worked at sees to that by
// itself.
func SubmitOnce(ctx context.Context, o *Office, s authority.Submission) (*authority.Outcome, error) {
	out, err := o.Desk().Submit(ctx, s)
	if err == nil && out.Repeated && o.Remote == nil && !out.Ticket.SameTerms(&s) {
		return nil, authority.OtherOrder()
	}
	return out, err
}

// RequestLike makes a request with a new key for the subject, names, and
// usages that the old request asked for.
func RequestLike(old Old, k *key.Private) (*request.Request, error) {
	requests, err := request.Parse(old.Ticket.Request)
	if err != nil || len(requests) == 0 {
		return nil, fmt.Errorf("reading the request on record of ticket %s: %w", old.Ticket.ID, err)
	}
	c, err := cert.Parse(old.Record.DER)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate on record: %w", err)
	}
	spec := RequestSpec{Subject: c.Subject, Names: c.SubjectAltNames(), NoCopy: true}
	for _, e := range requests[0].Extensions {
		switch e.ID {
		case oid.SubjectAltName, oid.SubjectKeyIdentifier, oid.KeyUsage:
			continue
		}
		spec.Extensions = append(spec.Extensions, ext.Extension{ID: e.ID, Critical: e.Critical, Value: e.Value})
	}
	made, _, err := NewRequest(spec, k)
	if err != nil {
		return nil, err
	}
	return request.FromPKCS10(made)
}
