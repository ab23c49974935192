package pbe

import (
	"crypto"
	"math/big"
	"unicode/utf16"
	"unicode/utf8"
)

// Purpose is what a derived octet string is for (RFC 7292, Appendix B.3).
type Purpose byte

// The purposes.
const (
	ForKey Purpose = 1
	ForIV  Purpose = 2
	ForMAC Purpose = 3
)

// PKCS12KDF derives size octets from a password that UTF16Password encoded
// (RFC 7292, Appendix B.2). The caller bounds the iterations.
func PKCS12KDF(hash crypto.Hash, purpose Purpose, password, salt []byte, iterations, size int) []byte {
	h := hash.New()
	v := h.BlockSize()
	diversifier := make([]byte, v)
	for i := range diversifier {
		diversifier[i] = byte(purpose)
	}
	input := append(fill(salt, v), fill(password, v)...)
	one, modulus := big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), uint(v)*8)
	var out []byte
	for {
		h.Reset()
		h.Write(diversifier)
		h.Write(input)
		a := h.Sum(nil)
		for range iterations - 1 {
			h.Reset()
			h.Write(a)
			a = h.Sum(a[:0])
		}
		out = append(out, a...)
		if len(out) >= size {
			return out[:size]
		}
		b := new(big.Int).SetBytes(fill(a, v)[:v])
		b.Add(b, one)
		for i := 0; i < len(input); i += v {
			block := new(big.Int).SetBytes(input[i : i+v])
			block.Add(block, b).Mod(block, modulus).FillBytes(input[i : i+v])
		}
	}
}

// fill repeats s to a multiple of v octets; nothing stays nothing.
func fill(s []byte, v int) []byte {
	n := (len(s) + v - 1) / v * v
	out := make([]byte, n)
	for i := range out {
		out[i] = s[i%len(s)]
	}
	return out
}

// UTF16Password encodes a password as RFC 7292, Appendix B.1, wants it: big
// endian UTF-16 with a final zero. No password (nil) is no octets, which is
// not the same as an empty one.
func UTF16Password(password []byte) []byte {
	if password == nil {
		return nil
	}
	if !utf8.Valid(password) {
		return widen(password)
	}
	var out []byte
	for _, u := range utf16.Encode([]rune(string(password))) {
		out = append(out, byte(u>>8), byte(u))
	}
	return append(out, 0, 0)
}

func widen(octets []byte) []byte {
	var out []byte
	for _, c := range octets {
		out = append(out, 0, c)
	}
	return append(out, 0, 0)
}

// UTF16Passwords returns what programs make of a password: UTF-16, and each octet
// widened, as OpenSSL before 1.1 did to all of them. An empty password is
// tried as none, too.
func UTF16Passwords(password []byte) [][]byte {
	all := [][]byte{UTF16Password(password)}
	if len(password) == 0 {
		return [][]byte{{0, 0}, nil}
	}
	for _, c := range password {
		if c >= utf8.RuneSelf {
			return append(all, widen(password))
		}
	}
	return all
}
