package task

import (
	"context"
	"iter"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/issuance"
)

// Desk is where requests are handed in and decided, and records looked up: at
// the authority of a home, or at a server's, where the sender's token says
// who they are and what they may do.
type Desk interface {
	Requests
	Certificates
	Authorities
	Administration
	ACME
}

// Requests are handed in, judged and decided.
type Requests interface {
	Submit(ctx context.Context, s authority.Submission) (*authority.Outcome, error)
	Submitted(ctx context.Context, keys []string) (map[string]bool, error)
	// Check judges a submission, and records and signs nothing.
	Check(ctx context.Context, s authority.Submission) (Check, error)
	Ticket(ctx context.Context, id string) (*authority.Ticket, error) // authority.ErrNotFound
	Tickets(ctx context.Context, q authority.TicketQuery) iter.Seq2[*authority.Ticket, error]
	// View judges an open ticket as an approval would.
	View(ctx context.Context, t *authority.Ticket) (TicketView, error)
	Ask(ctx context.Context, ticket, officer, text string) (*authority.Outcome, error)
	Answer(ctx context.Context, ticket, from, text string) (*authority.Outcome, error)
	Approve(ctx context.Context, ticket, officer, note string) (*authority.Outcome, error)
	Refuse(ctx context.Context, ticket, officer, why string) (*authority.Outcome, error)
	Withdraw(ctx context.Context, ticket, from string) (*authority.Outcome, error)
	Confirm(ctx context.Context, c authority.Confirmation) (*authority.Outcome, error)
}

// Certificates are looked up and revoked.
type Certificates interface {
	Certificates(ctx context.Context, q authority.Query) iter.Seq2[*authority.Certificate, error]
	Revoke(ctx context.Context, o authority.RevocationOrder) (*authority.Certificate, error)
	Release(ctx context.Context, ca string, serial []byte, officer string) (*authority.Certificate, error)
}

// Authorities and profiles are looked at.
type Authorities interface {
	CA(ctx context.Context, name string) (*authority.CA, error) // authority.ErrNotFound
	CAs(ctx context.Context) ([]*authority.CA, error)
	State(ctx context.Context, name string) (string, error)
	// CRL returns the newest revocation list of an authority, in DER; ErrNotFound.
	CRL(ctx context.Context, ca string, kind authority.CRLKind, shard int) ([]byte, error)
	// PublishCRL has the next lists signed and published: of one shard, or of all
	// with -1.
	PublishCRL(ctx context.Context, ca string, kind authority.CRLKind, shard int, by string) ([]*authority.CRL, error)
	Profiles(ctx context.Context) ([]config.ProfileEntry, error)
	Profile(ctx context.Context, name string) (*issuance.Profile, error)
}

// Administration is about tokens, secrets and the audit chain.
type Administration interface {
	NewToken(ctx context.Context, t access.Token) (made *access.Token, text string, err error)
	Tokens(ctx context.Context, name string) ([]*access.Token, error)
	RevokeToken(ctx context.Context, id, by string) (*access.Token, error)
	NewSecret(ctx context.Context, s secret.Secret, value string) (made *secret.Secret, told string, err error)
	Secrets(ctx context.Context) ([]*secret.Secret, error)
	Secret(ctx context.Context, reference string) (*secret.Secret, error)
	RevokeSecret(ctx context.Context, reference, by string) (*secret.Secret, error)
	Events(ctx context.Context, from int64) iter.Seq2[*authority.Event, error]
	VerifyAudit(ctx context.Context) (faults []authority.AuditFault, events int64, head []byte, err error)
}

// ACME is about who may use it.
type ACME interface {
	// NewBinding makes a key of an external account in the name of b.By.
	NewBinding(ctx context.Context, b *acmeorder.Binding) (key []byte, err error)
	Bindings(ctx context.Context) ([]*acmeorder.Binding, error)
	RevokeBinding(ctx context.Context, keyID, by string) error // authority.ErrNotFound
	Accounts(ctx context.Context) ([]*acmeorder.Account, error)
	Deactivate(ctx context.Context, account, by string) error // authority.ErrNotFound
}

// Desk returns where this office works: at the server it speaks to, or at its
// own authority.
func (o *Office) Desk() Desk {
	if o.Remote != nil {
		return o.Remote
	}
	return here{o.Authority, o}
}

