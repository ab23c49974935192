// Package request holds the one form that every certification request
// becomes, whatever format it came in, and the reasons for refusing one.
package request

import (
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pkcs10"
)

// Format is the wire format a request came in.
type Format string

// The formats.
const (
	PKCS10 Format = "pkcs10"
	CRMF   Format = "crmf"
	SPKAC  Format = "spkac"
)

// Request is a request for a certificate. Exactly one of the pointers to the
// wire form is set.
type Request struct {
	Format     Format
	Raw        []byte // the DER it was parsed from
	Subject    dn.Name
	PublicKey  *key.Public
	Extensions []ext.Extension // what the request asks for, in order
	PKCS10     *pkcs10.Request
}

// Parse reads every request in data: PEM, DER or bare base64. Data with no
// request in them are a *Refusal (BadFormat) that says what they looked like.
func Parse(data []byte) ([]*Request, error) { panic("unwritten") }

// FromPKCS10 makes the common form of a parsed PKCS#10 request.
func FromPKCS10(p *pkcs10.Request) (*Request, error) { panic("unwritten") }

// Fingerprint returns the SHA-256 of the request's DER.
func (r *Request) Fingerprint() [32]byte { panic("unwritten") }

// SubjectAltNames returns the names asked for; nil where there are none or
// the extension cannot be read.
func (r *Request) SubjectAltNames() []ext.GeneralName { panic("unwritten") }

// ChallengePassword returns the challenge password (RFC 2985, Section 5.4.1).
func (r *Request) ChallengePassword() (string, bool) { panic("unwritten") }
