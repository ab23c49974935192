package authority

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Store keeps what the authority knows. All state that matters is in it, so
// that several processes can share one. Times are kept in milliseconds, UTC;
// text may come back with U+FFFD where it had NUL or was not UTF-8.
// What a Store returns belongs to the caller. A record that is not there is
// ErrNotFound; an iterator stops at its first error, which it yields.
//
// Commit is the only way to write. It applies each change whole or not at
// all, and returns when all are durable; changes of concurrent callers may
// travel in one transaction. A change whose condition does not hold any more
// fails alone, with one of the errors below.
type Store interface {
	Records

	// Commit applies the changes in order and reports on each: nil, or why
	// that change was not applied. The error is for the store itself failing;
	// then none was, save where it is ErrUncertain. It is the context's where
	// that ended before the changes were taken up; once taken up they are
	// carried out.
	Commit(ctx context.Context, changes ...*Change) ([]error, error)

	CA(ctx context.Context, name string) (*CA, error)
	CAs(ctx context.Context) ([]*CA, error)

	Ticket(ctx context.Context, id string) (*Ticket, error)
	// TicketByKey finds by Ticket.IdempotencyKey.
	TicketByKey(ctx context.Context, key string) (*Ticket, error)
	// UsedKeys returns which of these idempotency keys have a ticket.
	UsedKeys(ctx context.Context, keys []string) (map[string]bool, error)
	Tickets(ctx context.Context, q TicketQuery) iter.Seq2[*Ticket, error]

	Certificate(ctx context.Context, ca string, serial []byte) (*Certificate, error)
	Certificates(ctx context.Context, q Query) iter.Seq2[*Certificate, error]

	// Revocations yields, in order of serial number (by its octets), what a
	// revocation list of this authority and shard holds: one state of the
	// store, whatever is committed meanwhile.
	Revocations(ctx context.Context, q RevocationQuery) iter.Seq2[Revocation, error]
	// LastChange returns the highest Revocation.Change of an authority, 0 if
	// there is none: whether something changed, cheaply.
	LastChange(ctx context.Context, ca string) (int64, error)
	// LatestCRL returns the newest list of this kind, ErrNotFound if none.
	LatestCRL(ctx context.Context, ca string, kind CRLKind, shard int) (*CRL, error)
	// NewestCRL is LatestCRL without DER.
	NewestCRL(ctx context.Context, ca string, kind CRLKind, shard int) (*CRL, error)
	// CRLs yields every list kept of an authority, oldest first, without DER.
	CRLs(ctx context.Context, ca string) iter.Seq2[*CRL, error]

	// Events yields the audit chain from this sequence number on.
	Events(ctx context.Context, from int64) iter.Seq2[*Event, error]
	// Head returns the sequence number and hash of the newest event, as kept
	// apart from the events; 0 and 32 zero octets before the first. Where the
	// head was taken away it is ErrHead; so says Commit of one that does not
	// go with the events.
	Head(ctx context.Context) (int64, []byte, error)

	Close() error
}

// Errors of a Store.
var (
	ErrNotFound  = errors.New("no such record")
	ErrConflict  = errors.New("the record was changed meanwhile")                                                                        // a From state does not hold, a CRL number is taken
	ErrExists    = errors.New("the record exists already")                                                                               // same serial, name, id or idempotency key
	ErrUncertain = errors.New("the connection was lost while the change was made durable: it may be stored or not; look, and try again") // Commit's, not of one change
	ErrAway      = errors.New("the records cannot be reached now")
	ErrFull      = errors.New("the disk is full")             // nothing was written
	ErrNoKey     = errors.New("the key is not here")          // Keys' own, and no store's: another home has it
	ErrKey       = errors.New("the key may not be certified") // Change.KeyGuard does not hold
	ErrGrounds   = errors.New("what the change rests on was changed meanwhile")
	ErrHead      = errors.New("the records are damaged: the head of the audit chain, which says where it ends, is missing or was changed")
	ErrDamaged   = errors.New("the records are damaged: a value in them cannot be read, it was changed by another program") // of one record of several: the others follow it
)

