package key

import "crypto"

// Public is a SubjectPublicKeyInfo. One of an algorithm or curve that cannot
// be computed with is still whole: Key is nil and Problem says why.
type Public struct {
	Raw       []byte
	Algorithm AlgorithmIdentifier
	Bits      []byte // content of the subjectPublicKey BIT STRING, without the count of unused bits
	Type      string // "RSA", "RSA-PSS", "EC", "Ed25519", "Ed448", "X25519", "X448", "DSA", "DH", "ML-DSA", "unknown"
	Size      int    // bits of the modulus or field; 0 where it is not known
	Curve     string // "P-256", "secp256k1", "brainpoolP256r1", "explicit"; "44", "65", "87" for ML-DSA
	Key       crypto.PublicKey
	Problem   error
}

// ParsePublic reads a SubjectPublicKeyInfo (RFC 5280, Section 4.1.2.7). It
// fails only where the outer structure is not one.
func ParsePublic(spki []byte) (*Public, error) { panic("unwritten") }

// MarshalPublic writes the SubjectPublicKeyInfo of a key: *rsa.PublicKey,
// *ecdsa.PublicKey, ed25519.PublicKey, *ecdh.PublicKey or *mldsa.PublicKey.
func MarshalPublic(pub crypto.PublicKey) (*Public, error) { panic("unwritten") }

// String describes the key in a few words: "RSA 2048", "EC P-256", "ML-DSA-65".
func (p *Public) String() string { panic("unwritten") }

// Fingerprint returns the SHA-256 of the SubjectPublicKeyInfo.
func (p *Public) Fingerprint() [32]byte { panic("unwritten") }

// Identifier returns the 20 octets of RFC 5280, Section 4.2.1.2, method 1.
func (p *Public) Identifier() []byte { panic("unwritten") }

// CanSign reports whether keys of this kind make signatures.
func (p *Public) CanSign() bool { panic("unwritten") }
