package inspect

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/keystore"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/format/spkac"
)

// Data tells what is in data, in any encoding, and reads it. Objects that
// cannot be read are reported as what they seem to be, with a note that says
// why; data with nothing in them are one object of the kind Unknown, with a
// note that says what they look like. The only error is that of the
// Passphrase function.
func Data(data []byte, o Options) (*Report, error) {
	var asking error
	o.Passphrase = passphraseOnce(o.Passphrase, &asking)
	r := find(data, o)
	if asking != nil {
		return nil, fmt.Errorf("asking for the passphrase: %w", asking)
	}
	return r, nil
}

func find(data []byte, o Options) *Report {
	if object, ok := textObject(data, o); ok {
		return &Report{Objects: []Object{object}}
	}
	if keystore.IsJKS(data) {
		return &Report{Objects: []Object{jks(data, o)}}
	}
	blocks, err := pem.Find(data)
	if err != nil || len(blocks) == 0 {
		object := Object{Kind: Unknown, Title: titles[Unknown], Raw: data, Encoding: "unknown", Line: 1}
		if err != nil {
			object.noteOn("", err.Error())
		} else {
			object.noteOn("", "it looks like "+pem.Describe(data))
		}
		return &Report{Objects: []Object{object}}
	}
	r := &Report{}
	encoding := "PEM"
	if len(blocks) == 1 && blocks[0].Label == "" {
		encoding = "base64"
		if bytes.Equal(bytes.TrimSpace(data), bytes.TrimSpace(blocks[0].Bytes)) || len(data) > 0 && data[0] == 0x30 {
			encoding = "DER"
		}
	}
	for _, b := range blocks {
		object := block(b, o)
		object.Label, object.Line, object.Raw, object.Encoding = b.Label, max(1, b.Line), b.Bytes, encoding
		if o.all() {
			unclip(object.Fields)
		}
		r.Objects = append(r.Objects, object)
	}
	r.noteChain()
	return r
}

// textObject reads what has a text form of its own.
func textObject(data []byte, o Options) (Object, bool) {
	text := bytes.TrimSpace(data)
	var object Object
	switch {
	case len(text) == 0:
		return Object{}, false
	case text[0] == '{' && (bytes.Contains(text, []byte(`"kty"`))):
		object = jwk(text, o)
	case authorizedKey(text):
		object = opensshPublic(text)
	case bytes.HasPrefix(text, []byte("PuTTY-User-Key-File-")):
		object = Object{Kind: PrivateKey, Title: "Private key, PuTTY"}
		object.noteOn("", "PuTTY's format is not read here; export the key from PuTTYgen as an OpenSSH key first")
	case spkac.IsFile(text):
		object = spkacText(text)
	default:
		return Object{}, false
	}
	object.Encoding, object.Line = "text", 1
	if object.Raw == nil {
		object.Raw = data
	}
	return object, true
}

func authorizedKey(text []byte) bool {
	for _, prefix := range []string{"ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"} {
		if bytes.HasPrefix(text, []byte(prefix)) {
			return true
		}
	}
	return false
}

// block reads one decoded block. Its content decides; the label helps where
// the content cannot be read.
func block(b pem.Block, o Options) Object {
	kind := recognise(b.Bytes)
	if b.Label == "OPENSSH PRIVATE KEY" || b.Headers["DEK-Info"] != "" {
		kind = PrivateKey
	}
	if kind == "" || kind == ASN1 {
		if labelled := kindOfLabel(b.Label); labelled != "" {
			kind = labelled
		}
	}
	whole := b
	if kind == Certificate {
		b.Bytes = firstElement(b.Bytes)
	}
	object, err := read(kind, b, o)
	if more := len(whole.Bytes) - len(b.Bytes); more > 0 {
		object.noteOn("encoding", followed(more, b.Label))
	}
	if err != nil {
		object = Object{Kind: kind, Title: titles[kind], Fields: object.Fields}
		object.noteOn("", "it cannot be read: "+err.Error())
	}
	if want := kindOfLabel(b.Label); want != "" && want != object.Kind && object.Kind != Unknown {
		object.noteOn("label", "the label is "+b.Label+", which the content is not")
	}
	return object
}

// firstElement leaves off what follows the first element, if that is whole.
func firstElement(data []byte) []byte {
	in := der.Reader(data)
	e, err := in.Next()
	if err != nil {
		return data
	}
	return e.Raw
}

func followed(octets int, label string) string {
	if label == "TRUSTED CERTIFICATE" {
		return count(octets, "octet") + " follow the certificate: what OpenSSL trusts it for"
	}
	return count(octets, "octet") + " follow the certificate, which do not belong to it"
}

