// Package ocsp reads, writes and verifies the messages of the Online
// Certificate Status Protocol without losing a byte (RFC 6960, RFC 9654).
package ocsp

import (
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// Media types of the messages (RFC 6960, Appendix C).
const (
	RequestType  = "application/ocsp-request"
	ResponseType = "application/ocsp-response"
)

// Request is an OCSPRequest as it was read (RFC 6960, Section 4.1.1).
type Request struct {
	Raw           []byte
	RawTBS        []byte
	RequestorName *ext.GeneralName // nil where absent
	Requests      []Single
	Extensions    []ext.Extension
	Signature     *Signature // nil where the request is not signed
	Deviations    []string   // what DER does not allow, in plain words
}

// Single asks about one certificate.
type Single struct {
	Raw        []byte
	CertID     CertID
	Extensions []ext.Extension
}

// Signature is the optional signature of a request.
type Signature struct {
	Algorithm    key.AlgorithmIdentifier
	Value        []byte
	Certificates []*cert.Certificate
}

// Status is an OCSPResponseStatus (RFC 6960, Section 4.2.1).
type Status int

// The statuses; 4 is not used.
const (
	Successful       Status = 0
	MalformedRequest Status = 1
	InternalError    Status = 2
	TryLater         Status = 3
	SigRequired      Status = 5
	Unauthorized     Status = 6
)

// String is the name of the status in ASN.1.
func (s Status) String() string {
	switch s {
	case Successful:
		return "successful"
	case MalformedRequest:
		return "malformedRequest"
	case InternalError:
		return "internalError"
	case TryLater:
		return "tryLater"
	case SigRequired:
		return "sigRequired"
	case Unauthorized:
		return "unauthorized"
	}
	return fmt.Sprintf("status %d", int(s))
}

// Response is an OCSPResponse as it was read (RFC 6960, Section 4.2.1).
type Response struct {
	Raw    []byte
	Status Status
	Type   oid.OID // of the answer; empty where there is none
	Bytes  []byte  // the encoded answer
	Basic  *Basic  // the answer, where its type is id-pkix-ocsp-basic; nil otherwise
}

// Basic is a BasicOCSPResponse: exactly one of ResponderName and ResponderKey
// is set.
type Basic struct {
	Raw                []byte
	RawTBS             []byte
	ResponderName      *dn.Name
	ResponderKey       []byte // SHA-1 of the responder's public key
	ProducedAt         time.Time
	Responses          []SingleResponse
	Extensions         []ext.Extension
	SignatureAlgorithm key.AlgorithmIdentifier
	SignatureValue     []byte
	Certificates       []*cert.Certificate
	Deviations         []string // what DER does not allow, in plain words

	ragged bool // the signature does not end on a whole octet
}

// CertStatus is what is said of a certificate.
type CertStatus int

// The statuses of a certificate, with the numbers of the CHOICE.
const (
	Good    CertStatus = 0
	Revoked CertStatus = 1
	Unknown CertStatus = 2
)

// String is the name of the status in ASN.1.
func (s CertStatus) String() string {
	return [...]string{"good", "revoked", "unknown"}[s]
}

// SingleResponse is the answer about one certificate.
type SingleResponse struct {
	Raw        []byte // as read; nil for one that was made
	CertID     CertID
	Status     CertStatus
	RevokedAt  time.Time  // of Revoked
	Reason     crl.Reason // of Revoked; Unspecified is not written
	ThisUpdate time.Time
	NextUpdate time.Time // zero where absent: newer information is to be had at any time
	Extensions []ext.Extension
}

// maxCertificates bounds how many certificates of a message are read.
const maxCertificates = 16

// ErrNonce says that a nonce has no length that is allowed, is no OCTET STRING
// (RFC 9654, Section 2.1), or is there twice.
var ErrNonce = errors.New("the nonce is not 1 to 128 octets in an OCTET STRING, or is there twice")

func describe(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
