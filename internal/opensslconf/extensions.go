package opensslconf

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// Extensions makes the extensions of a section in the syntax of
// x509v3_config(5), in order. For a certificate a later one takes the place of
// an earlier one of the same identifier; requests and revocation lists keep
// both. A subjectKeyIdentifier or authorityKeyIdentifier that
// has nothing in it stands for "none": see KeyIdentifiers. The error is an
// *ExtensionError, or says that there is no such section.
func (f *File) Extensions(section string, c Context) ([]ext.Extension, error) {
	pairs, ok := f.Section(section)
	if !ok {
		return nil, fmt.Errorf("there is no section %s of extensions", section)
	}
	m := newMaker(f, &c)
	var out []ext.Extension
	for _, p := range pairs {
		e, err := m.extension(p.Name, p.Value)
		if err != nil {
			return nil, &ExtensionError{Section: section, Name: p.Name, Value: p.Value, File: p.File, Line: p.Line, Err: err}
		}
		out = m.put(out, e)
		m.existing = m.put(m.existing, e)
	}
	return out, nil
}

// Extension makes one extension. f may be nil: values that name a section are
// errors then. The error is an *ExtensionError.
func (f *File) Extension(c Context, name, value string) (ext.Extension, error) {
	e, err := newMaker(f, &c).extension(name, value)
	if err != nil {
		return ext.Extension{}, &ExtensionError{Name: name, Value: value, Err: err}
	}
	return e, nil
}

// put appends an extension as Extensions does.
func (m *maker) put(list []ext.Extension, e ext.Extension) []ext.Extension {
	if (m.c.Issuer != nil || m.c.SelfIssued) && !m.c.CRL {
		list = without(list, e.ID)
	}
	return append(list, e)
}

// Replace puts extensions that were made into those that a certificate has
// already: they come after, and stand in for those of the same identifier.
func Replace(existing, made []ext.Extension) []ext.Extension {
	out := slices.Clone(existing)
	for _, e := range made {
		out = without(out, e.ID)
	}
	return append(out, made...)
}

func without(list []ext.Extension, id oid.OID) []ext.Extension {
	return slices.DeleteFunc(list, func(e ext.Extension) bool { return e.ID == id })
}

// maker makes extensions one after the other.
type maker struct {
	lists    *File // where "@section" for a whole list is
	sections *File // where all other sections are
	c        *Context
	issuer   dn.Name // name of the issuer of a self-issued certificate
	existing []ext.Extension
}

func newMaker(f *File, c *Context) *maker {
	m := &maker{lists: f, sections: c.Sections, c: c, existing: slices.Clone(c.Existing)}
	if m.sections == nil {
		m.sections = f
	}
	if name, _ := c.subject(); name != nil {
		m.issuer = *name
	}
	return m
}

func (m *maker) extension(name, value string) (ext.Extension, error) {
	critical := false
	if rest, ok := strings.CutPrefix(value, "critical,"); ok {
		critical, value = true, strings.TrimLeft(rest, blanks)
	}
	if id, octets, is, err := m.arbitrary(name, value); is {
		return ext.Extension{ID: id, Critical: critical, Value: octets}, err
	}
	id, ok := m.extensionName(name)
	if !ok {
		return ext.Extension{}, fmt.Errorf("%q is not the name of an extension", name)
	}
	content, err := m.value(id, value)
	if err != nil {
		return ext.Extension{}, err
	}
	return ext.Extension{ID: id, Critical: critical, Value: content}, nil
}

// extensionName takes short names of objects only, as OpenSSL does.
func (m *maker) extensionName(name string) (oid.OID, bool) {
	id, ok := m.lists.named(name)
	if !ok {
		return "", false
	}
	if short, _, ok := oid.OpenSSLNames(id); ok {
		return id, short == name
	}
	return id, true
}

// arbitrary makes an extension of any identifier from "DER:" and hexadecimal
// digits, or from "ASN1:" and a value in the language of Generate.
func (m *maker) arbitrary(name, value string) (id oid.OID, octets []byte, is bool, err error) {
	text, isDER := strings.CutPrefix(value, "DER:")
	if !isDER {
		if text, is = strings.CutPrefix(value, "ASN1:"); !is {
			return "", nil, false, nil
		}
	}
	text = strings.TrimLeft(text, blanks)
	if id, err = m.lists.Object(name); err != nil {
		return "", nil, true, err
	}
	if isDER {
		octets, err = parseHex(text)
	} else {
		octets, err = Generate(m.sections, text)
	}
	return id, octets, true, err
}

// item is a name with or without a value: a part of a list, a line of a section.
type item struct {
	name, value string
	has         bool // there is a value, be it empty
}

// list reads what an extension of many values says: the lines of "@section",
// or names and values with commas between.
func (m *maker) list(value string) ([]item, error) {
	name, ok := strings.CutPrefix(value, "@")
	if !ok {
		return splitList(value)
	}
	items, err := sectionItems(m.lists, name)
	if err == nil && len(items) == 0 {
		err = fmt.Errorf("the section %s has nothing in it", name)
	}
	return items, err
}

// section returns the lines of a section that a value names.
func (m *maker) section(name string) ([]item, error) { return sectionItems(m.sections, name) }

func sectionItems(f *File, name string) ([]item, error) {
	if f == nil {
		return nil, fmt.Errorf("there is no configuration file to take the section %s from", name)
	}
	pairs, ok := f.Section(name)
	if !ok {
		return nil, fmt.Errorf("there is no section %s", name)
	}
	items := make([]item, len(pairs))
	for i, p := range pairs {
		items[i] = item{p.Name, p.Value, true}
	}
	return items, nil
}

// splitList reads "name:value, name, …". Only the first colon of a part counts.
func splitList(text string) ([]item, error) {
	if end := strings.IndexAny(text, "\r\n"); end >= 0 {
		text = text[:end]
	}
	var items []item
	for part := range strings.SplitSeq(text, ",") {
		name, value, has := strings.Cut(part, ":")
		i := item{strings.Trim(name, blanks), strings.Trim(value, blanks), has}
		if i.name == "" {
			return nil, errors.New("a part of the list between commas is empty")
		}
		if has && i.value == "" {
			return nil, fmt.Errorf("the part %s: of the list has no value after its colon", i.name)
		}
		items = append(items, i)
	}
	return items, nil
}

// isNamed reports whether a name is the word, or the word with a dot and
// anything after it, which lets a section have it more than once.
func isNamed(name, word string) bool {
	rest, ok := strings.CutPrefix(name, word)
	return ok && (rest == "" || rest[0] == '.')
}
