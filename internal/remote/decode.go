package remote

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/lint"
	"github.com/certwright/certwright/request"
)

// submissionOf is a submission as a server takes it.
func submissionOf(s *authority.Submission) client.Submission {
	told := client.Submission{Request: base64.StdEncoding.EncodeToString(s.Request.Raw), Profile: s.Profile, CA: s.CA, Validity: int64(s.Asked.Validity / time.Second), Months: s.Asked.Months}
	if !s.Asked.NotBefore.IsZero() {
		told.NotBefore = &s.Asked.NotBefore
	}
	if !s.Asked.NotAfter.IsZero() {
		told.NotAfter = &s.Asked.NotAfter
	}
	if s.Asked.Subject != nil {
		subject := s.Asked.Subject.String()
		told.Subject = &subject
	}
	for _, name := range s.Asked.Names {
		told.SANs = append(told.SANs, name.String())
	}
	return told
}

// refusedOutcome is the outcome of a request that was refused and recorded.
func refusedOutcome(p *client.Problem) *authority.Outcome {
	out := &authority.Outcome{Ticket: &authority.Ticket{ID: p.Ticket, State: authority.StateRefused, CA: p.CA, Profile: p.Profile, Decider: "profile",
		Findings: encoded(findingsOf(p.Findings)), Changes: encoded(changesOf(p.Changes))}}
	if !errors.As(plain(p), &out.Refusal) {
		out.Refusal = &request.Refusal{Reason: request.PolicyRefused, Detail: p.Detail, Fix: p.Fix}
	}
	return out
}

func encoded(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return text
}

// outcome is what a server tells, with the chain of the authority.
func (d *Desk) outcome(ctx context.Context, o *client.Outcome) (*authority.Outcome, error) {
	out := &authority.Outcome{Repeated: o.Repeated, Ticket: &authority.Ticket{ID: o.Ticket, State: authority.State(o.State), CA: o.CA, Profile: o.Profile, ProfileVersion: o.ProfileVersion,
		Findings: encoded(findingsOf(o.Findings)), Changes: encoded(changesOf(o.Changes))}}
	if o.Error != nil {
		errors.As(plain(o.Error), &out.Refusal)
	}
	if o.Encrypted != nil {
		out.Encrypted, out.Holds, out.Until = o.Encrypted, evidence.Deferred(o.Holds), o.Until
	}
	if o.Certificate == nil {
		return out, nil
	}
	var err error
	if out.Certificate, err = certificateOf(o.Certificate); err != nil {
		return nil, err
	}
	out.Ticket.Serial = out.Certificate.Serial
	out.Chain, err = d.chainOf(ctx, out.Certificate.CA)
	return out, err
}

func findingsOf(list []client.Finding) []issuance.Finding {
	out := make([]issuance.Finding, len(list))
	for i, f := range list {
		out[i] = issuance.Finding{Rule: f.Rule, Citation: f.Citation, Severity: lint.Severity(f.Severity), Reason: request.Reason(f.Reason), Field: f.Field, Detail: f.Detail, Fix: f.Fix}
	}
	return out
}

func changesOf(list []client.Change) []issuance.Change {
	out := make([]issuance.Change, len(list))
	for i, c := range list {
		out[i] = issuance.Change{Field: c.Field, Action: c.Action, Requested: c.Requested, Issued: c.Issued, Why: c.Why}
	}
	return out
}

func plannedOf(p *client.Planned) *issuance.Planned {
	out := &issuance.Planned{Subject: p.Subject, Names: p.SANs, NotBefore: p.NotBefore, NotAfter: p.NotAfter, Issuer: p.Issuer, PublicKey: p.Key}
	for _, e := range p.Extensions {
		value, _ := hex.DecodeString(e.Value)
		out.Extensions = append(out.Extensions, issuance.PlannedExtension{ID: e.OID, Name: e.Name, Critical: e.Critical, Value: value})
	}
	return out
}

// strange is an answer that the server cannot have meant.
func strange(err error) error {
	return fmt.Errorf("the server's answer is not what was expected: %w", err)
}

