package ext

import (
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// ParseSubjectAltName reads the value of subjectAltName (RFC 5280, Section 4.2.1.6).
func ParseSubjectAltName(value []byte) ([]GeneralName, error) { return ParseGeneralNames(value) }

// SubjectAltNames returns the names of the subjectAltName among extensions; nil
// where there is none or it cannot be read.
func SubjectAltNames(list []Extension) []GeneralName {
	e, ok := Find(list, oid.SubjectAltName)
	if !ok {
		return nil
	}
	names, err := ParseSubjectAltName(e.Value)
	if err != nil {
		return nil
	}
	return names
}

// NewSubjectAltName makes subjectAltName; it is critical where the subject is
// empty (RFC 5280, Section 4.2.1.6).
func NewSubjectAltName(names []GeneralName, critical bool) Extension {
	return Extension{ID: oid.SubjectAltName, Critical: critical, Value: MarshalGeneralNames(names)}
}

// NewIssuerAltName makes issuerAltName, not critical (RFC 5280, Section 4.2.1.7).
func NewIssuerAltName(names []GeneralName) Extension {
	return Extension{ID: oid.IssuerAltName, Value: MarshalGeneralNames(names)}
}

// AccessDescription is one place of authorityInfoAccess or subjectInfoAccess.
type AccessDescription struct {
	Method   oid.OID
	Location GeneralName
}

// ParseAccess reads the value of authorityInfoAccess or subjectInfoAccess
// (RFC 5280, Section 4.2.2.1 and 4.2.2.2).
func ParseAccess(value []byte) ([]AccessDescription, error) {
	r, err := sequence(value, "information access")
	if err != nil {
		return nil, err
	}
	var list []AccessDescription
	for !r.Empty() {
		a, err := readAccess(&r)
		if err != nil {
			return nil, fmt.Errorf("information access: description %d: %w", len(list)+1, err)
		}
		list = append(list, a)
	}
	return list, nil
}

func readAccess(r *der.Reader) (AccessDescription, error) {
	e, err := r.Take(der.Sequence)
	if err != nil {
		return AccessDescription{}, err
	}
	fields := e.Children()
	method, err := takeOID(&fields)
	if err != nil {
		return AccessDescription{}, fmt.Errorf("method: %w", err)
	}
	location, err := readName(&fields)
	if err != nil {
		return AccessDescription{}, fmt.Errorf("location: %w", err)
	}
	return AccessDescription{method, location}, fields.End()
}

// NewAccess makes authorityInfoAccess or subjectInfoAccess, by identifier;
// neither is ever critical.
func NewAccess(id oid.OID, list []AccessDescription) Extension {
	b := der.NewBuilder(make([]byte, 0, 64*(1+len(list))))
	seq := b.Begin(der.Sequence)
	for _, a := range list {
		one := b.Begin(der.Sequence)
		b.OID(string(a.Method))
		a.Location.append(b)
		b.End(one)
	}
	b.End(seq)
	return Extension{ID: id, Value: b.Bytes()}
}

// NewAuthorityInfoAccess makes authorityInfoAccess of URIs: responders first,
// then where the issuer's certificate is (RFC 5280, Section 4.2.2.1).
func NewAuthorityInfoAccess(ocsp, caIssuers []string) Extension {
	var list []AccessDescription
	for _, uri := range ocsp {
		list = append(list, AccessDescription{oid.AccessOCSP, NewGeneralName(URI, []byte(uri))})
	}
	for _, uri := range caIssuers {
		list = append(list, AccessDescription{oid.AccessCAIssuers, NewGeneralName(URI, []byte(uri))})
	}
	return NewAccess(oid.AuthorityInfoAccess, list)
}
