package cmpsrv

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/manufacturer"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/protocol/cmp"
	"github.com/certwright/certwright/request"
)

// sender is who a message is from, as its protection shows.
type sender struct {
	id     string // "secret:REFERENCE", "certificate:CA/SERIAL" or "device:FINGERPRINT"
	name   string // as the requester in the records
	secret *secret.Secret
	value  []byte           // of the secret
	used   *request.Refusal // why the secret is good for no more; nil where it is

	certificate *cert.Certificate
	record      *authority.Certificate // of the certificate; nil of one from elsewhere
	devices     []*manufacturer.Device // that such a one shows
	ra          bool                   // it may vouch for others
	gone        error                  // why the certificate is good for no more, but to be told so of itself; nil where it is
}

// method is how the sender was recognized, for the records.
func (s *sender) method() string {
	switch {
	case s.secret != nil:
		return "shared-secret"
	case s.devices != nil:
		return "manufacturer"
	}
	return "certificate"
}

func failure(info cmp.FailureInfo, format string, values ...any) error {
	return &cmp.Failure{Info: info, Text: fmt.Sprintf(format, values...)}
}

// recognize finds out whose message it is, by its protection.
func (s *Server) recognize(ctx context.Context, m *cmp.Message) (*sender, error) {
	switch {
	case m.Header.Algorithm == nil:
		return nil, failure(cmp.BadMessageCheck, "the message is not protected; protect it by a shared secret or a signature")
	case m.ByMAC():
		return s.bySecret(ctx, m)
	}
	return s.byCertificate(ctx, m)
}

// trusts holds that the protection of a message is right, and by what is good
// now.
func (s *Server) trusts(ctx context.Context, m *cmp.Message) error {
	from, err := s.recognize(ctx, m)
	if err != nil {
		return err
	}
	return from.gone
}

// owns refuses messages of another's transaction: with the bit for what begins
// one, for another kind of protection than it was begun with, for another MAC, or
// for another sender.
func (s *sender) owns(t *transaction, kind cmp.BodyKind, mac string) error {
	before, now := protection(t.Sender), protection(s.id)
	switch {
	case t.Sender == s.id && s.secret != nil && t.MAC != "" && t.MAC != mac:
		return failure(cmp.BadMessageCheck, "the message is protected by another MAC than its transaction was begun by")
	case t.Sender == s.id:
		return nil
	case !goesOn(kind):
		return failure(cmp.TransactionIDInUse, "the transactionID is that of another sender's transaction; draw another one")
	case before != now:
		return failure(cmp.WrongIntegrity, "the message is protected by a %s, but its transaction was begun by a %s", now, before)
	}
	return failure(cmp.NotAuthorized, "the transaction is another sender's")
}

// protection is the word for what a sender protects messages by.
func protection(sender string) string {
	if strings.HasPrefix(sender, "secret:") {
		return "shared secret"
	}
	return "certificate"
}

// maxReference bounds what is looked up.
const maxReference = 200

// bySecret recognizes the holder of a shared secret. Nobody is told whether a
// reference or the secret to it is wrong. One that is good for no more is
// recognized, too: what it began may be ended.
func (s *Server) bySecret(ctx context.Context, m *cmp.Message) (*sender, error) {
	wrong := failure(cmp.BadMessageCheck, "the protection does not verify: the reference or the secret is wrong")
	reference := string(m.Header.SenderKID)
	if len(reference) > maxReference {
		return nil, wrong
	}
	known, value, err := s.config.Secrets.Open(ctx, reference, "cmp")
	var used *request.Refusal
	if errors.As(err, &used) {
		known, value, err = s.config.Secrets.Recall(ctx, reference)
		if errors.As(err, new(*request.Refusal)) {
			return nil, wrong
		}
	}
	if err != nil {
		return nil, err
	}
	if err := m.VerifySecret(value); err != nil {
		if errors.Is(err, cmp.ErrProtection) {
			return nil, wrong
		}
		return nil, failure(cmp.BadAlg, "the protection cannot be checked: %v", err)
	}
	return &sender{id: "secret:" + reference, name: reference, secret: known, value: value, used: used}, nil
}

