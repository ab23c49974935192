package acme

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// Sign signs a payload with an *ecdsa.PrivateKey, *rsa.PrivateKey or
// ed25519.PrivateKey. The header's Algorithm is chosen by the key; its Key is
// put in where KeyID is empty. An empty nonce is left out.
func Sign(private crypto.Signer, h Header, payload []byte) ([]byte, error) {
	public, err := NewKey(private.Public())
	if err != nil {
		return nil, err
	}
	if h.KeyID == "" && h.Key == nil {
		h.Key = public
	}
	return sign(jose.SigningKey{Algorithm: algorithmOf(private), Key: private}, h, payload)
}

// Bind signs an account's key with the secret of an external account (RFC
// 8555, Section 7.3.4).
func Bind(keyID string, secret []byte, account *Key, url string) (*Signed, error) {
	payload, err := json.Marshal(account)
	if err != nil {
		return nil, fmt.Errorf("encoding the key of an account: %w", err)
	}
	body, err := sign(jose.SigningKey{Algorithm: jose.HS256, Key: secret}, Header{KeyID: keyID, URL: url}, payload)
	if err != nil {
		return nil, err
	}
	var s Signed
	if err := json.Unmarshal(body, &s); err != nil {
		return nil, fmt.Errorf("reading a binding: %w", err)
	}
	return &s, nil
}

func sign(k jose.SigningKey, h Header, payload []byte) ([]byte, error) {
	options := (&jose.SignerOptions{}).WithHeader("url", h.URL)
	if h.Nonce != "" {
		options = options.WithHeader("nonce", h.Nonce)
	}
	if h.Key != nil {
		options = options.WithHeader("jwk", h.Key)
	}
	if h.KeyID != "" {
		options = options.WithHeader("kid", h.KeyID)
	}
	signer, err := jose.NewSigner(k, options)
	if err != nil {
		return nil, fmt.Errorf("making a signer of messages: %w", err)
	}
	jws, err := signer.Sign(append([]byte{}, payload...)) // nil would be left out
	if err != nil {
		return nil, fmt.Errorf("signing a message: %w", err)
	}
	return []byte(jws.FullSerialize()), nil
}

func algorithmOf(private crypto.Signer) jose.SignatureAlgorithm {
	switch k := private.(type) {
	case *rsa.PrivateKey:
		return jose.RS256
	case ed25519.PrivateKey:
		return jose.EdDSA
	case *ecdsa.PrivateKey:
		return map[int]jose.SignatureAlgorithm{256: jose.ES256, 384: jose.ES384, 521: jose.ES512}[k.Curve.Params().BitSize]
	}
	return ""
}
