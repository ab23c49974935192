package key

import "crypto"

// Sign signs the message, hashing it first where the algorithm does.
func Sign(signer crypto.Signer, alg SignatureAlgorithm, message []byte) ([]byte, error) {
	panic("unwritten")
}
