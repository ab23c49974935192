package acme

// ProblemType is the last part of an error's URN (RFC 8555, Section 6.7).
type ProblemType string

// The error types of RFC 8555, RFC 9773 and draft-ietf-acme-profiles.
const (
	AccountDoesNotExist     ProblemType = "accountDoesNotExist"
	AlreadyReplaced         ProblemType = "alreadyReplaced" // RFC 9773, Section 7.4
	AlreadyRevoked          ProblemType = "alreadyRevoked"
	BadCSR                  ProblemType = "badCSR"
	BadNonce                ProblemType = "badNonce"
	BadPublicKey            ProblemType = "badPublicKey"
	BadRevocationReason     ProblemType = "badRevocationReason"
	BadSignatureAlgorithm   ProblemType = "badSignatureAlgorithm"
	CAA                     ProblemType = "caa"
	Compound                ProblemType = "compound"
	Connection              ProblemType = "connection"
	DNSProblem              ProblemType = "dns"
	ExternalAccountRequired ProblemType = "externalAccountRequired"
	IncorrectResponse       ProblemType = "incorrectResponse"
	InvalidContact          ProblemType = "invalidContact"
	InvalidProfile          ProblemType = "invalidProfile"
	Malformed               ProblemType = "malformed"
	OrderNotReady           ProblemType = "orderNotReady"
	RateLimited             ProblemType = "rateLimited"
	RejectedIdentifier      ProblemType = "rejectedIdentifier"
	ServerInternal          ProblemType = "serverInternal"
	TLS                     ProblemType = "tls"
	Unauthorized            ProblemType = "unauthorized"
	UnsupportedContact      ProblemType = "unsupportedContact"
	UnsupportedIdentifier   ProblemType = "unsupportedIdentifier"
	UserActionRequired      ProblemType = "userActionRequired"
)

const problemPrefix = "urn:ietf:params:acme:error:"

// Problem is a problem document (RFC 8555, Sections 6.7 and 6.7.1).
type Problem struct {
	Type        string      `json:"type"`
	Detail      string      `json:"detail,omitempty"`
	Status      int         `json:"status,omitempty"`   // of HTTP
	Instance    string      `json:"instance,omitempty"` // URL, for people, of what userActionRequired wants done
	Identifier  *Identifier `json:"identifier,omitempty"`
	Algorithms  []string    `json:"algorithms,omitempty"` // those taken, of badSignatureAlgorithm
	Subproblems []Problem   `json:"subproblems,omitempty"`
}

// NewProblem makes a problem of this type.
func NewProblem(t ProblemType, detail string) *Problem {
	return &Problem{Type: problemPrefix + string(t), Detail: detail}
}

// Has reports whether a problem is of this type; nil is of none.
func (p *Problem) Has(t ProblemType) bool { return p != nil && p.Type == problemPrefix+string(t) }

// Of names the identifier that a problem is about.
func (p *Problem) Of(i Identifier) *Problem {
	p.Identifier = &i
	return p
}

// Error returns the type and the detail.
func (p *Problem) Error() string { return p.Type + ": " + p.Detail }
