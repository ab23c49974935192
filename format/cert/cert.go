// Package cert reads X.509 certificates without losing a byte, and writes
// what an issuer signs (RFC 5280, Section 4.1).
package cert

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
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
	IssuerUniqueID     []byte // octets of the BIT STRING; nil where absent
	SubjectUniqueID    []byte
	Extensions         []ext.Extension
	SignatureAlgorithm key.AlgorithmIdentifier // beside the signature
	SignatureValue     []byte
	Deviations         []string // what the encoding does that DER or RFC 5280 does not allow, in plain words

	ragged bool // the signature does not end on a whole octet
}

// ErrAlgorithms says that the signature algorithm inside what is signed and
// the one beside the signature differ (RFC 5280, Section 4.1.1.2).
var ErrAlgorithms = errors.New("the signature algorithm beside the signature is not the one that is signed")

// CheckSignature verifies the signature by this key.
func (c *Certificate) CheckSignature(by *key.Public) error {
	if !bytes.Equal(c.SignatureAlgorithm.Raw, c.Signature.Raw) {
		return ErrAlgorithms
	}
	if c.ragged {
		return fmt.Errorf("the signature has unused bits: %w", key.ErrSignature)
	}
	return key.Verify(by, c.SignatureAlgorithm, c.RawTBS, c.SignatureValue)
}

// SelfIssued reports whether subject and issuer are the same name.
func (c *Certificate) SelfIssued() bool {
	return bytes.Equal(c.Subject.Raw, c.Issuer.Raw) || c.Subject.Equal(c.Issuer)
}

// SubjectAltNames returns the names of the subjectAltName extension; nil
// where there is none or it cannot be read.
func (c *Certificate) SubjectAltNames() []ext.GeneralName { return ext.SubjectAltNames(c.Extensions) }

// Fingerprint returns the SHA-256 of the certificate.
func (c *Certificate) Fingerprint() [32]byte { return sha256.Sum256(c.Raw) }
