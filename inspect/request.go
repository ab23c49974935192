package inspect

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
)

// RequestView is the JSON view of a PKCS#10 certification request.
type RequestView struct {
	Version     int                    `json:"version"` // as written; 0 is the only one there is
	Subject     string                 `json:"subject"` // RFC 4514
	SubjectRDNs [][]AttributeView      `json:"subjectRDNs"`
	SANs        []GeneralNameView      `json:"sans"`
	CA          bool                   `json:"ca"` // asked for, by basicConstraints
	PathLen     *int                   `json:"pathLen,omitempty"`
	KeyUsage    []string               `json:"keyUsage,omitempty"`
	ExtKeyUsage []IdentifierView       `json:"extKeyUsage,omitempty"`
	PublicKey   *PublicKeyView         `json:"publicKey"`
	Attributes  []RequestAttributeView `json:"attributes"`
	Extensions  []ExtensionView        `json:"extensions"`
	Signature   SignatureView          `json:"signature"` // verified: the proof of possession
	Deviations  []string               `json:"deviations"`
	Fingerprint string                 `json:"fingerprint"` // SHA-256 of the request
}

// RequestAttributeView is one attribute of a request.
type RequestAttributeView struct {
	OID     string   `json:"oid"`
	Name    string   `json:"name,omitempty"`
	Values  []string `json:"values"` // plain; "#" and hexadecimal where the value is not understood; none of extensionRequest
	Problem string   `json:"problem,omitempty"`
}

func certificationRequest(raw []byte, o Options) (Object, error) {
	r, err := pkcs10.Parse(raw)
	if err != nil {
		return Object{}, err
	}
	v := viewRequest(r)
	object := Object{Kind: CertificationRequest, Title: "Certification request (PKCS#10)", Detail: v}
	v.notes(&object, r)
	object.Fields = v.fields(r, o)
	return object, nil
}

func viewRequest(r *pkcs10.Request) *RequestView {
	sum := sha256.Sum256(r.Raw)
	v := &RequestView{
		Version: r.Version, Subject: r.Subject.String(), SubjectRDNs: rdns(r.Subject), SANs: []GeneralNameView{},
		PublicKey: publicKey(r.PublicKey), Attributes: []RequestAttributeView{}, Extensions: []ExtensionView{},
		Signature: signature(r.SignatureAlgorithm, r.Signature), Deviations: append([]string{}, r.Deviations...),
		Fingerprint: hex.EncodeToString(sum[:]),
	}
	v.Signature.checked(r.CheckSignature())
	list, err := r.Extensions()
	if err == nil {
		v.Extensions = viewExtensions(list)
	}
	asked := readWanted(list)
	v.CA, v.PathLen, v.KeyUsage, v.ExtKeyUsage = asked.ca, asked.pathLen, asked.keyUsage, asked.extKeyUsage
	if asked.sans != nil {
		v.SANs = asked.sans
	}
	for _, a := range r.Attributes {
		shown := viewRequestAttribute(a)
		if err != nil && isExtensionRequest(a.ID) {
			shown.Problem = err.Error()
		}
		v.Attributes = append(v.Attributes, shown)
	}
	return v
}

func isExtensionRequest(id oid.OID) bool {
	return id == oid.ExtensionRequest || id == oid.MSExtensionRequest
}

func viewRequestAttribute(a pkcs10.Attribute) RequestAttributeView {
	v := RequestAttributeView{OID: a.ID.String(), Values: []string{}, Name: attributeName(a.ID)}
	if isExtensionRequest(a.ID) {
		return v
	}
	for _, value := range a.Values {
		text, err := attributeText(a.ID, value)
		if err != nil {
			v.Problem = err.Error()
			text = "#" + hex.EncodeToString(value)
		}
		v.Values = append(v.Values, text)
	}
	return v
}

func attributeName(id oid.OID) string {
	switch id {
	case oid.ExtensionRequest:
		return "extensionRequest"
	case oid.MSExtensionRequest:
		return "extensionRequest (Microsoft's)"
	case msEnrollmentNameValue:
		return "Microsoft enrolment name and value"
	}
	_, long, _ := oid.Names(id)
	return long
}

// attributeText writes one value of an attribute for people.
func attributeText(id oid.OID, value []byte) (string, error) {
	switch id {
	case oid.SMIMECapabilities:
		list, err := pkcs10.ParseSMIMECapabilities(value)
		var names []string
		for _, c := range list {
			names = append(names, c.ID.Short()+capabilityParameters(c.Parameters))
		}
		return strings.Join(names, ", "), err
	case oid.MSRequestClientInfo:
		c, err := pkcs10.ParseClientInfo(value)
		return fmt.Sprintf("client %d on %s, user %s, program %s", c.ClientID, c.Machine, c.User, c.Process), err
	case oid.MSEnrollmentCSP:
		c, err := pkcs10.ParseCSP(value)
		return fmt.Sprintf("%s (key specification %d)", c.Provider, c.KeySpec), err
	case msEnrollmentNameValue:
		n, err := pkcs10.ParseNameValue(value)
		return n.Name + " = " + n.Value, err
	}
	if text, err := pkcs10.ParseText(value); err == nil {
		return text, nil
	}
	return "#" + hex.EncodeToString(value), nil
}

