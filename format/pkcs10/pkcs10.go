// Package pkcs10 reads and writes PKCS#10 certification requests, keeping
// every byte and every attribute (RFC 2986).
package pkcs10

import (
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// Request is a CertificationRequest as it was read.
type Request struct {
	Raw                []byte
	RawInfo            []byte // CertificationRequestInfo: what is signed
	Version            int    // as written; 0 is version 1, the only one there is
	Subject            dn.Name
	PublicKey          *key.Public
	Attributes         []Attribute
	SignatureAlgorithm key.AlgorithmIdentifier
	Signature          []byte
	Deviations         []string // what the encoding does that DER or RFC 2986 does not allow, in plain words
}

// Attribute is one attribute with its values, each as whole DER.
type Attribute struct {
	ID     oid.OID
	Values [][]byte
	Raw    []byte
}

// Parse reads one request in DER.
func Parse(raw []byte) (*Request, error) { panic("unwritten") }

// CheckSignature verifies the proof of possession: the signature over RawInfo
// by the key in it (RFC 2986, Section 3).
func (r *Request) CheckSignature() error { panic("unwritten") }

// Extensions returns what the extensionRequest attributes ask for, of both
// identifiers (RFC 2985, Section 5.4.2; Microsoft's), in order.
func (r *Request) Extensions() ([]ext.Extension, error) { panic("unwritten") }

// Text returns the string value of an attribute such as challengePassword.
func (r *Request) Text(id oid.OID) (string, bool) { panic("unwritten") }

// Template is what a new request says.
type Template struct {
	Subject    dn.Name
	Extensions []ext.Extension
	Attributes []Attribute // besides extensionRequest; Raw is ignored
}

// Create writes and signs a request.
func Create(t Template, k *key.Private, alg key.SignatureAlgorithm) (*Request, error) {
	panic("unwritten")
}

// NewTextAttribute makes challengePassword, unstructuredName and their like,
// in the string type RFC 2985 asks for.
func NewTextAttribute(id oid.OID, text string) (Attribute, error) { panic("unwritten") }
