package authority

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// pendingKind is the kind of the records of what was encrypted to applicants
// and waits for their answer, by the ticket's ID.
const pendingKind = "confirmation"

// pending is the body of such a record.
type pending struct {
	Holds   evidence.Deferred `json:"holds"`
	Message []byte            `json:"message"` // DER of the CMS message; empty where the certificate may be had in the clear
}

// Confirmation is an applicant's answer to what was encrypted to the key of
// the request. It shows that the applicant holds the private key.
type Confirmation struct {
	Ticket   string
	From     string      // who answers, where the front door knows
	Hash     crypto.Hash // that CertHash is made with; 0 is SHA-256
	CertHash []byte      // of the certificate as it was decrypted (RFC 9810, Section 5.3.18)
	Answer   *big.Int    // the number in the challenge (RFC 9810, Section 5.2.8)
	Rejected string      // why the applicant does not want the certificate; empty where it is wanted

	// With is that of Submission. Of the outcome it is told the ticket and the
	// refusal alone; it is not called where the answer comes too late.
	With func(*Outcome) ([]*Record, error)
}

// Confirm takes an applicant's answer. The right one makes the unconfirmed
// certificate valid, or has the request that waits for it judged and signed; a
// wrong one, one that comes too late, and a rejection close the ticket and
// revoke the certificate. Either is recorded, and is the outcome.
func (a *Authority) Confirm(ctx context.Context, c Confirmation) (*Outcome, error) {
	for range attempts {
		t, err := a.in(ctx, c.Ticket, StateUnconfirmed, StateAsked)
		if err != nil {
			return nil, err
		}
		if err := mayAnswer(t, c.From); err != nil {
			return nil, err
		}
		r, err := a.config.Store.Record(ctx, pendingKind, t.ID)
		if errors.Is(err, ErrNotFound) {
			return nil, wrongState(t)
		}
		if err != nil {
			return nil, fmt.Errorf("reading what ticket %s waits for: %w", t.ID, err)
		}
		out, err := a.confirmOnce(ctx, &c, t, r)
		if !errors.Is(err, ErrConflict) && !again(err) {
			return out, err
		}
	}
	return nil, fmt.Errorf("confirming ticket %s: its records change all the time", c.Ticket)
}

func (a *Authority) confirmOnce(ctx context.Context, c *Confirmation, t *Ticket, r *Record) (*Outcome, error) {
	from := c.From
	if from == "" {
		from = orUnknown(t.Requester)
	}
	switch {
	case r.Due.Before(a.now()):
		return a.lapse(ctx, t, r)
	case c.Rejected != "":
		return a.close(ctx, c, t, r, StateWithdrawn, from, unproven("the applicant does not want the certificate: "+c.Rejected, "submit another request"))
	case t.State == StateAsked:
		return a.answered(ctx, c, t, r)
	}
	record, err := a.config.Store.Certificate(ctx, t.CA, t.Serial)
	if err != nil {
		return nil, fmt.Errorf("certificate of ticket %s: %w", t.ID, err)
	}
	if record.Status != StatusUnconfirmed {
		return a.close(ctx, c, t, r, StateRefused, "system", unproven("the certificate was revoked before it was confirmed", "submit the request again"))
	}
	if !sameHash(c, record.DER) {
		return a.close(ctx, c, t, r, StateRefused, from, unproven("the answer is not the hash of the certificate that was given out",
			"read the certificate, with the private key of the request where it is encrypted, and answer what certwright request confirm makes of it"))
	}
	return a.confirmed(ctx, c, t, r, from, record)
}

func unproven(detail, fix string) *request.Refusal {
	return &request.Refusal{Reason: request.BadPossession, Field: "popo", Rule: "possession (RFC 4211, Section 4.2)", Detail: detail, Fix: fix}
}

func sameHash(c *Confirmation, der []byte) bool {
	h := c.Hash
	if h == 0 {
		h = crypto.SHA256
	}
	if !h.Available() {
		return false
	}
	sum := h.New()
	sum.Write(der)
	return subtle.ConstantTimeCompare(sum.Sum(nil), c.CertHash) == 1
}

