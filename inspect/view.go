package inspect

import (
	"crypto/rsa"
	"encoding/hex"
	"strings"
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// IdentifierView is an object identifier with its name.
type IdentifierView struct {
	OID  string `json:"oid"`
	Name string `json:"name,omitempty"` // absent where no name is known
}

func identifier(id oid.OID) IdentifierView {
	v := IdentifierView{OID: id.String()}
	if _, long, ok := oid.Names(id); ok {
		v.Name = long
	}
	return v
}

// shortIdentifier is identifier with the name that standards write for usages
// and access methods: "serverAuth", "caIssuers".
func shortIdentifier(id oid.OID) IdentifierView {
	v := identifier(id)
	switch short, _, ok := oid.Names(id); {
	case id == oid.AnyPolicy:
		v.Name = "anyPolicy"
	case id == oid.AnyExtKeyUsage:
		v.Name = "anyExtendedKeyUsage"
	case id == oid.AccessOCSP:
		v.Name = "ocsp"
	case ok:
		v.Name = short
	}
	return v
}

// String is the name with the number behind it, or the number alone.
func (v IdentifierView) String() string {
	if v.Name == "" {
		return v.OID
	}
	return v.Name + " (" + v.OID + ")"
}

// identifiers is shortIdentifier for a list.
func identifiers(ids []oid.OID) []IdentifierView {
	list := make([]IdentifierView, 0, len(ids))
	for _, id := range ids {
		list = append(list, shortIdentifier(id))
	}
	return list
}

// AttributeView is one attribute of a distinguished name.
type AttributeView struct {
	Type     string `json:"type"` // "commonName"; dotted where it has no name
	OID      string `json:"oid"`
	Value    string `json:"value"`
	Encoding string `json:"encoding"` // the string type: "UTF8String"
}

// rdns shows a name part by part; the parts of a multi-valued RDN stand together.
func rdns(n dn.Name) [][]AttributeView {
	list := make([][]AttributeView, 0, len(n.RDNs))
	for _, rdn := range n.RDNs {
		var parts []AttributeView
		for _, a := range rdn {
			parts = append(parts, AttributeView{a.Type.Name(), a.Type.String(), a.Text(), a.Tag.String()})
		}
		list = append(list, parts)
	}
	return list
}

func nameFields(list [][]AttributeView, o Options) []Field {
	var fields []Field
	for _, rdn := range list {
		for i, a := range rdn {
			f := Field{Name: a.Type, Value: oneLine(a.Value)}
			if i > 0 {
				f.Name = "+ " + f.Name
			}
			if usual := a.Encoding == der.UTF8String.String() || a.Encoding == der.PrintableString.String(); !usual || o.all() {
				f.Note = a.Encoding
			}
			fields = append(fields, f)
		}
	}
	return fields
}

func nameText(n dn.Name) string {
	if n.IsEmpty() {
		return "(empty)"
	}
	return oneLine(n.String())
}

// PublicKeyView is a subject public key info.
type PublicKeyView struct {
	Type          string         `json:"type"`               // "RSA", "EC", "Ed25519", "ML-DSA" …
	Size          int            `json:"size,omitempty"`     // bits of the modulus or field
	Curve         string         `json:"curve,omitempty"`    // of EC
	Exponent      string         `json:"exponent,omitempty"` // of RSA, decimal
	Modulus       string         `json:"modulus,omitempty"`  // of RSA, hexadecimal
	Algorithm     IdentifierView `json:"algorithm"`
	Fingerprint   string         `json:"fingerprint"`   // SHA-256 of the SubjectPublicKeyInfo
	KeyIdentifier string         `json:"keyIdentifier"` // RFC 5280, Section 4.2.1.2, method 1
	Value         string         `json:"value"`         // the subjectPublicKey, hexadecimal
	Problem       string         `json:"problem,omitempty"`
	Weaknesses    []WeaknessView `json:"weaknesses,omitempty"`

	text string
	bits []byte
}

// WeaknessView is a known way to break a key.
type WeaknessView struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Source string `json:"source,omitempty"`
}

func publicKey(p *key.Public) *PublicKeyView {
	if p == nil {
		return nil
	}
	sum := p.Fingerprint()
	v := &PublicKeyView{
		Type: p.Type, Size: p.Size, Curve: p.Curve, Algorithm: identifier(p.Algorithm.ID),
		Fingerprint: hex.EncodeToString(sum[:]), KeyIdentifier: hex.EncodeToString(p.Identifier()),
		Value: hex.EncodeToString(p.Bits), text: p.String(), bits: p.Bits,
	}
	switch k := p.Key.(type) {
	case *rsa.PublicKey:
		v.Exponent, v.Modulus = itoa(k.E), k.N.Text(16)
	case *key.RSAPublicKey:
		v.Exponent, v.Modulus = k.E.String(), k.N.Text(16)
	}
	if p.Problem != nil {
		v.Problem = p.Problem.Error()
		return v
	}
	for _, w := range key.Weaknesses(p) {
		v.Weaknesses = append(v.Weaknesses, WeaknessView{w.Code, w.Detail, w.Source})
	}
	return v
}

