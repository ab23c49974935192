// Package ext reads and writes the extensions of requests, certificates and
// revocation lists, and the general names inside them (RFC 5280, Section 4.2
// and 5.2).
package ext

import (
	"github.com/certwright/certwright/format/oid"
)

// Extension is one extension, its value still encoded.
type Extension struct {
	ID       oid.OID
	Critical bool
	Value    []byte // content of the extnValue OCTET STRING
	Raw      []byte // as it was read; nil for one that was made
}

// Parse reads an Extensions SEQUENCE. Repeated extensions are kept.
func Parse(raw []byte) ([]Extension, error) { panic("unwritten") }

// Marshal writes an Extensions SEQUENCE; extensions that were read are
// written as they were.
func Marshal(list []Extension) []byte { panic("unwritten") }

// Find returns the first extension with this identifier.
func Find(list []Extension, id oid.OID) (Extension, bool) {
	for _, e := range list {
		if e.ID == id {
			return e, true
		}
	}
	return Extension{}, false
}

// Kind is the choice a GeneralName makes; the values are its context tags.
type Kind int

// The choices of GeneralName (RFC 5280, Section 4.2.1.6).
const (
	OtherName     Kind = 0
	Email         Kind = 1
	DNS           Kind = 2
	X400          Kind = 3
	DirectoryName Kind = 4
	EDIParty      Kind = 5
	URI           Kind = 6
	IP            Kind = 7
	RegisteredID  Kind = 8
)

// GeneralName is one name of a subjectAltName and its like.
type GeneralName struct {
	Kind    Kind
	Raw     []byte // the whole element
	Content []byte // content octets of the context tag; of the inner Name element for DirectoryName
}

// ParseGeneralName reads a name as people write it: "dns:a.example",
// "ip:192.0.2.1", "email:a@b", "uri:https://…", "upn:a@b", "dir:CN=…",
// "rid:1.2.3", "other:OID;UTF8:text" or "other:OID;HEX". Without a prefix the
// kind is told from the text. A wrong value is an error that says what is
// wrong with it.
func ParseGeneralName(text string) (GeneralName, error) { panic("unwritten") }

// ParseGeneralNames reads a GeneralNames SEQUENCE.
func ParseGeneralNames(value []byte) ([]GeneralName, error) { panic("unwritten") }

// MarshalGeneralNames writes a GeneralNames SEQUENCE.
func MarshalGeneralNames(names []GeneralName) []byte { panic("unwritten") }

// Text returns the name without its prefix: "a.example", "192.0.2.1". A value
// that is not what its kind asks for comes as "#" and hexadecimal.
func (n GeneralName) Text() string { panic("unwritten") }

// String returns the name with its prefix, as ParseGeneralName reads it.
func (n GeneralName) String() string { panic("unwritten") }

// Problem says what is wrong with the value, if anything is: octets outside
// IA5, an address of odd length, a label that no resolver takes.
func (n GeneralName) Problem() error { panic("unwritten") }

// BasicConstraints (RFC 5280, Section 4.2.1.9). PathLen is -1 where absent.
type BasicConstraints struct {
	CA      bool
	PathLen int
}

// KeyUsage holds bit i of the KeyUsage BIT STRING as bit i (RFC 5280, Section 4.2.1.3).
type KeyUsage uint32

// The bits of KeyUsage.
const (
	DigitalSignature KeyUsage = 1 << iota
	NonRepudiation
	KeyEncipherment
	DataEncipherment
	KeyAgreement
	KeyCertSign
	CRLSign
	EncipherOnly
	DecipherOnly
)

// ParseBasicConstraints, ParseKeyUsage and their like read the value of an
// extension; the New functions make a whole extension.
func ParseBasicConstraints(value []byte) (BasicConstraints, error)    { panic("unwritten") }
func NewBasicConstraints(c BasicConstraints, critical bool) Extension { panic("unwritten") }
func ParseKeyUsage(value []byte) (KeyUsage, error)                    { panic("unwritten") }
func NewKeyUsage(u KeyUsage) Extension                                { panic("unwritten") }
func ParseExtKeyUsage(value []byte) ([]oid.OID, error)                { panic("unwritten") }
func NewExtKeyUsage(ids []oid.OID, critical bool) Extension           { panic("unwritten") }
func ParseSubjectAltName(value []byte) ([]GeneralName, error)         { return ParseGeneralNames(value) }
func NewSubjectAltName(names []GeneralName, critical bool) Extension  { panic("unwritten") }
func NewSubjectKeyIdentifier(id []byte) Extension                     { panic("unwritten") }
func NewAuthorityKeyIdentifier(id []byte) Extension                   { panic("unwritten") }
func ParseSubjectKeyIdentifier(value []byte) ([]byte, error)          { panic("unwritten") }
func NewTLSFeature(features []int) Extension                          { panic("unwritten") }
func NewCRLDistributionPoints(uris []string) Extension                { panic("unwritten") }
func NewFreshestCRL(uris []string) Extension                          { panic("unwritten") }
func NewAuthorityInfoAccess(ocsp, caIssuers []string) Extension       { panic("unwritten") }
func NewCertificatePolicies(ids []oid.OID) Extension                  { panic("unwritten") }
func NewNameConstraints(c NameConstraints) Extension                  { panic("unwritten") }
func ParseNameConstraints(value []byte) (NameConstraints, error)      { panic("unwritten") }

// NameConstraints (RFC 5280, Section 4.2.1.10). IP names hold address and mask.
type NameConstraints struct {
	Permitted, Excluded []GeneralName
}

// Allows returns nil if the constraints let this name stand, else which
// subtree forbids it.
func (c NameConstraints) Allows(n GeneralName) error { panic("unwritten") }

// KeyUsageNames are the names of the bits, in order ("digitalSignature" …).
func KeyUsageNames(u KeyUsage) []string { panic("unwritten") }
