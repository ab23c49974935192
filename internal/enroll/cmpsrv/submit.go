package cmpsrv

import (
	"context"
	"crypto/rand"
	"errors"
	"math/big"
	"slices"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/protocol/cmp"
	"github.com/certwright/certwright/request"
)

// submit hands one request in, and answers for it. The whole answer to the
// only request of a message goes on record with what became of it, and is left
// in the call.
func (s *Server) submit(ctx context.Context, c *call, w wanted, profile string, implicit, only bool) (cmp.Response, error) {
	refused := func(r *request.Refusal) cmp.Response { return cmp.Response{ID: w.id, Status: rejection(r)} }
	sub := s.submission(c, w, profile, implicit)
	if r := mayHave(c.sender, w.request); r != nil {
		return refused(r), nil
	}
	if r := c.sender.limit(&sub.Origin, c.device); r != nil {
		return refused(r), nil
	}
	if r, err := s.makeKey(ctx, c, &w, profile, &sub); r != nil || err != nil {
		return refused(r), err
	}
	spent, r, err := s.spend(ctx, c, sub)
	if r != nil || err != nil {
		return refused(r), err
	}
	var done *call
	// The transaction would be on record with the ticket.
	sub.First = only && !older(c, w)
	sub.With = func(out *authority.Outcome) (records []*authority.Record, err error) {
		if sub.First {
			done, records, err = s.ahead(ctx, c, w, out, implicit)
		}
		if c.update != nil && err == nil {
			var r *authority.Record
			r, err = c.update.with(out.Ticket.ID)
			records = append(records, r)
		}
		return records, err
	}
	out, err := s.config.Authority.Submit(ctx, sub)
	if spent && (errors.Is(err, authority.ErrConflict) || errors.As(err, new(*request.Refusal)) || err == nil && out.Repeated) {
		if err := s.config.Secrets.Return(ctx, c.sender.secret.Reference, useOf(c)); err != nil {
			return cmp.Response{}, err
		}
	}
	var refusal *request.Refusal
	switch {
	case errors.As(err, &refusal):
		return refused(refusal), nil
	case errors.Is(err, authority.ErrConflict):
		return cmp.Response{}, s.conflicted(ctx, c, err)
	case err != nil:
		return cmp.Response{}, err
	}
	if c.update != nil && !out.Repeated {
		c.update.Tickets = append(c.update.Tickets, out.Ticket.ID)
	}
	if done != nil && !out.Repeated {
		*c = *done
		return cmp.Response{}, nil
	}
	return s.take(ctx, c, w, out)
}

func (s *Server) submission(c *call, w wanted, profile string, implicit bool) authority.Submission {
	sub := authority.Submission{
		CA: c.ca, Profile: profile, Request: w.request,
		Origin: evidence.Origin{
			Door: "cmp", Requester: c.sender.name, Method: c.sender.method(), Address: c.address,
			Sender: c.message.Header.Sender.String(), RegistrationAuthority: c.sender.ra,
			Entitled: s.entitled(c),
		},
		Witness: evidence.Witness{Secret: c.sender.value}, Asked: issuance.Asked{Confirm: !implicit},
		IdempotencyKey: "cmp:" + c.sender.id + ":" + transactionID(c.message) + ":" + w.id.String(),
	}
	if w.message != nil && w.message.Request.Template.Validity != nil {
		v := w.message.Request.Template.Validity
		sub.Asked.NotBefore, sub.Asked.NotAfter = v.NotBefore, v.NotAfter
		if s.config.Now().Sub(v.NotBefore).Abs() < s.config.Window {
			sub.Asked.NotBefore = time.Time{} // now, in other words
		}
	}
	if c.message.Body.Kind == cmp.KeyUpdateRequest {
		sub.Replaces = c.sender.record
	}
	return sub
}

