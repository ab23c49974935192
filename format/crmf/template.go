package crmf

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// templateFields are what a CertTemplate may hold; the place in the list is the tag.
var templateFields = [...]struct {
	name        string
	constructed bool
	read        func(*reader, *Template, der.Element) error
}{
	{"version", false, (*reader).version},
	{"serialNumber", false, (*reader).serial},
	{"signingAlg", true, (*reader).signingAlgorithm},
	{"issuer", true, (*reader).issuer},
	{"validity", true, (*reader).validity},
	{"subject", true, (*reader).subject},
	{"publicKey", true, (*reader).publicKey},
	{"issuerUID", false, (*reader).issuerUID},
	{"subjectUID", false, (*reader).subjectUID},
	{"extensions", true, (*reader).extensions},
}

// ParseTemplate reads a CertTemplate by itself, as requests to revoke hold
// one (RFC 9810, Section 5.3.9), and says what is irregular.
func ParseTemplate(raw []byte) (Template, []string, error) {
	r := &reader{}
	e, err := der.ParseTag(raw, der.Sequence)
	if err != nil {
		return Template{}, nil, fmt.Errorf("reading a certificate template: %w", err)
	}
	t, err := r.template(e)
	if err != nil {
		return Template{}, nil, fmt.Errorf("reading a certificate template: %w", err)
	}
	return t, r.deviations, nil
}

func (r *reader) template(e der.Element) (Template, error) {
	t, last, seen := Template{Raw: e.Raw}, -1, 0
	for in := e.Children(); !in.Empty(); {
		f, err := in.Next()
		if err != nil {
			return t, err
		}
		n := int(f.Number)
		if f.Tag.Class() != 2 || n >= len(templateFields) {
			r.deviate("the template holds %v, which no field has", f.Tag)
			continue
		}
		name := templateFields[n].name
		if f.Tag.Constructed() != templateFields[n].constructed {
			return t, fmt.Errorf("%s: its tag says the wrong of constructed and primitive", name)
		}
		if seen&(1<<n) != 0 {
			return t, fmt.Errorf("%s: it is there twice", name)
		}
		if n < last {
			r.deviate("the field %s of the template is not in its place", name)
		}
		seen, last = seen|1<<n, n
		if err := templateFields[n].read(r, &t, f); err != nil {
			return t, fmt.Errorf("%s: %w", name, err)
		}
	}
	return t, nil
}

// retag returns the element under another tag.
func retag(e der.Element, tag der.Tag) []byte {
	raw := bytes.Clone(e.Raw)
	raw[0] = byte(tag)
	return raw
}

// padding looks at an INTEGER under another tag, where der.Strict cannot.
func (r *reader) padding(what string, e der.Element) {
	if err := der.Strict(retag(e, der.Integer)); err != nil {
		r.deviate("the encoding of the %s is not DER: %v", what, err)
	}
}

func (r *reader) version(t *Template, e der.Element) error {
	v, err := e.Int()
	t.Version = &v
	r.padding("version", e)
	if err == nil && v != 2 {
		r.deviate("the version is %d; if one is given it must be 2", v)
	}
	return err
}

func (r *reader) serial(t *Template, e der.Element) (err error) {
	t.Serial, err = integer(e)
	r.padding("serial number", e)
	return err
}

func (r *reader) signingAlgorithm(t *Template, e der.Element) error {
	a, err := key.ParseAlgorithmIdentifier(retag(e, der.Sequence))
	t.SigningAlgorithm = &a
	return err
}

// name reads a Name in an explicit tag; Name being a CHOICE, no other is
// possible, though some programs write the implicit one.
func (r *reader) name(what string, e der.Element) (dn.Name, error) {
	raw := e.Content
	if tag := e.Children().Peek(); tag == 0 || tag == der.Set {
		r.deviate("the %s is tagged implicitly; the tag of a Name must be explicit", what)
		raw = retag(e, der.Sequence)
	}
	n, err := dn.Parse(raw)
	if err != nil {
		r.deviate("the %s cannot be read: %v", what, err)
		return dn.Name{Raw: raw}, err
	}
	return n, nil
}

func (r *reader) issuer(t *Template, e der.Element) error {
	n, _ := r.name("issuer", e)
	t.Issuer = &n
	return nil
}

func (r *reader) subject(t *Template, e der.Element) error {
	n, err := r.name("subject", e)
	t.Subject, t.SubjectProblem = &n, err
	return nil
}

func (r *reader) validity(t *Template, e der.Element) error {
	v, in := &Validity{Raw: retag(e, der.Sequence)}, e.Children()
	for i, at := range []*time.Time{&v.NotBefore, &v.NotAfter} {
		outer, ok, err := in.Optional(der.ContextConstructed(uint8(i)))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		inner, err := der.Parse(outer.Content)
		if err == nil {
			*at, err = inner.Time()
		}
		if err == nil && at.IsZero() {
			err = errors.New("the year 1 is no time for a certificate")
		}
		if err != nil {
			return err
		}
	}
	if v.NotBefore.IsZero() && v.NotAfter.IsZero() {
		r.deviate("the validity has neither of its times")
	}
	t.Validity = v
	return in.End()
}

func (r *reader) publicKey(t *Template, e der.Element) error {
	t.PublicKey = r.spki("public key", retag(e, der.Sequence))
	return nil
}

func (r *reader) spki(what string, raw []byte) *key.Public {
	public, err := key.ParsePublic(raw)
	if err != nil {
		r.deviate("the %s cannot be read: %v", what, err)
		return &key.Public{Raw: raw, Type: "unknown", Problem: err}
	}
	return public
}

func (r *reader) issuerUID(t *Template, e der.Element) (err error) {
	t.IssuerUID, err = bitString(e)
	return err
}

func (r *reader) subjectUID(t *Template, e der.Element) (err error) {
	t.SubjectUID, err = bitString(e)
	return err
}

func bitString(e der.Element) (*BitString, error) {
	octets, unused, err := e.Bits()
	return &BitString{octets, unused}, err
}

func (r *reader) extensions(t *Template, e der.Element) error {
	t.RawExtensions = retag(e, der.Sequence)
	list, err := ext.Parse(t.RawExtensions)
	if err != nil {
		t.ExtensionsProblem = fmt.Errorf("the extensions cannot be read: %w", err)
		r.deviate("%v", t.ExtensionsProblem)
		return nil
	}
	t.Extensions = list
	if len(list) == 0 {
		r.deviate("the extensions are there and empty; they should be left away")
	}
	seen := make(map[oid.OID]bool, len(list))
	for i, x := range list {
		if seen[x.ID] {
			r.deviate("the extension %s is asked for more than once", x.ID.Name())
		}
		seen[x.ID] = true
		if !x.Critical && len(ext.Marshal([]ext.Extension{{ID: x.ID, Value: x.Value}})) < len(ext.Marshal(list[i:i+1])) {
			r.deviate("the extension %s says that it is not critical; DER leaves the default away", x.ID.Name())
		}
	}
	return nil
}
