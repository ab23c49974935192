package authority

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// Ticket returns a ticket with its certificate, if it has one. One that is
// not there is a *request.Refusal (UnknownRequest).
func (a *Authority) Ticket(ctx context.Context, id string) (*Outcome, error) {
	t, err := a.ticket(ctx, id)
	if err != nil {
		return nil, err
	}
	return a.outcome(ctx, t)
}

// TicketByKey returns the ticket of an idempotency key as Ticket does;
// ErrNotFound where there is none.
func (a *Authority) TicketByKey(ctx context.Context, key string) (*Outcome, error) {
	t, err := a.config.Store.TicketByKey(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("looking for the ticket of a submission: %w", err)
	}
	return a.outcome(ctx, t)
}

func (a *Authority) ticket(ctx context.Context, id string) (*Ticket, error) {
	t, err := a.config.Store.Ticket(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil, &request.Refusal{Reason: request.UnknownRequest, Field: "ticket", Detail: fmt.Sprintf("there is no ticket %s", id), Fix: "look for it with `certwright review list`"}
	}
	if err != nil {
		return nil, fmt.Errorf("reading ticket %s: %w", id, err)
	}
	return t, nil
}

// in returns a ticket that must be in one of these states.
func (a *Authority) in(ctx context.Context, id string, states ...State) (*Ticket, error) {
	t, err := a.ticket(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, s := range states {
		if t.State == s {
			return t, nil
		}
	}
	return nil, wrongState(t)
}

func wrongState(t *Ticket) *request.Refusal {
	r := &request.Refusal{Reason: request.WrongState, Field: "ticket"}
	switch t.State {
	case StateHeld:
		r.Detail, r.Fix = fmt.Sprintf("ticket %s waits for an officer", t.ID), "have an officer approve or refuse it"
	case StateAsked:
		r.Detail, r.Fix = fmt.Sprintf("ticket %s waits for the applicant's answer", t.ID), "have the applicant answer first, or refuse it"
	case StateUnconfirmed:
		r.Detail, r.Fix = fmt.Sprintf("ticket %s waits for the applicant to confirm the certificate", t.ID), "have the applicant decrypt it, and confirm it: certwright request confirm"
	default:
		r.Detail = fmt.Sprintf("ticket %s is %s already", t.ID, t.State)
		if t.Decider != "" && t.Decider != byProfile {
			r.Detail += ", by " + t.Decider
		}
		r.Fix = "submit a new request if another decision is wanted"
	}
	return r
}

// say moves a ticket from the state it is in to another, with a message.
func (a *Authority) say(ctx context.Context, t *Ticket, to State, m Message) (*Outcome, error) {
	from := t.State
	t.State = to
	t.Messages = append(t.Messages, m)
	if to == StateRefused || to == StateWithdrawn {
		t.Decided, t.Decider = m.At, m.From
	}
	e, err := NewEvent(m.At, m.From, "request."+eventWord(m.Kind), "ticket:"+t.ID, struct {
		State State  `json:"state"`
		Text  string `json:"text,omitempty"`
	}{to, m.Text})
	if err != nil {
		return nil, err
	}
	err = a.commitOne(ctx, &Change{PutTicket: &TicketWrite{Ticket: t, From: from}, Events: []*Event{e}})
	if errors.Is(err, ErrConflict) {
		return nil, a.decidedMeanwhile(ctx, t.ID)
	}
	if err != nil {
		return nil, err
	}
	return a.outcome(ctx, t)
}

// eventWord is the word of the audit chain for a kind of message.
func eventWord(kind string) string {
	return map[string]string{"ask": "asked", "answer": "answered", "refuse": "refused-by-officer", "withdraw": "withdrawn"}[kind]
}

func (a *Authority) decidedMeanwhile(ctx context.Context, id string) error {
	t, err := a.ticket(ctx, id)
	if err != nil {
		return err
	}
	return wrongState(t)
}

// mayDecide refuses an officer without a name, and one who is the requester.
func mayDecide(t *Ticket, officer string) error {
	if personOf(officer) == "" {
		return &request.Refusal{Reason: request.NotAuthorized, Field: "officer", Detail: "a decision needs the name of the officer who makes it", Fix: "name the officer: --officer NAME"}
	}
	if samePerson(officer, t.Requester) {
		return &request.Refusal{Reason: request.NotAuthorized, Field: "officer",
			Detail: fmt.Sprintf("%s asked for this certificate, and a requester cannot approve what they asked for", officer),
			Fix:    "have another officer decide: --officer NAME"}
	}
	return nil
}

// personOf is a name without the blanks around and doubled inside it.
func personOf(name string) string { return strings.Join(strings.Fields(name), " ") }

// samePerson reports whether two names differ by case and blanks only, so that
// nobody approves their own request by another spelling.
func samePerson(a, b string) bool { return strings.EqualFold(personOf(a), personOf(b)) }

// mayAnswer refuses one who is known not to be the applicant.
func mayAnswer(t *Ticket, from string) error {
	if from != "" && t.Requester != "" && !samePerson(from, t.Requester) {
		return &request.Refusal{Reason: request.NotAuthorized, Field: "from",
			Detail: fmt.Sprintf("ticket %s is %s's, not %s's", t.ID, t.Requester, from), Fix: "have " + t.Requester + " do it"}
	}
	return nil
}

// Ask asks the applicant for more, in the name of an officer.
func (a *Authority) Ask(ctx context.Context, ticket, officer, text string) (*Outcome, error) {
	t, err := a.in(ctx, ticket, StateHeld)
	if err != nil {
		return nil, err
	}
	if officer = personOf(officer); officer == "" {
		return nil, mayDecide(t, officer)
	}
	return a.say(ctx, t, StateAsked, Message{At: a.now(), From: officer, Kind: "ask", Text: text})
}

// Answer answers what was asked; the ticket is held again.
func (a *Authority) Answer(ctx context.Context, ticket, from, text string) (*Outcome, error) {
	t, err := a.in(ctx, ticket, StateAsked)
	if err != nil {
		return nil, err
	}
	if err := mayAnswer(t, from); err != nil {
		return nil, err
	}
	if waitsForChallenge(t) {
		return nil, &request.Refusal{Reason: request.WrongState, Field: "ticket", Detail: fmt.Sprintf("ticket %s waits for the answer to a challenge, not for words", t.ID),
			Fix: "decrypt the challenge with the key of the request: certwright request confirm FILE --key KEY"}
	}
	return a.say(ctx, t, StateHeld, Message{At: a.now(), From: orUnknown(from), Kind: "answer", Text: text})
}

// Refuse closes an open request in the name of an officer.
func (a *Authority) Refuse(ctx context.Context, ticket, officer, why string) (*Outcome, error) {
	t, err := a.in(ctx, ticket, StateHeld, StateAsked)
	if err != nil {
		return nil, err
	}
	if officer = personOf(officer); officer == "" {
		return nil, mayDecide(t, officer)
	}
	return a.say(ctx, t, StateRefused, Message{At: a.now(), From: officer, Kind: "refuse", Text: why})
}

// Withdraw closes an open request in the name of its applicant.
func (a *Authority) Withdraw(ctx context.Context, ticket, from string) (*Outcome, error) {
	return a.WithdrawFor(ctx, ticket, from, "")
}

// WithdrawFor is Withdraw with a reason, which may be empty.
func (a *Authority) WithdrawFor(ctx context.Context, ticket, from, why string) (*Outcome, error) {
	t, err := a.in(ctx, ticket, StateHeld, StateAsked)
	if err != nil {
		return nil, err
	}
	if err := mayAnswer(t, from); err != nil {
		return nil, err
	}
	return a.say(ctx, t, StateWithdrawn, Message{At: a.now(), From: orUnknown(from), Kind: "withdraw", Text: why})
}

// waitsForChallenge reports whether the applicant is asked to prove possession.
func waitsForChallenge(t *Ticket) bool {
	var e evidence.Evidence
	return json.Unmarshal(t.Evidence, &e) == nil && e.Possession.Challenge != ""
}

func orUnknown(name string) string {
	if name == "" {
		return "unknown"
	}
	return name
}

// Approve judges a held request anew, by the profile and authority of today,
// and has it signed in the name of an officer. A requester cannot approve
// what they asked for. A request that would be refused today, or whose applicant
// may not have the certificate any more, stays held, and the outcome says why.
func (a *Authority) Approve(ctx context.Context, ticket, officer, note string) (*Outcome, error) {
	officer = personOf(officer)
	for range attempts {
		t, err := a.in(ctx, ticket, StateHeld)
		if err != nil {
			return nil, err
		}
		if err := mayDecide(t, officer); err != nil {
			return nil, err
		}
		out, err := a.approveOnce(ctx, t, officer, note)
		switch {
		case errors.Is(err, ErrConflict):
			return nil, a.decidedMeanwhile(ctx, ticket)
		case !again(err): // else by chance the serial number was taken, or the key may not be certified any more, or the right to it was changed
			return out, err
		}
	}
	return nil, fmt.Errorf("approving ticket %s: no free serial number was found", ticket)
}

func (a *Authority) approveOnce(ctx context.Context, t *Ticket, officer, note string) (*Outcome, error) {
	s, err := resubmission(t)
	if err != nil {
		return nil, err
	}
	d, err := a.rejudge(ctx, s, t)
	if err != nil {
		return nil, err
	}
	w := &TicketWrite{Ticket: t, From: StateHeld}
	if d.refused() == nil && a.config.Entitled != nil {
		if err := d.rest(a.config.Entitled(ctx, t)); err != nil {
			return nil, fmt.Errorf("looking whether the applicant of ticket %s may still have the certificate: %w", t.ID, err)
		}
	}
	if d.refused() != nil {
		return a.stillHeld(ctx, d, w, officer)
	}
	if d.judgement.Unproven() {
		return nil, &request.Refusal{Reason: request.WrongState, Field: "ticket", Detail: fmt.Sprintf("the applicant of ticket %s has not proven to hold the key", t.ID), Fix: "refuse it, and have the request submitted again"}
	}
	t.State, t.Decided, t.Decider = d.signed(), d.now, officer
	t.Messages = append(t.Messages, Message{At: d.now, From: officer, Kind: "approve", Text: note})
	waiting, err := a.waiting(ctx, t)
	if err != nil {
		return nil, err
	}
	if waiting == nil {
		return a.record(ctx, d, w, officer, nil)
	}
	out, err := a.record(ctx, d, w, officer, func(c *Certificate, change *Change) error { return activate(waiting, c, d, officer, change) })
	a.forget()
	return out, err
}

// rejudge judges anew, with a serial number for what may come of it, what a
// ticket was made for, and writes into the ticket what came out.
func (a *Authority) rejudge(ctx context.Context, s *Submission, t *Ticket) (*decision, error) {
	d, err := a.prepare(ctx, s)
	if err != nil {
		return nil, err
	}
	if d.refusal == nil {
		if err := a.judge(ctx, d, true); err != nil {
			return nil, err
		}
	}
	return d, d.describe(t)
}

// stillHeld records that an approval was in vain.
func (a *Authority) stillHeld(ctx context.Context, d *decision, w *TicketWrite, officer string) (*Outcome, error) {
	e, err := NewEvent(d.now, officer, "request.approval-refused", "ticket:"+w.Ticket.ID, d.refused())
	if err != nil {
		return nil, err
	}
	if err := a.commitOne(ctx, &Change{PutTicket: w, Events: []*Event{e}}); err != nil {
		return nil, err
	}
	return &Outcome{Ticket: w.Ticket, Judgement: d.judgement, Refusal: d.refused()}, nil
}

// resubmission is the submission that a ticket records.
func resubmission(t *Ticket) (*Submission, error) {
	list, err := request.Parse(t.Request)
	if err != nil {
		return nil, fmt.Errorf("request of ticket %s: %w", t.ID, err)
	}
	if len(list) != 1 {
		return nil, fmt.Errorf("request of ticket %s: the record holds %d requests", t.ID, len(list))
	}
	s := &Submission{CA: t.CA, Profile: t.Profile, Request: list[0], IdempotencyKey: t.IdempotencyKey}
	var e evidence.Evidence
	if err := json.Unmarshal(t.Evidence, &e); err != nil {
		return nil, fmt.Errorf("evidence of ticket %s: %w", t.ID, err)
	}
	s.Origin, s.Controls, s.before = e.Origin, e.Controls, &e
	if made := e.Possession.Made; made != nil {
		public, err := key.ParsePublic(made)
		if err != nil {
			return nil, fmt.Errorf("key that was made for ticket %s: %w", t.ID, err)
		}
		s.Request = s.Request.WithKey(public)
	}
	if s.Asked, err = unmarshalAsked(t.Asked); err != nil {
		return nil, fmt.Errorf("ticket %s: %w", t.ID, err)
	}
	return s, nil
}

// Preview judges an open ticket as Approve would, and records nothing: what
// an officer looks at before deciding.
func (a *Authority) Preview(ctx context.Context, ticket string) (issuance.Judgement, error) {
	return a.PreviewAt(ctx, ticket, a.now())
}

// PreviewAt is Preview as if it were another time: of the same ticket, profile
// and authority the same comes out.
func (a *Authority) PreviewAt(ctx context.Context, ticket string, at time.Time) (issuance.Judgement, error) {
	t, err := a.in(ctx, ticket, StateHeld, StateAsked)
	if err != nil {
		return issuance.Judgement{}, err
	}
	s, err := resubmission(t)
	if err != nil {
		return issuance.Judgement{}, err
	}
	s.DryRun, s.at = true, at
	d, err := a.prepare(ctx, s)
	if err != nil {
		return issuance.Judgement{}, err
	}
	if d.refusal != nil {
		return issuance.Judgement{}, d.refusal
	}
	err = a.judge(ctx, d, true)
	return d.judgement, err
}
