package cmpsrv

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/protocol/cmp"
	"github.com/certwright/certwright/request"
)

// mayRevoke refuses the revocation of certificates that are not the sender's
// own, nor within the reach of a registration authority.
func (s *Server) mayRevoke(ctx context.Context, from *sender, record *authority.Certificate) error {
	own := record.CA == from.record.CA && string(record.Serial) == string(from.record.Serial)
	switch {
	case own && from.gone != nil:
		return failure(cmp.CertRevoked, "the certificate is revoked already; nothing needs to be done")
	case from.gone != nil:
		return from.gone
	case own:
		return nil
	case !from.ra:
		return failure(cmp.NotAuthorized, "the certificate is another's; only its own holder, or a registration authority, has it revoked")
	}
	return s.reaches(ctx, from, record)
}

// reaches holds a registration authority to the certificates that it may have
// had issued to others (RFC 9483, Section 5.3.2): of the authority that certified
// it, or that it asks for certificates; none that let their holder do anything in
// the stead of an authority; and none that the server has for itself.
func (s *Server) reaches(ctx context.Context, from *sender, record *authority.Certificate) error {
	if record.CA != from.record.CA {
		ca, _, err := s.config.Authority.CA(ctx, s.config.CA)
		if err != nil && !errors.As(err, new(*request.Refusal)) {
			return err
		}
		if err != nil || ca.Name != record.CA {
			return failure(cmp.NotAuthorized, "the certificate is of another authority than the registration authority is for; its operator has it revoked")
		}
	}
	c, err := cert.Parse(record.DER)
	if err != nil {
		return fmt.Errorf("reading certificate %x: %w", record.Serial, err)
	}
	if why := issuance.AuthorityOf(c); why != "" {
		return failure(cmp.NotAuthorized, "such certificates %s; only their holder, or an operator, has them revoked", why)
	}
	if record.Ticket == "" {
		return nil // of before these records
	}
	out, err := s.config.Authority.Ticket(ctx, record.Ticket)
	if errors.As(err, new(*request.Refusal)) {
		return nil // tidied away
	}
	if err != nil {
		return err
	}
	ev, err := evidenceOf(out.Ticket)
	if err != nil {
		return err
	}
	if ev.Origin.OfServer() {
		return failure(cmp.NotAuthorized, "the certificate is the server's own; an operator has it revoked")
	}
	return nil
}

func evidenceOf(t *authority.Ticket) (*evidence.Evidence, error) {
	var e evidence.Evidence
	if err := json.Unmarshal(t.Evidence, &e); err != nil {
		return nil, fmt.Errorf("evidence of ticket %s: %w", t.ID, err)
	}
	return &e, nil
}