// byCertificate recognizes the holder of a certificate of ours, or of a
// manufacturer that is known.
func (s *Server) byCertificate(ctx context.Context, m *cmp.Message) (*sender, error) {
	if len(m.ExtraCerts) == 0 {
		info := cmp.SignerNotTrusted
		if m.Body.Kind == cmp.RevocationRequest {
			info = cmp.BadMessageCheck // what it is about is not shown to be the sender's own (RFC 9483, Section 4.2)
		}
		return nil, failure(info, "the certificate of the key that signed is missing; send it first among the extraCerts")
	}
	by, err := s.protectors.of(m.ExtraCerts[0])
	if err != nil {
		return nil, failure(cmp.BadDataFormat, "the first of the extraCerts cannot be read: %v", err)
	}
	c := by.certificate
	if err := m.VerifySignatureBy(by.verifier); err != nil {
		if errors.Is(err, cmp.ErrProtection) {
			return nil, failure(cmp.BadMessageCheck, "the protection does not verify by the first of the extraCerts")
		}
		return nil, failure(cmp.BadAlg, "the protection cannot be checked: %v", err)
	}
	if name, err := m.Header.Sender.Directory(); err != nil || !name.Equal(c.Subject) {
		return nil, failure(cmp.BadMessageCheck, "the sender is not the subject of the certificate of the protection")
	}
	if err := checkSenderKID(m, c); err != nil {
		return nil, err
	}
	record, gone, err := s.ours(ctx, c)
	if err != nil {
		return nil, err
	}
	from := &sender{certificate: c, gone: gone}
	if record == nil {
		if from, err = s.device(c, m.ExtraCerts[1:]); err != nil {
			return nil, err
		}
	} else {
		from.id, from.name = "certificate:"+record.CA+"/"+hex.EncodeToString(record.Serial), record.Subject
		from.record, from.ra = record, isRA(c)
	}
	s.protectors.keep(by)
	return from, mayProtect(c)
}

// checkSenderKID holds senderKID against the certificate of the protection: it
// is the certificate's key identifier, wherever that has one (RFC 9483, Section
// 3.1).
func checkSenderKID(m *cmp.Message, c *cert.Certificate) error {
	kid := m.Header.SenderKID
	if kid == nil {
		if _, has := ext.Find(c.Extensions, oid.SubjectKeyIdentifier); has {
			return failure(cmp.BadMessageCheck, "senderKID is missing: it has to be the key identifier of the certificate of the protection")
		}
		return nil
	}
	if !bytes.Equal(kid, keyIdentifier(c)) {
		return failure(cmp.BadMessageCheck, "senderKID is not the key identifier of the certificate of the protection")
	}
	return nil
}

func keyIdentifier(c *cert.Certificate) []byte {
	if e, ok := ext.Find(c.Extensions, oid.SubjectKeyIdentifier); ok {
		if id, err := ext.ParseSubjectKeyIdentifier(e.Value); err == nil {
			return id
		}
	}
	return c.PublicKey.Identifier()
}

// isRA reports whether a certificate makes its holder a registration authority
// (RFC 9483, Section 1.7).
func isRA(c *cert.Certificate) bool {
	e, ok := ext.Find(c.Extensions, oid.ExtKeyUsage)
	if !ok {
		return false
	}
	purposes, err := ext.ParseExtKeyUsage(e.Value)
	return err == nil && slices.Contains(purposes, oid.CMCRA)
}

// ours returns the record of a certificate that one of our authorities issued
// and that is good now, or what has to be said of one that is revoked; nil of
// one from elsewhere.
func (s *Server) ours(ctx context.Context, c *cert.Certificate) (record *authority.Certificate, gone, err error) {
	all, err := s.config.Authority.CAsNamed(ctx, c.Issuer)
	if err != nil {
		return nil, nil, err
	}
	for _, ca := range all {
		standing, record, err := s.standings.of(ctx, ca.Name, c.SerialBytes)
		if err != nil {
			return nil, nil, err
		}
		if record == nil {
			if err := s.unconfirmed(ctx, ca.Name, c); err != nil {
				return nil, nil, err
			}
		}
		if record == nil || !bytes.Equal(record.DER, c.Raw) {
			continue
		}
		switch standing {
		case authority.StandingGood:
			return record, nil, nil
		case authority.StandingRevoked, authority.StandingHold:
			return record, failure(cmp.CertRevoked, "the certificate of the protection is revoked"), nil
		}
		return nil, nil, failure(cmp.SignerNotTrusted, "the certificate of the protection is %s", standing)
	}
	return nil, nil, nil
}

// unconfirmedError says that a message is protected by a certificate that waits to
// be confirmed.
type unconfirmedError struct{ *cmp.Failure }

func (e *unconfirmedError) Unwrap() error { return e.Failure }

// unconfirmed refuses a certificate that its holder has yet to confirm.
func (s *Server) unconfirmed(ctx context.Context, ca string, c *cert.Certificate) error {
	record, err := s.config.Store.Certificate(ctx, ca, c.Serial.Bytes())
	switch {
	case errors.Is(err, authority.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("looking for the certificate of the protection: %w", err)
	case record.Status == authority.StatusUnconfirmed && bytes.Equal(record.DER, c.Raw):
		return &unconfirmedError{&cmp.Failure{Info: cmp.SignerNotTrusted, Text: "the certificate of the protection is not confirmed yet; protect the message as the request for it was"}}
	}
	return nil
}

// mayProtect refuses certificates whose key is not for signing.
func mayProtect(c *cert.Certificate) error {
	e, ok := ext.Find(c.Extensions, oid.KeyUsage)
	if !ok {
		return nil
	}
	usage, err := ext.ParseKeyUsage(e.Value)
	if err != nil || usage&ext.DigitalSignature == 0 {
		return failure(cmp.NotAuthorized, "the key usage of the certificate of the protection has no digitalSignature")
	}
	return nil
}

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
	c.sender, err = s.recognize(ctx, m)
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
