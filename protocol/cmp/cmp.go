// Package cmp reads, writes, protects and checks the messages of the
// Certificate Management Protocol (RFC 9810), and is its client (RFC 9811, RFC
// 9483).
package cmp

import (
	"fmt"

	"github.com/certwright/certwright/format/der"
)

// Limits on what is read.
const (
	MaxSize   = 4 << 20 // octets of a message
	maxList   = 1000    // items of one list
	maxDepth  = 64      // elements inside each other
	maxNested = 100     // messages in a nested one
	maxCerts  = 100     // certificates in one message
	maxText   = 100     // strings of one PKIFreeText
)

// Message is a PKIMessage (RFC 9810, Section 5.1). Its slices share the memory
// that was read.
type Message struct {
	Raw        []byte
	Header     Header
	Body       Body
	Protection []byte // octets of the BIT STRING; nil where absent
	ExtraCerts [][]byte
}

// BodyKind is which alternative of PKIBody a message has: its tag.
type BodyKind int

// The bodies (RFC 9810, Section 5.1.2).
const (
	InitializationRequest   BodyKind = 0  // ir
	InitializationResponse  BodyKind = 1  // ip
	CertificationRequest    BodyKind = 2  // cr
	CertificationResponse   BodyKind = 3  // cp
	PKCS10Request           BodyKind = 4  // p10cr
	PopChallenge            BodyKind = 5  // popdecc
	PopResponse             BodyKind = 6  // popdecr
	KeyUpdateRequest        BodyKind = 7  // kur
	KeyUpdateResponse       BodyKind = 8  // kup
	KeyRecoveryRequest      BodyKind = 9  // krr
	KeyRecoveryResponse     BodyKind = 10 // krp
	RevocationRequest       BodyKind = 11 // rr
	RevocationResponse      BodyKind = 12 // rp
	CrossCertRequest        BodyKind = 13 // ccr
	CrossCertResponse       BodyKind = 14 // ccp
	CAKeyUpdateAnnouncement BodyKind = 15 // ckuann
	CertificateAnnouncement BodyKind = 16 // cann
	RevocationAnnouncement  BodyKind = 17 // rann
	CRLAnnouncement         BodyKind = 18 // crlann
	Confirmation            BodyKind = 19 // pkiConf
	NestedMessage           BodyKind = 20 // nested
	GeneralMessage          BodyKind = 21 // genm
	GeneralResponse         BodyKind = 22 // genp
	ErrorMessage            BodyKind = 23 // error
	CertificateConfirmation BodyKind = 24 // certConf
	PollRequest             BodyKind = 25 // pollReq
	PollResponse            BodyKind = 26 // pollRep
)

var bodyNames = [...]string{
	"ir", "ip", "cr", "cp", "p10cr", "popdecc", "popdecr", "kur", "kup", "krr", "krp", "rr", "rp", "ccr", "ccp",
	"ckuann", "cann", "rann", "crlann", "pkiConf", "nested", "genm", "genp", "error", "certConf", "pollReq", "pollRep",
}

// String returns the name that RFC 9810 gives the body: "ir", "kup" …
func (k BodyKind) String() string {
	if k < 0 || int(k) >= len(bodyNames) {
		return fmt.Sprintf("[%d]", int(k))
	}
	return bodyNames[k]
}

// Response returns the body that answers this one, itself included where it
// is none that is answered by a body of its own.
func (k BodyKind) Response() BodyKind {
	switch k {
	case InitializationRequest, CertificationRequest, KeyUpdateRequest, KeyRecoveryRequest, RevocationRequest, CrossCertRequest, GeneralMessage, PollRequest, PopChallenge:
		return k + 1
	case PKCS10Request:
		return CertificationResponse
	case CertificateConfirmation:
		return Confirmation
	}
	return k
}

// Body is a PKIBody: its kind and the element inside its tag.
type Body struct {
	Kind    BodyKind
	Raw     []byte // with the tag of the alternative
	Content []byte
}

// NewBody makes a body of the element that it holds.
func NewBody(kind BodyKind, content []byte) Body {
	var b der.Builder
	b.Add(der.ContextConstructed(uint8(kind)), content)
	return Body{Kind: kind, Raw: b.Bytes(), Content: content}
}

