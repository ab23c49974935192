package openssl

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/front/openssl/text"
)

// ecForm is how elliptic curve keys are written; the zero value leaves
// everything as it is.
type ecForm struct {
	point    string // uncompressed, compressed, hybrid
	explicit string // named_curve, explicit
	bare     bool   // leave the public key out of the private
}

// ecForm reads two options, whose names differ between commands.
func (c *call) ecForm(conversion, encoding string) (f ecForm, err error) {
	f.point, f.explicit = c.text(conversion), c.text(encoding)
	if err := c.oneOf(conversion, "uncompressed", "compressed", "hybrid"); err != nil {
		return f, err
	}
	return f, c.oneOf(encoding, "named_curve", "explicit")
}

// oneOf checks the value of an option that is one of some words.
func (c *call) oneOf(name string, words ...string) error {
	if !c.has(name) {
		return nil
	}
	value := c.text(name)
	list := "Value must be one of:"
	for _, w := range words {
		if w == value {
			return nil
		}
		list += "\n\t" + w
	}
	return c.misuse("%s", list)
}

// asRead returns a key whose public half has its curve spelled out where the
// file spelled it out.
func asRead(p *key.Private) (*key.Private, error) {
	if p.Explicit == nil {
		return p, nil
	}
	public, err := ecPublic(p.Explicit, p.Public.Bits)
	if err != nil {
		return nil, err
	}
	again := *p
	again.Public = public
	return &again, nil
}

func (f ecForm) changes() bool { return f.point != "" || f.explicit != "" || f.bare }

// ecNumbers are the parts of an elliptic curve private key.
type ecNumbers struct {
	parameters []byte // of the algorithm
	scalar     []byte
	point      []byte
}

var errNotEC = errors.New("it is not a key of an elliptic curve")

// numbersOf takes an elliptic curve private key apart.
func numbersOf(p *key.Private) (n ecNumbers, err error) {
	if p.Public.Type != "EC" {
		return n, errNotEC
	}
	info, err := key.MarshalPKCS8(p)
	if err != nil {
		return n, err
	}
	outer, err := der.ParseTag(info, der.Sequence)
	if err != nil {
		return n, err
	}
	r := outer.Children()
	if _, err = r.Take(der.Integer); err != nil {
		return n, err
	}
	if _, err = r.Take(der.Sequence); err != nil {
		return n, err
	}
	octets, err := r.Take(der.OctetString)
	if err != nil {
		return n, err
	}
	inner, err := der.ParseTag(octets.Content, der.Sequence)
	if err != nil {
		return n, err
	}
	r = inner.Children()
	if _, err = r.Take(der.Integer); err != nil {
		return n, err
	}
	scalar, err := r.Take(der.OctetString)
	n.parameters, n.scalar, n.point = p.Public.Algorithm.Parameters, scalar.Content, p.Public.Bits
	return n, err
}

// apply changes the parts to the form asked for.
func (f ecForm) apply(n *ecNumbers, public *key.Public) error {
	if f.point != "" {
		point, err := convertPoint(public, f.point)
		if err != nil {
			return err
		}
		n.point = point
	}
	parameters, err := f.parameters(public)
	if err == nil {
		n.parameters = parameters
	}
	if f.bare {
		n.point = nil
	}
	return err
}

// parameters returns those of the key in the form asked for.
func (f ecForm) parameters(public *key.Public) ([]byte, error) {
	name := public.Curve
	if public.SameAs != "" {
		name = public.SameAs
	}
	switch f.explicit {
	case "":
		return f.spelledOut(public.Algorithm.Parameters), nil
	case "explicit":
		if public.Curve == "explicit" {
			return f.spelledOut(public.Algorithm.Parameters), nil
		}
		curve := curveNamed(name)
		if curve == nil {
			return nil, fmt.Errorf("the parameters of the curve %s are not known here", name)
		}
		return text.GroupOf(curve).Marshal(f.point), nil
	}
	curve := curveNamed(name)
	if curve == nil {
		return public.Algorithm.Parameters, nil
	}
	return namedParameters(curve), nil
}

// spelledOut writes parameters that are spelled out with the base point in the
// form asked for; others stay as they are.
func (f ecForm) spelledOut(parameters []byte) []byte {
	if f.point != "" {
		if g, err := text.ReadGroup(parameters); err == nil {
			return g.Marshal(f.point)
		}
	}
	return parameters
}

// canonical returns the parameters of a key as OpenSSL keeps them. It refuses
// curves over prime fields that are spelled out and are none.
func canonical(parameters []byte) ([]byte, error) {
	if len(parameters) == 0 || der.Tag(parameters[0]) != der.Sequence || isBinaryField(parameters) {
		return parameters, nil
	}
	g, err := text.ReadGroup(parameters)
	if err != nil {
		return nil, err
	}
	return g.Marshal(""), nil
}

