package inspect

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/request"
)

// Action says what became of a field.
type Action string

// The actions.
const (
	Kept     Action = "kept"
	Dropped  Action = "dropped"
	Added    Action = "added"
	Replaced Action = "replaced"
)

// Difference is what became of one field from one object to the other.
type Difference struct {
	Field  string `json:"field"` // "subject.commonName", "subjectAltName", "publicKey", "notAfter", "extension.keyUsage"
	Action Action `json:"action"`
	Before string `json:"before,omitempty"` // what was asked for, or is in the first object
	After  string `json:"after,omitempty"`  // what was issued, or is in the second
	Why    string `json:"why,omitempty"`    // from the reasons given
}

// Reason says why a field was changed, by whoever changed it.
type Reason struct {
	Field string // as a Difference names it, or by any other name of the attribute or extension ("subject.CN", "extensions.keyUsage"); a whole ("subject", "extension") stands for its parts
	Value string // the value that the reason is about, where a field has several; empty for all
	Why   string
}

// Diff is every field of two objects, side by side.
type Diff struct{ Fields []Difference }

// Changed reports whether any field differs.
func (d Diff) Changed() bool {
	return slices.ContainsFunc(d.Fields, func(f Difference) bool { return f.Action != Kept })
}

// side is what requests and certificates have in common.
type side struct {
	subject    dn.Name
	public     *key.Public
	extensions []ext.Extension
	other      []pair // fields with one value each
}

type pair struct{ field, value string }

// DiffRequest compares a request with the certificate issued for it. reasons
// explain the changes; what no request can hold explains itself.
func DiffRequest(r *request.Request, c *cert.Certificate, reasons []Reason) Diff {
	return compare(sideOfRequest(r), sideOfCertificate(c), slices.Concat(reasons, plainReasons))
}

// DiffRequests compares two requests.
func DiffRequests(a, b *request.Request) Diff {
	return compare(sideOfRequest(a), sideOfRequest(b), nil)
}

// DiffCertificates compares two certificates.
func DiffCertificates(a, b *cert.Certificate) Diff {
	return compare(sideOfCertificate(a), sideOfCertificate(b), nil)
}

func sideOfRequest(r *request.Request) side {
	s := side{subject: r.Subject, public: r.PublicKey, extensions: r.Extensions}
	switch {
	case r.CRMF != nil:
		s.other = messagePairs(r.CRMF)
		return s
	case r.SPKAC != nil:
		s.other = []pair{{"challenge", r.SPKAC.Challenge}}
		return s
	case r.PKCS10 == nil:
		return s
	}
	for _, a := range r.PKCS10.Attributes {
		if isExtensionRequest(a.ID) {
			continue
		}
		v := viewRequestAttribute(a)
		name := v.Name
		if name == "" {
			name = v.OID
		}
		value := strings.Join(v.Values, "; ")
		if a.ID == oid.ChallengePassword {
			value = "(not shown)" // the holder revokes with it, and differences are passed around
		}
		s.other = append(s.other, pair{"attribute." + name, value})
	}
	return s
}

// messagePairs are the fields of a CertReqMsg that no other request has.
func messagePairs(m *crmf.Message) []pair {
	v := viewMessage(m)
	out := []pair{{"certReqId", v.CertReqID}}
	for _, p := range []pair{
		{"serialNumber", v.SerialNumber}, {"signatureAlgorithm", v.SignatureAlgorithm}, {"issuer", v.Issuer},
		{"notBefore", clockOf(v.NotBefore)}, {"notAfter", clockOf(v.NotAfter)},
	} {
		if p.value != "" {
			out = append(out, p)
		}
	}
	for _, group := range []struct {
		name string
		list []CRMFInfoView
	}{{"control.", v.Controls}, {"regInfo.", v.RegInfo}} {
		for _, i := range group.list {
			name, values := i.Name, []string{}
			if name == "" {
				name = i.OID
			}
			for _, part := range i.Values {
				values = append(values, part.Name+" "+part.Value)
			}
			if i.OID == crmf.RegToken.String() || i.OID == crmf.Authenticator.String() {
				values = []string{"(not shown)"} // as a challenge password
			}
			out = append(out, pair{group.name + name, strings.Join(values, "; ")})
		}
	}
	return out
}

func sideOfCertificate(c *cert.Certificate) side {
	return side{subject: c.Subject, public: c.PublicKey, extensions: c.Extensions, other: []pair{
		{"issuer", nameText(c.Issuer)}, {"serialNumber", serialText(c.SerialBytes)},
		{"notBefore", clock(c.NotBefore)}, {"notAfter", clock(c.NotAfter)},
		{"signatureAlgorithm", key.ParseSignatureAlgorithm(c.SignatureAlgorithm).Name},
	}}
}

func compare(a, b side, reasons []Reason) Diff {
	var d Diff
	d.subject(a.subject, b.subject)
	d.names(a.extensions, b.extensions)
	d.publicKey(a.public, b.public)
	d.values(a.other, b.other)
	d.extensions(a.extensions, b.extensions)
	for i := range d.Fields {
		if d.Fields[i].Action != Kept {
			d.Fields[i].Why = why(reasons, &d.Fields[i])
		}
	}
	return d
}

