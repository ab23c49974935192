package openssl

import (
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/front/openssl/text"
)

// strange stands for parameters that are not those of the algorithm.
const strange = ", <unsupported parameters>"

// encryptionWords says in OpenSSL's words how something is encrypted by
// passphrase (RFC 8018; RFC 7292, Appendix C).
func encryptionWords(algorithm []byte, names text.Objects) string {
	id, parameters := algorithmParts(algorithm)
	words := names.Long(id)
	if id != oid.PBES2 {
		fields := children(parameters)
		if len(fields) != 2 || fields[1].Tag != der.Integer {
			return words + strange
		}
		return words + iterationWords(fields[1])
	}
	halves := children(parameters)
	if len(halves) != 2 {
		return words + strange
	}
	kdf, of := algorithmParts(halves[0].Raw)
	cipher, _ := algorithmParts(halves[1].Raw)
	words += fmt.Sprintf(", %s, %s", names.Long(kdf), names.Short(cipher))
	switch kdf {
	case oid.PBKDF2:
		return words + pbkdf2Words(children(of), names)
	case oid.Scrypt:
		return words + scryptWords(children(of))
	}
	return words
}

func pbkdf2Words(fields []der.Element, names text.Objects) string {
	if len(fields) < 2 || fields[1].Tag != der.Integer {
		return strange
	}
	prf := oid.HMACWithSHA1
	if last := fields[len(fields)-1]; last.Tag == der.Sequence {
		prf, _ = algorithmParts(last.Raw)
	}
	return iterationWords(fields[1]) + ", PRF " + names.Short(prf)
}

func scryptWords(fields []der.Element) string {
	if len(fields) < 4 {
		return strange
	}
	var cost [3]int
	for i := range cost {
		cost[i], _ = fields[i+1].Int()
	}
	return fmt.Sprintf(", Salt length: %d, Cost(N): %d, Block size(r): %d, Parallelism(p): %d", len(fields[0].Content), cost[0], cost[1], cost[2])
}

func iterationWords(e der.Element) string {
	n, _ := e.Int()
	return fmt.Sprintf(", Iteration %d", n)
}

// algorithmParts takes an AlgorithmIdentifier apart; parameters are whole.
func algorithmParts(raw []byte) (id oid.OID, parameters []byte) {
	fields := children(raw)
	if len(fields) == 0 {
		return "", nil
	}
	if len(fields) > 1 {
		parameters = fields[1].Raw
	}
	return oid.OID(fields[0].Content), parameters
}

// children are the elements of a SEQUENCE; none where it is not one.
func children(raw []byte) (list []der.Element) {
	e, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return nil
	}
	for r := e.Children(); !r.Empty(); {
		one, err := r.Next()
		if err != nil {
			return nil
		}
		list = append(list, one)
	}
	return list
}