// Change is what is written together, in the order of the fields.
type Change struct {
	PutCA          *CAWrite
	PutTicket      *TicketWrite
	AddCertificate *Certificate
	KeyGuard       KeyGuard  // what must hold of the certificate's key, else ErrKey
	Grounds        []*Record // that must be stored in these revisions, and that the change does not put or delete, else ErrGrounds
	SetStatus      *StatusWrite
	AddCRL         *CRL
	Delete         *Retention
	PutRecords     []*Record // as Records.PutRecords does
	DeleteRecords  []*Record // as Records.DeleteRecords does
	Events         []*Event  // Seq, Previous and Hash are filled in by Commit
}

// KeyGuard is a condition on the key of a certificate that is added. It is
// checked as the change is written, so that nothing comes in between.
type KeyGuard uint8

// The guards; each includes the one before.
const (
	AnyKey         KeyGuard = iota
	KeyNotExposed           // no certificate of the key was revoked for keyCompromise
	KeyUncertified          // there is no certificate of the key at all
)

// CAWrite stores an authority: a new one where From is 0, else one whose
// Revision is From. Commit sets CA.Revision to From+1.
type CAWrite struct {
	CA   *CA
	From int64
}

// TicketWrite stores a ticket: a new one where From is empty, else one whose
// state is From.
type TicketWrite struct {
	Ticket *Ticket
	From   State
}

// StatusWrite moves a certificate from one status to another. From
// StatusUnconfirmed to StatusValid it is a confirmation, and lists say nothing
// of it. From StatusHold to StatusValid it is a release: the certificate's Revoked, Reason and Invalid are cleared,
// and delta lists say removeFromCRL at the time Revoked.
type StatusWrite struct {
	CA      string
	Serial  []byte
	From    Status
	To      Status
	Revoked time.Time
	Reason  int       // crl.Reason
	Invalid time.Time // since when the key is suspect; zero where unknown
}

// Retention removes what is past keeping, of one authority or, where CA is
// empty, of all. Zero times remove nothing. The audit chain is never pruned.
type Retention struct {
	CA                        string
	CertificatesExpiredBefore time.Time // with their revocations and tickets
	TicketsClosedBefore       time.Time // refused and withdrawn ones, by Decided
	CRLsReplacedBefore        time.Time // by NextUpdate; the newest of each kind and shard always stays
	Limit                     int       // of certificates removed at once, oldest expiry first; 0: all
}

// CA is a certification authority.
type CA struct {
	Name     string
	Revision int64    // counts writes, from 1
	State    string   // "active", "awaiting" (its request is out to be signed), "retired"
	Parent   string   // the name of the issuing authority in this store; empty for roots and offline parents
	Key      string   // the keystore's reference
	Request  []byte   // DER of its request while awaiting
	Chain    [][]byte // DER: its certificate, then its issuers
	Settings []byte   // JSON of CASettings
	Created  time.Time
}

// State is where a ticket stands.
type State string

// The states of a ticket. Held waits for an officer; Asked and Unconfirmed wait
// for the applicant's answer; the others are final.
const (
	StateHeld   State = "held"
	StateAsked  State = "asked"
	StateIssued State = "issued"
	// StateUnconfirmed: the certificate is signed, and was given out encrypted to
	// its key only; it counts once its holder has confirmed it.
	StateUnconfirmed State = "unconfirmed"
	StateRefused     State = "refused"
	StateWithdrawn   State = "withdrawn"
)

// Ticket is a request on its way, and its record afterwards.
type Ticket struct {
	ID             string // 26 characters, sorts by time
	State          State
	CA             string
	Profile        string
	ProfileVersion string
	Format         string
	Request        []byte // DER
	Fingerprint    []byte // SHA-256 of Request
	KeyFingerprint []byte
	Subject        string // RFC 4514
	Requester      string
	IdempotencyKey string // unique where not empty
	Asked          []byte // JSON of issuance.Asked as the front door gave it
	Evidence       []byte // JSON of evidence.Evidence
	Findings       []byte // JSON of []issuance.Finding, as last judged
	Changes        []byte // JSON of []issuance.Change, as last judged
	Messages       []Message
	Replaces       []byte // serial of the certificate that this one is to renew
	Serial         []byte // of the certificate, once issued
	Created        time.Time
	Decided        time.Time // zero while open
	Decider        string    // the officer; "profile" where rules decided alone
}

// Message is one thing said about a ticket.
type Message struct {
	At   time.Time `json:"at"`
	From string    `json:"from"`
	Kind string    `json:"kind"` // "ask", "answer", "note", "approve", "refuse"
	Text string    `json:"text"`
}

