package authority

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// Submission is a request as a front door hands it in.
type Submission struct {
	CA             string // empty: the only issuing one
	Profile        string // empty: the authority's default, or "server"
	Request        *request.Request
	Origin         evidence.Origin
	Controls       []evidence.Control
	Witness        evidence.Witness // what possession is checked against besides, and nothing records
	Asked          issuance.Asked
	IdempotencyKey string
	Replaces       *Certificate // the certificate this one renews
	DryRun         bool         // judge, record nothing, sign nothing
	First          bool         // Submitted has said that the idempotency key is new; a mistake is found all the same

	// Entitled says whether the sender may have the certificate: a
	// *request.Refusal where not, else the records that this rests on. Those
	// must be the same still at the moment that the outcome is recorded; where
	// one was changed meanwhile, what was signed is thrown away, and Entitled
	// asked anew. A dry run does not ask. Nil: they may.
	Entitled func(ctx context.Context) ([]*Record, error)

	// Retry tells which reasons of a refusal do not use up the idempotency key:
	// the ticket is recorded without it. Nil: all do.
	Retry func(request.Reason) bool

	// With returns what goes on record together with the outcome, of which it is
	// told before: whoever has to remember what they answer needs no second
	// commit. It may be called again, where what was signed is thrown away; it is
	// not called for what was submitted before, nor by a dry run. Nil: nothing.
	With func(*Outcome) ([]*Record, error)

	at     time.Time          // of a look at what would be issued at another time than now
	before *evidence.Evidence // of an earlier submission of the same request, that this one repeats

	responder bool // it is for a responder of this authority, which a retired one may still have
}

// Outcome is a ticket with what the sender may know.
type Outcome struct {
	Ticket      *Ticket
	Judgement   issuance.Judgement // of this call; the zero value where nothing was judged in it
	Certificate *Certificate       // once issued
	Chain       [][]byte           // DER of the issuers, nearest first
	Refusal     *request.Refusal
	Repeated    bool // the idempotency key was used before; the ticket is the first one

	// What the applicant must decrypt and answer by Confirm, before Certificate
	// is there: a CMS message in DER that holds the unconfirmed certificate or a
	// challenge. Holds is empty where there is nothing of the kind. Until is when
	// the time to confirm is over, of a certificate in the clear too.
	Encrypted []byte
	Holds     evidence.Deferred
	Until     time.Time
}

// attempts is how often a decision is made anew because a record was taken in
// the meantime.
const attempts = 5

// Submit judges a request, signs it if the judgement lets it, records
// everything, and only then returns. A refusal is an outcome, not an error.
// The same idempotency key gives the same ticket.
func (a *Authority) Submit(ctx context.Context, s Submission) (*Outcome, error) {
	if s.Request == nil {
		return nil, errors.New("a submission without a request")
	}
	for attempt := range attempts {
		if s.IdempotencyKey != "" && !s.DryRun && (attempt > 0 || !s.First) {
			if out, err := a.repeated(ctx, &s); out != nil || err != nil {
				return out, err
			}
		}
		out, err := a.submitOnce(ctx, &s, attempt > 0 || s.DryRun)
		// Taken meanwhile: the idempotency key, which the next round finds, or
		// by chance the serial number or ID, which it draws anew; or the key
		// may not be certified, or what the sender's right to it rests on was
		// changed, for which the next round finds the words.
		// Either way what was signed is thrown away unseen.
		if !again(err) {
			return out, err
		}
	}
	return nil, errors.New("recording a request: the same one is being submitted again and again")
}

// again reports whether a change was refused for what another look at the
// records shows.
func again(err error) bool {
	return errors.Is(err, ErrExists) || errors.Is(err, ErrKey) || errors.Is(err, ErrGrounds)
}

// Submitted returns which of these idempotency keys were used before.
func (a *Authority) Submitted(ctx context.Context, keys []string) (map[string]bool, error) {
	used, err := a.config.Store.UsedKeys(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("looking for earlier submissions: %w", err)
	}
	return used, nil
}

