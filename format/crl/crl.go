// Package crl reads certificate revocation lists entry by entry, and writes
// them in the memory of their encoding alone (RFC 5280, Section 5).
package crl

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

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
	Deviations         []string // what the encoding does that DER or RFC 5280 does not allow, in plain words

	anyTime bool // times that cannot be read are left out
	ragged  bool // the signature does not end on a whole octet
}

// Entry is one revoked certificate.
type Entry struct {
	Serial         []byte // magnitude, most significant octet first
	Negative       bool   // as read: the serial number is below zero; such an entry is not written
	Revoked        time.Time
	Reason         Reason          // Unspecified is not written
	InvalidityDate time.Time       // zero where unknown
	Extensions     []ext.Extension // as read; ignored when writing

	// HoldInstruction is written where it is not empty (RFC 3280, Section
	// 5.3.2). What is read stands in Extensions alone.
	HoldInstruction oid.OID
}

// ErrAlgorithms says that the signature algorithm inside what is signed and
// the one beside the signature differ (RFC 5280, Section 5.1.1.2).
var ErrAlgorithms = errors.New("the signature algorithm beside the signature is not the one that is signed")

// CheckSignature verifies the signature by this key.
func (l *List) CheckSignature(by *key.Public) error {
	if !bytes.Equal(l.SignatureAlgorithm.Raw, l.Signature.Raw) {
		return ErrAlgorithms
	}
	if l.ragged {
		return fmt.Errorf("the signature has unused bits: %w", key.ErrSignature)
	}
	return key.Verify(by, l.SignatureAlgorithm, l.RawTBS, l.SignatureValue)
}

// Number returns the CRL number (RFC 5280, Section 5.2.3), nil where there is
// none that can be read.
func (l *List) Number() *big.Int { return l.integer(oid.CRLNumber) }

// DeltaBase returns the number of the list that this delta list adds to (RFC
// 5280, Section 5.2.4), nil for a list that is none.
func (l *List) DeltaBase() *big.Int { return l.integer(oid.DeltaCRLIndicator) }

func (l *List) integer(id oid.OID) *big.Int {
	e, ok := ext.Find(l.Extensions, id)
	if !ok {
		return nil
	}
	value, err := der.ParseTag(e.Value, der.Integer)
	if err != nil {
		return nil
	}
	n, err := value.BigInt()
	if err != nil {
		return nil
	}
	return n
}

// NewNumber makes the CRL number extension (RFC 5280, Section 5.2.3).
func NewNumber(n *big.Int) ext.Extension {
	var b der.Builder
	b.BigInt(n)
	return ext.Extension{ID: oid.CRLNumber, Value: b.Bytes()}
}

// NewDeltaIndicator makes the extension that marks a delta list and names the
// number of the list it adds to (RFC 5280, Section 5.2.4); it is critical.
func NewDeltaIndicator(base *big.Int) ext.Extension {
	var b der.Builder
	b.BigInt(base)
	return ext.Extension{ID: oid.DeltaCRLIndicator, Critical: true, Value: b.Bytes()}
}
