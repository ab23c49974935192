package cmpsrv

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/protocol/cmp"
	"github.com/certwright/certwright/request"
)

// confirm answers certConf.
func (s *Server) confirm(ctx context.Context, c *call) (cmp.Body, error) {
	t := c.transaction
	list, err := c.message.Body.Confirmations()
	if err != nil {
		return cmp.Body{}, failure(cmp.BadDataFormat, "%v", err)
	}
	if t.Over {
		return cmp.Body{}, s.late(ctx, t.Items, "the certificates of this transaction were confirmed already")
	}
	// An empty list rejects them all (RFC 9810, Section 5.3.18).
	if len(list) == 0 {
		for i := range t.Items {
			if err := s.confirmOne(ctx, c, &t.Items[i], authority.Confirmation{Rejected: "the certConf is empty"}); err != nil {
				return cmp.Body{}, err
			}
		}
		return cmp.NewPKIConfirm(), nil
	}
	if err := t.meets(list); err != nil {
		return cmp.Body{}, err
	}
	for _, one := range list {
		if err := s.confirmStatus(ctx, c, &t.Items[t.toConfirm(one.ID.String())], one); err != nil {
			return cmp.Body{}, err
		}
	}
	return cmp.NewPKIConfirm(), nil
}

// meets holds a certConf against what waits to be confirmed, before any of it
// counts.
func (t *transaction) meets(list []cmp.CertStatus) error {
	seen := map[string]bool{}
	for _, one := range list {
		id := one.ID.String()
		switch {
		case t.toConfirm(id) < 0:
			return failure(cmp.BadRequest, "no certificate with the certReqId %s waits to be confirmed", id)
		case seen[id]:
			return failure(cmp.BadRequest, "the certConf has two statuses for the certificate with the certReqId %s", id)
		case one.Status != nil && one.Status.Granted() && one.Status.Failure != 0:
			return failure(cmp.BadRequest, "the certConf accepts the certificate with the certReqId %s, and has a failInfo all the same", id)
		}
		seen[id] = true
	}
	return nil
}

// toConfirm is the index of the certificate that waits to be confirmed under a
// certReqId, below zero where none does.
func (t *transaction) toConfirm(id string) int {
	return slices.IndexFunc(t.Items, func(i item) bool { return i.ID == id && i.Confirm })
}

func (s *Server) confirmStatus(ctx context.Context, c *call, i *item, one cmp.CertStatus) error {
	if one.Status != nil && !one.Status.Granted() {
		return s.confirmOne(ctx, c, i, authority.Confirmation{Rejected: one.Status.String()})
	}
	if one.Algorithm != nil && c.message.Header.Version < cmp.Version3 {
		return failure(cmp.BadRequest, "hashAlg is of version 3 of the protocol, and the message is of version %d", c.message.Header.Version)
	}
	hash, err := s.hashOf(ctx, c, i, one)
	if err != nil {
		return err
	}
	return s.confirmOne(ctx, c, i, authority.Confirmation{CertHash: one.Hash, Hash: hash})
}

// hashOf returns the hash that a certHash is made with.
func (s *Server) hashOf(ctx context.Context, c *call, i *item, one cmp.CertStatus) (crypto.Hash, error) {
	if one.Algorithm != nil {
		hash := cmp.HashByID(one.Algorithm.ID)
		if hash == 0 {
			return 0, failure(cmp.BadAlg, "the hash %s is not known", one.Algorithm.ID.Name())
		}
		return hash, nil
	}
	if i.Hash != 0 {
		return i.Hash, nil
	}
	out, err := s.config.Authority.Ticket(ctx, i.Ticket)
	if err != nil {
		return 0, err
	}
	record, err := s.config.Store.Certificate(ctx, out.Ticket.CA, out.Ticket.Serial)
	if err != nil {
		return 0, err
	}
	return ownHash(record.DER)
}

// ownHash is the hash that confirms a certificate where the client names none:
// that of its signature (RFC 9810, Section 5.3.18).
func ownHash(certificate []byte) (crypto.Hash, error) {
	parsed, err := cert.Parse(certificate)
	if err != nil {
		return 0, err
	}
	hash := key.ParseSignatureAlgorithm(parsed.SignatureAlgorithm).Hash
	if hash == 0 {
		hash = crypto.SHA512
	}
	return hash, nil
}

