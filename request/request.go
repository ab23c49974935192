// Package request holds the one form that every certification request
// becomes, whatever format it came in, and the reasons for refusing one.
package request

import (
	"crypto/sha256"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
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

// FromPKCS10 makes the common form of a parsed PKCS#10 request. A request
// whose subject or extensions cannot be read is a *Refusal: what it asks for
// is unknown.
func FromPKCS10(p *pkcs10.Request) (*Request, error) {
	if p.SubjectProblem != nil {
		return nil, &Refusal{
			Reason: BadFormat, Field: "subject",
			Detail: "the subject of the request cannot be read: " + p.SubjectProblem.Error(),
			Fix:    "make the request again with another program",
		}
	}
	extensions, err := p.Extensions()
	if err != nil {
		return nil, &Refusal{
			Reason: BadFormat, Field: "extensions",
			Detail: err.Error(),
			Fix:    "make the request again with another program",
		}
	}
	return &Request{
		Format: PKCS10, Raw: p.Raw, Subject: p.Subject, PublicKey: p.PublicKey,
		Extensions: extensions, PKCS10: p,
	}, nil
}

// Fingerprint returns the SHA-256 of the request's DER.
func (r *Request) Fingerprint() [32]byte { return sha256.Sum256(r.Raw) }

// SubjectAltNames returns the names asked for; nil where there are none or
// the extension cannot be read.
func (r *Request) SubjectAltNames() []ext.GeneralName {
	e, ok := ext.Find(r.Extensions, oid.SubjectAltName)
	if !ok {
		return nil
	}
	names, err := ext.ParseSubjectAltName(e.Value)
	if err != nil {
		return nil
	}
	return names
}

// ChallengePassword returns the challenge password (RFC 2985, Section 5.4.1).
func (r *Request) ChallengePassword() (string, bool) {
	if r.PKCS10 == nil {
		return "", false
	}
	return r.PKCS10.Text(oid.ChallengePassword)
}
