package task

import (
	"context"
	"crypto"
	"crypto/rand"
	"encoding/json"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/memstore"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/weblint"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// Check is what judging a request came to.
type Check struct {
	Verdict  issuance.Verdict
	Profile  string
	Findings []issuance.Finding
	Changes  []issuance.Change
}

// CheckOf takes the judgement out of the outcome of a dry run.
func CheckOf(o *authority.Outcome, profile string) Check {
	if o.Ticket != nil && o.Ticket.Profile != "" {
		profile = o.Ticket.Profile
	}
	if profile == "" {
		profile = "server"
	}
	c := Check{Verdict: o.Judgement.Verdict(), Profile: profile, Findings: o.Judgement.Findings(), Changes: o.Judgement.Changes()}
	if c.Findings == nil {
		c.Findings = []issuance.Finding{}
	}
	if c.Changes == nil {
		c.Changes = []issuance.Change{}
	}
	return c
}

// FindingsOf reads the findings that a ticket was decided by.
func FindingsOf(t *authority.Ticket) []issuance.Finding {
	out := []issuance.Finding{}
	if len(t.Findings) > 0 && json.Unmarshal(t.Findings, &out) != nil {
		return []issuance.Finding{}
	}
	return out
}

// ChangesOf reads the differences between request and certificate that a
// ticket was decided with.
func ChangesOf(t *authority.Ticket) []issuance.Change {
	out := []issuance.Change{}
	if len(t.Changes) > 0 && json.Unmarshal(t.Changes, &out) != nil {
		return []issuance.Change{}
	}
	return out
}

// CheckSpec is what a request is checked by where there is no authority.
type CheckSpec struct {
	Home    config.Home // whose profiles count
	Profile string
	Origin  evidence.Origin
	Now     time.Time
}

// CheckAlone judges a request as a new authority with this profile would. The
// authority exists in memory only.
func CheckAlone(ctx context.Context, r *request.Request, s CheckSpec) (Check, error) {
	a, err := authority.New(authority.Config{
		Store: memstore.New(), Keys: &keysInMemory{}, Profiles: config.NewProfiles(s.Home).Get,
		Linters: map[string]authority.Linter{"web": weblint.New("")},
		Now:     func() time.Time { return s.Now }, Log: func(string, ...any) {},
	})
	if err != nil {
		return Check{}, err
	}
	name, err := CommonName("check")
	if err != nil {
		return Check{}, err
	}
	if _, err := a.CreateCA(ctx, authority.NewCA{Name: "check", Subject: name, KeyKind: "ecdsa-p256", PathLen: -1, Settings: DefaultSettings(), By: "system"}); err != nil {
		return Check{}, err
	}
	out, err := a.Submit(ctx, authority.Submission{Profile: s.Profile, Request: r, Origin: s.Origin, DryRun: true})
	if err != nil {
		return Check{}, err
	}
	return CheckOf(out, s.Profile), nil
}

// keysInMemory holds the keys of an authority that nothing outlives.
type keysInMemory struct{ made map[string]crypto.Signer }

func (k *keysInMemory) Signer(_ context.Context, reference string) (crypto.Signer, error) {
	if s, ok := k.made[reference]; ok {
		return s, nil
	}
	return nil, authority.ErrNotFound
}

func (k *keysInMemory) Create(_ context.Context, name, kind string) (string, crypto.Signer, error) {
	made, err := key.Generate(kind, rand.Reader)
	if err != nil {
		return "", nil, err
	}
	if k.made == nil {
		k.made = map[string]crypto.Signer{}
	}
	k.made[name] = made.Signer
	return name, made.Signer, nil
}
