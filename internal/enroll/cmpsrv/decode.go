package cmpsrv

import (
	"context"
	"errors"
	"fmt"

	"github.com/certwright/certwright/protocol/cmp"
)

// handle reads the body and does what it asks for.
func (s *Server) handle(ctx context.Context, c *call) (cmp.Body, error) {
	m := c.message
	before, err := s.find(ctx, m)
	if err != nil {
		return cmp.Body{}, err
	}
	f := s.check(m, before)
	if f == nil && before != nil && before.repeats(m) {
		// Whose it is was seen when it came first. By now what it is protected by
		// may be revoked: by this very message.
		if c.answer, err = s.again(before, m); err == nil {
			return cmp.Body{}, nil
		}
	}
	// The sender is looked for although a rule is broken, so that the error is
	// protected as the message was.
	c.sender, err = s.recognizeAt(ctx, c.address, m)
	if f != nil {
		return cmp.Body{}, f
	}
	c.told = m.Body.Kind == cmp.RevocationRequest
	if errors.As(err, new(*unconfirmedError)) && before != nil && goesOn(m.Body.Kind) {
		return cmp.Body{}, failure(cmp.BadRequest, "the certificate of the protection is not confirmed yet; a %v is protected as the request was", m.Body.Kind)
	}
	if err != nil {
		return cmp.Body{}, err
	}
	if c.sender.gone != nil && (before != nil || m.Body.Kind != cmp.RevocationRequest) {
		return cmp.Body{}, c.sender.gone
	}
	if before != nil && m.Body.Kind != cmp.NestedMessage {
		if err := c.sender.owns(before, m.Body.Kind, m.Header.Algorithm.ID.String()); err != nil {
			return cmp.Body{}, err
		}
		answer, err := s.again(before, m)
		if err != nil {
			return cmp.Body{}, err
		}
		if answer != nil {
			c.answer = answer
			return cmp.Body{}, nil
		}
		c.transaction, c.ca = before, before.CA
	}
	revoked := c.sender.secret != nil && !c.sender.secret.Revoked.IsZero()
	if c.sender.used != nil && (revoked || before == nil && !begins(m.Body.Kind)) {
		return cmp.Body{}, c.sender.used
	}
	if err := s.checkOriginals(ctx, c); err != nil {
		return cmp.Body{}, err
	}
	c.told = true
	return s.dispatch(ctx, c)
}

// check holds the header against the rules, for a message of this transaction;
// nil for one that begins one. One that would begin another one under the same
// transactionID is refused for that, whatever its recipNonce. What is inside a nested message may go on with a
// transaction, and its own header is held against that.
func (s *Server) check(m *cmp.Message, before *transaction) *cmp.Failure {
	nested := m.Body.Kind == cmp.NestedMessage
	rules := cmp.Rules{
		Now: s.config.Now(), Window: s.config.Window,
		Unheld: nested || (before == nil) == goesOn(m.Body.Kind), First: nested || before == nil || !goesOn(m.Body.Kind),
	}
	if !rules.First {
		rules.TransactionID, rules.Nonce = m.Header.TransactionID, before.Nonce
	}
	if before != nil && before.Over {
		rules.Nonce = m.Header.RecipientNonce // what is wrong then is another thing
	}
	f := m.Check(rules)
	if f != nil && f.Info == cmp.BadDataFormat && m.Header.TransactionID == nil && goesOn(m.Body.Kind) {
		return &cmp.Failure{Info: cmp.BadRequest, Text: "transactionID is missing: it has to say which transaction the message goes on with"}
	}
	if f != nil && before != nil && f.Info == cmp.BadRecipientNonce && before.repeats(m) {
		return nil
	}
	if f == nil && !rules.First && !before.Over && !before.repeats(m) && before.heard(m.Header.SenderNonce) {
		return &cmp.Failure{Info: cmp.BadSenderNonce, Text: "senderNonce is that of an earlier message of the transaction; draw another one for each message"}
	}
	return f
}

// goesOn reports whether a body is of a transaction that was begun before.
func goesOn(k cmp.BodyKind) bool {
	switch k {
	case cmp.CertificateConfirmation, cmp.PollRequest, cmp.PopResponse, cmp.ErrorMessage, cmp.Confirmation:
		return true
	}
	return false
}

// checkOriginals looks at the messages that a registration authority says it
// changed: they must have been protected rightly (RFC 9483, Section 5.2.3).
func (s *Server) checkOriginals(ctx context.Context, c *call) error {
	info, ok := c.message.Header.Find(cmp.InfoOrigPKIMessage)
	if !ok || !c.sender.ra {
		return nil
	}
	originals, err := info.Messages()
	if err != nil {
		return failure(cmp.BadDataFormat, "%v", err)
	}
	for _, m := range originals {
		if err := s.trusts(ctx, m); err != nil {
			return fmt.Errorf("the original message: %w", err)
		}
	}
	return nil
}

// begins reports whether a body asks for a certificate.
func begins(k cmp.BodyKind) bool {
	switch k {
	case cmp.InitializationRequest, cmp.CertificationRequest, cmp.KeyUpdateRequest, cmp.PKCS10Request:
		return true
	}
	return false
}

func (s *Server) dispatch(ctx context.Context, c *call) (cmp.Body, error) {
	m := c.message
	if err := c.sender.mayAsk(m.Body.Kind); err != nil {
		return cmp.Body{}, err
	}
	switch m.Body.Kind {
	case cmp.InitializationRequest, cmp.CertificationRequest, cmp.KeyUpdateRequest, cmp.PKCS10Request:
		return s.enrol(ctx, c)
	case cmp.RevocationRequest:
		return s.revoke(ctx, c)
	case cmp.GeneralMessage:
		return s.general(ctx, c)
	case cmp.NestedMessage:
		return s.nested(ctx, c)
	case cmp.CrossCertRequest:
		return cmp.Body{}, failure(cmp.NotAuthorized, "authorities certify each other by their operators, not by ccr")
	}
	if c.transaction == nil {
		return cmp.Body{}, failure(cmp.BadRequest, "%v does not begin a transaction, and there is none with this transactionID", m.Body.Kind)
	}
	switch m.Body.Kind {
	case cmp.CertificateConfirmation:
		return s.confirm(ctx, c)
	case cmp.PollRequest:
		return s.poll(ctx, c)
	case cmp.PopResponse:
		return s.solved(ctx, c)
	case cmp.ErrorMessage:
		return s.aborted(ctx, c)
	}
	return cmp.Body{}, failure(cmp.BadRequest, "%v is not taken here", m.Body.Kind)
}
