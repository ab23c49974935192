package key

// Weakness is a reason not to certify a public key.
type Weakness struct {
	Code   string // "small-modulus", "exponent", "roca", "small-factor", "close-primes", "debian", "invalid-point" …
	Detail string // with the figures
	Source string // where the attack or rule is described
}

// Weaknesses examines a public key for keys known to be breakable.
func Weaknesses(pub *Public) []Weakness { return nil }
