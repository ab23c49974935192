// Package dn holds distinguished names as they were written: bytes, order,
// multi-valued parts and string types survive (RFC 5280, Section 4.1.2.4).
package dn

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// Name is a distinguished name. The zero value is not valid DER; Parse and
// Build make names, Empty is the name of no parts.
type Name struct {
	Raw  []byte // the SEQUENCE as it was read
	RDNs []RDN
}

// RDN is a relative distinguished name: one attribute, or several at once.
type RDN []Attribute

// Attribute is a type and a value in the string type it was given.
type Attribute struct {
	Type  oid.OID
	Tag   der.Tag // of the value
	Value []byte  // content octets of the value
	Raw   []byte  // the AttributeTypeAndValue as it was read
}

// Parse reads a Name (RFC 5280, Section 4.1.2.4). The name shares the memory
// of raw. Values of any type are kept, an RDN of no attributes too.
func Parse(raw []byte) (Name, error) {
	e, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return Name{}, fmt.Errorf("distinguished name: %w", err)
	}
	rdns, attributes, err := count(e.Children())
	if err != nil {
		return Name{}, err
	}
	n := Name{Raw: raw, RDNs: make([]RDN, 0, rdns)}
	all := make([]Attribute, 0, attributes)
	for r := e.Children(); !r.Empty(); {
		set, err := r.Take(der.Set)
		if err != nil {
			return Name{}, fmt.Errorf("distinguished name, part %d: %w", len(n.RDNs)+1, err)
		}
		first := len(all)
		for s := set.Children(); !s.Empty(); {
			a, err := parseAttribute(&s)
			if err != nil {
				return Name{}, fmt.Errorf("distinguished name, part %d: %w", len(n.RDNs)+1, err)
			}
			all = append(all, a)
		}
		n.RDNs = append(n.RDNs, RDN(all[first:len(all):len(all)]))
	}
	return n, nil
}

// count sizes the memory of a name, so that reading it allocates twice.
func count(r der.Reader) (rdns, attributes int, err error) {
	for !r.Empty() {
		rdns++
		set, err := r.Next()
		if err != nil {
			return 0, 0, fmt.Errorf("distinguished name, part %d: %w", rdns, err)
		}
		for s := set.Children(); !s.Empty(); attributes++ {
			if _, err := s.Next(); err != nil {
				return 0, 0, fmt.Errorf("distinguished name, part %d: %w", rdns, err)
			}
		}
	}
	return rdns, attributes, nil
}

func parseAttribute(r *der.Reader) (Attribute, error) {
	e, err := r.Take(der.Sequence)
	if err != nil {
		return Attribute{}, fmt.Errorf("attribute: %w", err)
	}
	fields := e.Children()
	kind, err := fields.Take(der.ObjectIdentifier)
	if err != nil {
		return Attribute{}, fmt.Errorf("attribute type: %w", err)
	}
	id, err := attributeType(kind.Content)
	if err != nil {
		return Attribute{}, fmt.Errorf("attribute type: %w", err)
	}
	value, err := fields.Next()
	if err != nil {
		return Attribute{}, fmt.Errorf("value of %s: %w", id.Short(), err)
	}
	if err := fields.End(); err != nil {
		return Attribute{}, fmt.Errorf("attribute %s: %w", id.Short(), err)
	}
	return Attribute{Type: id, Tag: value.Tag, Value: value.Content, Raw: e.Raw}, nil
}

// attributeType is oid.ParseContent without an allocation for the types that
// most names are made of.
func attributeType(content []byte) (oid.OID, error) {
	switch oid.OID(content) {
	case oid.CommonName:
		return oid.CommonName, nil
	case oid.Country:
		return oid.Country, nil
	case oid.Organization:
		return oid.Organization, nil
	case oid.OrganizationalUnit:
		return oid.OrganizationalUnit, nil
	case oid.Locality:
		return oid.Locality, nil
	case oid.StateOrProvince:
		return oid.StateOrProvince, nil
	case oid.SerialNumber:
		return oid.SerialNumber, nil
	case oid.EmailAddress:
		return oid.EmailAddress, nil
	case oid.DomainComponent:
		return oid.DomainComponent, nil
	case oid.UserID:
		return oid.UserID, nil
	case oid.Surname:
		return oid.Surname, nil
	case oid.GivenName:
		return oid.GivenName, nil
	case oid.Title:
		return oid.Title, nil
	}
	return oid.ParseContent(content)
}

// Build encodes a name of these parts, in this order. Attributes that were
// read are written as they were; those of one part are put in the order of
// their encodings (X.690, Section 11.6).
func Build(parts ...RDN) Name {
	size := 8
	for _, part := range parts {
		size += 4
		for _, a := range part {
			size += len(a.Raw) + len(a.Type) + len(a.Value) + 12
		}
	}
	b := der.NewBuilder(make([]byte, 0, size))
	name := b.Begin(der.Sequence)
	for _, part := range parts {
		set := b.Begin(der.Set)
		switch len(part) {
		case 1:
			b.Raw(part[0].encoded())
		default:
			encodings := make([][]byte, len(part))
			for i, a := range part {
				encodings[i] = a.encoded()
			}
			slices.SortFunc(encodings, bytes.Compare)
			b.Raw(encodings...)
		}
		b.End(set)
	}
	b.End(name)
	n, err := Parse(b.Bytes())
	if err != nil {
		// Only an attribute put together by hand, of a type that is no
		// identifier, gets here; its parts are still what the caller asked for.
		return Name{Raw: b.Bytes(), RDNs: parts}
	}
	return n
}

// Empty returns the name of no parts.
func Empty() Name { return Name{Raw: []byte{byte(der.Sequence), 0}} }

// IsEmpty reports whether the name has no parts.
func (n Name) IsEmpty() bool { return len(n.RDNs) == 0 }

// All returns every attribute in order, those of multi-valued parts too.
func (n Name) All() []Attribute {
	var out []Attribute
	for _, rdn := range n.RDNs {
		out = append(out, rdn...)
	}
	return out
}

// Values returns the values of every attribute of this type, as text, in order.
func (n Name) Values(kind oid.OID) []string {
	var out []string
	for _, rdn := range n.RDNs {
		for _, a := range rdn {
			if a.Type == kind {
				out = append(out, a.Text())
			}
		}
	}
	return out
}
