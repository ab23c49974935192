package key

import (
	"crypto"
	"crypto/elliptic"
	"errors"
	"fmt"
	"math/big"

	"github.com/certwright/certwright/format/oid"
)

// Curve is an elliptic curve over a prime field, y² = x³ + ax + b mod P, with a
// generator (X, Y) of prime order N and cofactor 1.
type Curve struct {
	Name             string // "secp256k1"
	ID               oid.OID
	Size             int // bits of P
	P, A, B, X, Y, N *big.Int
}

// ECPublicKey is a point on a curve that crypto/ecdsa does not compute with.
// Signatures by it can be verified; nothing is signed with such curves.
type ECPublicKey struct {
	Curve *Curve
	X, Y  *big.Int
}

// Equal reports whether x is the same point on the same curve.
func (k *ECPublicKey) Equal(x crypto.PublicKey) bool {
	other, ok := x.(*ECPublicKey)
	return ok && k.Curve.ID == other.Curve.ID && k.X.Cmp(other.X) == 0 && k.Y.Cmp(other.Y) == 0
}

// Curves returns the curves that are known.
func Curves() []*Curve {
	var all []*Curve
	for i := range knownCurves {
		all = append(all, knownCurves[i].curve())
	}
	return all
}

// curveByID returns the curve of an identifier, nil where it is not known.
func curveByID(id oid.OID) *Curve {
	for i := range knownCurves {
		if knownCurves[i].id == id {
			return knownCurves[i].curve()
		}
	}
	return nil
}

func (c *curveParameters) curve() *Curve {
	return &Curve{
		Name: c.name, ID: c.id, Size: c.size,
		P: fromHex(c.p), A: fromHex(c.a), B: fromHex(c.b), X: fromHex(c.x), Y: fromHex(c.y), N: fromHex(c.n),
	}
}

func fromHex(s string) *big.Int {
	n, ok := new(big.Int).SetString(s, 16)
	if !ok {
		panic("curve parameters are not hexadecimal")
	}
	return n
}

// standard returns the curve of crypto/elliptic by its name, nil where it has none.
func standard(name string) elliptic.Curve {
	switch name {
	case "P-256":
		return elliptic.P256()
	case "P-384":
		return elliptic.P384()
	case "P-521":
		return elliptic.P521()
	case "P-224":
		return elliptic.P224()
	}
	return nil
}

// errors of points, in the words that Public.Problem carries.
var (
	errNotOnCurve = errors.New("the point is not on the curve")
	errInfinity   = errors.New("the point is the point at infinity, which is no public key")
)

// decodePoint reads a point in any form of SEC 1, Section 2.3.4: compressed,
// uncompressed or hybrid.
func (c *Curve) decodePoint(data []byte) (x, y *big.Int, err error) {
	width := (c.Size + 7) / 8
	if len(data) == 0 {
		return nil, nil, errors.New("the point is empty")
	}
	form := data[0]
	switch {
	case form == 0 && len(data) == 1:
		return nil, nil, errInfinity
	case (form == 2 || form == 3) && len(data) == 1+width:
		x = new(big.Int).SetBytes(data[1:])
		y, err = c.solve(x, uint(form&1))
		return x, y, err
	case (form == 4 || form == 6 || form == 7) && len(data) == 1+2*width:
		x, y = new(big.Int).SetBytes(data[1:1+width]), new(big.Int).SetBytes(data[1+width:])
		if !c.contains(x, y) || form != 4 && y.Bit(0) != uint(form&1) {
			return nil, nil, errNotOnCurve
		}
		return x, y, nil
	case form == 2 || form == 3 || form == 4 || form == 6 || form == 7:
		return nil, nil, fmt.Errorf("the point is %d octets long, which does not fit %s", len(data), c.Name)
	}
	return nil, nil, fmt.Errorf("the point begins with %02x, which no form of a point does", form)
}

func (c *Curve) contains(x, y *big.Int) bool {
	if x.Cmp(c.P) >= 0 || y.Cmp(c.P) >= 0 {
		return false
	}
	left := new(big.Int).Mul(y, y)
	return left.Mod(left, c.P).Cmp(c.right(x)) == 0
}

// right computes x³ + ax + b.
func (c *Curve) right(x *big.Int) *big.Int {
	r := new(big.Int).Mul(x, x)
	r.Add(r, c.A)
	r.Mod(r, c.P)
	r.Mul(r, x)
	r.Add(r, c.B)
	return r.Mod(r, c.P)
}

// solve finds the y of x that has this last bit.
func (c *Curve) solve(x *big.Int, bit uint) (*big.Int, error) {
	if x.Cmp(c.P) >= 0 {
		return nil, errNotOnCurve
	}
	y := new(big.Int).ModSqrt(c.right(x), c.P)
	if y == nil {
		return nil, errNotOnCurve
	}
	if y.Bit(0) != bit {
		y.Sub(c.P, y)
	}
	if y.Cmp(c.P) >= 0 || y.Bit(0) != bit {
		return nil, errNotOnCurve
	}
	return y, nil
}
