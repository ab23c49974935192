package key

import (
	"bytes"
	"crypto"
	"crypto/dsa"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// Public is a SubjectPublicKeyInfo. One of an algorithm or curve that cannot
// be computed with is still whole: Key is nil and Problem says why. Its slices
// share the memory that was read.
type Public struct {
	Raw       []byte
	Algorithm AlgorithmIdentifier
	Bits      []byte // content of the subjectPublicKey BIT STRING, without the count of unused bits
	Type      string // "RSA", "RSA-PSS", "RSA-OAEP", "EC", "Ed25519", "Ed448", "X25519", "X448", "DSA", "DH", "ML-DSA", "ML-KEM", "SLH-DSA", "unknown"
	Size      int    // bits of the modulus or field; 0 where it is not known
	Curve     string // "P-256", "secp256k1", "brainpoolP256r1", "explicit"; "44", "65", "87" for ML-DSA; the parameter set of ML-KEM and SLH-DSA
	SameAs    string // the curve that explicit parameters spell out, empty where it is none that is known
	Key       crypto.PublicKey
	Problem   error
}

// ParsePublic reads a SubjectPublicKeyInfo (RFC 5280, Section 4.1.2.7). It
// fails only where the outer structure is not one.
//
// Key becomes an *rsa.PublicKey (RSA, RSA-PSS, RSA-OAEP), *RSAPublicKey
// (exponents above 31 bits), *ecdsa.PublicKey (P-224 to P-521), *ECPublicKey
// (other curves), ed25519.PublicKey, ed448.PublicKey, *ecdh.PublicKey (X25519),
// *dsa.PublicKey or *mldsa.PublicKey.
func ParsePublic(spki []byte) (*Public, error) {
	e, err := der.ParseTag(spki, der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("reading a public key: %w", err)
	}
	r := e.Children()
	algorithm, err := r.Take(der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("reading the algorithm of a public key: %w", err)
	}
	p := &Public{Raw: e.Raw}
	if p.Algorithm, err = algorithmOf(algorithm); err != nil {
		return nil, fmt.Errorf("reading a public key: %w", err)
	}
	bits, err := r.Take(der.BitString)
	if err != nil {
		return nil, fmt.Errorf("reading the bits of a public key: %w", err)
	}
	octets, unused, err := bits.Bits()
	if err != nil {
		return nil, fmt.Errorf("reading the bits of a public key: %w", err)
	}
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("reading a public key: %w", err)
	}
	p.Bits = octets
	p.Key, p.Problem = p.decode()
	if p.Problem == nil && unused != 0 {
		p.Problem = errors.New("the key is not a whole number of octets")
	}
	if p.Problem != nil {
		p.Key = nil
	}
	return p, nil
}

// decode finds Type, Size and Curve, and the key itself where it can.
func (p *Public) decode() (crypto.PublicKey, error) {
	switch p.Algorithm.ID {
	case oid.ECPublicKey, oid.ECDH:
		p.Type = "EC"
		return p.decodeEC()
	case oid.RSAEncryption, rsaOfX500:
		p.Type = "RSA"
		return p.decodeRSA()
	case oid.RSASSAPSS:
		p.Type = "RSA-PSS"
		return p.decodePSS()
	case oid.RSAESOAEP:
		p.Type = "RSA-OAEP"
		return p.decodeRSA()
	case oid.Ed25519, oid.Ed448, oid.X25519, oid.X448:
		return p.decodeEdwards()
	case oid.MLDSA44, oid.MLDSA65, oid.MLDSA87:
		p.Type = "ML-DSA"
		return p.decodeMLDSA()
	case oid.DSA:
		p.Type = "DSA"
		return p.decodeDSA()
	case oid.DHPublicNumber, oid.DHKeyAgreement:
		p.Type = "DH"
		return nil, p.examineDH()
	}
	if p.Type, p.Curve = postQuantum(p.Algorithm.ID); p.Type != "" {
		return nil, fmt.Errorf("%s keys are shown but not computed with", p.Type)
	}
	p.Type = "unknown"
	return nil, fmt.Errorf("the key algorithm %s is not known", p.Algorithm.ID.Name())
}

// String describes the key in a few words: "RSA 2048", "EC P-256", "ML-DSA-65".
func (p *Public) String() string {
	switch {
	case p.Type == "unknown":
		return "unknown (" + p.Algorithm.ID.Name() + ")"
	case p.Type == "EC" && p.SameAs != "":
		return "EC " + p.SameAs + " (explicit parameters)"
	case p.Type == "EC" && p.Curve == "explicit":
		return "EC (explicit parameters)"
	case p.Type == "EC":
		return strings.TrimSpace("EC " + p.Curve)
	case p.Curve != "":
		return p.Type + "-" + p.Curve
	case p.Size != 0 && p.hasModulus():
		return p.Type + " " + strconv.Itoa(p.Size)
	}
	return p.Type
}

func (p *Public) hasModulus() bool {
	switch p.Type {
	case "RSA", "RSA-PSS", "RSA-OAEP", "DSA", "DH":
		return true
	}
	return false
}

// Fingerprint returns the SHA-256 of the SubjectPublicKeyInfo.
func (p *Public) Fingerprint() [32]byte { return sha256.Sum256(p.Raw) }

// Identifier returns the 20 octets of RFC 5280, Section 4.2.1.2, method 1: the
// SHA-1 of the key's bits.
func (p *Public) Identifier() []byte {
	sum := sha1.Sum(p.Bits)
	return sum[:]
}

// CanSign reports whether keys of this kind make signatures.
func (p *Public) CanSign() bool {
	switch p.Type {
	case "RSA", "RSA-PSS", "Ed25519", "Ed448", "DSA", "ML-DSA", "SLH-DSA":
		return true
	case "EC":
		return p.Algorithm.ID != oid.ECDH
	}
	return false
}

// Equal reports whether two keys are the same octets, parameters included.
func Equal(a, b *Public) bool {
	return a != nil && b != nil && bytes.Equal(a.Raw, b.Raw)
}

// SameKey reports whether two keys answer to the same private key, however
// they are written: with named or explicit parameters, the point compressed
// or not, as rsaEncryption or as id-RSASSA-PSS.
func SameKey(a, b *Public) bool {
	if Equal(a, b) {
		return true
	}
	if a == nil || b == nil || a.Key == nil || b.Key == nil {
		return false
	}
	switch k := a.Key.(type) {
	case interface{ Equal(crypto.PublicKey) bool }:
		return k.Equal(b.Key)
	case *dsa.PublicKey:
		other, ok := b.Key.(*dsa.PublicKey)
		return ok && k.P.Cmp(other.P) == 0 && k.Q.Cmp(other.Q) == 0 && k.G.Cmp(other.G) == 0 && k.Y.Cmp(other.Y) == 0
	}
	return false
}
