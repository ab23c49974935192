// Package evidence holds what is known of a request besides its content:
// whether the sender holds the key, who the sender is, and what was shown to
// be under the sender's control. Possession is verified here and nowhere else.
package evidence

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"time"

	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/request"
)

// Possession is the verdict on the proof of possession.
type Possession struct {
	Proven    bool           `json:"proven"`
	Method    string         `json:"method"`              // one of the methods below; "none"
	Algorithm string         `json:"algorithm"`           // as SignatureAlgorithm.Name; empty where nothing is signed
	Detail    string         `json:"detail,omitempty"`    // why it is not proven
	Reason    request.Reason `json:"reason,omitempty"`    // what a refusal for it gives; empty for BadPossession
	Fix       string         `json:"fix,omitempty"`       // what helps, where that is not making the request anew
	Broken    string         `json:"broken,omitempty"`    // why the algorithm proves nothing today
	Deferred  Deferred       `json:"deferred,omitempty"`  // how it is to be proven later
	Challenge string         `json:"challenge,omitempty"` // SHA-256, in hexadecimal, of the answer that proves it
	Witnessed bool           `json:"witnessed,omitempty"` // proven with what was known at the time only
	Made      []byte         `json:"made,omitempty"`      // SubjectPublicKeyInfo of a key that was made here and is kept, encrypted to who asked, until a person decides
}

// The methods of proving possession.
const (
	SignedRequest        = "pkcs10-signature"
	SignedCRMF           = "crmf-signature"
	SignedSender         = "crmf-signature-sender"       // over POPOSigningKeyInput with an authenticated sender
	SignedPublicKeyMAC   = "crmf-signature-publicKeyMAC" // over POPOSigningKeyInput with a shared secret
	SignedChallenge      = "spkac-signature"             // over an SPKAC
	RAVerified           = "crmf-raVerified"             // by a registration authority
	EncryptedCertificate = "crmf-encrypted-certificate"  // by decrypting the certificate
	ChallengeResponse    = "crmf-challenge-response"     // by decrypting a challenge
	AgreedMAC            = "crmf-agreeMAC"               // by a MAC with an agreed key
	MadeByAuthority      = "made-by-authority"           // the key was made here, for the one who asked
)

// Deferred is how possession is to be proven after the request was judged, by
// keys that cannot sign.
type Deferred string

// The ways of proving it later (RFC 4211, Section 4.2).
const (
	ByCertificate Deferred = "certificate" // the certificate is issued encrypted to the key, and is unconfirmed until its holder shows to have read it
	ByChallenge   Deferred = "challenge"   // nothing is issued before a challenge that was encrypted to the key is answered
)

// Origin is who sent a request, as the front door knows it.
type Origin struct {
	Door                  string `json:"door"`                // "cli", "rest", "acme" …
	Requester             string `json:"requester,omitempty"` // the name the door vouches for
	Method                string `json:"method,omitempty"`    // "local-user", "mtls", "token" …
	Address               string `json:"address,omitempty"`
	Sender                string `json:"sender,omitempty"`                // the authenticated sender of a CRMF, as ext.GeneralName.String; empty where none is
	RegistrationAuthority bool   `json:"registrationAuthority,omitempty"` // the sender may say that it has verified possession itself

	Entitled Entitlement `json:"entitled,omitzero"` // to what is closed to others

	// What the certificate may name, as patterns with their kind in which * stands
	// for any run of characters ("dns:*.plant.example"); empty: anything. NamesOf is
	// what they come from, in words: `the secret "pump-7"`.
	Names   []string `json:"names,omitempty"`
	NamesOf string   `json:"namesOf,omitempty"`

	// What the subject must have of these types of attributes, and no other of
	// them; and the certificate from elsewhere that shows who the sender is, nil
	// where another thing does.
	Subject     []SubjectAttribute `json:"subject,omitempty"`
	Certificate *Shown             `json:"certificate,omitempty"`
}

// The methods by which the server itself asks, for what it shows or signs by.
const (
	Internal       = "internal"        // to sign OCSP and CMP answers
	OwnCertificate = "own-certificate" // of its TLS
)

// OfServer reports whether the server itself asked.
func (o *Origin) OfServer() bool { return o.Method == Internal || o.Method == OwnCertificate }

// SubjectAttribute is an attribute of a subject.
type SubjectAttribute struct {
	Type  string `json:"type"` // its name, as dn.TypeByName knows it: "serialNumber"
	Value string `json:"value"`
}

// Shown is a certificate by which a sender shows who they are.
type Shown struct {
	Manufacturer string `json:"manufacturer"` // as the configuration calls who vouches for the sender
	Subject      string `json:"subject"`
	Issuer       string `json:"issuer"`
	Serial       string `json:"serial"`      // hexadecimal
	Fingerprint  string `json:"fingerprint"` // SHA-256, hexadecimal
	Root         string `json:"root"`        // the subject of the trust anchor
}

// Witness is what a front door has that a proof of possession is checked
// against. None of it is recorded.
type Witness struct {
	Secret    []byte // shared with the sender, for publicKeyMAC
	Made      bool   // the key of the request was made here (RFC 9483, Section 4.1.6)
	Kept      bool   // and is kept, encrypted to who asked, should a person have to decide
	Challenge string // that was issued to the sender, for an SPKAC; empty where none was
	// Agreed returns the secret that the authority's own key agrees on with the
	// sender's, for agreeMAC; nil where the authority has no such key.
	Agreed func(public *key.Public) (*crmf.Agreement, error)
}

// Control is one thing shown to be under the sender's control.
type Control struct {
	Name   string    `json:"name"`   // "dns:a.example"
	Method string    `json:"method"` // "http-01" …
	At     time.Time `json:"at"`
}

// Evidence is everything that judging looks at besides the request itself.
type Evidence struct {
	Possession Possession `json:"possession"`
	Origin     Origin     `json:"origin"`
	Controls   []Control  `json:"controls,omitempty"`
}

// Of gathers the evidence for a request, verifying possession itself.
func Of(r *request.Request, o Origin, controls []Control) Evidence {
	return With(r, o, controls, Witness{})
}

// With is Of where the front door has more to check possession against.
func With(r *request.Request, o Origin, controls []Control, w Witness) Evidence {
	return Evidence{Possession: possession(r, &o, &w), Origin: o, Controls: controls}
}

// Again verifies possession anew for a request that was submitted with this
// evidence. What was proven then with what is not at hand any more stays
// proven.
func Again(r *request.Request, before Evidence) Evidence {
	now := Of(r, before.Origin, before.Controls)
	if p := before.Possession; p.Method == MadeByAuthority && p.Made != nil && bytes.Equal(p.Made, r.PublicKey.Raw) {
		now.Possession = p
	}
	if p := before.Possession; p.Proven && p.Witnessed && !now.Possession.Proven && now.Possession.Method == p.Method {
		now.Possession = p
	}
	return now
}

// Answered is the evidence once a challenge was answered: possession is proven
// where the answer is the right one.
func Answered(before Evidence, answer []byte) Evidence {
	p := &before.Possession
	sum := sha256.Sum256(answer)
	right := subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(p.Challenge)) == 1
	if p.Deferred != ByChallenge || p.Challenge == "" {
		return before
	}
	p.Deferred, p.Challenge = "", ""
	p.Proven, p.Witnessed = right, right
	p.Detail = ""
	if !right {
		p.Detail, p.Fix = "the answer to the challenge is wrong", "decrypt the challenge with the private key of the request, and answer what is in it"
	}
	return before
}