// Parse reads a PKIMessage in DER. It does not look into the body: the
// methods of Body do.
func Parse(data []byte) (*Message, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("reading a CMP message: it has %d octets; at most %d are taken", len(data), MaxSize)
	}
	m, err := parseMessage(data)
	if err != nil {
		return nil, fmt.Errorf("reading a CMP message: %w", err)
	}
	return m, nil
}

func parseMessage(data []byte) (*Message, error) {
	outer, err := der.ParseTag(data, der.Sequence)
	if err != nil {
		return nil, err
	}
	if err := shallow(outer, maxDepth); err != nil {
		return nil, err
	}
	m, in := &Message{Raw: outer.Raw}, outer.Children()
	header, err := in.Take(der.Sequence)
	if err == nil {
		m.Header, err = parseHeader(header)
	}
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	body, err := in.Next()
	if err == nil {
		m.Body, err = parseBody(body)
	}
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	protection, ok, err := in.Optional(der.ContextConstructed(0))
	if err == nil && ok {
		m.Protection, err = wholeBits(protection.Content)
	}
	if err != nil {
		return nil, fmt.Errorf("protection: %w", err)
	}
	certs, ok, err := in.Optional(der.ContextConstructed(1))
	if err == nil && ok {
		m.ExtraCerts, err = certificates(certs.Content)
	}
	if err != nil {
		return nil, fmt.Errorf("extraCerts: %w", err)
	}
	return m, in.End()
}

// shallow refuses what is nested too deep for those who walk it.
func shallow(e der.Element, depth int) error {
	if !e.Tag.Constructed() {
		return nil
	}
	if depth == 0 {
		return fmt.Errorf("elements are nested more than %d deep", maxDepth)
	}
	for in := e.Children(); !in.Empty(); {
		one, err := in.Next()
		if err != nil {
			return err
		}
		if err := shallow(one, depth-1); err != nil {
			return err
		}
	}
	return nil
}

func parseBody(e der.Element) (Body, error) {
	if e.Tag.Class() != 2 || !e.Tag.Constructed() || e.Number >= uint32(len(bodyNames)) {
		return Body{}, fmt.Errorf("there is no body with the tag %v", e.Tag)
	}
	inner, err := der.Parse(e.Content)
	if err != nil {
		return Body{}, fmt.Errorf("%v: %w", BodyKind(e.Number), err)
	}
	return Body{Kind: BodyKind(e.Number), Raw: e.Raw, Content: inner.Raw}, nil
}

// wholeBits decodes a BIT STRING of whole octets.
func wholeBits(raw []byte) ([]byte, error) {
	e, err := der.ParseTag(raw, der.BitString)
	if err != nil {
		return nil, err
	}
	octets, unused, err := e.Bits()
	if err == nil && unused != 0 {
		err = fmt.Errorf("the BIT STRING has %d unused bits", unused)
	}
	return octets, err
}

// certificates reads SEQUENCE OF CMPCertificate: X.509 certificates.
func certificates(raw []byte) ([][]byte, error) { return sequenceOf(raw, maxCerts) }

// sequenceOf takes a SEQUENCE OF SEQUENCE apart.
func sequenceOf(raw []byte, most int) ([][]byte, error) {
	var all [][]byte
	err := each(raw, most, func(e der.Element) error {
		if e.Tag != der.Sequence {
			return fmt.Errorf("found %v where SEQUENCE belongs", e.Tag)
		}
		all = append(all, e.Raw)
		return nil
	})
	return all, err
}

// each calls f with each element of a SEQUENCE OF.
func each(raw []byte, most int, f func(der.Element) error) error {
	outer, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return err
	}
	in := outer.Children()
	for n := 1; !in.Empty(); n++ {
		if n > most {
			return fmt.Errorf("there are more than %d", most)
		}
		e, err := in.Next()
		if err == nil {
			err = f(e)
		}
		if err != nil {
			return fmt.Errorf("number %d: %w", n, err)
		}
	}
	return nil
}

// listOf writes a SEQUENCE of whole elements.
func listOf(all ...[]byte) []byte {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.Raw(all...)
	b.End(outer)
	return b.Bytes()
}
