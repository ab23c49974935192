package key

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"filippo.io/mldsa"
)

// Kinds returns the names that Generate takes, in the order to offer them;
// RSA keys of other sizes from 2048 to 8192 bits are "rsa-" and the size.
func Kinds() []string {
	return []string{
		"ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519",
		"rsa-2048", "rsa-3072", "rsa-4096", "rsa-8192",
		"ml-dsa-44", "ml-dsa-65", "ml-dsa-87",
	}
}

// AgreementKind is a kind that Generate takes besides those of Kinds: its keys
// cannot sign.
const AgreementKind = "x25519"

// Sizes of RSA keys that are made, in bits.
const (
	minRSA = 2048
	maxRSA = 8192
)

// CanonicalKind returns the name in Kinds of what goes by several: "p256",
// "prime256v1" and "EC-P256" are "ecdsa-p256", "RSA" is "rsa-3072".
func CanonicalKind(kind string) (string, error) {
	plain := strings.NewReplacer("-", "", "_", "", " ", "", ":", "").Replace(strings.ToLower(kind))
	if size, ok := strings.CutPrefix(plain, "rsa"); ok {
		return canonicalRSA(kind, size)
	}
	switch strings.TrimPrefix(strings.TrimPrefix(plain, "ecdsa"), "ec") {
	case "p256", "prime256v1", "secp256r1", "nistp256":
		return "ecdsa-p256", nil
	case "p384", "secp384r1", "nistp384":
		return "ecdsa-p384", nil
	case "p521", "secp521r1", "nistp521":
		return "ecdsa-p521", nil
	}
	switch plain {
	case "ec", "ecdsa":
		return "ecdsa-p256", nil
	case "ed25519":
		return "ed25519", nil
	case "x25519", "curve25519":
		return AgreementKind, nil
	case "mldsa44", "mldsa65", "mldsa87":
		return "ml-dsa-" + plain[len("mldsa"):], nil
	}
	return "", fmt.Errorf("the kind of key %q is not known; use one of %s", kind, strings.Join(append(Kinds(), AgreementKind), ", "))
}

func canonicalRSA(kind, size string) (string, error) {
	if size == "" {
		return "rsa-3072", nil
	}
	bits, err := strconv.Atoi(size)
	switch {
	case err != nil:
		return "", fmt.Errorf("the kind of key %q has no size in bits; use rsa-3072", kind)
	case bits < minRSA:
		return "", fmt.Errorf("RSA keys of %d bits are too weak; use %d or more", bits, minRSA)
	case bits > maxRSA:
		return "", fmt.Errorf("RSA keys of %d bits are not made; use %d at most", bits, maxRSA)
	case bits%8 != 0:
		return "", fmt.Errorf("RSA keys of %d bits are not made; use a multiple of 8, such as 3072", bits)
	}
	return "rsa-" + strconv.Itoa(bits), nil
}

// Generate makes a key: "rsa-2048" … "rsa-8192", "ecdsa-p256", "ecdsa-p384",
// "ecdsa-p521", "ed25519", "x25519", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87", or another
// name that CanonicalKind knows. random is the system's source where it is
// nil; RSA and ECDSA keys always come from the system's.
func Generate(kind string, random io.Reader) (*Private, error) {
	canonical, err := CanonicalKind(kind)
	if err != nil {
		return nil, err
	}
	if random == nil {
		random = rand.Reader
	}
	if canonical == AgreementKind {
		return generateX25519(random)
	}
	signer, err := generate(canonical, random)
	if err != nil {
		return nil, fmt.Errorf("making a key of the kind %s: %w", canonical, err)
	}
	public, err := MarshalPublic(signer.Public())
	if err != nil {
		return nil, err
	}
	return &Private{Signer: signer, Key: signer, Public: public}, nil
}

func generate(kind string, random io.Reader) (crypto.Signer, error) {
	if size, ok := strings.CutPrefix(kind, "rsa-"); ok {
		bits, err := strconv.Atoi(size)
		if err != nil {
			return nil, err
		}
		return rsa.GenerateKey(random, bits)
	}
	switch kind {
	case "ecdsa-p256":
		return ecdsa.GenerateKey(elliptic.P256(), random)
	case "ecdsa-p384":
		return ecdsa.GenerateKey(elliptic.P384(), random)
	case "ecdsa-p521":
		return ecdsa.GenerateKey(elliptic.P521(), random)
	case "ml-dsa-44":
		return generateMLDSA(mldsa.MLDSA44(), random)
	case "ml-dsa-65":
		return generateMLDSA(mldsa.MLDSA65(), random)
	case "ml-dsa-87":
		return generateMLDSA(mldsa.MLDSA87(), random)
	case "ed25519":
		seed := make([]byte, ed25519.SeedSize)
		if _, err := io.ReadFull(random, seed); err != nil {
			return nil, fmt.Errorf("reading random octets: %w", err)
		}
		return ed25519.NewKeyFromSeed(seed), nil
	}
	return nil, errors.New("no such kind")
}

func generateX25519(random io.Reader) (*Private, error) {
	octets := make([]byte, 32)
	if _, err := io.ReadFull(random, octets); err != nil {
		return nil, fmt.Errorf("making a key of the kind %s: reading random octets: %w", AgreementKind, err)
	}
	k, err := ecdh.X25519().NewPrivateKey(octets)
	if err != nil {
		return nil, fmt.Errorf("making a key of the kind %s: %w", AgreementKind, err)
	}
	return NewPrivate(k)
}

func generateMLDSA(p mldsa.Parameters, random io.Reader) (crypto.Signer, error) {
	seed := make([]byte, mldsa.PrivateKeySize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, fmt.Errorf("reading random octets: %w", err)
	}
	return mldsa.NewPrivateKey(p, seed)
}
