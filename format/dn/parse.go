package dn

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// maxText bounds the text of a name, in octets.
const maxText = 1 << 16

// ParseText reads a name as people write it: RFC 4514 ("CN=a,O=b", last part
// first) or OpenSSL's ("/O=b/CN=a", first part first; what `-subj` takes).
//
// Both know every name of an attribute type that oid knows, the usual others
// (S, E, EMAIL, G, T) and dotted identifiers. "+" joins attributes of one
// part, a backslash takes away the meaning of the next character. RFC 4514
// also has \HH for an octet, "#" and hexadecimal for a value in DER, and here
// the older forms too: blanks around separators, ";" for ",", and quoted
// values. OpenSSL's form leaves out attributes whose value is empty.
func ParseText(text string) (Name, error) {
	if len(text) > maxText {
		return Name{}, fmt.Errorf("distinguished name: the text is longer than %d octets", maxText)
	}
	trimmed := strings.Trim(text, " \t\r\n")
	if trimmed == "" {
		return Empty(), nil
	}
	var parts []RDN
	var err error
	if trimmed[0] == '/' {
		// A blank at the end belongs to the last value, as OpenSSL has it.
		parts, err = parseSlash(strings.Trim(strings.TrimLeft(text, " \t"), "\r\n"))
	} else {
		parts, err = parseRFC4514(strings.TrimLeft(text, " \t\r\n"))
		slices.Reverse(parts)
	}
	if err != nil {
		return Name{}, fmt.Errorf("distinguished name: %w", err)
	}
	return Build(parts...), nil
}

// TypeByName returns the attribute type of this name or dotted identifier, as
// ParseText understands it in RFC 4514.
func TypeByName(name string) (oid.OID, bool) {
	if id, ok := alias(name); ok {
		return id, true
	}
	if id, err := oid.Parse(trimOIDPrefix(name)); err == nil {
		return id, true
	}
	return oid.ByName(name)
}

// trimOIDPrefix takes off the "OID." of RFC 1779 and RFC 2253.
func trimOIDPrefix(name string) string {
	if len(name) > 4 && strings.EqualFold(name[:4], "oid.") {
		return name[4:]
	}
	return name
}

// alias knows the names that LDAP, Microsoft and Java give to types which the
// table has under other names, and those it must not have by case alone.
func alias(name string) (oid.OID, bool) {
	switch strings.ToUpper(name) {
	case "CN":
		return oid.CommonName, true
	case "C":
		return oid.Country, true
	case "O":
		return oid.Organization, true
	case "OU":
		return oid.OrganizationalUnit, true
	case "L":
		return oid.Locality, true
	case "ST", "S", "SP":
		return oid.StateOrProvince, true
	case "STREET":
		return oid.StreetAddress, true
	case "E", "EMAIL", "EMAILADDRESS":
		return oid.EmailAddress, true
	case "G", "GN", "GIVENNAME":
		return oid.GivenName, true
	case "SN", "SURNAME":
		return oid.Surname, true
	case "T", "TITLE":
		return oid.Title, true
	case "UID", "USERID":
		return oid.UserID, true
	case "DC":
		return oid.DomainComponent, true
	case "DNQ":
		return oid.DNQualifier, true
	case "GENERATION":
		return oid.GenerationQualifier, true
	}
	return "", false
}

func unknownType(name string) error {
	return fmt.Errorf("%q is not the name of an attribute; write one such as CN, O, OU, C, ST, L or emailAddress, or a dotted identifier such as 2.5.4.3", name)
}

func parseSlash(text string) ([]RDN, error) {
	var parts []RDN
	joined := false
	for rest := text[1:]; rest != ""; {
		name, after, found := strings.Cut(rest, "=")
		if !found || strings.Contains(name, "/") {
			return nil, noEquals(rest, joined, `\+`, `\/`)
		}
		value, next, plus, err := slashText(after)
		if err != nil {
			return nil, err
		}
		rest = next
		name = strings.TrimSpace(name)
		kind, ok := slashType(name)
		if !ok {
			return nil, unknownType(name)
		}
		if value != "" {
			a, err := NewAttribute(kind, value)
			if err != nil {
				return nil, err
			}
			if joined && len(parts) > 0 {
				parts[len(parts)-1] = append(parts[len(parts)-1], a)
			} else {
				parts = append(parts, RDN{a})
			}
		}
		// An empty value before "+" leaves the next attribute to start the part.
		joined = plus && (joined || value != "")
	}
	return parts, nil
}

// slashType gives OpenSSL's own names the precedence, letter for letter.
func slashType(name string) (oid.OID, bool) {
	if name == "uid" {
		return uniqueIdentifier, true
	}
	return TypeByName(name)
}

// slashText takes a value up to the next separator and undoes its escapes.
func slashText(s string) (value, rest string, plus bool, err error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
			if i == len(s) {
				return "", "", false, errors.New(`a backslash at the very end escapes nothing; write \\ for a backslash`)
			}
			b.WriteByte(s[i])
		case '/':
			return b.String(), s[i+1:], false, nil
		case '+':
			return b.String(), s[i+1:], true, nil
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), "", false, nil
}

// noEquals explains a part that is not TYPE=VALUE, most often because a
// separator stands unescaped inside the value before it.
func noEquals(part string, afterPlus bool, plus, separator string) error {
	if len(part) > 40 {
		part = strings.ToValidUTF8(part[:40], "") + "…"
	}
	if afterPlus {
		return fmt.Errorf(`%q has no "="; write TYPE=VALUE, and %s where a plus sign belongs to a value`, part, plus)
	}
	return fmt.Errorf(`%q has no "="; write TYPE=VALUE such as CN=example, and %s where the separator belongs to a value`, part, separator)
}