func (v *PublicKeyView) group() Field {
	f := Field{Name: "subject public key info"}
	f.add("algorithm", v.Algorithm.String())
	f.add("curve", v.Curve)
	f.add("exponent", v.Exponent)
	f.add("fingerprint (SHA-256)", v.Fingerprint)
	f.add("key identifier", v.KeyIdentifier)
	f.Children = append(f.Children, Field{Name: "public key", Value: clipped(v.bits), Raw: v.bits})
	return f
}

// note tells an object what is wrong with its key.
func (v *PublicKeyView) note(o *Object) {
	if v.Problem != "" {
		o.noteOn("publicKey", v.Problem)
	}
	for _, w := range v.Weaknesses {
		o.noteOn("publicKey", w.Detail)
	}
}

// add appends a child unless its value is empty.
func (f *Field) add(name, value string) {
	if value != "" {
		f.Children = append(f.Children, Field{Name: name, Value: value})
	}
}

// clippedOctets is how many octets of a long value are shown, unless all is.
const clippedOctets = 48

func clipped(octets []byte) string {
	if len(octets) <= clippedOctets {
		return hex.EncodeToString(octets)
	}
	return hex.EncodeToString(octets[:clippedOctets/2]) + "… (" + count(len(octets), "octet") + ")"
}

// unclip shows long values whole.
func unclip(fields []Field) {
	for i := range fields {
		f := &fields[i]
		unclip(f.Children)
		if len(f.Raw) > clippedOctets {
			f.Value = strings.Replace(f.Value, clipped(f.Raw), hex.EncodeToString(f.Raw), 1)
		}
	}
}

// SignatureView is a signature and what checking it said.
type SignatureView struct {
	Algorithm string         `json:"algorithm"` // "ecdsa-with-SHA256"
	OID       string         `json:"oid"`
	Verified  *bool          `json:"verified,omitempty"` // absent where the key is not at hand
	Problem   string         `json:"problem,omitempty"`  // why it does not verify
	Broken    string         `json:"broken,omitempty"`   // why the algorithm proves nothing today
	Hash      string         `json:"hash,omitempty"`
	Salt      *int           `json:"saltLength,omitempty"` // RSA-PSS
	Value     string         `json:"value"`                // hexadecimal
	Key       IdentifierView `json:"-"`
	octets    []byte
}

func signature(alg key.AlgorithmIdentifier, octets []byte) SignatureView {
	a := key.ParseSignatureAlgorithm(alg)
	v := SignatureView{Algorithm: a.Name, OID: alg.ID.String(), Broken: a.Broken, Value: hex.EncodeToString(octets), octets: octets}
	if a.Hash != 0 {
		v.Hash = a.Hash.String()
	}
	if a.SaltLength >= 0 && a.KeyType != "" {
		v.Salt = &a.SaltLength
	}
	return v
}

// checked records what verifying said.
func (v *SignatureView) checked(err error) {
	good := err == nil
	v.Verified = &good
	if err != nil {
		v.Problem = err.Error()
	}
}

func (v *SignatureView) group() Field {
	f := Field{Name: "signature"}
	f.add("algorithm", v.Algorithm)
	f.add("hash", v.Hash)
	if v.Salt != nil {
		f.add("salt", count(*v.Salt, "octet"))
	}
	if len(v.octets) > 0 {
		f.Children = append(f.Children, Field{Name: "value", Value: clipped(v.octets), Raw: v.octets})
	}
	return f
}

// GeneralNameView is a name of a subjectAltName and its like.
type GeneralNameView struct {
	Type    string `json:"type"` // "dns", "ip", "email", "uri", "upn", "dir", "rid", "other" …
	Value   string `json:"value"`
	Problem string `json:"problem,omitempty"`
}

func generalNames(names []ext.GeneralName) []GeneralNameView {
	list := make([]GeneralNameView, 0, len(names))
	for _, n := range names {
		list = append(list, generalName(n))
	}
	return list
}

func generalName(n ext.GeneralName) GeneralNameView {
	kind, value, ok := strings.Cut(n.String(), ":")
	if !ok {
		kind, value = "", n.Text()
	}
	v := GeneralNameView{Type: kind, Value: value}
	if err := n.Problem(); err != nil {
		v.Problem = err.Error()
	}
	return v
}

// String is the name with its prefix.
func (v GeneralNameView) String() string { return v.Type + ":" + oneLine(v.Value) }

func joinNames(list []GeneralNameView, limit int) string {
	var lines []string
	for i, n := range list {
		if i == limit {
			lines = append(lines, "… and "+count(len(list)-limit, "more name"))
			break
		}
		lines = append(lines, n.String())
	}
	return strings.Join(lines, "\n")
}

// stamp is how times are written in JSON.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
