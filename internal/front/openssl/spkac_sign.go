package openssl

import (
	"crypto"
	"crypto/md5"
	"crypto/rsa"
	"fmt"
	"math/big"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/spkac"
)

// leastSigning is the least size of an RSA modulus, in bits, that the standard
// library signs with.
const leastSigning = 1024

// signSPKAC makes a signed public key and challenge. The command's default is
// MD5 with keys of any size, which are not good enough for anything else.
func signSPKAC(challenge string, p *key.Private, digest string) ([]byte, error) {
	k, isRSA := p.Key.(*rsa.PrivateKey)
	if !isRSA || digest != "md5" && k.N.BitLen() >= leastSigning {
		algorithm, err := key.ChooseSignatureAlgorithm(p.Public, digest, false)
		if err != nil {
			return nil, err
		}
		request, err := spkac.Create(challenge, p, algorithm)
		if err != nil {
			return nil, err
		}
		return request.Raw, nil
	}
	algorithm, err := weakAlgorithm(p.Public, digest)
	if err != nil {
		return nil, err
	}
	var info der.Builder
	mark := info.Begin(der.Sequence)
	info.Raw(p.Public.Raw)
	info.AddString(der.IA5String, challenge)
	info.End(mark)
	signature, err := signWeak(k, algorithm.Hash, info.Bytes())
	if err != nil {
		return nil, err
	}
	var b der.Builder
	mark = b.Begin(der.Sequence)
	b.Raw(info.Bytes(), algorithm.Identifier.Raw)
	b.Bits(signature)
	b.End(mark)
	return b.Bytes(), nil
}

// weakAlgorithm is PKCS #1 v1.5 with any digest, MD5 among them.
func weakAlgorithm(public *key.Public, digest string) (key.SignatureAlgorithm, error) {
	if digest != "md5" {
		return key.ChooseSignatureAlgorithm(public, digest, false)
	}
	var b der.Builder
	all := b.Begin(der.Sequence)
	b.OID(string(oid.MD5WithRSA))
	b.Null()
	b.End(all)
	id, err := key.ParseAlgorithmIdentifier(b.Bytes())
	return key.ParseSignatureAlgorithm(id), err
}

// signWeak signs with PKCS #1 v1.5 (RFC 8017, Section 8.2.1). Keys that the
// standard library refuses for their size are computed with here.
func signWeak(k *rsa.PrivateKey, hash crypto.Hash, message []byte) ([]byte, error) {
	var digest []byte
	if hash == crypto.MD5 {
		sum := md5.Sum(message)
		digest = sum[:]
	} else {
		h := hash.New()
		h.Write(message)
		digest = h.Sum(nil)
	}
	if k.N.BitLen() >= leastSigning {
		return rsa.SignPKCS1v15(nil, k, hash, digest)
	}
	var b der.Builder
	all := b.Begin(der.Sequence)
	hashAlgorithm(&b, key.HashID(hash))
	b.Add(der.OctetString, digest)
	b.End(all)
	size := (k.N.BitLen() + 7) / 8
	padding := size - 3 - b.Len()
	if padding < 8 {
		return nil, rsa.ErrMessageTooLong
	}
	block := []byte{0, 1}
	if key.HashID(hash) == "" {
		return nil, fmt.Errorf("%v is not signed with by a key of %d bits", hash, k.N.BitLen())
	}
	for range padding {
		block = append(block, 0xff)
	}
	block = append(append(block, 0), b.Bytes()...)
	m := new(big.Int).SetBytes(block)
	return m.Exp(m, k.D, k.N).FillBytes(make([]byte, size)), nil
}
