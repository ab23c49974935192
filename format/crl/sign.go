package crl

import (
	"crypto"
	"fmt"
	"io"
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
		return nil, fmt.Errorf("the hash of %s is not available", alg.Name)
	}
	hash := alg.Hash.New()
	for _, p := range pieces {
		hash.Write(p)
	}
	return key.Sign(hashed{signer, hash.Sum(nil)}, alg, nil)
}

// hashed is a signer of one digest that was computed beforehand, whatever
// digest it is given: it lets key.Sign check the algorithm against the key
// without a message in one run of memory.
type hashed struct {
	crypto.Signer
	digest []byte
}

// Sign signs the digest that was computed beforehand.
func (h hashed) Sign(random io.Reader, _ []byte, options crypto.SignerOpts) ([]byte, error) {
	return h.Signer.Sign(random, h.digest, options)
}