// capabilityParameters are those of one cipher: the length of the key in bits
// for most that have them (RFC 8551, Section 2.5.2).
func capabilityParameters(raw []byte) string {
	if raw == nil {
		return ""
	}
	if e, err := der.ParseTag(raw, der.Integer); err == nil {
		if n, err := e.Int(); err == nil {
			return fmt.Sprintf(" (%d)", n)
		}
	}
	return " (#" + hex.EncodeToString(raw) + ")"
}

// msEnrollmentNameValue is 1.3.6.1.4.1.311.13.2.1.
const msEnrollmentNameValue oid.OID = "\x2b\x06\x01\x04\x01\x82\x37\x0d\x02\x01"

func (v *RequestView) fields(r *pkcs10.Request, o Options) []Field {
	var top Field
	top.add("subject", nameText(r.Subject))
	if len(v.SANs) == 0 {
		top.add("names", "none asked for")
	}
	top.add("names", joinNames(v.SANs, o.entries()))
	top.add("key", v.PublicKey.text)
	top.add("usages asked for", usages(v.KeyUsage, v.ExtKeyUsage))
	if v.CA {
		top.add("authority asked for", authority(v.CA, v.PathLen))
	}
	top.add("possession", possession(&v.Signature))
	top.add("signature", v.Signature.Algorithm)
	top.add("version", requestVersion(v.Version))
	return append(top.Children, nonEmpty([]Field{
		{Name: "subject, part by part", Children: nameFields(v.SubjectRDNs, o)},
		v.attributeFields(r), extensionFields(v.Extensions), v.PublicKey.group(), v.Signature.group(),
		{Name: "fingerprints", Children: []Field{{Name: "SHA-256", Value: v.Fingerprint}, {Name: "SHA-256 of the key", Value: v.PublicKey.Fingerprint}}},
	})...)
}

// requestVersion writes a version as RFC 2986, Section 4.1 does.
func requestVersion(written int) string {
	if written == 0 {
		return "v1 (0)"
	}
	return fmt.Sprintf("%d, which there is not", written)
}

func (v *RequestView) attributeFields(r *pkcs10.Request) Field {
	attributes := Field{Name: "attributes"}
	for i, a := range v.Attributes {
		f := Field{Name: a.Name}
		for n, value := range a.Values {
			if n > 0 {
				f.Value += "\n"
			}
			f.Value += oneLine(value)
		}
		if a.Name == "" {
			f.Name = a.OID
		}
		switch {
		case len(r.Attributes[i].Values) == 0:
			f.Value = "(no value)"
		case isExtensionRequest(r.Attributes[i].ID) && len(v.Extensions) > 0:
			f.Value = "see extensions"
		}
		if a.Problem != "" {
			f.Note = "cannot be read: " + a.Problem
		}
		attributes.Children = append(attributes.Children, f)
	}
	return attributes
}

// possession says whether the sender has shown to hold the private key.
func possession(s *SignatureView) string {
	switch {
	case s.Verified == nil:
		return "not shown"
	case *s.Verified:
		return "proven: the signature is of the key in the request"
	}
	return "failed: " + s.Problem
}

func (v *RequestView) notes(o *Object, r *pkcs10.Request) {
	if !*v.Signature.Verified {
		o.noteOn("signature", "possession of the private key is not proven: "+v.Signature.Problem)
	}
	if v.Signature.Broken != "" {
		o.noteOn("signature", v.Signature.Broken)
	}
	v.PublicKey.note(o)
	for _, a := range v.Attributes {
		if a.Problem != "" && !slices.Contains(v.Deviations, a.Problem) {
			o.noteOn("attributes", "an attribute cannot be read: "+a.Problem)
		}
	}
	noteExtensions(o, v.Extensions)
	noteName(o, "subject", r.Subject)
	noteNames(o, v.SANs)
	for _, d := range v.Deviations {
		o.noteOn("encoding", d)
	}
	if len(v.SANs) > 0 {
		return
	}
	if r.Subject.IsEmpty() {
		o.noteOn("subject", "neither a subject nor a name is asked for")
	}
	for _, cn := range r.Subject.Values(oid.CommonName) {
		if strings.Contains(cn, ".") && !strings.ContainsAny(cn, " @/") {
			what := "a host name"
			if _, err := netip.ParseAddr(cn); err == nil {
				what = "an IP address"
			}
			o.noteOn("subjectAltName", "the common name "+cn+" looks like "+what+", and no subjectAltName asks for it: clients look for it there only")
		}
	}
}
