package inspect

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
)

// decoder reads the value of an extension: for programs, and in lines for people.
type decoder func(value []byte) (view any, lines []string, err error)

var decoders = map[oid.OID]decoder{
	oid.BasicConstraints:         decodeBasicConstraints,
	oid.KeyUsage:                 decodeKeyUsage,
	oid.ExtKeyUsage:              decodeExtKeyUsage,
	oid.SubjectAltName:           decodeNames,
	oid.IssuerAltName:            decodeNames,
	oid.CertificateIssuer:        decodeNames,
	oid.SubjectKeyIdentifier:     decodeSubjectKeyIdentifier,
	oid.AuthorityKeyIdentifier:   decodeAuthorityKeyIdentifier,
	oid.AuthorityInfoAccess:      decodeAccess,
	oid.SubjectInfoAccess:        decodeAccess,
	oid.CRLDistributionPoints:    decodeDistributionPoints,
	oid.FreshestCRL:              decodeDistributionPoints,
	oid.IssuingDistributionPoint: decodeIssuingDistributionPoint,
	oid.CertificatePolicies:      decodePolicies,
	oid.MSAppPolicies:            decodePolicies,
	oid.PolicyMappings:           decodePolicyMappings,
	oid.PolicyConstraints:        decodePolicyConstraints,
	oid.InhibitAnyPolicy:         decodeInteger,
	oid.CRLNumber:                decodeInteger,
	oid.DeltaCRLIndicator:        decodeInteger,
	oid.MSCAVersion:              decodeInteger,
	oid.ReasonCode:               decodeReason,
	oid.InvalidityDate:           decodeTime,
	oid.NameConstraints:          decodeNameConstraints,
	oid.PrivateKeyUsagePeriod:    decodeUsagePeriod,
	oid.TLSFeature:               decodeTLSFeature,
	oid.SCTList:                  decodeSCTs,
	oid.CTPoison:                 decodeNull,
	oid.OCSPNoCheck:              decodeNull,
	oid.NoRevAvail:               decodeNull,
	oid.MSCertType:               decodeText,
	oid.NetscapeComment:          decodeText,
	oid.NetscapeCertType:         decodeNetscapeType,
	oid.MSCertTemplate:           decodeTemplate,
	oid.NTDSCASecurity:           decodeSID,
	oid.OCSPNonce:                decodeOctets,
	oid.OCSPArchiveCutoff:        decodeTime,
	oid.OCSPExtendedRevoke:       decodeNull,
}

// BasicConstraintsView is the value of basicConstraints.
type BasicConstraintsView struct {
	CA      bool `json:"ca"`
	PathLen *int `json:"pathLen,omitempty"`
}

func decodeBasicConstraints(value []byte) (any, []string, error) {
	c, err := ext.ParseBasicConstraints(value)
	if err != nil {
		return nil, nil, err
	}
	v := BasicConstraintsView{CA: c.CA}
	if !c.CA && c.PathLen < 0 {
		return v, []string{"no certification authority"}, nil
	}
	line := "certification authority"
	if !c.CA {
		line = "no certification authority"
	}
	if c.PathLen >= 0 {
		v.PathLen = &c.PathLen
		line += fmt.Sprintf(", path length %d", c.PathLen)
	}
	return v, []string{line}, nil
}

