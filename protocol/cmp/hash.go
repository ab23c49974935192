package cmp

import (
	"crypto"
	_ "crypto/sha1" // certificates may be signed with any of these
	_ "crypto/sha256"
	_ "crypto/sha3"
	_ "crypto/sha512"
	"fmt"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// CertHash returns the certHash that confirms a certificate: by the hash of
// its signature, or by algorithm where one is given. Signatures without a hash
// of their own need one: SHA-512 is returned with them (RFC 9810, Section
// 5.3.18; RFC 9481, Section 3.3).
func CertHash(c *cert.Certificate, algorithm *key.AlgorithmIdentifier) ([]byte, *key.AlgorithmIdentifier, error) {
	hash := key.ParseSignatureAlgorithm(c.SignatureAlgorithm).Hash
	if algorithm != nil {
		hash = HashByID(algorithm.ID)
		if hash == 0 {
			return nil, nil, fmt.Errorf("the hash %s is not known", algorithm.ID.Name())
		}
	} else if hash == 0 {
		var b der.Builder
		outer := b.Begin(der.Sequence)
		b.OID(string(oid.SHA512))
		b.End(outer)
		a, err := key.ParseAlgorithmIdentifier(b.Bytes())
		if err != nil {
			return nil, nil, err
		}
		hash, algorithm = crypto.SHA512, &a
	}
	if !hash.Available() {
		return nil, nil, fmt.Errorf("the hash %v cannot be computed", hash)
	}
	h := hash.New()
	h.Write(c.Raw)
	return h.Sum(nil), algorithm, nil
}

// HashByID returns the hash that an identifier names, 0 for MD5 and for what is
// not known.
func HashByID(id oid.OID) crypto.Hash {
	if h := key.HashByID(id); h != crypto.MD5 {
		return h
	}
	return 0
}