// confirmed makes an unconfirmed certificate a valid one.
func (a *Authority) confirmed(ctx context.Context, by *Confirmation, t *Ticket, r *Record, from string, c *Certificate) (*Outcome, error) {
	var e evidence.Evidence
	if err := json.Unmarshal(t.Evidence, &e); err != nil {
		return nil, fmt.Errorf("evidence of ticket %s: %w", t.ID, err)
	}
	e.Possession.Proven, e.Possession.Deferred, e.Possession.Detail = true, "", ""
	var err error
	if t.Evidence, err = json.Marshal(e); err != nil {
		return nil, fmt.Errorf("encoding the evidence: %w", err)
	}
	t.State = StateIssued
	event, err := NewEvent(a.now(), from, "request.confirmed", "ticket:"+t.ID, struct {
		CA          string `json:"ca"`
		Serial      string `json:"serial"`
		Certificate string `json:"certificate"`
		Possession  string `json:"possession"`
	}{t.CA, hex.EncodeToString(t.Serial), hex.EncodeToString(c.Fingerprint), "proven by " + e.Possession.Method})
	if err != nil {
		return nil, err
	}
	change := &Change{
		PutTicket:     &TicketWrite{Ticket: t, From: StateUnconfirmed},
		SetStatus:     &StatusWrite{CA: t.CA, Serial: t.Serial, From: StatusUnconfirmed, To: StatusValid},
		DeleteRecords: []*Record{r}, Events: []*Event{event},
	}
	if err := change.addRecords(by.With, &Outcome{Ticket: t}); err != nil {
		return nil, err
	}
	if err := a.commitOne(ctx, change); err != nil {
		return nil, err
	}
	a.tellStatus(&Certificate{CA: t.CA, Serial: t.Serial})
	return a.outcome(ctx, t)
}

// close refuses or withdraws what waits for an answer, and revokes the
// certificate where there is one.
func (a *Authority) close(ctx context.Context, c *Confirmation, t *Ticket, r *Record, to State, by string, why *request.Refusal) (*Outcome, error) {
	now, from := a.now(), t.State
	findings := findingsOf(t)
	findings = append([]issuance.Finding{{Rule: "possession", Citation: "RFC 4211, Section 4.2", Severity: issuance.Error, Reason: why.Reason, Field: why.Field, Detail: why.Detail, Fix: why.Fix}}, findings...)
	var err error
	if t.Findings, err = json.Marshal(findings); err != nil {
		return nil, fmt.Errorf("encoding the findings: %w", err)
	}
	t.State, t.Decided, t.Decider = to, now, byProfile
	change := &Change{PutTicket: &TicketWrite{Ticket: t, From: from}, DeleteRecords: []*Record{r}}
	fingerprint := ""
	if from == StateUnconfirmed {
		record, err := a.config.Store.Certificate(ctx, t.CA, t.Serial)
		if err != nil {
			return nil, fmt.Errorf("certificate of ticket %s: %w", t.ID, err)
		}
		fingerprint = hex.EncodeToString(record.Fingerprint)
		if record.Status == StatusUnconfirmed {
			change.SetStatus = &StatusWrite{CA: t.CA, Serial: t.Serial, From: StatusUnconfirmed, To: StatusRevoked, Revoked: now, Reason: int(crl.Unspecified)}
		}
	}
	event, err := NewEvent(now, by, "request."+string(to), "ticket:"+t.ID, struct {
		Rule        string `json:"rule"`
		Detail      string `json:"detail"`
		CA          string `json:"ca,omitempty"`
		Serial      string `json:"serial,omitempty"`
		Certificate string `json:"certificate,omitempty"`
	}{"possession", why.Detail, t.CA, hex.EncodeToString(t.Serial), fingerprint})
	if err != nil {
		return nil, err
	}
	change.Events = []*Event{event}
	if err := change.addRecords(c.With, &Outcome{Ticket: t, Refusal: why}); err != nil {
		return nil, err
	}
	if err := a.commitOne(ctx, change); err != nil {
		return nil, err
	}
	if change.SetStatus != nil {
		a.tellStatus(&Certificate{CA: t.CA, Serial: t.Serial})
	}
	return &Outcome{Ticket: t, Refusal: why}, nil
}

func findingsOf(t *Ticket) []issuance.Finding {
	var findings []issuance.Finding
	if json.Unmarshal(t.Findings, &findings) != nil {
		return nil
	}
	return findings
}

// answered judges a request whose sender answered the challenge.
func (a *Authority) answered(ctx context.Context, c *Confirmation, t *Ticket, r *Record) (*Outcome, error) {
	s, err := resubmission(t)
	if err != nil {
		return nil, err
	}
	var answer []byte
	if c.Answer != nil {
		answer = c.Answer.Bytes()
	}
	after := evidence.Answered(*s.before, answer)
	s.before, s.With = &after, c.With
	if !after.Possession.Proven {
		return a.close(ctx, c, t, r, StateRefused, orUnknown(t.Requester), unproven(after.Possession.Detail, after.Possession.Fix))
	}
	d, err := a.rejudge(ctx, s, t)
	if err != nil {
		return nil, err
	}
	d.decide(t)
	return a.record(ctx, d, &TicketWrite{Ticket: t, From: StateAsked}, "", func(_ *Certificate, change *Change) error {
		// The certificate may be to be confirmed, too: its record takes the place
		// of the challenge's.
		for _, next := range change.PutRecords {
			if next.Kind == r.Kind && next.ID == r.ID {
				next.Revision = r.Revision
				return nil
			}
		}
		change.DeleteRecords = append(change.DeleteRecords, r)
		return nil
	})
}

