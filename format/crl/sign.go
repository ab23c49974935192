package crl

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"slices"

	"github.com/certwright/certwright/format/key"
)

// sign signs the concatenation of pieces. Algorithms that hash first never see
// it whole; the others (Ed25519, ML-DSA) need it in one run of memory.
func sign(signer crypto.Signer, alg key.SignatureAlgorithm, pieces [][]byte) ([]byte, error) {
	if alg.Hash == 0 {
		return key.Sign(signer, alg, slices.Concat(pieces...))
	}
	if !alg.Hash.Available() {
		return nil, fmt.Errorf("the hash of %s is not there", alg.Name)
	}
	hash := alg.Hash.New()
	for _, p := range pieces {
		hash.Write(p)
	}
	var options crypto.SignerOpts = alg.Hash
	if alg.SaltLength >= 0 {
		options = &rsa.PSSOptions{SaltLength: alg.SaltLength, Hash: alg.Hash}
	}
	return signer.Sign(rand.Reader, hash.Sum(nil), options)
}