// entitled is what the sender was given by name: by the secret or the
// manufacturer, or with everybody by the settings. A certificate gives nothing
// by name, so that what its holder may not have any more does not come back by
// an update.
func (s *Server) entitled(c *call) evidence.Entitlement {
	e := evidence.Entitlement{Profiles: slices.Clone(s.config.Profiles)}
	give := func(profile, ca string) {
		if profile != "" {
			e.Profiles = append(e.Profiles, profile)
		}
		if ca != "" {
			e.CAs = append(e.CAs, ca)
		}
	}
	give(s.config.Profile, s.config.CA)
	switch {
	case c.sender.secret != nil:
		give(c.sender.secret.Profile, c.sender.secret.CA)
	case c.device != nil:
		give(c.device.Manufacturer.Profile, c.device.Manufacturer.CA)
	}
	return e
}

// ahead makes the answer to the only request of a message before what became
// of it is on record, and the record of its transaction. What it changes is a
// copy of the call: the record may fail.
func (s *Server) ahead(ctx context.Context, c *call, w wanted, out *authority.Outcome, implicit bool) (*call, []*authority.Record, error) {
	t, then := *c.transaction, *c
	then.transaction, then.infos = &t, slices.Clone(c.infos)
	response, err := s.take(ctx, &then, w, out)
	if err != nil {
		return nil, nil, err
	}
	answer, err := s.encode(ctx, &then, s.enrolled(&then, implicit, response))
	if err != nil {
		return nil, nil, err
	}
	r, err := s.record(&then, answer)
	then.answer = answer.Raw
	return &then, []*authority.Record{r}, err
}

// take adds a ticket to the transaction, and says what became of it.
func (s *Server) take(ctx context.Context, c *call, w wanted, out *authority.Outcome) (cmp.Response, error) {
	t := c.transaction
	t.CA, c.ca = out.Ticket.CA, out.Ticket.CA
	t.Items = append(slices.Clip(t.Items), item{ID: w.id.String(), Ticket: out.Ticket.ID})
	i := &t.Items[len(t.Items)-1]
	r, err := s.respond(ctx, c, i, out)
	if err == nil && w.made != nil {
		err = s.sendKey(ctx, c, w, i, &r)
	}
	return r, err
}

// mayHave refuses names that are not those of the sender's certificate. What a
// secret or the certificate of a manufacturer is for is held against the
// certificate that would come of it, in judging; a registration authority vouches
// for all.
func mayHave(from *sender, r *request.Request) *request.Refusal {
	if from.secret != nil || from.devices != nil || from.ra {
		return nil
	}
	if !r.Subject.IsEmpty() && !r.Subject.Equal(from.certificate.Subject) {
		return &request.Refusal{Reason: request.NotAuthorized, Field: "subject", Detail: "the subject is not that of the certificate that protects the message", Fix: "ask for the same subject, or by a shared secret"}
	}
	for _, name := range r.SubjectAltNames() {
		if n := name.String(); !slices.Contains(from.record.Names, n) {
			return &request.Refusal{Reason: request.NotAuthorized, Field: "subjectAltName", Detail: "the name " + n + " is not in the certificate that protects the message", Fix: "ask for the same names, or by a shared secret"}
		}
	}
	return nil
}

// useOf is what a secret is used for.
func useOf(c *call) string { return "cmp transaction " + transactionID(c.message) }

// spend counts a use of the sender's secret, unless the request is sent again
// or would be refused anyway.
func (s *Server) spend(ctx context.Context, c *call, sub authority.Submission) (spent bool, refused *request.Refusal, err error) {
	if c.sender.secret == nil {
		return false, nil, nil
	}
	used, err := s.config.Authority.Submitted(ctx, []string{sub.IdempotencyKey})
	if err != nil || used[sub.IdempotencyKey] {
		return false, nil, err
	}
	if c.sender.used != nil {
		return false, c.sender.used, nil
	}
	sub.DryRun = true
	out, err := s.config.Authority.Submit(ctx, sub)
	if errors.As(err, &refused) {
		return false, refused, nil
	}
	if err != nil || out.Refusal != nil {
		return false, nil, err
	}
	_, err = s.config.Secrets.Spend(ctx, c.sender.secret.Reference, useOf(c))
	if errors.As(err, &refused) {
		return false, refused, nil
	}
	return err == nil, nil, err
}

