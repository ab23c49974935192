// Package pkcs10 reads and writes PKCS#10 certification requests, keeping
// every byte and every attribute (RFC 2986).
package pkcs10

import (
	"fmt"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// Request is a CertificationRequest as it was read.
type Request struct {
	Raw                []byte
	RawInfo            []byte // CertificationRequestInfo: what is signed
	Version            int    // as written; 0 is version 1, the only one there is; -1 where it fits no int
	Subject            dn.Name
	SubjectProblem     error // why Subject holds Raw alone; nil where the name was read
	PublicKey          *key.Public
	Attributes         []Attribute
	SignatureAlgorithm key.AlgorithmIdentifier
	Signature          []byte
	Trailing           []byte   // what follows the request in the data it was read from
	Deviations         []string // what the encoding does that DER or RFC 2986 does not allow, in plain words

	ragged     bool // the signature does not end on a whole octet
	extensions []ext.Extension
	broken     error // the first attribute of extensions that could not be read
}

// Attribute is one attribute with its values, each as whole DER. ID is empty
// for one that is so broken that it has no readable type.
type Attribute struct {
	ID     oid.OID
	Values [][]byte
	Raw    []byte
}

// CheckSignature verifies the proof of possession: the signature over RawInfo
// by the key in it (RFC 2986, Section 3).
func (r *Request) CheckSignature() error { return r.CheckSignatureBy(r.PublicKey) }

// CheckSignatureBy is CheckSignature by a key that need not be the request's own.
func (r *Request) CheckSignatureBy(public *key.Public) error {
	if r.ragged {
		return fmt.Errorf("the signature has unused bits: %w", key.ErrSignature)
	}
	return key.Verify(public, r.SignatureAlgorithm, r.RawInfo, r.Signature)
}

// Attribute returns the first attribute of this type.
func (r *Request) Attribute(id oid.OID) (Attribute, bool) {
	for _, a := range r.Attributes {
		if a.ID == id {
			return a, true
		}
	}
	return Attribute{}, false
}

// Extensions returns what the extensionRequest attributes ask for, of both
// identifiers (RFC 2985, Section 5.4.2; Microsoft's), in order. With an error
// it returns what could be read of the other attributes.
func (r *Request) Extensions() ([]ext.Extension, error) { return r.extensions, r.broken }
