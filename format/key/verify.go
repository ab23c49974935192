package key

// Verify checks a signature. The error says in plain words what is wrong: the
// algorithm does not go with the key, is unknown, or the signature is not of
// this key over these bytes (ErrSignature).
func Verify(pub *Public, alg AlgorithmIdentifier, message, signature []byte) error {
	panic("unwritten")
}
