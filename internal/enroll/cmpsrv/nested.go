package cmpsrv

import (
	"bytes"
	"context"

	"github.com/certwright/certwright/protocol/cmp"
)

// nested answers messages that a registration authority passes on under a
// protection of its own: one, to which it adds its protection (RFC 9483, Section
// 5.2.2.1), or a batch (Section 5.2.2.2).
func (s *Server) nested(ctx context.Context, c *call) (cmp.Body, error) {
	if c.sender.secret != nil {
		return cmp.Body{}, failure(cmp.WrongIntegrity, "only a registration authority passes messages on, and protects them by a signature")
	}
	if !c.sender.ra {
		return cmp.Body{}, failure(cmp.NotAuthorized, "only a registration authority passes messages on; its certificate has the extended key usage cmcRA")
	}
	list, err := c.message.Body.Nested()
	if err != nil {
		return cmp.Body{}, failure(cmp.BadDataFormat, "%v", err)
	}
	if len(list) == 0 {
		return cmp.Body{}, failure(cmp.BadRequest, "there is no message inside")
	}
	c.ca = c.sender.record.CA
	for _, m := range list {
		if m.Body.Kind == cmp.NestedMessage {
			return cmp.Body{}, failure(cmp.BadRequest, "a message that is passed on is itself one that passes on")
		}
	}
	if len(list) == 1 {
		return cmp.Body{}, s.passedOn(ctx, c, list[0])
	}
	if err := s.mayBatch(ctx, c.message, list); err != nil {
		return cmp.Body{}, err
	}
	var answers []*cmp.Message
	for _, m := range list {
		answer, err := cmp.Parse(s.answer(ctx, &call{message: m, profile: c.profile, address: c.address}))
		if err != nil {
			return cmp.Body{}, err
		}
		answers = append(answers, answer)
	}
	return cmp.NewNested(answers...), nil
}

// passedOn answers the one message inside as if it had come by itself: what it
// is protected by says whose it is, and the answer goes back to them.
func (s *Server) passedOn(ctx context.Context, c *call, m *cmp.Message) error {
	outer, inner := c.message.Header, m.Header
	switch {
	case !bytes.Equal(outer.TransactionID, inner.TransactionID):
		return failure(cmp.BadRequest, "the transactionID is not that of the message inside")
	case !bytes.Equal(outer.SenderNonce, inner.SenderNonce):
		return failure(cmp.BadSenderNonce, "the senderNonce is not that of the message inside")
	}
	c.answer = s.answer(ctx, &call{message: m, profile: c.profile, address: c.address})
	return nil
}

// mayBatch holds that the messages of a batch can be told apart, and that each
// is protected rightly, before any is carried out.
func (s *Server) mayBatch(ctx context.Context, outer *cmp.Message, list []*cmp.Message) error {
	transactions := map[string]bool{string(outer.Header.TransactionID): true}
	nonces := map[string]bool{string(outer.Header.SenderNonce): true}
	for _, m := range list {
		if id := string(m.Header.TransactionID); transactions[id] {
			return failure(cmp.BadRequest, "two messages of the batch, or one and the batch itself, have the same transactionID")
		} else if nonce := string(m.Header.SenderNonce); nonces[nonce] {
			return failure(cmp.BadSenderNonce, "two messages of the batch, or one and the batch itself, have the same senderNonce")
		} else {
			transactions[id], nonces[nonce] = true, true
		}
		if err := s.trusts(ctx, m); err != nil {
			return err
		}
	}
	return nil
}
