package opensslconf

import (
	"fmt"
	"strings"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/oid"
)

// NameOptions say how the texts of names are read and written.
type NameOptions struct {
	UTF8 bool       // texts are UTF-8, else Latin-1
	Mask StringMask // string types allowed
}

// Attribute makes an attribute of a name in the string type OpenSSL writes it
// in, with the bounds that OpenSSL has for it.
func (o NameOptions) Attribute(id oid.OID, text string) (dn.Attribute, error) {
	tag, content, err := attributeString(id, text, o.UTF8, o.Mask)
	if err != nil {
		return dn.Attribute{}, fmt.Errorf("%s: %w", id.Name(), err)
	}
	return dn.NewTypedAttribute(id, tag, content), nil
}

// nameBuilder puts attributes together to a name.
type nameBuilder struct{ parts []dn.RDN }

// add appends an attribute, to the last part where there is one and joined says so.
func (b *nameBuilder) add(a dn.Attribute, joined bool) {
	if n := len(b.parts); joined && n > 0 {
		b.parts[n-1] = append(b.parts[n-1], a)
		return
	}
	b.parts = append(b.parts, dn.RDN{a})
}

// bareName takes off what stands before the first colon, comma or dot of a
// name, which is there to let a section have it more than once, and the plus
// sign that joins an attribute to the one before.
func bareName(name string) (bare string, joined bool) {
	if at := strings.IndexAny(name, ":,."); at >= 0 && at+1 < len(name) {
		name = name[at+1:]
	}
	return strings.CutPrefix(name, "+")
}

// NameFromSection makes a name of a section's lines, as dirName and
// "prompt = no" want it: attribute types and values, in order.
func (f *File) NameFromSection(section string, o NameOptions) (dn.Name, error) {
	pairs, ok := f.Section(section)
	if !ok {
		return dn.Name{}, fmt.Errorf("there is no section %s", section)
	}
	return f.nameFrom(pairs, o)
}

func (f *File) nameFrom(pairs []Pair, o NameOptions) (dn.Name, error) {
	var b nameBuilder
	for _, p := range pairs {
		bare, joined := bareName(p.Name)
		id, err := f.Object(bare)
		if err != nil {
			return dn.Name{}, p.fault("%w", err)
		}
		a, err := o.Attribute(id, p.Value)
		if err != nil {
			return dn.Name{}, p.fault("%w", err)
		}
		b.add(a, joined)
	}
	return dn.Build(b.parts...), nil
}

// Skipped is a part of a subject that was left out.
type Skipped struct {
	Type    string
	NoValue bool // its value is empty; else its type is not known
	Joined  bool // it stood after a plus sign
}

// SubjectError is a subject that cannot be read.
type SubjectError struct {
	Kind  SubjectFault
	Type  string // of the part
	Value string // of the part; the whole subject for SubjectNoSlash
	Err   error  // for SubjectBadValue
}

// SubjectFault tells the faults of a subject apart.
type SubjectFault int

// The faults of a subject.
const (
	SubjectNoSlash  SubjectFault = iota + 1 // it does not begin with a slash
	SubjectNoEqual                          // a part has no equal sign
	SubjectEscape                           // it ends in a backslash
	SubjectBadValue                         // a value does not fit its type
)

// Error says what is wrong with the subject.
func (e *SubjectError) Error() string {
	switch e.Kind {
	case SubjectNoSlash:
		return fmt.Sprintf("the name %q does not begin with a slash; write it as /C=…/O=…/CN=…", clip(e.Value))
	case SubjectNoEqual:
		return fmt.Sprintf("the part %q of the name has no equal sign", clip(e.Type))
	case SubjectEscape:
		return "the name ends in a backslash, which takes away the meaning of a character that is not there"
	}
	return fmt.Sprintf("the part /%s=%s of the name: %v", e.Type, clip(e.Value), e.Err)
}

// Unwrap returns what is wrong with a value.
func (e *SubjectError) Unwrap() error { return e.Err }

// ParseSubject reads a name as -subj writes it, "/C=UK/O=a+OU=b": the
// attributes that it leaves out, as OpenSSL does, come beside. With multi a
// plus sign joins attributes of one part. The error is a *SubjectError.
func (f *File) ParseSubject(text string, o NameOptions, multi bool) (dn.Name, []Skipped, error) {
	rest, ok := strings.CutPrefix(text, "/")
	if !ok {
		return dn.Name{}, nil, &SubjectError{Kind: SubjectNoSlash, Value: text}
	}
	var b nameBuilder
	var skipped []Skipped
	next := false
	for rest != "" {
		joined := next
		kind, after, ok := strings.Cut(rest, "=")
		if !ok {
			return dn.Name{}, skipped, &SubjectError{Kind: SubjectNoEqual, Type: kind}
		}
		var value string
		if value, rest, next, ok = subjectValue(after, multi); !ok {
			return dn.Name{}, skipped, &SubjectError{Kind: SubjectEscape, Type: kind}
		}
		id, known := f.known(kind)
		if !known || value == "" {
			skipped = append(skipped, Skipped{Type: kind, NoValue: known, Joined: joined})
			continue
		}
		a, err := o.Attribute(id, value)
		if err != nil {
			return dn.Name{}, skipped, &SubjectError{Kind: SubjectBadValue, Type: kind, Value: value, Err: err}
		}
		b.add(a, joined)
	}
	return dn.Build(b.parts...), skipped, nil
}

// subjectValue takes a value off the front of a subject: up to a slash, or a
// plus sign that joins, neither of them behind a backslash.
func subjectValue(text string, multi bool) (value, rest string, joins, ok bool) {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '/':
			return out.String(), text[i+1:], false, true
		case c == '+' && multi:
			return out.String(), text[i+1:], true, true
		case c == '\\':
			if i++; i == len(text) {
				return "", "", false, false
			}
		}
		out.WriteByte(text[i])
	}
	return out.String(), "", false, true
}
