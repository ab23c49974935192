package task

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/memkeys"
	"github.com/certwright/certwright/authority/memstore"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/internal/weblint"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/lint"
	"github.com/certwright/certwright/request"
)

// Check is what judging a request came to.
type Check struct {
	Verdict  issuance.Verdict
	CA       string // empty where it was a trial
	Profile  string
	Findings []issuance.Finding
	Changes  []issuance.Change
	Refusal  *request.Refusal // the first reason, where it is refused
}

// CheckOf takes the judgement out of the outcome of a dry run. Where there was
// nothing to judge by, a profile or an authority that does not exist, the
// refusal is the error.
func CheckOf(o *authority.Outcome, profile string) (Check, error) {
	if r := o.Refusal; r != nil && (r.Reason == request.UnknownProfile || r.Reason == request.UnknownIssuer) {
		return Check{}, r
	}
	if o.Ticket != nil && o.Ticket.Profile != "" {
		profile = o.Ticket.Profile
	}
	if profile == "" {
		profile = "server"
	}
	c := checkOf(o.Judgement, profile)
	c.Refusal = o.Refusal
	if o.Ticket != nil {
		c.CA = o.Ticket.CA
	}
	return c, nil
}

func checkOf(j issuance.Judgement, profile string) Check {
	c := Check{Verdict: j.Verdict(), Profile: profile, Findings: j.Findings(), Changes: j.Changes()}
	if c.Findings == nil {
		c.Findings = []issuance.Finding{}
	}
	if c.Changes == nil {
		c.Changes = []issuance.Change{}
	}
	return c
}

// LintRequest adds what a linter has to say of the request as it stands, apart
// from any profile, where judging has not said it already.
func (c Check) LintRequest(r *request.Request) Check {
	for _, f := range lint.Request(r) {
		said := func(other issuance.Finding) bool {
			errors := f.Severity == lint.Error && other.Severity == lint.Error
			if f.Rule == "request-ca" && other.Field == f.Field && other.Severity == f.Severity {
				return true // the profile has said what becomes of it
			}
			return other.Rule == f.Rule || other.Detail == f.Detail || errors && (other.Reason == f.Reason || other.Field == f.Field && other.Fix == f.Fix)
		}
		if !slices.ContainsFunc(c.Findings, said) {
			c.Findings = append(c.Findings, f)
		}
	}
	lint.Sort(c.Findings)
	return c
}

// FindingsOf reads the findings that a ticket was decided by.
func FindingsOf(t *authority.Ticket) []issuance.Finding { return listIn[issuance.Finding](t.Findings) }

// ChangesOf reads the differences between request and certificate that a
// ticket was decided with.
func ChangesOf(t *authority.Ticket) []issuance.Change { return listIn[issuance.Change](t.Changes) }

// ControlsOf reads which names the applicant of a ticket has proven, how and
// when; none where it did not come by ACME.
func ControlsOf(t *authority.Ticket) []evidence.Control {
	var e evidence.Evidence
	if json.Unmarshal(t.Evidence, &e) != nil {
		return nil
	}
	return e.Controls
}

// listIn reads a list in JSON; what is none is empty, as most are.
func listIn[T any](text []byte) []T {
	out := []T{}
	if len(text) == 0 || string(text) == "null" || json.Unmarshal(text, &out) != nil || out == nil {
		return []T{}
	}
	return out
}

// Trial is an authority that exists in memory only, to try requests on.
type Trial struct{ authority *authority.Authority }

// NewTrial makes a trial authority whose profiles are found by get.
func NewTrial(ctx context.Context, get func(string) (*issuance.Profile, error), now time.Time) (*Trial, error) {
	a, err := authority.New(authority.Config{
		Store: memstore.New(), Keys: memkeys.New(), Profiles: get,
		Linters: map[string]authority.Linter{"zlint": weblint.New("")},
		Now:     func() time.Time { return now }, Log: func(string, ...any) {},
	})
	if err != nil {
		return nil, err
	}
	name, err := CommonName("Trial CA")
	if err != nil {
		return nil, err
	}
	_, err = a.CreateCA(ctx, authority.NewCA{Name: "trial", Subject: name, KeyKind: "ecdsa-p256", Asked: issuance.Asked{Months: 20 * 12}, PathLen: -1,
		Settings: DefaultSettings(), By: "system"})
	return &Trial{a}, err
}

// Check judges a request as a new authority with its profile would.
func (t *Trial) Check(ctx context.Context, s authority.Submission) (Check, error) {
	s.DryRun = true
	out, err := t.authority.Submit(ctx, s)
	if err != nil {
		return Check{}, err
	}
	return CheckOf(out, s.Profile)
}
