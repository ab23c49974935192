package inspect

import (
	"strings"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/cms"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pbe"
)

// ContentView is the JSON view of a CMS message.
type ContentView struct {
	ContentType       IdentifierView     `json:"contentType"`
	Version           *int               `json:"version,omitempty"`
	EncapsulatedType  *IdentifierView    `json:"encapsulatedContentType,omitempty"` // what is signed or encrypted
	Detached          bool               `json:"detached,omitempty"`                // the content is elsewhere
	ContentSize       int                `json:"contentSize,omitempty"`             // octets
	Signers           []SignerView       `json:"signers,omitempty"`
	Recipients        []RecipientView    `json:"recipients,omitempty"`
	ContentEncryption string             `json:"contentEncryption,omitempty"`
	Certificates      []*CertificateView `json:"certificates,omitempty"`
	CRLs              int                `json:"crlCount,omitempty"`
}

// SignerView is one signer of a CMS message.
type SignerView struct {
	Identifier         string   `json:"identifier"` // issuer and serial number, or key identifier, in words
	DigestAlgorithm    string   `json:"digestAlgorithm"`
	SignatureAlgorithm string   `json:"signatureAlgorithm"`
	SignedAttributes   []string `json:"signedAttributes,omitempty"` // their names
	SigningTime        string   `json:"signingTime,omitempty"`
	Signature          string   `json:"signature,omitempty"` // "verifies", by the certificate in the message, or why not; empty where the content or the certificate is elsewhere
}

// RecipientView is one recipient of an encrypted CMS message.
type RecipientView struct {
	Kind          string   `json:"kind"` // "key transport", "key agreement", "password" …
	Identifiers   []string `json:"identifiers,omitempty"`
	KeyEncryption string   `json:"keyEncryption"`
	KeyWrap       string   `json:"keyWrap,omitempty"`       // of a key agreement
	KeyDerivation string   `json:"keyDerivation,omitempty"` // of a passphrase: "PBKDF2 with HMAC-SHA-256 and 600000 iterations"
	Hash          string   `json:"hash,omitempty"`          // of RSAES-OAEP
}

func cmsMessage(raw []byte, o Options) (Object, error) {
	c, err := cms.Parse(raw)
	if err != nil {
		return Object{}, err
	}
	v := &ContentView{ContentType: IdentifierView{c.Type.String(), cms.TypeName(c.Type)}}
	object := Object{Kind: CMS, Title: titles[CMS], Detail: v}
	switch c.Type {
	case oid.SignedData:
		s, problem := c.SignedData()
		if err = problem; err == nil {
			v.signed(s, &object, o)
		}
	case oid.EnvelopedData, oid.AuthEnvelopedData:
		e, problem := c.EnvelopedData()
		if err = problem; err == nil {
			v.enveloped(e, o)
			object.Title = "CMS message, encrypted"
		}
	case oid.EncryptedData:
		e, problem := c.EncryptedData()
		if err = problem; err == nil {
			v.Version = &e.Version
			v.encrypted(e.Encrypted)
			object.Title = "CMS message, encrypted"
		}
	}
	if err != nil {
		object.noteOn("content", "the content cannot be read: "+err.Error())
	}
	object.Fields = v.fields()
	return object, nil
}

func (v *ContentView) signed(s *cms.SignedData, object *Object, o Options) {
	inner := IdentifierView{s.ContentType.String(), cms.TypeName(s.ContentType)}
	v.Version, v.EncapsulatedType, v.Detached, v.ContentSize, v.CRLs = &s.Version, &inner, s.Detached, len(s.Content), len(s.CRLs)
	object.Title = "CMS message, signed (PKCS#7)"
	if len(s.Signers) == 0 {
		object.Title = "Bundle of certificates (CMS without a signer, PKCS#7)"
		v.Detached = false
	}
	v.certificates(s.Certificates, o)
	for _, signer := range s.Signers {
		view := viewSigner(&signer)
		view.Signature = verdictOn(s, &signer)
		v.Signers = append(v.Signers, view)
	}
	if broken := len(s.Certificates) - len(v.Certificates); broken > 0 {
		object.noteOn("certificates", count(broken, "certificate")+" in it cannot be read")
	}
}

func (v *ContentView) certificates(list [][]byte, o Options) {
	for _, raw := range list {
		if c, err := cert.Parse(raw); err == nil {
			v.Certificates = append(v.Certificates, viewCertificate(c, o))
		}
	}
}

// verdictOn checks a signature by what is in the message.
func verdictOn(s *cms.SignedData, signer *cms.SignerInfo) string {
	if s.Detached {
		return ""
	}
	c, err := s.Certificate(signer)
	if err != nil {
		return ""
	}
	if err := s.VerifySigner(signer, c.PublicKey, nil); err != nil {
		return err.Error()
	}
	return "verifies"
}

