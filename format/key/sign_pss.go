package key

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
)

// signPSS signs with what crypto/rsa does not offer: another hash in the mask
// generation function, or no salt. It needs the private key itself.
func signPSS(signer crypto.Signer, alg SignatureAlgorithm, hashed []byte) ([]byte, error) {
	k, ok := signer.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("signing with %s: keys in devices sign with the same hash throughout and a salt of at least one octet", alg.Name)
	}
	salt := make([]byte, alg.SaltLength)
	if _, err := rand.Read(salt); err != nil {
		return nil, fmt.Errorf("drawing a salt: %w", err)
	}
	encoded, err := encodePSS(alg, hashed, salt, k.N.BitLen()-1)
	if err != nil {
		return nil, fmt.Errorf("signing with %s: %w", alg.Name, err)
	}
	return blindedPower(k, encoded)
}

// encodePSS is EMSA-PSS-ENCODE (RFC 8017, Section 9.1.1).
func encodePSS(alg SignatureAlgorithm, hashed, salt []byte, bits int) ([]byte, error) {
	size := (bits + 7) / 8
	h := alg.Hash.New()
	if size < h.Size()+len(salt)+2 {
		return nil, errSaltRoom
	}
	h.Write(make([]byte, 8))
	h.Write(hashed)
	h.Write(salt)
	sum := h.Sum(nil)
	block := make([]byte, size-len(sum)-1)
	block[len(block)-len(salt)-1] = 1
	copy(block[len(block)-len(salt):], salt)
	subtle.XORBytes(block, block, mgf1(alg.MGFHash, sum, len(block)))
	block[0] &= 0xff >> (8*size - bits)
	block = append(block, sum...)
	return append(block, 0xbc), nil
}

// blindedPower raises to the private exponent. The number is blinded, since the
// time that math/big takes depends on it.
func blindedPower(k *rsa.PrivateKey, message []byte) ([]byte, error) {
	var r, inverse *big.Int
	for inverse == nil {
		var err error
		if r, err = rand.Int(rand.Reader, k.N); err != nil {
			return nil, fmt.Errorf("drawing a number to blind with: %w", err)
		}
		inverse = new(big.Int).ModInverse(r, k.N)
	}
	e := big.NewInt(int64(k.E))
	plain := new(big.Int).SetBytes(message)
	m := new(big.Int).Exp(r, e, k.N)
	m.Mul(m, plain).Mod(m, k.N)
	m.Exp(m, k.D, k.N)
	m.Mul(m, inverse).Mod(m, k.N)
	if new(big.Int).Exp(m, e, k.N).Cmp(plain) != 0 {
		return nil, errors.New("the signature does not verify; the private key is damaged")
	}
	return m.FillBytes(make([]byte, (k.N.BitLen()+7)/8)), nil
}
