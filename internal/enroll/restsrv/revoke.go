package restsrv

import (
	"context"
	"errors"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/request"
)

type revokeInput struct {
	Named
	IfMatch        string `header:"If-Match"`
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"200" doc:"makes it harmless to send this twice"`
	Body           client.Revocation
}

func (s *server) revoke(ctx context.Context, x *sender, in *revokeInput) (*certificateOutput, error) {
	return s.change(ctx, x, &in.Named, in.IdempotencyKey, "revoke", in.Body, func(with []*authority.Record) (*authority.Certificate, error) {
		order, err := s.revocation(x, in)
		if err != nil {
			return nil, err
		}
		order.Records = with
		c, err := s.certificateFor(ctx, x, &in.Named)
		if order.Password != "" || len(order.Proof) > 0 {
			return s.revokeAsHolder(ctx, in, order, c, err)
		}
		if err != nil {
			return nil, err
		}
		switch {
		case x.decides(c.CA, c.Profile):
			order.By = x.Name
		case c.Requester == x.Name:
			order.By, order.Method = x.Name, "requester"
		default:
			return nil, &request.Refusal{Reason: request.NotAuthorized, Field: "serial", Detail: "this certificate was not issued to you", Fix: "ask an officer to revoke it"}
		}
		order.CA, order.Serial = c.CA, c.Serial
		return s.Authority.Revoke(ctx, order)
	})
}

// change changes the status of a certificate, once under an idempotency key:
// after that the certificate is told as it is. Do changes it together with records.
func (s *server) change(ctx context.Context, x *sender, in *Named, key, verb string, body any, do func(with []*authority.Record) (*authority.Certificate, error)) (*certificateOutput, error) {
	once, err := s.once(ctx, x, key, "/certificates/"+in.CA+"/"+in.Serial+"/"+verb, body)
	if err != nil {
		return nil, err
	}
	before, err := once.Made(ctx, s.Store)
	if err == nil && before == "" {
		with, err := once.Records(verb)
		if err != nil {
			return nil, err
		}
		c, err := do(with)
		if err == nil {
			return s.told(c)
		}
		if before, _ = once.Made(ctx, s.Store); before == "" { // not by another at the same time
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	c, err := s.find(ctx, in, func(*authority.Certificate) bool { return true }) // it was the sender's to change
	if err != nil {
		return nil, err
	}
	return s.told(c)
}

// revocation is what a sender orders, of whichever certificate.
func (s *server) revocation(x *sender, in *revokeInput) (authority.RevocationOrder, error) {
	b := &in.Body
	order := authority.RevocationOrder{Password: b.Password, Proof: b.Proof, Caller: x.Name}
	order.Seen = func(c *authority.Certificate) error { return s.unchanged(c, in.IfMatch) }
	var err error
	if b.Reason != "" {
		if order.Reason, err = crl.ParseReason(b.Reason); err != nil {
			return order, usage("the reasons are those of RFC 5280: keyCompromise, superseded, cessationOfOperation …", "there is no reason %q to revoke a certificate for", short(b.Reason))
		}
	}
	if b.InvalidSince != nil {
		if order.Invalid = b.InvalidSince.UTC(); order.Invalid.After(s.Now()) {
			return order, usage("give the time since when the key may be known to others, now at the latest", "invalidSince has not come yet")
		}
	}
	return order, nil
}

// revokeAsHolder revokes for whoever has what the holder has. Mine is the
// certificate, where the sender may know of it; others are told the same whatever
// is wrong: that there is none, that it has no password, or that this is not it.
func (s *server) revokeAsHolder(ctx context.Context, in *revokeInput, order authority.RevocationOrder, mine *authority.Certificate, why error) (*authority.Certificate, error) {
	var refusal *request.Refusal
	c := mine
	if why != nil {
		if !errors.As(why, &refusal) {
			return nil, why
		}
		var known *failure
		var err error
		c, err = s.find(ctx, &in.Named, func(*authority.Certificate) bool { return true })
		if errors.As(err, &refusal) || errors.As(err, &known) {
			order.CA = in.CA
			if order.Serial, err = hexadecimal("serial", in.Serial); err == nil {
				err = s.Authority.Miss(ctx, order)
			}
			if err == nil {
				err = notShown(in.Serial)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	order.CA, order.Serial = c.CA, c.Serial
	done, err := s.Authority.Revoke(ctx, order)
	var wait *authority.WaitError
	if mine == nil && !errors.As(err, &wait) && errors.As(err, &refusal) && refusal.Reason == request.NotAuthorized {
		return nil, notShown(in.Serial)
	}
	return done, err
}

func notShown(serial string) error {
	return &request.Refusal{Reason: request.UnknownCertificate, Field: "serial", Detail: "there is no certificate with the serial number " + short(serial) + " that this shows to be yours",
		Fix: "check the number, and the password or the signature; or ask an officer"}
}

type releaseInput struct {
	Named
	IfMatch        string `header:"If-Match"`
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"200" doc:"makes it harmless to send this twice"`
}

func (s *server) release(ctx context.Context, x *sender, in *releaseInput) (*certificateOutput, error) {
	return s.change(ctx, x, &in.Named, in.IdempotencyKey, "release", nil, func(with []*authority.Record) (*authority.Certificate, error) {
		c, err := s.certificateFor(ctx, x, &in.Named)
		if err != nil {
			return nil, err
		}
		if err := s.unchanged(c, in.IfMatch); err != nil {
			return nil, err
		}
		return s.Authority.ReleaseWith(ctx, c.CA, c.Serial, x.Name, with...)
	})
}
