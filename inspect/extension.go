package inspect

import (
	"encoding/hex"
	"strings"

	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// ExtensionView is one extension. Value depends on the identifier and is
// absent where it is unknown or cannot be read; Raw is always there.
type ExtensionView struct {
	OID      string `json:"oid"`
	Name     string `json:"name,omitempty"` // "subjectAltName"; absent where no name is known
	Critical bool   `json:"critical"`
	Value    any    `json:"value,omitempty"`
	Problem  string `json:"problem,omitempty"` // why the value cannot be read
	Raw      string `json:"raw"`               // hexadecimal of the extnValue's content

	id     oid.OID
	octets []byte   // where they are what is shown
	lines  []string // the value for people
}

// extensionNames are the names of RFC 5280 and its neighbours, which differ
// from the words OpenSSL prints.
var extensionNames = map[oid.OID]string{
	oid.SubjectDirectoryAttributes: "subjectDirectoryAttributes",
	oid.SubjectKeyIdentifier:       "subjectKeyIdentifier",
	oid.KeyUsage:                   "keyUsage",
	oid.PrivateKeyUsagePeriod:      "privateKeyUsagePeriod",
	oid.SubjectAltName:             "subjectAltName",
	oid.IssuerAltName:              "issuerAltName",
	oid.BasicConstraints:           "basicConstraints",
	oid.CRLNumber:                  "cRLNumber",
	oid.ReasonCode:                 "cRLReason",
	oid.InvalidityDate:             "invalidityDate",
	oid.DeltaCRLIndicator:          "deltaCRLIndicator",
	oid.IssuingDistributionPoint:   "issuingDistributionPoint",
	oid.CertificateIssuer:          "certificateIssuer",
	oid.NameConstraints:            "nameConstraints",
	oid.CRLDistributionPoints:      "cRLDistributionPoints",
	oid.CertificatePolicies:        "certificatePolicies",
	oid.PolicyMappings:             "policyMappings",
	oid.AuthorityKeyIdentifier:     "authorityKeyIdentifier",
	oid.PolicyConstraints:          "policyConstraints",
	oid.ExtKeyUsage:                "extKeyUsage",
	oid.FreshestCRL:                "freshestCRL",
	oid.InhibitAnyPolicy:           "inhibitAnyPolicy",
	oid.AuthorityInfoAccess:        "authorityInfoAccess",
	oid.SubjectInfoAccess:          "subjectInfoAccess",
	oid.TLSFeature:                 "tlsFeature",
	oid.SCTList:                    "signedCertificateTimestampList",
	oid.CTPoison:                   "precertificatePoison",
	oid.OCSPNoCheck:                "ocspNoCheck",
	oid.MSCertType:                 "msCertificateType",
	oid.MSCertTemplate:             "msCertificateTemplate",
	oid.MSAppPolicies:              "msApplicationPolicies",
	oid.MSCAVersion:                "msCAVersion",
	oid.NTDSCASecurity:             "msNTDSSecurity",
	oid.NetscapeCertType:           "netscapeCertType",
	oid.NetscapeComment:            "netscapeComment",
	oid.NoRevAvail:                 "noRevAvail",
	oid.QCStatements:               "qcStatements",
	oid.OCSPNonce:                  "nonce",
}

func extensionName(id oid.OID) string {
	if name := extensionNames[id]; name != "" {
		return name
	}
	if _, long, ok := oid.Names(id); ok {
		return long
	}
	return ""
}

func viewExtensions(list []ext.Extension) []ExtensionView {
	views := make([]ExtensionView, 0, len(list))
	for _, e := range list {
		views = append(views, viewExtension(e))
	}
	return views
}

func viewExtension(e ext.Extension) ExtensionView {
	v := ExtensionView{OID: e.ID.String(), Name: extensionName(e.ID), Critical: e.Critical, Raw: hex.EncodeToString(e.Value), id: e.ID}
	decode := decoders[e.ID]
	if decode == nil {
		v.lines, v.octets = []string{hexLines(e.Value)}, e.Value
		return v
	}
	value, lines, err := decode(e.Value)
	if err != nil {
		v.Problem = err.Error()
		v.lines, v.octets = []string{hexLines(e.Value)}, e.Value
		return v
	}
	v.Value, v.lines = value, lines
	return v
}

func hexLines(value []byte) string {
	if len(value) == 0 {
		return "(empty)"
	}
	return "#" + clipped(value)
}

// label is the name, with the number where it is the only one.
func (v *ExtensionView) label() string {
	if v.Name == "" {
		return v.OID
	}
	return v.Name
}

func extensionFields(list []ExtensionView) Field {
	group := Field{Name: "extensions"}
	for i := range list {
		v := &list[i]
		f := Field{Name: v.label(), Value: strings.Join(v.lines, "\n"), Raw: v.octets}
		switch {
		case v.Problem != "":
			f.Note = "cannot be read: " + v.Problem
		case v.Critical:
			f.Note = "critical"
		}
		group.Children = append(group.Children, f)
	}
	return group
}

func noteExtensions(o *Object, list []ExtensionView) {
	seen := map[oid.OID]bool{}
	for i := range list {
		v := &list[i]
		if v.Problem != "" {
			o.noteOn(v.label(), "the extension "+v.label()+" cannot be read: "+v.Problem)
		}
		if seen[v.id] {
			o.noteOn(v.label(), "the extension "+v.label()+" is there more than once (RFC 5280, Section 4.2)")
		}
		seen[v.id] = true
	}
}
