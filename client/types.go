package client

import (
	"encoding/json"
	"time"
)

// Submission asks for a certificate.
type Submission struct {
	Request   string     `json:"request" doc:"the request: PEM, or DER in base64; PKCS#10, CRMF or SPKAC"`
	Profile   string     `json:"profile,omitempty" doc:"the profile it is judged by; the authority's default where none is named"`
	CA        string     `json:"ca,omitempty" doc:"the authority that is to sign; the only one where none is named"`
	NotBefore *time.Time `json:"notBefore,omitempty" doc:"when it is to become valid"`
	NotAfter  *time.Time `json:"notAfter,omitempty" doc:"the second it is valid to, included"`
	Validity  int64      `json:"validitySeconds,omitempty" doc:"for how long it is to be valid, in seconds"`
	Months    int        `json:"validityMonths,omitempty" doc:"for how long it is to be valid, in months of the calendar, and validitySeconds on top of them"`
	Subject   *string    `json:"subject,omitempty" doc:"takes the place of the request's subject (RFC 4514); officers only"`
	SANs      []string   `json:"sans,omitempty" doc:"take the place of the request's names, each with its kind: dns:a.example; officers only"`
}

// Renewal asks for a certificate in place of another one.
type Renewal struct {
	Request   string     `json:"request,omitempty" doc:"a request with a new key; without one, the request on record is taken again"`
	Profile   string     `json:"profile,omitempty" doc:"another profile than before"`
	CA        string     `json:"ca,omitempty" doc:"another authority than before"`
	NotBefore *time.Time `json:"notBefore,omitempty" doc:"when it is to become valid"`
	NotAfter  *time.Time `json:"notAfter,omitempty" doc:"the second it is valid to, included"`
	Validity  int64      `json:"validitySeconds,omitempty" doc:"for how long it is to be valid, in seconds"`
	Months    int        `json:"validityMonths,omitempty" doc:"for how long it is to be valid, in months of the calendar, and validitySeconds on top of them"`
	Subject   *string    `json:"subject,omitempty" doc:"another subject (RFC 4514); officers only"`
	SANs      []string   `json:"sans,omitempty" doc:"other names, each with its kind; officers only"`
}

// The states of a request.
const (
	Issued      = "issued"
	Held        = "held"  // an officer must decide
	Asked       = "asked" // the applicant must answer
	Refused     = "refused"
	Unconfirmed = "unconfirmed" // the applicant must show that they can decrypt it
	Withdrawn   = "withdrawn"
	Accepted    = "accepted" // of a dry run: it would be issued
)

// Outcome is what became of a request.
type Outcome struct {
	State          string       `json:"state" doc:"issued, unconfirmed, held, asked, refused or withdrawn; of a dry run accepted, held or refused"`
	Ticket         string       `json:"ticket,omitempty" doc:"under which the request is on record"`
	CA             string       `json:"ca,omitempty" doc:"the authority"`
	Profile        string       `json:"profile,omitempty" doc:"the profile it was judged by"`
	ProfileVersion string       `json:"profileVersion,omitempty" doc:"the version of the profile"`
	Serial         string       `json:"serial,omitempty" doc:"of the certificate, hexadecimal"`
	Certificate    *Certificate `json:"certificate,omitempty" doc:"once issued"`
	PEM            string       `json:"pem,omitempty" doc:"the certificate and its chain without the root"`
	Findings       []Finding    `json:"findings" doc:"what the rules had to say"`
	Changes        []Change     `json:"changes" doc:"the differences between request and certificate"`
	Planned        *Planned     `json:"planned,omitempty" doc:"of a dry run: what would be issued"`
	Error          *Problem     `json:"error,omitempty" doc:"why it was refused, or why an approval was in vain"`
	Encrypted      []byte       `json:"encrypted,omitempty" doc:"of a key that cannot sign: a CMS message, DER in base64, that only its holder can decrypt and must confirm"`
	Holds          string       `json:"holds,omitempty" doc:"what is encrypted: a certificate or a challenge"`
	Until          time.Time    `json:"until,omitzero" doc:"by when it must be confirmed"`
	Repeated       bool         `json:"repeated,omitempty" doc:"the idempotency key was used before; this is what became of it then"`
}

