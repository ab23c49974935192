package request

import "strings"

// Kind is what an encoded object turns out to be.
type Kind string

// The kinds.
const (
	Unknown             Kind = "unknown"
	PKCS10Request       Kind = "certification request"
	CRMFRequest         Kind = "CRMF request"
	SPKACRequest        Kind = "SPKAC"
	CMPMessage          Kind = "CMP message"
	Certificate         Kind = "certificate"
	RevocationList      Kind = "certificate revocation list"
	PrivateKey          Kind = "private key"
	EncryptedPrivateKey Kind = "encrypted private key"
	PublicKey           Kind = "public key"
	CMS                 Kind = "CMS message"
	PKCS12              Kind = "PKCS#12 file"
	Parameters          Kind = "key parameters"
)

func (k Kind) private() bool { return k == PrivateKey || k == EncryptedPrivateKey || k == PKCS12 }

func (k Kind) request() bool { return k == PKCS10Request || k == CRMFRequest || k == SPKACRequest }

func labelledRequest(label string) bool {
	return strings.HasSuffix(label, "CERTIFICATE REQUEST") || strings.HasSuffix(label, "CERTIFICATION REQUEST")
}

// kindOfLabel tells the kind by a PEM label, for content that does not show it.
func kindOfLabel(label string) Kind {
	switch {
	case labelledRequest(label):
		return PKCS10Request
	case label == "ENCRYPTED PRIVATE KEY":
		return EncryptedPrivateKey
	case strings.HasSuffix(label, "PRIVATE KEY"):
		return PrivateKey
	case strings.HasSuffix(label, "PUBLIC KEY"):
		return PublicKey
	case strings.HasSuffix(label, "CERTIFICATE"):
		return Certificate
	case label == "X509 CRL":
		return RevocationList
	case label == "PKCS7" || label == "CMS" || label == "PKCS #7 SIGNED DATA":
		return CMS
	case strings.HasSuffix(label, "PARAMETERS"):
		return Parameters
	}
	return Unknown
}

// refusal says to someone who gave an object of this kind for a request what
// it is, and what to do.
func (k Kind) refusal() *Refusal {
	r := &Refusal{Reason: BadFormat}
	switch k {
	case PrivateKey, EncryptedPrivateKey:
		r.Detail = "this is a private key, not a request: never send it to anyone"
		if k == EncryptedPrivateKey {
			r.Detail = "this is an encrypted private key, not a request: never send it to anyone"
		}
		r.Fix = "make a request with the key and send that; a key that was sent to somebody must be replaced"
	case PKCS12:
		r.Detail = "this is a PKCS#12 file, which usually holds a private key, not a request: never send it to anyone"
		r.Fix = "make a request with the key and send that; a key that was sent to somebody must be replaced"
	case Certificate:
		r.Detail = "this is a certificate, not a request"
		r.Fix = "send the request that the certificate was made from, or make a new one with its key"
	case RevocationList:
		r.Detail = "this is a certificate revocation list, not a request"
		r.Fix = "give the file that holds the request"
	case PublicKey:
		r.Detail = "this is a public key, not a request"
		r.Fix = "make a request with the private key that belongs to it: a request is signed, to show that you hold the key"
	case CMS:
		r.Detail = "this is a CMS (PKCS#7) message, not a request"
		r.Fix = "give the request itself; certificates in a PKCS#7 file are no requests"
	case CMPMessage:
		r.Detail = "this is a CMP message, not a request by itself"
		r.Fix = "make a request with the same key: certwright request new"
	case Parameters:
		r.Detail = "these are key parameters, not a request"
		r.Fix = "make a key and a request with it"
	default:
		r.Detail = "this is no certification request, and nothing else that is known"
		r.Fix = "give the file that holds the request: it starts with -----BEGIN CERTIFICATE REQUEST-----"
	}
	return r
}
