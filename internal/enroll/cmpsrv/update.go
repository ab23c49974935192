package cmpsrv

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/protocol/cmp"
)

// UpdateKind is the kind of the records of updates, by the certificate that is
// updated, as senders have it. One that begins an update puts its record
// together with the ticket: of several at once, one succeeds.
const UpdateKind = "cmp-update"

// update is the last update of a certificate.
type update struct {
	Transaction string   `json:"transaction"`
	Tickets     []string `json:"tickets"`

	record *authority.Record
}

// beginUpdate refuses an update while another one of the same certificate waits
// for an officer or to be confirmed (RFC 9483, Section 4.1.3).
func (s *Server) beginUpdate(ctx context.Context, c *call) error {
	u := &update{Transaction: transactionID(c.message)}
	r, err := s.config.Store.Record(ctx, UpdateKind, c.sender.id)
	switch {
	case errors.Is(err, authority.ErrNotFound):
		r = &authority.Record{Kind: UpdateKind, ID: c.sender.id}
	case err != nil:
		return fmt.Errorf("looking for an update: %w", err)
	default:
		before, err := authority.Body[update](r)
		if err != nil {
			return err
		}
		if before.Transaction == u.Transaction {
			u.Tickets = before.Tickets // the same message again, or the next of its requests
			break
		}
		busy, err := s.wait(ctx, before.Tickets)
		if err != nil {
			return err
		}
		if busy {
			return failure(cmp.DuplicateCertReq, "an update of this certificate is under way; confirm it first")
		}
	}
	r.Due = c.sender.certificate.NotAfter.Add(keepFor)
	u.record, c.update = r, u
	return nil
}

// wait reports whether one of these tickets waits for an officer, an answer, or
// to be confirmed.
func (s *Server) wait(ctx context.Context, tickets []string) (bool, error) {
	for _, id := range tickets {
		out, err := s.config.Authority.Ticket(ctx, id)
		if err != nil {
			return false, err
		}
		switch out.Ticket.State {
		case authority.StateUnconfirmed, authority.StateHeld, authority.StateAsked:
			return true, nil
		}
	}
	return false, nil
}

// with is the record of the update, with one more ticket.
func (u *update) with(ticket string) (*authority.Record, error) {
	body, err := json.Marshal(update{Transaction: u.Transaction, Tickets: append(slices.Clip(u.Tickets), ticket)})
	if err != nil {
		return nil, fmt.Errorf("encoding an update: %w", err)
	}
	u.record.Body = body
	return u.record, nil
}

// overtaken reports whether another update of the certificate was recorded
// meanwhile.
func (s *Server) overtaken(ctx context.Context, u *update) (bool, error) {
	r, err := s.config.Store.Record(ctx, UpdateKind, u.record.ID)
	if errors.Is(err, authority.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking for an update: %w", err)
	}
	return r.Revision != u.record.Revision, nil
}

// conflicted tells what stood in the way of recording a request.
func (s *Server) conflicted(ctx context.Context, c *call, conflict error) error {
	if c.update == nil {
		return recorded(conflict)
	}
	overtaken, err := s.overtaken(ctx, c.update)
	if err != nil {
		return err
	}
	if !overtaken {
		return recorded(conflict)
	}
	return failure(cmp.DuplicateCertReq, "another update of this certificate is under way; confirm it first")
}
