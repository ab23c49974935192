package acme

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// Signed is a JWS in the flattened JSON serialization, the only one of ACME
// (RFC 8555, Section 6.2).
type Signed struct {
	Protected string `json:"protected"`
	Payload   string `json:"payload"`
	Signature string `json:"signature"`
}

// Header is what the signature of a message covers besides its payload.
type Header struct {
	Algorithm string
	Nonce     string
	URL       string
	KeyID     string // empty where Key is set
	Key       *Key   // nil where KeyID is set
}

// Message is a signed message that was read; nothing of it is verified yet.
type Message struct {
	Header Header
	jws    *jose.JSONWebSignature
}

// ErrSignature says that a signature does not verify by the key.
var ErrSignature = errors.New("the signature does not verify by the key: the message was changed, or signed by another key")

// AlgorithmError says that a message is signed by an algorithm that is not
// taken here.
type AlgorithmError struct{ Algorithm string }

// Error names the algorithm.
func (e *AlgorithmError) Error() string {
	return fmt.Sprintf("the signature algorithm %q is not taken here; use one of %v", e.Algorithm, Algorithms())
}

// Algorithms returns the names of the signature algorithms taken of accounts.
func Algorithms() []string {
	return []string{"ES256", "ES384", "ES512", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
}

func accountAlgorithms() []jose.SignatureAlgorithm {
	var out []jose.SignatureAlgorithm
	for _, name := range Algorithms() {
		out = append(out, jose.SignatureAlgorithm(name))
	}
	return out
}

func macAlgorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.HS256, jose.HS384, jose.HS512}
}

// ParseMessage reads a message signed by an account or by the key of a
// certificate. Exactly one of jwk and kid must be in its header (RFC 8555,
// Section 6.2). A wrong algorithm is an *AlgorithmError.
func ParseMessage(body []byte) (*Message, error) { return parse(body, accountAlgorithms()) }

// ParseBinding reads an external account binding, which a MAC key signs
// (RFC 8555, Section 7.3.4).
func ParseBinding(s *Signed) (*Message, error) {
	body, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encoding a binding: %w", err)
	}
	return parse(body, macAlgorithms())
}

func parse(body []byte, algorithms []jose.SignatureAlgorithm) (*Message, error) {
	if err := flattened(body); err != nil {
		return nil, err
	}
	jws, err := jose.ParseSignedJSON(string(body), algorithms)
	var unexpected *jose.ErrUnexpectedSignatureAlgorithm
	if errors.As(err, &unexpected) {
		return nil, &AlgorithmError{string(unexpected.Got)}
	}
	if err != nil || len(jws.Signatures) != 1 {
		return nil, errors.New("the message is no JWS that can be read: its protected header must be a JSON object with alg, nonce, url, and either jwk or kid, and all three parts base64url without padding")
	}
	protected := jws.Signatures[0].Protected
	m := &Message{jws: jws, Header: Header{Algorithm: protected.Algorithm, Nonce: protected.Nonce, KeyID: protected.KeyID}}
	m.Header.URL, _ = protected.ExtraHeaders["url"].(string)
	if protected.JSONWebKey != nil {
		m.Header.Key = &Key{jwk: *protected.JSONWebKey}
	}
	return m, nil
}

// flattened refuses the forms of JWS that ACME does not have: unprotected
// headers, several signatures, detached payloads.
func flattened(body []byte) error {
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(body, &parts); err != nil {
		return errors.New("the message is no JSON object with protected, payload and signature")
	}
	for _, want := range []string{"protected", "payload", "signature"} {
		var text string
		if err := json.Unmarshal(parts[want], &text); err != nil {
			return fmt.Errorf("the message has no text called %q", want)
		}
	}
	for _, no := range []string{"header", "signatures"} {
		if _, ok := parts[no]; ok {
			return fmt.Errorf("the message has %q; everything must be in the protected header, under one signature", no)
		}
	}
	return nil
}

// Unverified returns the payload of a message whose signature was not looked
// at, to find the key that it must verify by.
func (m *Message) Unverified() []byte { return m.jws.UnsafePayloadWithoutVerification() }

// Verify returns the payload if the signature verifies by the key.
func (m *Message) Verify(k *Key) ([]byte, error) {
	if err := k.fits(m.Header.Algorithm); err != nil {
		return nil, err
	}
	payload, err := m.jws.Verify(&k.jwk)
	if err != nil {
		return nil, ErrSignature
	}
	return payload, nil
}

// VerifyMAC returns the payload if the MAC verifies by the secret.
func (m *Message) VerifyMAC(secret []byte) ([]byte, error) {
	payload, err := m.jws.Verify(secret)
	if err != nil {
		return nil, ErrSignature
	}
	return payload, nil
}

// Key is a public key as JWK (RFC 7517).
type Key struct{ jwk jose.JSONWebKey }

// NewKey makes one of an *ecdsa.PublicKey, *rsa.PublicKey or
// ed25519.PublicKey.
func NewKey(public crypto.PublicKey) (*Key, error) {
	k := &Key{jwk: jose.JSONWebKey{Key: public}}
	if !k.jwk.Valid() {
		return nil, fmt.Errorf("a %T cannot sign messages of ACME; use RSA, ECDSA or Ed25519", public)
	}
	return k, nil
}

// MarshalJSON returns the JWK.
func (k Key) MarshalJSON() ([]byte, error) { return k.jwk.MarshalJSON() }

// UnmarshalJSON reads a public JWK.
func (k *Key) UnmarshalJSON(data []byte) error {
	if err := k.jwk.UnmarshalJSON(data); err != nil {
		return errors.New("the JWK cannot be read")
	}
	if !k.jwk.IsPublic() || !k.jwk.Valid() {
		return errors.New("the JWK is no public key that can verify signatures")
	}
	return nil
}

// Public returns the key itself.
func (k *Key) Public() crypto.PublicKey { return k.jwk.Key }

// Thumbprint returns the base64url of the JWK's SHA-256 thumbprint (RFC 7638).
func (k *Key) Thumbprint() string {
	sum, err := k.jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

// Problem says why the key is not good enough for an account; nil if it is.
func (k *Key) Problem() error {
	switch key := k.jwk.Key.(type) {
	case *rsa.PublicKey:
		if n := key.N.BitLen(); n < 2048 || n > 8192 {
			return fmt.Errorf("the RSA key has %d bits; use one of 2048 to 8192", n)
		}
		return nil
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return nil
	}
	return errors.New("the key is of a kind that cannot sign here; use RSA, ECDSA or Ed25519")
}

// fits refuses an algorithm that is not of the key's kind and curve (RFC 7518,
// Section 3.4).
func (k *Key) fits(algorithm string) error {
	var of []string
	switch key := k.jwk.Key.(type) {
	case *rsa.PublicKey:
		of = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	case ed25519.PublicKey:
		of = []string{"EdDSA"}
	case *ecdsa.PublicKey:
		of = []string{map[int]string{256: "ES256", 384: "ES384", 521: "ES512"}[key.Curve.Params().BitSize]}
	}
	for _, a := range of {
		if a == algorithm {
			return nil
		}
	}
	return &AlgorithmError{algorithm}
}
