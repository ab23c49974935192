package pbe

import (
	"crypto/cipher"
	"strings"

	"golang.org/x/crypto/blowfish"
	"golang.org/x/crypto/cast5"
)

// mode is how a cipher of blocks is used on data that are longer.
type mode string

// The modes; those but CBC make a stream, which has no padding. CFB8 feeds
// back octet by octet.
const (
	modeCBC  mode = ""
	modeCFB  mode = "CFB"
	modeCFB8 mode = "CFB8"
	modeOFB  mode = "OFB"
	modeCTR  mode = "CTR"
)

// old holds the ciphers that are only read, by the names that OpenSSL knows
// them by.
func old() []symmetric {
	rc2, rc2of64, rc2of40 := rc2Cipher(16, 128), rc2Cipher(8, 64), rc2Cipher(5, 40)
	rc2.name = "RC2-CBC"
	return []symmetric{
		rc2, rc2of64, rc2of40, des2,
		{"", "BF-CBC", 16, 8, modeCBC, func(key []byte) (cipher.Block, error) { return blowfish.NewCipher(key) }},
		{"", "CAST5-CBC", 16, 8, modeCBC, func(key []byte) (cipher.Block, error) { return cast5.NewCipher(key) }},
	}
}

// readable returns the cipher of a name that OpenSSL writes, in any mode that
// is read: "AES-256-CBC", "des-ede3-cfb".
func readable(name string) (symmetric, bool) {
	name = strings.ToUpper(name)
	base, last := name, modeCBC
	for _, m := range []mode{modeCFB, modeCFB8, modeOFB, modeCTR} {
		if before, ok := strings.CutSuffix(name, "-"+string(m)); ok {
			base, last = before+"-CBC", m
		}
	}
	for _, c := range append(named(), old()...) {
		if c.name == base {
			c.name, c.mode = name, last
			return c, true
		}
	}
	return symmetric{}, false
}

// stream turns data that were encrypted in a mode without padding into plain
// ones, in a new slice.
func (m mode) stream(b cipher.Block, iv, data []byte) []byte {
	out := make([]byte, len(data))
	switch m {
	case modeCTR:
		cipher.NewCTR(b, iv).XORKeyStream(out, data)
	case modeOFB:
		cipher.NewOFB(b, iv).XORKeyStream(out, data)
	case modeCFB:
		cipher.NewCFBDecrypter(b, iv).XORKeyStream(out, data)
	case modeCFB8:
		register, key := append([]byte{}, iv...), make([]byte, len(iv))
		for i, c := range data {
			b.Encrypt(key, register)
			out[i] = c ^ key[0]
			register = append(register[1:], c)
		}
	}
	return out
}
