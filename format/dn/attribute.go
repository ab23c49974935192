package dn

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// rule says how the value of an attribute type is written.
type rule struct {
	tag der.Tag
	max int // characters
}

// ruleOf gives string type and upper bound of an attribute type (RFC 5280,
// Appendix A.1; RFC 2985 for emailAddress; X.520 for those the RFC leaves out).
func ruleOf(kind oid.OID) rule {
	switch kind {
	case oid.Country, oid.JurisdictionCountry:
		return rule{der.PrintableString, 2}
	case oid.SerialNumber:
		return rule{der.PrintableString, 64}
	case oid.DNQualifier:
		return rule{der.PrintableString, 32768}
	case oid.EmailAddress:
		return rule{der.IA5String, 255}
	case oid.DomainComponent:
		return rule{der.IA5String, 63}
	case oid.CommonName, oid.Organization, oid.OrganizationalUnit, oid.Title:
		return rule{der.UTF8String, 64}
	case oid.Locality, oid.StateOrProvince, oid.StreetAddress, oid.Pseudonym, oid.BusinessCategory,
		oid.JurisdictionLocality, oid.JurisdictionState:
		return rule{der.UTF8String, 128}
	case oid.PostalCode:
		return rule{der.UTF8String, 40}
	case oid.UserID:
		return rule{der.UTF8String, 256}
	case oid.Description:
		return rule{der.UTF8String, 1024}
	}
	return rule{der.UTF8String, 32768}
}

// NewAttribute makes an attribute of the string type that RFC 5280 asks for
// its kind, and checks length and alphabet: PrintableString for C,
// serialNumber and dnQualifier, IA5String for emailAddress and DC, UTF8String
// for all others (RFC 5280, Section 4.1.2.4 and Appendix A.1).
func NewAttribute(kind oid.OID, text string) (Attribute, error) {
	if err := checkValue(kind, text); err != nil {
		return Attribute{}, fmt.Errorf("%s: %w", kind.Short(), err)
	}
	return makeAttribute(kind, ruleOf(kind).tag, []byte(text)), nil
}

// NewTypedAttribute makes an attribute of any string type from its content
// octets, unchecked.
func NewTypedAttribute(kind oid.OID, tag der.Tag, content []byte) Attribute {
	return makeAttribute(kind, tag, content)
}

func makeAttribute(kind oid.OID, tag der.Tag, content []byte) Attribute {
	b := der.NewBuilder(make([]byte, 0, len(kind)+len(content)+12))
	seq := b.Begin(der.Sequence)
	b.OID(string(kind))
	b.Add(tag, content)
	b.End(seq)
	raw := b.Bytes()
	return Attribute{Type: kind, Tag: tag, Value: raw[len(raw)-len(content):], Raw: raw}
}

func checkValue(kind oid.OID, text string) error {
	limit := ruleOf(kind)
	switch {
	case !utf8.ValidString(text):
		return errors.New("the value is not valid UTF-8; write it in UTF-8")
	case text == "":
		return errors.New("the value is empty; give one, or leave the attribute out")
	}
	for _, c := range text {
		if c < 0x20 || c >= 0x7f && c < 0xa0 {
			return fmt.Errorf("the value has the control character U+%04X; take it out", c)
		}
	}
	if kind == oid.Country || kind == oid.JurisdictionCountry {
		if len(text) != 2 || !isLetter(text[0]) || !isLetter(text[1]) {
			return fmt.Errorf("%q is not a country code; write the two letters of ISO 3166, such as US or DE", text)
		}
		return nil
	}
	if n := utf8.RuneCountInString(text); n > limit.max {
		return fmt.Errorf("the value is %d characters long, and at most %d are allowed (RFC 5280, Appendix A.1); shorten it", n, limit.max)
	}
	switch limit.tag {
	case der.PrintableString:
		if i := strings.IndexFunc(text, notPrintable); i >= 0 {
			c, _ := utf8.DecodeRuneInString(text[i:])
			return fmt.Errorf("%q does not belong here; only A-Z, a-z, 0-9, blank and '()+,-./:=? may be used (PrintableString)", c)
		}
	case der.IA5String:
		if i := strings.IndexFunc(text, func(c rune) bool { return c >= 0x80 }); i >= 0 {
			c, _ := utf8.DecodeRuneInString(text[i:])
			return fmt.Errorf("%q does not belong here; only ASCII may be used (IA5String)", c)
		}
	}
	return nil
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// notPrintable reports characters outside PrintableString (X.680, Section 41.4).
func notPrintable(c rune) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return false
	}
	return !strings.ContainsRune(" '()+,-./:=?", c)
}

// encoded returns the AttributeTypeAndValue, made anew if it was not read.
func (a Attribute) encoded() []byte {
	if a.Raw != nil {
		return a.Raw
	}
	return makeAttribute(a.Type, a.Tag, a.Value).Raw
}

// RawValue returns the DER of the value alone.
func (a Attribute) RawValue() []byte {
	raw := a.encoded()
	e, err := der.Parse(raw)
	if err != nil {
		return nil
	}
	r := e.Children()
	if _, err := r.Next(); err != nil {
		return nil
	}
	return r
}

// Text returns the value as UTF-8; a value that is no valid string of its
// type comes as "#" and the hexadecimal of its DER (RFC 4514, Section 2.4).
func (a Attribute) Text() string {
	if text, ok := a.decode(); ok {
		return text
	}
	return a.hex()
}

func (a Attribute) decode() (string, bool) {
	text, err := der.Element{Tag: a.Tag, Content: a.Value}.Text()
	return text, err == nil
}

func (a Attribute) hex() string { return "#" + hex.EncodeToString(a.RawValue()) }