// respond says what became of a ticket.
func (s *Server) respond(ctx context.Context, c *call, i *item, out *authority.Outcome) (cmp.Response, error) {
	id, _ := new(big.Int).SetString(i.ID, 10)
	r := cmp.Response{ID: id}
	i.Waiting, i.Confirm, i.Encrypted, i.Challenge, i.Until = false, false, false, false, out.Until
	var err error
	switch {
	case out.Refusal != nil:
		r.Status = rejection(out.Refusal)
		return r, nil
	case out.Holds == evidence.ByChallenge:
		i.Challenge, c.version = true, cmp.Version3
		c.challenge, err = challengeOf(out)
		return r, err
	case out.Ticket.State == authority.StateHeld || out.Ticket.State == authority.StateAsked:
		i.Waiting = true
		r.Status = cmp.StatusInfo{Status: cmp.Waiting, Text: words(out.Ticket)}
		return r, nil
	case out.Holds == evidence.ByCertificate:
		i.Confirm, i.Encrypted = true, true
		if r.Pair, err = s.encrypted(ctx, c, out); err != nil {
			return r, err
		}
	default:
		r.Pair = &cmp.KeyPair{Certificate: out.Certificate.DER}
		i.Confirm = out.Ticket.State == authority.StateUnconfirmed
		if i.Hash, err = ownHash(out.Certificate.DER); err != nil {
			return r, err
		}
	}
	told := slices.ContainsFunc(c.infos, func(i cmp.Info) bool { return i.Type == cmp.InfoConfirmWaitTime })
	if i.Confirm && !out.Until.IsZero() && !told {
		c.infos = append(c.infos, cmp.ConfirmWaitTime(out.Until))
	}
	r.Status = granted(out)
	c.chain = out.Chain
	return r, nil
}

// encrypted is a certificate encrypted to its key. Version 2 of the protocol
// has a way of its own, for RSA keys alone; where it does not do, the answer is
// of version 3.
func (s *Server) encrypted(ctx context.Context, c *call, out *authority.Outcome) (*cmp.KeyPair, error) {
	if c.message.Header.Version < cmp.Version3 {
		record, err := s.config.Store.Certificate(ctx, out.Ticket.CA, out.Ticket.Serial)
		if err != nil {
			return nil, err
		}
		parsed, err := cert.Parse(record.DER)
		if err != nil {
			return nil, err
		}
		if parsed.PublicKey.Type == "RSA" {
			k, err := cmp.EncryptFor(parsed.PublicKey, cms.Identifier{}, record.DER, cmp.Version2, rand.Reader)
			return &cmp.KeyPair{Encrypted: k}, err
		}
	}
	info, err := cms.Parse(out.Encrypted)
	if err != nil {
		return nil, err
	}
	c.version = cmp.Version3
	return &cmp.KeyPair{Encrypted: &crmf.EncryptedKey{Enveloped: info.Content}}, nil
}

// older reports whether a certificate may have to be encrypted in the way of
// version 2, which needs it on record.
func older(c *call, w wanted) bool {
	return c.message.Header.Version < cmp.Version3 && w.message != nil && w.message.Proof != nil && w.message.Proof.PrivateKey != nil
}

// granted is accepted, or granted with modifications where the certificate is
// not what was asked for.
func granted(out *authority.Outcome) cmp.StatusInfo {
	changes := changesOf(out.Ticket)
	if len(changes) == 0 {
		return cmp.StatusInfo{}
	}
	return cmp.StatusInfo{Status: cmp.GrantedWithMods, Text: changes}
}