// repeated returns the outcome of an earlier submission with the same key;
// nil if there is none.
func (a *Authority) repeated(ctx context.Context, s *Submission) (*Outcome, error) {
	t, err := a.config.Store.TicketByKey(ctx, s.IdempotencyKey)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for an earlier submission: %w", err)
	}
	if fingerprint := s.Request.Fingerprint(); string(t.Fingerprint) != string(fingerprint[:]) {
		return nil, &request.Refusal{
			Reason: request.Duplicate, Field: "idempotencyKey",
			Detail: "the idempotency key was used for another request", Fix: "use a new key for each request",
		}
	}
	out, err := a.outcome(ctx, t)
	if err == nil {
		out.Repeated = true
	}
	return out, err
}

// decision is one judgement on its way to a record.
type decision struct {
	submission *Submission
	profile    *issuance.Profile
	signatory  *signatory
	issuer     *issuance.Issuer
	serial     []byte
	shard      int
	now        time.Time
	evidence   evidence.Evidence
	judgement  issuance.Judgement
	grounds    []*Record        // that the right to the certificate rests on
	refusal    *request.Refusal // found before there was anything to judge
	message    []byte           // that holds a challenge; nil where there is none
}

// submitOnce leaves it to the store to find that a key may not be certified,
// unless it is asked to look.
func (a *Authority) submitOnce(ctx context.Context, s *Submission, look bool) (*Outcome, error) {
	d, err := a.prepare(ctx, s)
	if err != nil {
		return nil, err
	}
	if d.refusal == nil && s.Replaces != nil {
		if d.refusal, err = a.mayReplace(ctx, s); err != nil {
			return nil, err
		}
	}
	if d.refusal == nil {
		if err := a.judge(ctx, d, look); err != nil {
			return nil, err
		}
	}
	if d.refused() == nil && s.Entitled != nil && !s.DryRun {
		if err := d.rest(s.Entitled(ctx)); err != nil {
			return nil, fmt.Errorf("looking whether the sender may have the certificate: %w", err)
		}
	}
	if d.refused() == nil && d.judgement.Verdict() == issuance.Held && s.Witness.Made && !s.Witness.Kept {
		d.refusal = &request.Refusal{Reason: request.BadKey, Field: "publicKey", Detail: "a person must decide, and a key that the authority makes is not kept until then", Fix: "make a key, and a request with its public key"}
	}
	if d.refused() == nil && d.judgement.Unproven() && !s.DryRun {
		if err := d.challenge(); err != nil {
			if d.refusal = asRefusal(err); d.refusal == nil {
				return nil, err
			}
		}
	}
	t, err := d.ticket()
	if err != nil {
		return nil, err
	}
	if s.DryRun {
		t.ID = ""
		return &Outcome{Ticket: t, Judgement: d.judgement, Refusal: d.refused(), Chain: d.chain()}, nil
	}
	return a.record(ctx, d, &TicketWrite{Ticket: t}, "", nil)
}

// rest takes up what Entitled says.
func (d *decision) rest(grounds []*Record, err error) error {
	d.grounds, d.refusal = grounds, asRefusal(err)
	return unlessRefusal(err)
}

// prepare finds what judging needs: profile, issuer, evidence.
func (a *Authority) prepare(ctx context.Context, s *Submission) (*decision, error) {
	d := &decision{submission: s, now: a.now()}
	if s.before != nil {
		d.evidence = evidence.Again(s.Request, *s.before)
	} else {
		d.evidence = evidence.With(s.Request, s.Origin, s.Controls, s.Witness)
	}
	var err error
	if d.signatory, err = a.readyFor(ctx, s); err != nil {
		d.refusal = asRefusal(err)
		return d, unlessRefusal(err)
	}
	name := s.Profile
	if name == "" {
		name = d.signatory.settings.DefaultProfile
	}
	if name == "" {
		name = presetProfile
	}
	if d.profile, err = a.config.Profiles(name); err != nil {
		d.refusal = asRefusal(err)
		return d, unlessRefusal(err)
	}
	d.serial = newSerial()
	if !s.at.IsZero() {
		d.now, d.serial = s.at, make([]byte, 16) // the same each time that is looked at
	}
	d.shard = d.signatory.settings.shardOf(d.serial)
	if s.DryRun {
		d.issuer, err = d.signatory.judging(d.shard)
	} else {
		d.issuer, err = d.signatory.issuer(ctx, d.shard)
	}
	return d, err
}

