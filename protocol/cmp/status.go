package cmp

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/certwright/certwright/format/der"
)

// Status is a PKIStatus (RFC 9810, Section 5.2.3).
type Status int

// The statuses.
const (
	Accepted               Status = 0
	GrantedWithMods        Status = 1
	Rejection              Status = 2
	Waiting                Status = 3
	RevocationWarning      Status = 4
	RevocationNotification Status = 5
	KeyUpdateWarning       Status = 6
)

// String returns the name that RFC 9810 gives the status.
func (s Status) String() string {
	names := [...]string{"accepted", "grantedWithMods", "rejection", "waiting", "revocationWarning", "revocationNotification", "keyUpdateWarning"}
	if s < 0 || int(s) >= len(names) {
		return fmt.Sprintf("status %d", int(s))
	}
	return names[s]
}

// FailureInfo is a set of the bits of PKIFailureInfo.
type FailureInfo uint32

// The bits (RFC 9810, Section 5.2.3).
const (
	BadAlg              FailureInfo = 1 << 0
	BadMessageCheck     FailureInfo = 1 << 1
	BadRequest          FailureInfo = 1 << 2
	BadTime             FailureInfo = 1 << 3
	BadCertID           FailureInfo = 1 << 4
	BadDataFormat       FailureInfo = 1 << 5
	WrongAuthority      FailureInfo = 1 << 6
	IncorrectData       FailureInfo = 1 << 7
	MissingTimeStamp    FailureInfo = 1 << 8
	BadPOP              FailureInfo = 1 << 9
	CertRevoked         FailureInfo = 1 << 10
	CertConfirmed       FailureInfo = 1 << 11
	WrongIntegrity      FailureInfo = 1 << 12
	BadRecipientNonce   FailureInfo = 1 << 13
	TimeNotAvailable    FailureInfo = 1 << 14
	UnacceptedPolicy    FailureInfo = 1 << 15
	UnacceptedExtension FailureInfo = 1 << 16
	AddInfoNotAvailable FailureInfo = 1 << 17
	BadSenderNonce      FailureInfo = 1 << 18
	BadCertTemplate     FailureInfo = 1 << 19
	SignerNotTrusted    FailureInfo = 1 << 20
	TransactionIDInUse  FailureInfo = 1 << 21
	UnsupportedVersion  FailureInfo = 1 << 22
	NotAuthorized       FailureInfo = 1 << 23
	SystemUnavail       FailureInfo = 1 << 24
	SystemFailure       FailureInfo = 1 << 25
	DuplicateCertReq    FailureInfo = 1 << 26
)

var failureNames = [...]string{
	"badAlg", "badMessageCheck", "badRequest", "badTime", "badCertId", "badDataFormat", "wrongAuthority", "incorrectData", "missingTimeStamp",
	"badPOP", "certRevoked", "certConfirmed", "wrongIntegrity", "badRecipientNonce", "timeNotAvailable", "unacceptedPolicy", "unacceptedExtension",
	"addInfoNotAvailable", "badSenderNonce", "badCertTemplate", "signerNotTrusted", "transactionIdInUse", "unsupportedVersion", "notAuthorized",
	"systemUnavail", "systemFailure", "duplicateCertReq",
}

// Has reports whether every bit of other is in f.
func (f FailureInfo) Has(other FailureInfo) bool { return f&other == other }

// String returns the names of the bits: "badRequest, badTime".
func (f FailureInfo) String() string {
	var names []string
	for rest := uint32(f); rest != 0; rest &= rest - 1 {
		n := bits.TrailingZeros32(rest)
		if n < len(failureNames) {
			names = append(names, failureNames[n])
		} else {
			names = append(names, fmt.Sprintf("bit %d", n))
		}
	}
	return strings.Join(names, ", ")
}

// StatusInfo is a PKIStatusInfo (RFC 9810, Section 5.2.3).
type StatusInfo struct {
	Status  Status
	Text    []string
	Failure FailureInfo
}

// Granted reports whether what was asked for was done.
func (s StatusInfo) Granted() bool { return s.Status == Accepted || s.Status == GrantedWithMods }

// String writes the status for people.
func (s StatusInfo) String() string {
	out := s.Status.String()
	if s.Failure != 0 {
		out += " (" + s.Failure.String() + ")"
	}
	if len(s.Text) > 0 {
		out += ": " + strings.Join(s.Text, "; ")
	}
	return out
}

// Reject makes the status of a refusal.
func Reject(f FailureInfo, text ...string) StatusInfo {
	return StatusInfo{Status: Rejection, Text: text, Failure: f}
}

func parseStatus(e der.Element) (s StatusInfo, err error) {
	if e.Tag != der.Sequence {
		return s, fmt.Errorf("found %v where a status belongs", e.Tag)
	}
	in := e.Children()
	n, err := takeInt(&in)
	if err != nil {
		return s, fmt.Errorf("status: %w", err)
	}
	s.Status = Status(n)
	text, ok, err := in.Optional(der.Sequence)
	if err == nil && ok {
		s.Text, err = parseFreeText(text.Raw)
	}
	if err != nil {
		return s, fmt.Errorf("statusString: %w", err)
	}
	failure, ok, err := in.Optional(der.BitString)
	if err == nil && ok {
		s.Failure, err = parseFailure(failure)
	}
	if err != nil {
		return s, fmt.Errorf("failInfo: %w", err)
	}
	return s, in.End()
}

// parseFailure reads the bits; those above 31 mean nothing and are dropped.
func parseFailure(e der.Element) (f FailureInfo, err error) {
	octets, _, err := e.Bits()
	for i, c := range octets {
		if i < 4 {
			f |= FailureInfo(bits.Reverse8(c)) << (8 * i)
		}
	}
	return f, err
}

func (s StatusInfo) append(b *der.Builder) {
	outer := b.Begin(der.Sequence)
	b.Int(int64(s.Status))
	if len(s.Text) > 0 {
		b.Raw(freeText(s.Text))
	}
	if s.Failure != 0 {
		b.NamedBits(der.BitString, uint32(s.Failure))
	}
	b.End(outer)
}

func takeInt(in *der.Reader) (int, error) {
	e, err := in.Take(der.Integer)
	if err != nil {
		return 0, err
	}
	return e.Int()
}

// Failure is an error that says which bits of PKIFailureInfo answer it.
type Failure struct {
	Info FailureInfo
	Text string // the cause, in one sentence without a final stop
}

// Error returns the text.
func (f *Failure) Error() string { return f.Text }

func fail(info FailureInfo, format string, values ...any) *Failure {
	return &Failure{Info: info, Text: fmt.Sprintf(format, values...)}
}
