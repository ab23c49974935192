package key

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"

	"filippo.io/mldsa"
	"github.com/cloudflare/circl/sign/ed448"
)

// Sign signs the message, hashing it first where the algorithm does. The
// system's random source is used.
func Sign(signer crypto.Signer, alg SignatureAlgorithm, message []byte) ([]byte, error) {
	if signer == nil {
		return nil, errors.New("signing: the key cannot sign")
	}
	if alg.Problem != nil {
		return nil, fmt.Errorf("signing: %w", alg.Problem)
	}
	if alg.Broken != "" && !alg.Ordered {
		return nil, fmt.Errorf("signing with %s: %s; use another hash", alg.Name, alg.Broken)
	}
	if kind := signerType(signer); kind != "" && kind != alg.KeyType {
		return nil, fmt.Errorf("signing with %s: it goes with %s keys, but the key is of the kind %s", alg.Name, alg.KeyType, kind)
	}
	var options crypto.SignerOpts = alg.Hash
	if alg.SaltLength >= 0 {
		if alg.MGFHash != alg.Hash || alg.SaltLength == 0 {
			var d digest
			d.compute(alg.Hash, message)
			return signPSS(signer, alg, d.bytes())
		}
		options = &rsa.PSSOptions{SaltLength: alg.SaltLength, Hash: alg.Hash}
	}
	if alg.Hash == 0 {
		return signed(signer, alg, message, options)
	}
	var d digest
	d.compute(alg.Hash, message)
	return signed(signer, alg, d.bytes(), options)
}

func signed(signer crypto.Signer, alg SignatureAlgorithm, input []byte, options crypto.SignerOpts) ([]byte, error) {
	var signature []byte
	var err error
	if k, ok := signer.(*ecdsa.PrivateKey); ok && signsHere(k) {
		signature, err = signP256(k, input)
	} else {
		signature, err = signer.Sign(rand.Reader, input, options)
	}
	if err != nil {
		return nil, fmt.Errorf("signing with %s: %w", alg.Name, err)
	}
	return signature, nil
}

// signerType is the SignatureAlgorithm.KeyType of a signer, empty for public
// keys of types unknown here.
func signerType(signer crypto.Signer) string {
	switch signer.Public().(type) {
	case *rsa.PublicKey:
		return "RSA"
	case *ecdsa.PublicKey:
		return "EC"
	case ed25519.PublicKey:
		return "Ed25519"
	case ed448.PublicKey:
		return "Ed448"
	case *mldsa.PublicKey:
		return "ML-DSA"
	}
	return ""
}
