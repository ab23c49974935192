package pbe

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/rc4"
	"fmt"
	"io"
	"strings"

	"github.com/certwright/certwright/format/oid"
)

// symmetric is a cipher in a mode, or RC4.
type symmetric struct {
	id    oid.OID // as PBES2 names it; empty for those it cannot name
	name  string  // as OpenSSL and DEK-Info spell it
	key   int     // octets
	block int     // octets; 0 for RC4, which has no blocks and no IV
	mode  mode
	open  func(key []byte) (cipher.Block, error)
}

var (
	aes128      = symmetric{oid.AES128CBC, "AES-128-CBC", 16, 16, modeCBC, aes.NewCipher}
	aes192      = symmetric{oid.AES192CBC, "AES-192-CBC", 24, 16, modeCBC, aes.NewCipher}
	aes256      = symmetric{oid.AES256CBC, "AES-256-CBC", 32, 16, modeCBC, aes.NewCipher}
	camellia128 = symmetric{oid.Camellia128CBC, "CAMELLIA-128-CBC", 16, 16, modeCBC, newCamellia}
	camellia192 = symmetric{oid.Camellia192CBC, "CAMELLIA-192-CBC", 24, 16, modeCBC, newCamellia}
	camellia256 = symmetric{oid.Camellia256CBC, "CAMELLIA-256-CBC", 32, 16, modeCBC, newCamellia}
	des1        = symmetric{oid.DESCBC, "DES-CBC", 8, 8, modeCBC, des.NewCipher}
	des3        = symmetric{oid.DESEDE3CBC, "DES-EDE3-CBC", 24, 8, modeCBC, des.NewTripleDESCipher}
	des2        = symmetric{"", "DES-EDE-CBC", 16, 8, modeCBC, newTwoKeyTripleDES}
	rc4of128    = symmetric{"", "RC4-128", 16, 0, modeCBC, nil}
	rc4of40     = symmetric{"", "RC4-40", 5, 0, modeCBC, nil}
)

// rc2Cipher is RC2 with a key of so many octets and effective bits.
func rc2Cipher(octets, effective int) symmetric {
	return symmetric{oid.RC2CBC, fmt.Sprintf("RC2-%d-CBC", effective), octets, 8, modeCBC, func(key []byte) (cipher.Block, error) {
		return newRC2(key, effective), nil
	}}
}

func newTwoKeyTripleDES(key []byte) (cipher.Block, error) {
	return des.NewTripleDESCipher(append(append([]byte{}, key...), key[:8]...))
}

// named holds the ciphers that can be written, in PBES2 and DEK-Info.
func named() []symmetric {
	return []symmetric{aes256, aes128, aes192, des3, des1, camellia128, camellia192, camellia256}
}

func cipherByName(name string) (symmetric, bool) {
	for _, c := range named() {
		if strings.EqualFold(c.name, name) {
			return c, true
		}
	}
	return symmetric{}, false
}

// decrypt returns ErrPassphrase where the padding is not what PKCS #7 wants.
func (s symmetric) decrypt(key, iv, data []byte) ([]byte, error) {
	if s.block == 0 {
		return rc4Stream(key, data)
	}
	if s.mode == modeCBC && (len(data) == 0 || len(data)%s.block != 0) {
		return nil, fmt.Errorf("the encrypted data are %d octets long, which %s cannot be; the file is cut short or damaged", len(data), s.name)
	}
	b, err := s.open(key)
	if err != nil {
		return nil, fmt.Errorf("setting up %s: %w", s.name, err)
	}
	if s.mode != modeCBC {
		return s.mode.stream(b, iv, data), nil
	}
	out := make([]byte, len(data))
	cipher.NewCBCDecrypter(b, iv).CryptBlocks(out, data)
	pad := int(out[len(out)-1])
	if pad == 0 || pad > s.block {
		return nil, ErrPassphrase
	}
	for _, c := range out[len(out)-pad:] {
		if int(c) != pad {
			return nil, ErrPassphrase
		}
	}
	return out[:len(out)-pad], nil
}

func (s symmetric) encrypt(key, iv, data []byte) ([]byte, error) {
	if s.block == 0 {
		return rc4Stream(key, data)
	}
	b, err := s.open(key)
	if err != nil {
		return nil, fmt.Errorf("setting up %s: %w", s.name, err)
	}
	pad := s.block - len(data)%s.block
	out := make([]byte, len(data), len(data)+pad)
	copy(out, data)
	for range pad {
		out = append(out, byte(pad))
	}
	cipher.NewCBCEncrypter(b, iv).CryptBlocks(out, out)
	return out, nil
}

func rc4Stream(key, data []byte) ([]byte, error) {
	c, err := rc4.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("setting up RC4: %w", err)
	}
	out := make([]byte, len(data))
	c.XORKeyStream(out, data)
	return out, nil
}

func randomOctets(random io.Reader, n int) ([]byte, error) {
	out := make([]byte, n)
	if _, err := io.ReadFull(random, out); err != nil {
		return nil, fmt.Errorf("reading random octets: %w", err)
	}
	return out, nil
}
