package key

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"fmt"
	"io"

	"github.com/cloudflare/circl/dh/x448"
	"github.com/cloudflare/circl/sign/ed448"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// decodeEdwardsPrivate reads CurvePrivateKey (RFC 8410, Section 7).
func decodeEdwardsPrivate(algorithm AlgorithmIdentifier, octets []byte) (*Private, error) {
	size := edwardsSize(algorithm.ID)
	e, err := der.ParseTag(octets, der.OctetString)
	if err != nil || len(e.Content) != size {
		return nil, fmt.Errorf("a key of %s has %d octets, and this one has not; the file is damaged", algorithm.ID.Name(), size)
	}
	return newEdwards(algorithm.ID, e.Content)
}

func edwardsSize(id oid.OID) int {
	switch id {
	case oid.Ed448:
		return ed448.SeedSize
	case oid.X448:
		return x448.Size
	}
	return 32
}

// newEdwards makes a key of its octets, as many as edwardsSize says.
func newEdwards(id oid.OID, octets []byte) (*Private, error) {
	switch id {
	case oid.Ed25519:
		return NewPrivate(ed25519.NewKeyFromSeed(octets))
	case oid.Ed448:
		return NewPrivate(ed448.NewKeyFromSeed(octets))
	case oid.X25519:
		k, err := ecdh.X25519().NewPrivateKey(octets)
		if err != nil {
			return nil, fmt.Errorf("reading an X25519 key: %w", err)
		}
		return NewPrivate(k)
	}
	var public, secret x448.Key
	copy(secret[:], octets)
	x448.KeyGen(&public, &secret)
	algorithm := withoutParameters(oid.X448)
	p, err := ParsePublic(subjectPublicKeyInfo(algorithm, public[:]))
	if err != nil {
		return nil, err
	}
	var b der.Builder
	b.Add(der.OctetString, octets)
	return &Private{Public: p, Problem: errAgreementOnly("X448"), info: privateKeyInfo(algorithm, b.Bytes())}, nil
}

// GenerateX448 makes a key for X448 (RFC 7748, Section 6.2), which is written and
// shown, and not computed with.
func GenerateX448(random io.Reader) (*Private, error) {
	octets := make([]byte, x448.Size)
	if _, err := io.ReadFull(random, octets); err != nil {
		return nil, fmt.Errorf("making an X448 key: %w", err)
	}
	return newEdwards(oid.X448, octets)
}
