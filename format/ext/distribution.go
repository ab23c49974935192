package ext

import (
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/oid"
)

// ReasonFlags holds bit i of the ReasonFlags BIT STRING as bit i (RFC 5280,
// Section 4.2.1.13). None set means that the field is absent: all reasons.
type ReasonFlags uint32

// ReasonFlagNames are the names of the bits, in order ("keyCompromise" …).
func ReasonFlagNames(f ReasonFlags) []string {
	names := [...]string{
		"unused", "keyCompromise", "cACompromise", "affiliationChanged", "superseded",
		"cessationOfOperation", "certificateHold", "privilegeWithdrawn", "aACompromise",
	}
	var out []string
	for i := range 32 {
		switch {
		case f>>i&1 == 0:
		case i < len(names):
			out = append(out, names[i])
		default:
			out = append(out, fmt.Sprintf("bit %d", i))
		}
	}
	return out
}

// DistributionPoint is where a revocation list is to be had (RFC 5280,
// Section 4.2.1.13). FullName or RelativeName, or neither.
type DistributionPoint struct {
	FullName     []GeneralName
	RelativeName dn.RDN // to be put after the name of the CRL's issuer
	Reasons      ReasonFlags
	CRLIssuer    []GeneralName
}

// ParseDistributionPoints reads the value of cRLDistributionPoints or
// freshestCRL (RFC 5280, Section 4.2.1.13 and 4.2.1.15).
func ParseDistributionPoints(value []byte) ([]DistributionPoint, error) {
	r, err := sequence(value, "distribution points")
	if err != nil {
		return nil, err
	}
	var list []DistributionPoint
	for !r.Empty() {
		p, err := readPoint(&r)
		if err != nil {
			return nil, fmt.Errorf("distribution point %d: %w", len(list)+1, err)
		}
		list = append(list, p)
	}
	return list, nil
}

// ListURIs are the addresses at which distribution points say that lists are, in
// their order.
func ListURIs(points []DistributionPoint) (uris []string) {
	for _, p := range points {
		for _, n := range p.FullName {
			if n.Kind == URI {
				uris = append(uris, n.Text())
			}
		}
	}
	return uris
}

func readPoint(r *der.Reader) (DistributionPoint, error) {
	var p DistributionPoint
	e, err := r.Take(der.Sequence)
	if err != nil {
		return p, err
	}
	fields := e.Children()
	if p.FullName, p.RelativeName, err = readPointName(&fields); err != nil {
		return p, err
	}
	if e, ok, err := fields.Optional(der.Context(1)); err != nil {
		return p, fmt.Errorf("reasons: %w", err)
	} else if ok {
		bits, err := bitsOf(e)
		if err != nil {
			return p, fmt.Errorf("reasons: %w", err)
		}
		p.Reasons = ReasonFlags(bits)
	}
	if e, ok, err := fields.Optional(der.ContextConstructed(2)); err != nil {
		return p, fmt.Errorf("cRLIssuer: %w", err)
	} else if ok {
		if p.CRLIssuer, err = readNames(e.Children()); err != nil {
			return p, fmt.Errorf("cRLIssuer: %w", err)
		}
	}
	return p, fields.End()
}

// readPointName reads the optional DistributionPointName.
func readPointName(r *der.Reader) (full []GeneralName, relative dn.RDN, err error) {
	outer, ok, err := r.Optional(der.ContextConstructed(0))
	if err != nil || !ok {
		return nil, nil, err
	}
	inner := outer.Children()
	choice, err := inner.Next()
	if err != nil {
		return nil, nil, fmt.Errorf("name: %w", err)
	}
	switch choice.Tag {
	case der.ContextConstructed(0):
		full, err = readNames(choice.Children())
	case der.ContextConstructed(1):
		relative, err = readRDN(choice.Content)
	default:
		err = fmt.Errorf("found %v where fullName or nameRelativeToCRLIssuer belongs", choice.Tag)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("name: %w", err)
	}
	return full, relative, inner.End()
}

// readRDN reads the content of a RelativeDistinguishedName.
func readRDN(content []byte) (dn.RDN, error) {
	b := der.NewBuilder(make([]byte, 0, len(content)+8))
	name := b.Begin(der.Sequence)
	b.Add(der.Set, content)
	b.End(name)
	n, err := dn.Parse(b.Bytes())
	if err != nil {
		return nil, err
	}
	return n.RDNs[0], nil
}

func appendPointName(b *der.Builder, full []GeneralName, relative dn.RDN) {
	if len(full) == 0 && len(relative) == 0 {
		return
	}
	outer := b.Begin(der.ContextConstructed(0))
	if len(full) > 0 {
		appendNames(b, der.ContextConstructed(0), full)
	} else {
		choice := b.Begin(der.ContextConstructed(1))
		name := der.Reader(dn.Build(relative).Raw)
		if set, err := within(name, der.Sequence, der.Set); err == nil {
			b.Raw(set.Content)
		}
		b.End(choice)
	}
	b.End(outer)
}

