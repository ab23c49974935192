package key

import (
	"math/big"

	"github.com/certwright/certwright/format/der"
)

// Damaged is the error about an RSA key whose numbers do not belong together.
// Key has them as they were read, to be looked at; it signs nothing.
type Damaged struct {
	Key *Private
	Err error // what is wrong
}

// Error returns what is wrong.
func (d *Damaged) Error() string { return d.Err.Error() }

// Unwrap returns what is wrong.
func (d *Damaged) Unwrap() error { return d.Err }

// damagedRSA wraps an error about an RSA key in PKCS #1.
func damagedRSA(algorithm AlgorithmIdentifier, octets []byte, n, e *big.Int, err error) error {
	if err != errRSA {
		return err
	}
	var b der.Builder
	all := b.Begin(der.Sequence)
	b.BigInt(n)
	b.BigInt(e)
	b.End(all)
	public, wrong := ParsePublic(subjectPublicKeyInfo(algorithm, b.Bytes()))
	if wrong != nil {
		return err
	}
	return &Damaged{Key: &Private{Public: public, Problem: err, info: privateKeyInfo(algorithm, octets)}, Err: err}
}

// octetsOf returns the privateKey of a PrivateKeyInfo.
func octetsOf(info []byte) ([]byte, error) {
	e, err := der.ParseTag(info, der.Sequence)
	if err != nil {
		return nil, err
	}
	r := e.Children()
	for range 2 {
		if _, err := r.Next(); err != nil {
			return nil, err
		}
	}
	octets, err := r.Take(der.OctetString)
	return octets.Content, err
}
