package key

import (
	"crypto/ecdsa"
	"crypto/fips140"
	"math/big"

	"github.com/certwright/certwright/internal/p256"
)

// verifyECDSA checks a signature by crypto/ecdsa, but for those of P-256,
// which take two thirds of its time here.
func verifyECDSA(k *ecdsa.PublicKey, digest, signature []byte) error {
	if !verifiesHere(k) {
		if ecdsa.VerifyASN1(k, digest, signature) {
			return nil
		}
		if _, _, err := parsePair(signature); err != nil {
			return err
		}
		return ErrSignature
	}
	r, s, err := parsePair(signature)
	if err != nil {
		return err
	}
	p, ok := pointP256(k)
	return verdict(ok && p.Verify(digest, r, s))
}

// verifiesHere reports whether package p256 verifies for this key. In the
// FIPS 140-3 mode the validated module does.
func verifiesHere(k *ecdsa.PublicKey) bool {
	return k.Curve == standard("P-256") && !fips140.Enabled()
}

// pointP256 returns the point of a key of P-256, and false where it is none of
// the curve.
func pointP256(k *ecdsa.PublicKey) (p p256.Point, ok bool) {
	for _, coordinate := range []*big.Int{k.X, k.Y} {
		if coordinate == nil || coordinate.Sign() < 0 || coordinate.BitLen() > 256 {
			return p, false
		}
	}
	var x, y [32]byte
	k.X.FillBytes(x[:])
	k.Y.FillBytes(y[:])
	return p256.NewPoint(&x, &y)
}