// NewDistributionPoints makes cRLDistributionPoints or freshestCRL, by
// identifier (RFC 5280, Section 4.2.1.13 and 4.2.1.15).
func NewDistributionPoints(id oid.OID, list []DistributionPoint, critical bool) Extension {
	b := der.NewBuilder(make([]byte, 0, 64*(1+len(list))))
	seq := b.Begin(der.Sequence)
	for _, p := range list {
		one := b.Begin(der.Sequence)
		appendPointName(b, p.FullName, p.RelativeName)
		if p.Reasons != 0 {
			b.NamedBits(der.Context(1), uint32(p.Reasons))
		}
		if len(p.CRLIssuer) > 0 {
			appendNames(b, der.ContextConstructed(2), p.CRLIssuer)
		}
		b.End(one)
	}
	b.End(seq)
	return Extension{ID: id, Critical: critical, Value: b.Bytes()}
}

func pointsOf(uris []string) []DistributionPoint {
	list := make([]DistributionPoint, len(uris))
	for i, uri := range uris {
		list[i].FullName = []GeneralName{NewGeneralName(URI, []byte(uri))}
	}
	return list
}

// NewCRLDistributionPoints makes cRLDistributionPoints, one point for each
// URI (RFC 5280, Section 4.2.1.13).
func NewCRLDistributionPoints(uris []string) Extension {
	return NewDistributionPoints(oid.CRLDistributionPoints, pointsOf(uris), false)
}

// NewFreshestCRL makes freshestCRL, one point for each URI (RFC 5280, Section
// 4.2.1.15 and 5.2.6).
func NewFreshestCRL(uris []string) Extension {
	return NewDistributionPoints(oid.FreshestCRL, pointsOf(uris), false)
}

// IssuingDistributionPoint says what a revocation list covers (RFC 5280,
// Section 5.2.5).
type IssuingDistributionPoint struct {
	FullName           []GeneralName
	RelativeName       dn.RDN
	OnlyUserCerts      bool
	OnlyCACerts        bool
	OnlyReasons        ReasonFlags
	Indirect           bool
	OnlyAttributeCerts bool
}

// ParseIssuingDistributionPoint reads the value of issuingDistributionPoint.
func ParseIssuingDistributionPoint(value []byte) (IssuingDistributionPoint, error) {
	const what = "issuingDistributionPoint"
	var p IssuingDistributionPoint
	r, err := sequence(value, what)
	if err != nil {
		return p, err
	}
	if p.FullName, p.RelativeName, err = readPointName(&r); err != nil {
		return p, fmt.Errorf("%s: %w", what, err)
	}
	for _, f := range []struct {
		tag   uint8
		field *bool
	}{{1, &p.OnlyUserCerts}, {2, &p.OnlyCACerts}, {3, nil}, {4, &p.Indirect}, {5, &p.OnlyAttributeCerts}} {
		e, ok, err := r.Optional(der.Context(f.tag))
		if err == nil && ok {
			if f.field != nil {
				*f.field, err = e.Bool()
			} else {
				var bits uint32
				bits, err = bitsOf(e)
				p.OnlyReasons = ReasonFlags(bits)
			}
		}
		if err != nil {
			return p, fmt.Errorf("%s: [%d]: %w", what, f.tag, err)
		}
	}
	if err := r.End(); err != nil {
		return p, fmt.Errorf("%s: %w", what, err)
	}
	return p, nil
}

// NewIssuingDistributionPoint makes issuingDistributionPoint, critical. One
// with nothing in it, or with two of the fields that exclude each other, is
// an error (RFC 5280, Section 5.2.5).
func NewIssuingDistributionPoint(p IssuingDistributionPoint) (Extension, error) {
	only := 0
	for _, set := range []bool{p.OnlyUserCerts, p.OnlyCACerts, p.OnlyAttributeCerts} {
		if set {
			only++
		}
	}
	named := len(p.FullName) > 0 || len(p.RelativeName) > 0
	switch {
	case only > 1:
		return Extension{}, errors.New("issuingDistributionPoint: a list can hold only user, only CA or only attribute certificates; choose one")
	case only == 0 && !named && p.OnlyReasons == 0 && !p.Indirect:
		return Extension{}, errors.New("issuingDistributionPoint: nothing is in it; leave the extension out, or say where or what the list is for")
	}
	b := der.NewBuilder(nil)
	seq := b.Begin(der.Sequence)
	appendPointName(b, p.FullName, p.RelativeName)
	appendFlag(b, 1, p.OnlyUserCerts)
	appendFlag(b, 2, p.OnlyCACerts)
	if p.OnlyReasons != 0 {
		b.NamedBits(der.Context(3), uint32(p.OnlyReasons))
	}
	appendFlag(b, 4, p.Indirect)
	appendFlag(b, 5, p.OnlyAttributeCerts)
	b.End(seq)
	return Extension{ID: oid.IssuingDistributionPoint, Critical: true, Value: b.Bytes()}, nil
}

// appendFlag writes a BOOLEAN DEFAULT FALSE.
func appendFlag(b *der.Builder, tag uint8, v bool) {
	if v {
		b.Add(der.Context(tag), []byte{0xff})
	}
}
