package key

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"

	"filippo.io/mldsa"
	"github.com/cloudflare/circl/sign/ed448"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/pbe"
)

// EncryptOptions say how a private key is encrypted; the zero value is PBES2
// with AES-256-CBC and PBKDF2-HMAC-SHA-256 of 600,000 iterations.
type EncryptOptions = pbe.Options

// MarshalPKCS8 writes a private key as PrivateKeyInfo (RFC 5208; RFC 5958,
// Section 2), ML-DSA keys by their seed where they have it (RFC 9881, Section 6).
func MarshalPKCS8(p *Private) ([]byte, error) {
	var octets []byte
	var err error
	switch k := p.Key.(type) {
	case nil:
		if p.info == nil {
			return nil, errors.New("writing a private key: it is not here, only its public half is")
		}
		return p.info, nil
	case *rsa.PrivateKey:
		octets = encodeRSAPrivate(k)
	case *ecdsa.PrivateKey:
		octets, err = encodeSEC1(k, p.Public, false)
	case ed25519.PrivateKey:
		octets = octetString(k.Seed())
	case ed448.PrivateKey:
		octets = octetString(k.Seed())
	case *ecdh.PrivateKey:
		octets = octetString(k.Bytes())
	case *mldsa.PrivateKey:
		var b der.Builder
		b.Add(der.Context(0), k.Bytes())
		octets = b.Bytes()
	case *ExpandedMLDSA:
		octets = octetString(k.octets)
	default:
		err = fmt.Errorf("writing a private key of the Go type %T is not possible", k)
	}
	if err != nil {
		return nil, err
	}
	return privateKeyInfo(p.Public.Algorithm, octets), nil
}

func octetString(content []byte) []byte {
	var b der.Builder
	b.Add(der.OctetString, content)
	return b.Bytes()
}

// MarshalPKCS8Both is MarshalPKCS8 for readers that cannot expand the seed of
// an ML-DSA key: it writes the seed and the expanded key (RFC 9881, Section
// 6). Other keys come out as from MarshalPKCS8.
func MarshalPKCS8Both(p *Private) ([]byte, error) {
	k, ok := p.Key.(*mldsa.PrivateKey)
	if !ok {
		return MarshalPKCS8(p)
	}
	seed := k.Bytes()
	var b der.Builder
	both := b.Begin(der.Sequence)
	b.Add(der.OctetString, seed)
	b.Add(der.OctetString, mldsaSetOf(p.Public.Algorithm.ID).derive((*[32]byte)(seed)))
	b.End(both)
	return privateKeyInfo(p.Public.Algorithm, b.Bytes()), nil
}

// EncryptPKCS8 writes a private key as EncryptedPrivateKeyInfo (RFC 5958,
// Section 3). Salt and IV are read from random.
func EncryptPKCS8(p *Private, passphrase []byte, o EncryptOptions, random io.Reader) ([]byte, error) {
	info, err := MarshalPKCS8(p)
	if err != nil {
		return nil, err
	}
	return WrapPKCS8(info, passphrase, o, random)
}

// WrapPKCS8 encrypts a PrivateKeyInfo; UnwrapPKCS8 undoes it.
func WrapPKCS8(info, passphrase []byte, o EncryptOptions, random io.Reader) ([]byte, error) {
	algorithm, encrypted, err := pbe.Encrypt(o, info, passphrase, random)
	if err != nil {
		return nil, fmt.Errorf("encrypting a private key: %w", err)
	}
	var b der.Builder
	all := b.Begin(der.Sequence)
	b.Raw(algorithm)
	b.Add(der.OctetString, encrypted)
	b.End(all)
	return b.Bytes(), nil
}

// MarshalTraditional writes an RSA key as PKCS #1 (label "RSA PRIVATE KEY")
// and an elliptic curve key as SEC1 (label "EC PRIVATE KEY"), for programs
// older than PKCS #8.
func MarshalTraditional(p *Private) (label string, data []byte, err error) {
	switch k := p.Key.(type) {
	case *rsa.PrivateKey:
		return "RSA PRIVATE KEY", encodeRSAPrivate(k), nil
	case *ecdsa.PrivateKey:
		data, err = encodeSEC1(k, p.Public, true)
		return "EC PRIVATE KEY", data, err
	case nil:
		if p.Public.Type == "RSA" && p.info != nil {
			data, err = octetsOf(p.info)
			return "RSA PRIVATE KEY", data, err
		}
	}
	return "", nil, fmt.Errorf("%s keys have no traditional form; write the key as PKCS #8", p.Public)
}

// EncryptTraditional writes the traditional form in PEM, encrypted as `openssl
// genrsa -des3 -traditional` does it, with a cipher of pbe.Ciphers such as
// "DES-EDE3-CBC". One round of MD5 protects the passphrase: PKCS #8 does better.
func EncryptTraditional(p *Private, passphrase []byte, cipher string, random io.Reader) ([]byte, error) {
	label, data, err := MarshalTraditional(p)
	if err != nil {
		return nil, err
	}
	out, err := pbe.EncryptPEM(label, cipher, data, passphrase, random)
	if err != nil {
		return nil, fmt.Errorf("encrypting a private key: %w", err)
	}
	return out, nil
}