// Confirmation answers, as the applicant, what was encrypted.
type Confirmation struct {
	Hash     string `json:"hash,omitempty" doc:"what certHash is made with: SHA-256 (the default), SHA-384 or SHA-512"`
	CertHash []byte `json:"certHash,omitempty" doc:"of the certificate that was decrypted (RFC 9810, Section 5.3.18)"`
	Answer   string `json:"answer,omitempty" doc:"the number in the challenge that was decrypted, in decimal digits"`
	Rejected string `json:"rejected,omitempty" doc:"why the certificate is not wanted"`
}

// Finding is what one rule has to say of one field.
type Finding struct {
	Rule     string `json:"rule" doc:"the name of the rule"`
	Citation string `json:"citation,omitempty" doc:"where it comes from"`
	Severity string `json:"severity" doc:"info, warning, hold or error"`
	Reason   string `json:"reason,omitempty" doc:"of an error: why, as a stable code"`
	Field    string `json:"field,omitempty" doc:"which part of the request"`
	Detail   string `json:"detail" doc:"the cause, for people"`
	Fix      string `json:"fix,omitempty" doc:"what to do, for people"`
}

// Change is one difference between what was asked for and what is issued.
type Change struct {
	Field     string `json:"field"`
	Action    string `json:"action" doc:"dropped, added or replaced"`
	Requested string `json:"requested,omitempty"`
	Issued    string `json:"issued,omitempty"`
	Why       string `json:"why" doc:"the rule of the profile, in words"`
}

// Planned is a certificate that would be signed.
type Planned struct {
	Subject    string      `json:"subject" doc:"RFC 4514"`
	SANs       []string    `json:"sans"`
	NotBefore  time.Time   `json:"notBefore"`
	NotAfter   time.Time   `json:"notAfter"`
	Issuer     string      `json:"issuer"`
	Key        string      `json:"key" doc:"in words"`
	Extensions []Extension `json:"extensions"`
}

// Extension is one extension of a certificate.
type Extension struct {
	OID      string `json:"oid"`
	Name     string `json:"name"`
	Critical bool   `json:"critical"`
	Value    string `json:"value" doc:"hexadecimal"`
}

// Request is a request on record.
type Request struct {
	Ticket         string    `json:"ticket"`
	State          string    `json:"state"`
	CA             string    `json:"ca"`
	Profile        string    `json:"profile"`
	ProfileVersion string    `json:"profileVersion"`
	Format         string    `json:"format" doc:"pkcs10, crmf or spkac"`
	Subject        string    `json:"subject" doc:"RFC 4514"`
	Requester      string    `json:"requester"`
	Fingerprint    string    `json:"fingerprint" doc:"SHA-256 of the request"`
	KeyFingerprint string    `json:"keyFingerprint" doc:"SHA-256 of the subject public key info"`
	Created        time.Time `json:"created"`
	Decided        time.Time `json:"decided,omitzero"`
	Decider        string    `json:"decider,omitempty" doc:"the officer; profile where rules decided alone"`
	Serial         string    `json:"serial,omitempty" doc:"of the certificate, once issued"`
	Replaces       string    `json:"replaces,omitempty" doc:"serial number of the certificate it is to renew"`
	Findings       []Finding `json:"findings" doc:"of an open request as it would be judged now, where one request is shown"`
	Changes        []Change  `json:"changes"`
	Messages       []Message `json:"messages" doc:"what officers and applicant said"`
	DER            []byte    `json:"request" doc:"the request, DER in base64"`
	Planned        *Planned  `json:"planned,omitempty" doc:"of an open request: what an approval would issue"`
	Error          *Problem  `json:"error,omitempty" doc:"of an open request: why an approval would be in vain"`

	ETag string `json:"-"` // of one that Client.Request returned: for IfMatch
}

// Message is one thing said about a request.
type Message struct {
	At   time.Time `json:"at"`
	From string    `json:"from"`
	Kind string    `json:"kind" doc:"ask, answer, note, approve, refuse or withdraw"`
	Text string    `json:"text"`
}

