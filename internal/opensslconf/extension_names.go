package opensslconf

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// generalName makes a general name of an item such as DNS:a.example or, in a
// section, DNS.1 = a.example. Constraints hold addresses with masks.
func (m *maker) generalName(i item, constraint bool) (ext.GeneralName, error) {
	if !i.has {
		return ext.GeneralName{}, fmt.Errorf("%q has no value; write KIND:VALUE", clip(i.name))
	}
	for _, k := range []struct {
		word string
		kind ext.Kind
	}{{"email", ext.Email}, {"URI", ext.URI}, {"DNS", ext.DNS}} {
		if isNamed(i.name, k.word) {
			return ext.NewGeneralName(k.kind, []byte(i.value)), nil
		}
	}
	switch {
	case isNamed(i.name, "RID"):
		id, err := m.sections.Object(i.value)
		if err != nil {
			return ext.GeneralName{}, err
		}
		return ext.NewRegisteredID(id), nil
	case isNamed(i.name, "IP"):
		octets, err := addressOctets(i.value, constraint)
		return ext.NewGeneralName(ext.IP, octets), err
	case isNamed(i.name, "dirName"):
		name, err := m.directoryName(i.value)
		return ext.NewDirectoryName(name), err
	case isNamed(i.name, "otherName"):
		return m.otherName(i.value)
	}
	return ext.GeneralName{}, fmt.Errorf("%q is no kind of name; it is one of email, URI, DNS, RID, IP, dirName and otherName", clip(i.name))
}

func (m *maker) generalNames(items []item) ([]ext.GeneralName, error) {
	names := make([]ext.GeneralName, 0, len(items))
	for _, i := range items {
		n, err := m.generalName(i, false)
		if err != nil {
			return nil, err
		}
		names = append(names, n)
	}
	return names, nil
}

func (m *maker) directoryName(section string) (dn.Name, error) {
	if m.sections == nil {
		return dn.Name{}, fmt.Errorf("there is no configuration file to take the section %s from", section)
	}
	return m.sections.NameFromSection(section, NameOptions{Mask: m.c.Mask})
}

func (m *maker) otherName(value string) (ext.GeneralName, error) {
	kind, text, ok := strings.Cut(value, ";")
	if !ok {
		return ext.GeneralName{}, fmt.Errorf("the otherName %q has no semicolon; write OID;TYPE:VALUE", clip(value))
	}
	content, err := Generate(m.sections, text)
	if err != nil {
		return ext.GeneralName{}, err
	}
	id, err := m.sections.Object(kind)
	if err != nil {
		return ext.GeneralName{}, err
	}
	return ext.NewOtherName(id, content), nil
}

// addressOctets reads an IP address, and for a constraint its mask after a slash.
func addressOctets(text string, constraint bool) ([]byte, error) {
	if !constraint {
		return oneAddress(text)
	}
	address, mask, ok := strings.Cut(text, "/")
	if !ok {
		return nil, fmt.Errorf("the address %q has no mask; write ADDRESS/MASK", clip(text))
	}
	first, err := oneAddress(address)
	if err != nil {
		return nil, err
	}
	second, err := oneAddress(mask)
	if err != nil {
		return nil, err
	}
	if len(first) != len(second) {
		return nil, fmt.Errorf("address and mask of %q are not of one family", clip(text))
	}
	return append(first, second...), nil
}

func oneAddress(text string) ([]byte, error) {
	fault := fmt.Errorf("%q is not an IP address", clip(text))
	if strings.Contains(text, ":") {
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" {
			return nil, fault
		}
		return a.AsSlice(), nil
	}
	parts := strings.Split(text, ".")
	if len(parts) != 4 {
		return nil, fault
	}
	out := make([]byte, 4)
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 8)
		if err != nil {
			return nil, fault
		}
		out[i] = byte(n)
	}
	return out, nil
}

func (m *maker) subjectAltName(b *der.Builder, items []item) error {
	return m.namesOr(b, items, func(i item) ([]ext.GeneralName, bool, error) {
		if !isNamed(i.name, "email") || !i.has || i.value != "copy" && i.value != "move" {
			return nil, false, nil
		}
		names, err := m.copyEmail(i.value == "move")
		return names, true, err
	})
}

