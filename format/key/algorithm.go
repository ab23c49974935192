package key

import "github.com/certwright/certwright/format/oid"

// AlgorithmIdentifier is an algorithm with its parameters, as it was written.
type AlgorithmIdentifier struct {
	Raw        []byte
	ID         oid.OID
	Parameters []byte // the DER of the parameters; nil where they are absent
}

// ParseAlgorithmIdentifier reads an AlgorithmIdentifier (RFC 5280, Section 4.1.1.2).
func ParseAlgorithmIdentifier(raw []byte) (AlgorithmIdentifier, error) { panic("unwritten") }
