// Package remote works at the authority of a Certwright server as if it were
// one's own.
package remote

import (
	"context"
	"encoding/hex"
	"errors"
	"iter"
	"slices"
	"sync"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/internal/task"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// Desk is the desk of a server. Who orders and decides is whoever the token
// belongs to, whatever name is given.
type Desk struct {
	client *client.Client

	mu  sync.Mutex
	cas map[string]*authority.CA // those whose chains were asked for
}

var _ task.Desk = (*Desk)(nil)

// New returns the desk of the server that a client speaks to.
func New(c *client.Client) *Desk { return &Desk{client: c, cas: map[string]*authority.CA{}} }

// plain makes of a problem what the same would be at home: a refusal, or a
// record that is not there. Others stay as they are.
func plain(err error) error {
	var p *client.Problem
	if !errors.As(err, &p) {
		return err
	}
	if reason := request.Reason(p.Reason); slices.Contains(request.Reasons(), reason) {
		return &request.Refusal{Reason: reason, Field: p.Field, Rule: p.Rule, Detail: p.Detail, Fix: p.Fix}
	}
	return err
}

// missing makes of a refusal of this reason that there is no such record.
func missing(err error, reason request.Reason) error {
	var refusal *request.Refusal
	if err = plain(err); errors.As(err, &refusal) && refusal.Reason == reason {
		return authority.ErrNotFound
	}
	return err
}

// Submit hands a request in; one that replaces a certificate renews it.
func (d *Desk) Submit(ctx context.Context, s authority.Submission) (*authority.Outcome, error) {
	var options []client.Option
	if s.IdempotencyKey != "" {
		options = append(options, client.WithKey(s.IdempotencyKey))
	}
	told := submissionOf(&s)
	var out *client.Outcome
	var err error
	if s.Replaces != nil {
		out, err = d.client.Renew(ctx, s.Replaces.CA, hex.EncodeToString(s.Replaces.Serial), client.Renewal(told), options...)
	} else {
		out, err = d.client.Submit(ctx, told, options...)
	}
	var p *client.Problem
	if errors.As(err, &p) && p.Ticket != "" {
		return refusedOutcome(p), nil
	}
	if err != nil {
		return nil, plain(err)
	}
	return d.outcome(ctx, out)
}

// Submitted says of every key that it may have been used: the server looks
// for itself.
func (d *Desk) Submitted(_ context.Context, keys []string) (map[string]bool, error) {
	used := make(map[string]bool, len(keys))
	for _, k := range keys {
		used[k] = true
	}
	return used, nil
}

// Check judges a request.
func (d *Desk) Check(ctx context.Context, s authority.Submission) (task.Check, error) {
	out, err := d.client.Check(ctx, submissionOf(&s))
	if err != nil {
		return task.Check{}, plain(err)
	}
	c := task.Check{Verdict: issuance.Verdict(out.State), CA: out.CA, Profile: out.Profile, Findings: findingsOf(out.Findings), Changes: changesOf(out.Changes)}
	if out.Error != nil {
		errors.As(plain(out.Error), &c.Refusal)
	}
	return c, nil
}

// Ticket returns a ticket.
func (d *Desk) Ticket(ctx context.Context, id string) (*authority.Ticket, error) {
	if id == "" {
		return nil, authority.ErrNotFound
	}
	r, err := d.client.Request(ctx, id)
	if err != nil {
		return nil, missing(err, request.UnknownRequest)
	}
	return ticketOf(r)
}

// Tickets yields tickets.
func (d *Desk) Tickets(ctx context.Context, q authority.TicketQuery) iter.Seq2[*authority.Ticket, error] {
	return mapped(d.client.Requests(ctx, client.RequestQuery{State: string(q.State), CA: q.CA, Requester: q.Requester,
		Fingerprint: hex.EncodeToString(q.Fingerprint), KeyFingerprint: hex.EncodeToString(q.KeyFingerprint), Limit: q.Limit}), ticketOf)
}

// mapped yields what the server tells in our own form.
func mapped[From, To any](all iter.Seq2[*From, error], of func(*From) (*To, error)) iter.Seq2[*To, error] {
	return func(yield func(*To, error) bool) {
		for one, err := range all {
			var made *To
			if err == nil {
				made, err = of(one)
			}
			if !yield(made, plain(err)) || err != nil {
				return
			}
		}
	}
}

// View returns a ticket as the server would decide on it now.
func (d *Desk) View(ctx context.Context, t *authority.Ticket) (task.TicketView, error) {
	r, err := d.client.Request(ctx, t.ID)
	if err != nil {
		return task.TicketView{}, plain(err)
	}
	v := task.TicketView{Ticket: t, Check: task.Check{Profile: r.Profile, Findings: findingsOf(r.Findings), Changes: changesOf(r.Changes)}}
	if requests, err := request.Parse(r.DER); err == nil && len(requests) == 1 {
		v.Request = requests[0]
	}
	if r.Planned != nil {
		v.Planned = plannedOf(r.Planned)
	}
	if r.Error != nil {
		errors.As(plain(r.Error), &v.Refusal)
	}
	return v, nil
}

// step tells what a step of a review came to.
func (d *Desk) step(ctx context.Context, out *client.Outcome, err error) (*authority.Outcome, error) {
	if err != nil {
		return nil, plain(err)
	}
	return d.outcome(ctx, out)
}

// Ask asks the applicant for more.
func (d *Desk) Ask(ctx context.Context, ticket, _, text string) (*authority.Outcome, error) {
	out, err := d.client.Ask(ctx, ticket, text)
	return d.step(ctx, out, err)
}

// Answer answers what was asked.
func (d *Desk) Answer(ctx context.Context, ticket, _, text string) (*authority.Outcome, error) {
	out, err := d.client.Answer(ctx, ticket, text)
	return d.step(ctx, out, err)
}

// Approve has a held request signed.
func (d *Desk) Approve(ctx context.Context, ticket, _, note string) (*authority.Outcome, error) {
	out, err := d.client.Approve(ctx, ticket, note)
	return d.step(ctx, out, err)
}

// Refuse closes a request.
func (d *Desk) Refuse(ctx context.Context, ticket, _, why string) (*authority.Outcome, error) {
	out, err := d.client.Refuse(ctx, ticket, why)
	return d.step(ctx, out, err)
}

// Withdraw closes a request.
func (d *Desk) Withdraw(ctx context.Context, ticket, _ string) (*authority.Outcome, error) {
	out, err := d.client.Withdraw(ctx, ticket)
	return d.step(ctx, out, err)
}

// Confirm answers what was encrypted.
func (d *Desk) Confirm(ctx context.Context, c authority.Confirmation) (*authority.Outcome, error) {
	told := client.Confirmation{CertHash: c.CertHash, Rejected: c.Rejected}
	if c.Hash != 0 {
		told.Hash = c.Hash.String()
	}
	if c.Answer != nil {
		told.Answer = c.Answer.String()
	}
	out, err := d.client.Confirm(ctx, c.Ticket, told)
	return d.step(ctx, out, err)
}

// Certificates yields certificates.
func (d *Desk) Certificates(ctx context.Context, q authority.Query) iter.Seq2[*authority.Certificate, error] {
	return mapped(d.client.Certificates(ctx, client.CertificateQuery{CA: q.CA, Serial: hex.EncodeToString(q.Serial), Text: q.Text, Subject: q.Subject, SAN: q.Name,
		Fingerprint: hex.EncodeToString(q.Fingerprint), KeyFingerprint: hex.EncodeToString(q.KeyFingerprint), Profile: q.Profile, Requester: q.Requester, Ticket: q.Ticket,
		Status: string(q.Status), ExpiresBefore: q.ExpiresBefore, ExpiresAfter: q.ExpiresAfter, IssuedAfter: q.IssuedAfter, Limit: q.Limit}), certificateOf)
}

// Revoke has a certificate revoked.
func (d *Desk) Revoke(ctx context.Context, o authority.RevocationOrder) (*authority.Certificate, error) {
	order := client.Revocation{Reason: o.Reason.String(), Password: o.Password, Proof: o.Proof}
	if !o.Invalid.IsZero() {
		order.InvalidSince = &o.Invalid
	}
	c, err := d.client.Revoke(ctx, o.CA, hex.EncodeToString(o.Serial), order)
	if err != nil {
		return nil, plain(err)
	}
	return certificateOf(c)
}

// Release takes a certificate off hold.
func (d *Desk) Release(ctx context.Context, ca string, serial []byte, _ string) (*authority.Certificate, error) {
	c, err := d.client.Release(ctx, ca, hex.EncodeToString(serial))
	if err != nil {
		return nil, plain(err)
	}
	return certificateOf(c)
}

// CA returns an authority.
func (d *Desk) CA(ctx context.Context, name string) (*authority.CA, error) {
	ca, err := d.client.CA(ctx, name)
	if err != nil {
		return nil, missing(err, request.UnknownIssuer)
	}
	return caOf(ca), nil
}

// CAs returns the authorities.
func (d *Desk) CAs(ctx context.Context) ([]*authority.CA, error) {
	all, err := d.client.CAs(ctx)
	if err != nil {
		return nil, plain(err)
	}
	var out []*authority.CA
	for i := range all {
		out = append(out, caOf(&all[i]))
	}
	return out, nil
}

// State returns how an authority stands.
func (d *Desk) State(ctx context.Context, name string) (string, error) {
	ca, err := d.client.CA(ctx, name)
	if err != nil {
		return "", plain(err)
	}
	return ca.State, nil
}

// CRL returns the newest revocation list of an authority.
func (d *Desk) CRL(ctx context.Context, ca string, kind authority.CRLKind, shard int) ([]byte, error) {
	list, err := d.client.CRL(ctx, ca, string(kind), shard)
	if client.IsNotFound(err) {
		return nil, authority.ErrNotFound
	}
	return list, plain(err)
}

// PublishCRL has the next lists published.
func (d *Desk) PublishCRL(ctx context.Context, ca string, kind authority.CRLKind, shard int, _ string) ([]*authority.CRL, error) {
	order := client.Publication{Kind: string(kind)}
	if shard >= 0 {
		order.Shard = &shard
	}
	lists, err := d.client.PublishCRL(ctx, ca, order)
	if err != nil {
		return nil, plain(err)
	}
	var out []*authority.CRL
	for _, l := range lists {
		out = append(out, &authority.CRL{CA: l.CA, Kind: authority.CRLKind(l.Kind), Shard: l.Shard, Number: l.Number, Base: l.Base, ThisUpdate: l.ThisUpdate, NextUpdate: l.NextUpdate, Entries: l.Entries, DER: l.DER})
	}
	return out, nil
}

// chainOf returns the chain of an authority, which is asked for once.
func (d *Desk) chainOf(ctx context.Context, name string) ([][]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ca := d.cas[name]; ca != nil {
		return ca.Chain, nil
	}
	ca, err := d.CA(ctx, name)
	if err != nil {
		return nil, err
	}
	d.cas[name] = ca
	return ca.Chain, nil
}

// Profiles lists the profiles.
func (d *Desk) Profiles(ctx context.Context) ([]config.ProfileEntry, error) {
	all, err := d.client.Profiles(ctx)
	if err != nil {
		return nil, plain(err)
	}
	var out []config.ProfileEntry
	for _, p := range all {
		out = append(out, config.ProfileEntry{Name: p.Name, Source: sourceOf(p)})
	}
	return out, nil
}

func sourceOf(p client.Profile) string {
	if p.Source == "own" {
		return "the server's own"
	}
	return p.Source
}

// Profile reads a profile.
func (d *Desk) Profile(ctx context.Context, name string) (*issuance.Profile, error) {
	p, err := d.client.Profile(ctx, name)
	if err != nil {
		return nil, plain(err)
	}
	return issuance.ParseProfile([]byte(p.Text))
}

// NewToken makes a token.
func (d *Desk) NewToken(ctx context.Context, t access.Token) (*access.Token, string, error) {
	asked := client.Token{Name: t.Name, Roles: []string{}, Profiles: t.Profiles, CAs: t.CAs, Description: t.Description, Expires: t.Expires, NoExpiry: t.Expires.IsZero()}
	for _, r := range t.Roles {
		asked.Roles = append(asked.Roles, string(r))
	}
	made, err := d.client.NewToken(ctx, asked)
	if err != nil {
		return nil, "", plain(err)
	}
	return tokenOf(made), made.Text, nil
}

// Tokens lists tokens.
func (d *Desk) Tokens(ctx context.Context, name string) ([]*access.Token, error) {
	return collected(d.client.Tokens(ctx, name), tokenOf)
}

func collected[From, To any](all iter.Seq2[*From, error], of func(*From) *To) ([]*To, error) {
	var out []*To
	for one, err := range all {
		if err != nil {
			return nil, plain(err)
		}
		out = append(out, of(one))
	}
	return out, nil
}

// RevokeToken ends a token.
func (d *Desk) RevokeToken(ctx context.Context, id, _ string) (*access.Token, error) {
	t, err := d.client.RevokeToken(ctx, id)
	if err != nil {
		return nil, plain(err)
	}
	return tokenOf(t), nil
}

// NewSecret keeps a secret.
func (d *Desk) NewSecret(ctx context.Context, s secret.Secret, value string) (*secret.Secret, string, error) {
	made, err := d.client.NewSecret(ctx, client.Secret{Reference: s.Reference, Doors: s.Doors, Profile: s.Profile, CA: s.CA, Names: s.Names, Uses: s.Uses,
		Description: s.Description, Expires: s.Expires, Value: value})
	if err != nil {
		return nil, "", plain(err)
	}
	if made.Value != "" {
		value = made.Value
	}
	return secretOf(made), value, nil
}

// Secrets lists the secrets.
func (d *Desk) Secrets(ctx context.Context) ([]*secret.Secret, error) {
	return collected(d.client.Secrets(ctx), secretOf)
}

// Secret returns what is known of a secret.
func (d *Desk) Secret(ctx context.Context, reference string) (*secret.Secret, error) {
	s, err := d.client.Secret(ctx, reference)
	if err != nil {
		return nil, plain(err)
	}
	return secretOf(s), nil
}

// RevokeSecret ends a secret.
func (d *Desk) RevokeSecret(ctx context.Context, reference, _ string) (*secret.Secret, error) {
	s, err := d.client.RevokeSecret(ctx, reference)
	if err != nil {
		return nil, plain(err)
	}
	return secretOf(s), nil
}

// Events yields the audit chain.
func (d *Desk) Events(ctx context.Context, from int64) iter.Seq2[*authority.Event, error] {
	return mapped(d.client.Events(ctx, from, 0), eventOf)
}

// VerifyAudit has the server verify its audit chain.
func (d *Desk) VerifyAudit(ctx context.Context) ([]authority.AuditFault, int64, []byte, error) {
	a, err := d.client.VerifyAudit(ctx)
	if err != nil {
		return nil, 0, nil, plain(err)
	}
	var faults []authority.AuditFault
	for _, f := range a.Faults {
		faults = append(faults, authority.AuditFault{Seq: f.Seq, Kind: f.Kind, Detail: f.Detail})
	}
	head, err := hex.DecodeString(a.Head)
	return faults, a.Events, head, err
}
