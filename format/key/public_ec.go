package key

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"fmt"
	"math/big"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// decodeEC reads a point on a curve (RFC 5480, Section 2).
func (p *Public) decodeEC() (crypto.PublicKey, error) {
	parameters, err := der.Parse(p.Algorithm.Parameters)
	if err != nil {
		return nil, errors.New("the key does not say which curve it is on")
	}
	switch parameters.Tag {
	case der.ObjectIdentifier:
		id, err := identifier(parameters.Content)
		if err != nil {
			return nil, fmt.Errorf("the curve cannot be read: %w", err)
		}
		return p.decodeNamed(id)
	case der.Sequence:
		return p.decodeExplicit(parameters)
	case der.Null:
		return nil, errors.New("the key leaves its curve to be inherited from the issuer (implicitCurve), which RFC 5480 forbids")
	}
	return nil, fmt.Errorf("the key has %v where its curve belongs", parameters.Tag)
}

func (p *Public) decodeNamed(id oid.OID) (crypto.PublicKey, error) {
	if id == oid.P256 {
		p.Curve, p.Size = "P-256", 256
		return decodeStandard(elliptic.P256(), p.Bits, id)
	}
	c := curveByID(id)
	if c == nil {
		p.Curve = id.Short()
		return nil, fmt.Errorf("the curve %s is not one that is computed with", p.Curve)
	}
	p.Curve, p.Size = c.Name, c.Size
	return c.decode(p.Bits)
}

// decode reads a point into the type of crypto/ecdsa where it has the curve.
func (c *Curve) decode(bits []byte) (crypto.PublicKey, error) {
	if std := standard(c.Name); std != nil {
		return decodeStandard(std, bits, c.ID)
	}
	x, y, err := c.decodePoint(bits)
	if err != nil {
		return nil, err
	}
	return &ECPublicKey{Curve: c, X: x, Y: y}, nil
}

func decodeStandard(std elliptic.Curve, bits []byte, id oid.OID) (crypto.PublicKey, error) {
	if len(bits) > 0 && bits[0] == 4 {
		if k, err := ecdsa.ParseUncompressedPublicKey(std, bits); err == nil {
			return k, nil
		}
	}
	c := curveByID(id)
	x, y, err := c.decodePoint(bits)
	if err != nil {
		return nil, err
	}
	width := (c.Size + 7) / 8
	point := make([]byte, 1+2*width)
	point[0] = 4
	x.FillBytes(point[1 : 1+width])
	y.FillBytes(point[1+width:])
	k, err := ecdsa.ParseUncompressedPublicKey(std, point)
	if err != nil {
		return nil, errNotOnCurve
	}
	return k, nil
}

// decodeExplicit reads parameters that are spelled out (RFC 3279, Section
// 2.3.5). A curve of the key maker's own choice proves nothing about who holds
// a key, so only parameters that equal a known curve's are computed with.
func (p *Public) decodeExplicit(parameters der.Element) (crypto.PublicKey, error) {
	p.Curve = "explicit"
	e, err := parseExplicit(parameters)
	if err != nil {
		return nil, fmt.Errorf("the explicit curve parameters cannot be read: %w", err)
	}
	if e.p == nil {
		return nil, errors.New("the explicit curve parameters are of a field that is not computed with")
	}
	p.Size = e.p.BitLen()
	for i := range knownCurves {
		if knownCurves[i].size != p.Size {
			continue
		}
		if c := knownCurves[i].curve(); e.equals(c) {
			p.SameAs = c.Name
			return c.decode(p.Bits)
		}
	}
	return nil, errors.New("the explicit curve parameters are not those of a known curve")
}

// explicitParameters is SpecifiedECDomain, or what of it says which curve it is.
type explicitParameters struct {
	p, a, b, n *big.Int // p is nil for fields that are not prime
	base       []byte
	cofactor   *big.Int // nil where it is absent
}

func parseExplicit(parameters der.Element) (e explicitParameters, err error) {
	r := parameters.Children()
	if _, err = r.Take(der.Integer); err != nil {
		return e, err
	}
	field, err := r.Take(der.Sequence)
	if err != nil {
		return e, err
	}
	inField := field.Children()
	kind, err := inField.Take(der.ObjectIdentifier)
	if err != nil {
		return e, err
	}
	if string(kind.Content) != string(oid.PrimeField) {
		return e, nil
	}
	if e.p, err = takeInteger(&inField); err != nil {
		return e, err
	}
	curve, err := r.Take(der.Sequence)
	if err != nil {
		return e, err
	}
	inCurve := curve.Children()
	for _, v := range []**big.Int{&e.a, &e.b} {
		octets, err := inCurve.Take(der.OctetString)
		if err != nil {
			return e, err
		}
		*v = new(big.Int).SetBytes(octets.Content)
	}
	base, err := r.Take(der.OctetString)
	if err != nil {
		return e, err
	}
	e.base = base.Content
	if e.n, err = takeInteger(&r); err != nil || r.Empty() {
		return e, err
	}
	e.cofactor, err = takeInteger(&r)
	return e, err
}

func (e *explicitParameters) equals(c *Curve) bool {
	if e.p.Cmp(c.P) != 0 || e.a.Cmp(c.A) != 0 || e.b.Cmp(c.B) != 0 || e.n.Cmp(c.N) != 0 {
		return false
	}
	if e.cofactor != nil && e.cofactor.Cmp(big.NewInt(1)) != 0 {
		return false
	}
	width := (c.Size + 7) / 8
	x, y := c.X.FillBytes(make([]byte, width)), c.Y.FillBytes(make([]byte, width))
	odd := y[width-1] & 1
	whole := append(append([]byte{4}, x...), y...)
	switch {
	case len(e.base) == 1+width:
		return bytes.Equal(e.base, append([]byte{2 | odd}, x...))
	case len(e.base) == 1+2*width && e.base[0] == 6|odd:
		return bytes.Equal(e.base[1:], whole[1:])
	}
	return bytes.Equal(e.base, whole)
}
