// Package crl reads certificate revocation lists, and writes them as a
// stream, so that the number of entries costs no memory (RFC 5280, Section 5).
package crl

import (
	"io"
	"iter"
	"time"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
)

// Reason is a CRLReason (RFC 5280, Section 5.3.1).
type Reason int

// The reasons. RemoveFromCRL stands in delta lists only.
const (
	Unspecified          Reason = 0
	KeyCompromise        Reason = 1
	CACompromise         Reason = 2
	AffiliationChanged   Reason = 3
	Superseded           Reason = 4
	CessationOfOperation Reason = 5
	CertificateHold      Reason = 6
	RemoveFromCRL        Reason = 8
	PrivilegeWithdrawn   Reason = 9
	AACompromise         Reason = 10
)

// ParseReason reads a reason as people write it ("keyCompromise",
// "key-compromise", "1").
func ParseReason(text string) (Reason, error) { panic("unwritten") }

// String returns the ASN.1 name of the reason.
func (r Reason) String() string { panic("unwritten") }

// List is a CertificateList as it was read; entries are read one by one.
type List struct {
	Raw                []byte
	RawTBS             []byte
	Version            int // 1 or 2
	Signature          key.AlgorithmIdentifier
	Issuer             dn.Name
	ThisUpdate         time.Time
	NextUpdate         time.Time // zero where absent
	RawEntries         []byte    // content of revokedCertificates
	Extensions         []ext.Extension
	SignatureAlgorithm key.AlgorithmIdentifier
	SignatureValue     []byte
}

// Entry is one revoked certificate.
type Entry struct {
	Serial         []byte // magnitude, most significant octet first
	Revoked        time.Time
	Reason         Reason          // Unspecified is not written
	InvalidityDate time.Time       // zero where unknown
	Extensions     []ext.Extension // as read; ignored when writing
}

// Parse reads one list in DER.
func Parse(raw []byte) (*List, error) { panic("unwritten") }

// Entries yields the entries in order, and an error at the end if one is broken.
func (l *List) Entries() iter.Seq2[Entry, error] { panic("unwritten") }

// CheckSignature verifies the signature by this key.
func (l *List) CheckSignature(by *key.Public) error { panic("unwritten") }

// Header is everything of a list but its entries.
type Header struct {
	Issuer     dn.Name
	ThisUpdate time.Time
	NextUpdate time.Time
	Extensions []ext.Extension // AKI, CRL number, delta indicator, IDP …
	Algorithm  key.SignatureAlgorithm
}

// Write writes a signed list to w. entries is ranged over twice and must give
// the same entries both times: the length stands before the content.
func Write(w io.Writer, h Header, entries iter.Seq2[Entry, error], sign func(tbsDigestOrMessage []byte, alg key.SignatureAlgorithm) ([]byte, error)) error {
	panic("unwritten")
}
