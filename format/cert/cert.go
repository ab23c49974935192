// Package cert reads X.509 certificates without losing a byte, and writes
// what an issuer signs (RFC 5280, Section 4.1).
package cert

import (
	"math/big"
	"time"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
)

// Certificate is a certificate as it was read.
type Certificate struct {
	Raw                []byte
	RawTBS             []byte
	Version            int // 1, 2 or 3
	Serial             *big.Int
	SerialBytes        []byte                  // content octets of the serial number
	Signature          key.AlgorithmIdentifier // inside what is signed
	Issuer             dn.Name
	NotBefore          time.Time
	NotAfter           time.Time
	Subject            dn.Name
	PublicKey          *key.Public
	IssuerUniqueID     []byte
	SubjectUniqueID    []byte
	Extensions         []ext.Extension
	SignatureAlgorithm key.AlgorithmIdentifier // beside the signature
	SignatureValue     []byte
}

// Parse reads one certificate in DER.
func Parse(raw []byte) (*Certificate, error) { panic("unwritten") }

// CheckSignature verifies the signature by this key.
func (c *Certificate) CheckSignature(by *key.Public) error { panic("unwritten") }

// SelfIssued reports whether subject and issuer are the same name.
func (c *Certificate) SelfIssued() bool { panic("unwritten") }

// SubjectAltNames returns the names of the subjectAltName extension.
func (c *Certificate) SubjectAltNames() []ext.GeneralName { panic("unwritten") }

// Fingerprint returns the SHA-256 of the certificate.
func (c *Certificate) Fingerprint() [32]byte { panic("unwritten") }

// TBS is what an issuer signs.
type TBS struct {
	Serial     []byte // magnitude, most significant octet first
	Signature  []byte // DER of the AlgorithmIdentifier
	Issuer     []byte // DER of the Name
	NotBefore  time.Time
	NotAfter   time.Time
	Subject    []byte // DER of the Name
	PublicKey  []byte // DER of the SubjectPublicKeyInfo
	Extensions []ext.Extension
}

// AppendTBS appends the DER of a TBSCertificate (version 3, or 1 without
// extensions) to buf.
func AppendTBS(buf []byte, t *TBS) []byte { panic("unwritten") }

// Assemble appends the DER of the certificate made of a TBSCertificate, the
// DER of its signature algorithm, and the signature.
func Assemble(buf, tbs, algorithm, signature []byte) []byte { panic("unwritten") }
