package ext

import (
	"fmt"
	"math/big"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// ParseSubjectKeyIdentifier reads the value of subjectKeyIdentifier (RFC
// 5280, Section 4.2.1.2).
func ParseSubjectKeyIdentifier(value []byte) ([]byte, error) {
	e, err := der.ParseTag(value, der.OctetString)
	if err != nil {
		return nil, fmt.Errorf("subjectKeyIdentifier: %w", err)
	}
	return e.Content, nil
}

// NewSubjectKeyIdentifier makes subjectKeyIdentifier, never critical.
func NewSubjectKeyIdentifier(id []byte) Extension {
	b := der.NewBuilder(make([]byte, 0, len(id)+4))
	b.Add(der.OctetString, id)
	return Extension{ID: oid.SubjectKeyIdentifier, Value: b.Bytes()}
}

// AuthorityKeyIdentifier (RFC 5280, Section 4.2.1.1). A field is nil where
// absent; Issuer and Serial stand together or not at all.
type AuthorityKeyIdentifier struct {
	KeyID  []byte
	Issuer []GeneralName
	Serial *big.Int
}

// ParseAuthorityKeyIdentifier reads the value of authorityKeyIdentifier.
func ParseAuthorityKeyIdentifier(value []byte) (AuthorityKeyIdentifier, error) {
	const what = "authorityKeyIdentifier"
	var a AuthorityKeyIdentifier
	r, err := sequence(value, what)
	if err != nil {
		return a, err
	}
	if e, ok, err := r.Optional(der.Context(0)); err != nil {
		return a, fmt.Errorf("%s: keyIdentifier: %w", what, err)
	} else if ok {
		a.KeyID = e.Content
	}
	if e, ok, err := r.Optional(der.ContextConstructed(1)); err != nil {
		return a, fmt.Errorf("%s: authorityCertIssuer: %w", what, err)
	} else if ok {
		if a.Issuer, err = readNames(e.Children()); err != nil {
			return a, fmt.Errorf("%s: authorityCertIssuer: %w", what, err)
		}
	}
	if e, ok, err := r.Optional(der.Context(2)); err != nil {
		return a, fmt.Errorf("%s: authorityCertSerialNumber: %w", what, err)
	} else if ok {
		if a.Serial, err = e.BigInt(); err != nil {
			return a, fmt.Errorf("%s: authorityCertSerialNumber: %w", what, err)
		}
	}
	if err := r.End(); err != nil {
		return a, fmt.Errorf("%s: %w", what, err)
	}
	return a, nil
}

// NewAuthorityKeyIdentifier makes authorityKeyIdentifier of the key
// identifier alone, never critical.
func NewAuthorityKeyIdentifier(id []byte) Extension {
	b := der.NewBuilder(make([]byte, 0, len(id)+6))
	seq := b.Begin(der.Sequence)
	b.Add(der.Context(0), id)
	b.End(seq)
	return Extension{ID: oid.AuthorityKeyIdentifier, Value: b.Bytes()}
}

// NewFullAuthorityKeyIdentifier makes authorityKeyIdentifier of every field
// that is there.
func NewFullAuthorityKeyIdentifier(a AuthorityKeyIdentifier) Extension {
	b := der.NewBuilder(nil)
	seq := b.Begin(der.Sequence)
	if a.KeyID != nil {
		b.Add(der.Context(0), a.KeyID)
	}
	if a.Issuer != nil {
		appendNames(b, der.ContextConstructed(1), a.Issuer)
	}
	if a.Serial != nil {
		// The builder writes a universal INTEGER; only its tag differs.
		integer := der.NewBuilder(nil)
		integer.BigInt(a.Serial)
		integer.Bytes()[0] = byte(der.Context(2))
		b.Raw(integer.Bytes())
	}
	b.End(seq)
	return Extension{ID: oid.AuthorityKeyIdentifier, Value: b.Bytes()}
}
