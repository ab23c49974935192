// Package cms reads and writes Cryptographic Message Syntax (RFC 5652), which
// PKCS #7 grew into: messages signed, encrypted or both, and bundles of
// certificates, from DER and BER, to DER.
package cms

import (
	"fmt"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// ContentInfo is any message of CMS or PKCS #7 (RFC 5652, Section 3).
type ContentInfo struct {
	Raw     []byte // as it was read
	DER     []byte // with definite lengths throughout; the same as Raw where that has them
	Type    oid.OID
	Content []byte // the element that the type says, in DER; nil where it is absent
}

// Parse reads a ContentInfo in DER or BER. It does not look into the content.
func Parse(data []byte) (*ContentInfo, error) {
	normal, err := Normalize(data)
	if err != nil {
		return nil, fmt.Errorf("reading a CMS message: %w", err)
	}
	c := &ContentInfo{Raw: data, DER: normal}
	e, err := der.ParseTag(normal, der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("reading a CMS message: %w", err)
	}
	r := e.Children()
	if c.Type, err = takeOID(&r); err != nil {
		return nil, fmt.Errorf("reading the content type of a CMS message: %w", err)
	}
	content, ok, err := r.Optional(der.ContextConstructed(0))
	if err != nil {
		return nil, fmt.Errorf("reading the content of a CMS message: %w", err)
	}
	if ok {
		inner, err := der.Parse(content.Content)
		if err != nil {
			return nil, fmt.Errorf("reading the content of a CMS message: %w", err)
		}
		c.Content = inner.Raw
	}
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("reading a CMS message: %w", err)
	}
	return c, nil
}

// Content types that package oid has no constants for.
const (
	SignedAndEnvelopedData oid.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x04"         // 1.2.840.113549.1.7.4
	AuthenticatedData      oid.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x02" // 1.2.840.113549.1.9.16.1.2
	ContentCollection      oid.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x13" // 1.2.840.113549.1.9.16.1.19
	PKIData                oid.OID = "\x2b\x06\x01\x05\x05\x07\x0c\x02"             // 1.3.6.1.5.5.7.12.2
	PKIResponse            oid.OID = "\x2b\x06\x01\x05\x05\x07\x0c\x03"             // 1.3.6.1.5.5.7.12.3
	SPCIndirectData        oid.OID = "\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x04"     // 1.3.6.1.4.1.311.2.1.4
)

// TypeName says in a word what a content type is: "SignedData",
// "EnvelopedData" …; the dotted identifier where it is none that is known.
func TypeName(t oid.OID) string {
	switch t {
	case oid.Data:
		return "Data"
	case oid.SignedData:
		return "SignedData"
	case oid.EnvelopedData:
		return "EnvelopedData"
	case SignedAndEnvelopedData:
		return "SignedAndEnvelopedData"
	case oid.DigestedData:
		return "DigestedData"
	case oid.EncryptedData:
		return "EncryptedData"
	case AuthenticatedData:
		return "AuthenticatedData"
	case oid.AuthEnvelopedData:
		return "AuthEnvelopedData"
	case oid.CompressedData:
		return "CompressedData"
	case oid.TSTInfo:
		return "TSTInfo"
	case ContentCollection:
		return "ContentCollection"
	case PKIData:
		return "PKIData"
	case PKIResponse:
		return "PKIResponse"
	case SPCIndirectData:
		return "SpcIndirectDataContent"
	}
	return t.Name()
}

func (c *ContentInfo) want(t oid.OID) (der.Reader, error) {
	if c.Type != t {
		return nil, fmt.Errorf("the CMS message is %s, not %s", TypeName(c.Type), TypeName(t))
	}
	e, err := der.ParseTag(c.Content, der.Sequence)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", TypeName(t), err)
	}
	return e.Children(), nil
}

// Attribute is an attribute of a signer or message (RFC 5652, Section 5.3).
type Attribute struct {
	Raw    []byte
	Type   oid.OID
	Values [][]byte // each an element in DER
}

// parseAttributes reads a SET OF Attribute of any tag.
func parseAttributes(r der.Reader) ([]Attribute, error) {
	var all []Attribute
	for !r.Empty() {
		e, err := r.Take(der.Sequence)
		if err != nil {
			return nil, err
		}
		a := Attribute{Raw: e.Raw}
		inner := e.Children()
		if a.Type, err = takeOID(&inner); err != nil {
			return nil, err
		}
		values, err := inner.Take(der.Set)
		if err != nil {
			return nil, fmt.Errorf("values of %s: %w", a.Type.Name(), err)
		}
		if err := inner.End(); err != nil {
			return nil, err
		}
		if a.Values, err = elements(values.Children()); err != nil {
			return nil, fmt.Errorf("values of %s: %w", a.Type.Name(), err)
		}
		all = append(all, a)
	}
	return all, nil
}

// elements takes the rest of r apart.
func elements(r der.Reader) ([][]byte, error) {
	var all [][]byte
	for !r.Empty() {
		e, err := r.Next()
		if err != nil {
			return nil, err
		}
		all = append(all, e.Raw)
	}
	return all, nil
}

func takeOID(r *der.Reader) (oid.OID, error) {
	e, err := r.Take(der.ObjectIdentifier)
	if err != nil {
		return "", err
	}
	return oid.ParseContent(e.Content)
}

func takeInt(r *der.Reader) (int, error) {
	e, err := r.Take(der.Integer)
	if err != nil {
		return 0, err
	}
	return e.Int()
}

func takeAlgorithm(r *der.Reader) (key.AlgorithmIdentifier, error) {
	e, err := r.Take(der.Sequence)
	if err != nil {
		return key.AlgorithmIdentifier{}, err
	}
	return key.ParseAlgorithmIdentifier(e.Raw)
}

// octets reads the content of an OCTET STRING under an implicit tag. In BER
// such a string can be constructed, and its tag does not tell.
func octets(e der.Element) ([]byte, error) {
	if !e.Tag.Constructed() {
		return e.Content, nil
	}
	var out []byte
	for r := e.Children(); !r.Empty(); {
		part, err := r.Take(der.OctetString)
		if err != nil {
			return nil, err
		}
		out = append(out, part.Content...)
	}
	return out, nil
}

// optionalOctets takes [n] IMPLICIT OCTET STRING, primitive or constructed.
func optionalOctets(r *der.Reader, n uint8) ([]byte, bool, error) {
	if r.Peek() != der.Context(n) && r.Peek() != der.ContextConstructed(n) {
		return nil, false, nil
	}
	e, err := r.Next()
	if err != nil {
		return nil, false, err
	}
	content, err := octets(e)
	return content, true, err
}