// parseRFC4514 returns the parts in the order of the text.
func parseRFC4514(text string) ([]RDN, error) {
	p := parser{text: text}
	var parts []RDN
	var rdn RDN
	for afterPlus := false; ; {
		a, err := p.attribute(afterPlus)
		if err != nil {
			return nil, err
		}
		rdn = append(rdn, a)
		afterPlus = false
		switch p.separator() {
		case '+':
			afterPlus = true
		case 0:
			return append(parts, rdn), nil
		default:
			parts, rdn = append(parts, rdn), nil
		}
		if strings.Trim(p.text[p.at:], " \t\r\n") == "" {
			return nil, errors.New("the name ends with a separator; take it off, or write TYPE=VALUE after it")
		}
	}
}

// parser reads RFC 4514 from left to right.
type parser struct {
	text string
	at   int
}

func (p *parser) skipBlanks() {
	for p.at < len(p.text) && isBlank(p.text[p.at]) {
		p.at++
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// separator takes the separator that value stopped at; 0 is the end.
func (p *parser) separator() byte {
	if p.at >= len(p.text) {
		return 0
	}
	p.at++
	return p.text[p.at-1]
}

func (p *parser) attribute(afterPlus bool) (Attribute, error) {
	p.skipBlanks()
	rest := p.text[p.at:]
	end := strings.IndexAny(rest, "=,;+")
	if end < 0 || rest[end] != '=' {
		if end >= 0 {
			rest = rest[:end]
		}
		return Attribute{}, noEquals(rest, afterPlus, `\+`, `\,`)
	}
	name := strings.TrimSpace(rest[:end])
	p.at += end + 1
	kind, ok := TypeByName(name)
	if !ok {
		return Attribute{}, unknownType(name)
	}
	p.skipBlanks()
	if p.at < len(p.text) && p.text[p.at] == '#' {
		a, err := p.hexValue(kind)
		if err != nil {
			return Attribute{}, fmt.Errorf("%s: %w", name, err)
		}
		return a, nil
	}
	value, err := p.value()
	if err != nil {
		return Attribute{}, fmt.Errorf("%s: %w", name, err)
	}
	return NewAttribute(kind, value)
}

// hexValue reads "#" and the hexadecimal of a value in DER.
func (p *parser) hexValue(kind oid.OID) (Attribute, error) {
	rest := p.text[p.at+1:]
	end := strings.IndexAny(rest, ",;+")
	if end < 0 {
		end = len(rest)
	}
	p.at += 1 + end
	raw, err := hex.DecodeString(strings.TrimSpace(rest[:end]))
	if err != nil || len(raw) == 0 {
		return Attribute{}, errors.New(`after "#" only pairs of hexadecimal digits may stand; write \# where the value begins with that sign`)
	}
	e, err := der.Parse(raw)
	if err != nil {
		return Attribute{}, fmt.Errorf("the hexadecimal is not one value in DER (%w); give tag, length and content", err)
	}
	b := der.NewBuilder(make([]byte, 0, len(kind)+len(raw)+12))
	seq := b.Begin(der.Sequence)
	b.OID(string(kind))
	b.Raw(raw)
	b.End(seq)
	return Attribute{Type: kind, Tag: e.Tag, Value: e.Content, Raw: b.Bytes()}, nil
}

// value reads a string value up to a separator, which it leaves.
func (p *parser) value() (string, error) {
	if p.at < len(p.text) && p.text[p.at] == '"' {
		return p.quoted()
	}
	var b strings.Builder
	keep := 0 // blanks after this length are not part of the value
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == ',' || c == ';' || c == '+':
			return b.String()[:keep], nil
		case c == '\\':
			if err := p.escaped(&b); err != nil {
				return "", err
			}
			keep = b.Len()
		case c == '"':
			return "", errors.New(`a quotation mark stands inside the value; write \"`)
		default:
			b.WriteByte(c)
			p.at++
			if !isBlank(c) {
				keep = b.Len()
			}
		}
	}
	return b.String()[:keep], nil
}

// quoted reads a value in quotation marks (RFC 2253, Section 4).
func (p *parser) quoted() (string, error) {
	var b strings.Builder
	for p.at++; p.at < len(p.text); {
		switch c := p.text[p.at]; c {
		case '"':
			p.at++
			p.skipBlanks()
			if p.at < len(p.text) && !strings.ContainsRune(",;+", rune(p.text[p.at])) {
				return "", errors.New("something stands after the closing quotation mark; put a comma between the parts")
			}
			return b.String(), nil
		case '\\':
			if err := p.escaped(&b); err != nil {
				return "", err
			}
		default:
			b.WriteByte(c)
			p.at++
		}
	}
	return "", errors.New(`the closing quotation mark is missing; add it, or write \" for a mark that belongs to the value`)
}

// escaped reads a backslash and what it escapes: two hexadecimal digits are
// an octet, any other character stands for itself.
func (p *parser) escaped(b *strings.Builder) error {
	rest := p.text[p.at+1:]
	if rest == "" {
		return errors.New(`a backslash at the very end escapes nothing; write \\ for a backslash`)
	}
	if len(rest) >= 2 {
		if octet, err := hex.DecodeString(rest[:2]); err == nil {
			b.Write(octet)
			p.at += 3
			return nil
		}
	}
	b.WriteByte(rest[0])
	p.at += 2
	return nil
}
