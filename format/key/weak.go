package key

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
)

// Weakness is a reason not to certify a public key.
type Weakness struct {
	Code   string // one of the Weak constants
	Detail string // with the figures
	Source string // where the attack or rule is described
}

// Codes of weaknesses; they do not change.
const (
	WeakModulusSize    = "small-modulus"
	WeakModulusEven    = "even-modulus"
	WeakExponent       = "exponent"
	WeakROCA           = "roca"
	WeakFactor         = "small-factor"
	WeakClosePrimes    = "close-primes"
	WeakPower          = "perfect-power"
	WeakPoint          = "invalid-point"
	WeakCurve          = "curve"
	WeakExplicitCurve  = "explicit-parameters"
	WeakAlgorithm      = "algorithm"
	WeakUnusable       = "unusable"
	RemarkModulusWhole = "modulus-size"
)

// Weaknesses examines a public key for what makes it breakable or unfit for
// a certificate. Keys made on Debian between 2006 and 2008 are not among it:
// see DebianFingerprint.
func Weaknesses(pub *Public) []Weakness {
	var found []Weakness
	switch pub.Type {
	case "RSA", "RSA-PSS", "RSA-OAEP":
		found = pub.weakRSA()
	case "EC":
		found = pub.weakEC()
	case "DSA":
		found = []Weakness{{WeakAlgorithm, "DSA keys are no longer approved for signing", "FIPS 186-5, Section 4"}}
	case "Ed25519":
		found = pub.weakEd25519()
	case "X25519":
		found = pub.weakX25519()
	}
	if pub.Problem != nil && len(found) == 0 {
		found = []Weakness{{WeakUnusable, pub.Problem.Error(), "RFC 5280, Section 4.1.2.7"}}
	}
	return found
}

// Remarks says what is unusual about a key but no reason to refuse it.
func Remarks(pub *Public) []Weakness {
	if n, _ := pub.rsaValues(); n != nil && n.BitLen()%8 != 0 {
		return []Weakness{{RemarkModulusWhole, fmt.Sprintf("the modulus has %d bits, which is not a multiple of 8", n.BitLen()), "CA/Browser Forum Baseline Requirements, Section 6.1.5"}}
	}
	return nil
}

func (p *Public) weakEC() []Weakness {
	var found []Weakness
	if errors.Is(p.Problem, errNotOnCurve) || errors.Is(p.Problem, errInfinity) {
		found = append(found, Weakness{WeakPoint, p.Problem.Error(), "NIST SP 800-56A Revision 3, Section 5.6.2.3"})
	}
	if p.Curve == "explicit" {
		detail := "the curve parameters are spelled out instead of named"
		if p.SameAs != "" {
			detail += "; they are those of " + p.SameAs
		}
		found = append(found, Weakness{WeakExplicitCurve, detail, "RFC 5480, Section 2.1.1"})
	}
	if p.Size > 0 && p.Size < 256 {
		found = append(found, Weakness{WeakCurve, fmt.Sprintf("the curve has a field of %d bits; 256 are the least for a certificate", p.Size), "CA/Browser Forum Baseline Requirements, Section 6.1.5"})
	}
	return found
}

// weakEd25519 finds the points of order 1, 2, 4 and 8, by which signatures
// over any message can be made without a private key.
func (p *Public) weakEd25519() []Weakness {
	if len(p.Bits) != ed25519.PublicKeySize {
		return nil
	}
	y := [ed25519.PublicKeySize]byte(p.Bits)
	y[31] &= 0x7f
	for _, small := range smallOrder {
		if string(y[:]) == small {
			return []Weakness{{WeakPoint, "the key is a point of small order, by which anybody can sign", "RFC 8032, Section 8"}}
		}
	}
	return nil
}

// weakX25519 finds the points of small order, with which everybody agrees on
// the same secret: zero.
func (p *Public) weakX25519() []Weakness {
	public, ok := p.Key.(*ecdh.PublicKey)
	if !ok {
		return nil
	}
	any32 := [32]byte{0: 8, 31: 64}
	private, err := ecdh.X25519().NewPrivateKey(any32[:])
	if err == nil {
		_, err = private.ECDH(public)
	}
	if err != nil {
		return []Weakness{{WeakPoint, "the key is a point of small order, with which everybody agrees on the same secret", "RFC 7748, Section 6.1"}}
	}
	return nil
}

// smallOrder are the y of the points of small order on edwards25519, least
// octet first, those not reduced included.
var smallOrder = [...]string{
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
	"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
	"\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
	"\xed\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
	"\xee\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
	"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
	"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
}

// rsaValues returns modulus and exponent, also of keys that have a Problem;
// nil where there are none.
func (p *Public) rsaValues() (n, e *big.Int) {
	switch p.Type {
	case "RSA", "RSA-PSS", "RSA-OAEP":
		if k, ok := p.Key.(*rsa.PublicKey); ok {
			return k.N, big.NewInt(int64(k.E))
		}
		if n, e, err := p.rsaNumbers(); err == nil {
			return n, e
		}
	}
	return nil, nil
}
