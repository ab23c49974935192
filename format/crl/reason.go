package crl

import (
	"fmt"
	"strconv"
	"strings"
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

var reasonNames = [...]string{
	Unspecified:          "unspecified",
	KeyCompromise:        "keyCompromise",
	CACompromise:         "cACompromise",
	AffiliationChanged:   "affiliationChanged",
	Superseded:           "superseded",
	CessationOfOperation: "cessationOfOperation",
	CertificateHold:      "certificateHold",
	RemoveFromCRL:        "removeFromCRL",
	PrivilegeWithdrawn:   "privilegeWithdrawn",
	AACompromise:         "aACompromise",
}

// ParseReason reads a reason as people write it ("keyCompromise",
// "key-compromise", "KEY_COMPROMISE", "1").
func ParseReason(text string) (Reason, error) {
	plain := strings.NewReplacer("-", "", "_", "", " ", "").Replace(text)
	for i, name := range reasonNames {
		if name == "" {
			continue
		}
		if strings.EqualFold(name, plain) || strconv.Itoa(i) == text {
			return Reason(i), nil
		}
	}
	return 0, fmt.Errorf("%q is no reason for revocation: use one of %s", text, strings.Join(ReasonNames(), ", "))
}

// ReasonNames returns the ASN.1 names of the reasons, in order.
func ReasonNames() []string {
	var names []string
	for _, name := range reasonNames {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

// Valid reports whether r is one of the reasons of RFC 5280; 7 is not used.
func (r Reason) Valid() bool {
	return r >= 0 && int(r) < len(reasonNames) && reasonNames[r] != ""
}

// String returns the ASN.1 name of the reason.
func (r Reason) String() string {
	if !r.Valid() {
		return fmt.Sprintf("reason %d", int(r))
	}
	return reasonNames[r]
}