func decodeKeyUsage(value []byte) (any, []string, error) {
	u, err := ext.ParseKeyUsage(value)
	names := ext.KeyUsageNames(u)
	return append([]string{}, names...), []string{orNone(strings.Join(names, ", "))}, err
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

func decodeExtKeyUsage(value []byte) (any, []string, error) {
	ids, err := ext.ParseExtKeyUsage(value)
	views := identifiers(ids)
	return views, identifierLines(views), err
}

func identifierLines(views []IdentifierView) (lines []string) {
	for _, v := range views {
		lines = append(lines, v.String())
	}
	return lines
}

func decodeNames(value []byte) (any, []string, error) {
	names, err := ext.ParseGeneralNames(value)
	views := generalNames(names)
	return views, nameLines(views), err
}

func nameLines(views []GeneralNameView) (lines []string) {
	for _, v := range views {
		line := v.String()
		if v.Problem != "" {
			line += "  (" + v.Problem + ")"
		}
		lines = append(lines, line)
	}
	return lines
}

func decodeSubjectKeyIdentifier(value []byte) (any, []string, error) {
	id, err := ext.ParseSubjectKeyIdentifier(value)
	text := hex.EncodeToString(id)
	return text, []string{text}, err
}

// AuthorityKeyIdentifierView is the value of authorityKeyIdentifier.
type AuthorityKeyIdentifierView struct {
	KeyIdentifier string            `json:"keyIdentifier,omitempty"`
	Issuer        []GeneralNameView `json:"issuer,omitempty"`
	SerialNumber  string            `json:"serialNumber,omitempty"`
}

func decodeAuthorityKeyIdentifier(value []byte) (any, []string, error) {
	a, err := ext.ParseAuthorityKeyIdentifier(value)
	if err != nil {
		return nil, nil, err
	}
	v := AuthorityKeyIdentifierView{KeyIdentifier: hex.EncodeToString(a.KeyID)}
	var lines []string
	if v.KeyIdentifier != "" {
		lines = append(lines, v.KeyIdentifier)
	}
	if len(a.Issuer) > 0 {
		v.Issuer = generalNames(a.Issuer)
		lines = append(lines, "issuer "+strings.Join(nameLines(v.Issuer), ", "))
	}
	if a.Serial != nil {
		v.SerialNumber = hex.EncodeToString(a.Serial.Bytes())
		lines = append(lines, "serial number "+v.SerialNumber)
	}
	return v, lines, nil
}

// AccessView is one entry of authorityInfoAccess or subjectInfoAccess.
type AccessView struct {
	Method   IdentifierView  `json:"method"`
	Location GeneralNameView `json:"location"`
}

func decodeAccess(value []byte) (any, []string, error) {
	list, err := ext.ParseAccess(value)
	views := []AccessView{}
	var lines []string
	for _, a := range list {
		v := AccessView{shortIdentifier(a.Method), generalName(a.Location)}
		views = append(views, v)
		lines = append(lines, v.Method.String()+": "+v.Location.String())
	}
	return views, lines, err
}

// DistributionPointView is one entry of cRLDistributionPoints or freshestCRL.
type DistributionPointView struct {
	FullName     []GeneralNameView `json:"fullName,omitempty"`
	RelativeName string            `json:"nameRelativeToCRLIssuer,omitempty"`
	Reasons      []string          `json:"reasons,omitempty"`
	CRLIssuer    []GeneralNameView `json:"cRLIssuer,omitempty"`
}

func decodeDistributionPoints(value []byte) (any, []string, error) {
	list, err := ext.ParseDistributionPoints(value)
	views := []DistributionPointView{}
	var lines []string
	for _, p := range list {
		v := DistributionPointView{FullName: generalNames(p.FullName), CRLIssuer: generalNames(p.CRLIssuer), Reasons: ext.ReasonFlagNames(p.Reasons)}
		parts := nameLines(v.FullName)
		if len(p.RelativeName) > 0 {
			v.RelativeName = p.RelativeName.String()
			parts = append(parts, "relative to the issuer: "+v.RelativeName)
		}
		if len(v.CRLIssuer) > 0 {
			parts = append(parts, "signed by "+strings.Join(nameLines(v.CRLIssuer), ", "))
		}
		if len(v.Reasons) > 0 {
			parts = append(parts, "for "+strings.Join(v.Reasons, ", "))
		}
		views = append(views, v)
		lines = append(lines, strings.Join(parts, "; "))
	}
	return views, lines, err
}

// IssuingDistributionPointView is the value of issuingDistributionPoint.
type IssuingDistributionPointView struct {
	FullName           []GeneralNameView `json:"fullName,omitempty"`
	RelativeName       string            `json:"nameRelativeToCRLIssuer,omitempty"`
	OnlyUserCerts      bool              `json:"onlyContainsUserCerts"`
	OnlyCACerts        bool              `json:"onlyContainsCACerts"`
	OnlyReasons        []string          `json:"onlySomeReasons,omitempty"`
	Indirect           bool              `json:"indirectCRL"`
	OnlyAttributeCerts bool              `json:"onlyContainsAttributeCerts"`
}

func decodeIssuingDistributionPoint(value []byte) (any, []string, error) {
	p, err := ext.ParseIssuingDistributionPoint(value)
	if err != nil {
		return nil, nil, err
	}
	v := IssuingDistributionPointView{
		FullName: generalNames(p.FullName), OnlyUserCerts: p.OnlyUserCerts, OnlyCACerts: p.OnlyCACerts,
		OnlyReasons: ext.ReasonFlagNames(p.OnlyReasons), Indirect: p.Indirect, OnlyAttributeCerts: p.OnlyAttributeCerts,
	}
	lines := nameLines(v.FullName)
	if len(p.RelativeName) > 0 {
		v.RelativeName = p.RelativeName.String()
		lines = append(lines, "relative to the issuer: "+v.RelativeName)
	}
	for _, flag := range []struct {
		set  bool
		text string
	}{
		{v.OnlyUserCerts, "for certificates of end entities only"}, {v.OnlyCACerts, "for certificates of authorities only"},
		{v.OnlyAttributeCerts, "for attribute certificates only"}, {v.Indirect, "indirect: for certificates of other issuers too"},
		{len(v.OnlyReasons) > 0, "for these reasons only: " + strings.Join(v.OnlyReasons, ", ")},
	} {
		if flag.set {
			lines = append(lines, flag.text)
		}
	}
	return v, lines, nil
}

// NameConstraintsView is the value of nameConstraints.
type NameConstraintsView struct {
	Permitted []GeneralNameView `json:"permitted"`
	Excluded  []GeneralNameView `json:"excluded"`
}

func decodeNameConstraints(value []byte) (any, []string, error) {
	c, err := ext.ParseNameConstraints(value)
	if err != nil {
		return nil, nil, err
	}
	view := func(names []ext.GeneralName) []GeneralNameView {
		list := generalNames(names)
		for i := range list {
			list[i].Problem = "" // a subtree is not judged as a name
		}
		return list
	}
	v := NameConstraintsView{view(c.Permitted), view(c.Excluded)}
	var lines []string
	for _, n := range v.Permitted {
		lines = append(lines, "permitted "+n.String())
	}
	for _, n := range v.Excluded {
		lines = append(lines, "excluded "+n.String())
	}
	return v, lines, nil
}

// UsagePeriodView is the value of privateKeyUsagePeriod.
type UsagePeriodView struct {
	NotBefore string `json:"notBefore,omitempty"`
	NotAfter  string `json:"notAfter,omitempty"`
}

func decodeUsagePeriod(value []byte) (any, []string, error) {
	p, err := ext.ParsePrivateKeyUsagePeriod(value)
	var v UsagePeriodView
	var lines []string
	if !p.NotBefore.IsZero() {
		v.NotBefore = stamp(p.NotBefore)
		lines = append(lines, "from "+clock(p.NotBefore))
	}
	if !p.NotAfter.IsZero() {
		v.NotAfter = stamp(p.NotAfter)
		lines = append(lines, "until "+clock(p.NotAfter))
	}
	return v, lines, err
}

func decodeTLSFeature(value []byte) (any, []string, error) {
	features, err := ext.ParseTLSFeature(value)
	var lines []string
	for _, f := range features {
		switch f {
		case 5:
			lines = append(lines, "status_request (5): must be stapled an OCSP response")
		case 17:
			lines = append(lines, "status_request_v2 (17)")
		default:
			lines = append(lines, itoa(f))
		}
	}
	return append([]int{}, features...), lines, err
}

// SCTView is one signed certificate timestamp.
type SCTView struct {
	Version   int    `json:"version"` // 1 for v1
	LogID     string `json:"logID"`
	Timestamp string `json:"timestamp"`
}

func decodeSCTs(value []byte) (any, []string, error) {
	list, err := ext.ParseSCTList(value)
	views := []SCTView{}
	var lines []string
	for _, s := range list {
		v := SCTView{int(s.Version) + 1, hex.EncodeToString(s.LogID[:]), stamp(s.Timestamp)}
		views = append(views, v)
		lines = append(lines, "log "+v.LogID+" at "+clock(s.Timestamp))
	}
	return views, lines, err
}

func decodeNull(value []byte) (any, []string, error) {
	return true, []string{"yes"}, ext.ParseNull(value)
}

func decodeInteger(value []byte) (any, []string, error) {
	e, err := der.ParseTag(value, der.Integer)
	if err != nil {
		return nil, nil, err
	}
	n, err := e.BigInt()
	if err != nil {
		return nil, nil, err
	}
	return n.String(), []string{n.String()}, nil
}

func decodeOctets(value []byte) (any, []string, error) {
	e, err := der.ParseTag(value, der.OctetString)
	text := hex.EncodeToString(e.Content)
	return text, []string{text}, err
}

func decodeReason(value []byte) (any, []string, error) {
	e, err := der.ParseTag(value, der.Enumerated)
	if err != nil {
		return nil, nil, err
	}
	n, err := e.Int()
	return crl.Reason(n).String(), []string{crl.Reason(n).String()}, err
}

func decodeTime(value []byte) (any, []string, error) {
	e, err := der.Parse(value)
	if err != nil {
		return nil, nil, err
	}
	t, err := e.Time()
	return stamp(t), []string{clock(t)}, err
}

func decodeText(value []byte) (any, []string, error) {
	text, err := pkcs10.ParseText(value)
	return text, []string{oneLine(text)}, err
}

func decodeNetscapeType(value []byte) (any, []string, error) {
	e, err := der.ParseTag(value, der.BitString)
	if err != nil {
		return nil, nil, err
	}
	bits, _, err := e.Bits()
	names := []string{}
	for i, name := range []string{"sslClient", "sslServer", "smime", "objectSigning", "reserved", "sslCA", "smimeCA", "objectSigningCA"} {
		if len(bits) > 0 && bits[0]&(0x80>>i) != 0 {
			names = append(names, name)
		}
	}
	return names, []string{orNone(strings.Join(names, ", "))}, err
}