// Certificate is the record of a certificate.
type Certificate struct {
	Serial         string    `json:"serial" doc:"hexadecimal"`
	CA             string    `json:"ca" doc:"short name of the authority"`
	Issuer         string    `json:"issuer" doc:"RFC 4514"`
	Subject        string    `json:"subject" doc:"RFC 4514"`
	SANs           []string  `json:"sans" doc:"each with its kind: dns:a.example"`
	NotBefore      time.Time `json:"notBefore"`
	NotAfter       time.Time `json:"notAfter"`
	Status         string    `json:"status" doc:"valid, unconfirmed, hold, revoked or expired"`
	Revoked        time.Time `json:"revoked,omitzero"`
	Reason         string    `json:"reason,omitempty" doc:"why it was revoked"`
	InvalidSince   time.Time `json:"invalidSince,omitzero" doc:"since when the key is suspect"`
	Profile        string    `json:"profile"`
	ProfileVersion string    `json:"profileVersion"`
	Requester      string    `json:"requester"`
	Ticket         string    `json:"ticket,omitempty"`
	Replaces       string    `json:"replaces,omitempty" doc:"serial number of the certificate that it renews"`
	Issued         time.Time `json:"issued"`
	Fingerprint    string    `json:"fingerprint" doc:"SHA-256"`
	KeyFingerprint string    `json:"keyFingerprint" doc:"SHA-256 of the subject public key info"`
	DER            []byte    `json:"der,omitempty" doc:"the certificate, DER in base64; missing while it is unconfirmed"`

	ETag string `json:"-"` // of one that Client.Certificate returned: for IfMatch
}

// Revocation orders that a certificate be revoked.
type Revocation struct {
	Reason       string     `json:"reason,omitempty" doc:"as RFC 5280 names it: keyCompromise, superseded …; certificateHold can be released"`
	InvalidSince *time.Time `json:"invalidSince,omitempty" doc:"since when the key is suspect"`
	Password     string     `json:"password,omitempty" doc:"the challenge password of the request, of a holder"`
	Proof        []byte     `json:"proof,omitempty" doc:"a signature by the certificate's key over the order, of a holder"`
}

// CA is a certification authority.
type CA struct {
	Name     string      `json:"name"`
	State    string      `json:"state" doc:"active, awaiting, retired; expired, revoked or hold where its certificate is that"`
	Standing string      `json:"standing" doc:"active, awaiting or retired, whatever its certificate is"`
	Parent   string      `json:"parent,omitempty"`
	Subject  string      `json:"subject,omitempty" doc:"RFC 4514"`
	Created  time.Time   `json:"created"`
	Chain    [][]byte    `json:"chain" doc:"its certificate, then its issuers, DER in base64"`
	Settings *CASettings `json:"settings,omitempty"`
}

// CASettings are what an operator has set for an authority.
type CASettings struct {
	DefaultProfile string   `json:"defaultProfile,omitempty" doc:"the profile of requests that name none"`
	CRLValidity    int64    `json:"crlValiditySeconds" doc:"for how long a full revocation list is valid, in seconds; 0: seven days"`
	DeltaValidity  int64    `json:"deltaValiditySeconds" doc:"for how long a delta list is valid, in seconds; 0: there are none"`
	KeepExpired    int64    `json:"keepExpiredSeconds" doc:"for how long records stay after the end of a certificate, in seconds; 0: two years, -1: for ever"`
	Shards         int      `json:"shards" doc:"how many revocation lists there are; 0 or 1: one"`
	CRL            []string `json:"crl" doc:"where revocation lists are, with {ca} and {shard} to be filled in; empty: below base"`
	FreshestCRL    []string `json:"freshestCrl" doc:"where delta lists are"`
	OCSP           []string `json:"ocsp" doc:"where OCSP is answered"`
	CAIssuers      []string `json:"caIssuers" doc:"where its certificate is"`
	Base           string   `json:"base,omitempty" doc:"where a server publishes"`
	OCSPValidity   int64    `json:"ocspValiditySeconds" doc:"for how long an OCSP answer is valid, in seconds"`
	RevokeUnissued bool     `json:"revokeUnissued" doc:"OCSP calls certificates that were never issued revoked"`
	Hash           string   `json:"hash,omitempty" doc:"what it signs with; empty: what suits its key"`
	PSS            bool     `json:"pss" doc:"it signs with RSASSA-PSS"`
	Formerly       []Places `json:"formerly,omitempty" doc:"where the lists of certificates are that were issued before"`
}

// Places are where certificates that were issued before say that their lists
// are.
type Places struct {
	CRL    []string `json:"crl" doc:"with {ca} and {shard} to be filled in"`
	Shards int      `json:"shards,omitempty" doc:"how many lists there were; 0 or 1: one"`
}

