package openssl

import (
	"crypto/ecdsa"
	"errors"

	"github.com/certwright/certwright/format/key"
)

// uncompressedPoint returns the point of a public key in its long form.
func uncompressedPoint(public *key.Public) ([]byte, error) {
	switch k := public.Key.(type) {
	case *ecdsa.PublicKey:
		return k.Bytes()
	case *key.ECPublicKey:
		return encodePoint(k.X, k.Y, (k.Curve.Size+7)/8, ""), nil
	}
	if len(public.Bits) > 0 && public.Bits[0] == 4 {
		return public.Bits, nil
	}
	return nil, errors.New("the point cannot be written in another form: its curve is not known here")
}