func unlessRefusal(err error) error {
	if asRefusal(err) != nil {
		return nil
	}
	return err
}

// judge has the profile, the records and the linters judge. The records are
// asked if look says so, and for what is held: what is signed is guarded by
// the store.
func (a *Authority) judge(ctx context.Context, d *decision, look bool) error {
	s := d.submission
	d.judgement = d.profile.Judge(s.Request, d.evidence, d.issuer, s.Asked, d.now).WithFindings(a.closedTo(d))
	if d.judgement.Verdict() == issuance.Refused {
		return nil
	}
	var findings []issuance.Finding
	if look || d.judgement.Verdict() == issuance.Held {
		var err error
		if findings, err = a.keyFindings(ctx, d); err != nil {
			return err
		}
	}
	for _, name := range d.profile.Linters {
		more, err := a.lint(ctx, d, name)
		if err != nil {
			return err
		}
		findings = append(findings, more...)
	}
	d.judgement = d.judgement.WithFindings(findings)
	return nil
}

// keyFindings is what the records have against the key of a request.
func (a *Authority) keyFindings(ctx context.Context, d *decision) ([]issuance.Finding, error) {
	fingerprint := d.submission.Request.PublicKey.Fingerprint()
	for c, err := range a.config.Store.Certificates(ctx, Query{KeyFingerprint: fingerprint[:], Status: StatusRevoked}) {
		if err != nil {
			return nil, fmt.Errorf("looking for revoked certificates of the key: %w", err)
		}
		if c.Reason == int(crl.KeyCompromise) {
			return []issuance.Finding{{
				Rule: "key-compromised", Severity: issuance.Error, Reason: request.BadKey, Field: "publicKey",
				Detail: fmt.Sprintf("the key was reported as compromised: certificate %x of %s was revoked for it", c.Serial, c.CA),
				Fix:    "make a new key",
			}}, nil
		}
	}
	if !d.profile.UniqueKey {
		return nil, nil
	}
	for c, err := range a.config.Store.Certificates(ctx, Query{KeyFingerprint: fingerprint[:], Limit: 1}) {
		if err != nil {
			return nil, fmt.Errorf("looking for certificates of the key: %w", err)
		}
		return []issuance.Finding{{
			Rule: "unique-key", Severity: issuance.Error, Reason: request.Duplicate, Field: "publicKey",
			Detail: fmt.Sprintf("the key is certified already, by certificate %x of %s, and profile %s wants each key once", c.Serial, c.CA, d.profile.Name),
			Fix:    "make a new key",
		}}, nil
	}
	return nil, nil
}

func (a *Authority) lint(ctx context.Context, d *decision, name string) ([]issuance.Finding, error) {
	linter := a.config.Linters[name]
	if linter == nil {
		return []issuance.Finding{{
			Rule: name, Severity: issuance.Error, Reason: request.LintFailed,
			Detail: fmt.Sprintf("profile %s wants the linter %s, which is not installed here", d.profile.Name, name),
			Fix:    "install it, or use a profile without it",
		}}, nil
	}
	der, err := d.issuer.Preview(d.judgement)
	if err != nil {
		return nil, fmt.Errorf("making a preview for the linter %s: %w", name, err)
	}
	findings, err := linter.Lint(ctx, der)
	if err != nil {
		return nil, fmt.Errorf("running the linter %s: %w", name, err)
	}
	return findings, nil
}

// refused is the answer for the requester, nil where there is another.
func (d *decision) refused() *request.Refusal {
	if d.refusal != nil {
		return d.refusal
	}
	return d.judgement.Refusal()
}

func (d *decision) chain() [][]byte {
	if d.signatory == nil {
		return nil
	}
	return d.signatory.ca.Chain
}

// findings are those of the judgement, or the refusal before it as one.
func (d *decision) findings() []issuance.Finding {
	if r := d.refusal; r != nil {
		return []issuance.Finding{{Rule: r.Rule, Severity: issuance.Error, Reason: r.Reason, Field: r.Field, Detail: r.Detail, Fix: r.Fix}}
	}
	return d.judgement.Findings()
}

