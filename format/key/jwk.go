package key

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"filippo.io/mldsa"
	"github.com/cloudflare/circl/sign/ed448"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// jwk is a JSON Web Key (RFC 7517; RFC 7518, Section 6; RFC 8037; the key type
// AKP of RFC 9964 for ML-DSA), or a set of them. The members stand in the order they are
// written in.
type jwk struct {
	KeyType   string `json:"kty,omitempty"`
	Curve     string `json:"crv,omitempty"`
	Algorithm string `json:"alg,omitempty"`
	N         string `json:"n,omitempty"`
	E         string `json:"e,omitempty"`
	X         string `json:"x,omitempty"`
	Y         string `json:"y,omitempty"`
	Public    string `json:"pub,omitempty"`
	D         string `json:"d,omitempty"`
	P         string `json:"p,omitempty"`
	Q         string `json:"q,omitempty"`
	DP        string `json:"dp,omitempty"`
	DQ        string `json:"dq,omitempty"`
	QI        string `json:"qi,omitempty"`
	Private   string `json:"priv,omitempty"`

	Others []json.RawMessage `json:"oth,omitempty"`
	Keys   []json.RawMessage `json:"keys,omitempty"`
}

// parseJWKs returns the keys of a JWK or of a JWK set.
func parseJWKs(text []byte) ([]jwk, error) {
	var one jwk
	if err := json.Unmarshal(text, &one); err != nil {
		return nil, errors.New("it begins like a JSON Web Key, but is not valid JSON, or has members of the wrong type")
	}
	if one.KeyType != "" {
		return []jwk{one}, nil
	}
	if len(one.Keys) == 0 {
		return nil, errors.New("it is JSON without a member \"kty\" or \"keys\", which every JSON Web Key or key set has")
	}
	var all []jwk
	for _, raw := range one.Keys {
		var k jwk
		if err := json.Unmarshal(raw, &k); err != nil {
			return nil, errors.New("a key in the JWK set has members of the wrong type")
		}
		all = append(all, k)
	}
	return all, nil
}

// readJWK reads the first private key of a JWK or JWK set.
func readJWK(text []byte) (*Private, error) {
	keys, err := parseJWKs(text)
	if err != nil {
		return nil, fmt.Errorf("reading a private key: %w", err)
	}
	symmetric := false
	for _, k := range keys {
		symmetric = symmetric || k.KeyType == "oct"
		if k.D == "" && k.Private == "" {
			continue
		}
		p, err := k.private()
		if err != nil {
			return nil, fmt.Errorf("reading a JSON Web Key: %w", err)
		}
		return p, nil
	}
	if symmetric {
		return nil, fmt.Errorf("%w, but: a symmetric key (JWK of type oct), which certificates are not made for", ErrNoPrivateKey)
	}
	return nil, fmt.Errorf("%w, but: a public key (JWK)", ErrNoPrivateKey)
}

// field decodes a base64url member.
func field(name, value string) ([]byte, error) {
	out, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(value, "="))
	if err != nil || len(out) == 0 {
		return nil, fmt.Errorf("its member %q is missing, or not base64url", name)
	}
	return out, nil
}

func (k *jwk) private() (*Private, error) {
	public, err := k.public()
	if err != nil {
		return nil, err
	}
	var p *Private
	switch k.KeyType {
	case "RSA":
		p, err = k.privateRSA()
	case "EC":
		p, err = k.privateEC(public)
	case "OKP":
		var octets []byte
		if octets, err = field("d", k.D); err != nil {
			return nil, err
		}
		if len(octets) != edwardsSize(public.Algorithm.ID) {
			return nil, fmt.Errorf("its member \"d\" does not have the %d octets of %s", edwardsSize(public.Algorithm.ID), k.Curve)
		}
		p, err = newEdwards(public.Algorithm.ID, octets)
	default:
		var seed []byte
		if seed, err = field("priv", k.Private); err != nil {
			return nil, err
		}
		p, err = mldsaSetOf(public.Algorithm.ID).fromSeed(seed)
	}
	if err != nil {
		return nil, err
	}
	if !SameKey(p.Public, public) {
		return nil, errHalves
	}
	return p, nil
}

