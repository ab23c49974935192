// Package issuance decides what certificate a request may become, and signs
// it: a profile judges, only a judgement gives an approval, and only an
// approval can be signed.
package issuance

import (
	"time"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/lint"
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
type Severity = lint.Severity

// The severities.
const (
	Info    = lint.Info
	Warning = lint.Warning
	Hold    = lint.Hold
	Error   = lint.Error
)

// Finding is what one rule has to say of one field.
type Finding = lint.Finding

// Change is one difference between what was asked for and what is issued.
type Change struct {
	Field     string `json:"field"`  // "subject.O", "extensions.keyUsage", "subjectAltName", "notAfter"
	Action    string `json:"action"` // "dropped", "added", "replaced"
	Requested string `json:"requested,omitempty"`
	Issued    string `json:"issued,omitempty"`
	Why       string `json:"why"` // the rule of the profile, in words
}

// Asked is what a submission says besides the request itself. Only an officer
// of the authority may fill Subject and Names; the front door sees to that.
type Asked struct {
	NotBefore time.Time // zero: now, less the profile's backdate
	NotAfter  time.Time // zero: by Validity, or the profile's default; the second named is still within the validity
	Validity  time.Duration
	Months    int               // of the calendar, and Validity on top of them
	Subject   *dn.Name          // replaces the request's
	Names     []ext.GeneralName // replaces the request's subjectAltName; nil keeps it
	// Confirm has the certificate count only once its holder has said to have
	// it, as CMP's do (RFC 9810, Section 5.3.18).
	Confirm bool
}

// Planned is what a judgement would have signed.
type Planned struct {
	Subject    string             `json:"subject"` // RFC 4514
	Names      []string           `json:"names,omitempty"`
	NotBefore  time.Time          `json:"notBefore"`
	NotAfter   time.Time          `json:"notAfter"`
	Issuer     string             `json:"issuer"`
	PublicKey  string             `json:"publicKey"`
	Extensions []PlannedExtension `json:"extensions"`
}

// PlannedExtension is one extension of a certificate to be.
type PlannedExtension struct {
	ID       string        `json:"id"`   // dotted
	Name     string        `json:"name"` // by lint.ExtensionName
	Critical bool          `json:"critical"`
	Value    []byte        `json:"value"`
	Raw      ext.Extension `json:"-"`
}
