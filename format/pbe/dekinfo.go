package pbe

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"strings"
)

// DecryptPEM decrypts the content of a PEM block by its DEK-Info header
// (RFC 1421, Section 4.6.1.3), as OpenSSL's traditional key files have it:
// one round of MD5 makes the key, the first 8 octets of the IV are the salt.
func DecryptPEM(dekInfo string, data, password []byte) ([]byte, error) {
	c, iv, err := parseDEKInfo(dekInfo)
	if err != nil {
		return nil, err
	}
	return c.decrypt(dekKey(password, iv[:8], c.key), iv, data)
}

// EncryptPEM encrypts data into a PEM block with a DEK-Info header. Cipher is
// one of Ciphers, such as "DES-EDE3-CBC"; one round of MD5 protects the
// password, so that anyone who copies the file can try many a second: PKCS #8
// is the better choice where it is one.
func EncryptPEM(label, cipher string, data, password []byte, random io.Reader) ([]byte, error) {
	c, ok := cipherByName(cipher)
	if !ok {
		return nil, fmt.Errorf("cipher %q is not known; the known ones are %s", cipher, strings.Join(Ciphers(), ", "))
	}
	iv, err := randomOctets(random, c.block)
	if err != nil {
		return nil, err
	}
	encrypted, err := c.encrypt(dekKey(password, iv[:8], c.key), iv, data)
	if err != nil {
		return nil, err
	}
	info := c.name + "," + strings.ToUpper(hex.EncodeToString(iv))
	return pem.EncodeToMemory(&pem.Block{Type: label, Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": info}, Bytes: encrypted}), nil
}

// DescribePEM reads a DEK-Info header.
func DescribePEM(dekInfo string) (Description, error) {
	c, _, err := parseDEKInfo(dekInfo)
	if err != nil {
		return Description{}, err
	}
	return Description{Scheme: "DEK-Info", KDF: "MD5", PRF: "MD5", Cipher: c.name, Iterations: 1, Salt: 8}, nil
}

func parseDEKInfo(header string) (symmetric, []byte, error) {
	name, ivText, ok := strings.Cut(header, ",")
	if !ok {
		return symmetric{}, nil, fmt.Errorf("the DEK-Info header %q names no IV; the file is damaged", header)
	}
	name = strings.TrimSpace(name)
	c, known := readable(name)
	if !known {
		return symmetric{}, nil, unsupported(name)
	}
	iv, err := hex.DecodeString(strings.TrimSpace(ivText))
	if err != nil || len(iv) != c.block {
		return symmetric{}, nil, fmt.Errorf("the DEK-Info header has no IV of %d octets for %s; the file is damaged", c.block, c.name)
	}
	return c, iv, nil
}

func dekKey(password, salt []byte, size int) []byte {
	var out, last []byte
	for len(out) < size {
		h := md5.New()
		h.Write(last)
		h.Write(password)
		h.Write(salt)
		last = h.Sum(nil)
		out = append(out, last...)
	}
	return out[:size]
}
