package ocsp

import (
	"bytes"
	"crypto"
	_ "crypto/sha1" // the hash that most clients name certificates by
	_ "crypto/sha256"
	_ "crypto/sha512"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// CertID names a certificate by hashes of its issuer's name and key, and its
// serial number (RFC 6960, Section 4.1.1).
type CertID struct {
	Raw            []byte
	HashAlgorithm  key.AlgorithmIdentifier
	IssuerNameHash []byte
	IssuerKeyHash  []byte
	Serial         []byte // magnitude, most significant octet first
	Negative       bool   // the serial number is below zero
}

// NewCertID names the certificate with this serial number of an issuer. The
// hash is SHA-1, which every responder knows, or of the SHA-2 family.
func NewCertID(hash crypto.Hash, issuer *cert.Certificate, serial *big.Int) (CertID, error) {
	id, ok := hashIdentifier(hash)
	if !ok {
		return CertID{}, fmt.Errorf("certificates are not named by the hash %v", hash)
	}
	c := CertID{IssuerNameHash: digest(hash, issuer.Subject.Raw), IssuerKeyHash: digest(hash, issuer.PublicKey.Bits), Serial: serial.Bytes(), Negative: serial.Sign() < 0}
	var b der.Builder
	all := b.Begin(der.Sequence)
	algorithm := b.Begin(der.Sequence)
	b.OID(string(id))
	b.Null()
	b.End(algorithm)
	b.Add(der.OctetString, c.IssuerNameHash)
	b.Add(der.OctetString, c.IssuerKeyHash)
	b.BigInt(serial)
	b.End(all)
	return ParseCertID(b.Bytes())
}

// ParseCertID reads one CertID.
func ParseCertID(raw []byte) (CertID, error) {
	e, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return CertID{}, describe("certID", err)
	}
	return certIDOf(e)
}

func certIDOf(e der.Element) (c CertID, err error) {
	c.Raw = e.Raw
	in := e.Children()
	algorithm, err := in.Take(der.Sequence)
	if err != nil {
		return c, describe("certID: hashAlgorithm", err)
	}
	if c.HashAlgorithm, err = key.ParseAlgorithmIdentifier(algorithm.Raw); err != nil {
		return c, describe("certID: hashAlgorithm", err)
	}
	name, err := in.Take(der.OctetString)
	if err != nil {
		return c, describe("certID: issuerNameHash", err)
	}
	public, err := in.Take(der.OctetString)
	if err != nil {
		return c, describe("certID: issuerKeyHash", err)
	}
	serial, err := in.Take(der.Integer)
	if err != nil {
		return c, describe("certID: serialNumber", err)
	}
	if len(serial.Content) == 0 {
		return c, errors.New("certID: serialNumber: INTEGER is empty")
	}
	c.IssuerNameHash, c.IssuerKeyHash = name.Content, public.Content
	c.Serial, c.Negative = serial.Content, serial.Content[0] >= 0x80
	if c.Negative {
		n, err := serial.BigInt()
		if err != nil {
			return c, describe("certID: serialNumber", err)
		}
		c.Serial = n.Bytes()
	}
	for len(c.Serial) > 1 && c.Serial[0] == 0 {
		c.Serial = c.Serial[1:]
	}
	return c, describe("certID", in.End())
}

// hashes are those that a CertID is made with.
var hashes = [...]crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512}

// Hash is the hash that the certificate is named by; 0 for one that is not
// known, or has parameters.
func (c *CertID) Hash() crypto.Hash {
	p := c.HashAlgorithm.Parameters
	if p != nil && !bytes.Equal(p, []byte{byte(der.Null), 0}) {
		return 0
	}
	if h := key.HashByID(c.HashAlgorithm.ID); slices.Contains(hashes[:], h) {
		return h
	}
	return 0
}

// Of reports whether the certificate is one that this issuer issued, by name
// and key.
func (c *CertID) Of(issuer *cert.Certificate) bool {
	hash := c.Hash()
	return hash != 0 && bytes.Equal(c.IssuerNameHash, digest(hash, issuer.Subject.Raw)) && bytes.Equal(c.IssuerKeyHash, digest(hash, issuer.PublicKey.Bits))
}

// Names reports whether the CertID names this certificate of this issuer.
func (c *CertID) Names(certificate, issuer *cert.Certificate) bool {
	return c.SerialNumber().Cmp(certificate.Serial) == 0 && c.Of(issuer)
}

// SerialNumber is the serial number with its sign.
func (c *CertID) SerialNumber() *big.Int {
	n := new(big.Int).SetBytes(c.Serial)
	if c.Negative {
		n.Neg(n)
	}
	return n
}

func hashIdentifier(hash crypto.Hash) (oid.OID, bool) {
	return key.HashID(hash), slices.Contains(hashes[:], hash)
}

func digest(hash crypto.Hash, data []byte) []byte {
	h := hash.New()
	h.Write(data)
	return h.Sum(nil)
}
