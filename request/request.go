// Package request holds the one form that every certification request
// becomes, whatever format it came in, and the reasons for refusing one.
package request

import (
	"crypto/sha256"
	"slices"

	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/format/spkac"
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
	Raw        []byte // what it was parsed from, and Parse reads again: DER, or of an SPKAC with a subject the lines of its file
	Subject    dn.Name
	PublicKey  *key.Public     // of type "none" where the request has none, which Problem says
	Extensions []ext.Extension // what the request asks for, in order
	Problem    *Refusal        // why it must be refused whoever sends it, so that the refusal can be recorded; nil where nothing stands against it
	PKCS10     *pkcs10.Request
	CRMF       *crmf.Message
	SPKAC      *spkac.Request

	loose string // how the encoding of one message of a batch is not DER
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
func (r *Request) SubjectAltNames() []ext.GeneralName { return ext.SubjectAltNames(r.Extensions) }

// ChallengePassword returns what the sender is known by later, to revoke: the
// challenge password (RFC 2985, Section 5.4.1), or the authenticator of a CRMF
// (RFC 4211, Section 6.2). The registration token of a CRMF is none, as it is
// good for one time (Section 6.1), and the challenge of an SPKAC is none: the
// authority made it.
func (r *Request) ChallengePassword() (string, bool) {
	switch {
	case r.PKCS10 != nil:
		return r.PKCS10.Text(oid.ChallengePassword)
	case r.CRMF != nil:
		if control, ok := r.CRMF.Request.Control(crmf.Authenticator); ok {
			text, err := control.Text()
			return text, err == nil
		}
	}
	return "", false
}

// Deviations are what the encoding of the request does that DER or the
// format's standard does not allow, in plain words.
func (r *Request) Deviations() []string {
	switch {
	case r.PKCS10 != nil:
		return r.PKCS10.Deviations
	case r.SPKAC != nil:
		return r.SPKAC.Deviations
	case r.CRMF == nil:
		return nil
	case r.loose == "":
		return r.CRMF.Deviations
	}
	return append(slices.Clone(r.CRMF.Deviations), r.loose)
}

// SignatureAlgorithm is the algorithm that the proof of possession is signed
// by; false where it is no signature.
func (r *Request) SignatureAlgorithm() (key.AlgorithmIdentifier, bool) {
	switch {
	case r.PKCS10 != nil:
		return r.PKCS10.SignatureAlgorithm, true
	case r.SPKAC != nil:
		return r.SPKAC.SignatureAlgorithm, true
	case r.CRMF != nil && r.CRMF.Proof != nil && r.CRMF.Proof.Signature != nil:
		return r.CRMF.Proof.Signature.Algorithm, true
	}
	return key.AlgorithmIdentifier{}, false
}
