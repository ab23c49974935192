package cmpsrv

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/protocol/cmp"
	"github.com/certwright/certwright/request"
)

// alone refuses to challenge several requests of one message: their answers
// would have to wait for each other.
func alone(list []wanted) error {
	for _, w := range list {
		p := w.message
		if len(list) > 1 && p != nil && p.Proof != nil && p.Proof.PrivateKey != nil && p.Proof.PrivateKey.Subsequent == crmf.ChallengeResponse {
			return failure(cmp.BadRequest, "possession of a key is to be shown by answering a challenge, in a message with other requests; send it by itself")
		}
	}
	return nil
}

// challengeOf is what is asked of a ticket whose request proves possession by
// answering (RFC 9810, Section 5.2.8.3.3).
func challengeOf(out *authority.Outcome) (*cmp.Challenge, error) {
	info, err := cms.Parse(out.Encrypted)
	if err != nil {
		return nil, err
	}
	var e evidence.Evidence
	if err := json.Unmarshal(out.Ticket.Evidence, &e); err != nil {
		return nil, err
	}
	witness, err := hex.DecodeString(e.Possession.Challenge)
	return &cmp.Challenge{Witness: witness, Encrypted: info.Content}, err
}

// solved answers popdecr: with the certificate, where the number is right.
func (s *Server) solved(ctx context.Context, c *call) (cmp.Body, error) {
	numbers, err := c.message.Body.ChallengeAnswers()
	if err != nil {
		return cmp.Body{}, failure(cmp.BadDataFormat, "%v", err)
	}
	t := c.transaction
	if len(t.Items) != 1 || !t.Items[0].Challenge {
		return cmp.Body{}, failure(cmp.BadRequest, "no challenge waits to be answered")
	}
	if len(numbers) != 1 {
		return cmp.Body{}, failure(cmp.BadDataFormat, "popdecr: %d numbers answer one challenge", len(numbers))
	}
	i := &t.Items[0]
	out, err := s.config.Authority.Confirm(ctx, authority.Confirmation{Ticket: i.Ticket, Answer: numbers[0]})
	var refusal *request.Refusal
	if errors.As(err, &refusal) && refusal.Reason == request.WrongState {
		// It was answered by this very message, and the process ended before that
		// was on record here.
		out, err = s.config.Authority.Ticket(ctx, i.Ticket)
	}
	if err != nil {
		return cmp.Body{}, err
	}
	r, err := s.respond(ctx, c, i, out)
	if err != nil {
		return cmp.Body{}, err
	}
	return s.enrolled(c, true, r), nil
}
