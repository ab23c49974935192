package authority

import (
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/request"
)

// RevocationOrder asks for a certificate to be revoked. By is the officer, or
// empty where the holder shows Password (the challenge password of the
// request) or Proof (a signature of the certificate's key over ProofMessage,
// by the algorithm that such keys sign with by default).
type RevocationOrder struct {
	CA       string // empty: the only issuing one
	Serial   []byte
	Reason   crl.Reason // CertificateHold can be released
	Invalid  time.Time
	By       string
	Method   string // how the front door saw that By may, for the audit chain; empty: By is an officer
	Password string
	Proof    []byte
	Caller   string // who shows Password or Proof; what they show in vain is counted

	Records []*Record // that go on record together with the revocation

	Seen func(*Certificate) error // looks at the certificate when the right to revoke it is shown; its error ends the order; nil: none
}

// ProofMessage is what a holder signs to have a certificate revoked.
func ProofMessage(ca string, serial []byte, reason crl.Reason) []byte {
	return fmt.Appendf(nil, "certwright: revoke certificate\nauthority: %q\nserial: %x\nreason: %s\n", ca, trimZeros(serial), reason)
}

func trimZeros(serial []byte) []byte {
	for len(serial) > 1 && serial[0] == 0 {
		serial = serial[1:]
	}
	return serial
}

// Revoke records a revocation and returns the certificate's record. Orders
// that cannot be followed are *request.Refusal errors. A certificate on hold
// can be revoked for good; one revoked for good stays so, and only its reason can
// become keyCompromise, where that turned out later. The key of a certificate revoked for keyCompromise is not certified again.
func (a *Authority) Revoke(ctx context.Context, o RevocationOrder) (*Certificate, error) {
	if !o.Reason.Valid() || o.Reason == crl.RemoveFromCRL {
		return nil, &request.Refusal{Reason: request.BadFormat, Field: "reason", Detail: fmt.Sprintf("%v is no reason to revoke a certificate for", o.Reason),
			Fix: "use keyCompromise, affiliationChanged, superseded, cessationOfOperation, certificateHold or another of RFC 5280; use release to take a certificate off hold"}
	}
	c, err := a.certificate(ctx, o.CA, o.Serial)
	if err != nil {
		return nil, err
	}
	by, method, err := a.shown(ctx, c, &o)
	if err != nil {
		return nil, err
	}
	for attempt := range attempts {
		if attempt > 0 {
			if c, err = a.certificate(ctx, o.CA, o.Serial); err != nil {
				return nil, err
			}
		}
		w, err := o.change(c, a.now())
		if err != nil {
			return nil, err
		}
		err = a.setStatus(ctx, c, w, by, method, o.Records...)
		if !errors.Is(err, ErrConflict) {
			return c, err
		}
	}
	return nil, fmt.Errorf("revoking certificate %x: its status changes all the time", o.Serial)
}

// change is what an order changes of a certificate.
func (o *RevocationOrder) change(c *Certificate, now time.Time) (*StatusWrite, error) {
	if o.Seen != nil {
		if err := o.Seen(c); err != nil {
			return nil, err
		}
	}
	w := &StatusWrite{CA: c.CA, Serial: c.Serial, From: c.Status, To: StatusRevoked, Revoked: now, Reason: int(o.Reason), Invalid: o.Invalid}
	if o.Reason == crl.CertificateHold {
		w.To = StatusHold
	}
	switch {
	case c.Status == StatusUnconfirmed && w.To == StatusHold:
		return nil, &request.Refusal{Reason: request.WrongState, Field: "serial", Detail: fmt.Sprintf("certificate %x is unconfirmed, and not in use yet", c.Serial),
			Fix: "revoke it for good, with another reason"}
	case c.Status == StatusRevoked && o.Reason == crl.KeyCompromise && crl.Reason(c.Reason) != crl.KeyCompromise:
		w.Revoked = c.Revoked // what was known later does not make it valid for longer
	case c.Status == StatusRevoked || c.Status == w.To:
		return nil, alreadyRevoked(c)
	}
	return w, nil
}

