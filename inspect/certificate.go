package inspect

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// CertificateView is the JSON view of a certificate.
type CertificateView struct {
	Version       int               `json:"version"`
	SerialNumber  string            `json:"serialNumber"` // hexadecimal, two digits an octet; "-" in front of a negative one
	Subject       string            `json:"subject"`      // RFC 4514
	SubjectRDNs   [][]AttributeView `json:"subjectRDNs"`
	Issuer        string            `json:"issuer"`
	IssuerRDNs    [][]AttributeView `json:"issuerRDNs"`
	NotBefore     string            `json:"notBefore"` // RFC 3339, UTC
	NotAfter      string            `json:"notAfter"`
	ExpiresInDays *int              `json:"expiresInDays,omitempty"` // below 0 where it has expired; absent without a clock
	SelfIssued    bool              `json:"selfIssued"`
	CA            bool              `json:"ca"`
	PathLen       *int              `json:"pathLen,omitempty"`
	SANs          []GeneralNameView `json:"sans"`
	KeyUsage      []string          `json:"keyUsage,omitempty"`
	ExtKeyUsage   []IdentifierView  `json:"extKeyUsage,omitempty"`
	PublicKey     *PublicKeyView    `json:"publicKey"`
	Extensions    []ExtensionView   `json:"extensions"`
	Signature     SignatureView     `json:"signature"`
	Fingerprint   string            `json:"fingerprint"`     // SHA-256 of the certificate
	SHA1          string            `json:"fingerprintSHA1"` // which older software asks for

	parsed *cert.Certificate
}

func certificate(raw []byte, o Options) (Object, error) {
	c, err := cert.Parse(raw)
	if err != nil {
		return Object{}, err
	}
	v := viewCertificate(c, o)
	object := Object{Kind: Certificate, Title: certificateTitle(v), Detail: v}
	v.notes(&object, c, o)
	object.Fields = v.fields(c, o)
	return object, nil
}

func viewCertificate(c *cert.Certificate, o Options) *CertificateView {
	whole, old := sha256.Sum256(c.Raw), sha1.Sum(c.Raw)
	v := &CertificateView{
		Version: c.Version, SerialNumber: serialText(c.SerialBytes),
		Subject: c.Subject.String(), SubjectRDNs: rdns(c.Subject), Issuer: c.Issuer.String(), IssuerRDNs: rdns(c.Issuer),
		NotBefore: stamp(c.NotBefore), NotAfter: stamp(c.NotAfter), SelfIssued: c.SelfIssued(),
		SANs: []GeneralNameView{}, PublicKey: publicKey(c.PublicKey), Extensions: viewExtensions(c.Extensions),
		Signature: signature(c.SignatureAlgorithm, c.SignatureValue), Fingerprint: hex.EncodeToString(whole[:]), SHA1: hex.EncodeToString(old[:]),
		parsed: c,
	}
	if !o.Now.IsZero() {
		days := int(c.NotAfter.Sub(o.Now).Hours() / 24)
		v.ExpiresInDays = &days
	}
	asked := readWanted(c.Extensions)
	v.CA, v.PathLen, v.KeyUsage, v.ExtKeyUsage = asked.ca, asked.pathLen, asked.keyUsage, asked.extKeyUsage
	if asked.sans != nil {
		v.SANs = asked.sans
	}
	if v.SelfIssued {
		v.Signature.checked(c.CheckSignature(c.PublicKey))
	}
	return v
}

func certificateTitle(v *CertificateView) string {
	switch {
	case v.CA && v.SelfIssued:
		return "Root certificate of a certification authority"
	case v.CA:
		return "Certificate of a certification authority"
	case v.SelfIssued:
		return "Certificate, self-signed"
	}
	return "Certificate"
}

// serialText writes content octets of an INTEGER as hexadecimal.
func serialText(content []byte) string {
	if len(content) > 1 && content[0] == 0 {
		content = content[1:]
	}
	return hex.EncodeToString(content)
}

// wanted is what is read first of a certificate's or request's extensions.
type wanted struct {
	ca, hasBasic bool
	pathLen      *int
	keyUsage     []string
	extKeyUsage  []IdentifierView
	sans         []GeneralNameView
	sansCritical bool
}

func readWanted(list []ext.Extension) (w wanted) {
	if e, ok := ext.Find(list, oid.BasicConstraints); ok {
		if c, err := ext.ParseBasicConstraints(e.Value); err == nil {
			w.ca, w.hasBasic = c.CA, true
			if c.PathLen >= 0 {
				w.pathLen = &c.PathLen
			}
		}
	}
	if e, ok := ext.Find(list, oid.KeyUsage); ok {
		if u, err := ext.ParseKeyUsage(e.Value); err == nil {
			w.keyUsage = ext.KeyUsageNames(u)
		}
	}
	if e, ok := ext.Find(list, oid.ExtKeyUsage); ok {
		if ids, err := ext.ParseExtKeyUsage(e.Value); err == nil {
			w.extKeyUsage = identifiers(ids)
		}
	}
	if e, ok := ext.Find(list, oid.SubjectAltName); ok {
		w.sansCritical = e.Critical
		if names, err := ext.ParseSubjectAltName(e.Value); err == nil {
			w.sans = generalNames(names)
		}
	}
	return w
}

