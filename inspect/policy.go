package inspect

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// PolicyView is one entry of certificatePolicies.
type PolicyView struct {
	Policy IdentifierView `json:"policy"`
	CPS    []string       `json:"cps,omitempty"`
	Notice []string       `json:"userNotice,omitempty"`
}

func decodePolicies(value []byte) (any, []string, error) {
	list, err := ext.ParseCertificatePolicies(value)
	views := []PolicyView{}
	var lines []string
	for _, p := range list {
		v := PolicyView{Policy: shortIdentifier(p.ID)}
		line := v.Policy.String()
		for _, q := range p.Qualifiers {
			switch {
			case q.CPS != "":
				v.CPS = append(v.CPS, q.CPS)
				line += ", statement at " + q.CPS
			case q.Notice != nil:
				text := strings.TrimSpace(q.Notice.Organization + " " + q.Notice.ExplicitText)
				v.Notice = append(v.Notice, text)
				line += ", notice: " + text
			}
		}
		views = append(views, v)
		lines = append(lines, line)
	}
	return views, lines, err
}

// PolicyMappingView is one entry of policyMappings.
type PolicyMappingView struct {
	Issuer  IdentifierView `json:"issuerDomainPolicy"`
	Subject IdentifierView `json:"subjectDomainPolicy"`
}

func decodePolicyMappings(value []byte) (any, []string, error) {
	list, err := ext.ParsePolicyMappings(value)
	views := []PolicyMappingView{}
	var lines []string
	for _, m := range list {
		v := PolicyMappingView{identifier(m.IssuerDomainPolicy), identifier(m.SubjectDomainPolicy)}
		views = append(views, v)
		lines = append(lines, v.Issuer.String()+" is "+v.Subject.String())
	}
	return views, lines, err
}

// PolicyConstraintsView is the value of policyConstraints.
type PolicyConstraintsView struct {
	RequireExplicitPolicy *int `json:"requireExplicitPolicy,omitempty"`
	InhibitPolicyMapping  *int `json:"inhibitPolicyMapping,omitempty"`
}

func decodePolicyConstraints(value []byte) (any, []string, error) {
	c, err := ext.ParsePolicyConstraints(value)
	if err != nil {
		return nil, nil, err
	}
	var v PolicyConstraintsView
	var lines []string
	if c.RequireExplicitPolicy >= 0 {
		v.RequireExplicitPolicy = &c.RequireExplicitPolicy
		lines = append(lines, fmt.Sprintf("an explicit policy is required after %s", count(c.RequireExplicitPolicy, "certificate")))
	}
	if c.InhibitPolicyMapping >= 0 {
		v.InhibitPolicyMapping = &c.InhibitPolicyMapping
		lines = append(lines, fmt.Sprintf("policies are not mapped after %s", count(c.InhibitPolicyMapping, "certificate")))
	}
	return v, lines, nil
}

// TemplateView is the value of Microsoft's certificate template extension.
type TemplateView struct {
	Template     IdentifierView `json:"template"`
	MajorVersion int            `json:"majorVersion"`
	MinorVersion int            `json:"minorVersion"`
}

// decodeTemplate reads CertificateTemplateOID ([MS-WCCE], Section 2.2.2.7.7.2).
func decodeTemplate(value []byte) (any, []string, error) {
	e, err := der.ParseTag(value, der.Sequence)
	if err != nil {
		return nil, nil, err
	}
	in := e.Children()
	id, err := in.Take(der.ObjectIdentifier)
	if err != nil {
		return nil, nil, err
	}
	parsed, err := oid.ParseContent(id.Content)
	if err != nil {
		return nil, nil, err
	}
	v := TemplateView{Template: identifier(parsed)}
	for _, field := range []*int{&v.MajorVersion, &v.MinorVersion} {
		number, there, err := in.Optional(der.Integer)
		if err == nil && there {
			*field, err = number.Int()
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return v, []string{v.Template.String() + ", version " + strconv.Itoa(v.MajorVersion) + "." + strconv.Itoa(v.MinorVersion)}, nil
}

// decodeSID reads the object SID that Microsoft's directory puts in as an
// otherName ([MS-WCCE], Section 2.2.2.7.7.4).
func decodeSID(value []byte) (any, []string, error) {
	names, err := ext.ParseGeneralNames(value)
	if err != nil {
		return nil, nil, err
	}
	for _, n := range names {
		at := bytes.Index(n.Content, []byte("S-1-"))
		if n.Kind == ext.OtherName && at >= 0 {
			sid := string(n.Content[at:])
			return sid, []string{sid}, nil
		}
	}
	return generalNames(names), nameLines(generalNames(names)), nil
}