// ticket is the record of a new submission as it was judged.
func (d *decision) ticket() (*Ticket, error) {
	s := d.submission
	fingerprint, key := s.Request.Fingerprint(), s.Request.PublicKey.Fingerprint()
	t := &Ticket{
		ID: newID(d.now), CA: s.CA, Profile: s.Profile, Format: string(s.Request.Format),
		Request: s.Request.Raw, Fingerprint: fingerprint[:], KeyFingerprint: key[:], Subject: s.Request.Subject.String(),
		Requester: s.Origin.Requester, IdempotencyKey: s.IdempotencyKey, Created: d.now,
	}
	if r := d.refused(); r != nil && s.Retry != nil && s.Retry(r.Reason) {
		t.IdempotencyKey = ""
	}
	if d.signatory != nil {
		t.CA = d.signatory.ca.Name
	}
	if s.Replaces != nil {
		t.Replaces = s.Replaces.Serial
	}
	var err error
	if t.Asked, err = marshalAsked(&s.Asked); err != nil {
		return nil, err
	}
	if err := d.describe(t); err != nil {
		return nil, err
	}
	d.decide(t)
	return t, nil
}

// decide puts a ticket into the state that the judgement gives it.
func (d *decision) decide(t *Ticket) {
	switch {
	case d.refused() != nil:
		t.State, t.Decided, t.Decider = StateRefused, d.now, byProfile
	case d.judgement.Unproven():
		t.State = StateAsked
		t.Messages = append(t.Messages, Message{At: d.now, From: byProfile, Kind: "ask", Text: "show that you hold the private key: decrypt the challenge, and answer it with certwright request confirm"})
	case d.judgement.Verdict() == issuance.Held:
		t.State = StateHeld
	default:
		t.State, t.Decided, t.Decider = d.signed(), d.now, byProfile
	}
}

// signed is the state of a ticket whose certificate is signed.
func (d *decision) signed() State {
	if d.judgement.MustConfirm() {
		return StateUnconfirmed
	}
	return StateIssued
}

// byProfile is who decided where rules decided alone.
const byProfile = "profile"

// describe writes into a ticket what the judgement found.
func (d *decision) describe(t *Ticket) (err error) {
	if d.profile != nil {
		t.Profile, t.ProfileVersion = d.profile.Name, d.profile.Version
	}
	if t.Evidence, err = json.Marshal(&d.evidence); err != nil {
		return fmt.Errorf("encoding the evidence: %w", err)
	}
	if t.Findings, err = json.Marshal(d.findings()); err != nil {
		return fmt.Errorf("encoding the findings: %w", err)
	}
	if t.Changes, err = json.Marshal(d.judgement.Changes()); err != nil {
		return fmt.Errorf("encoding the changes: %w", err)
	}
	return nil
}

// record signs if the ticket is to be issued, and commits it all at once. A
// certificate leaves this function only after that. also, if there is one,
// adds to the change what goes with the certificate (nil where there is none).
func (a *Authority) record(ctx context.Context, d *decision, w *TicketWrite, officer string, also func(*Certificate, *Change) error) (*Outcome, error) {
	out := &Outcome{Ticket: w.Ticket, Judgement: d.judgement, Refusal: d.refused()}
	c := &Change{PutTicket: w, Grounds: d.grounds}
	if w.Ticket.State == StateIssued || w.Ticket.State == StateUnconfirmed {
		var err error
		if c.AddCertificate, err = d.sign(w.Ticket, officer); err != nil {
			return nil, err
		}
		w.Ticket.Serial = c.AddCertificate.Serial
		c.KeyGuard = KeyNotExposed
		if d.profile.UniqueKey {
			c.KeyGuard = KeyUncertified
		}
		out.Certificate, out.Chain = c.AddCertificate, d.chain()
	}
	if w.Ticket.State == StateUnconfirmed || d.message != nil {
		if err := a.pend(d, c, out); asRefusal(err) != nil {
			return a.unsendable(ctx, d, w, officer, asRefusal(err))
		} else if err != nil {
			return nil, err
		}
	}
	e, err := d.event(w.Ticket, officer, c.AddCertificate)
	if err != nil {
		return nil, err
	}
	c.Events = append(c.Events, e)
	if also != nil {
		if err := also(c.AddCertificate, c); err != nil {
			return nil, err
		}
	}
	if err := c.addRecords(d.submission.With, out); err != nil {
		return nil, err
	}
	if err := a.commitOne(ctx, c); err != nil {
		return nil, err
	}
	return out, nil
}

