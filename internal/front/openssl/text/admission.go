package text

import (
	"strconv"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// admissionEntry is one Admissions of the AdmissionSyntax of Common PKI.
type admissionEntry struct {
	authority    generalName
	hasAuthority bool
	naming       *namingAuthority
	professions  []profession
}

type namingAuthority struct {
	id            oid.OID
	url, text     der.Element
	hasURL, hasID bool
	hasText       bool
}

type profession struct {
	naming    *namingAuthority
	items     [][]byte
	ids       []oid.OID
	hasIDs    bool
	number    []byte
	hasNumber bool
}

// text takes an optional DirectoryString.
func (f *fields) text() (der.Element, bool) {
	switch f.rest.Peek() {
	case der.PrintableString, der.T61String, der.BMPString, der.UniversalString, der.UTF8String:
		return f.any(), !f.bad
	}
	return der.Element{}, false
}

// naming takes an optional NamingAuthority in [n].
func (f *fields) naming(n uint8) *namingAuthority {
	e, ok := f.explicit(n, der.Sequence)
	if !ok {
		return nil
	}
	in := sub(e)
	a := &namingAuthority{}
	if a.hasID = in.rest.Peek() == der.ObjectIdentifier; a.hasID {
		a.id = in.object()
	}
	a.url, a.hasURL = in.optional(der.IA5String)
	a.text, a.hasText = in.text()
	if !in.ok() {
		f.fail()
	}
	return a
}

func (f *fields) profession() (p profession) {
	in := sub(f.take(der.Sequence))
	p.naming = in.naming(0)
	for items := sub(in.take(der.Sequence)); items.more(); {
		item, ok := items.text()
		if !ok {
			f.fail()
			return p
		}
		p.items = append(p.items, item.Content)
	}
	if list, ok := in.optional(der.Sequence); ok {
		p.hasIDs = true
		ids := sub(list)
		for ids.more() {
			p.ids = append(p.ids, ids.object())
		}
		if !ids.ok() {
			f.fail()
		}
	}
	number, ok := in.optional(der.PrintableString)
	p.number, p.hasNumber = number.Content, ok
	in.optional(der.OctetString)
	if !in.ok() {
		f.fail()
	}
	return p
}

func (f *fields) admission() (a admissionEntry) {
	in := sub(f.take(der.Sequence))
	if e, ok := in.optional(der.ContextConstructed(0)); ok {
		one := sub(e)
		a.authority, a.hasAuthority = one.name(), true
		if !one.ok() {
			f.fail()
		}
	}
	a.naming = in.naming(1)
	list := sub(in.take(der.Sequence))
	for list.more() {
		a.professions = append(a.professions, list.profession())
	}
	if !in.ok() || !list.ok() {
		f.fail()
	}
	return a
}

// admissions is the extension of Common PKI that says for what professions
// somebody is admitted.
func admissions(w *Writer, value []byte, indent int) state {
	in := open(value, der.Sequence)
	var authority generalName
	hasAuthority := in.rest.Peek().Class() == 2
	if hasAuthority {
		authority = in.name()
	}
	list := sub(in.take(der.Sequence))
	var entries []admissionEntry
	for list.more() {
		entries = append(entries, list.admission())
	}
	if !in.ok() || !list.ok() {
		return unreadable
	}
	if hasAuthority {
		authority.admit(w, indent)
	}
	for i, a := range entries {
		heading(w, indent, "Entry ", strconv.Itoa(1+i), ":")
		if a.hasAuthority {
			a.authority.admit(w, indent+2)
		}
		if !a.naming.write(w, indent) {
			return unprintable
		}
		for j, p := range a.professions {
			heading(w, indent, "  Profession Info Entry ", strconv.Itoa(1+j), ":")
			if !p.write(w, indent) {
				return unprintable
			}
		}
	}
	return printed
}

func (g generalName) admit(w *Writer, indent int) {
	heading(w, indent, "admissionAuthority:")
	spaces(w, indent+2)
	g.long(w)
	w.WriteByte('\n')
}

// write prints nothing for none, and fails for one that is empty.
func (a *namingAuthority) write(w *Writer, indent int) bool {
	if a == nil {
		return true
	}
	if !a.hasID && !a.hasURL && !a.hasText {
		return false
	}
	heading(w, indent, "  namingAuthority:")
	if a.hasID {
		heading(w, indent, "    namingAuthorityId: ", w.Objects.nameAndNumbers(a.id))
	}
	field := func(label string, e der.Element) {
		spaces(w, indent)
		w.WriteString(label)
		printable(w, e.Content)
		w.WriteByte('\n')
	}
	if a.hasText {
		field("    namingAuthorityText: ", a.text)
	}
	if a.hasURL {
		field("    namingAuthorityUrl: ", a.url)
	}
	return true
}

func (more Objects) nameAndNumbers(id oid.OID) string {
	numbers := id.String()
	numbers = numbers[:min(len(numbers), 127)]
	if _, long, ok := more.Names(id); ok {
		return long + " (" + numbers + ")"
	}
	return "undefined (" + numbers + ")"
}

func (p profession) write(w *Writer, indent int) bool {
	if p.hasNumber {
		spaces(w, indent)
		w.WriteString("    registrationNumber: ")
		printable(w, p.number)
		w.WriteByte('\n')
	}
	if !p.naming.write(w, indent+2) {
		return false
	}
	heading(w, indent, "    Info Entries:")
	for _, item := range p.items {
		spaces(w, indent+6)
		printable(w, item)
		w.WriteByte('\n')
	}
	if p.hasIDs {
		heading(w, indent, "    Profession OIDs:")
		for _, id := range p.ids {
			heading(w, indent+6, w.Objects.nameAndNumbers(id))
		}
	}
	return true
}
