package ext

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// stringName tells the otherName kinds whose value is one string.
func stringName(id oid.OID) (prefix string, tag der.Tag) {
	switch id {
	case oid.UPN:
		return "upn", der.UTF8String
	case oid.SmtpUTF8Mailbox:
		return "smtputf8", der.UTF8String
	case oid.XmppAddr:
		return "xmpp", der.UTF8String
	case oid.DNSSRV:
		return "srv", der.IA5String
	}
	return "", 0
}

func (n GeneralName) otherText() (prefix, text string) {
	dump := "#" + hex.EncodeToString(n.Content)
	id, value, err := n.Other()
	if err != nil {
		return "other", dump
	}
	element, err := der.Parse(value)
	if err != nil {
		return "other", dump
	}
	text, err = element.Text()
	if prefix, tag := stringName(id); prefix != "" && err == nil && tag == element.Tag && printable(text) {
		return prefix, text
	}
	switch id {
	case oid.KerberosPrincipal:
		if text, ok := kerberosText(value); ok {
			return "krb5", text
		}
	case oid.HardwareModuleName:
		if text, ok := hardwareText(value); ok {
			return "hw", text
		}
	case oid.PermanentIdentifier:
		if text, ok := permanentText(value); ok {
			return "pid", text
		}
	}
	if err == nil && element.Tag == der.UTF8String && printable(text) {
		return "other", id.String() + ";UTF8:" + text
	}
	return "other", id.String() + ";" + hex.EncodeToString(value)
}

func (n GeneralName) otherProblem() error {
	id, value, err := n.Other()
	if err != nil {
		return err
	}
	prefix, tag := stringName(id)
	if prefix == "" {
		return nil
	}
	element, err := der.ParseTag(value, tag)
	if err != nil {
		return fmt.Errorf("%s: %w", id.Name(), err)
	}
	text, err := element.Text()
	if err != nil {
		return fmt.Errorf("%s: %w", id.Name(), err)
	}
	return checkStringName(prefix, text)
}

// parseOther reads the kinds that are otherNames.
func parseOther(kind, value string) (GeneralName, error) {
	switch kind {
	case "upn", "smtputf8", "xmpp", "srv":
		if err := checkStringName(kind, value); err != nil {
			return GeneralName{}, err
		}
		return newStringName(kind, value), nil
	case "krb5":
		return parseKerberos(value)
	case "hw":
		return parseHardware(value)
	case "pid":
		return parsePermanent(value)
	}
	dotted, rest, found := strings.Cut(value, ";")
	if !found {
		return GeneralName{}, errors.New("there is no semicolon; write other:1.2.3.4;UTF8:text, or the hexadecimal of the value's DER after the semicolon")
	}
	id, err := parseOID(strings.TrimSpace(dotted))
	if err != nil {
		return GeneralName{}, err
	}
	der, err := otherValue(rest)
	if err != nil {
		return GeneralName{}, err
	}
	return NewOtherName(id, der), nil
}

// newStringName makes an otherName of a prefix that stringName returns.
func newStringName(prefix, value string) GeneralName {
	for _, id := range [...]oid.OID{oid.UPN, oid.SmtpUTF8Mailbox, oid.XmppAddr, oid.DNSSRV} {
		if name, tag := stringName(id); name == prefix {
			b := der.NewBuilder(make([]byte, 0, len(value)+6))
			b.AddString(tag, value)
			return NewOtherName(id, b.Bytes())
		}
	}
	return GeneralName{Kind: Unknown}
}

// checkStringName checks a user principal name, a mailbox outside ASCII
// (RFC 9598, Section 3), an XMPP address (RFC 6120, Section 13.7.1.4) or a
// service name (RFC 4985, Section 2).
func checkStringName(kind, value string) error {
	local, domain, found := cutLast(value, "@")
	switch {
	case !printable(value):
		return errors.New("the value is empty, not valid UTF-8, or has a control character")
	case kind == "upn" && (!found || local == "" || domain == ""):
		return errors.New("a user principal name is written like name@domain.example")
	case kind == "smtputf8" && (!found || local == "" || domain == ""):
		return errors.New(`there is no "@" with text on both sides; write the e-mail address like name@host.example`)
	case kind == "smtputf8" && isASCII(local):
		return errors.New("the part before the @ is plain ASCII, which this kind must not hold (RFC 9598, Section 3); write email: before the address")
	case kind == "smtputf8":
		ascii, err := hostToASCII(domain)
		if err != nil {
			return err
		}
		return checkHost(ascii, false)
	case kind == "srv":
		service, host, found := strings.Cut(value, ".")
		if !found || len(service) < 2 || service[0] != '_' || checkLabel(service[1:]) != nil {
			return errors.New("a service name is written like _imap.host.example")
		}
		return checkHost(host, false)
	}
	return nil
}