// Status of a certificate.
type Status string

// The statuses. Whether a valid one has expired is a question of the clock.
const (
	StatusValid   Status = "valid"
	StatusHold    Status = "hold"
	StatusRevoked Status = "revoked"
	// StatusUnconfirmed becomes valid or revoked, and is as if it had never been
	// issued until then: no list and no answer speaks of it.
	StatusUnconfirmed Status = "unconfirmed"
)

// Certificate is the record of a certificate issued.
type Certificate struct {
	CA             string
	Serial         []byte // magnitude
	DER            []byte
	Fingerprint    []byte   // SHA-256 of DER
	KeyFingerprint []byte   // SHA-256 of the SubjectPublicKeyInfo
	Subject        string   // RFC 4514
	SubjectKey     []byte   // dn.Name.Canonical
	Names          []string // as ext.GeneralName.String
	NotBefore      time.Time
	NotAfter       time.Time
	Profile        string
	ProfileVersion string
	Requester      string
	Ticket         string
	Replaces       []byte // serial of the certificate this one renews
	Shard          int
	Status         Status
	Revoked        time.Time
	Reason         int
	Invalid        time.Time
	Issued         time.Time
}

// Query selects certificates; zero fields do not narrow it. Results come in
// the order they were issued, newest last.
type Query struct {
	CA             string
	Serial         []byte
	Subject        string // part of the subject's text, regardless of case
	Name           string // a subject alternative name, with or without its kind, regardless of case; "*" matches any run
	Fingerprint    []byte
	KeyFingerprint []byte
	Profile        string
	Requester      string
	Ticket         string
	Status         Status
	ExpiresBefore  time.Time // NotAfter is before
	ExpiresAfter   time.Time // NotAfter is then or later
	IssuedAfter    time.Time // Issued is then or later
	Text           string    // part of subject, a name or the serial in hexadecimal, regardless of case
	Limit          int       // 0: no limit
	After          *Place    // only those issued after this certificate; one that is not there is ErrNotFound
}

// Place is a certificate's place in the order of issue: where the page of a
// list ended.
type Place struct {
	CA     string
	Serial []byte
}

// TicketQuery selects tickets, oldest first; zero fields do not narrow it.
type TicketQuery struct {
	State          State
	Open           bool // those that are held, asked or unconfirmed
	CA             string
	Requester      string
	KeyFingerprint []byte
	Fingerprint    []byte
	Limit          int
	After          string // only those that come after the ticket of this ID; one that is not there is ErrNotFound
}

// Revocation is one line of a revocation list.
type Revocation struct {
	Serial  []byte
	At      time.Time
	Reason  int // crl.Reason
	Invalid time.Time
	Change  int64 // the store's count of status changes when this one was written; grows with every one
}

// RevocationQuery selects what a full list holds, or with Delta what changed
// after the mark Changed: certificates released from hold are among it, with
// the reason removeFromCRL.
type RevocationQuery struct {
	CA         string
	Shard      int       // -1 for all
	NotExpired time.Time // leave out certificates that expired before, save what changed after Changed
	Delta      bool
	Changed    int64 // the CRL.Mark of the list before
}

// CRLKind is full or delta.
type CRLKind string

// The kinds of revocation list.
const (
	FullCRL  CRLKind = "full"
	DeltaCRL CRLKind = "delta"
)

// CRL is a revocation list that was signed. Number is unique for its
// authority, over kinds and shards.
type CRL struct {
	CA         string
	Kind       CRLKind
	Shard      int // 0 where there is one list for all
	Number     int64
	Base       int64 // of a delta: the number of the full list it goes with
	Mark       int64 // the highest Revocation.Change in it, or its base's if that is higher
	ThisUpdate time.Time
	NextUpdate time.Time
	Entries    int64
	DER        []byte
}

// Event is one entry of the audit chain.
type Event struct {
	Seq      int64
	At       time.Time
	Actor    string // who: an officer, a requester, "system"
	Action   string // "request.submitted", "request.approved", "certificate.signed", "key.used" …
	Object   string // what: "ticket:01J…", "certificate:CA/SERIAL", "ca:NAME"
	Detail   []byte // JSON: the rule, the profile's version, the reason
	Previous []byte // Hash of the event before; 32 zero octets at the first
	Hash     []byte // EventHash
}