func (k *jwk) privateRSA() (*Private, error) {
	if len(k.Others) > 0 {
		return nil, errors.New("it has more than two primes, which is not supported in JWK")
	}
	var b der.Builder
	all := b.Begin(der.Sequence)
	b.Int(0)
	for _, m := range []struct{ name, value string }{
		{"n", k.N}, {"e", k.E}, {"d", k.D}, {"p", k.P}, {"q", k.Q}, {"dp", k.DP}, {"dq", k.DQ}, {"qi", k.QI},
	} {
		octets, err := field(m.name, m.value)
		if err != nil {
			return nil, err
		}
		b.Unsigned(octets)
	}
	b.End(all)
	return decodePrivate(rsaAlgorithm(), b.Bytes(), nil)
}

func (k *jwk) privateEC(public *Public) (*Private, error) {
	octets, err := field("d", k.D)
	if err != nil {
		return nil, err
	}
	var b der.Builder
	all := b.Begin(der.Sequence)
	b.Int(1)
	b.Add(der.OctetString, octets)
	b.End(all)
	return decodePrivate(public.Algorithm, b.Bytes(), public.Bits)
}

// public reads the public half.
func (k *jwk) public() (*Public, error) {
	switch k.KeyType {
	case "RSA":
		n, err := field("n", k.N)
		if err != nil {
			return nil, err
		}
		e, err := field("e", k.E)
		if err != nil {
			return nil, err
		}
		return MarshalPublic(&RSAPublicKey{N: new(big.Int).SetBytes(n), E: new(big.Int).SetBytes(e)})
	case "EC":
		return k.publicEC()
	case "OKP":
		id, ok := map[string]oid.OID{"Ed25519": oid.Ed25519, "X25519": oid.X25519, "Ed448": oid.Ed448, "X448": oid.X448}[k.Curve]
		if !ok {
			return nil, fmt.Errorf("its curve %q is not known; the known ones are Ed25519, X25519, Ed448 and X448", k.Curve)
		}
		x, err := field("x", k.X)
		if err != nil {
			return nil, err
		}
		return usable(subjectPublicKeyInfo(withoutParameters(id), x))
	case "AKP":
		id, ok := map[string]oid.OID{"ML-DSA-44": oid.MLDSA44, "ML-DSA-65": oid.MLDSA65, "ML-DSA-87": oid.MLDSA87}[k.Algorithm]
		if !ok {
			return nil, fmt.Errorf("its algorithm %q is not known; the known ones are ML-DSA-44, ML-DSA-65 and ML-DSA-87", k.Algorithm)
		}
		bits, err := field("pub", k.Public)
		if err != nil {
			return nil, err
		}
		return usable(subjectPublicKeyInfo(withoutParameters(id), bits))
	}
	return nil, fmt.Errorf("its key type %q is not known; the known ones are RSA, EC, OKP and AKP", k.KeyType)
}

func (k *jwk) publicEC() (*Public, error) {
	name := k.Curve
	// The name of RFC 8812 and that of SEC 2 are the same; brainpool names
	// are registered with capitals.
	if strings.HasPrefix(name, "BP-") {
		name = "brainpoolP" + strings.TrimPrefix(name, "BP-") + "r1"
	}
	c := curveByName(name)
	if c == nil {
		return nil, fmt.Errorf("its curve %q is not known; the usual ones are P-256, P-384 and P-521", k.Curve)
	}
	width := (c.Size + 7) / 8
	point := []byte{4}
	for _, m := range []struct{ name, value string }{{"x", k.X}, {"y", k.Y}} {
		octets, err := field(m.name, m.value)
		if err != nil {
			return nil, err
		}
		if len(octets) != width {
			return nil, fmt.Errorf("its member %q is %d octets long, not the %d of %s", m.name, len(octets), width, k.Curve)
		}
		point = append(point, octets...)
	}
	return usable(subjectPublicKeyInfo(namedCurve(c.ID), point))
}

