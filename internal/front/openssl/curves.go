package openssl

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"

	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/front/openssl/text"
)

// curveName is a curve as OpenSSL names it.
type curveName struct {
	short string
	about string
	named string // its name in key.Curve
}

// curveNames are the curves of prime fields that keys are made on, in the order
// of `ecparam -list_curves`.
func curveNames() []curveName {
	return []curveName{
		{"secp160k1", "SECG curve over a 160 bit prime field", ""},
		{"secp160r1", "SECG curve over a 160 bit prime field", ""},
		{"secp160r2", "SECG/WTLS curve over a 160 bit prime field", ""},
		{"secp192k1", "SECG curve over a 192 bit prime field", ""},
		{"secp224k1", "SECG curve over a 224 bit prime field", ""},
		{"secp224r1", "NIST/SECG curve over a 224 bit prime field", "P-224"},
		{"secp256k1", "SECG curve over a 256 bit prime field", ""},
		{"secp384r1", "NIST/SECG curve over a 384 bit prime field", "P-384"},
		{"secp521r1", "NIST/SECG curve over a 521 bit prime field", "P-521"},
		{"prime192v1", "NIST/X9.62/SECG curve over a 192 bit prime field", "P-192"},
		{"prime192v2", "X9.62 curve over a 192 bit prime field", ""},
		{"prime192v3", "X9.62 curve over a 192 bit prime field", ""},
		{"prime239v1", "X9.62 curve over a 239 bit prime field", ""},
		{"prime239v2", "X9.62 curve over a 239 bit prime field", ""},
		{"prime239v3", "X9.62 curve over a 239 bit prime field", ""},
		{"prime256v1", "X9.62/SECG curve over a 256 bit prime field", "P-256"},
		{"brainpoolP160r1", "RFC 5639 curve over a 160 bit prime field", ""},
		{"brainpoolP160t1", "RFC 5639 curve over a 160 bit prime field", ""},
		{"brainpoolP192r1", "RFC 5639 curve over a 192 bit prime field", ""},
		{"brainpoolP192t1", "RFC 5639 curve over a 192 bit prime field", ""},
		{"brainpoolP224r1", "RFC 5639 curve over a 224 bit prime field", ""},
		{"brainpoolP224t1", "RFC 5639 curve over a 224 bit prime field", ""},
		{"brainpoolP256r1", "RFC 5639 curve over a 256 bit prime field", ""},
		{"brainpoolP256t1", "RFC 5639 curve over a 256 bit prime field", ""},
		{"brainpoolP320r1", "RFC 5639 curve over a 320 bit prime field", ""},
		{"brainpoolP320t1", "RFC 5639 curve over a 320 bit prime field", ""},
		{"brainpoolP384r1", "RFC 5639 curve over a 384 bit prime field", ""},
		{"brainpoolP384t1", "RFC 5639 curve over a 384 bit prime field", ""},
		{"brainpoolP512r1", "RFC 5639 curve over a 512 bit prime field", ""},
		{"brainpoolP512t1", "RFC 5639 curve over a 512 bit prime field", ""},
		{"SM2", "SM2 curve over a 256 bit prime field", ""},
	}
}

// findCurve finds a curve by one of OpenSSL's names, or by its identifier.
func findCurve(name string) *key.Curve {
	if name == "secp256r1" || name == "secp192r1" {
		name = map[string]string{"secp256r1": "prime256v1", "secp192r1": "prime192v1"}[name]
	}
	for _, n := range curveNames() {
		if n.short == name {
			if n.named == "" {
				n.named = n.short
			}
			return curveNamed(n.named)
		}
	}
	if strings.HasPrefix(name, "P-") {
		return curveNamed(name)
	}
	if id, ok := oid.ByName(name); ok {
		for _, c := range key.Curves() {
			if c.ID == id {
				return c
			}
		}
	}
	return nil
}

// generateEC makes a key on a curve, written with its name or its parameters.
func (c *call) generateEC(curve *key.Curve, explicit bool) (*key.Private, error) {
	if !explicit {
		switch curve.Name {
		case "P-256", "P-384", "P-521":
			return key.Generate("ecdsa-p"+curve.Name[2:], c.random())
		}
	}
	scalar, err := rand.Int(rand.Reader, new(big.Int).Sub(curve.N, big.NewInt(1)))
	if err != nil {
		return nil, fmt.Errorf("drawing a private key: %w", err)
	}
	scalar.Add(scalar, big.NewInt(1))
	n := ecNumbers{parameters: namedParameters(curve), scalar: scalar.FillBytes(make([]byte, (curve.N.BitLen()+7)/8))}
	p, err := key.ReadPrivate(n.pkcs8(), nil)
	if err != nil {
		return nil, err
	}
	n.point = p.Public.Bits
	if explicit {
		n.parameters = text.GroupOf(curve).Marshal("")
	}
	return key.ReadPrivate(n.pkcs8(), nil)
}
