package ext

import (
	"fmt"
	"math/big"
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// ParseCRLNumber reads the value of cRLNumber or of deltaCRLIndicator, which
// is the number of the base list (RFC 5280, Section 5.2.3 and 5.2.4).
func ParseCRLNumber(value []byte) (*big.Int, error) { return parseInteger(value, "CRL number") }

// NewCRLNumber makes cRLNumber, not critical (RFC 5280, Section 5.2.3).
func NewCRLNumber(n *big.Int) Extension {
	return Extension{ID: oid.CRLNumber, Value: integer(n)}
}

// NewDeltaCRLIndicator makes deltaCRLIndicator with the number of the base
// list, critical (RFC 5280, Section 5.2.4).
func NewDeltaCRLIndicator(base *big.Int) Extension {
	return Extension{ID: oid.DeltaCRLIndicator, Critical: true, Value: integer(base)}
}

func integer(n *big.Int) []byte {
	b := der.NewBuilder(make([]byte, 0, 24))
	b.BigInt(n)
	return b.Bytes()
}

// ParseReasonCode reads the value of reasonCode: the number of a CRLReason
// (RFC 5280, Section 5.3.1).
func ParseReasonCode(value []byte) (int, error) {
	e, err := der.ParseTag(value, der.Enumerated)
	if err != nil {
		return 0, fmt.Errorf("reasonCode: %w", err)
	}
	n, err := e.Int()
	if err != nil {
		return 0, fmt.Errorf("reasonCode: %w", err)
	}
	return n, nil
}

// NewReasonCode makes reasonCode, not critical. RFC 5280, Section 5.3.1 wants
// it left out for unspecified (0).
func NewReasonCode(reason int) Extension {
	b := der.NewBuilder(make([]byte, 0, 4))
	b.IntTag(der.Enumerated, int64(reason))
	return Extension{ID: oid.ReasonCode, Value: b.Bytes()}
}

// ParseInvalidityDate reads the value of invalidityDate (RFC 5280, Section 5.3.2).
func ParseInvalidityDate(value []byte) (time.Time, error) {
	e, err := der.ParseTag(value, der.GeneralizedTime)
	if err != nil {
		return time.Time{}, fmt.Errorf("invalidityDate: %w", err)
	}
	t, err := e.Time()
	if err != nil {
		return time.Time{}, fmt.Errorf("invalidityDate: %w", err)
	}
	return t, nil
}

// NewInvalidityDate makes invalidityDate, in seconds and UTC, not critical.
func NewInvalidityDate(t time.Time) Extension {
	b := der.NewBuilder(make([]byte, 0, 18))
	b.GeneralizedTime(t)
	return Extension{ID: oid.InvalidityDate, Value: b.Bytes()}
}

// Hold instructions (RFC 3280, Section 5.3.2).
const (
	HoldInstructionNone       oid.OID = "\x2a\x86\x48\xce\x38\x02\x01" // 1.2.840.10040.2.1
	HoldInstructionCallIssuer oid.OID = "\x2a\x86\x48\xce\x38\x02\x02" // 1.2.840.10040.2.2
	HoldInstructionReject     oid.OID = "\x2a\x86\x48\xce\x38\x02\x03" // 1.2.840.10040.2.3
)

// ParseHoldInstruction reads the value of holdInstructionCode (RFC 3280,
// Section 5.3.2).
func ParseHoldInstruction(value []byte) (oid.OID, error) {
	r := der.Reader(value)
	id, err := takeOID(&r)
	if err == nil {
		err = r.End()
	}
	if err != nil {
		return "", fmt.Errorf("holdInstructionCode: %w", err)
	}
	return id, nil
}

// NewHoldInstruction makes holdInstructionCode, not critical.
func NewHoldInstruction(id oid.OID) Extension {
	b := der.NewBuilder(nil)
	b.OID(string(id))
	return Extension{ID: oid.HoldInstructionCode, Value: b.Bytes()}
}

// NewCertificateIssuer makes certificateIssuer, critical (RFC 5280, Section 5.3.3).
func NewCertificateIssuer(names []GeneralName) Extension {
	return Extension{ID: oid.CertificateIssuer, Critical: true, Value: MarshalGeneralNames(names)}
}