// Lapse closes what waited for a confirmation longer than its profile lets it:
// unconfirmed certificates are revoked. It returns how many.
func (a *Authority) Lapse(ctx context.Context) (int, error) {
	list, err := a.config.Store.FindRecords(ctx, RecordQuery{Kind: pendingKind, DueBefore: a.now()})
	if err != nil {
		return 0, fmt.Errorf("looking for certificates that nobody confirmed: %w", err)
	}
	for n, r := range list {
		t, err := a.ticket(ctx, r.ID)
		if err == nil {
			_, err = a.lapse(ctx, t, r)
		}
		if err != nil && !errors.Is(err, ErrConflict) {
			return n, fmt.Errorf("closing ticket %s, which nobody confirmed: %w", r.ID, err)
		}
	}
	return len(list), nil
}

func (a *Authority) lapse(ctx context.Context, t *Ticket, r *Record) (*Outcome, error) {
	if t.State != StateUnconfirmed && t.State != StateAsked {
		return nil, a.commitOne(ctx, &Change{DeleteRecords: []*Record{r}})
	}
	return a.close(ctx, &Confirmation{}, t, r, StateRefused, "system", unproven(
		"nobody showed in time to hold the private key: the time ended on "+r.Due.Format(time.RFC3339), "submit the request again, and confirm within the time"))
}

// pend adds to a change what the applicant has to answer, and tells the
// outcome.
func (a *Authority) pend(d *decision, c *Change, out *Outcome) error {
	body := pending{Holds: d.evidence.Possession.Deferred, Message: d.message}
	if c.AddCertificate != nil && body.Holds != "" {
		var err error
		if body.Message, err = encryptTo(d.submission.Request.PublicKey, c.AddCertificate.DER); err != nil {
			return err
		}
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encoding what waits for a confirmation: %w", err)
	}
	r := &Record{Kind: pendingKind, ID: c.PutTicket.Ticket.ID, Due: d.now.Add(d.profile.ConfirmWithin), Body: encoded}
	c.PutRecords = append(c.PutRecords, r)
	out.tell(r, &body)
	return nil
}

// tell puts into the outcome what the applicant has to decrypt, in place of a
// certificate that nobody may have in the clear yet.
func (o *Outcome) tell(r *Record, p *pending) {
	if p.Holds != "" {
		o.Certificate = nil
	}
	o.Encrypted, o.Holds, o.Until = p.Message, p.Holds, r.Due
}

// waitsFor fills in what a ticket of the records waits for.
func (a *Authority) waitsFor(ctx context.Context, out *Outcome) error {
	r, err := a.config.Store.Record(ctx, pendingKind, out.Ticket.ID)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading what ticket %s waits for: %w", out.Ticket.ID, err)
	}
	p, err := Body[pending](r)
	if err != nil {
		return err
	}
	out.tell(r, p)
	return nil
}

// challenge makes a number that only the holder of the request's key can read,
// and keeps what its answer is known by.
func (d *decision) challenge() error {
	nonce := make([]byte, 16)
	for nonce[0] == 0 {
		rand.Read(nonce)
	}
	subject := ext.NewDirectoryName(d.issuer.Name())
	content := crmf.MarshalRand(crmf.Rand{Number: new(big.Int).SetBytes(nonce), Sender: subject})
	message, err := encryptTo(d.submission.Request.PublicKey, content)
	if err != nil {
		return err
	}
	d.message = message
	d.evidence.Possession.Challenge = hex.EncodeToString(sha(nonce))
	return nil
}

// unsendable ends a request whose certificate cannot be encrypted to its key
// after all: what was signed is thrown away unseen. The request is refused, or
// where an officer approved it, stays held.
func (a *Authority) unsendable(ctx context.Context, d *decision, w *TicketWrite, officer string, why *request.Refusal) (*Outcome, error) {
	t := w.Ticket
	d.refusal, t.Serial = why, nil
	if err := d.describe(t); err != nil {
		return nil, err
	}
	if officer != "" {
		t.State, t.Decided, t.Decider = StateHeld, time.Time{}, ""
		t.Messages = t.Messages[:len(t.Messages)-1]
		return a.stillHeld(ctx, d, w, officer)
	}
	d.decide(t)
	return a.record(ctx, d, w, "", nil)
}

// encryptTo encrypts to the key of a request as CRMF and CMP have it, in an
// EnvelopedData (RFC 9810, Section 5.2.2). Where it cannot be done, that is a
// *request.Refusal: it is the key's fault.
func encryptTo(public *key.Public, content []byte) ([]byte, error) {
	sealed, err := cms.Encrypt(content, cms.Envelope{Cipher: oid.AES256CBC, For: []cms.For{{Public: public, Identifier: cms.Identifier{KeyIdentifier: recipient(public)}}}}, rand.Reader)
	if err != nil {
		r := unproven(fmt.Sprintf("nothing can be encrypted to the key of the request (%v): %v", public, err), "make a new key of RSA, P-256 or X25519, and a request with it")
		r.Reason, r.Field = request.BadKey, "publicKey"
		return nil, r
	}
	return sealed.Raw, nil
}

func recipient(public *key.Public) []byte { return sha(public.Bits)[:20] }
