package lint

import (
	"strings"
	"unicode/utf8"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/oid"
)

func issuerEmpty(c *Contents, r *report) {
	if c.Issuer.IsEmpty() {
		r.add("issuer", "give the authority a name", "the issuer has no name")
	}
}

func subjectEmptyCA(c *Contents, r *report) {
	if c.Basic.CA && c.Subject.IsEmpty() {
		r.add("subject", "give the authority a name", "the certificate of an authority has an empty subject")
	}
}

// attributes visits the attributes of a subject.
func attributes(n dn.Name, visit func(a *dn.Attribute)) {
	for i := range n.RDNs {
		for k := range n.RDNs[i] {
			visit(&n.RDNs[i][k])
		}
	}
}

func field(a *dn.Attribute) string { return "subject." + a.Type.Short() }

func subjectStringType(c *Contents, r *report) { stringType(c.Subject, r) }

func stringType(n dn.Name, r *report) {
	for i := range n.RDNs {
		for k := range n.RDNs[i] {
			a := &n.RDNs[i][k]
			want := der.Tag(0)
			switch a.Type {
			case oid.Country, oid.SerialNumber, oid.DNQualifier:
				want = der.PrintableString
			case oid.EmailAddress, oid.DomainComponent:
				want = der.IA5String
			}
			if want != 0 && a.Tag != want {
				r.add(field(a), "make the request anew with a tool that writes "+want.String(), "%s is a %v, want %v", a.Type.Name(), a.Tag, want)
			}
		}
	}
}

func subjectStringOld(c *Contents, r *report) { stringOld(c.Subject, r) }

func stringOld(n dn.Name, r *report) {
	for i := range n.RDNs {
		for k := range n.RDNs[i] {
			a := &n.RDNs[i][k]
			switch a.Tag {
			case der.T61String, der.BMPString, der.UniversalString:
				r.add(field(a), "write it as UTF8String", "%s is a %v, which new certificates should not have", a.Type.Name(), a.Tag)
			}
		}
	}
}

// upperBound is the greatest number of characters of an attribute (RFC 5280,
// Appendix A.1); 0 where there is none.
func upperBound(kind oid.OID) int {
	switch kind {
	case oid.CommonName, oid.Organization, oid.OrganizationalUnit, oid.SerialNumber, oid.Title:
		return 64
	case oid.Locality, oid.StateOrProvince, oid.StreetAddress, oid.BusinessCategory, oid.Pseudonym:
		return 128
	case oid.EmailAddress:
		return 255
	case oid.Country:
		return 2
	case oid.Name, oid.Surname, oid.GivenName, oid.Initials, oid.GenerationQualifier:
		return 32768
	case oid.PostalCode:
		return 40
	}
	return 0
}

func subjectLength(c *Contents, r *report) { length(c.Subject, r) }

func length(n dn.Name, r *report) {
	for i := range n.RDNs {
		for k := range n.RDNs[i] {
			a := &n.RDNs[i][k]
			bound := upperBound(a.Type)
			if bound == 0 || len(a.Value) <= bound || a.Type == oid.Country {
				continue
			}
			if count := utf8.RuneCountInString(a.Text()); count > bound {
				r.add(field(a), "shorten it in the request", "%s has %d characters, want at most %d", a.Type.Name(), count, bound)
			}
		}
	}
}

func subjectValueEmpty(c *Contents, r *report) { valueEmpty(c.Subject, r) }

func valueEmpty(n dn.Name, r *report) {
	for i := range n.RDNs {
		for k := range n.RDNs[i] {
			if a := &n.RDNs[i][k]; len(a.Value) == 0 {
				r.add(field(a), "fill it in, or leave it out of the request", "%s is empty", a.Type.Name())
			}
		}
	}
}

func subjectValueReadable(c *Contents, r *report) { valueReadable(c.Subject, r) }

func valueReadable(n dn.Name, r *report) {
	for i := range n.RDNs {
		for k := range n.RDNs[i] {
			a := &n.RDNs[i][k]
			if plain(a) {
				continue
			}
			if _, err := (der.Element{Tag: a.Tag, Content: a.Value}).Text(); err != nil {
				r.add(field(a), "make the request anew", "%s cannot be read: %v", a.Type.Name(), err)
				continue
			}
			if a.Tag == der.PrintableString && !printable(a.Value) {
				r.add(field(a), "make the request anew with a tool that writes UTF8String", "%s is a PrintableString with characters that type does not have: %s", a.Type.Name(), quoteShort(string(a.Value)))
			}
		}
	}
}

// plain reports whether a value is of letters, digits, blanks, dots and
// hyphens only, as most are, in a type that holds them as ASCII.
func plain(a *dn.Attribute) bool {
	switch a.Tag {
	case der.PrintableString, der.UTF8String, der.IA5String:
	default:
		return false
	}
	for _, c := range a.Value {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == ' ' || c == '.' || c == '-') {
			return false
		}
	}
	return true
}

func printable(value []byte) bool {
	for _, c := range value {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') && strings.IndexByte(" '()+,-./:=?", c) < 0 {
			return false
		}
	}
	return true
}

func subjectValueControl(c *Contents, r *report) { valueControl(c.Subject, r) }

func valueControl(n dn.Name, r *report) {
	for i := range n.RDNs {
		for k := range n.RDNs[i] {
			a := &n.RDNs[i][k]
			if plain(a) {
				continue
			}
			if strings.ContainsFunc(a.Text(), func(c rune) bool {
				return c < ' ' || c >= 0x7f && c < 0xa0 || c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069
			}) {
				r.add(field(a), "take it out of the request", "%s has a control character: %s", a.Type.Name(), quoteShort(a.Text()))
			}
		}
	}
}

func subjectValueBlank(c *Contents, r *report) { valueBlank(c.Subject, r) }

func valueBlank(n dn.Name, r *report) {
	for i := range n.RDNs {
		for k := range n.RDNs[i] {
			a := &n.RDNs[i][k]
			if len(a.Value) == 0 || a.Value[0] != ' ' && a.Value[len(a.Value)-1] != ' ' && a.Value[0] != '\t' {
				continue
			}
			r.add(field(a), "take them out of the request", "%s begins or ends with a blank: %s", a.Type.Name(), quoteShort(a.Text()))
		}
	}
}

func subjectCountry(c *Contents, r *report) { country(c.Subject, r) }

func country(n dn.Name, r *report) {
	for i := range n.RDNs {
		for k := range n.RDNs[i] {
			a := &n.RDNs[i][k]
			if a.Type != oid.Country {
				continue
			}
			if v := a.Value; len(v) != 2 || v[0] < 'A' || v[0] > 'Z' || v[1] < 'A' || v[1] > 'Z' {
				r.add(field(a), "write the country's code in two capital letters, such as DE", "the country is %s, want two capital letters", quoteShort(a.Text()))
			}
		}
	}
}

func subjectRepeated(c *Contents, r *report) { repeated(c.Subject, r) }

func repeated(n dn.Name, r *report) {
	names, countries := 0, 0
	attributes(n, func(a *dn.Attribute) {
		switch a.Type {
		case oid.CommonName:
			names++
		case oid.Country:
			countries++
		}
	})
	if names > 1 {
		r.add("subject.CN", "leave one; host names belong in the subject alternative names", "the subject has %d common names", names)
	}
	if countries > 1 {
		r.add("subject.C", "leave one", "the subject has %d countries", countries)
	}
}