// usable is ParsePublic where nothing else could have written the key.
func usable(spki []byte) (*Public, error) {
	p, err := ParsePublic(spki)
	if err != nil {
		return nil, err
	}
	if p.Problem != nil && p.Type != "X448" {
		return nil, p.Problem
	}
	return p, nil
}

// MarshalPublicJWK writes a public key as a JSON Web Key on one line.
func MarshalPublicJWK(p *Public) ([]byte, error) {
	k, err := jwkOf(p)
	if err != nil {
		return nil, err
	}
	return json.Marshal(k)
}

// MarshalJWK writes a private key as a JSON Web Key on one line, unencrypted:
// JWK has no encryption of its own that many programs read.
func MarshalJWK(p *Private) ([]byte, error) {
	k, err := jwkOf(p.Public)
	if err != nil {
		return nil, err
	}
	switch private := p.Key.(type) {
	case *rsa.PrivateKey:
		if len(private.Primes) != 2 {
			return nil, errors.New("an RSA key of more than two primes is not written as JWK; write it as PKCS #8")
		}
		private.Precompute()
		k.D, k.P, k.Q = number(private.D), number(private.Primes[0]), number(private.Primes[1])
		k.DP, k.DQ, k.QI = number(private.Precomputed.Dp), number(private.Precomputed.Dq), number(private.Precomputed.Qinv)
	case *ecdsa.PrivateKey:
		scalar, err := private.Bytes()
		if err != nil {
			return nil, fmt.Errorf("writing a JSON Web Key: %w", err)
		}
		k.D = octets(scalar)
	case ed25519.PrivateKey:
		k.D = octets(private.Seed())
	case ed448.PrivateKey:
		k.D = octets(private.Seed())
	case *ecdh.PrivateKey:
		k.D = octets(private.Bytes())
	case *mldsa.PrivateKey:
		k.Private = octets(private.Bytes())
	case *ExpandedMLDSA:
		return nil, errors.New("an ML-DSA key without its seed has no form as JWK; write it as PKCS #8")
	default:
		return nil, fmt.Errorf("a private key of the kind %s is not written as JWK; write it as PKCS #8", p.Public)
	}
	return json.Marshal(k)
}

// jwkOf holds the public half of a key.
func jwkOf(p *Public) (*jwk, error) {
	switch k := p.Key.(type) {
	case *rsa.PublicKey:
		return &jwk{KeyType: "RSA", N: number(k.N), E: number(big.NewInt(int64(k.E)))}, nil
	case *RSAPublicKey:
		return &jwk{KeyType: "RSA", N: number(k.N), E: number(k.E)}, nil
	case *ecdsa.PublicKey:
		point, err := k.Bytes()
		if err != nil {
			return nil, fmt.Errorf("writing a JSON Web Key: %w", err)
		}
		half := (len(point) - 1) / 2
		return &jwk{KeyType: "EC", Curve: k.Params().Name, X: octets(point[1 : 1+half]), Y: octets(point[1+half:])}, nil
	case ed25519.PublicKey, ed448.PublicKey, *ecdh.PublicKey:
		return &jwk{KeyType: "OKP", Curve: p.Type, X: octets(p.Bits)}, nil
	case *mldsa.PublicKey:
		return &jwk{KeyType: "AKP", Algorithm: p.String(), Public: octets(p.Bits)}, nil
	}
	return nil, fmt.Errorf("a key of the kind %s has no form as JWK; write it as PEM", p)
}

func octets(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func number(n *big.Int) string { return octets(n.Bytes()) }
