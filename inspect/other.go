package inspect

import (
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// ParametersView is the JSON view of parameters that stand alone.
type ParametersView struct {
	For   string          `json:"for"` // "EC", "DH", "DSA"
	Curve *IdentifierView `json:"curve,omitempty"`
	Bits  int             `json:"bits,omitempty"` // of the prime
}

func parameters(raw []byte) (Object, error) {
	e, err := der.Parse(raw)
	if err != nil {
		return Object{}, err
	}
	v := &ParametersView{For: "EC"}
	object := Object{Kind: Parameters, Title: "Parameters of elliptic curve keys", Detail: v}
	if e.Tag == der.ObjectIdentifier {
		id, err := oid.ParseContent(e.Content)
		if err != nil {
			return Object{}, err
		}
		curve := identifier(id)
		v.Curve = &curve
		object.Fields = []Field{{Name: "curve", Value: curve.String()}}
		return object, nil
	}
	parts, _ := split(e, 6)
	if len(parts) > 3 {
		object.Fields = []Field{{Name: "curve", Value: "explicit: written out instead of named"}}
		object.noteOn("curve", "explicit parameters are forbidden in certificates (RFC 5480, Section 2.1.1)")
		return object, nil
	}
	for _, p := range parts {
		if p.Tag != der.Integer {
			return Object{}, fmt.Errorf("found %v where an INTEGER belongs", p.Tag)
		}
	}
	prime, err := parts[0].BigInt()
	if err != nil {
		return Object{}, err
	}
	v.For, v.Bits = "DH", prime.BitLen()
	object.Title = "Parameters of Diffie-Hellman keys"
	if len(parts) == 3 && len(parts[1].Content) >= 20 && len(parts[2].Content) > len(parts[1].Content) {
		v.For, object.Title = "DSA", "Parameters of DSA keys"
	}
	object.Fields = []Field{{Name: "prime", Value: count(v.Bits, "bit")}}
	if v.Bits < 2048 {
		object.noteOn("prime", fmt.Sprintf("%d bits are too few; use 2048 or more", v.Bits))
	}
	return object, nil
}
