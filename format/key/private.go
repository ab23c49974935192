package key

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"

	"filippo.io/mldsa"
	"github.com/cloudflare/circl/sign/ed448"

	"github.com/certwright/certwright/format/pbe"
)

// Private is a private key with its public half.
type Private struct {
	// Signer is nil for keys that cannot sign here; Problem says why.
	Signer crypto.Signer
	// Key is an *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey,
	// ed448.PrivateKey, *ecdh.PrivateKey (X25519), *mldsa.PrivateKey, or
	// *ExpandedMLDSA; nil for kinds that nothing is computed with.
	Key     crypto.PrivateKey
	Public  *Public
	Problem error
	info    []byte // the PrivateKeyInfo of keys that Key cannot hold

	// Explicit are the parameters of an elliptic curve key that spelled out, in
	// the file it was read from, a curve that has a name; nil for all others.
	Explicit []byte
}

// Passphrase is asked for when an encrypted key is met; it is not called
// otherwise.
type Passphrase func() ([]byte, error)

// Errors that callers tell apart.
var (
	// ErrPassphrase is returned where decrypting gives nonsense: the
	// passphrase is wrong or the data are damaged, which look the same.
	ErrPassphrase = pbe.ErrPassphrase
	// ErrNoPassphrase is returned for an encrypted key where there is nobody
	// to ask for the passphrase.
	ErrNoPassphrase = errors.New("the key is encrypted, and no passphrase was given")
	// ErrNoPrivateKey is returned for data with no private key in them.
	ErrNoPrivateKey = errors.New("there is no private key in it")
)

// NewPrivate makes a Private of a key of one of the types that Private.Key
// lists.
func NewPrivate(k crypto.PrivateKey) (*Private, error) {
	p := &Private{Key: k}
	var public crypto.PublicKey
	switch k := k.(type) {
	case *rsa.PrivateKey:
		public, p.Signer = &k.PublicKey, k
	case *ecdsa.PrivateKey:
		public, p.Signer = &k.PublicKey, k
	case ed25519.PrivateKey:
		// Go and OpenSSH keep both halves, and believe them.
		if len(k) != ed25519.PrivateKeySize || !ed25519.NewKeyFromSeed(k.Seed()).Equal(k) {
			return nil, errHalves
		}
		public, p.Signer = k.Public(), k
	case *ed25519.PrivateKey:
		return NewPrivate(*k)
	case ed448.PrivateKey:
		public, p.Signer = k.Public(), k
	case *mldsa.PrivateKey:
		public, p.Signer = k.PublicKey(), k
	case *ExpandedMLDSA:
		public, p.Signer = k.Public(), k
	case *ecdh.PrivateKey:
		public, p.Problem = k.PublicKey(), errAgreementOnly("X25519")
	default:
		return nil, fmt.Errorf("a private key of the Go type %T cannot be used", k)
	}
	var err error
	p.Public, err = MarshalPublic(public)
	return p, err
}

func errAgreementOnly(kind string) error {
	return fmt.Errorf("%s keys agree on secrets and make no signatures; use a signature key such as ecdsa-p256", kind)
}