// Publication orders the next revocation lists of an authority.
type Publication struct {
	Kind  string `json:"kind,omitempty" enum:"full,delta" doc:"full where it is left out"`
	Shard *int   `json:"shard,omitempty" minimum:"0" doc:"one list of several alone; all where it is left out"`
}

// RevocationList is a list that was published.
type RevocationList struct {
	CA         string    `json:"ca"`
	Kind       string    `json:"kind" doc:"full or delta"`
	Shard      int       `json:"shard"`
	Number     int64     `json:"number"`
	Base       int64     `json:"base,omitempty" doc:"of a delta list: the number of the full list it goes with"`
	ThisUpdate time.Time `json:"thisUpdate"`
	NextUpdate time.Time `json:"nextUpdate"`
	Entries    int64     `json:"entries" doc:"how many certificates are on it"`
	DER        []byte    `json:"der" doc:"the list, DER in base64"`
}

// Profile says what certificates of one kind look like and who may have them.
type Profile struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Source   string `json:"source" doc:"built in, or its own"`
	IssuesCA bool   `json:"issuesCA"`
	Error    string `json:"error,omitempty" doc:"what is wrong with it"`
	Text     string `json:"text,omitempty" doc:"its YAML, where one profile is shown"`
}

// Token is an API token.
type Token struct {
	ID          string    `json:"id,omitempty" readOnly:"true"`
	Name        string    `json:"name" doc:"whose it is: stands in the records as requester or officer"`
	Roles       []string  `json:"roles" doc:"applicant, officer, administrator, auditor"`
	Profiles    []string  `json:"profiles,omitempty" doc:"that it is limited to, whatever its roles; empty: to none"`
	CAs         []string  `json:"cas,omitempty" doc:"that it is limited to, whatever its roles; empty: to none"`
	Description string    `json:"description,omitempty"`
	Expires     time.Time `json:"expires,omitzero" doc:"when one is made without: after 90 days"`
	NoExpiry    bool      `json:"noExpiry,omitempty" doc:"of one that is made: it does not end by itself"`
	By          string    `json:"by,omitempty" readOnly:"true"`
	Created     time.Time `json:"created,omitzero" readOnly:"true"`
	Revoked     time.Time `json:"revoked,omitzero" readOnly:"true"`
	RevokedBy   string    `json:"revokedBy,omitempty" readOnly:"true"`
	Text        string    `json:"token,omitempty" readOnly:"true" doc:"the token itself, told once, when it is made"`
}

// Secret is shared with somebody who is to enrol by CMP, EST or SCEP.
type Secret struct {
	Reference   string    `json:"reference,omitempty" doc:"what the other side names it by; made where none is given"`
	Doors       []string  `json:"doors,omitempty" doc:"cmp, est, scep; empty: all"`
	Profile     string    `json:"profile,omitempty"`
	CA          string    `json:"ca,omitempty"`
	Names       []string  `json:"names,omitempty" doc:"patterns of names that it may get: dns:*.plant.example"`
	Uses        int       `json:"uses,omitempty" doc:"how many certificates it is good for; 0: any number"`
	Description string    `json:"description,omitempty"`
	Expires     time.Time `json:"expires,omitzero" doc:"without: never"`
	Value       string    `json:"value,omitempty" doc:"the secret itself: made where none is given, told once"`
	State       string    `json:"state,omitempty" readOnly:"true" doc:"active, spent, expired or revoked"`
	Used        int       `json:"used,omitempty" readOnly:"true"`
	By          string    `json:"by,omitempty" readOnly:"true"`
	Created     time.Time `json:"created,omitzero" readOnly:"true"`
	Revoked     time.Time `json:"revoked,omitzero" readOnly:"true"`
	RevokedBy   string    `json:"revokedBy,omitempty" readOnly:"true"`
}

// ExternalAccount is a key ID and a key that accounts of ACME are tied to
// somebody by (RFC 8555, Section 7.3.4).
type ExternalAccount struct {
	KeyID   string    `json:"keyID,omitempty" readOnly:"true"`
	Key     string    `json:"key,omitempty" readOnly:"true" doc:"base64url; told once, when it is made"`
	State   string    `json:"state,omitempty" readOnly:"true" doc:"free, bound, revoked or expired"`
	Note    string    `json:"note,omitempty" maxLength:"1000" doc:"whom it is for"`
	Names   []string  `json:"names,omitempty" maxItems:"1000" doc:"that its accounts may order: a host, an address, or *.NAME for all below; empty: any"`
	Many    bool      `json:"many,omitempty" doc:"more than one account may be made with it"`
	Expires time.Time `json:"expires,omitzero" doc:"by when accounts can be made with it; without: always"`
	Account string    `json:"account,omitempty" readOnly:"true" doc:"the one that was made with it last"`
	Created time.Time `json:"created,omitzero" readOnly:"true"`
	By      string    `json:"by,omitempty" readOnly:"true"`
}