func alreadyRevoked(c *Certificate) *request.Refusal {
	r := &request.Refusal{Reason: request.AlreadyRevoked, Field: "serial",
		Detail: fmt.Sprintf("certificate %x was revoked on %s, reason %v", c.Serial, c.Revoked.Format(time.RFC3339), crl.Reason(c.Reason)),
		Fix:    "nothing needs to be done"}
	if c.Status == StatusHold {
		r.Detail = fmt.Sprintf("certificate %x is on hold already, since %s", c.Serial, c.Revoked.Format(time.RFC3339))
		r.Fix = "release it, or revoke it with another reason"
	}
	return r
}

// certificate finds a record by authority and serial number.
func (a *Authority) certificate(ctx context.Context, ca string, serial []byte) (*Certificate, error) {
	if ca == "" {
		s, err := a.signatory(ctx, "")
		if err != nil {
			return nil, err
		}
		ca = s.ca.Name
	}
	c, err := a.config.Store.Certificate(ctx, ca, trimZeros(serial))
	if errors.Is(err, ErrNotFound) {
		return nil, &request.Refusal{Reason: request.UnknownCertificate, Field: "serial",
			Detail: fmt.Sprintf("authority %q has no certificate with the serial number %x", ca, serial), Fix: "look for it with `certwright list`"}
	}
	if err != nil {
		return nil, fmt.Errorf("reading certificate %x: %w", serial, err)
	}
	return c, nil
}

// shown returns who gives an order, and by what right. An order without the right to
// it is on record; of those that show something not so many are looked at.
func (a *Authority) shown(ctx context.Context, c *Certificate, o *RevocationOrder) (by, method string, err error) {
	takeBack := func() error { return nil }
	if personOf(o.By) == "" && (o.Password != "" || len(o.Proof) > 0) {
		if takeBack, err = a.count(ctx, o); err != nil {
			return "", "", err
		}
	}
	by, method, err = a.mayRevoke(ctx, c, o)
	refusal := asRefusal(err)
	switch {
	case err == nil:
		return by, method, takeBack()
	case refusal == nil || refusal.Reason != request.NotAuthorized:
		return "", "", errors.Join(err, takeBack())
	}
	if told := a.tellRefused(ctx, c.CA, c.Serial, o, by, method, refusal.Detail); told != nil {
		return "", "", told
	}
	return "", "", err
}

// tellRefused records that an order was given without the right to it.
func (a *Authority) tellRefused(ctx context.Context, ca string, serial []byte, o *RevocationOrder, by, method, cause string) error {
	e, err := NewEvent(a.now(), by, "revocation.refused", "certificate:"+ca+"/"+hex.EncodeToString(serial), struct {
		Reason string `json:"reason"`
		Method string `json:"method,omitempty"`
		Caller string `json:"caller,omitempty"`
		Cause  string `json:"cause"`
	}{o.Reason.String(), method, o.Caller, cause})
	if err != nil {
		return err
	}
	return a.commitOne(ctx, &Change{Events: []*Event{e}})
}

// mayRevoke returns who gives the order, and by what right.
func (a *Authority) mayRevoke(ctx context.Context, c *Certificate, o *RevocationOrder) (by, method string, err error) {
	switch {
	case personOf(o.By) != "":
		return personOf(o.By), cmp.Or(o.Method, "officer"), nil
	case o.Password != "":
		return "holder", "challenge-password", a.checkPassword(ctx, c, o.Password)
	case len(o.Proof) > 0:
		return "holder", "key-signature", checkProof(c, o)
	}
	return "", "", notHolder("nothing shows that the order comes from an officer or from the holder", "show the challenge password, sign with the key, or name the officer: --officer NAME")
}

func notHolder(detail, fix string) *request.Refusal {
	return &request.Refusal{Reason: request.NotAuthorized, Field: "proof", Detail: detail, Fix: fix}
}

func (a *Authority) checkPassword(ctx context.Context, c *Certificate, password string) error {
	const fix = "sign the order with the key of the certificate, or ask an officer"
	if c.Ticket == "" {
		return notHolder("the request of the certificate is not in the records, so no password can be compared", fix)
	}
	t, err := a.ticket(ctx, c.Ticket)
	if err != nil {
		return err
	}
	s, err := resubmission(t)
	if err != nil {
		return err
	}
	set, ok := s.Request.ChallengePassword()
	if !ok || set == "" {
		return notHolder("the request of the certificate has no challenge password", fix)
	}
	if why := request.ChallengeWeakness(set); why != "" {
		return notHolder("the challenge password of the request is too weak to revoke by: "+why, fix)
	}
	// Digests are compared, so that not even the length shows.
	if subtle.ConstantTimeCompare(sha([]byte(set)), sha([]byte(password))) != 1 {
		return notHolder("the password is not the challenge password of the request", fix)
	}
	return nil
}