func viewSigner(s *cms.SignerInfo) SignerView {
	v := SignerView{
		Identifier: s.Identifier.String(), DigestAlgorithm: s.DigestAlgorithm.ID.Short(),
		SignatureAlgorithm: key.ParseSignatureAlgorithm(s.SignatureAlgorithm).Name,
	}
	for _, a := range s.SignedAttributes {
		v.SignedAttributes = append(v.SignedAttributes, a.Type.Name())
		if a.Type == oid.SigningTime && len(a.Values) == 1 {
			if text, _, err := decodeTime(a.Values[0]); err == nil {
				v.SigningTime = text.(string)
			}
		}
	}
	return v
}

func (v *ContentView) enveloped(e *cms.EnvelopedData, o Options) {
	v.Version = &e.Version
	v.encrypted(e.Encrypted)
	v.certificates(e.Certificates, o)
	for _, r := range e.Recipients {
		view := RecipientView{Kind: string(r.Kind), KeyEncryption: r.KeyEncryption.ID.Name()}
		view.details(&r)
		for _, id := range r.Identifiers {
			view.Identifiers = append(view.Identifiers, id.String())
		}
		v.Recipients = append(v.Recipients, view)
	}
}

// details says what the parameters of a recipient are.
func (v *RecipientView) details(r *cms.Recipient) {
	switch {
	case r.Kind == cms.KeyAgreement:
		if wrap, err := key.ParseAlgorithmIdentifier(r.KeyEncryption.Parameters); err == nil {
			v.KeyWrap = wrap.ID.Name()
		}
	case r.KeyDerivation != nil:
		if d, _, err := pbe.DescribeKDF(r.KeyDerivation.Raw); err == nil {
			v.KeyDerivation = d.KDF + " with " + d.PRF + " and " + itoa(d.Iterations) + " iterations"
		}
	case r.KeyEncryption.ID == oid.RSAESOAEP:
		if hash, err := cms.HashOfOAEP(r.KeyEncryption); err == nil {
			v.Hash = hash.String()
		}
	}
}

// text is the way a recipient gets at the content, in one line.
func (v *RecipientView) text() string {
	parts := []string{v.Kind, v.KeyEncryption}
	for _, more := range []string{v.KeyWrap, v.KeyDerivation, v.Hash} {
		if more != "" {
			parts = append(parts, more)
		}
	}
	return strings.Join(parts, ", ")
}

func (v *ContentView) encrypted(e cms.EncryptedContent) {
	inner := IdentifierView{e.ContentType.String(), cms.TypeName(e.ContentType)}
	v.EncapsulatedType, v.Detached, v.ContentSize, v.ContentEncryption = &inner, e.Detached, len(e.Content), e.Algorithm.ID.Name()
}

func (v *ContentView) fields() []Field {
	var top Field
	top.add("content type", v.ContentType.String())
	if v.EncapsulatedType != nil && (len(v.Signers) > 0 || v.ContentEncryption != "") {
		what := v.EncapsulatedType.Name
		switch {
		case v.Detached:
			what += ", which is elsewhere (detached)"
		case v.ContentSize > 0:
			what += ", " + count(v.ContentSize, "octet")
		}
		top.add("content", what)
	}
	top.add("encrypted with", v.ContentEncryption)
	for _, s := range v.Signers {
		top.add("signer", s.Identifier)
	}
	for _, r := range v.Recipients {
		top.add("recipient", strings.TrimPrefix(strings.Join(r.Identifiers, "; ")+" ("+r.text()+")", " "))
	}
	for _, c := range v.Certificates {
		top.add("certificate", nameText(c.parsed.Subject)+"  (until "+clock(c.parsed.NotAfter)+")")
	}
	if v.CRLs > 0 {
		top.add("revocation lists", itoa(v.CRLs))
	}
	fields := top.Children
	for _, s := range v.Signers {
		f := Field{Name: "signer"}
		f.add("identifier", s.Identifier)
		f.add("digest", s.DigestAlgorithm)
		f.add("signature", s.SignatureAlgorithm)
		f.add("checked", s.Signature)
		f.add("signing time", clockOf(s.SigningTime))
		f.add("signed attributes", strings.Join(s.SignedAttributes, ", "))
		fields = append(fields, f)
	}
	for _, c := range v.Certificates {
		f := Field{Name: "certificate"}
		f.add("subject", nameText(c.parsed.Subject))
		f.add("issuer", nameText(c.parsed.Issuer))
		f.add("serial number", c.SerialNumber)
		f.add("valid from", clock(c.parsed.NotBefore))
		f.add("valid until", clock(c.parsed.NotAfter))
		f.add("key", c.PublicKey.text)
		f.add("SHA-256", c.Fingerprint)
		fields = append(fields, f)
	}
	return fields
}
