// Package issuance decides what certificate a request may become, and signs
// it: a profile judges, only a judgement gives an approval, and only an
// approval can be signed.
package issuance

import (
	"crypto"
	"time"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/request"
)

// Verdict is the outcome of judging.
type Verdict string

// The verdicts.
const (
	Accepted Verdict = "accepted"
	Held     Verdict = "held" // a person must decide
	Refused  Verdict = "refused"
)

// Severity of a finding: Error refuses, Hold asks for a person, the others
// are for people to read.
type Severity string

// The severities.
const (
	Info    Severity = "info"
	Warning Severity = "warning"
	Hold    Severity = "hold"
	Error   Severity = "error"
)

// Finding is what one rule has to say of one field.
type Finding struct {
	Rule     string         `json:"rule"`
	Citation string         `json:"citation,omitempty"`
	Severity Severity       `json:"severity"`
	Reason   request.Reason `json:"reason,omitempty"` // of an Error
	Field    string         `json:"field,omitempty"`
	Detail   string         `json:"detail"`
	Fix      string         `json:"fix,omitempty"`
}

// Change is one difference between what was asked for and what is issued.
type Change struct {
	Field     string `json:"field"`  // "subject.organization", "extension.keyUsage", "notAfter"
	Action    string `json:"action"` // "kept", "dropped", "added", "replaced"
	Requested string `json:"requested,omitempty"`
	Issued    string `json:"issued,omitempty"`
	Why       string `json:"why"` // the rule of the profile, in words
}

// Asked is what a submission says besides the request itself. Only an officer
// of the authority may fill Subject and Names; the front door sees to that.
type Asked struct {
	NotBefore time.Time // zero: now, less the profile's backdate
	NotAfter  time.Time // zero: by Validity, or the profile's default
	Validity  time.Duration
	Subject   *dn.Name          // replaces the request's
	Names     []ext.GeneralName // replaces the request's subjectAltName; nil keeps it
}

// Judgement is the outcome of judging one request. Only Judge makes one.
type Judgement struct{ unwritten int }

// Verdict returns accepted, held or refused.
func (j Judgement) Verdict() Verdict { panic("unwritten") }

// Findings returns what every rule had to say, errors first.
func (j Judgement) Findings() []Finding { panic("unwritten") }

// Changes returns the differences between request and certificate, with reasons.
func (j Judgement) Changes() []Change { panic("unwritten") }

// Refusal returns the first error as an answer for the requester; nil unless refused.
func (j Judgement) Refusal() *request.Refusal { panic("unwritten") }

// WithFindings returns the judgement with more findings counted in: a linter's.
// They can only make a verdict stricter.
func (j Judgement) WithFindings(more []Finding) Judgement { panic("unwritten") }

// Approve gives the approval of an accepted judgement.
func (j Judgement) Approve() (*Approval, error) { panic("unwritten") }

// ApproveAs gives the approval of a held judgement in the name of an officer.
func (j Judgement) ApproveAs(officer string) (*Approval, error) { panic("unwritten") }

// Approval lets one certificate be signed, once.
type Approval struct{ unwritten int }

// Profile says what certificates of one kind look like and who may have them.
type Profile struct {
	Name    string
	Version string // of the text: its declared version, and "+" and the first 12 hexadecimal digits of its SHA-256
}

// ParseProfile reads a profile from YAML; unknown keys are errors with their
// line and the nearest known key.
func ParseProfile(text []byte) (*Profile, error) { panic("unwritten") }

// BuiltIn returns the profiles that come with the program, by name: server,
// client, device, person, organization, code, ocsp, subca, timestamp, web.
func BuiltIn() []*Profile { panic("unwritten") }

// Judge decides under the profile what certificate this request would become
// from this issuer. It is pure: the same arguments give the same judgement.
func (p *Profile) Judge(r *request.Request, e evidence.Evidence, i *Issuer, a Asked, now time.Time) Judgement {
	panic("unwritten")
}

// IssuerConfig is what an issuer is made from.
type IssuerConfig struct {
	Certificate *cert.Certificate
	Signer      crypto.Signer // nil: can judge, cannot sign
	Hash        string        // "" for the key's default
	PSS         bool
	CRL         []string // distribution point URIs put in certificates where the profile says so
	FreshestCRL []string
	OCSP        []string // responder URIs, likewise
	CAIssuers   []string // where the issuer's certificate is fetched, likewise
}

// Issuer signs certificates with one key under one name.
type Issuer struct{ unwritten int }

// NewIssuer checks that certificate and key belong together and that the
// certificate may sign certificates.
func NewIssuer(c IssuerConfig) (*Issuer, error) { panic("unwritten") }

// Preview returns the DER of the certificate the judgement would give, signed
// by a throw-away key of the issuer's kind, for linters.
func (i *Issuer) Preview(j Judgement) ([]byte, error) { panic("unwritten") }

// NewSelfIssuer returns the issuer that a new root is to itself: the name of
// the request, and the key that made it.
func NewSelfIssuer(r *request.Request, c IssuerConfig) (*Issuer, error) { panic("unwritten") }

// Issued is a certificate just signed, with what its record needs.
type Issued struct {
	DER       []byte
	Serial    []byte // magnitude
	Subject   dn.Name
	Names     []ext.GeneralName
	NotBefore time.Time
	NotAfter  time.Time
	PublicKey *key.Public
}

// Sign spends the approval: it signs what was approved under this serial
// number and checks the signature with the issuer's public key before it
// returns. It is the only function of the program that signs a certificate.
func (i *Issuer) Sign(a *Approval, serial []byte) (*Issued, error) { panic("unwritten") }
