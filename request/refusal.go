package request

// Reason is why a request is refused, as a stable code. Every protocol has a
// table from Reason to its own code.
type Reason string

// The reasons.
const (
	BadFormat          Reason = "bad-format"          // not a request, or not readable as one
	BadPossession      Reason = "bad-possession"      // the proof of possession does not verify
	BadAlgorithm       Reason = "bad-algorithm"       // unknown, broken or not allowed signature or key algorithm
	BadKey             Reason = "bad-key"             // key too small, weak or of a kind the profile does not take
	BadSubject         Reason = "bad-subject"         // a field of the subject is missing, wrong or not allowed
	BadName            Reason = "bad-name"            // a subject alternative name is missing, wrong or not allowed
	BadExtension       Reason = "bad-extension"       // an extension the profile refuses
	BadValidity        Reason = "bad-validity"        // the time asked for is outside what profile or issuer allow
	BadEvidence        Reason = "bad-evidence"        // origin or control is not shown
	PolicyRefused      Reason = "policy"              // a rule of the profile says no
	LintFailed         Reason = "lint"                // what would be issued breaks a lint rule
	IssuerRefused      Reason = "issuer"              // the issuer's own constraints forbid it
	UnknownProfile     Reason = "unknown-profile"     // no such profile
	UnknownIssuer      Reason = "unknown-issuer"      // no such certification authority, or not ready to sign
	UnknownRequest     Reason = "unknown-request"     // no such ticket
	UnknownCertificate Reason = "unknown-certificate" // no such certificate
	AlreadyRevoked     Reason = "already-revoked"     // revoked before
	NotRevoked         Reason = "not-revoked"         // release of what is not on hold
	Duplicate          Reason = "duplicate"           // the same key or name where the profile wants it once
	WrongState         Reason = "wrong-state"         // the ticket was decided meanwhile, or waits for something else
	NotAuthorized      Reason = "not-authorized"      // the sender may not do this
	RefusedByOfficer   Reason = "refused-by-officer"  // a person said no
	Withdrawn          Reason = "withdrawn"           // the applicant took it back
)

// Reasons returns every reason, so that a table of a protocol's codes can be
// proved complete.
func Reasons() []Reason {
	return []Reason{
		BadFormat, BadPossession, BadAlgorithm, BadKey, BadSubject, BadName, BadExtension, BadValidity, BadEvidence,
		PolicyRefused, LintFailed, IssuerRefused, UnknownProfile, UnknownIssuer, UnknownRequest, UnknownCertificate,
		AlreadyRevoked, NotRevoked, Duplicate, WrongState, NotAuthorized, RefusedByOfficer, Withdrawn,
	}
}

// Refusal is an answer for the requester: why, where, by which rule, and what
// to do. Any other error is ours, and is never shown whole to a requester.
type Refusal struct {
	Reason Reason `json:"reason"`
	Field  string `json:"field,omitempty"` // "subject.commonName", "subjectAltName", "publicKey"
	Rule   string `json:"rule,omitempty"`  // the name of the rule, with the profile's line where it has one
	Detail string `json:"detail"`          // the cause, in one sentence without a final stop
	Fix    string `json:"fix,omitempty"`   // what the requester can do, in one sentence without a final stop
}

// Error returns the detail.
func (r *Refusal) Error() string { return r.Detail }
