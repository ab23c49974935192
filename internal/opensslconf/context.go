package opensslconf

import (
	"fmt"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pkcs10"
)

// Context is what extensions are made for. The zero value knows nothing:
// values that copy from the subject or the issuer are then errors.
type Context struct {
	// Subject is the name of the subject; "email:move" takes its addresses out
	// of it. Nil where there is no subject, as in a revocation list.
	Subject *dn.Name
	// PublicKey is the subject's, for subjectKeyIdentifier = hash.
	PublicKey *key.Public
	// Request, where not nil, gives Subject and PublicKey if those are nil.
	Request *pkcs10.Request
	// Existing are extensions that the subject has already; those that
	// Extensions makes count as such one after the other.
	Existing []ext.Extension
	// Issuer is the issuer's certificate. Nil for requests.
	Issuer *cert.Certificate
	// SelfIssued says that the certificate being made is its own issuer:
	// Subject, Serial and Existing are then the issuer's.
	SelfIssued bool
	// Serial is the serial number of the certificate being made: content
	// octets, needed with SelfIssued.
	Serial []byte
	// IssuerKey is the key that will sign. It tells whether a certificate is
	// self-signed, and stands in for a missing subject key identifier of a
	// self-issued certificate. It may be nil.
	IssuerKey *key.Public
	// CRL says that a revocation list is being made.
	CRL bool
	// SyntaxOnly asks for a check of the syntax alone: nothing is copied.
	SyntaxOnly bool
	// Mask is the string_mask in force, for names inside extensions.
	Mask StringMask
	// Sections, where not nil, holds the sections that dirName, policies,
	// distribution points and ASN1 name, if that is not the file that has the
	// extensions (the texts of -addext).
	Sections *File
}

// ExtensionError is an extension that cannot be made of its text.
type ExtensionError struct {
	Section string // empty where the extension comes from a command line
	Name    string
	Value   string
	File    string // empty where the extension comes from a command line
	Line    int
	Err     error
}

// Error returns where the extension stands and what is wrong with it.
func (e *ExtensionError) Error() string {
	text := fmt.Sprintf("extension %s = %s: %v", e.Name, clip(e.Value), e.Err)
	if e.File != "" {
		return fmt.Sprintf("%s:%d: section %s: %s", e.File, e.Line, e.Section, text)
	}
	return text
}

// Unwrap returns what is wrong.
func (e *ExtensionError) Unwrap() error { return e.Err }

// subject returns the subject's name and key as far as they are known.
func (c *Context) subject() (*dn.Name, *key.Public) {
	name, pub := c.Subject, c.PublicKey
	if c.Request != nil {
		if name == nil {
			name = &c.Request.Subject
		}
		if pub == nil {
			pub = c.Request.PublicKey
		}
	}
	return name, pub
}

// selfSigned reports whether the subject's key is the one that signs.
func (c *Context) selfSigned() bool {
	_, pub := c.subject()
	if c.IssuerKey == nil {
		return c.SelfIssued
	}
	return pub != nil && string(c.IssuerKey.Raw) == string(pub.Raw)
}