// otherValue reads TYPE:text or hexadecimal, and returns DER.
func otherValue(text string) ([]byte, error) {
	kind, value, found := strings.Cut(text, ":")
	if !found {
		return hexDER(text)
	}
	kind = strings.ToUpper(strings.TrimSpace(kind))
	if kind == "FORMAT" {
		// OpenSSL's modifier, as in FORMAT:HEX,OCT:00ff.
		rest, ok := strings.CutPrefix(strings.ToUpper(value), "HEX,OCT")
		if !ok || !strings.Contains(rest, ":") {
			return nil, errors.New("of the modifiers only FORMAT:HEX,OCT: is known here; write the hexadecimal of the value's DER instead")
		}
		kind, value = "OCT", rest[strings.IndexByte(rest, ':')+1:]
	}
	b := der.NewBuilder(nil)
	switch kind {
	case "UTF8", "UTF8STRING":
		b.AddString(der.UTF8String, value)
	case "IA5", "IA5STRING":
		b.AddString(der.IA5String, value)
	case "PRINTABLE", "PRINTABLESTRING":
		b.AddString(der.PrintableString, value)
	case "VISIBLE", "VISIBLESTRING":
		b.AddString(der.VisibleString, value)
	case "BMP", "BMPSTRING":
		b.Add(der.BMPString, bmp(value))
	case "NULL":
		b.Null()
	case "OCT", "OCTETSTRING":
		octets, err := hex.DecodeString(value)
		if err != nil {
			return nil, errors.New("an octet string is written in hexadecimal")
		}
		b.Add(der.OctetString, octets)
	case "HEX", "DER":
		return hexDER(value)
	default:
		return nil, fmt.Errorf("%q is not a type of value; write UTF8, IA5, PRINTABLE, VISIBLE, BMP, OCT, NULL or HEX", kind)
	}
	if e, err := der.Parse(b.Bytes()); err == nil && e.Tag != der.OctetString && e.Tag != der.Null {
		if _, err := e.Text(); err != nil {
			return nil, fmt.Errorf("the value does not fit its type: %w; write UTF8: before it", err)
		}
	}
	return b.Bytes(), nil
}

func hexDER(text string) ([]byte, error) {
	value, err := hex.DecodeString(strings.TrimPrefix(strings.TrimSpace(text), "#"))
	if err != nil {
		return nil, errors.New("the value is not hexadecimal; write UTF8: before text")
	}
	if _, err := der.Parse(value); err != nil {
		return nil, fmt.Errorf("the hexadecimal is not one value in DER (%w); give tag, length and content", err)
	}
	return value, nil
}

func bmp(text string) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = append(out, byte(unit>>8), byte(unit))
	}
	return out
}

// parseKerberos reads "name/instance@REALM" into a KRB5PrincipalName
// (RFC 4556, Section 3.2.2). The name type is NT-PRINCIPAL, or NT-SRV-INST
// where there is an instance.
func parseKerberos(value string) (GeneralName, error) {
	name, realm, found := cutLast(value, "@")
	if !found || name == "" || realm == "" || !printable(value) || !isASCII(value) {
		return GeneralName{}, errors.New("a Kerberos principal is written like name@REALM or service/host@REALM, in ASCII")
	}
	parts := strings.Split(name, "/")
	kind := int64(1)
	if len(parts) > 1 {
		kind = 2
	}
	b := der.NewBuilder(nil)
	principal := b.Begin(der.Sequence)
	field := b.Begin(der.ContextConstructed(0))
	b.AddString(der.GeneralString, realm)
	b.End(field)
	field = b.Begin(der.ContextConstructed(1))
	inner := b.Begin(der.Sequence)
	kindField := b.Begin(der.ContextConstructed(0))
	b.Int(kind)
	b.End(kindField)
	strs := b.Begin(der.ContextConstructed(1))
	list := b.Begin(der.Sequence)
	for _, part := range parts {
		b.AddString(der.GeneralString, part)
	}
	b.End(list)
	b.End(strs)
	b.End(inner)
	b.End(field)
	b.End(principal)
	return NewOtherName(oid.KerberosPrincipal, b.Bytes()), nil
}

