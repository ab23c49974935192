package inspect

import (
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// recognise tells what DER data are from their outermost shape, and where two
// kinds share one, from what lies a level deeper. It looks at headers only,
// and not at what follows the first element.
func recognise(data []byte) Kind {
	in := der.Reader(data)
	e, err := in.Next()
	if err != nil {
		return recogniseIndefinite(data, err)
	}
	if e.Tag == der.ObjectIdentifier {
		return Parameters
	}
	if e.Tag != der.Sequence {
		return ASN1
	}
	parts, whole := split(e, 10)
	if !whole || len(parts) == 0 {
		return ASN1
	}
	for _, rule := range [...]func([]der.Element) Kind{signed, keyShapes, cmsShapes} {
		if kind := rule(parts); kind != "" {
			return kind
		}
	}
	if crmf.Is(e.Raw) {
		return CRMF // one CertReqMsg by itself, too
	}
	if kind := messageShapes(parts); kind != "" {
		return kind
	}
	return ASN1
}

// recogniseIndefinite tells what comes with indefinite lengths: messages that
// were made while they were sent, and Windows' PKCS#12.
func recogniseIndefinite(data []byte, err error) Kind {
	if err != der.ErrIndefinite || len(data) < 16 {
		return ""
	}
	switch id := oidAt(data[2:]); {
	case id.in(oid.SignedData, oid.EnvelopedData, oid.Data, oid.DigestedData, oid.EncryptedData, oid.AuthEnvelopedData, oid.CompressedData):
		return CMS
	case string(data[2:5]) == "\x02\x01\x03":
		return PKCS12
	}
	return ""
}

// split returns up to limit children; whole is false where they cannot be read.
func split(e der.Element, limit int) (parts []der.Element, whole bool) {
	for in := e.Children(); !in.Empty() && len(parts) < limit; {
		part, err := in.Next()
		if err != nil {
			return parts, false
		}
		parts = append(parts, part)
	}
	return parts, true
}

type foundOID oid.OID

func (f foundOID) in(ids ...oid.OID) bool {
	for _, id := range ids {
		if oid.OID(f) == id {
			return true
		}
	}
	return false
}

// oidAt returns the object identifier at the front of data, if there is one.
func oidAt(data []byte) foundOID {
	in := der.Reader(data)
	e, err := in.Take(der.ObjectIdentifier)
	if err != nil {
		return ""
	}
	return foundOID(e.Content)
}

// tagsAre reports whether the parts begin with these tags.
func tagsAre(parts []der.Element, tags ...der.Tag) bool {
	if len(parts) < len(tags) {
		return false
	}
	for i, tag := range tags {
		if parts[i].Tag != tag {
			return false
		}
	}
	return true
}

// signed tells apart what is signed the way of X.509: content, algorithm, BIT STRING.
func signed(parts []der.Element) Kind {
	if len(parts) != 3 || !tagsAre(parts, der.Sequence, der.Sequence, der.BitString) || oidAt(parts[1].Content) == "" {
		return ""
	}
	inner, _ := split(parts[0], 8)
	switch {
	case tagsAre(inner, der.ContextConstructed(0), der.Integer):
		return Certificate
	case len(inner) == 2 && tagsAre(inner, der.Sequence, der.IA5String):
		return SPKAC
	case tagsAre(inner, der.Integer, der.Sequence, der.Sequence) && (len(inner) == 3 || inner[3].Tag == der.ContextConstructed(0)) && !hasTime(inner):
		return CertificationRequest
	case tagsAre(inner, der.Integer, der.Sequence, der.Sequence, der.UTCTime), tagsAre(inner, der.Integer, der.Sequence, der.Sequence, der.GeneralizedTime),
		tagsAre(inner, der.Sequence, der.Sequence, der.UTCTime), tagsAre(inner, der.Sequence, der.Sequence, der.GeneralizedTime):
		return CertificateList
	case tagsAre(inner, der.Integer, der.Sequence, der.Sequence, der.Sequence):
		return Certificate
	case tagsAre(inner, der.Sequence, der.Sequence):
		return CertificationRequest // without a version
	}
	return CertificationRequest
}

func hasTime(parts []der.Element) bool {
	for _, p := range parts {
		if p.Tag == der.UTCTime || p.Tag == der.GeneralizedTime {
			return true
		}
	}
	return false
}

// keyShapes tells keys and their parameters.
func keyShapes(parts []der.Element) Kind {
	integers := 0
	for integers < len(parts) && parts[integers].Tag == der.Integer {
		integers++
	}
	switch {
	case len(parts) == 2 && tagsAre(parts, der.Sequence, der.BitString) && oidAt(parts[0].Content) != "":
		return PublicKey
	case len(parts) == 2 && tagsAre(parts, der.Sequence, der.OctetString) && oidAt(parts[0].Content) != "":
		return PrivateKey
	case tagsAre(parts, der.Integer, der.Sequence, der.OctetString) && oidAt(parts[1].Content) != "":
		return PrivateKey
	case tagsAre(parts, der.Integer, der.OctetString) && len(parts[0].Content) == 1 && parts[0].Content[0] == 1:
		return PrivateKey
	case integers >= 9 || integers == 6 && len(parts) == 6:
		return PrivateKey
	case integers == 2 && len(parts) == 2 && len(parts[0].Content) >= 32 && len(parts[1].Content) > 1 && len(parts[1].Content) < len(parts[0].Content):
		return PublicKey
	case (integers == 2 || integers == 3) && integers == len(parts):
		return Parameters
	case tagsAre(parts, der.Integer, der.Sequence, der.Sequence, der.OctetString, der.Integer) && oidAt(parts[1].Content).in(oid.PrimeField, oid.CharacteristicTwoField):
		return Parameters
	}
	return ""
}

func cmsShapes(parts []der.Element) Kind {
	switch {
	case parts[0].Tag == der.ObjectIdentifier && (len(parts) == 1 || len(parts) == 2 && parts[1].Tag == der.ContextConstructed(0)):
		return CMS
	case tagsAre(parts, der.Integer, der.Sequence) && string(parts[0].Content) == "\x03" && oidAt(parts[1].Content).in(oid.Data, oid.SignedData):
		return PKCS12
	}
	return ""
}

// messageShapes tells messages of the protocols.
func messageShapes(parts []der.Element) Kind {
	inner, _ := split(parts[0], 4)
	switch {
	case parts[0].Tag == der.Enumerated && (len(parts) == 1 || parts[1].Tag == der.ContextConstructed(0)):
		return OCSPResponse
	case tagsAre(parts, der.Integer, der.Sequence) && oidInFirst(parts[1]):
		return TimeStampRequest
	case parts[0].Tag != der.Sequence:
		return ""
	case len(inner) > 0 && isOCSPRequestList(inner):
		return OCSPRequest
	case len(parts) <= 2 && len(inner) > 0 && inner[0].Tag == der.Integer && (len(parts) == 1 || parts[1].Tag == der.Sequence && oidAt(parts[1].Content) != "") && len(inner) <= 3 && !isCRMF(parts):
		return TimeStampResponse
	case len(parts) >= 2 && len(inner) >= 3 && inner[0].Tag == der.Integer && inner[1].Tag.Class() == 2 && inner[2].Tag.Class() == 2 && parts[1].Tag.Class() == 2:
		return CMPMessage
	case isCRMF(parts):
		return CRMF
	}
	return ""
}

func oidInFirst(e der.Element) bool {
	inner, _ := split(e, 2)
	return len(inner) == 2 && tagsAre(inner, der.Sequence, der.OctetString) && oidAt(inner[0].Content) != ""
}

// isOCSPRequestList reports whether one of the parts of a TBSRequest is a
// list of requests (RFC 6960, Section 4.1.1).
func isOCSPRequestList(inner []der.Element) bool {
	for _, part := range inner {
		if part.Tag != der.Sequence {
			continue
		}
		requests, _ := split(part, 1)
		if len(requests) == 0 || requests[0].Tag != der.Sequence {
			return false
		}
		fields, _ := split(requests[0], 1)
		if len(fields) == 0 || fields[0].Tag != der.Sequence {
			return false
		}
		certID, _ := split(fields[0], 4)
		return tagsAre(certID, der.Sequence, der.OctetString, der.OctetString, der.Integer)
	}
	return false
}

// isCRMF reports whether the parts are CertReqMsgs (RFC 4211, Section 3).
func isCRMF(parts []der.Element) bool {
	message, _ := split(parts[0], 1)
	if parts[0].Tag != der.Sequence || len(message) == 0 || message[0].Tag != der.Sequence {
		return false
	}
	request, _ := split(message[0], 3)
	return tagsAre(request, der.Integer, der.Sequence)
}
