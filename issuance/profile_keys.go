package issuance

import (
	"slices"
	"strconv"
	"strings"

	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
)

type keyPolicy struct {
	rsaMin, rsaMax int // 0: no RSA keys
	curves         []string
	ed25519        bool
	x25519         bool
	mldsa          []string
	central        bool // the authority may make the key
}

// minRSA is the least modulus any profile may take.
const minRSA = 2048

func (c *compiler) keys(t *keysText) keyPolicy {
	p := keyPolicy{curves: t.EC, ed25519: t.Ed25519, x25519: t.X25519, mldsa: t.MLDSA, central: t.Central == "allow"}
	if t.RSA != nil {
		p.rsaMin, p.rsaMax = t.RSA.Min, t.RSA.Max
		if p.rsaMin == 0 {
			p.rsaMin = minRSA
		}
		if p.rsaMax == 0 {
			p.rsaMax = 8192
		}
		if p.rsaMin < minRSA {
			c.fail("keys.rsa.min", "got %d, want at least %d bits", p.rsaMin, minRSA)
		}
		if p.rsaMin > p.rsaMax {
			c.fail("keys.rsa.max", "got %d, want at least the minimum %d", p.rsaMax, p.rsaMin)
		}
	}
	c.each("keys.ec", t.EC, []string{"P-224", "P-256", "P-384", "P-521", "secp256k1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"})
	c.each("keys.mlDsa", t.MLDSA, []string{"44", "65", "87"})
	if t.RSA == nil && len(t.EC) == 0 && !t.Ed25519 && !t.X25519 && len(t.MLDSA) == 0 {
		c.fail("keys", "a profile needs at least one kind of key: rsa, ec, ed25519, x25519 or mlDsa")
	}
	return p
}

func (c *compiler) each(path string, got, known []string) {
	for i, g := range got {
		if !slices.Contains(known, g) {
			c.fail(path+"["+strconv.Itoa(i)+"]", "got %q, want one of %s%s", g, strings.Join(known, ", "), near(g, known))
		}
	}
}

func (c *compiler) hashes(list []string) []string {
	known := []string{"sha224", "sha256", "sha384", "sha512", "sha3-224", "sha3-256", "sha3-384", "sha3-512"}
	c.each("signature.hashes", list, known)
	return list
}

// allows reports whether a key may be certified; where it may not, it says
// what would be taken.
func (p *keyPolicy) allows(k *key.Public) bool {
	switch k.Type {
	case "RSA", "RSA-PSS":
		return p.rsaMin > 0 && k.Size >= p.rsaMin && k.Size <= p.rsaMax
	case "EC":
		return slices.Contains(p.curves, k.Curve)
	case "Ed25519":
		return p.ed25519
	case "X25519":
		return p.x25519
	case "ML-DSA":
		return slices.Contains(p.mldsa, k.Curve)
	}
	return false
}

// KeyKinds returns the kinds of keys that certificates of the profile may have,
// by the names of key.Generate, those to offer first in front: elliptic curves,
// Ed25519, RSA of the least modulus from 3072 bits that is taken, ML-DSA, X25519.
func (p *Profile) KeyKinds() []string {
	var kinds []string
	for _, curve := range madeCurves() {
		if slices.Contains(p.keys.curves, curve) {
			kinds = append(kinds, "ecdsa-p"+curve[2:])
		}
	}
	if p.keys.ed25519 {
		kinds = append(kinds, "ed25519")
	}
	if p.keys.rsaMin > 0 {
		kinds = append(kinds, "rsa-"+strconv.Itoa(p.keys.rsaSize()))
	}
	for _, set := range p.keys.mldsa {
		kinds = append(kinds, "ml-dsa-"+set)
	}
	if p.keys.x25519 {
		kinds = append(kinds, key.AgreementKind)
	}
	return kinds
}

// madeCurves are those that keys can be made on here.
func madeCurves() []string { return []string{"P-256", "P-384", "P-521"} }

// otherCurves are those of the policy that keys are made on elsewhere.
func (p *keyPolicy) otherCurves() []string {
	return slices.DeleteFunc(slices.Clone(p.curves), func(curve string) bool { return slices.Contains(madeCurves(), curve) })
}

// presetRSA is the modulus that RSA keys have where a profile lets them.
const presetRSA = 3072

// rsaSize is the modulus to offer.
func (p *keyPolicy) rsaSize() int { return min(max(p.rsaMin, presetRSA), p.rsaMax) }

// MinRSA is the least modulus of RSA keys in bits; 0 where none are taken.
func (p *Profile) MinRSA() int { return p.keys.rsaMin }

// MakesKeys reports whether the authority may make the key of a certificate of
// this profile (RFC 9483, Section 4.1.6).
func (p *Profile) MakesKeys() bool { return p.keys.central }

// String lists what the policy takes, in words.
func (p *keyPolicy) String() string {
	var out []string
	if p.rsaMin > 0 {
		out = append(out, "RSA "+strconv.Itoa(p.rsaMin)+" to "+strconv.Itoa(p.rsaMax))
	}
	for _, c := range p.curves {
		out = append(out, "EC "+c)
	}
	if p.ed25519 {
		out = append(out, "Ed25519")
	}
	if p.x25519 {
		out = append(out, "X25519")
	}
	for _, m := range p.mldsa {
		out = append(out, "ML-DSA-"+m)
	}
	if len(out) == 0 {
		return "no key at all"
	}
	return strings.Join(out, ", ")
}

// ability is what keys of one kind can be used for.
type ability uint8

const (
	canAll       ability = iota // RSA: sign and encipher
	canAgree                    // EC: sign and agree
	canSign                     // Ed25519, ML-DSA, DSA, RSA-PSS: sign
	canAgreeOnly                // X25519, X448, DH
	abilities
)

func abilityOf(k *key.Public) ability {
	switch k.Type {
	case "RSA":
		return canAll
	case "EC":
		return canAgree
	case "X25519", "X448", "DH":
		return canAgreeOnly
	}
	return canSign
}

const (
	signBits  = ext.DigitalSignature | ext.NonRepudiation | ext.KeyCertSign | ext.CRLSign
	agreeBits = ext.KeyAgreement | ext.EncipherOnly | ext.DecipherOnly
)

// bits returns the key usages that keys of this ability can have (RFC 3279,
// RFC 5480, RFC 8410, RFC 9881).
func (a ability) bits() ext.KeyUsage {
	switch a {
	case canAll:
		return signBits | ext.KeyEncipherment | ext.DataEncipherment
	case canAgree:
		return signBits | agreeBits
	case canAgreeOnly:
		return agreeBits
	}
	return signBits
}
