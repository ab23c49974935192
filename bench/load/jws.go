package load

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

func base64URL(octets []byte) string { return base64.RawURLEncoding.EncodeToString(octets) }

// signJWS signs a header and a payload by ES256 (RFC 7515, Section 5.1; RFC
// 7518, Section 3.4), and returns the three parts of the JWS.
func signJWS(key *ecdsa.PrivateKey, header, payload []byte) (protected, content, signature string, err error) {
	protected, content = base64URL(header), base64URL(payload)
	digest := sha256.Sum256([]byte(protected + "." + content))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		return "", "", "", err
	}
	octets := make([]byte, 64)
	r.FillBytes(octets[:32])
	s.FillBytes(octets[32:])
	return protected, content, base64URL(octets), nil
}

// jwk is the JWK of a key, its members in the order of a thumbprint (RFC 7638,
// Section 3.2).
func jwk(key *ecdsa.PrivateKey) (string, error) {
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}`, base64URL(point[1:33]), base64URL(point[33:])), nil
}

func thumbprint(jwk string) string {
	digest := sha256.Sum256([]byte(jwk))
	return base64URL(digest[:])
}