func (m *maker) issuerAltName(b *der.Builder, items []item) error {
	return m.namesOr(b, items, func(i item) ([]ext.GeneralName, bool, error) {
		if !isNamed(i.name, "issuer") || !i.has || i.value != "copy" {
			return nil, false, nil
		}
		names, err := m.copyIssuer()
		return names, true, err
	})
}

// namesOr writes general names, those of an item that stands for others (true)
// in its place.
func (m *maker) namesOr(b *der.Builder, items []item, copied func(item) ([]ext.GeneralName, bool, error)) error {
	var names []ext.GeneralName
	for _, i := range items {
		list, ok, err := copied(i)
		if !ok {
			list = make([]ext.GeneralName, 1)
			list[0], err = m.generalName(i, false)
		}
		if err != nil {
			return err
		}
		names = append(names, list...)
	}
	b.Raw(ext.MarshalGeneralNames(names))
	return nil
}

func (m *maker) copyEmail(move bool) ([]ext.GeneralName, error) {
	if m.c.SyntaxOnly {
		return nil, nil
	}
	subject, _ := m.c.subject()
	if subject == nil {
		return nil, errNoSubject
	}
	var names []ext.GeneralName
	var parts []dn.RDN
	for _, part := range subject.RDNs {
		rest := slices.Clone(part)
		for _, a := range part {
			if a.Type == oid.EmailAddress {
				names = append(names, ext.NewGeneralName(ext.Email, a.Value))
			}
		}
		rest = slices.DeleteFunc(rest, func(a dn.Attribute) bool { return a.Type == oid.EmailAddress })
		if len(rest) > 0 {
			parts = append(parts, rest)
		}
	}
	if move && len(names) > 0 {
		*subject = dn.Build(parts...)
	}
	return names, nil
}

func (m *maker) copyIssuer() ([]ext.GeneralName, error) {
	if m.c.SyntaxOnly {
		return nil, nil
	}
	if m.c.Issuer == nil && !m.c.SelfIssued {
		return nil, errors.New("it is copied from the issuer's certificate, which is not known here")
	}
	e, ok := ext.Find(m.issuerExtensions(), oid.SubjectAltName)
	if !ok {
		return nil, nil
	}
	names, err := ext.ParseSubjectAltName(e.Value)
	if err != nil {
		return nil, fmt.Errorf("copying the issuer's subjectAltName: %w", err)
	}
	return names, nil
}

func (m *maker) access(b *der.Builder, items []item) error {
	mark := b.Begin(der.Sequence)
	for _, i := range items {
		method, kind, ok := strings.Cut(i.name, ";")
		if !ok {
			return fmt.Errorf("%q has no semicolon; write METHOD;KIND:VALUE", clip(i.name))
		}
		location, err := m.generalName(item{kind, i.value, i.has}, false)
		if err != nil {
			return err
		}
		id, err := m.sections.Object(method)
		if err != nil {
			return err
		}
		one := b.Begin(der.Sequence)
		b.OID(string(id))
		b.Raw(location.Raw)
		b.End(one)
	}
	b.End(mark)
	return nil
}

func (m *maker) nameConstraints(b *der.Builder, items []item) error {
	var subtrees [2][]ext.GeneralName
	for _, i := range items {
		which, rest := 0, ""
		if after, ok := strings.CutPrefix(i.name, "permitted"); ok && after != "" {
			rest = after[1:]
		} else if after, ok := strings.CutPrefix(i.name, "excluded"); ok && after != "" {
			which, rest = 1, after[1:]
		} else {
			return fmt.Errorf("%q begins neither with permitted; nor with excluded;", clip(i.name))
		}
		n, err := m.generalName(item{rest, i.value, i.has}, true)
		if err != nil {
			return err
		}
		subtrees[which] = append(subtrees[which], n)
	}
	mark := b.Begin(der.Sequence)
	for n, names := range subtrees {
		if len(names) == 0 {
			continue
		}
		list := b.Begin(der.ContextConstructed(uint8(n)))
		for _, name := range names {
			b.Add(der.Sequence, name.Raw)
		}
		b.End(list)
	}
	b.End(mark)
	return nil
}
