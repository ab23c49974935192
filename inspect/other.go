package inspect

import (
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// StoreView is the JSON view of a PKCS#12 store that was not opened.
type StoreView struct {
	MAC           string `json:"macAlgorithm,omitempty"`
	MACIterations int    `json:"macIterations,omitempty"`
}

// pkcs12 reads how the whole is protected (RFC 7292, Section 4).
func pkcs12(raw []byte) (Object, error) {
	outer, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return Object{}, err
	}
	parts, _ := split(outer, 3)
	v := &StoreView{}
	object := Object{Kind: PKCS12, Title: titles[PKCS12], Detail: v}
	if len(parts) < 3 {
		object.Fields = []Field{{Name: "integrity", Value: "nothing protects it from changes: there is no MAC"}}
		return object, nil
	}
	mac, _ := split(parts[2], 3)
	if len(mac) > 0 && mac[0].Tag == der.Sequence {
		if digest, _ := split(mac[0], 2); len(digest) > 0 {
			if id := oidAt(digest[0].Content); id != "" {
				v.MAC = identifier(oid.OID(id)).String()
			}
		}
	}
	v.MACIterations = 1
	if len(mac) == 3 && mac[2].Tag == der.Integer {
		if n, err := mac[2].Int(); err == nil {
			v.MACIterations = n
		}
	}
	object.Fields = []Field{{Name: "integrity", Value: "MAC by " + v.MAC + ", " + count(v.MACIterations, "iteration")}}
	return object, nil
}

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
