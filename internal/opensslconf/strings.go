package opensslconf

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// StringMask is the set of string types that names may be written in, as the
// string_mask of openssl-req(1) chooses it. The zero value is utf8only, what
// OpenSSL does where nothing is said.
type StringMask struct {
	bits uint32
	set  bool
}

// Bits of string types, as "MASK:" numbers them.
const (
	maskNumeric   = 0x0001
	maskPrintable = 0x0002
	maskT61       = 0x0004
	maskIA5       = 0x0010
	maskVisible   = 0x0040
	maskGeneral   = 0x0080
	maskUniversal = 0x0100
	maskBMP       = 0x0800
	maskUTF8      = 0x2000

	maskDirectory = maskPrintable | maskT61 | maskBMP | maskUTF8
	maskPKCS9     = maskDirectory | maskIA5
)

// ParseStringMask reads a value of string_mask: default, pkix, utf8only,
// nombstr or MASK:NUMBER.
func ParseStringMask(text string) (StringMask, error) {
	switch text {
	case "default":
		return StringMask{0xffffffff, true}, nil
	case "pkix":
		return StringMask{^uint32(maskT61), true}, nil
	case "utf8only":
		return StringMask{maskUTF8, true}, nil
	case "nombstr":
		return StringMask{^uint32(maskBMP | maskUTF8), true}, nil
	}
	if number, ok := strings.CutPrefix(text, "MASK:"); ok {
		if n, err := strconv.ParseUint(number, 0, 64); err == nil {
			return StringMask{uint32(n), true}, nil
		}
	}
	return StringMask{}, fmt.Errorf("the string mask %q is none of default, pkix, utf8only, nombstr and MASK:NUMBER", clip(text))
}

func (m StringMask) value() uint32 {
	if !m.set {
		return maskUTF8
	}
	return m.bits
}

func maskOf(tag der.Tag) uint32 {
	switch tag {
	case der.NumericString:
		return maskNumeric
	case der.PrintableString:
		return maskPrintable
	case der.T61String:
		return maskT61
	case der.IA5String:
		return maskIA5
	case der.VisibleString:
		return maskVisible
	case der.GeneralString:
		return maskGeneral
	case der.UniversalString:
		return maskUniversal
	case der.BMPString:
		return maskBMP
	}
	return maskUTF8
}

// stringRule bounds the characters of an attribute type, and says which string
// types it may have. A negative bound is none.
type stringRule struct {
	min, max int
	mask     uint32
	fixed    bool // the string mask makes no difference
}

// stringRuleOf is the table of OpenSSL for attribute types; false for those
// that are not in it.
func stringRuleOf(id oid.OID) (stringRule, bool) {
	switch id {
	case oid.CommonName, oid.Organization, oid.OrganizationalUnit:
		return stringRule{1, 64, maskDirectory, false}, true
	case oid.Locality, oid.StateOrProvince:
		return stringRule{1, 128, maskDirectory, false}, true
	case oid.GivenName, oid.Surname, oid.Initials, oid.Name:
		return stringRule{1, 32768, maskDirectory, false}, true
	case oid.Country, oid.JurisdictionCountry:
		return stringRule{2, 2, maskPrintable, true}, true
	case oid.EmailAddress:
		return stringRule{1, 128, maskIA5, true}, true
	case oid.SerialNumber:
		return stringRule{1, 64, maskPrintable, true}, true
	case oid.DNQualifier:
		return stringRule{-1, -1, maskPrintable, true}, true
	case oid.DomainComponent, rfc822Mailbox:
		return stringRule{1, -1, maskIA5, true}, true
	case oid.UnstructuredName, oid.ChallengePassword:
		return stringRule{1, -1, maskPKCS9, false}, true
	case oid.UnstructuredAddress:
		return stringRule{1, -1, maskDirectory, false}, true
	case oid.FriendlyName, msCSPName:
		return stringRule{-1, -1, maskBMP, true}, true
	case russianINN:
		return stringRule{1, 12, maskNumeric, true}, true
	case russianOGRN:
		return stringRule{1, 13, maskNumeric, true}, true
	case russianSNILS:
		return stringRule{1, 11, maskNumeric, true}, true
	case countryCode3c:
		return stringRule{3, 3, maskPrintable, true}, true
	case countryCode3n:
		return stringRule{3, 3, maskNumeric, true}, true
	case dnsName:
		return stringRule{0, -1, maskUTF8, true}, true
	}
	return stringRule{}, false
}

