package acme

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// TestKeysOfJose has another implementation write keys, and name them.
func TestKeysOfJose(t *testing.T) {
	for name, private := range signers(t) {
		theirs := jose.JSONWebKey{Key: private.Public(), KeyID: "k", Use: "sig"}
		text, err := theirs.MarshalJSON()
		check(t, err)
		var k Key
		check(t, json.Unmarshal(text, &k))
		sum, err := theirs.Thumbprint(crypto.SHA256)
		check(t, err)
		if !k.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(private.Public()) || k.Thumbprint() != base64.RawURLEncoding.EncodeToString(sum) {
			t.Errorf("%s: %s is %v, %s", name, text, k.Public(), k.Thumbprint())
		}
		ours, err := json.Marshal(k)
		check(t, err)
		theirs = jose.JSONWebKey{}
		if err := theirs.UnmarshalJSON(ours); err != nil || !theirs.Valid() || !theirs.IsPublic() {
			t.Errorf("%s: they read %s as %+v, %v", name, ours, theirs, err)
		}
	}
}

// TestLargeKeys signs by RSA keys longer than usual.
func TestLargeKeys(t *testing.T) {
	const prime = 1024 // many small ones are found sooner than two large ones
	for _, bits := range []int{5120, 8192} {
		private, err := rsa.GenerateMultiPrimeKey(rand.Reader, bits/prime, bits)
		check(t, err)
		body, err := Sign(private, Header{URL: "u"}, []byte("{}"))
		check(t, err)
		m, err := ParseMessage(body)
		check(t, err)
		if payload, err := m.Verify(m.Header.Key); err != nil || string(payload) != "{}" {
			t.Errorf("%d: %q, %v", bits, payload, err)
		}
	}
}

// TestKeysThatAreNoGood of messages by algorithms that are.
func TestKeysThatAreNoGood(t *testing.T) {
	b64 := base64.RawURLEncoding.EncodeToString
	modulus := func(bits uint) string {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		return b64(n.SetBit(n, 0, 1).Bytes())
	}
	point := `"x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"`
	for _, test := range []struct{ algorithm, jwk, detail string }{
		{"RS256", `{"kty":"RSA","e":"AQAB","n":"` + modulus(2047) + `"}`, "the RSA key has 2047 bits; use one of 2048 to 8192"},
		{"RS256", `{"kty":"RSA","e":"AQAB","n":"` + modulus(8193) + `"}`, "the RSA key has 8193 bits; use one of 2048 to 8192"},
		{"RS256", `{"kty":"RSA","e":"AQAA","n":"` + modulus(2048) + `"}`, "the exponent of the RSA key is even"},
		{"RS256", `{"kty":"RSA","e":"AQ","n":"` + modulus(2048) + `"}`, "the exponent of the RSA key is even"},
		{"RS256", `{"kty":"RSA","e":"AQAAAAE","n":"` + modulus(2048) + `"}`, "the exponent of the RSA key is even"},
		{"RS256", `{"kty":"RSA","e":"AQAB","n":"` + strings.TrimRight(b64(bytes.Repeat([]byte{1}, 256)), "=") + `="}`, `"n" of the JWK is not base64url`},
		{"RS256", `{"kty":"RSA","e":"AQAB"}`, `the JWK has no text called "n"`},
		{"ES256", `{"kty":"EC","crv":"secp256k1",` + point + `}`, "the key is on the curve secp256k1; use P-256, P-384 or P-521"},
		{"ES256", `{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}`, "is no point of P-256"},
		{"ES256", `{"kty":"EC","crv":"P-256",` + strings.Replace(point, "f83", "g83", 1) + `}`, "is no point of P-256"},
		{"ES256", `{"kty":"EC","crv":"P-256",` + point + `,"d":"AA"}`, "the JWK has private parts; send the public key alone, and make another key"},
		{"EdDSA", `{"kty":"OKP","crv":"Ed448","x":"AA"}`, "the key is on the curve Ed448; use Ed25519"},
		{"EdDSA", `{"kty":"OKP","crv":"Ed25519","x":"AA"}`, "is no Ed25519 key"},
		{"ES256", `{"kty":"oct","k":"AAAA"}`, "the JWK has private parts"},
		{"ES256", `{"kty":"AKP","pub":"AAAA"}`, `keys of the type "AKP" are not taken here; use RSA, EC or OKP`},
		{"ES256", `{}`, `the JWK has no text called "kty"`},
		{"ES256", `7`, "the JWK is no JSON object"},
	} {
		header := `{"alg":"` + test.algorithm + `","url":"u","jwk":` + test.jwk + `}`
		_, err := ParseMessage([]byte(`{"protected":"` + b64([]byte(header)) + `","payload":"","signature":""}`))
		var bad *KeyError
		if !errors.As(err, &bad) || !strings.Contains(bad.Error(), test.detail) {
			t.Errorf("%s: %v", test.jwk, err)
		}
	}
}

// TestAlgorithmsComeFirst has keys that cannot be read, of algorithms that are
// not taken (RFC 8555, Section 6.2).
func TestAlgorithmsComeFirst(t *testing.T) {
	for algorithm, jwk := range map[string]string{
		"ES256K": `{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}`, "ML-DSA-44": `{"kty":"AKP","alg":"ML-DSA-44","pub":"AA"}`,
		"HS256": `{"kty":"oct","k":"AAAA"}`, "none": `7`, "": `{}`,
	} {
		header := `{"alg":"` + algorithm + `","url":"u","jwk":` + jwk + `}`
		_, err := ParseMessage([]byte(`{"protected":"` + base64.RawURLEncoding.EncodeToString([]byte(header)) + `","payload":"","signature":""}`))
		var wrong *AlgorithmError
		if !errors.As(err, &wrong) || wrong.Algorithm != algorithm {
			t.Errorf("%s: %v", algorithm, err)
		}
	}
}
