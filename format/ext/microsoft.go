package ext

import (
	"errors"
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// ParseTemplateName reads the value of Microsoft's certificate template name
// (1.3.6.1.4.1.311.20.2, MS-WCCE, Section 2.2.2.7.7.1), of any string type.
func ParseTemplateName(value []byte) (string, error) {
	e, err := der.Parse(value)
	if err != nil {
		return "", fmt.Errorf("template name: %w", err)
	}
	text, err := e.Text()
	if err != nil {
		return "", fmt.Errorf("template name: %w", err)
	}
	return text, nil
}

// NewTemplateName makes Microsoft's certificate template name, a BMPString.
func NewTemplateName(name string) Extension {
	b := der.NewBuilder(make([]byte, 0, 2*len(name)+4))
	b.Add(der.BMPString, bmp(name))
	return Extension{ID: oid.MSCertType, Value: b.Bytes()}
}

// Template is Microsoft's certificate template (1.3.6.1.4.1.311.21.7,
// MS-WCCE, Section 2.2.2.7.7.2). A version is -1 where absent.
type Template struct {
	ID           oid.OID
	Major, Minor int
}

// ParseTemplate reads the value of Microsoft's certificate template.
func ParseTemplate(value []byte) (Template, error) {
	t := Template{Major: -1, Minor: -1}
	r, err := sequence(value, "template")
	if err != nil {
		return t, err
	}
	if t.ID, err = takeOID(&r); err != nil {
		return t, fmt.Errorf("template: %w", err)
	}
	for _, field := range []*int{&t.Major, &t.Minor} {
		e, ok, err := r.Optional(der.Integer)
		if err == nil && ok {
			*field, err = count(e)
		}
		if err != nil {
			return t, fmt.Errorf("template: version: %w", err)
		}
	}
	if err := r.End(); err != nil {
		return t, fmt.Errorf("template: %w", err)
	}
	return t, nil
}

// NewTemplate makes Microsoft's certificate template.
func NewTemplate(t Template) Extension {
	b := der.NewBuilder(nil)
	seq := b.Begin(der.Sequence)
	b.OID(string(t.ID))
	if t.Major >= 0 {
		b.Int(int64(t.Major))
		if t.Minor >= 0 {
			b.Int(int64(t.Minor))
		}
	}
	b.End(seq)
	return Extension{ID: oid.MSCertTemplate, Value: b.Bytes()}
}

// NewApplicationPolicies makes Microsoft's application policies
// (1.3.6.1.4.1.311.21.10), which ParseCertificatePolicies reads.
func NewApplicationPolicies(ids []oid.OID) Extension {
	x := NewCertificatePolicies(ids)
	x.ID = oid.MSAppPolicies
	return x
}

// CAVersion counts how often a Microsoft CA got a new certificate and a new
// key (1.3.6.1.4.1.311.21.1).
type CAVersion struct {
	Certificate, Key uint16
}

// ParseCAVersion reads the value of Microsoft's CA version.
func ParseCAVersion(value []byte) (CAVersion, error) {
	n, err := parseInteger(value, "CA version")
	if err != nil {
		return CAVersion{}, err
	}
	if n.Sign() < 0 || n.BitLen() > 32 {
		return CAVersion{}, errors.New("CA version: the number is not of 32 bits")
	}
	return CAVersion{Certificate: uint16(n.Uint64()), Key: uint16(n.Uint64() >> 16)}, nil
}

// NewCAVersion makes Microsoft's CA version.
func NewCAVersion(v CAVersion) Extension {
	b := der.NewBuilder(nil)
	b.Int(int64(v.Key)<<16 | int64(v.Certificate))
	return Extension{ID: oid.MSCAVersion, Value: b.Bytes()}
}

// ParseObjectSID reads the security identifier ("S-1-5-21-…") of Microsoft's
// NTDS security extension (1.3.6.1.4.1.311.25.2, MS-WCCE, Section 2.2.2.7.7.4).
func ParseObjectSID(value []byte) (string, error) {
	names, err := ParseGeneralNames(value)
	if err != nil {
		return "", fmt.Errorf("object SID: %w", err)
	}
	for _, n := range names {
		id, inner, err := n.Other()
		if err != nil || id != oid.NTDSObjectSID {
			continue
		}
		e, err := der.ParseTag(inner, der.OctetString)
		if err != nil {
			return "", fmt.Errorf("object SID: %w", err)
		}
		if !visible(e.Content) {
			return "", errors.New("object SID: the identifier is not visible ASCII")
		}
		return string(e.Content), nil
	}
	return "", errors.New("object SID: the extension names no object")
}

// NewObjectSID makes Microsoft's NTDS security extension from a security
// identifier such as "S-1-5-21-1004336348-1177238915-682003330-512".
func NewObjectSID(sid string) (Extension, error) {
	if !isSID(sid) {
		return Extension{}, fmt.Errorf("object SID: %q is not a security identifier; write it like S-1-5-21-1004336348-1177238915-682003330-512", sid)
	}
	b := der.NewBuilder(make([]byte, 0, len(sid)+4))
	b.AddString(der.OctetString, sid)
	return Extension{ID: oid.NTDSCASecurity, Value: MarshalGeneralNames([]GeneralName{NewOtherName(oid.NTDSObjectSID, b.Bytes())})}, nil
}

// isSID checks the string form of a security identifier (MS-DTYP, Section
// 2.4.2.1), its authority in decimal.
func isSID(text string) bool {
	numbers, ok := strings.CutPrefix(text, "S-1-")
	parts := strings.Split(numbers, "-")
	for _, part := range parts {
		if part == "" || len(part) > 14 || strings.Trim(part, "0123456789") != "" {
			return false
		}
	}
	return ok && len(parts) >= 2 && len(parts) <= 16
}