// here is the desk of an authority of our own.
type here struct {
	*authority.Authority
	office *Office
}

func (h here) Check(ctx context.Context, s authority.Submission) (Check, error) {
	s.DryRun = true
	out, err := h.Submit(ctx, s)
	if err != nil {
		return Check{}, err
	}
	return CheckOf(out, s.Profile)
}

func (h here) Ticket(ctx context.Context, id string) (*authority.Ticket, error) {
	return h.office.Store.Ticket(ctx, id)
}

func (h here) Tickets(ctx context.Context, q authority.TicketQuery) iter.Seq2[*authority.Ticket, error] {
	return h.office.Store.Tickets(ctx, q)
}

func (h here) View(ctx context.Context, t *authority.Ticket) (TicketView, error) {
	return ViewTicket(ctx, h.office, t)
}

func (h here) Certificates(ctx context.Context, q authority.Query) iter.Seq2[*authority.Certificate, error] {
	return h.office.Store.Certificates(ctx, q)
}

func (h here) CA(ctx context.Context, name string) (*authority.CA, error) {
	return h.office.Store.CA(ctx, name)
}

func (h here) CRL(ctx context.Context, ca string, kind authority.CRLKind, shard int) ([]byte, error) {
	list, err := h.office.Store.LatestCRL(ctx, ca, kind, shard)
	if err != nil {
		return nil, err
	}
	return list.DER, nil
}

func (h here) CAs(ctx context.Context) ([]*authority.CA, error) { return h.office.Store.CAs(ctx) }

func (h here) Profiles(context.Context) ([]config.ProfileEntry, error) {
	return h.office.Profiles.List(), nil
}

func (h here) Profile(_ context.Context, name string) (*issuance.Profile, error) {
	return h.office.Profiles.Get(name)
}

func (h here) tokens() *access.Tokens { return access.NewTokens(h.office.Store, h.office.Now) }

func (h here) NewToken(ctx context.Context, t access.Token) (*access.Token, string, error) {
	if err := Finds(ctx, h.office, h.office.Profiles.Get, t.Profiles, t.CAs); err != nil {
		return nil, "", err
	}
	return h.tokens().New(ctx, t)
}

func (h here) Tokens(ctx context.Context, name string) ([]*access.Token, error) {
	return h.tokens().List(ctx, name, "", 0)
}

func (h here) RevokeToken(ctx context.Context, id, by string) (*access.Token, error) {
	return h.tokens().Revoke(ctx, id, by)
}

func (h here) NewSecret(ctx context.Context, s secret.Secret, value string) (*secret.Secret, string, error) {
	if err := Finds(ctx, h.office, h.office.Profiles.Get, []string{s.Profile}, []string{s.CA}); err != nil {
		return nil, "", err
	}
	return h.office.Vault().New(ctx, s, value)
}

func (h here) Secrets(ctx context.Context) ([]*secret.Secret, error) {
	return h.office.Vault().List(ctx, "", 0)
}

func (h here) Secret(ctx context.Context, reference string) (*secret.Secret, error) {
	return h.office.Vault().Get(ctx, reference)
}

func (h here) RevokeSecret(ctx context.Context, reference, by string) (*secret.Secret, error) {
	return h.office.Vault().Revoke(ctx, reference, by)
}

func (h here) Events(ctx context.Context, from int64) iter.Seq2[*authority.Event, error] {
	return h.office.Store.Events(ctx, from)
}

func (h here) operator(by string) *acmeorder.Operator {
	return &acmeorder.Operator{Authority: h.Authority, Store: h.office.Store, Secrets: h.office.Vault(), By: by, Now: h.office.Now}
}

func (h here) NewBinding(ctx context.Context, b *acmeorder.Binding) ([]byte, error) {
	return h.operator(b.By).NewBinding(ctx, b)
}

func (h here) Bindings(ctx context.Context) ([]*acmeorder.Binding, error) {
	return h.operator("").Bindings(ctx, "", 0)
}

func (h here) RevokeBinding(ctx context.Context, keyID, by string) error {
	return h.operator(by).RevokeBinding(ctx, keyID)
}

func (h here) Accounts(ctx context.Context) ([]*acmeorder.Account, error) {
	return h.operator("").Accounts(ctx, "", 0)
}

func (h here) Deactivate(ctx context.Context, account, by string) error {
	return h.operator(by).Deactivate(ctx, account)
}