// isBinaryField reports whether parameters are of a field that is not computed
// with here.
func isBinaryField(parameters []byte) bool {
	const binary = "\x2a\x86\x48\xce\x3d\x01\x02" // 1.2.840.10045.1.2
	fields := children(parameters)
	return len(fields) > 1 && bytes.Contains(fields[1].Raw, []byte(binary))
}

// canonicalPublic is a public key with canonical parameters.
func canonicalPublic(public *key.Public) (*key.Public, error) {
	if public.Type != "EC" {
		return public, nil
	}
	parameters, err := canonical(public.Algorithm.Parameters)
	if err != nil || bytes.Equal(parameters, public.Algorithm.Parameters) {
		return public, err
	}
	return ecPublic(parameters, public.Bits)
}

// canonicalPrivate is a private key with canonical parameters.
func canonicalPrivate(p *key.Private) (*key.Private, error) {
	if p.Public.Type != "EC" {
		return p, nil
	}
	given := p.Public.Algorithm.Parameters
	if p.Explicit != nil {
		given = p.Explicit
	}
	parameters, err := canonical(given)
	if err != nil || bytes.Equal(parameters, given) {
		return p, err
	}
	n, err := numbersOf(p)
	if err != nil {
		return nil, err
	}
	n.parameters = parameters
	return key.ReadPrivate(n.pkcs8(), nil)
}

// curveNamed finds a curve by its name in key.Public.Curve.
func curveNamed(name string) *key.Curve {
	for _, c := range key.Curves() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func namedParameters(c *key.Curve) []byte {
	var b der.Builder
	b.OID(string(c.ID))
	return b.Bytes()
}

// encodePoint writes a point (SEC 1, Section 2.3.3; X9.62 for the hybrid form).
func encodePoint(x, y *big.Int, width int, form string) []byte {
	out := make([]byte, 1+2*width)
	out[0] = 4
	x.FillBytes(out[1 : 1+width])
	y.FillBytes(out[1+width:])
	switch form {
	case "compressed":
		out[0] = 2 | byte(y.Bit(0))
		return out[:1+width]
	case "hybrid":
		out[0] = 6 | byte(y.Bit(0))
	}
	return out
}

// convertPoint writes the point of a public key in another form.
func convertPoint(public *key.Public, form string) ([]byte, error) {
	uncompressed, err := uncompressedPoint(public)
	if err != nil {
		return nil, err
	}
	width := len(uncompressed) / 2
	x := new(big.Int).SetBytes(uncompressed[1 : 1+width])
	y := new(big.Int).SetBytes(uncompressed[1+width:])
	return encodePoint(x, y, width, form), nil
}

// convertPublic returns a public key in the form asked for.
func (f ecForm) convertPublic(public *key.Public) (*key.Public, error) {
	if !f.changes() || public.Type != "EC" {
		return public, nil
	}
	bits := public.Bits
	if f.point != "" {
		converted, err := convertPoint(public, f.point)
		if err != nil {
			return nil, err
		}
		bits = converted
	}
	parameters, err := f.parameters(public)
	if err != nil {
		return nil, err
	}
	return ecPublic(parameters, bits)
}

// shown returns a public key in the form that it is printed in.
func (f ecForm) shown(public *key.Public) (*key.Public, error) {
	f.bare = false
	return f.convertPublic(public)
}

// ecPublic makes a public key of parameters and a point.
func ecPublic(parameters, point []byte) (*key.Public, error) {
	var b der.Builder
	all := b.Begin(der.Sequence)
	algorithm := b.Begin(der.Sequence)
	b.OID(string(oid.ECPublicKey))
	b.Raw(parameters)
	b.End(algorithm)
	b.Bits(point)
	b.End(all)
	return key.ParsePublic(b.Bytes())
}

// sec1 writes an ECPrivateKey (RFC 5915), with its parameters where it stands
// alone.
func (n ecNumbers) sec1(alone bool) []byte {
	var b der.Builder
	all := b.Begin(der.Sequence)
	b.Int(1)
	b.Add(der.OctetString, n.scalar)
	if alone {
		mark := b.Begin(der.ContextConstructed(0))
		b.Raw(n.parameters)
		b.End(mark)
	}
	if n.point != nil {
		mark := b.Begin(der.ContextConstructed(1))
		b.Bits(n.point)
		b.End(mark)
	}
	b.End(all)
	return b.Bytes()
}

func (n ecNumbers) pkcs8() []byte {
	var b der.Builder
	all := b.Begin(der.Sequence)
	b.Int(0)
	algorithm := b.Begin(der.Sequence)
	b.OID(string(oid.ECPublicKey))
	b.Raw(n.parameters)
	b.End(algorithm)
	b.Add(der.OctetString, n.sec1(false))
	b.End(all)
	return b.Bytes()
}
