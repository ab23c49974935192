package key

import (
	"bytes"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"math/big"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// sec1 is an ECPrivateKey (RFC 5915, Section 3).
type sec1 struct {
	scalar     *big.Int
	parameters []byte // nil where they are left out
	public     []byte // nil where it is left out
}

func decodeSEC1(octets []byte) (s sec1, err error) {
	e, err := der.ParseTag(octets, der.Sequence)
	if err != nil {
		return s, fmt.Errorf("elliptic curve key: %w", err)
	}
	r := e.Children()
	version, err := takeInteger(&r)
	if err != nil || !version.IsInt64() || version.Int64() != 1 {
		return s, errors.New("the elliptic curve key is of a version that is not known; the known one is 1")
	}
	scalar, err := r.Take(der.OctetString)
	if err != nil {
		return s, fmt.Errorf("elliptic curve key: %w", err)
	}
	if len(scalar.Content) > 1024 {
		return s, errScalar
	}
	s.scalar = new(big.Int).SetBytes(scalar.Content)
	parameters, ok, err := r.Optional(der.ContextConstructed(0))
	if err != nil {
		return s, fmt.Errorf("curve of the key: %w", err)
	}
	if ok {
		s.parameters = parameters.Content
	}
	public, ok, err := r.Optional(der.ContextConstructed(1))
	if err != nil {
		return s, fmt.Errorf("public half of the key: %w", err)
	}
	if ok {
		bits, err := der.ParseTag(public.Content, der.BitString)
		if err != nil {
			return s, fmt.Errorf("public half of the key: %w", err)
		}
		if s.public, _, err = bits.Bits(); err != nil {
			return s, fmt.Errorf("public half of the key: %w", err)
		}
	}
	return s, r.End()
}

// parseSEC1 reads an ECPrivateKey that stands alone. Its curve is named in it,
// or in a block of EC PARAMETERS before it, or known by the public point.
func parseSEC1(octets, parameters []byte) (*Private, error) {
	s, err := decodeSEC1(octets)
	if err != nil {
		return nil, err
	}
	if s.parameters == nil {
		s.parameters = parameters
	}
	if s.parameters == nil {
		if s.parameters, err = curveOfPoint(s.scalar, s.public); err != nil {
			return nil, err
		}
	}
	return decodeECPrivate(withParameters(oid.ECPublicKey, s.parameters), octets, nil)
}

// curveOfPoint finds the curve on which the scalar gives the point.
func curveOfPoint(scalar *big.Int, point []byte) ([]byte, error) {
	for _, id := range []oid.OID{oid.P256, oid.P384, oid.P521, oid.P224, oid.Secp256k1} {
		c := curveByID(id)
		if scalar.Sign() > 0 && scalar.Cmp(c.N) < 0 && len(point) > 0 && bytes.Equal(c.publicPoint(scalar), point) {
			return namedCurve(id).Parameters, nil
		}
	}
	return nil, errors.New("the elliptic curve key does not say which curve it is on; put the EC PARAMETERS block before it, or write it again as PKCS #8")
}

var errScalar = errors.New("the elliptic curve key is not a number below the order of its curve; the file is damaged")

// decodeECPrivate reads the ECPrivateKey inside PKCS #8. Parameters that spell
// out a known curve are replaced by its name, as RFC 5480 wants them.
func decodeECPrivate(algorithm AlgorithmIdentifier, octets, public []byte) (*Private, error) {
	s, err := decodeSEC1(octets)
	if err != nil {
		return nil, err
	}
	if public == nil {
		public = s.public
	}
	if algorithm.Parameters == nil && s.parameters != nil {
		algorithm = withParameters(algorithm.ID, s.parameters)
	}
	seen, err := ParsePublic(subjectPublicKeyInfo(algorithm, public))
	if err != nil {
		return nil, err
	}
	name := seen.Curve
	if seen.SameAs != "" {
		name = seen.SameAs
	}
	c := curveByName(name)
	if c == nil {
		return unknownCurve(seen, octets, public)
	}
	if s.scalar.Sign() <= 0 || s.scalar.Cmp(c.N) >= 0 {
		return nil, errScalar
	}
	if standard(name) == nil {
		return otherCurve(c, algorithm, s.scalar, octets, public)
	}
	k, err := ecdsa.ParseRawPrivateKey(standard(name), s.scalar.FillBytes(make([]byte, (c.N.BitLen()+7)/8)))
	if err != nil {
		return nil, errScalar
	}
	p, err := NewPrivate(k)
	if err != nil {
		return nil, err
	}
	if public != nil && !c.samePoint(public, p.Public.Bits) {
		return nil, errHalves
	}
	if len(algorithm.Parameters) > 0 && algorithm.Parameters[0] == byte(der.Sequence) {
		p.Explicit = algorithm.Parameters
	}
	if algorithm.ID == oid.ECDH {
		p.Signer, p.Problem = nil, errAgreementOnly("ECDH")
		p.Public, err = ParsePublic(subjectPublicKeyInfo(algorithm, p.Public.Bits))
	}
	return p, err
}

// unknownCurve keeps a key of a curve that nothing is known about.
func unknownCurve(seen *Public, octets, public []byte) (*Private, error) {
	if seen.Curve == "" && seen.Problem != nil {
		return nil, seen.Problem
	}
	if public == nil {
		return nil, fmt.Errorf("the key is on the curve %s, which is not known here; make a new key, such as ecdsa-p256", seen.Curve)
	}
	return &Private{Public: seen, Problem: errCurve(seen.Curve), info: privateKeyInfo(seen.Algorithm, octets)}, nil
}

// otherCurve keeps a key of a curve that is verified with, and not signed with.
func otherCurve(c *Curve, algorithm AlgorithmIdentifier, scalar *big.Int, octets, public []byte) (*Private, error) {
	point := c.publicPoint(scalar)
	if public == nil {
		public = point
	}
	if !c.samePoint(public, point) {
		return nil, errHalves
	}
	seen, err := ParsePublic(subjectPublicKeyInfo(algorithm, public))
	if err != nil {
		return nil, err
	}
	return &Private{Public: seen, Problem: errCurve(c.Name), info: privateKeyInfo(algorithm, octets)}, nil
}

func errCurve(name string) error {
	return fmt.Errorf("the key is on the curve %s, which nothing is signed with here; make a new key, such as ecdsa-p256", name)
}

func curveByName(name string) *Curve {
	for i := range knownCurves {
		if knownCurves[i].name == name {
			return knownCurves[i].curve()
		}
	}
	return nil
}

// publicPoint computes scalar·G, uncompressed. It does not run in constant
// time, and serves curves that nothing is signed with, when a file is read.
func (c *Curve) publicPoint(scalar *big.Int) []byte {
	sum := jacobian{new(big.Int), big.NewInt(1), new(big.Int)}
	g := jacobian{c.X, c.Y, big.NewInt(1)}
	for i := scalar.BitLen() - 1; i >= 0; i-- {
		sum = c.double(sum)
		if scalar.Bit(i) == 1 {
			sum = c.add(sum, g)
		}
	}
	inverse := new(big.Int).ModInverse(sum.z, c.P)
	square := c.mul(inverse, inverse)
	x, y := c.mul(sum.x, square), c.mul(sum.y, c.mul(square, inverse))
	width := (c.Size + 7) / 8
	out := make([]byte, 1+2*width)
	out[0] = 4
	x.FillBytes(out[1 : 1+width])
	y.FillBytes(out[1+width:])
	return out
}

// samePoint compares points in any of their forms.
func (c *Curve) samePoint(a, b []byte) bool {
	ax, ay, err := c.decodePoint(a)
	if err != nil {
		return false
	}
	bx, by, err := c.decodePoint(b)
	return err == nil && ax.Cmp(bx) == 0 && ay.Cmp(by) == 0
}

// encodeSEC1 writes an ECPrivateKey, with the name of its curve where it will
// stand alone.
func encodeSEC1(k *ecdsa.PrivateKey, public *Public, alone bool) ([]byte, error) {
	scalar, err := k.Bytes()
	if err != nil {
		return nil, fmt.Errorf("writing an elliptic curve key: %w", err)
	}
	var b der.Builder
	all := b.Begin(der.Sequence)
	b.Int(1)
	b.Add(der.OctetString, scalar)
	if alone {
		mark := b.Begin(der.ContextConstructed(0))
		b.Raw(public.Algorithm.Parameters)
		b.End(mark)
	}
	mark := b.Begin(der.ContextConstructed(1))
	b.Bits(public.Bits)
	b.End(mark)
	b.End(all)
	return b.Bytes(), nil
}