// Attribute types of that table that nothing else here speaks of.
const (
	rfc822Mailbox oid.OID = "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x03" // 0.9.2342.19200300.100.1.3
	msCSPName     oid.OID = "\x2b\x06\x01\x04\x01\x82\x37\x11\x01"     // 1.3.6.1.4.1.311.17.1
	russianINN    oid.OID = "\x2a\x85\x03\x03\x81\x03\x01\x01"         // 1.2.643.3.131.1.1
	russianOGRN   oid.OID = "\x2a\x85\x03\x64\x01"                     // 1.2.643.100.1
	russianSNILS  oid.OID = "\x2a\x85\x03\x64\x03"                     // 1.2.643.100.3
	countryCode3c oid.OID = "\x55\x04\x62"                             // 2.5.4.98
	countryCode3n oid.OID = "\x55\x04\x63"                             // 2.5.4.99
	dnsName       oid.OID = "\x55\x04\x64"                             // 2.5.4.100
)

// attributeString writes the value of an attribute in the string type that its
// kind, the mask and its characters leave. Text that is not marked as UTF-8 is
// Latin-1, an octet a character.
func attributeString(id oid.OID, text string, isUTF8 bool, mask StringMask) (der.Tag, []byte, error) {
	rule, ok := stringRuleOf(id)
	if !ok {
		rule = stringRule{0, -1, maskDirectory, false}
	}
	allowed := rule.mask
	if !rule.fixed {
		allowed &= mask.value()
	}
	return chooseString([]byte(text), isUTF8, allowed, rule.min, rule.max)
}

// chooseString writes text in the first of the allowed string types that has
// all its characters: NumericString, PrintableString, IA5String, T61String,
// BMPString, UniversalString, else UTF-8.
func chooseString(text []byte, isUTF8 bool, allowed uint32, shortest, longest int) (der.Tag, []byte, error) {
	if allowed == 0 {
		allowed = maskDirectory
	}
	runes, err := characters(text, isUTF8)
	if err != nil {
		return 0, nil, err
	}
	if shortest > 0 && len(runes) < shortest {
		return 0, nil, &LengthError{Limit: shortest, Short: true}
	}
	if longest > 0 && len(runes) > longest {
		return 0, nil, &LengthError{Limit: longest}
	}
	for _, r := range runes {
		if allowed = fitting(r, allowed); allowed == 0 {
			return 0, nil, fmt.Errorf("the character %q is in none of the string types allowed", r)
		}
	}
	tag, content := encodeString(runes, allowed)
	return tag, content, nil
}

// LengthError is a value of fewer or more characters than its kind may have.
type LengthError struct {
	Limit int
	Short bool
}

// Error says which limit was passed.
func (e *LengthError) Error() string {
	if e.Short {
		return fmt.Sprintf("the value is too short; at least %d characters are needed", e.Limit)
	}
	return fmt.Sprintf("the value is too long; at most %d characters are allowed", e.Limit)
}

func characters(text []byte, isUTF8 bool) ([]rune, error) {
	if isUTF8 {
		if !utf8.Valid(text) {
			return nil, errors.New("the value is not UTF-8")
		}
		return []rune(string(text)), nil
	}
	runes := make([]rune, len(text))
	for i, c := range text {
		runes[i] = rune(c)
	}
	return runes, nil
}

func fitting(r rune, allowed uint32) uint32 {
	if r != ' ' && (r < '0' || r > '9') {
		allowed &^= maskNumeric
	}
	if !printable(r) {
		allowed &^= maskPrintable
	}
	if r > 0x7f {
		allowed &^= maskIA5
	}
	if r > 0xff {
		allowed &^= maskT61
	}
	if r > 0xffff {
		allowed &^= maskBMP
	}
	return allowed
}

// printable reports whether PrintableString has a character (X.680, Table 10).
func printable(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' ||
		r < 0x80 && strings.ContainsRune(" '()+,-./:=?", r)
}

func encodeString(runes []rune, allowed uint32) (der.Tag, []byte) {
	for _, t := range []struct {
		mask uint32
		tag  der.Tag
	}{{maskNumeric, der.NumericString}, {maskPrintable, der.PrintableString}, {maskIA5, der.IA5String}, {maskT61, der.T61String}} {
		if allowed&t.mask != 0 {
			out := make([]byte, len(runes))
			for i, r := range runes {
				out[i] = byte(r)
			}
			return t.tag, out
		}
	}
	switch {
	case allowed&maskBMP != 0:
		out := make([]byte, 0, 2*len(runes))
		for _, unit := range utf16.Encode(runes) {
			out = append(out, byte(unit>>8), byte(unit))
		}
		return der.BMPString, out
	case allowed&maskUniversal != 0:
		out := make([]byte, 0, 4*len(runes))
		for _, r := range runes {
			out = append(out, byte(r>>24), byte(r>>16), byte(r>>8), byte(r))
		}
		return der.UniversalString, out
	}
	return der.UTF8String, []byte(string(runes))
}
