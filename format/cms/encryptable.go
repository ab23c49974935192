package cms

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/key"
)

// Encryptable returns why nothing can be encrypted to a public key here; nil
// where something can be. What is not known beforehand is tried.
func Encryptable(public *key.Public) error {
	switch k := public.Key.(type) {
	case nil:
		if public.Problem != nil {
			return public.Problem
		}
		return fmt.Errorf("nothing is known of keys of type %s", public.Type)
	case *key.RSAPublicKey:
		return fmt.Errorf("its public exponent has %d bits, and at most 31 are encrypted with", k.E.BitLen())
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits < 1024 {
			return fmt.Errorf("its modulus has %d bits, and 1024 are the least", bits)
		}
	}
	if found := key.Weaknesses(public); public.Type == "X25519" && len(found) > 0 {
		return errors.New(found[0].Detail)
	}
	if public.Type == "EC" {
		if _, err := exchangeKey(public); err != nil {
			return errors.New("of elliptic curves P-256, P-384, P-521 and X25519 are agreed on keys with")
		}
	}
	f := For{Public: public, Identifier: Identifier{KeyIdentifier: []byte{0}}}
	if _, _, err := f.recipient(make([]byte, 32), rand.Reader); err != nil {
		return fmt.Errorf("an attempt to encrypt to it came to nothing: %w", err)
	}
	return nil
}
