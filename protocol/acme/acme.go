// Package acme holds the messages of the ACME protocol (RFC 8555), how they
// are signed, what its challenges are computed from, and a small client.
package acme

import "time"

// ContentType is that of every signed message (RFC 8555, Section 6.2).
const ContentType = "application/jose+json"

// ProblemContentType is that of problem documents (RFC 7807, Section 3).
const ProblemContentType = "application/problem+json"

// ChainContentType is that of certificates (RFC 8555, Section 9.1).
const ChainContentType = "application/pem-certificate-chain"

// The statuses of accounts, orders, authorizations and challenges (RFC 8555,
// Section 7.1.6).
const (
	StatusPending     = "pending"
	StatusReady       = "ready"
	StatusProcessing  = "processing"
	StatusValid       = "valid"
	StatusInvalid     = "invalid"
	StatusDeactivated = "deactivated"
	StatusExpired     = "expired"
	StatusRevoked     = "revoked"
)

// The types of identifier.
const (
	DNS = "dns" // RFC 8555, Section 9.7.7
	IP  = "ip"  // RFC 8738, Section 3
)

// The types of challenge.
const (
	HTTP01       = "http-01"        // RFC 8555, Section 8.3
	DNS01        = "dns-01"         // RFC 8555, Section 8.4
	TLSALPN01    = "tls-alpn-01"    // RFC 8737, Section 3
	DNSAccount01 = "dns-account-01" // draft-ietf-acme-dns-account-label
	DNSPersist01 = "dns-persist-01" // draft-ietf-acme-dns-persist-02
)

// Directory is where a client begins (RFC 8555, Section 7.1.1).
type Directory struct {
	NewNonce    string `json:"newNonce"`
	NewAccount  string `json:"newAccount"`
	NewOrder    string `json:"newOrder"`
	NewAuthz    string `json:"newAuthz,omitempty"` // RFC 8555, Section 7.4.1
	RevokeCert  string `json:"revokeCert"`
	KeyChange   string `json:"keyChange"`
	RenewalInfo string `json:"renewalInfo,omitempty"` // RFC 9773, Section 3
	Meta        Meta   `json:"meta"`
}

// Meta is what a directory says of its server.
type Meta struct {
	TermsOfService          string            `json:"termsOfService,omitempty"`
	Website                 string            `json:"website,omitempty"`
	CAAIdentities           []string          `json:"caaIdentities,omitempty"`
	ExternalAccountRequired bool              `json:"externalAccountRequired,omitempty"`
	Profiles                map[string]string `json:"profiles,omitempty"`          // draft-ietf-acme-profiles: name → URL of a description
	IssuerDomainNames       []string          `json:"issuerDomainNames,omitempty"` // draft-ietf-acme-dns-persist-02, Section 3.2
	AccountHashPrefix       string            `json:"accountHashPrefix,omitempty"` // Section 4.1 of the same
}

// Account is an account as the server shows it (RFC 8555, Section 7.1.2).
type Account struct {
	Status               string   `json:"status"`
	Contact              []string `json:"contact,omitempty"`
	TermsOfServiceAgreed bool     `json:"termsOfServiceAgreed,omitempty"`
	Orders               string   `json:"orders"`
}

// NewAccount asks for an account, or for the one of the key (RFC 8555,
// Section 7.3).
type NewAccount struct {
	Contact                []string `json:"contact,omitempty"`
	TermsOfServiceAgreed   bool     `json:"termsOfServiceAgreed,omitempty"`
	OnlyReturnExisting     bool     `json:"onlyReturnExisting,omitempty"`
	ExternalAccountBinding *Signed  `json:"externalAccountBinding,omitempty"`
}

// AccountUpdate changes an account (RFC 8555, Sections 7.3.2 and 7.3.6).
type AccountUpdate struct {
	Status  string    `json:"status,omitempty"`
	Contact *[]string `json:"contact,omitempty"`
}

// KeyChange is what the new key signs (RFC 8555, Section 7.3.5).
type KeyChange struct {
	Account string `json:"account"`
	OldKey  Key    `json:"oldKey"`
}

// Identifier is a name that a certificate is ordered for.
type Identifier struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// NewOrder asks for a certificate (RFC 8555, Section 7.4).
type NewOrder struct {
	Identifiers []Identifier `json:"identifiers"`
	NotBefore   *time.Time   `json:"notBefore,omitempty"`
	NotAfter    *time.Time   `json:"notAfter,omitempty"`
	Profile     string       `json:"profile,omitempty"`  // draft-ietf-acme-profiles
	Replaces    string       `json:"replaces,omitempty"` // RFC 9773, Section 5
}

// NewAuthorization asks for an authorization ahead of an order (RFC 8555,
// Section 7.4.1).
type NewAuthorization struct {
	Identifier Identifier `json:"identifier"`
}

// Order is an order as the server shows it (RFC 8555, Section 7.1.3).
type Order struct {
	Status         string       `json:"status"`
	Expires        *time.Time   `json:"expires,omitempty"`
	Identifiers    []Identifier `json:"identifiers"`
	NotBefore      *time.Time   `json:"notBefore,omitempty"`
	NotAfter       *time.Time   `json:"notAfter,omitempty"`
	Profile        string       `json:"profile,omitempty"`
	Replaces       string       `json:"replaces,omitempty"`
	Error          *Problem     `json:"error,omitempty"`
	Authorizations []string     `json:"authorizations"`
	Finalize       string       `json:"finalize"`
	Certificate    string       `json:"certificate,omitempty"`
}

// OrderList lists the orders of an account (RFC 8555, Section 7.1.2.1).
type OrderList struct {
	Orders []string `json:"orders"`
}

// Authorization is an account's standing with one identifier (RFC 8555,
// Section 7.1.4).
type Authorization struct {
	Status     string      `json:"status"`
	Expires    *time.Time  `json:"expires,omitempty"`
	Identifier Identifier  `json:"identifier"`
	Challenges []Challenge `json:"challenges"`
	Wildcard   bool        `json:"wildcard,omitempty"`
}

// Challenge is one way to show control (RFC 8555, Section 7.1.5).
type Challenge struct {
	Type              string     `json:"type"`
	URL               string     `json:"url"`
	Status            string     `json:"status"`
	Validated         *time.Time `json:"validated,omitempty"`
	Token             string     `json:"token,omitempty"`
	IssuerDomainNames []string   `json:"issuerDomainNames,omitempty"` // of dns-persist-01
	Error             *Problem   `json:"error,omitempty"`
}

// Finalize hands in the request (RFC 8555, Section 7.4).
type Finalize struct {
	CSR string `json:"csr"` // base64url of its DER
}

// Revocation asks for a certificate to be revoked (RFC 8555, Section 7.6).
type Revocation struct {
	Certificate string `json:"certificate"` // base64url of its DER
	Reason      *int   `json:"reason,omitempty"`
}

// RenewalInfo says when to renew (RFC 9773, Section 4.2).
type RenewalInfo struct {
	SuggestedWindow Window `json:"suggestedWindow"`
	ExplanationURL  string `json:"explanationURL,omitempty"`
}

// Window is a span of time.
type Window struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}