func (v *CertificateView) fields(c *cert.Certificate, o Options) []Field {
	var top Field
	top.add("subject", nameText(c.Subject))
	top.add("names", joinNames(v.SANs, o.entries()))
	top.add("issuer", nameText(c.Issuer))
	relative, _ := validity(c.NotBefore, c.NotAfter, o.Now)
	top.add("valid from", clock(c.NotBefore))
	top.Children = append(top.Children, Field{Name: "valid until", Value: clock(c.NotAfter), Note: relative})
	top.add("key", v.PublicKey.text)
	top.add("usages", usages(v.KeyUsage, v.ExtKeyUsage))
	top.add("authority", authority(v.CA, v.PathLen))
	top.add("signature", signatureLine(v))
	top.add("serial number", v.SerialNumber)
	top.add("version", fmt.Sprint(v.Version))
	groups := []Field{{Name: "subject, part by part", Children: nameFields(v.SubjectRDNs, o)}}
	if !v.SelfIssued {
		groups = append(groups, Field{Name: "issuer, part by part", Children: nameFields(v.IssuerRDNs, o)})
	}
	groups = append(groups, extensionFields(v.Extensions), v.PublicKey.group(), v.Signature.group())
	groups = append(groups, Field{Name: "fingerprints", Children: []Field{
		{Name: "SHA-256", Value: v.Fingerprint}, {Name: "SHA-1", Value: v.SHA1}, {Name: "SHA-256 of the key", Value: v.PublicKey.Fingerprint}}})
	return append(top.Children, nonEmpty(groups)...)
}

func nonEmpty(groups []Field) []Field {
	var out []Field
	for _, g := range groups {
		if len(g.Children) > 0 {
			out = append(out, g)
		}
	}
	return out
}

func usages(keyUsage []string, extended []IdentifierView) string {
	var lines []string
	if len(keyUsage) > 0 {
		lines = append(lines, strings.Join(keyUsage, ", "))
	}
	var names []string
	for _, id := range extended {
		if id.Name == "" {
			names = append(names, id.OID)
		} else {
			names = append(names, id.Name)
		}
	}
	if len(names) > 0 {
		lines = append(lines, strings.Join(names, ", "))
	}
	return strings.Join(lines, "\n")
}

func authority(ca bool, pathLen *int) string {
	switch {
	case !ca:
		return "no: may not issue certificates"
	case pathLen == nil:
		return "yes: may issue certificates"
	case *pathLen == 0:
		return "yes: may issue certificates, but none of further authorities"
	}
	return "yes: may issue certificates, with " + count(*pathLen, "further authority level") + " below at most"
}

func signatureLine(v *CertificateView) string {
	s := &v.Signature
	switch {
	case s.Verified == nil:
		return s.Algorithm + ", by the issuer"
	case *s.Verified:
		return s.Algorithm + ", by its own key: verified"
	}
	return s.Algorithm + ", by its own key: not verified: " + s.Problem
}

func (v *CertificateView) notes(o *Object, c *cert.Certificate, opts Options) {
	if text, wrong := validity(c.NotBefore, c.NotAfter, opts.Now); wrong {
		o.noteOn("validity", "the certificate "+strings.Replace(text, "begins", "becomes valid", 1))
	}
	if c.Serial.Sign() <= 0 {
		o.noteOn("serialNumber", "the serial number is not positive (RFC 5280, Section 4.1.2.2)")
	}
	if len(c.SerialBytes) > 20 {
		o.noteOn("serialNumber", "the serial number is longer than 20 octets (RFC 5280, Section 4.1.2.2)")
	}
	if string(c.Signature.Raw) != string(c.SignatureAlgorithm.Raw) {
		o.noteOn("signature", "the signature algorithm inside what is signed is not the one beside the signature")
	}
	noteSignature(o, &v.Signature)
	v.PublicKey.note(o)
	noteExtensions(o, v.Extensions)
	noteName(o, "subject", c.Subject)
	if !v.SelfIssued {
		noteName(o, "issuer", c.Issuer)
	}
	noteNames(o, v.SANs)
	if c.Subject.IsEmpty() && len(v.SANs) > 0 && !readWanted(c.Extensions).sansCritical {
		o.noteOn("subjectAltName", "the subject is empty, so the subjectAltName should be critical (RFC 5280, Section 4.2.1.6)")
	}
	if c.Version < 3 && len(c.Extensions) > 0 {
		o.noteOn("version", "there are extensions, which only version 3 has")
	}
}

func noteSignature(o *Object, s *SignatureView) {
	if s.Verified != nil && !*s.Verified {
		o.noteOn("signature", s.Problem)
	}
	if s.Broken != "" {
		o.noteOn("signature", s.Broken)
	}
}

func noteNames(o *Object, names []GeneralNameView) {
	for _, n := range names {
		if n.Problem != "" {
			o.noteOn("subjectAltName", n.String()+": "+n.Problem)
		}
	}
}
