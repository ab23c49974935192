package acme

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// Signed is a JWS in the flattened JSON serialization, the only one of ACME
// (RFC 8555, Section 6.2).
type Signed struct {
	Protected string `json:"protected"`
	Payload   string `json:"payload"`
	Signature string `json:"signature"`

	// Header and Signatures are parts that ACME does not have, kept to be refused.
	Header     json.RawMessage `json:"header,omitempty"`
	Signatures json.RawMessage `json:"signatures,omitempty"`
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
	Header    Header
	payload   []byte
	signed    []byte // what the signature is of (RFC 7515, Section 5.2)
	signature []byte
	hasNonce  bool
}

// HasNonce reports whether there is a nonce in the header, if an empty one.
func (m *Message) HasNonce() bool { return m.hasNonce }

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

func macAlgorithms() []string { return []string{"HS256", "HS384", "HS512"} }

// ParseMessage reads a message signed by an account or by the key of a
// certificate. Exactly one of jwk and kid must be in its header (RFC 8555,
// Section 6.2). A wrong algorithm is an *AlgorithmError, and a key that is not
// taken, of one that is, a *KeyError.
func ParseMessage(body []byte) (*Message, error) { return parse(body, Algorithms()) }

// ParseBinding reads an external account binding, which a MAC key signs
// (RFC 8555, Section 7.3.4).
func ParseBinding(s *Signed) (*Message, error) {
	body, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encoding a binding: %w", err)
	}
	return parse(body, macAlgorithms())
}

// protected is a header as it is sent.
type protected struct {
	Algorithm string          `json:"alg"`
	Nonce     *string         `json:"nonce"`
	URL       string          `json:"url"`
	KeyID     string          `json:"kid"`
	Key       json.RawMessage `json:"jwk"`
	Critical  json.RawMessage `json:"crit"`
	Base64    json.RawMessage `json:"b64"`
}

func parse(body []byte, algorithms []string) (*Message, error) {
	parts, err := flattened(body)
	if err != nil {
		return nil, err
	}
	var h protected
	header, err := decode(*parts.Protected)
	if err == nil {
		err = Unmarshal(header, &h)
	}
	m := &Message{signed: []byte(*parts.Protected + "." + *parts.Payload)}
	if err == nil {
		m.payload, err = decode(*parts.Payload)
	}
	if err == nil {
		m.signature, err = decode(*parts.Signature)
	}
	if err != nil {
		return nil, errors.New("the message is no JWS that can be read: its protected header must be a JSON object with alg, nonce, url, and either jwk or kid, and all three parts base64url without padding")
	}
	if h.Critical != nil || h.Base64 != nil {
		return nil, errors.New("the protected header has crit or b64; no extension of JWS is known here (RFC 7515, Section 4.1.11)")
	}
	if !slices.Contains(algorithms, h.Algorithm) {
		return nil, &AlgorithmError{h.Algorithm}
	}
	m.Header = Header{Algorithm: h.Algorithm, URL: h.URL, KeyID: h.KeyID}
	if m.hasNonce = h.Nonce != nil; m.hasNonce {
		m.Header.Nonce = *h.Nonce
	}
	if h.Key == nil {
		return m, nil
	}
	m.Header.Key = new(Key)
	return m, m.Header.Key.UnmarshalJSON(h.Key)
}

func decode(text string) ([]byte, error) { return base64.RawURLEncoding.Strict().DecodeString(text) }

// parts are those of the flattened serialization, and of forms that ACME does
// not have.
type parts struct {
	Protected  *string         `json:"protected"`
	Payload    *string         `json:"payload"`
	Signature  *string         `json:"signature"`
	Header     json.RawMessage `json:"header"`
	Signatures json.RawMessage `json:"signatures"`
}

// flattened refuses the forms of JWS that ACME does not have: unprotected
// headers, several signatures, detached payloads.
func flattened(body []byte) (*parts, error) {
	var p parts
	if err := Unmarshal(body, &p); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) && kind.Field != "" {
			return nil, fmt.Errorf("the message has no text called %q", kind.Field)
		}
		return nil, errors.New("the message is no JSON object with protected, payload and signature")
	}
	for _, want := range []struct {
		name string
		text *string
	}{{"protected", p.Protected}, {"payload", p.Payload}, {"signature", p.Signature}} {
		if want.text == nil {
			return nil, fmt.Errorf("the message has no text called %q", want.name)
		}
	}
	for _, no := range []struct {
		name string
		part json.RawMessage
	}{{"header", p.Header}, {"signatures", p.Signatures}} {
		if no.part != nil {
			return nil, fmt.Errorf("the message has %q; everything must be in the protected header, under one signature", no.name)
		}
	}
	return &p, nil
}

// Unverified returns the payload of a message whose signature was not looked
// at, to find the key that it must verify by.
func (m *Message) Unverified() []byte { return m.payload }

// Verify returns the payload if the signature verifies by the key.
func (m *Message) Verify(k *Key) ([]byte, error) {
	if err := k.fits(m.Header.Algorithm); err != nil {
		return nil, err
	}
	if !k.verifies(m.Header.Algorithm, m.signed, m.signature) {
		return nil, ErrSignature
	}
	return m.payload, nil
}

// VerifyMAC returns the payload if the MAC verifies by the secret, which must
// be as long as the hash (RFC 7518, Section 3.2).
func (m *Message) VerifyMAC(secret []byte) ([]byte, error) {
	hash := hashOf(m.Header.Algorithm)
	mac := hmac.New(hash.New, secret)
	mac.Write(m.signed)
	if len(secret) < hash.Size() || !hmac.Equal(mac.Sum(nil), m.signature) {
		return nil, ErrSignature
	}
	return m.payload, nil
}

// fits refuses an algorithm that is not of the key's kind and curve (RFC 7518,
// Section 3.4).
func (k *Key) fits(algorithm string) error {
	var of []string
	switch key := k.public.(type) {
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

// hashOf is the hash of an algorithm, whose name ends with its bits.
func hashOf(algorithm string) crypto.Hash {
	switch algorithm[len(algorithm)-3:] {
	case "384":
		return crypto.SHA384
	case "512":
		return crypto.SHA512
	}
	return crypto.SHA256
}

// verifies checks a signature (RFC 7518, Sections 3.3 to 3.5; RFC 8037,
// Section 3.1) by an algorithm that fits the key.
func (k *Key) verifies(algorithm string, message, signature []byte) bool {
	hash := hashOf(algorithm)
	h := hash.New()
	h.Write(message)
	switch key := k.public.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(key, message, signature)
	case *rsa.PublicKey:
		if algorithm[0] == 'P' {
			return rsa.VerifyPSS(key, hash, h.Sum(nil), signature, nil) == nil
		}
		return rsa.VerifyPKCS1v15(key, hash, h.Sum(nil), signature) == nil
	case *ecdsa.PublicKey:
		size := (key.Curve.Params().BitSize + 7) / 8
		if len(signature) != 2*size {
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
		return ecdsa.Verify(key, h.Sum(nil), r, s)
	}
	return false
}
