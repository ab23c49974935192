// Package ext reads and writes the extensions of requests, certificates and
// revocation lists, and the general names inside them (RFC 5280, Section 4.2
// and 5.2).
package ext

import (
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// Extension is one extension, its value still encoded.
type Extension struct {
	ID       oid.OID
	Critical bool
	Value    []byte // content of the extnValue OCTET STRING
	Raw      []byte // as it was read; nil for one that was made
}

// Parse reads an Extensions SEQUENCE (RFC 5280, Section 4.1). Repeated
// extensions are kept, and none at all is not an error. The extensions share
// the memory of raw.
func Parse(raw []byte) ([]Extension, error) {
	e, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("extensions: %w", err)
	}
	count := 0
	for r := e.Children(); !r.Empty(); count++ {
		if _, err := r.Next(); err != nil {
			return nil, fmt.Errorf("extension %d: %w", count+1, err)
		}
	}
	list := make([]Extension, 0, count)
	for r := e.Children(); !r.Empty(); {
		x, err := parseOne(&r)
		if err != nil {
			return nil, fmt.Errorf("extension %d: %w", len(list)+1, err)
		}
		list = append(list, x)
	}
	return list, nil
}

func parseOne(r *der.Reader) (Extension, error) {
	e, err := r.Take(der.Sequence)
	if err != nil {
		return Extension{}, err
	}
	fields := e.Children()
	id, err := takeOID(&fields)
	if err != nil {
		return Extension{}, err
	}
	x := Extension{ID: id, Raw: e.Raw}
	if flag, ok, err := fields.Optional(der.Boolean); err != nil {
		return Extension{}, fmt.Errorf("%s: criticality: %w", id.Name(), err)
	} else if ok {
		if x.Critical, err = flag.Bool(); err != nil {
			return Extension{}, fmt.Errorf("%s: criticality: %w", id.Name(), err)
		}
	}
	value, err := fields.Take(der.OctetString)
	if err != nil {
		return Extension{}, fmt.Errorf("%s: value: %w", id.Name(), err)
	}
	if err := fields.End(); err != nil {
		return Extension{}, fmt.Errorf("%s: %w", id.Name(), err)
	}
	x.Value = value.Content
	return x, nil
}

// takeOID takes an OBJECT IDENTIFIER off the front of r.
func takeOID(r *der.Reader) (oid.OID, error) {
	e, err := r.Take(der.ObjectIdentifier)
	if err != nil {
		return "", err
	}
	return known(e.Content)
}

// known is oid.ParseContent without an allocation for what nearly every
// certificate or question of OCSP holds.
func known(content []byte) (oid.OID, error) {
	switch oid.OID(content) {
	case oid.SubjectAltName:
		return oid.SubjectAltName, nil
	case oid.BasicConstraints:
		return oid.BasicConstraints, nil
	case oid.KeyUsage:
		return oid.KeyUsage, nil
	case oid.ExtKeyUsage:
		return oid.ExtKeyUsage, nil
	case oid.SubjectKeyIdentifier:
		return oid.SubjectKeyIdentifier, nil
	case oid.AuthorityKeyIdentifier:
		return oid.AuthorityKeyIdentifier, nil
	case oid.CRLDistributionPoints:
		return oid.CRLDistributionPoints, nil
	case oid.AuthorityInfoAccess:
		return oid.AuthorityInfoAccess, nil
	case oid.CertificatePolicies:
		return oid.CertificatePolicies, nil
	case oid.ReasonCode:
		return oid.ReasonCode, nil
	case oid.ServerAuth:
		return oid.ServerAuth, nil
	case oid.ClientAuth:
		return oid.ClientAuth, nil
	case oid.OCSPNonce:
		return oid.OCSPNonce, nil
	}
	return oid.ParseContent(content)
}

// Marshal writes an Extensions SEQUENCE; extensions that were read are
// written as they were.
func Marshal(list []Extension) []byte {
	b := der.NewBuilder(make([]byte, 0, Size(list)))
	Append(b, list)
	return b.Bytes()
}

// Size returns an upper bound of the octets that Append writes.
func Size(list []Extension) int {
	size := 8
	for _, x := range list {
		size += len(x.ID) + len(x.Value) + 24 + len(x.Raw)
	}
	return size
}

// Append is Marshal into a builder.
func Append(b *der.Builder, list []Extension) {
	all := b.Begin(der.Sequence)
	for _, x := range list {
		if x.Raw != nil {
			b.Raw(x.Raw)
			continue
		}
		one := b.Begin(der.Sequence)
		b.OID(string(x.ID))
		if x.Critical {
			b.Bool(true)
		}
		b.Add(der.OctetString, x.Value)
		b.End(one)
	}
	b.End(all)
}

// Find returns the first extension with this identifier.
func Find(list []Extension, id oid.OID) (Extension, bool) {
	for _, e := range list {
		if e.ID == id {
			return e, true
		}
	}
	return Extension{}, false
}

// sequence reads a value that is one SEQUENCE and returns what is in it.
func sequence(value []byte, what string) (der.Reader, error) {
	e, err := der.ParseTag(value, der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return e.Children(), nil
}