func checkProof(c *Certificate, o *RevocationOrder) error {
	parsed, err := cert.Parse(c.DER)
	if err != nil {
		return fmt.Errorf("certificate %x: %w", c.Serial, err)
	}
	algorithm, err := key.ChooseSignatureAlgorithm(parsed.PublicKey, "", false)
	if err != nil {
		return notHolder("the key of the certificate cannot make signatures", "show the challenge password, or ask an officer")
	}
	if err := key.Verify(parsed.PublicKey, algorithm.Identifier, ProofMessage(c.CA, c.Serial, o.Reason), o.Proof); err != nil {
		return notHolder("the signature is not of the certificate's key over this order", "sign the order of this certificate and reason, with its key")
	}
	return nil
}

// setStatus commits a change of status and brings the record up to date.
func (a *Authority) setStatus(ctx context.Context, c *Certificate, w *StatusWrite, by, method string, with ...*Record) error {
	action := map[Status]string{StatusRevoked: "certificate.revoked", StatusHold: "certificate.held", StatusValid: "certificate.released"}[w.To]
	e, err := NewEvent(a.now(), by, action, "certificate:"+c.CA+"/"+hex.EncodeToString(c.Serial), struct {
		From    Status    `json:"from"`
		To      Status    `json:"to"`
		Reason  string    `json:"reason,omitempty"`
		Method  string    `json:"method"`
		Revoked time.Time `json:"revoked,omitzero"`
		Invalid time.Time `json:"invalid,omitzero"`
	}{w.From, w.To, crl.Reason(w.Reason).String(), method, w.Revoked.UTC(), w.Invalid.UTC()})
	if err != nil {
		return err
	}
	if err := a.commitOne(ctx, &Change{SetStatus: w, PutRecords: with, Events: []*Event{e}}); err != nil {
		return err
	}
	a.forget() // it may be the certificate of an authority
	a.tellStatus(c)
	c.Status, c.Revoked, c.Reason, c.Invalid = w.To, w.Revoked, w.Reason, w.Invalid
	if w.To == StatusValid {
		c.Revoked, c.Reason, c.Invalid = time.Time{}, 0, time.Time{}
	}
	return nil
}

// Release takes a certificate off hold.
func (a *Authority) Release(ctx context.Context, ca string, serial []byte, officer string) (*Certificate, error) {
	return a.ReleaseWith(ctx, ca, serial, officer)
}

// ReleaseWith is Release together with records.
func (a *Authority) ReleaseWith(ctx context.Context, ca string, serial []byte, officer string, with ...*Record) (*Certificate, error) {
	if officer = personOf(officer); officer == "" {
		return nil, notHolder("a release needs the name of the officer who orders it", "name the officer: --officer NAME")
	}
	c, err := a.certificate(ctx, ca, serial)
	if err != nil {
		return nil, err
	}
	if c.Status != StatusHold {
		return nil, notOnHold(c)
	}
	w := &StatusWrite{CA: c.CA, Serial: c.Serial, From: StatusHold, To: StatusValid, Revoked: a.now(), Reason: int(crl.RemoveFromCRL)}
	if err := a.setStatus(ctx, c, w, officer, "officer", with...); errors.Is(err, ErrConflict) {
		return nil, notOnHold(c)
	} else if err != nil {
		return nil, err
	}
	return c, nil
}

func notOnHold(c *Certificate) *request.Refusal {
	r := &request.Refusal{Reason: request.NotRevoked, Field: "serial", Detail: fmt.Sprintf("certificate %x is not on hold", c.Serial), Fix: "nothing needs to be done"}
	if c.Status == StatusRevoked {
		r.Detail += fmt.Sprintf(": it was revoked for good, reason %v", crl.Reason(c.Reason))
		r.Fix = "have a new certificate issued"
	}
	return r
}
