package key

import (
	"crypto/ecdsa"
	"sync/atomic"
)

// tablesAfter is the number of signatures after which the tables of a key are
// computed: they cost about as much time as they save in that many checks.
const tablesAfter = 128

// Verifier checks many signatures by one key; where it can (P-256, P-384,
// P-521), it computes tables that make each check several times quicker than
// Verify. It may be used by many goroutines at once.
type Verifier struct {
	pub     *Public
	compute func() ecdsaTables // nil for keys without tables
	calls   atomic.Uint32
	tables  atomic.Pointer[ecdsaTables]
}

// NewVerifier prepares a verifier for pub. It computes no tables yet: Warm
// does, and so does use.
func NewVerifier(pub *Public) *Verifier {
	v := &Verifier{pub: pub}
	if k, ok := pub.Key.(*ecdsa.PublicKey); ok {
		v.compute = newECDSATables(k)
	}
	return v
}

// Warm computes the tables at once, which takes some milliseconds, for a
// caller that knows that many signatures will come.
func (v *Verifier) Warm() {
	if v.compute == nil || v.tables.Load() != nil {
		return
	}
	if t := v.compute(); t != nil {
		v.tables.Store(&t)
	}
}

// Verify is Verify with the verifier's key.
func (v *Verifier) Verify(alg AlgorithmIdentifier, message, signature []byte) error {
	if v.compute == nil {
		return Verify(v.pub, alg, message, signature)
	}
	tables := v.tables.Load()
	if tables == nil {
		// Exactly one caller computes; the others do without meanwhile.
		if v.calls.Add(1) == tablesAfter {
			v.Warm()
		}
		return Verify(v.pub, alg, message, signature)
	}
	a := ParseSignatureAlgorithm(alg)
	if err := a.Fits(v.pub); err != nil {
		return err
	}
	r, s, err := parsePair(signature)
	if err != nil {
		return err
	}
	var d digest
	d.compute(a.Hash, message)
	return verdict((*tables).Verify(d.bytes(), r, s))
}
