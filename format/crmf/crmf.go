// Package crmf reads and writes certificate request messages, which prove
// possession for keys of every kind, those that cannot sign too (RFC 4211).
package crmf

import (
	"math/big"
	"time"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// Limits on what is read.
const (
	MaxSize     = 16 << 20 // octets of a CertReqMessages
	MaxMessages = 1000     // in one CertReqMessages
	maxDepth    = 64       // elements inside each other
	maxControls = 100      // in one list of controls or regInfo
	maxInteger  = 64       // octets of certReqId and serialNumber
)

// Identifiers of controls and of regInfo (RFC 4211, Section 6 and 7).
const (
	RegToken        oid.OID = "\x2b\x06\x01\x05\x05\x07\x05\x01\x01" // 1.3.6.1.5.5.7.5.1.1
	Authenticator   oid.OID = "\x2b\x06\x01\x05\x05\x07\x05\x01\x02" // 1.3.6.1.5.5.7.5.1.2
	Publication     oid.OID = "\x2b\x06\x01\x05\x05\x07\x05\x01\x03" // 1.3.6.1.5.5.7.5.1.3
	Archive         oid.OID = "\x2b\x06\x01\x05\x05\x07\x05\x01\x04" // 1.3.6.1.5.5.7.5.1.4
	OldCertID       oid.OID = "\x2b\x06\x01\x05\x05\x07\x05\x01\x05" // 1.3.6.1.5.5.7.5.1.5
	ProtocolEncrKey oid.OID = "\x2b\x06\x01\x05\x05\x07\x05\x01\x06" // 1.3.6.1.5.5.7.5.1.6
	UTF8Pairs       oid.OID = "\x2b\x06\x01\x05\x05\x07\x05\x02\x01" // 1.3.6.1.5.5.7.5.2.1
	CertReq         oid.OID = "\x2b\x06\x01\x05\x05\x07\x05\x02\x02" // 1.3.6.1.5.5.7.5.2.2
)

// EncKeyWithIDType is the type of what an EnvelopedData of a proof holds.
const EncKeyWithIDType oid.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x15" // 1.2.840.113549.1.9.16.1.21

// Messages is a CertReqMessages as it was read.
type Messages struct {
	Raw        []byte
	List       []*Message
	Trailing   []byte   // what follows in the data it was read from
	Deviations []string // of the batch as a whole; each message has its own besides
}

// Message is one CertReqMsg (RFC 4211, Section 3).
type Message struct {
	Raw        []byte
	Request    Request
	Proof      *Proof // nil where there is none
	RegInfo    []Attribute
	Deviations []string // what the encoding does that DER or RFC 4211 does not allow, in plain words
}

// Request is a CertRequest (RFC 4211, Section 5).
type Request struct {
	Raw      []byte   // what a signature for possession is over
	ID       *big.Int // certReqId
	Template Template
	Controls []Attribute
}

// Template is a CertTemplate: the fields of the certificate that is asked for.
// A nil field is absent (RFC 4211, Section 5).
type Template struct {
	Raw               []byte
	Version           *int // 2 is X.509 version 3
	Serial            *big.Int
	SigningAlgorithm  *key.AlgorithmIdentifier
	Issuer            *dn.Name
	Validity          *Validity
	Subject           *dn.Name
	SubjectProblem    error       // why Subject holds Raw alone
	PublicKey         *key.Public // one of no bits asks the authority to make the key (RFC 9810, Section 5.3.4)
	IssuerUID         *BitString
	SubjectUID        *BitString
	Extensions        []ext.Extension
	RawExtensions     []byte // the SEQUENCE; nil where it is absent
	ExtensionsProblem error  // why Extensions is empty though RawExtensions is not
}

// Validity is an OptionalValidity; a time that is zero is absent.
type Validity struct {
	Raw                 []byte
	NotBefore, NotAfter time.Time
}

// BitString is a BIT STRING.
type BitString struct {
	Octets []byte
	Unused int // bits of the last octet that do not count
}

// Attribute is an AttributeTypeAndValue: a control, or an item of regInfo.
type Attribute struct {
	Raw   []byte // as it was read; nil for one that was made
	ID    oid.OID
	Value []byte // whole DER
}

// Control returns the first control of this type.
func (r *Request) Control(id oid.OID) (Attribute, bool) { return find(r.Controls, id) }

// Info returns the first item of regInfo of this type.
func (m *Message) Info(id oid.OID) (Attribute, bool) { return find(m.RegInfo, id) }

func find(list []Attribute, id oid.OID) (Attribute, bool) {
	for _, a := range list {
		if a.ID == id {
			return a, true
		}
	}
	return Attribute{}, false
}

// ProofKind is an alternative of ProofOfPossession (RFC 4211, Section 4).
type ProofKind string

// The alternatives of ProofOfPossession.
const (
	ProofRAVerified      ProofKind = "raVerified"
	ProofSignature       ProofKind = "signature"
	ProofKeyEncipherment ProofKind = "keyEncipherment"
	ProofKeyAgreement    ProofKind = "keyAgreement"
)

// Proof is a ProofOfPossession.
type Proof struct {
	Raw        []byte
	Kind       ProofKind
	Signature  *SigningKey // ProofSignature only
	PrivateKey *PrivateKey // ProofKeyEncipherment and ProofKeyAgreement only
}

// SigningKey is a POPOSigningKey (RFC 4211, Section 4.1).
type SigningKey struct {
	Raw       []byte           // with the tag of a SEQUENCE
	Input     *SigningKeyInput // nil where the request itself is signed
	Algorithm key.AlgorithmIdentifier
	Signature []byte

	ragged bool // the signature does not end on a whole octet
}

// SigningKeyInput is a POPOSigningKeyInput: what is signed where the template
// lacks the subject or the key. It has a Sender or a PublicKeyMAC.
type SigningKeyInput struct {
	Raw          []byte // with the tag of a SEQUENCE: what is signed
	Sender       *ext.GeneralName
	PublicKeyMAC *MACValue
	PublicKey    *key.Public
}

// MACValue is a PKMACValue.
type MACValue struct {
	Raw       []byte // with the tag of a SEQUENCE
	Algorithm key.AlgorithmIdentifier
	Value     []byte
}

// Method is an alternative of POPOPrivKey (RFC 4211, Section 4.2).
type Method string

// The alternatives of POPOPrivKey.
const (
	ThisMessage       Method = "thisMessage"
	SubsequentMessage Method = "subsequentMessage"
	DHMAC             Method = "dhMAC"
	AgreeMAC          Method = "agreeMAC"
	EncryptedKeyProof Method = "encryptedKey"
)

// Subsequent is how possession will be proven later (RFC 4211, Section 4.2).
type Subsequent int

// The values of SubsequentMessage.
const (
	EncryptedCertificate Subsequent = 0 // encrCert: the certificate comes encrypted to the key
	ChallengeResponse    Subsequent = 1 // challengeResp: the authority sends a challenge first
)

// PrivateKey is a POPOPrivKey.
type PrivateKey struct {
	Raw        []byte
	Method     Method
	Subsequent Subsequent // SubsequentMessage only; other values than the two are kept
	Bits       []byte     // ThisMessage: see ParseEncryptedValue; DHMAC: the MAC
	MAC        *MACValue  // AgreeMAC only
	Enveloped  []byte     // EncryptedKeyProof only: an EnvelopedData with the tag of a SEQUENCE
}
