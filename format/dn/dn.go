// Package dn holds distinguished names as they were written: bytes, order,
// multi-valued parts and string types survive (RFC 5280, Section 4.1.2.4).
package dn

import (
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// Name is a distinguished name. The zero value is not valid DER; Parse and
// Build make names, Empty is the name of no parts.
type Name struct {
	Raw  []byte // the SEQUENCE as it was read
	RDNs []RDN
}

// RDN is a relative distinguished name: one attribute, or several at once.
type RDN []Attribute

// Attribute is a type and a value in the string type it was given.
type Attribute struct {
	Type  oid.OID
	Tag   der.Tag // of the value
	Value []byte  // content octets of the value
	Raw   []byte  // the AttributeTypeAndValue as it was read
}

// Parse reads a Name.
func Parse(raw []byte) (Name, error) { panic("unwritten") }

// ParseText reads a name as people write it: RFC 4514 ("CN=a,O=b", last part
// first) or OpenSSL's ("/O=b/CN=a", first part first).
func ParseText(text string) (Name, error) { panic("unwritten") }

// NewAttribute makes an attribute of the string type that RFC 5280 asks for
// its kind, and checks length and alphabet.
func NewAttribute(kind oid.OID, text string) (Attribute, error) { panic("unwritten") }

// Build encodes a name of these parts, in this order.
func Build(parts ...RDN) Name { panic("unwritten") }

// Empty returns the name of no parts.
func Empty() Name { return Build() }

// IsEmpty reports whether the name has no parts.
func (n Name) IsEmpty() bool { return len(n.RDNs) == 0 }

// String returns the name as RFC 4514 writes it, most specific part first.
func (n Name) String() string { panic("unwritten") }

// Slash returns the name as `openssl x509 -nameopt compat` writes it.
func (n Name) Slash() string { panic("unwritten") }

// Values returns the values of every attribute of this type, as text, in order.
func (n Name) Values(kind oid.OID) []string { panic("unwritten") }

// Equal compares names as RFC 5280, Section 7.1 does: string types, case and
// runs of blanks make no difference.
func (n Name) Equal(other Name) bool { panic("unwritten") }

// Canonical returns octets that are equal for names that are Equal, for use
// as an index key.
func (n Name) Canonical() []byte { panic("unwritten") }

// Text returns the value as UTF-8; a value that is no valid string of its
// type comes as "#" and the hexadecimal of its DER (RFC 4514, Section 2.4).
func (a Attribute) Text() string { panic("unwritten") }
