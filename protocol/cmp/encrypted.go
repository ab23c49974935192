package cmp

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"

	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// EncryptFor encrypts a certificate, or a private key, to a public key. Version
// 3 of the protocol takes an EnvelopedData; version 2 an EncryptedValue, for RSA
// keys only (RFC 9810, Section 5.2.2). The identifier is that of a certificate
// of the key; one that has none yet is meant by its key identifier.
func EncryptFor(public *key.Public, id cms.Identifier, content []byte, version int, random io.Reader) (*crmf.EncryptedKey, error) {
	if version >= Version3 {
		if id.Serial == nil && id.KeyIdentifier == nil {
			id.KeyIdentifier = public.Identifier()
		}
		sealed, err := cms.Encrypt(content, cms.Envelope{Cipher: oid.AES256CBC, For: []cms.For{{Public: public, Identifier: id}}}, random)
		if err != nil {
			return nil, err
		}
		return &crmf.EncryptedKey{Enveloped: sealed.Content}, nil
	}
	value, err := encryptValue(public, content, random)
	if err != nil {
		return nil, fmt.Errorf("writing an EncryptedValue: %w", err)
	}
	return &crmf.EncryptedKey{Value: value}, nil
}

// encryptValue encrypts by AES-256-CBC, and its key by RSAES-PKCS1-v1_5, the
// way that programs of version 2 read.
func encryptValue(public *key.Public, content []byte, random io.Reader) (*crmf.EncryptedValue, error) {
	k, ok := public.Key.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("nothing can be encrypted to this key (%s) in version 2 of the protocol; use version 3", public)
	}
	secret := make([]byte, 32+aes.BlockSize)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, fmt.Errorf("reading random octets: %w", err)
	}
	cek, iv := secret[:32], secret[32:]
	block, err := aes.NewCipher(cek)
	if err != nil {
		return nil, err
	}
	pad := aes.BlockSize - len(content)%aes.BlockSize
	sealed := make([]byte, len(content)+pad)
	for i := copy(sealed, content); i < len(sealed); i++ {
		sealed[i] = byte(pad)
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(sealed, sealed)
	wrapped, err := rsa.EncryptPKCS1v15(random, k, cek)
	if err != nil {
		return nil, err
	}
	var b der.Builder
	outer := b.Begin(der.Sequence)
	symmetric := b.Begin(der.ContextConstructed(1))
	b.OID(string(oid.AES256CBC))
	b.Add(der.OctetString, iv)
	b.End(symmetric)
	b.Add(der.Context(2), append([]byte{0}, wrapped...))
	algorithm := b.Begin(der.ContextConstructed(3))
	b.OID(string(oid.RSAEncryption))
	b.Null()
	b.End(algorithm)
	b.Bits(sealed)
	b.End(outer)
	return crmf.ParseEncryptedValue(b.Bytes())
}

// Decrypt opens a certificate, or a private key, that was encrypted to a key.
// What is wrong with the key or what it decrypts is not told apart:
// cms.ErrDecrypt.
func Decrypt(k *crmf.EncryptedKey, private crypto.PrivateKey) ([]byte, error) {
	if k.Value != nil {
		return decryptValue(k.Value, private)
	}
	e, err := cms.ParseEnvelopedData(k.Enveloped)
	if err != nil {
		return nil, err
	}
	return e.Decrypt(cms.Opener{Key: private})
}

func decryptValue(v *crmf.EncryptedValue, private crypto.PrivateKey) ([]byte, error) {
	if v.SymmetricAlgorithm == nil || v.KeyAlgorithm == nil || v.EncryptedKey == nil {
		return nil, errors.New("reading an EncryptedValue: it does not say how it was encrypted")
	}
	if v.KeyAlgorithm.ID != oid.RSAEncryption {
		return nil, fmt.Errorf("reading an EncryptedValue: the algorithm %s is not known; RSAES-PKCS1-v1_5 is", v.KeyAlgorithm.ID.Name())
	}
	size, open, err := valueCipher(v.SymmetricAlgorithm.ID)
	if err != nil {
		return nil, fmt.Errorf("reading an EncryptedValue: %w", err)
	}
	k, ok := private.(*rsa.PrivateKey)
	if !ok {
		return nil, cms.ErrDecrypt
	}
	cek := make([]byte, size)
	if err := rsa.DecryptPKCS1v15SessionKey(nil, k, v.EncryptedKey, cek); err != nil {
		return nil, cms.ErrDecrypt
	}
	block, err := open(cek)
	if err != nil {
		return nil, cms.ErrDecrypt
	}
	iv, err := der.ParseTag(v.SymmetricAlgorithm.Parameters, der.OctetString)
	if err != nil || len(iv.Content) != block.BlockSize() || len(v.Value) == 0 || len(v.Value)%block.BlockSize() != 0 {
		return nil, cms.ErrDecrypt
	}
	out := make([]byte, len(v.Value))
	cipher.NewCBCDecrypter(block, iv.Content).CryptBlocks(out, v.Value)
	pad := int(out[len(out)-1])
	if pad == 0 || pad > block.BlockSize() {
		return nil, cms.ErrDecrypt
	}
	return out[:len(out)-pad], nil
}

func valueCipher(id oid.OID) (size int, open func([]byte) (cipher.Block, error), err error) {
	switch id {
	case oid.AES128CBC:
		return 16, aes.NewCipher, nil
	case oid.AES192CBC:
		return 24, aes.NewCipher, nil
	case oid.AES256CBC:
		return 32, aes.NewCipher, nil
	case oid.DESEDE3CBC:
		return 24, des.NewTripleDESCipher, nil
	}
	return 0, nil, fmt.Errorf("the cipher %s is not known; AES in CBC mode and triple DES are", id.Name())
}
