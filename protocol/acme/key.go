package acme

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
)

// Key is a public key as JWK (RFC 7517).
type Key struct{ public crypto.PublicKey }

// The sizes of RSA keys that are taken, in bits.
const minRSA, maxRSA = 2048, 8192

// KeyError says why a public key is not taken.
type KeyError struct{ why string }

// Error says why.
func (e *KeyError) Error() string { return e.why }

// NewKey makes one of an *ecdsa.PublicKey, *rsa.PublicKey or
// ed25519.PublicKey.
func NewKey(public crypto.PublicKey) (*Key, error) {
	k := &Key{public}
	if _, err := k.MarshalJSON(); err != nil {
		return nil, err
	}
	return k, nil
}

// MarshalJSON returns the JWK: the members that it must have, in the order that
// its thumbprint is made of (RFC 7638, Section 3.2).
func (k Key) MarshalJSON() ([]byte, error) {
	b64 := base64.RawURLEncoding.EncodeToString
	switch key := k.public.(type) {
	case *rsa.PublicKey:
		return fmt.Appendf(nil, `{"e":"%s","kty":"RSA","n":"%s"}`, b64(big.NewInt(int64(key.E)).Bytes()), b64(key.N.Bytes())), nil
	case *ecdsa.PublicKey:
		if point, err := key.Bytes(); err == nil && curveNamed(key.Curve.Params().Name) != nil {
			half := len(point) / 2
			return fmt.Appendf(nil, `{"crv":"%s","kty":"EC","x":"%s","y":"%s"}`, key.Curve.Params().Name, b64(point[1:1+half]), b64(point[1+half:])), nil
		}
	case ed25519.PublicKey:
		return fmt.Appendf(nil, `{"crv":"Ed25519","kty":"OKP","x":"%s"}`, b64(key)), nil
	}
	return nil, fmt.Errorf("a %T cannot sign messages of ACME; use RSA, ECDSA or Ed25519", k.public)
}

// UnmarshalJSON reads the JWK of a public key that is good enough to sign here;
// what is wrong with another one is a *KeyError.
func (k *Key) UnmarshalJSON(data []byte) (err error) {
	var j jwk
	if json.Unmarshal(data, &j) != nil || j == nil {
		return &KeyError{"the JWK is no JSON object"}
	}
	for _, private := range []string{"d", "k", "p", "q", "dp", "dq", "qi", "oth", "priv"} {
		if j[private] != nil {
			return &KeyError{"the JWK has private parts; send the public key alone, and make another key"}
		}
	}
	kind, err := j.text("kty")
	if err != nil {
		return err
	}
	switch kind {
	case "RSA":
		k.public, err = j.rsa()
	case "EC":
		k.public, err = j.ec()
	case "OKP":
		k.public, err = j.okp()
	default:
		return &KeyError{fmt.Sprintf("keys of the type %q are not taken here; use RSA, EC or OKP", kind)}
	}
	return err
}

// jwk are the members of a JWK, by their names as they are written.
type jwk map[string]json.RawMessage

func (j jwk) text(name string) (string, error) {
	var text *string
	if json.Unmarshal(j[name], &text) != nil || text == nil {
		return "", &KeyError{fmt.Sprintf("the JWK has no text called %q", name)}
	}
	return *text, nil
}

func (j jwk) octets(name string) ([]byte, error) {
	text, err := j.text(name)
	if err != nil {
		return nil, err
	}
	octets, err := decode(text)
	if err != nil {
		return nil, &KeyError{fmt.Sprintf("%q of the JWK is not base64url without padding", name)}
	}
	return octets, nil
}

// rsa reads a key of RFC 7518, Section 6.3.1.
func (j jwk) rsa() (crypto.PublicKey, error) {
	modulus, err := j.octets("n")
	if err != nil {
		return nil, err
	}
	exponent, err := j.octets("e")
	if err != nil {
		return nil, err
	}
	n, e := new(big.Int).SetBytes(modulus), new(big.Int).SetBytes(exponent)
	if bits := n.BitLen(); bits < minRSA || bits > maxRSA {
		return nil, &KeyError{fmt.Sprintf("the RSA key has %d bits; use one of %d to %d", bits, minRSA, maxRSA)}
	}
	if e.BitLen() > 31 || e.Int64() < 3 || e.Bit(0) == 0 {
		return nil, &KeyError{"the exponent of the RSA key is even, less than 3 or more than 2147483647; use 65537"}
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
}

// ec reads a key of RFC 7518, Section 6.2.1.
func (j jwk) ec() (crypto.PublicKey, error) {
	name, err := j.text("crv")
	if err != nil {
		return nil, err
	}
	curve := curveNamed(name)
	if curve == nil {
		return nil, &KeyError{fmt.Sprintf("the key is on the curve %s; use P-256, P-384 or P-521", name)}
	}
	x, err := j.octets("x")
	if err != nil {
		return nil, err
	}
	y, err := j.octets("y")
	if err != nil {
		return nil, err
	}
	public, err := ecdsa.ParseUncompressedPublicKey(curve, bytes.Join([][]byte{{4}, x, y}, nil))
	if err != nil || len(x) != len(y) {
		return nil, &KeyError{fmt.Sprintf("what is in x and y of the JWK is no point of %s", name)}
	}
	return public, nil
}

func curveNamed(name string) elliptic.Curve {
	switch name {
	case "P-256":
		return elliptic.P256()
	case "P-384":
		return elliptic.P384()
	case "P-521":
		return elliptic.P521()
	}
	return nil
}

// okp reads a key of RFC 8037, Section 2.
func (j jwk) okp() (crypto.PublicKey, error) {
	name, err := j.text("crv")
	if err != nil {
		return nil, err
	}
	if name != "Ed25519" {
		return nil, &KeyError{fmt.Sprintf("the key is on the curve %s; use Ed25519", name)}
	}
	x, err := j.octets("x")
	if err != nil {
		return nil, err
	}
	if len(x) != ed25519.PublicKeySize {
		return nil, &KeyError{"what is in x of the JWK is no Ed25519 key"}
	}
	return ed25519.PublicKey(x), nil
}

// Public returns the key itself.
func (k *Key) Public() crypto.PublicKey { return k.public }

// Thumbprint returns the base64url of the JWK's SHA-256 thumbprint (RFC 7638).
func (k *Key) Thumbprint() string {
	members, err := k.MarshalJSON()
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(members)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