// addRecords adds what goes on record with an outcome.
func (c *Change) addRecords(with func(*Outcome) ([]*Record, error), out *Outcome) error {
	if with == nil {
		return nil
	}
	more, err := with(out)
	if err != nil {
		return err
	}
	c.PutRecords = append(c.PutRecords, more...)
	return nil
}

// sign spends the judgement's approval and describes the certificate.
func (d *decision) sign(t *Ticket, officer string) (*Certificate, error) {
	approve := d.judgement.Approve
	if d.judgement.Verdict() == issuance.Held {
		approve = func() (*issuance.Approval, error) { return d.judgement.ApproveAs(officer) }
	}
	approval, err := approve()
	if err != nil {
		return nil, fmt.Errorf("approving ticket %s: %w", t.ID, err)
	}
	issued, err := d.issuer.Sign(approval, d.serial)
	if err != nil {
		return nil, fmt.Errorf("signing for ticket %s: %w", t.ID, err)
	}
	c := certificateOf(issued)
	c.CA, c.Profile, c.ProfileVersion = t.CA, t.Profile, t.ProfileVersion
	c.Requester, c.Ticket, c.Replaces = t.Requester, t.ID, t.Replaces
	c.Shard, c.Issued = d.shard, d.now
	if issued.Unconfirmed {
		c.Status = StatusUnconfirmed
	}
	return c, nil
}

func certificateOf(i *issuance.Issued) *Certificate {
	fingerprint, key := sha(i.DER), i.PublicKey.Fingerprint()
	return &Certificate{
		Serial: i.Serial, DER: i.DER, Fingerprint: fingerprint, KeyFingerprint: key[:],
		Subject: i.Subject.String(), SubjectKey: i.Subject.Canonical(), Names: namesOf(i.Names),
		NotBefore: i.NotBefore.UTC(), NotAfter: i.NotAfter.UTC(), Status: StatusValid,
	}
}

func namesOf(names []ext.GeneralName) []string {
	var out []string
	for _, n := range names {
		out = append(out, n.String())
	}
	return out
}

// account is what the audit chain keeps of a decision: each step of the way,
// in one event.
type account struct {
	Door        string     `json:"door,omitempty"`
	Address     string     `json:"address,omitempty"`
	Method      string     `json:"method,omitempty"`
	Request     string     `json:"request"` // SHA-256 of its DER
	Possession  string     `json:"possession"`
	KeyMade     bool       `json:"keyMade,omitempty"` // by the authority, for the one who asked
	CA          string     `json:"ca,omitempty"`
	Profile     string     `json:"profile,omitempty"`
	Version     string     `json:"profileVersion,omitempty"`
	Verdict     string     `json:"verdict"`
	Rules       []string   `json:"rules,omitempty"` // that had something to say
	Approved    string     `json:"approvedBy,omitempty"`
	Key         string     `json:"keyUsed,omitempty"`
	Serial      string     `json:"serial,omitempty"`
	Certificate string     `json:"certificate,omitempty"` // SHA-256 of its DER
	Replaces    string     `json:"replaces,omitempty"`
	Requester   string     `json:"requester,omitempty"` // where somebody else decided
	Shown       string     `json:"shown,omitempty"`     // SHA-256 of the certificate from elsewhere that showed who asked
	NotAfter    *time.Time `json:"notAfter,omitempty"`  // of the certificate
}