func (d *Diff) add(field, before, after string, there, here bool) {
	action := Kept
	switch {
	case there && !here:
		action = Dropped
	case !there:
		action = Added
	case before != after:
		action = Replaced
	}
	d.Fields = append(d.Fields, Difference{Field: field, Action: action, Before: before, After: after})
}

// subject compares names type by type, as values of one type may be several.
func (d *Diff) subject(a, b dn.Name) {
	var types []oid.OID
	for _, name := range []dn.Name{a, b} {
		for _, attribute := range name.All() {
			if !slices.Contains(types, attribute.Type) {
				types = append(types, attribute.Type)
			}
		}
	}
	for _, kind := range types {
		before, after := a.Values(kind), b.Values(kind)
		d.add("subject."+kind.Name(), strings.Join(before, "; "), strings.Join(after, "; "), before != nil, after != nil)
	}
	sameOrder := slices.EqualFunc(a.All(), b.All(), func(x, y dn.Attribute) bool { return x.Type == y.Type })
	if !sameOrder && len(a.All()) == len(b.All()) && !d.Changed() {
		d.add("subject.order", a.String(), b.String(), true, true)
	}
}

// names compares the subject alternative names one by one.
func (d *Diff) names(a, b []ext.Extension) {
	before, after := nameStrings(a), nameStrings(b)
	for _, n := range before {
		d.add("subjectAltName", n, n, true, true)
		if !slices.Contains(after, n) {
			last := &d.Fields[len(d.Fields)-1]
			last.Action, last.After = Dropped, ""
		}
	}
	for _, n := range after {
		if !slices.Contains(before, n) {
			d.add("subjectAltName", "", n, false, true)
		}
	}
}

func nameStrings(list []ext.Extension) []string {
	var out []string
	for _, n := range readWanted(list).sans {
		out = append(out, n.String())
	}
	return out
}

func (d *Diff) publicKey(a, b *key.Public) {
	d.add("publicKey", keyText(a), keyText(b), true, true)
	if key.SameKey(a, b) && !key.Equal(a, b) {
		last := &d.Fields[len(d.Fields)-1]
		last.After += " (the same key, written differently)"
	}
}

func keyText(p *key.Public) string {
	if p == nil {
		return "none"
	}
	sum := p.Fingerprint()
	return p.String() + ", SHA-256 " + hex.EncodeToString(sum[:])
}

func (d *Diff) values(a, b []pair) {
	find := func(list []pair, field string) (string, bool) {
		for _, p := range list {
			if p.field == field {
				return p.value, true
			}
		}
		return "", false
	}
	for _, p := range a {
		value, here := find(b, p.field)
		d.add(p.field, p.value, value, true, here)
	}
	for _, p := range b {
		if _, there := find(a, p.field); !there {
			d.add(p.field, "", p.value, false, true)
		}
	}
}

func (d *Diff) extensions(a, b []ext.Extension) {
	for _, e := range a {
		if e.ID == oid.SubjectAltName {
			continue
		}
		other, here := ext.Find(b, e.ID)
		after := ""
		if here {
			after = extensionText(other)
		}
		d.add(extensionField(e), extensionText(e), after, true, here)
		if here && !bytes.Equal(e.Value, other.Value) && extensionText(e) == after {
			last := &d.Fields[len(d.Fields)-1]
			last.Action, last.Before, last.After = Replaced, "#"+hex.EncodeToString(e.Value), "#"+hex.EncodeToString(other.Value)
		}
	}
	for _, e := range b {
		if _, there := ext.Find(a, e.ID); !there && e.ID != oid.SubjectAltName {
			d.add(extensionField(e), "", extensionText(e), false, true)
		}
	}
}

func extensionField(e ext.Extension) string {
	v := viewExtension(e)
	return "extension." + v.label()
}

func extensionText(e ext.Extension) string {
	v := viewExtension(e)
	text := strings.Join(v.lines, "; ")
	if v.Critical {
		text += " (critical)"
	}
	return text
}

// WriteText writes the differences for people: first what differs, then what
// was kept in few words.
func (d Diff) WriteText(w io.Writer) error {
	marks := map[Action]string{Dropped: "- ", Added: "+ ", Replaced: "~ "}
	var t textWriter
	var kept []string
	for _, f := range d.Fields {
		switch f.Action {
		case Kept:
			if !slices.Contains(kept, f.Field) {
				kept = append(kept, f.Field)
			}
			continue
		case Replaced:
			t.wrapped(marks[f.Action], "    ", f.Field+": "+f.Before)
			t.wrapped("    now: ", "    ", f.After)
		default:
			t.wrapped(marks[f.Action], "    ", f.Field+": "+f.Before+f.After)
		}
		if f.Why != "" {
			t.wrapped("    why: ", "    ", f.Why)
		}
	}
	if !d.Changed() {
		t.line("nothing differs")
	}
	if len(kept) > 0 {
		t.wrapped("= ", "    ", "the same: "+strings.Join(kept, ", "))
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

// MarshalJSON writes the differences as docs/json.md describes them.
func (d Diff) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Changed bool         `json:"changed"`
		Fields  []Difference `json:"fields"`
	}{d.Changed(), append([]Difference{}, d.Fields...)})
}
