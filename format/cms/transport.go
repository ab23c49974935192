package cms

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// pSpecified is the label of RSAES-OAEP (RFC 4055, Section 4.1).
const pSpecified oid.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x09" // 1.2.840.113549.1.1.9

// oaep is RSAES-OAEP-params (RFC 4055, Section 4.1).
type oaep struct {
	hash, mgf crypto.Hash
	label     []byte
}

func (p oaep) options() *rsa.OAEPOptions {
	return &rsa.OAEPOptions{Hash: p.hash, MGFHash: p.mgf, Label: p.label}
}

// identifier writes the AlgorithmIdentifier; what has its default value is
// left out.
func (p oaep) identifier() []byte {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.OID(string(oid.RSAESOAEP))
	parameters := b.Begin(der.Sequence)
	if p.hash != crypto.SHA1 {
		mark := b.Begin(der.ContextConstructed(0))
		appendAlgorithm(&b, digestID(p.hash), true)
		b.End(mark)
	}
	if p.mgf != crypto.SHA1 {
		mark := b.Begin(der.ContextConstructed(1))
		mgf := b.Begin(der.Sequence)
		b.OID(string(oid.MGF1))
		appendAlgorithm(&b, digestID(p.mgf), true)
		b.End(mgf)
		b.End(mark)
	}
	b.End(parameters)
	b.End(outer)
	return b.Bytes()
}

func parseOAEP(parameters []byte) (oaep, error) {
	p := oaep{hash: crypto.SHA1, mgf: crypto.SHA1}
	outer, err := der.ParseTag(parameters, der.Sequence)
	if err != nil {
		return p, err
	}
	in := outer.Children()
	if a, ok, err := optionalExplicit(&in, 0); err != nil {
		return p, fmt.Errorf("hash: %w", err)
	} else if ok {
		if p.hash, err = digestByID(a.ID); err != nil {
			return p, err
		}
	}
	if a, ok, err := optionalExplicit(&in, 1); err != nil {
		return p, fmt.Errorf("mask generation function: %w", err)
	} else if ok {
		if a.ID != oid.MGF1 {
			return p, fmt.Errorf("the mask generation function %s is not known", a.ID.Name())
		}
		hash, err := key.ParseAlgorithmIdentifier(a.Parameters)
		if err != nil {
			return p, fmt.Errorf("mask generation function: %w", err)
		}
		if p.mgf, err = digestByID(hash.ID); err != nil {
			return p, err
		}
	}
	if a, ok, err := optionalExplicit(&in, 2); err != nil {
		return p, fmt.Errorf("label: %w", err)
	} else if ok {
		label, err := der.ParseTag(a.Parameters, der.OctetString)
		if err != nil || a.ID != pSpecified {
			return p, errors.New("the label is not one that is given")
		}
		p.label = label.Content
	}
	return p, in.End()
}

// HashOfOAEP returns the hash of RSAES-OAEP with these parameters (RFC 4055,
// Section 4.1).
func HashOfOAEP(a key.AlgorithmIdentifier) (crypto.Hash, error) {
	p, err := parseOAEP(a.Parameters)
	if err != nil {
		return 0, fmt.Errorf("parameters of RSAES-OAEP: %w", err)
	}
	return p.hash, nil
}

// optionalExplicit takes [n] EXPLICIT AlgorithmIdentifier.
func optionalExplicit(in *der.Reader, n uint8) (key.AlgorithmIdentifier, bool, error) {
	e, ok, err := in.Optional(der.ContextConstructed(n))
	if err != nil || !ok {
		return key.AlgorithmIdentifier{}, false, err
	}
	a, err := key.ParseAlgorithmIdentifier(e.Content)
	return a, true, err
}

// transport encrypts the content's key to an RSA key (RFC 3370, Section 4.2.1;
// RFC 3560).
func (f For) transport(cek []byte, random io.Reader) ([]byte, error) {
	public, ok := f.Public.Key.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("nothing can be encrypted to this key (%s)", f.Public)
	}
	var algorithm, encrypted []byte
	var err error
	if f.PKCS1v15 {
		var b der.Builder
		appendAlgorithm(&b, oid.RSAEncryption, true)
		algorithm = b.Bytes()
		encrypted, err = rsa.EncryptPKCS1v15(random, public, cek)
	} else {
		p := oaep{hash: f.hash(), mgf: f.hash()}
		algorithm = p.identifier()
		encrypted, err = rsa.EncryptOAEPWithOptions(random, public, cek, p.options())
	}
	if err != nil {
		return nil, fmt.Errorf("encrypting to an RSA key: %w", err)
	}
	var b der.Builder
	outer := b.Begin(der.Sequence)
	version := int64(0)
	if f.Identifier.Serial == nil {
		version = 2
	}
	b.Int(version)
	f.Identifier.append(&b)
	b.Raw(algorithm)
	b.Add(der.OctetString, encrypted)
	b.End(outer)
	return b.Bytes(), nil
}

// openTransport returns the content's key, of so many octets. Of
// RSAES-PKCS1-v1_5 nobody learns whether the padding was right: a key made of
// the encrypted one and the private key stands in for what is wrong, the same
// one each time.
func openTransport(r *Recipient, private crypto.PrivateKey, size int) ([]byte, error) {
	decrypter, ok := private.(crypto.Decrypter)
	if !ok {
		return nil, errUnwrap
	}
	if _, ok := decrypter.Public().(*rsa.PublicKey); !ok {
		return nil, errUnwrap
	}
	if len(r.EncryptedKeys[0]) > maxModulus {
		return nil, errUnwrap
	}
	switch r.KeyEncryption.ID {
	case oid.RSAESOAEP:
		p, err := parseOAEP(r.KeyEncryption.Parameters)
		if err != nil {
			return nil, &clearError{fmt.Errorf("parameters of RSAES-OAEP: %w", err)}
		}
		return decrypter.Decrypt(rand.Reader, r.EncryptedKeys[0], p.options())
	case oid.RSAEncryption:
		k, ok := private.(*rsa.PrivateKey)
		if !ok {
			return decrypter.Decrypt(rand.Reader, r.EncryptedKeys[0], &rsa.PKCS1v15DecryptOptions{SessionKeyLen: size})
		}
		cek := insteadOf(k, r.EncryptedKeys[0], size)
		err := rsa.DecryptPKCS1v15SessionKey(nil, k, r.EncryptedKeys[0], cek)
		return cek, err
	}
	return nil, &clearError{fmt.Errorf("the key encryption algorithm %s is not known; RSAES-PKCS1-v1_5 and RSAES-OAEP are", r.KeyEncryption.ID.Name())}
}

// maxModulus bounds the octets of what is decrypted by an RSA key.
const maxModulus = 2048

// insteadOf makes the key that takes the place of one that does not decrypt.
func insteadOf(k *rsa.PrivateKey, encrypted []byte, size int) []byte {
	secret := sha256.Sum256(k.D.Bytes())
	mac := hmac.New(sha256.New, secret[:])
	mac.Write(encrypted)
	return mac.Sum(nil)[:size]
}