func ticketOf(r *client.Request) (*authority.Ticket, error) {
	t := &authority.Ticket{ID: r.Ticket, State: authority.State(r.State), CA: r.CA, Profile: r.Profile, ProfileVersion: r.ProfileVersion, Format: r.Format, Request: r.DER,
		Subject: r.Subject, Requester: r.Requester, Findings: encoded(findingsOf(r.Findings)), Changes: encoded(changesOf(r.Changes)), Created: r.Created, Decided: r.Decided, Decider: r.Decider}
	for _, m := range r.Messages {
		t.Messages = append(t.Messages, authority.Message{At: m.At, From: m.From, Kind: m.Kind, Text: m.Text})
	}
	return t, decoded(map[string]*[]byte{r.Fingerprint: &t.Fingerprint, r.KeyFingerprint: &t.KeyFingerprint, r.Serial: &t.Serial, r.Replaces: &t.Replaces})
}

// decoded reads hexadecimal digits; none are nothing.
func decoded(all map[string]*[]byte) error {
	for text, into := range all {
		if text == "" {
			continue
		}
		var err error
		if *into, err = hex.DecodeString(text); err != nil {
			return strange(err)
		}
	}
	return nil
}

func certificateOf(c *client.Certificate) (*authority.Certificate, error) {
	out := &authority.Certificate{CA: c.CA, DER: c.DER, Subject: c.Subject, Names: c.SANs, NotBefore: c.NotBefore, NotAfter: c.NotAfter, Profile: c.Profile, ProfileVersion: c.ProfileVersion,
		Requester: c.Requester, Ticket: c.Ticket, Status: authority.Status(c.Status), Revoked: c.Revoked, Invalid: c.InvalidSince, Issued: c.Issued}
	if c.Status == "expired" {
		out.Status = authority.StatusValid
	}
	if c.Reason != "" {
		reason, err := crl.ParseReason(c.Reason)
		if err != nil {
			return nil, strange(err)
		}
		out.Reason = int(reason)
	}
	if parsed, err := cert.Parse(c.DER); err == nil {
		out.SubjectKey = parsed.Subject.Canonical()
	}
	for _, one := range []struct {
		text string
		into *[]byte
	}{{c.Serial, &out.Serial}, {c.Fingerprint, &out.Fingerprint}, {c.KeyFingerprint, &out.KeyFingerprint}, {c.Replaces, &out.Replaces}} {
		if err := decoded(map[string]*[]byte{one.text: one.into}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func caOf(c *client.CA) *authority.CA {
	ca := &authority.CA{Name: c.Name, State: c.Standing, Parent: c.Parent, Chain: c.Chain, Created: c.Created}
	if c.Settings != nil {
		ca.Settings = encoded(task.ToldSettings(c.Settings))
	}
	return ca
}

func tokenOf(t *client.Token) *access.Token {
	out := &access.Token{ID: t.ID, Name: t.Name, Profiles: t.Profiles, CAs: t.CAs, Description: t.Description, By: t.By, Created: t.Created, Expires: t.Expires, Revoked: t.Revoked, RevokedBy: t.RevokedBy}
	for _, r := range t.Roles {
		out.Roles = append(out.Roles, access.Role(r))
	}
	return out
}

func secretOf(s *client.Secret) *secret.Secret {
	return &secret.Secret{Reference: s.Reference, Doors: s.Doors, Profile: s.Profile, CA: s.CA, Names: s.Names, Uses: s.Uses, Used: s.Used, Description: s.Description, By: s.By,
		Created: s.Created, Expires: s.Expires, Revoked: s.Revoked, RevokedBy: s.RevokedBy}
}

func eventOf(e *client.Event) (*authority.Event, error) {
	out := &authority.Event{Seq: e.Seq, At: e.At, Actor: e.Actor, Action: e.Action, Object: e.Object, Detail: e.Detail}
	for _, one := range []struct {
		text string
		into *[]byte
	}{{e.Previous, &out.Previous}, {e.Hash, &out.Hash}} {
		if err := decoded(map[string]*[]byte{one.text: one.into}); err != nil {
			return nil, err
		}
	}
	return out, nil
}
