package ext

import (
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// Policy is one PolicyInformation (RFC 5280, Section 4.2.1.4).
type Policy struct {
	ID         oid.OID
	Qualifiers []PolicyQualifier
}

// PolicyQualifier is one PolicyQualifierInfo. CPS or Notice is set where ID
// says so and the value is well formed; Value is its DER in any case.
type PolicyQualifier struct {
	ID     oid.OID
	CPS    string
	Notice *UserNotice
	Value  []byte
}

// UserNotice is a text for relying parties (RFC 5280, Section 4.2.1.4).
type UserNotice struct {
	Organization string // of NoticeReference; empty where that is absent
	Numbers      []int  // of NoticeReference
	ExplicitText string
}

// ParseCertificatePolicies reads the value of certificatePolicies, and of
// Microsoft's application policies, which have the same syntax.
func ParseCertificatePolicies(value []byte) ([]Policy, error) {
	r, err := sequence(value, "certificatePolicies")
	if err != nil {
		return nil, err
	}
	var list []Policy
	for !r.Empty() {
		p, err := readPolicy(&r)
		if err != nil {
			return nil, fmt.Errorf("certificatePolicies: policy %d: %w", len(list)+1, err)
		}
		list = append(list, p)
	}
	return list, nil
}

func readPolicy(r *der.Reader) (Policy, error) {
	e, err := r.Take(der.Sequence)
	if err != nil {
		return Policy{}, err
	}
	fields := e.Children()
	id, err := takeOID(&fields)
	if err != nil {
		return Policy{}, err
	}
	p := Policy{ID: id}
	qualifiers, ok, err := fields.Optional(der.Sequence)
	if err != nil {
		return p, err
	}
	if ok {
		for q := qualifiers.Children(); !q.Empty(); {
			one, err := readQualifier(&q)
			if err != nil {
				return p, fmt.Errorf("qualifier %d: %w", len(p.Qualifiers)+1, err)
			}
			p.Qualifiers = append(p.Qualifiers, one)
		}
	}
	return p, fields.End()
}

func readQualifier(r *der.Reader) (PolicyQualifier, error) {
	e, err := r.Take(der.Sequence)
	if err != nil {
		return PolicyQualifier{}, err
	}
	fields := e.Children()
	id, err := takeOID(&fields)
	if err != nil {
		return PolicyQualifier{}, err
	}
	q := PolicyQualifier{ID: id}
	value, err := fields.Next()
	if err != nil {
		return q, err
	}
	q.Value = value.Raw
	switch id {
	case oid.QualifierCPS:
		if text, err := value.Text(); err == nil {
			q.CPS = text
		}
	case oid.QualifierUserNotice:
		q.Notice = readNotice(value)
	}
	return q, fields.End()
}

// readNotice reads a UserNotice; nil where it is not well formed.
func readNotice(e der.Element) *UserNotice {
	if e.Tag != der.Sequence {
		return nil
	}
	var n UserNotice
	r := e.Children()
	if reference, ok, err := r.Optional(der.Sequence); err != nil {
		return nil
	} else if ok {
		fields := reference.Children()
		organization, err := fields.Next()
		if err != nil {
			return nil
		}
		if n.Organization, err = organization.Text(); err != nil {
			return nil
		}
		numbers, err := fields.Take(der.Sequence)
		if err != nil {
			return nil
		}
		for list := numbers.Children(); !list.Empty(); {
			number, err := list.Take(der.Integer)
			if err != nil {
				return nil
			}
			small, err := number.Int()
			if err != nil {
				return nil
			}
			n.Numbers = append(n.Numbers, small)
		}
	}
	if r.Empty() {
		return &n
	}
	text, err := r.Next()
	if err != nil || !r.Empty() {
		return nil
	}
	if n.ExplicitText, err = text.Text(); err != nil {
		return nil
	}
	return &n
}

// NewCertificatePolicies makes certificatePolicies of identifiers alone (RFC
// 5280, Section 4.2.1.4).
func NewCertificatePolicies(ids []oid.OID) Extension {
	list := make([]Policy, len(ids))
	for i, id := range ids {
		list[i].ID = id
	}
	return NewPolicies(oid.CertificatePolicies, list, false)
}

// NewPolicies makes certificatePolicies or Microsoft's application policies,
// by identifier, with qualifiers. A qualifier is written from CPS or Notice,
// else from Value.
func NewPolicies(id oid.OID, list []Policy, critical bool) Extension {
	b := der.NewBuilder(make([]byte, 0, 16*(1+len(list))))
	seq := b.Begin(der.Sequence)
	for _, p := range list {
		one := b.Begin(der.Sequence)
		b.OID(string(p.ID))
		if len(p.Qualifiers) > 0 {
			qualifiers := b.Begin(der.Sequence)
			for _, q := range p.Qualifiers {
				appendQualifier(b, q)
			}
			b.End(qualifiers)
		}
		b.End(one)
	}
	b.End(seq)
	return Extension{ID: id, Critical: critical, Value: b.Bytes()}
}

func appendQualifier(b *der.Builder, q PolicyQualifier) {
	one := b.Begin(der.Sequence)
	switch {
	case q.Value != nil:
		b.OID(string(q.ID))
		b.Raw(q.Value)
	case q.Notice != nil:
		b.OID(string(oid.QualifierUserNotice))
		appendNotice(b, q.Notice)
	default:
		b.OID(string(oid.QualifierCPS))
		b.AddString(der.IA5String, q.CPS)
	}
	b.End(one)
}

func appendNotice(b *der.Builder, n *UserNotice) {
	notice := b.Begin(der.Sequence)
	if n.Organization != "" || len(n.Numbers) > 0 {
		reference := b.Begin(der.Sequence)
		b.AddString(der.UTF8String, n.Organization)
		numbers := b.Begin(der.Sequence)
		for _, number := range n.Numbers {
			b.Int(int64(number))
		}
		b.End(numbers)
		b.End(reference)
	}
	if n.ExplicitText != "" {
		b.AddString(der.UTF8String, n.ExplicitText)
	}
	b.End(notice)
}

// PolicyMapping says that the issuer's policy and the subject's are the same
// (RFC 5280, Section 4.2.1.5).
type PolicyMapping struct {
	IssuerDomainPolicy, SubjectDomainPolicy oid.OID
}

// ParsePolicyMappings reads the value of policyMappings.
func ParsePolicyMappings(value []byte) ([]PolicyMapping, error) {
	r, err := sequence(value, "policyMappings")
	if err != nil {
		return nil, err
	}
	var list []PolicyMapping
	for !r.Empty() {
		var m PolicyMapping
		e, err := r.Take(der.Sequence)
		fields := e.Children()
		if err == nil {
			m.IssuerDomainPolicy, err = takeOID(&fields)
		}
		if err == nil {
			m.SubjectDomainPolicy, err = takeOID(&fields)
		}
		if err == nil {
			err = fields.End()
		}
		if err != nil {
			return nil, fmt.Errorf("policyMappings: mapping %d: %w", len(list)+1, err)
		}
		list = append(list, m)
	}
	return list, nil
}

// NewPolicyMappings makes policyMappings, critical as RFC 5280, Section
// 4.2.1.5 advises.
func NewPolicyMappings(list []PolicyMapping) Extension {
	b := der.NewBuilder(nil)
	seq := b.Begin(der.Sequence)
	for _, m := range list {
		one := b.Begin(der.Sequence)
		b.OID(string(m.IssuerDomainPolicy))
		b.OID(string(m.SubjectDomainPolicy))
		b.End(one)
	}
	b.End(seq)
	return Extension{ID: oid.PolicyMappings, Critical: true, Value: b.Bytes()}
}