func (d *decision) event(t *Ticket, officer string, c *Certificate) (*Event, error) {
	o := &d.evidence.Origin
	detail := account{
		Door: o.Door, Address: o.Address, Method: o.Method, Request: hex.EncodeToString(t.Fingerprint),
		CA: t.CA, Profile: t.Profile, Version: t.ProfileVersion, Verdict: string(t.State), Replaces: hex.EncodeToString(t.Replaces),
	}
	detail.KeyMade = d.evidence.Possession.Method == evidence.MadeByAuthority && c != nil
	if o.Certificate != nil {
		detail.Shown = o.Certificate.Fingerprint
	}
	detail.Possession = "not proven"
	if d.evidence.Possession.Deferred != "" {
		detail.Possession = "to be proven by " + d.evidence.Possession.Method
	}
	if d.evidence.Possession.Proven {
		detail.Possession = "proven by " + d.evidence.Possession.Method
	}
	for _, f := range d.findings() {
		detail.Rules = append(detail.Rules, string(f.Severity)+" "+f.Rule)
	}
	if c != nil {
		detail.Approved, detail.Key = t.Decider, d.signatory.ca.Key
		detail.NotAfter = &c.NotAfter
		detail.Serial, detail.Certificate = hex.EncodeToString(c.Serial), hex.EncodeToString(c.Fingerprint)
		if c.Status == StatusUnconfirmed {
			detail.Certificate = "" // who knows it can confirm the certificate; the next event of the ticket has it
		}
	}
	who, what := t.Requester, "request."+string(t.State)
	if officer != "" {
		who, what = officer, "request.approved"
		detail.Requester = orUnknown(t.Requester)
	}
	return NewEvent(d.now, who, what, "ticket:"+t.ID, detail)
}

// NewEvent makes an event of the audit chain, whose detail becomes JSON; an
// actor who is not known is called unknown.
func NewEvent(at time.Time, actor, action, object string, detail any) (*Event, error) {
	encoded, err := json.Marshal(detail)
	if err != nil {
		return nil, fmt.Errorf("encoding an audit event: %w", err)
	}
	if actor == "" {
		actor = "unknown"
	}
	return &Event{At: at, Actor: actor, Action: action, Object: object, Detail: encoded}, nil
}

// outcome is what there is to say of a ticket of the records.
func (a *Authority) outcome(ctx context.Context, t *Ticket) (*Outcome, error) {
	out := &Outcome{Ticket: t, Refusal: t.refusal()}
	switch t.State {
	case StateIssued:
	case StateUnconfirmed, StateAsked:
		if err := a.waitsFor(ctx, out); err != nil {
			return nil, err
		}
		if t.State == StateAsked {
			return out, nil
		}
		if out.Holds != "" {
			return out, a.chainOf(ctx, out)
		}
	default:
		return out, nil
	}
	var err error
	if out.Certificate, err = a.config.Store.Certificate(ctx, t.CA, t.Serial); err != nil {
		return nil, fmt.Errorf("certificate of ticket %s: %w", t.ID, err)
	}
	return out, a.chainOf(ctx, out)
}

func (a *Authority) chainOf(ctx context.Context, out *Outcome) error {
	ca, err := a.config.Store.CA(ctx, out.Ticket.CA)
	if err != nil {
		return fmt.Errorf("authority of ticket %s: %w", out.Ticket.ID, err)
	}
	out.Chain = ca.Chain
	return nil
}

// refusal is why a ticket of the records was refused; nil where it was not.
func (t *Ticket) refusal() *request.Refusal {
	switch t.State {
	case StateWithdrawn:
		detail := "the request was withdrawn"
		if n := len(t.Messages); n > 0 && t.Messages[n-1].Kind == "withdraw" && t.Messages[n-1].Text != "" {
			detail += ": " + t.Messages[n-1].Text
		}
		return &request.Refusal{Reason: request.Withdrawn, Detail: detail, Fix: "submit it again if it is still wanted"}
	case StateRefused:
	default:
		return nil
	}
	for _, m := range t.Messages {
		if m.Kind == "refuse" {
			return &request.Refusal{Reason: request.RefusedByOfficer, Detail: "an officer refused the request: " + m.Text, Fix: "ask the officer, or submit another request"}
		}
	}
	var findings []issuance.Finding
	if err := json.Unmarshal(t.Findings, &findings); err == nil {
		for _, f := range findings {
			if f.Severity == issuance.Error {
				r := &request.Refusal{Reason: f.Reason, Field: f.Field, Rule: f.Rule, Detail: f.Detail, Fix: f.Fix}
				if f.Citation != "" {
					r.Rule += " (" + f.Citation + ")"
				}
				return r
			}
		}
	}
	return &request.Refusal{Reason: request.PolicyRefused, Detail: "the request was refused", Fix: "submit it again to hear why"}
}
