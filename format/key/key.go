// Package key reads, makes, writes and uses the keys of requests and
// certificates: public keys of any algorithm, private keys in any container.
package key

import (
	"crypto"
	"io"

	"github.com/certwright/certwright/format/oid"
)

// AlgorithmIdentifier is an algorithm with its parameters, as it was written.
type AlgorithmIdentifier struct {
	Raw        []byte
	ID         oid.OID
	Parameters []byte // the DER of the parameters; nil where they are absent
}

// ParseAlgorithmIdentifier reads an AlgorithmIdentifier (RFC 5280, Section 4.1.1.2).
func ParseAlgorithmIdentifier(raw []byte) (AlgorithmIdentifier, error) { panic("unwritten") }

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

// SignatureAlgorithm is a signature algorithm, taken apart.
type SignatureAlgorithm struct {
	Identifier AlgorithmIdentifier
	Name       string      // as OpenSSL prints it: "sha256WithRSAEncryption"; dotted where unknown
	KeyType    string      // the Public.Type it goes with; empty where unknown
	Hash       crypto.Hash // 0 where the algorithm hashes by itself, or is unknown
	SaltLength int         // RSA-PSS: octets; -1 otherwise
	Broken     string      // why it is refused for issuing ("MD5 is broken"); empty where it is not
}

// ParseSignatureAlgorithm takes an identifier apart; one that is unknown has
// an empty KeyType.
func ParseSignatureAlgorithm(id AlgorithmIdentifier) SignatureAlgorithm { panic("unwritten") }

// ChooseSignatureAlgorithm returns the algorithm that keys like pub sign with.
// hash is "" for the default of the key, or "sha256", "sha384", "sha512",
// "sha3-256" …; pss asks for RSASSA-PSS.
func ChooseSignatureAlgorithm(pub *Public, hash string, pss bool) (SignatureAlgorithm, error) {
	panic("unwritten")
}

// Sign signs the message, hashing it first where the algorithm does.
func Sign(signer crypto.Signer, alg SignatureAlgorithm, message []byte) ([]byte, error) {
	panic("unwritten")
}

// Verify checks a signature. The error says in plain words what is wrong: the
// algorithm does not go with the key, is unknown, or the signature is not of
// this key over these bytes (ErrSignature).
func Verify(pub *Public, alg AlgorithmIdentifier, message, signature []byte) error {
	panic("unwritten")
}

// Verifier checks many signatures by one key; it computes tables that make
// each check several times quicker than Verify where it can.
type Verifier struct{}

// NewVerifier prepares a verifier for pub.
func NewVerifier(pub *Public) *Verifier { panic("unwritten") }

// Verify is Verify with the verifier's key.
func (v *Verifier) Verify(alg AlgorithmIdentifier, message, signature []byte) error {
	panic("unwritten")
}

// Private is a private key with its public half.
type Private struct {
	Signer crypto.Signer // nil for keys that cannot sign
	Key    crypto.PrivateKey
	Public *Public
}

// Passphrase is asked for when an encrypted key is met; it is not called
// otherwise.
type Passphrase func() ([]byte, error)

// ReadPrivate reads the first private key in data, whatever its container:
// PKCS#8 plain or encrypted, PKCS#1, SEC1, DEK-Info, JWK, OpenSSH, DER or PEM.
func ReadPrivate(data []byte, passphrase Passphrase) (*Private, error) { panic("unwritten") }

// Generate makes a key: "rsa-2048" … "rsa-8192", "ecdsa-p256", "ecdsa-p384",
// "ecdsa-p521", "ed25519", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87".
func Generate(kind string, random io.Reader) (*Private, error) { panic("unwritten") }

// Weakness is a reason not to certify a public key.
type Weakness struct {
	Code   string // "small-modulus", "exponent", "roca", "small-factor", "close-primes", "debian", "invalid-point" …
	Detail string // with the figures
	Source string // where the attack or rule is described
}

// Weaknesses examines a public key for keys known to be breakable.
func Weaknesses(pub *Public) []Weakness { panic("unwritten") }