// within takes a run of explicit tags apart: each element of path is the tag
// that the next reader finds first.
func within(r der.Reader, path ...der.Tag) (der.Element, error) {
	var e der.Element
	for _, tag := range path {
		var err error
		if e, err = r.Take(tag); err != nil {
			return e, err
		}
		r = e.Children()
	}
	return e, nil
}

func kerberosText(value []byte) (string, bool) {
	r, err := sequence(value, "principal")
	if err != nil {
		return "", false
	}
	realm, err := within(r, der.ContextConstructed(0), der.GeneralString)
	if err != nil {
		return "", false
	}
	if _, err := r.Next(); err != nil {
		return "", false
	}
	inner, err := within(r, der.ContextConstructed(1), der.Sequence)
	if err != nil {
		return "", false
	}
	fields := inner.Children()
	kind, err := within(fields, der.ContextConstructed(0), der.Integer)
	if err != nil {
		return "", false
	}
	if _, err := fields.Next(); err != nil {
		return "", false
	}
	list, err := within(fields, der.ContextConstructed(1), der.Sequence)
	if err != nil {
		return "", false
	}
	var parts []string
	for names := list.Children(); !names.Empty(); {
		part, err := names.Take(der.GeneralString)
		if err != nil {
			return "", false
		}
		parts = append(parts, string(part.Content))
	}
	text := strings.Join(parts, "/") + "@" + string(realm.Content)
	// A principal that would not come back the same is shown in hexadecimal.
	back, err := parseKerberos(text)
	if err != nil || len(kind.Content) == 0 {
		return "", false
	}
	_, again, err := back.Other()
	return text, err == nil && string(again) == string(value)
}

// parseHardware reads "OID;HEX" into a HardwareModuleName (RFC 4108, Section 5).
func parseHardware(value string) (GeneralName, error) {
	dotted, serial, _ := strings.Cut(value, ";")
	id, err := parseOID(dotted)
	if err != nil {
		return GeneralName{}, err
	}
	octets, err := hex.DecodeString(serial)
	if err != nil || len(octets) == 0 {
		return GeneralName{}, errors.New("a hardware module is written as the identifier of its type, a semicolon, and its serial number in hexadecimal")
	}
	b := der.NewBuilder(nil)
	seq := b.Begin(der.Sequence)
	b.OID(string(id))
	b.Add(der.OctetString, octets)
	b.End(seq)
	return NewOtherName(oid.HardwareModuleName, b.Bytes()), nil
}

func hardwareText(value []byte) (string, bool) {
	r, err := sequence(value, "hardware module")
	if err != nil {
		return "", false
	}
	id, err := takeOID(&r)
	if err != nil {
		return "", false
	}
	serial, err := r.Take(der.OctetString)
	if err != nil || !r.Empty() {
		return "", false
	}
	return id.String() + ";" + hex.EncodeToString(serial.Content), true
}

// parsePermanent reads "value;OID" into a PermanentIdentifier (RFC 4043,
// Section 2); either side of the semicolon may be empty.
func parsePermanent(value string) (GeneralName, error) {
	text, assigner, _ := strings.Cut(value, ";")
	if text != "" && !printable(text) {
		return GeneralName{}, errors.New("the identifier is not valid UTF-8, or has a control character")
	}
	b := der.NewBuilder(nil)
	seq := b.Begin(der.Sequence)
	if text != "" {
		b.AddString(der.UTF8String, text)
	}
	if assigner != "" {
		id, err := parseOID(assigner)
		if err != nil {
			return GeneralName{}, err
		}
		b.OID(string(id))
	}
	b.End(seq)
	return NewOtherName(oid.PermanentIdentifier, b.Bytes()), nil
}

func permanentText(value []byte) (string, bool) {
	r, err := sequence(value, "permanent identifier")
	if err != nil {
		return "", false
	}
	text := ""
	if e, ok, err := r.Optional(der.UTF8String); err != nil {
		return "", false
	} else if ok {
		if text, err = e.Text(); err != nil || !printable(text) || strings.Contains(text, ";") {
			return "", false
		}
	}
	if r.Empty() {
		return text, text != ""
	}
	id, err := takeOID(&r)
	if err != nil || !r.Empty() {
		return "", false
	}
	return text + ";" + id.String(), true
}
