package keystore

import (
	"bytes"
	"crypto/cipher"
	"crypto/des"
	"crypto/md5"
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pbe"
)

// jceksProtector encrypts the private keys of JCEKS, which is JKS otherwise:
// triple DES with key and IV from two chains of MD5, one for each half of the
// salt (com.sun.crypto.provider.PBES1Core).
const jceksProtector oid.OID = "\x2b\x06\x01\x04\x01\x2a\x02\x13\x01" // 1.3.6.1.4.1.42.2.19.1

var errJCEKS = errors.New("the encryption of a private key has parameters that cannot be read; the file is damaged")

// unprotectJCEKS decrypts by the parameters of jceksProtector.
func unprotectJCEKS(parameters, data, password []byte) ([]byte, error) {
	e, err := der.ParseTag(parameters, der.Sequence)
	if err != nil {
		return nil, errJCEKS
	}
	r := e.Children()
	salt, err := r.Take(der.OctetString)
	if err != nil || len(salt.Content) != 8 {
		return nil, errJCEKS
	}
	count, err := r.Take(der.Integer)
	if err != nil {
		return nil, errJCEKS
	}
	iterations, err := count.Int()
	if err != nil || iterations < 1 || iterations > pbe.MaxIterations {
		return nil, fmt.Errorf("a private key asks for %d iterations of key derivation, and at most %d are accepted; have its maker write it again with fewer", iterations, pbe.MaxIterations)
	}
	if len(data) == 0 || len(data)%des.BlockSize != 0 {
		return nil, errJKSCut
	}
	derived := jceksKey(salt.Content, password, iterations)
	block, err := des.NewTripleDESCipher(derived[:24])
	if err != nil {
		return nil, fmt.Errorf("setting up triple DES: %w", err)
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, derived[24:]).CryptBlocks(plain, data)
	pad := int(plain[len(plain)-1])
	if pad < 1 || pad > des.BlockSize || !bytes.HasSuffix(plain, bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil, ErrPassphrase
	}
	return plain[:len(plain)-pad], nil
}

func jceksKey(salt, password []byte, iterations int) []byte {
	first, second := bytes.Clone(salt[:4]), salt[4:]
	// Java means to reverse the first half where both are equal, and does this.
	if bytes.Equal(first, second) {
		for i := range 2 {
			first[i], first[3] = first[3-i], first[i]
		}
	}
	var out []byte
	for _, half := range [][]byte{first, second} {
		for range iterations {
			h := md5.New()
			h.Write(half)
			h.Write(password)
			half = h.Sum(nil)
		}
		out = append(out, half...)
	}
	return out
}
