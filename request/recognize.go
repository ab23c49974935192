package request

import (
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// Recognize tells by its outline what a DER object is, without reading it.
func Recognize(raw []byte) Kind {
	in := der.Reader(raw)
	outer, err := in.Take(der.Sequence)
	if err != nil {
		return Unknown
	}
	o := look(outer)
	switch {
	case o.is(der.Sequence, der.Sequence, der.BitString), o.is(der.Sequence, der.Sequence, der.OctetString):
		return signed(o.elements[0])
	case o.is(der.Sequence, der.BitString) && look(o.elements[0]).starts(der.ObjectIdentifier):
		return PublicKey
	case o.is(der.Sequence, der.OctetString) && look(o.elements[0]).starts(der.ObjectIdentifier):
		return EncryptedPrivateKey
	case o.is(der.ObjectIdentifier, der.ContextConstructed(0)) && strings.HasPrefix(string(o.elements[0].Content), string(oid.Data[:8])):
		return CMS
	case o.starts(der.Integer, der.Sequence, der.OctetString) && look(o.elements[1]).starts(der.ObjectIdentifier):
		return PrivateKey // PKCS#8
	case o.starts(der.Integer, der.OctetString):
		return PrivateKey // SEC 1
	case o.starts(der.Integer, der.Integer, der.Integer, der.Integer, der.Integer, der.Integer):
		return PrivateKey // PKCS#1, and OpenSSL's form of DSA
	case o.is(der.Integer, der.Integer):
		return PublicKey // PKCS#1
	case o.starts(der.Integer, der.Sequence) && look(o.elements[1]).is(der.ObjectIdentifier, der.ContextConstructed(0)):
		return PKCS12
	}
	return message(o)
}

// message tells the forms of CRMF and CMP apart (RFC 4211, Section 3; RFC
// 9810, Section 5.1).
func message(o outline) Kind {
	if o.count == 0 || o.elements[0].Tag != der.Sequence {
		return Unknown
	}
	first := look(o.elements[0])
	switch {
	case first.starts(der.Integer, der.ContextConstructed(4), der.ContextConstructed(4)):
		return CMPMessage
	case first.starts(der.Integer, der.Sequence):
		return CRMFRequest // one CertReqMsg
	case first.count > 0 && first.elements[0].Tag == der.Sequence && look(first.elements[0]).starts(der.Integer, der.Sequence):
		return CRMFRequest // CertReqMessages
	}
	return Unknown
}

// signed tells apart what is a SEQUENCE, an algorithm and a signature.
func signed(body der.Element) Kind {
	o := look(body)
	switch {
	case o.starts(der.ContextConstructed(0), der.Integer, der.Sequence, der.Sequence):
		return Certificate
	case o.starts(der.Integer, der.Sequence, der.Sequence, der.Sequence, der.Sequence, der.Sequence):
		return Certificate // version 1
	case o.starts(der.Sequence, der.Sequence) && o.count > 2 && isTime(o.elements[2]):
		return RevocationList // version 1
	case o.starts(der.Integer, der.Sequence, der.Sequence) && o.count > 3 && isTime(o.elements[3]):
		return RevocationList
	case o.starts(der.Sequence) && o.count == 2 && look(o.elements[0]).is(der.Sequence, der.BitString) && o.elements[1].Tag == der.IA5String:
		return SPKACRequest
	case o.starts(der.Integer, der.Sequence, der.Sequence), o.starts(der.Sequence, der.Sequence):
		return PKCS10Request
	}
	return Unknown
}

func isTime(e der.Element) bool { return e.Tag == der.UTCTime || e.Tag == der.GeneralizedTime }

// outline is the first few elements of a content.
type outline struct {
	elements [maxOutline]der.Element
	count    int
}

const maxOutline = 6

func look(e der.Element) (o outline) {
	for in := e.Children(); !in.Empty() && o.count < maxOutline; o.count++ {
		child, err := in.Next()
		if err != nil {
			break
		}
		o.elements[o.count] = child
	}
	return o
}

func (o outline) starts(tags ...der.Tag) bool {
	if o.count < len(tags) {
		return false
	}
	for i, tag := range tags {
		if o.elements[i].Tag != tag {
			return false
		}
	}
	return true
}

func (o outline) is(tags ...der.Tag) bool { return o.count == len(tags) && o.starts(tags...) }