// confirmOne hands a confirmation in. The pkiConf to that of the only
// certificate of a transaction goes on record with it, and is left in the call.
func (s *Server) confirmOne(ctx context.Context, c *call, i *item, what authority.Confirmation) error {
	what.Ticket = i.Ticket
	var done *call
	if len(c.transaction.Items) == 1 && c.message.Body.Kind == cmp.CertificateConfirmation {
		what.With = func(out *authority.Outcome) (records []*authority.Record, err error) {
			if wrong(out, what) {
				return nil, nil
			}
			done, records, err = s.concluded(ctx, c)
			return records, err
		}
	}
	out, err := s.config.Authority.Confirm(ctx, what)
	var refusal *request.Refusal
	switch {
	case errors.As(err, &refusal) && refusal.Reason == request.WrongState:
		// It may have been confirmed by this very message, and the process ended
		// before that was on record here.
		if again, err := s.confirmedBefore(ctx, i, what); again || err != nil {
			i.Confirm = false
			return err
		}
		return s.late(ctx, []item{*i}, refusal.Detail)
	case err != nil:
		return err
	}
	i.Confirm = false
	if wrong(out, what) {
		return s.inVain(ctx, out, what)
	}
	if done != nil {
		*c = *done
	}
	return nil
}

// wrong reports whether a certificate was confirmed by a hash that is not its
// own, or too late.
func wrong(out *authority.Outcome, what authority.Confirmation) bool {
	return out.Refusal != nil && what.Rejected == ""
}

// inVain is what is told to who did that: where the hash is right, that the
// certificate is revoked meanwhile.
func (s *Server) inVain(ctx context.Context, out *authority.Outcome, what authority.Confirmation) error {
	record, err := s.config.Store.Certificate(ctx, out.Ticket.CA, out.Ticket.Serial)
	if err != nil {
		return fmt.Errorf("looking for a certificate that was confirmed: %w", err)
	}
	if hashes(what, record.DER) {
		return failure(cmp.CertRevoked, "the certificate is revoked: %s", out.Refusal.Detail)
	}
	return failure(cmp.BadCertID, "%s", out.Refusal.Detail)
}

// late is what is told to who confirms certificates that wait for it no more:
// that one was revoked unconfirmed, or else the detail.
func (s *Server) late(ctx context.Context, items []item, detail string) error {
	for _, i := range items {
		out, err := s.config.Authority.Ticket(ctx, i.Ticket)
		if err != nil {
			return err
		}
		if out.Ticket.State == authority.StateIssued || len(out.Ticket.Serial) == 0 {
			continue
		}
		why := "it was not confirmed"
		if out.Refusal != nil {
			why = out.Refusal.Detail
		}
		return failure(cmp.CertRevoked, "the certificate is revoked: %s", why)
	}
	return failure(cmp.CertConfirmed, "%s", detail)
}

// hashes reports whether a confirmation is by the hash of this certificate.
func hashes(c authority.Confirmation, der []byte) bool {
	if !c.Hash.Available() {
		return false
	}
	h := c.Hash.New()
	h.Write(der)
	return bytes.Equal(h.Sum(nil), c.CertHash)
}

// concluded makes the pkiConf that ends a transaction, before what it confirms
// is on record, and the record of the transaction.
func (s *Server) concluded(ctx context.Context, c *call) (*call, []*authority.Record, error) {
	t, then := *c.transaction, *c
	then.transaction = &t
	t.Items = slices.Clone(t.Items)
	t.Items[0].Confirm = false
	answer, err := s.encode(ctx, &then, cmp.NewPKIConfirm())
	if err != nil {
		return nil, nil, err
	}
	r, err := s.record(&then, answer)
	then.answer = answer.Raw
	return &then, []*authority.Record{r}, err
}

// confirmedBefore reports whether a certificate is valid already, and the
// confirmation is of it.
func (s *Server) confirmedBefore(ctx context.Context, i *item, c authority.Confirmation) (bool, error) {
	out, err := s.config.Authority.Ticket(ctx, i.Ticket)
	if err != nil || out.Ticket.State != authority.StateIssued || out.Certificate == nil || c.Rejected != "" {
		return false, err
	}
	return hashes(c, out.Certificate.DER), nil
}

// aborted takes note that a client gave up.
func (s *Server) aborted(ctx context.Context, c *call) (cmp.Body, error) {
	e, err := c.message.Body.Error()
	if err != nil {
		return cmp.Body{}, failure(cmp.BadDataFormat, "%v", err)
	}
	for i := range c.transaction.Items {
		one := &c.transaction.Items[i]
		switch {
		case one.Confirm:
			err = s.confirmOne(ctx, c, one, authority.Confirmation{Rejected: e.Status.String()})
		case one.Waiting, one.Challenge:
			_, err = s.config.Authority.Withdraw(ctx, one.Ticket, c.sender.name)
			one.Waiting, one.Challenge, one.Key = false, false, nil
		}
		if err != nil {
			return cmp.Body{}, err
		}
	}
	return cmp.NewPKIConfirm(), nil
}
