package key

import "crypto"

// SignatureAlgorithm is a signature algorithm, taken apart.
type SignatureAlgorithm struct {
	Identifier AlgorithmIdentifier
	Name       string      // as OpenSSL prints it: "sha256WithRSAEncryption"; dotted where unknown
	KeyType    string      // the Public.Type it goes with; empty where unknown
	Hash       crypto.Hash // 0 where the algorithm hashes by itself, or is unknown
	SaltLength int         // RSA-PSS: octets; -1 otherwise
	Broken     string      // why it is refused for issuing ("MD5 is broken"); empty where it is not
}

// ParseSignatureAlgorithm takes an identifier apart; one that is unknown has
// an empty KeyType.
func ParseSignatureAlgorithm(id AlgorithmIdentifier) SignatureAlgorithm { panic("unwritten") }

// ChooseSignatureAlgorithm returns the algorithm that keys like pub sign with.
// hash is "" for the default of the key, or "sha256", "sha384", "sha512",
// "sha3-256" …; pss asks for RSASSA-PSS.
func ChooseSignatureAlgorithm(pub *Public, hash string, pss bool) (SignatureAlgorithm, error) {
	panic("unwritten")
}
