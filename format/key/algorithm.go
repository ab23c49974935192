package key

import (
	"bytes"
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// AlgorithmIdentifier is an algorithm with its parameters, as it was written.
// Its slices share the memory that was read.
type AlgorithmIdentifier struct {
	Raw        []byte
	ID         oid.OID
	Parameters []byte // the DER of the parameters; nil where they are absent
}

// ParseAlgorithmIdentifier reads an AlgorithmIdentifier (RFC 5280, Section 4.1.1.2).
func ParseAlgorithmIdentifier(raw []byte) (AlgorithmIdentifier, error) {
	e, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return AlgorithmIdentifier{}, fmt.Errorf("reading an algorithm identifier: %w", err)
	}
	return algorithmOf(e)
}

func algorithmOf(e der.Element) (AlgorithmIdentifier, error) {
	r := e.Children()
	id, err := r.Take(der.ObjectIdentifier)
	if err != nil {
		return AlgorithmIdentifier{}, fmt.Errorf("reading an algorithm identifier: %w", err)
	}
	a := AlgorithmIdentifier{Raw: e.Raw}
	if a.ID, err = identifier(id.Content); err != nil {
		return AlgorithmIdentifier{}, fmt.Errorf("reading an algorithm identifier: %w", err)
	}
	if r.Empty() {
		return a, nil
	}
	p, err := r.Next()
	if err != nil {
		return AlgorithmIdentifier{}, fmt.Errorf("reading the parameters of algorithm %v: %w", a.ID, err)
	}
	if err := r.End(); err != nil {
		return AlgorithmIdentifier{}, fmt.Errorf("reading the parameters of algorithm %v: %w", a.ID, err)
	}
	a.Parameters = p.Raw
	return a, nil
}

// identifier is oid.ParseContent without an allocation for what nearly every
// request holds.
func identifier(content []byte) (oid.OID, error) {
	switch string(content) {
	case string(oid.ECPublicKey):
		return oid.ECPublicKey, nil
	case string(oid.P256):
		return oid.P256, nil
	case string(oid.ECDSAWithSHA256):
		return oid.ECDSAWithSHA256, nil
	case string(oid.RSAEncryption):
		return oid.RSAEncryption, nil
	case string(oid.SHA256WithRSA):
		return oid.SHA256WithRSA, nil
	case string(oid.SHA1):
		return oid.SHA1, nil
	case string(oid.SHA256):
		return oid.SHA256, nil
	}
	return oid.ParseContent(content)
}

// withoutParameters returns the identifier of an algorithm that has none.
func withoutParameters(id oid.OID) AlgorithmIdentifier { return withParameters(id, nil) }

// withParameters returns the identifier of an algorithm with the DER of its
// parameters, nil for none.
func withParameters(id oid.OID, parameters []byte) AlgorithmIdentifier {
	var b der.Builder
	mark := b.Begin(der.Sequence)
	b.OID(string(id))
	b.Raw(parameters)
	b.End(mark)
	return AlgorithmIdentifier{Raw: b.Bytes(), ID: id, Parameters: parameters}
}

// absentOrNull reports whether the parameters say nothing: RFC 4055, Section
// 2.1, has both spellings of the digests accepted.
func (a AlgorithmIdentifier) absentOrNull() bool {
	return a.Parameters == nil || bytes.Equal(a.Parameters, []byte{byte(der.Null), 0})
}
