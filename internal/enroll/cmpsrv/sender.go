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

// recognizeAt is recognize of a message from an address. From one that shows wrong
// secrets all the time none is tried for a while, so that they are not guessed at
// speed.
func (s *Server) recognizeAt(ctx context.Context, address string, m *cmp.Message) (*sender, error) {
	if m.Header.Algorithm == nil || !m.ByMAC() {
		return s.recognize(ctx, m)
	}
	now := s.config.Now()
	if s.strange.Spent(address, now) {
		return nil, failure(cmp.SystemUnavail, "too many messages from this address are protected by a wrong secret; wait a while")
	}
	from, err := s.recognize(ctx, m)
	var wrong *cmp.Failure
	if errors.As(err, &wrong) && wrong.Info == cmp.BadMessageCheck {
		s.strange.Allow(address, now)
	}
	return from, err
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
// reference or the secret to it is wrong: where there is no secret, another one is
// tried, so that the answer takes as long. One that is good for no more is
// recognized, too: what it began may be ended.
func (s *Server) bySecret(ctx context.Context, m *cmp.Message) (*sender, error) {
	reference := string(m.Header.SenderKID)
	if len(reference) > maxReference {
		reference = "" // which is no secret's, either
	}
	known, value, err := s.config.Secrets.Open(ctx, reference, "cmp")
	var used *request.Refusal
	if errors.As(err, &used) {
		known, value, err = s.config.Secrets.Recall(ctx, reference)
		if errors.As(err, new(*request.Refusal)) {
			known, value, err = nil, []byte("the secret of nobody"), nil
		}
	}
	if err != nil {
		return nil, err
	}
	err = m.VerifySecret(value)
	if err != nil && !errors.Is(err, cmp.ErrProtection) {
		return nil, failure(cmp.BadAlg, "the protection cannot be checked: %v", err)
	}
	if err != nil || known == nil {
		return nil, failure(cmp.BadMessageCheck, "the protection does not verify: the reference or the secret is wrong")
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
			return record, nil, s.above(ctx, ca.Name)
		case authority.StandingRevoked, authority.StandingHold:
			return record, failure(cmp.CertRevoked, "the certificate of the protection is revoked"), nil
		}
		return nil, nil, failure(cmp.SignerNotTrusted, "the certificate of the protection is %s", standing)
	}
	return nil, nil, nil
}

// above refuses the certificates of an authority whose own certificate, or one
// above it, is revoked or on hold.
func (s *Server) above(ctx context.Context, ca string) error {
	withdrawn, err := s.config.Authority.Withdrawn(ctx, ca)
	if err != nil {
		return fmt.Errorf("looking at the authority of the certificate of the protection: %w", err)
	}
	if withdrawn {
		return failure(cmp.SignerNotTrusted, "an authority above the certificate of the protection is revoked or on hold")
	}
	return nil
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
