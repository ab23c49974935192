// Package inspect tells what an object is, a key, request, certificate,
// revocation list or their like in any encoding, and shows all that is in it,
// as text for people and as JSON for programs.
package inspect

import (
	"time"

	"github.com/certwright/certwright/format/key"
)

// Options says how to look.
type Options struct {
	// Now makes times relative ("expires in 89 days") and lets what has
	// expired be noted; the zero time leaves both out.
	Now time.Time
	// Passphrase is asked for encrypted objects; nil leaves them closed.
	Passphrase key.Passphrase
	// Secrets shows the values of private keys.
	Secrets bool
	// MaxEntries is how many entries of a revocation list or names of a long
	// list are shown; 0 is 20. Less than 0 shows all of everything: every
	// entry, every octet of a long value, and every string type.
	MaxEntries int
}

const defaultEntries = 20

func (o Options) all() bool { return o.MaxEntries < 0 }

func (o Options) entries() int {
	switch {
	case o.all():
		return int(^uint(0) >> 1)
	case o.MaxEntries == 0:
		return defaultEntries
	}
	return o.MaxEntries
}

// Kind says what an object is.
type Kind string

// The kinds of object.
const (
	PrivateKey           Kind = "privateKey"
	PublicKey            Kind = "publicKey"
	CertificationRequest Kind = "certificationRequest"
	CRMF                 Kind = "crmfRequest"
	SPKAC                Kind = "spkacRequest"
	Certificate          Kind = "certificate"
	CertificateList      Kind = "certificateList"
	OCSPRequest          Kind = "ocspRequest"
	OCSPResponse         Kind = "ocspResponse"
	CMS                  Kind = "cms"
	PKCS12               Kind = "pkcs12"
	JKS                  Kind = "jks"
	TimeStampRequest     Kind = "timeStampRequest"
	TimeStampResponse    Kind = "timeStampResponse"
	CMPMessage           Kind = "cmpMessage"
	Confirmation         Kind = "confirmation" // of a certificate for a key that cannot sign, or the answer to a challenge
	SSHCertificate       Kind = "sshCertificate"
	Parameters           Kind = "parameters"
	ASN1                 Kind = "asn1" // readable BER, but nothing known
	Unknown              Kind = "unknown"
)

// Report is everything found in one input.
type Report struct {
	Objects []Object
	Notes   []Note // on the objects together: a chain in the wrong order …
}

// Object is one object that was found.
type Object struct {
	Kind     Kind
	Title    string // the kind in words: "Certificate", "Private key, encrypted"
	Label    string // of PEM; empty otherwise
	Encoding string // "PEM", "DER", "base64", "text"
	Line     int    // where it starts, from 1
	Raw      []byte // the object, decoded
	Fields   []Field
	Notes    []Note
	Detail   any // the JSON view: *CertificateView, *RequestView …
}

// Field is one line of what is shown, or a group of them.
type Field struct {
	Name     string // the standard's term
	Value    string // plain text; several lines are separated by \n
	Note     string // what is worth saying about the value
	Raw      []byte // encoded, where the value is not the whole story
	Children []Field
}

// Note is something about a field that looks wrong or wants attention.
type Note struct {
	Field string `json:"field,omitempty"`
	Text  string `json:"text"`
}

// noteOn appends a note.
func (o *Object) noteOn(field, text string) {
	o.Notes = append(o.Notes, Note{Field: field, Text: text})
}
