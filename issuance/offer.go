package issuance

import (
	"slices"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
)

// Offer is what a request under a profile should say: values that are the
// profile's own are filled in, and those that are the requester's to fill in
// are empty (RFC 9483, Section 4.3.3).
type Offer struct {
	Subject    dn.Name
	Extensions []ext.Extension
	Kinds      []string // of keys that can be made here, as KeyKinds returns them
	Curves     []string // that are taken besides: "brainpoolP256r1"
	MinRSA     int      // the least modulus in bits; 0 where no RSA keys are taken
}

// Offer returns what a request under this profile should say.
func (p *Profile) Offer() Offer {
	o := Offer{Subject: p.subject.offer(), Kinds: p.KeyKinds(), Curves: p.keys.otherCurves(), MinRSA: p.keys.rsaMin}
	if names := p.names.offer(); len(names) > 0 {
		o.Extensions = append(o.Extensions, ext.NewSubjectAltName(names, o.Subject.IsEmpty()))
	}
	usage := p.extensions.usage.preset
	if p.keys.rsaMin == 0 {
		usage &^= ext.KeyEncipherment | ext.DataEncipherment // RSA keys alone can do that
	}
	if usage != 0 {
		o.Extensions = append(o.Extensions, ext.NewKeyUsage(usage))
	}
	if purposes := p.extensions.purposes.preset; len(purposes) > 0 {
		o.Extensions = append(o.Extensions, ext.NewExtKeyUsage(purposes, false))
	}
	return o
}

// offer is a subject of the attributes that the profile lists and lets stand,
// in its order.
func (p *subjectPolicy) offer() dn.Name {
	var rdns []dn.RDN
	for i := range p.attributes {
		a := &p.attributes[i]
		switch {
		case a.presence == "forbidden" || a.presence == "dropped":
			continue
		case a.override != nil:
			rdns = append(rdns, dn.RDN{*a.override})
		case a.preset != nil:
			rdns = append(rdns, dn.RDN{*a.preset})
		default:
			rdns = append(rdns, dn.RDN{dn.NewTypedAttribute(a.kind, der.UTF8String, nil)})
		}
	}
	return dn.Build(rdns...)
}

// offer is an empty name of each kind that is required and is a string; of the
// first that is taken where names are, and none is named.
func (p *namePolicy) offer() []ext.GeneralName {
	var names []ext.GeneralName
	for _, kind := range []nameKind{kindDNS, kindEmail, kindURI} {
		if slices.Contains(p.required, kind) {
			names = append(names, ext.NewGeneralName(ext.Kind(kind), nil))
		}
	}
	if len(names) == 0 && p.min > 0 && p.kinds[kindDNS] {
		names = append(names, ext.NewGeneralName(ext.DNS, nil))
	}
	return names
}
