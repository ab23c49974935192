package opensslconf

import (
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
)

// Req is the section of requests, as openssl-req(1) describes it. Texts are
// empty where the section does not have them.
type Req struct {
	Section           string
	Bits              int // default_bits; 2048 where it is missing
	KeyFile           string
	MD                string
	EncryptKey        bool // false for encrypt_key = no (or encrypt_rsa_key)
	Names             NameOptions
	InputPassword     string
	HasInputPassword  bool
	OutputPassword    string
	HasOutputPassword bool
	OIDFile           string
	OIDSection        string
	DistinguishedName string // the section of the subject
	Attributes        string // the section of attributes
	X509Extensions    string
	ReqExtensions     string
	Prompt            bool // false for prompt = no
}

// Req reads a section of requests ("req" is the usual one). A section that is
// not there reads as an empty one. The error is a *SettingError.
func (f *File) Req(section string) (Req, error) {
	r := Req{
		Section: section, Bits: 2048,
		KeyFile: f.text(section, "default_keyfile"), MD: f.text(section, "default_md"),
		OIDFile: f.text(defaultSection, "oid_file"), OIDSection: f.text(defaultSection, "oid_section"),
		DistinguishedName: f.text(section, "distinguished_name"), Attributes: f.text(section, "attributes"),
		X509Extensions: f.text(section, "x509_extensions"), ReqExtensions: f.text(section, "req_extensions"),
		Prompt: f.text(section, "prompt") != "no",
	}
	if n, ok := f.Number(section, "default_bits"); ok {
		r.Bits = int(n)
	}
	encrypt, ok := f.Value(section, "encrypt_rsa_key")
	if !ok {
		encrypt = f.text(section, "encrypt_key")
	}
	r.EncryptKey = encrypt != "no"
	r.InputPassword, r.HasInputPassword = f.Value(section, "input_password")
	r.OutputPassword, r.HasOutputPassword = f.Value(section, "output_password")
	r.Names.UTF8 = f.text(section, "utf8") == "yes"
	return r, f.stringMask(section, &r.Names.Mask)
}

// Prompt is one question for a part of the subject or an attribute.
type Prompt struct {
	Name     string // as the section has it: "0.organizationName"
	Type     oid.OID
	Joined   bool   // goes to the part before (a leading plus sign)
	Text     string // of the question
	Default  string // taken for an empty answer
	Value    string // taken without asking, if HasValue
	HasValue bool
	Min, Max int // octets of the answer; -1 for no bound
}

// SubjectPrompts returns the questions of a section of the subject, in order.
// Lines whose name is no object are passed over.
func (f *File) SubjectPrompts(section string) ([]Prompt, error) {
	return f.prompts(section, func(name string) (string, bool, bool) {
		for _, suffix := range []string{"_min", "_max", "_default", "_value"} {
			if strings.HasSuffix(name, suffix) {
				return "", false, false
			}
		}
		bare, joined := bareName(name)
		return bare, joined, true
	})
}

// AttributePrompts is SubjectPrompts for a section of attributes, where
// nothing may stand before a name.
func (f *File) AttributePrompts(section string) ([]Prompt, error) {
	return f.prompts(section, func(name string) (string, bool, bool) { return name, false, true })
}

func (f *File) prompts(section string, bareOf func(string) (bare string, joined, ok bool)) ([]Prompt, error) {
	pairs, ok := f.Section(section)
	if !ok {
		return nil, fmt.Errorf("there is no section %s", section)
	}
	var out []Prompt
	for _, p := range pairs {
		bare, joined, ok := bareOf(p.Name)
		if !ok {
			continue
		}
		id, ok := f.known(bare)
		if !ok {
			continue
		}
		q := Prompt{Name: p.Name, Type: id, Joined: joined, Text: p.Value, Default: f.text(section, p.Name+"_default"), Min: -1, Max: -1}
		q.Value, q.HasValue = f.Value(section, p.Name+"_value")
		if n, ok := f.Number(section, p.Name+"_min"); ok {
			q.Min = int(n)
		}
		if n, ok := f.Number(section, p.Name+"_max"); ok {
			q.Max = int(n)
		}
		out = append(out, q)
	}
	return out, nil
}

// Take says what becomes of an answer, given without its line end: the text to
// use, and false where the part is left out. Nothing stands for the default, a
// dot for leaving the part out.
func (p Prompt) Take(answer string) (text string, ok bool) {
	if answer == "" {
		answer = p.Default
		return answer, answer != ""
	}
	return answer, answer != "."
}

// Check returns a *LengthError for a text outside the bounds of the question.
func (p Prompt) Check(text string) error {
	if p.Min > 0 && len(text) < p.Min {
		return &LengthError{Limit: p.Min, Short: true}
	}
	if p.Max >= 0 && len(text) > p.Max {
		return &LengthError{Limit: p.Max}
	}
	return nil
}

// Answer is a question and the text that was taken for it.
type Answer struct {
	Prompt Prompt
	Text   string
}

// SubjectOf makes the subject of answers, in order.
func SubjectOf(answers []Answer, o NameOptions) (dn.Name, error) {
	var b nameBuilder
	for _, a := range answers {
		attribute, err := o.Attribute(a.Prompt.Type, a.Text)
		if err != nil {
			return dn.Name{}, err
		}
		b.add(attribute, a.Prompt.Joined)
	}
	return dn.Build(b.parts...), nil
}

// AttributesOf makes the attributes of a request of answers, in order.
func AttributesOf(answers []Answer, o NameOptions) ([]pkcs10.Attribute, error) {
	var out []pkcs10.Attribute
	for _, a := range answers {
		attribute, err := o.requestAttribute(a.Prompt.Type, a.Text)
		if err != nil {
			return nil, err
		}
		out = append(out, attribute)
	}
	return out, nil
}

// AttributesFromSection makes attributes of a section's lines, as "prompt = no" wants it.
func (f *File) AttributesFromSection(section string, o NameOptions) ([]pkcs10.Attribute, error) {
	pairs, ok := f.Section(section)
	if !ok {
		return nil, fmt.Errorf("there is no section %s", section)
	}
	var out []pkcs10.Attribute
	for _, p := range pairs {
		id, err := f.Object(p.Name)
		if err != nil {
			return nil, p.fault("%w", err)
		}
		attribute, err := o.requestAttribute(id, p.Value)
		if err != nil {
			return nil, p.fault("%w", err)
		}
		out = append(out, attribute)
	}
	return out, nil
}

func (o NameOptions) requestAttribute(id oid.OID, text string) (pkcs10.Attribute, error) {
	tag, content, err := attributeString(id, text, o.UTF8, o.Mask)
	if err != nil {
		return pkcs10.Attribute{}, fmt.Errorf("%s: %w", id.Name(), err)
	}
	b := der.NewBuilder(nil)
	b.Add(tag, content)
	return pkcs10.Attribute{ID: id, Values: [][]byte{b.Bytes()}}, nil
}
