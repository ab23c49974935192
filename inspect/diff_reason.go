package inspect

import (
	"slices"
	"strings"

	"github.com/certwright/certwright/format/oid"
)

// plainReasons explain what a certificate has and a request cannot have, and
// the other way round.
var plainReasons = []Reason{
	{Field: "issuer", Why: "the authority that signs names itself"},
	{Field: "serialNumber", Why: "the authority numbers its certificates"},
	{Field: "notBefore", Why: "the authority sets the validity"},
	{Field: "notAfter", Why: "the authority sets the validity"},
	{Field: "signatureAlgorithm", Why: "the certificate is signed with the authority's key"},
	{Field: "control", Why: "the controls of a request are for the authority, and stand in no certificate"},
	{Field: "regInfo", Why: "the registration information of a request stands in no certificate"},
	{Field: "certReqId", Why: "it tells the requests of a batch apart"},
	{Field: "challenge", Why: "it is the authority's own, and stands in no certificate"},
	{Field: "attribute", Why: "the attributes of a request are for the authority, and stand in no certificate"},
	{Field: "extension.authorityKeyIdentifier", Why: "the authority names the key that it signs with"},
	{Field: "extension.subjectKeyIdentifier", Why: "the authority names the key that it certifies"},
	{Field: "extension.crlDistributionPoints", Why: "the authority says where it publishes revocation"},
	{Field: "extension.freshestCRL", Why: "the authority says where it publishes revocation"},
	{Field: "extension.authorityInfoAccess", Why: "the authority says where its certificate and its OCSP responder are"},
}

// why finds the reasons for a difference: those for the field, or else those
// for what it is part of, the first that are given.
func why(reasons []Reason, d *Difference) string {
	for field := plainField(d.Field); ; {
		var about []string
		whole := ""
		for _, r := range reasons {
			switch {
			case plainField(r.Field) != field || !r.explains(d):
			case r.Value == "" && whole == "":
				whole = r.Why
			case r.Value != "" && !slices.Contains(about, r.Why):
				about = append(about, r.Why)
			}
		}
		if len(about) > 0 {
			return strings.Join(about, "; ")
		}
		i := strings.LastIndexByte(field, '.')
		if whole != "" || i < 0 {
			return whole
		}
		field = field[:i]
	}
}

func (r *Reason) explains(d *Difference) bool {
	const mark = "; " // between the values of a field
	return r.Value == "" || strings.Contains(mark+d.Before+mark+d.After+mark, mark+r.Value+mark)
}

// plainField gives a field one name, whichever of the names of its attribute
// or extension it is called by.
func plainField(field string) string {
	whole, part, found := strings.Cut(field, ".")
	if whole == "extensions" {
		whole = "extension"
	}
	if !found {
		return whole
	}
	if id, ok := namedOID(part); ok {
		part = strings.ReplaceAll(id.String(), ".", "-") // one part, not several
	}
	return whole + "." + part
}

func namedOID(name string) (oid.OID, bool) {
	for id, own := range extensionNames {
		if own == name {
			return id, true
		}
	}
	return oid.ByName(name)
}
