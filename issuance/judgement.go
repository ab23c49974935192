package issuance

import (
	"encoding/json"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/certwright/certwright/lint"
	"github.com/certwright/certwright/request"
)

// Judgement is the outcome of judging one request. Only Judge makes one; the
// zero value is a refusal.
type Judgement struct{ *decision }

type decision struct {
	verdict  Verdict
	findings []Finding
	changes  []Change
	plan     *plan
	issuer   *Issuer
	approved *atomic.Bool // shared by all judgements made of this one
}

// Verdict returns accepted, held or refused.
func (j Judgement) Verdict() Verdict {
	if j.decision == nil {
		return Refused
	}
	return j.verdict
}

// Findings returns what every rule had to say, errors first.
func (j Judgement) Findings() []Finding {
	if j.decision == nil {
		return nil
	}
	return slices.Clone(j.findings)
}

// Changes returns the differences between request and certificate, with reasons.
func (j Judgement) Changes() []Change {
	if j.decision == nil {
		return nil
	}
	return slices.Clone(j.changes)
}

// Refusal returns the first error as an answer for the requester; nil unless refused.
func (j Judgement) Refusal() *request.Refusal {
	if j.Verdict() != Refused {
		return nil
	}
	if j.decision == nil || len(j.findings) == 0 {
		return &request.Refusal{Reason: request.PolicyRefused, Detail: "the request was never judged", Fix: "submit it again"}
	}
	f := j.findings[0]
	r := &request.Refusal{Reason: f.Reason, Field: f.Field, Rule: f.Rule, Detail: f.Detail, Fix: f.Fix}
	if f.Citation != "" {
		r.Rule += " (" + f.Citation + ")"
	}
	if r.Reason == "" {
		r.Reason = request.PolicyRefused
	}
	return r
}

// WithFindings returns the judgement with more findings counted in: a linter's.
// They can only make a verdict stricter.
func (j Judgement) WithFindings(more []Finding) Judgement {
	if j.decision == nil || len(more) == 0 {
		return j
	}
	d := *j.decision
	d.findings = slices.Concat(d.findings, more)
	for i := range d.findings {
		if d.findings[i].Severity.Rank() == Error.Rank() && d.findings[i].Reason == "" {
			d.findings[i].Reason = request.LintFailed
		}
	}
	lint.Sort(d.findings)
	d.verdict = stricter(d.verdict, verdictOf(more))
	return Judgement{&d}
}

func verdictOf(findings []Finding) Verdict {
	v := Accepted
	for i := range findings {
		switch findings[i].Severity.Rank() {
		case Error.Rank():
			return Refused
		case Hold.Rank():
			v = Held
		}
	}
	return v
}

func stricter(a, b Verdict) Verdict {
	if a == Refused || b == Refused {
		return Refused
	}
	if a == Held || b == Held {
		return Held
	}
	return Accepted
}

// Errors of Approve and ApproveAs.
var (
	ErrRefused  = errors.New("the request is refused; no one can approve it")
	ErrHeld     = errors.New("the request waits for a person; approve it in an officer's name")
	ErrNotHeld  = errors.New("the request does not wait for a person")
	ErrOfficer  = errors.New("an approval needs the name of the officer who gives it")
	ErrApproved = errors.New("this judgement gave its approval already; judge the request again")
	ErrUnproven = errors.New("possession of the key is not proven yet; have the applicant answer the challenge")
)

// Approve gives the approval of an accepted judgement. A judgement gives one
// approval in all.
func (j Judgement) Approve() (*Approval, error) {
	switch j.Verdict() {
	case Refused:
		return nil, ErrRefused
	case Held:
		return nil, ErrHeld
	}
	return j.approve("")
}

// ApproveAs gives the approval of a held judgement in the name of an officer.
func (j Judgement) ApproveAs(officer string) (*Approval, error) {
	switch {
	case j.Verdict() == Refused:
		return nil, ErrRefused
	case j.Verdict() != Held:
		return nil, ErrNotHeld
	case officer == "":
		return nil, ErrOfficer
	}
	return j.approve(officer)
}

// MustConfirm reports whether the certificate is unconfirmed until its holder
// shows to have it. Where possession of the key is not proven before, it may be
// released only encrypted to the key.
func (j Judgement) MustConfirm() bool {
	return j.decision != nil && j.plan != nil && j.plan.confirm
}

// Unproven reports whether the request waits for its sender to prove
// possession of the key by answering a challenge. Nobody can approve it before.
func (j Judgement) Unproven() bool {
	return j.decision != nil && j.plan != nil && j.plan.unproven
}

func (j Judgement) approve(officer string) (*Approval, error) {
	if j.plan.unproven {
		return nil, ErrUnproven
	}
	if j.approved.Swap(true) {
		return nil, ErrApproved
	}
	return &Approval{plan: j.plan, issuer: j.issuer, officer: officer}, nil
}

// Approval lets one certificate be signed, once.
type Approval struct {
	plan    *plan
	issuer  *Issuer
	officer string
	spent   atomic.Bool
}

// Officer returns who approved; empty where the profile decided alone.
func (a *Approval) Officer() string { return a.officer }

// MarshalJSON gives verdict, findings, changes and what would be issued.
func (j Judgement) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Verdict  Verdict   `json:"verdict"`
		Findings []Finding `json:"findings"`
		Changes  []Change  `json:"changes"`
		Planned  Planned   `json:"planned"`
	}{j.Verdict(), j.Findings(), j.Changes(), j.Planned()})
}

// Planned returns what would be signed; the zero value for a request that
// could not be planned at all.
func (j Judgement) Planned() Planned {
	if j.decision == nil || j.plan == nil {
		return Planned{}
	}
	return j.plan.describe()
}

// TBSPreview returns the DER of the TBSCertificate that would be signed under
// this serial number; nil where the request could not be planned.
func (j Judgement) TBSPreview(serial []byte) []byte {
	if j.decision == nil || j.plan == nil || !j.plan.whole() {
		return nil
	}
	return j.plan.tbs(j.issuer, serial)
}