func read(kind Kind, b pem.Block, o Options) (Object, error) {
	switch kind {
	case Certificate:
		return certificate(b.Bytes, o)
	case CertificationRequest:
		return certificationRequest(b.Bytes, o)
	case CertificateList:
		return certificateList(b.Bytes, o)
	case PrivateKey:
		return privateKey(b, o)
	case PublicKey:
		return publicKeyObject(b)
	case CRMF:
		return crmfRequest(b.Bytes, o)
	case CMPMessage:
		return cmpMessage(b.Bytes, o)
	case SPKAC:
		return spkacObject(b.Bytes)
	case Confirmation:
		return confirmation(b.Bytes)
	case OCSPRequest:
		return ocspRequest(b.Bytes)
	case OCSPResponse:
		return ocspResponse(b.Bytes, o)
	case CMS:
		return cmsMessage(b.Bytes, o)
	case PKCS12:
		return pkcs12(b.Bytes, o)
	case Parameters:
		return parameters(b.Bytes)
	case "":
		return Object{Kind: Unknown, Title: titles[Unknown]}, nil
	}
	return Object{Kind: kind, Title: titles[kind]}, nil
}

var titles = map[Kind]string{
	PrivateKey: "Private key", PublicKey: "Public key", CertificationRequest: "Certification request (PKCS#10)",
	CRMF: "Certification request (CRMF)", SPKAC: "Signed public key and challenge (SPKAC)", Certificate: "Certificate",
	CertificateList: "Certificate revocation list", OCSPRequest: "OCSP request", OCSPResponse: "OCSP response",
	CMS: "CMS message (PKCS#7)", PKCS12: "PKCS#12 key store", JKS: "Java key store",
	TimeStampRequest: "Time-stamp request", TimeStampResponse: "Time-stamp response", CMPMessage: "CMP message", Confirmation: "Proof that a key can decrypt",
	SSHCertificate: "SSH certificate", Parameters: "Parameters", ASN1: "ASN.1 of no known kind", Unknown: "Data of no known kind",
}

// kindOfLabel is what PEM labels promise (RFC 7468 and its neighbours).
func kindOfLabel(label string) Kind {
	switch label {
	case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
		return Certificate
	case "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST":
		return CertificationRequest
	case "X509 CRL":
		return CertificateList
	case "PKCS7", "CMS", "PKCS #7 SIGNED DATA":
		return CMS
	case "CERTIFICATE CONFIRMATION", "CHALLENGE ANSWER":
		return Confirmation
	case "PUBLIC KEY", "RSA PUBLIC KEY":
		return PublicKey
	case "EC PARAMETERS", "DH PARAMETERS", "X9.42 DH PARAMETERS", "DSA PARAMETERS":
		return Parameters
	}
	if strings.HasSuffix(label, "PRIVATE KEY") {
		return PrivateKey
	}
	return ""
}

// noteChain says how several certificates hang together.
func (r *Report) noteChain() {
	var list []*CertificateView
	for _, o := range r.Objects {
		if v, ok := o.Detail.(*CertificateView); ok {
			list = append(list, v)
		}
	}
	if len(list) < 2 || len(list) != len(r.Objects) {
		r.noteKeys()
		return
	}
	for i := 1; i < len(list); i++ {
		if !list[i-1].parsed.Issuer.Equal(list[i].parsed.Subject) {
			r.Notes = append(r.Notes, Note{Field: "chain", Text: "certificate " + itoa(i+1) + " is not the issuer of certificate " + itoa(i) +
				": these are separate certificates, or a chain in the wrong order (a server sends its own first)"})
			return
		}
		if err := list[i-1].parsed.CheckSignature(list[i].parsed.PublicKey); err != nil {
			r.Notes = append(r.Notes, Note{Field: "chain", Text: "certificate " + itoa(i) + " names certificate " + itoa(i+1) +
				" as its issuer, and is not signed by its key: " + err.Error()})
			return
		}
	}
	end := "the last is not self-signed, so the root is not in it"
	if list[len(list)-1].SelfIssued {
		end = "the last is self-signed"
	}
	r.Notes = append(r.Notes, Note{Field: "chain", Text: "a chain of " + itoa(len(list)) + " certificates in the right order; " + end})
}

// noteKeys says which objects are of one key.
func (r *Report) noteKeys() {
	first := map[string]int{}
	for i, o := range r.Objects {
		key := o.keyFingerprint()
		if key == "" {
			continue
		}
		j, seen := first[key]
		if !seen {
			first[key] = i
			continue
		}
		r.Notes = append(r.Notes, Note{Field: "publicKey", Text: "object " + itoa(i+1) + " and object " + itoa(j+1) + " are of the same key"})
	}
}

func (o *Object) keyFingerprint() string {
	var v *PublicKeyView
	switch d := o.Detail.(type) {
	case *CertificateView:
		v = d.PublicKey
	case *RequestView:
		v = d.PublicKey
	case *PrivateKeyView:
		v = d.PublicKey
	case *KeyView:
		v = d.PublicKey
	}
	if v == nil {
		return ""
	}
	return v.Fingerprint
}

// passphraseOnce keeps a passphrase from being asked for twice for one input,
// and tells the error of asking from those of reading.
func passphraseOnce(ask key.Passphrase, failed *error) key.Passphrase {
	if ask == nil {
		return nil
	}
	var secret []byte
	asked := false
	return func() ([]byte, error) {
		if !asked {
			secret, *failed = ask()
			asked = true
		}
		return secret, *failed
	}
}
