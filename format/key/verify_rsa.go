package key

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/subtle"
	"encoding/binary"
	"math/big"
)

// verifyRSA leaves to crypto/rsa what it takes, and computes the rest with
// math/big: moduli below 1024 bits, salts of no octets, two hashes in PSS.
func (a *SignatureAlgorithm) verifyRSA(k *rsa.PublicKey, digest, signature []byte) error {
	if len(signature) != k.Size() {
		return wrongLength(signature, k.Size())
	}
	plain := a.SaltLength < 0
	if k.N.BitLen() < 1024 || !plain && (a.SaltLength == 0 || a.MGFHash != a.Hash) {
		return a.verifyLargeRSA(&RSAPublicKey{N: k.N, E: big.NewInt(int64(k.E))}, digest, signature)
	}
	if plain {
		return verdict(rsa.VerifyPKCS1v15(k, a.Hash, digest, signature) == nil)
	}
	options := rsa.PSSOptions{SaltLength: a.SaltLength, Hash: a.Hash}
	return verdict(rsa.VerifyPSS(k, a.Hash, digest, signature, &options) == nil)
}

// verifyLargeRSA verifies by keys of any size (RFC 8017, Sections 8.1.2 and 8.2.2).
func (a *SignatureAlgorithm) verifyLargeRSA(k *RSAPublicKey, digest, signature []byte) error {
	size := (k.N.BitLen() + 7) / 8
	if len(signature) != size {
		return wrongLength(signature, size)
	}
	s := new(big.Int).SetBytes(signature)
	if s.Cmp(k.N) >= 0 {
		return ErrSignature
	}
	message := s.Exp(s, k.E, k.N)
	if a.SaltLength < 0 {
		return verdict(bytes.Equal(message.FillBytes(make([]byte, size)), paddedDigest(a.Hash, digest, size)))
	}
	bits := k.N.BitLen() - 1
	if message.BitLen() > bits {
		return ErrSignature
	}
	return verdict(a.pssEncodes(message.FillBytes(make([]byte, (bits+7)/8)), bits, digest))
}

// paddedDigest is EMSA-PKCS1-v1_5 (RFC 8017, Section 9.2), nil where the
// modulus is too short for it.
func paddedDigest(h crypto.Hash, digest []byte, size int) []byte {
	info := digestInfo(h, digest)
	if size < len(info)+11 {
		return nil
	}
	em := bytes.Repeat([]byte{0xff}, size)
	em[0], em[1] = 0, 1
	em[size-len(info)-1] = 0
	copy(em[size-len(info):], info)
	return em
}

// pssEncodes is EMSA-PSS-VERIFY (RFC 8017, Section 9.1.2).
func (a *SignatureAlgorithm) pssEncodes(em []byte, bits int, digest []byte) bool {
	h := a.Hash.Size()
	if len(em) < h+a.SaltLength+2 || em[len(em)-1] != 0xbc {
		return false
	}
	masked, hash := em[:len(em)-h-1], em[len(em)-h-1:len(em)-1]
	unused := 8*len(em) - bits
	if masked[0]>>(8-unused) != 0 {
		return false
	}
	db := mgf1(a.MGFHash, hash, len(masked))
	subtle.XORBytes(db, db, masked)
	db[0] &= 0xff >> unused
	zeros := len(db) - a.SaltLength - 1
	for _, c := range db[:zeros] {
		if c != 0 {
			return false
		}
	}
	if db[zeros] != 1 {
		return false
	}
	again := a.Hash.New()
	again.Write(make([]byte, 8))
	again.Write(digest)
	again.Write(db[zeros+1:])
	return bytes.Equal(again.Sum(nil), hash)
}

// mgf1 is the mask generation function of RFC 8017, Appendix B.2.1.
func mgf1(h crypto.Hash, seed []byte, size int) []byte {
	var out []byte
	for counter := uint32(0); len(out) < size; counter++ {
		f := h.New()
		f.Write(seed)
		f.Write(binary.BigEndian.AppendUint32(nil, counter))
		out = f.Sum(out)
	}
	return out[:size]
}