// ACMEAccount is an account that a client of ACME has made.
type ACMEAccount struct {
	ID              string    `json:"id"`
	Status          string    `json:"status" doc:"valid, deactivated by its client, or revoked here"`
	Contact         []string  `json:"contact,omitempty"`
	ExternalAccount string    `json:"eab,omitempty" doc:"the key ID it was made with"`
	Created         time.Time `json:"created"`
}

// Event is one entry of the audit chain.
type Event struct {
	Seq      int64           `json:"seq"`
	At       time.Time       `json:"at"`
	Actor    string          `json:"actor"`
	Action   string          `json:"action"`
	Object   string          `json:"object"`
	Detail   json.RawMessage `json:"detail,omitempty"`
	Previous string          `json:"previous" doc:"hash of the entry before, hexadecimal"`
	Hash     string          `json:"hash" doc:"hexadecimal"`
}

// Audit is the outcome of verifying the audit chain.
type Audit struct {
	Whole  bool         `json:"whole"`
	Events int64        `json:"events"`
	Head   string       `json:"head" doc:"hash of the last entry"`
	Faults []AuditFault `json:"faults"`
}

// AuditFault is a place where the audit chain does not hold.
type AuditFault struct {
	Seq    int64  `json:"seq"`
	Kind   string `json:"kind" doc:"changed, removed, reordered or head; record where a record beside the chain is not what it says"`
	Detail string `json:"detail"`
}

// Identity is who a server takes the sender for.
type Identity struct {
	Name     string   `json:"name"`
	Roles    []string `json:"roles"`
	Profiles []string `json:"profiles,omitempty"`
	CAs      []string `json:"cas,omitempty"`
	Method   string   `json:"method" doc:"token, mtls or oidc"`
}

// Page is a part of a list.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"the cursor of the next page; missing on the last one"`
}

// Problem is an error as the server tells it (RFC 9457).
type Problem struct {
	Title    string    `json:"title,omitempty" doc:"the status in words"`
	Status   int       `json:"status,omitempty" doc:"of HTTP"`
	Code     string    `json:"code" doc:"what went wrong, as a stable code"`
	Reason   string    `json:"reason,omitempty" doc:"of a refusal: why, as a stable code"`
	Field    string    `json:"field,omitempty" doc:"which part of the request"`
	Rule     string    `json:"rule,omitempty" doc:"which rule of the profile"`
	Detail   string    `json:"detail" doc:"the cause, for people"`
	Fix      string    `json:"fix,omitempty" doc:"what to do, for people"`
	Ticket   string    `json:"ticket,omitempty" doc:"under which a refused request is on record"`
	Findings []Finding `json:"findings,omitempty" doc:"all that the rules had to say of a refused request"`
	Changes  []Change  `json:"changes,omitempty"`
	CA       string    `json:"ca,omitempty"`
	Profile  string    `json:"profile,omitempty"`
	Repeated bool      `json:"repeated,omitempty" doc:"the refusal is that of the first time the same order was sent"`
	Instance string    `json:"instance,omitempty" doc:"of a failure of the server: what its log has it under"`

	RetryAfter time.Duration `json:"-"` // how long the server has the sender wait before the order is sent again, a day at most; 0: it does not say
}

// The codes of problems.
const (
	CodeRefused         = "refused"
	CodeNotFound        = "not-found"
	CodeUsage           = "usage"
	CodeConflict        = "conflict"
	CodeExists          = "exists" // the order was carried out before
	CodeUnauthenticated = "unauthenticated"
	CodeForbidden       = "forbidden"
	CodeRateLimited     = "rate-limited"
	CodeTooLarge        = "too-large"
	CodeDatabase        = "database" // the server's records cannot be reached now
	CodeNetwork         = "network"  // the server cannot reach who could say whom a token was given to
	CodeKey             = "key"      // the server that was reached lacks a key that another one has
	CodeInternal        = "internal"
)

// Error returns the cause.
func (p *Problem) Error() string { return p.Detail }
