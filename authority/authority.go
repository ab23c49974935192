// Package authority runs certification authorities: it takes submissions,
// has them judged, has the approved ones signed, records them before it
// releases them, and revokes them.
package authority

import (
	"context"
	"crypto"
	"time"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// Keys finds and makes the private keys of authorities.
type Keys interface {
	// Signer opens the key behind a reference.
	Signer(ctx context.Context, reference string) (crypto.Signer, error)
	// Create makes a key of this kind for the authority of this name.
	Create(ctx context.Context, name, kind string) (reference string, signer crypto.Signer, err error)
}

// Linter examines the DER of a certificate that is about to be signed.
type Linter interface {
	Lint(ctx context.Context, der []byte) ([]issuance.Finding, error)
}

// Config is what an Authority is made from.
type Config struct {
	Store    Store
	Keys     Keys
	Profiles func(name string) (*issuance.Profile, error) // a *request.Refusal (UnknownProfile) where there is none
	Linters  map[string]Linter                            // by the name a profile uses; a profile that names a missing one refuses
	Now      func() time.Time
	Log      func(format string, args ...any) // what went wrong on our side
}

// Authority is the running core. It is safe for concurrent use, by several
// processes over one store too.
type Authority struct{ unwritten int }

// New checks the configuration and returns an authority.
func New(c Config) (*Authority, error) { panic("unwritten") }

// Submission is a request as a front door hands it in.
type Submission struct {
	CA             string // empty: the only issuing one
	Profile        string // empty: "server"
	Request        *request.Request
	Origin         evidence.Origin
	Controls       []evidence.Control
	Asked          issuance.Asked
	IdempotencyKey string
	Replaces       *Certificate // the certificate this one renews
	DryRun         bool         // judge, record nothing, sign nothing
}

// Outcome is a ticket with what the sender may know.
type Outcome struct {
	Ticket      *Ticket
	Judgement   issuance.Judgement
	Certificate *Certificate // once issued
	Chain       [][]byte     // DER of the issuers, nearest first
	Refusal     *request.Refusal
}

// Submit judges a request, signs it if the judgement lets it, records
// everything, and only then returns. A refusal is an outcome, not an error.
// The same idempotency key gives the same ticket.
func (a *Authority) Submit(ctx context.Context, s Submission) (*Outcome, error) { panic("unwritten") }

// Ticket returns a ticket with its certificate, if it has one.
func (a *Authority) Ticket(ctx context.Context, id string) (*Outcome, error) { panic("unwritten") }

// Ask asks the applicant for more, in the name of an officer.
func (a *Authority) Ask(ctx context.Context, ticket, officer, text string) (*Outcome, error) {
	panic("unwritten")
}

// Answer answers what was asked; the ticket is held again.
func (a *Authority) Answer(ctx context.Context, ticket, from, text string) (*Outcome, error) {
	panic("unwritten")
}

// Approve judges a held request anew and has it signed in the name of an
// officer. A requester cannot approve what they asked for.
func (a *Authority) Approve(ctx context.Context, ticket, officer, note string) (*Outcome, error) {
	panic("unwritten")
}

// Refuse closes a held request in the name of an officer.
func (a *Authority) Refuse(ctx context.Context, ticket, officer, why string) (*Outcome, error) {
	panic("unwritten")
}

// Withdraw closes an open request in the name of its applicant.
func (a *Authority) Withdraw(ctx context.Context, ticket, from string) (*Outcome, error) {
	panic("unwritten")
}

// RevocationOrder asks for a certificate to be revoked. By is the officer, or
// empty where the holder shows Password (the challenge password of the
// request) or Proof (a signature of the certificate's key over ProofMessage).
type RevocationOrder struct {
	CA       string
	Serial   []byte
	Reason   crl.Reason // CertificateHold can be released
	Invalid  time.Time
	By       string
	Password string
	Proof    []byte
}

// ProofMessage is what a holder signs to have a certificate revoked.
func ProofMessage(ca string, serial []byte, reason crl.Reason) []byte { panic("unwritten") }

// Revoke records a revocation and returns the certificate's record.
func (a *Authority) Revoke(ctx context.Context, o RevocationOrder) (*Certificate, error) {
	panic("unwritten")
}

// Release takes a certificate off hold.
func (a *Authority) Release(ctx context.Context, ca string, serial []byte, officer string) (*Certificate, error) {
	panic("unwritten")
}

// CASettings are what an operator sets for one authority.
type CASettings struct {
	DefaultProfile string        `json:"defaultProfile,omitempty"`
	CRLValidity    time.Duration `json:"crlValidity"`             // of full lists
	DeltaValidity  time.Duration `json:"deltaValidity,omitempty"` // 0: no delta lists
	Shards         int           `json:"shards,omitempty"`        // 0 or 1: one list
	CRL            []string      `json:"crl,omitempty"`           // URIs; "{ca}" and "{shard}" are filled in
	FreshestCRL    []string      `json:"freshestCrl,omitempty"`
	OCSP           []string      `json:"ocsp,omitempty"`
	CAIssuers      []string      `json:"caIssuers,omitempty"`
	Hash           string        `json:"hash,omitempty"`
	PSS            bool          `json:"pss,omitempty"`
	KeepExpired    time.Duration `json:"keepExpired"` // retention: how long records stay after expiry
}

// NewCA describes an authority to be made.
type NewCA struct {
	Name     string
	Subject  dn.Name
	KeyKind  string // key.Generate's
	Parent   string // an authority of this store; empty for a root, or with Offline
	Offline  bool   // make key and request only; InstallCA brings the certificate
	Asked    issuance.Asked
	PathLen  int               // -1: as the profile says
	Permit   []ext.GeneralName // name constraints
	Exclude  []ext.GeneralName
	Settings CASettings
	By       string
}

// CreateCA makes an authority: its key, its request, and unless it is offline
// its certificate, signed by itself or by its parent.
func (a *Authority) CreateCA(ctx context.Context, n NewCA) (*CA, error) { panic("unwritten") }

// InstallCA gives an awaiting authority the certificate that its offline
// parent signed, and the parent's chain.
func (a *Authority) InstallCA(ctx context.Context, name string, chain [][]byte, by string) (*CA, error) {
	panic("unwritten")
}

// ImportCA takes in an authority made elsewhere: its key and chain.
func (a *Authority) ImportCA(ctx context.Context, name, keyReference string, chain [][]byte, s CASettings, by string) (*CA, error) {
	panic("unwritten")
}

// UpdateCA changes the settings of an authority, or retires it.
func (a *Authority) UpdateCA(ctx context.Context, name string, change func(*CA, *CASettings), by string) (*CA, error) {
	panic("unwritten")
}

// PublishCRL signs and records the next revocation list of this kind: of one
// shard, or of all with shard -1.
func (a *Authority) PublishCRL(ctx context.Context, ca string, kind CRLKind, shard int, by string) ([]*CRL, error) {
	panic("unwritten")
}

// Tidy removes what is past keeping, by each authority's settings.
func (a *Authority) Tidy(ctx context.Context) error { panic("unwritten") }
