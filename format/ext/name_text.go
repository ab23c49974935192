package ext

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/oid"
)

// ParseGeneralName reads a name as people write it: "dns:a.example",
// "ip:192.0.2.1", "email:a@b", "uri:https://…", "upn:a@b", "dir:CN=…",
// "rid:1.2.3", "other:OID;UTF8:text" or "other:OID;HEX". Without a prefix the
// kind is told from the text. A wrong value is an error that says what is
// wrong with it.
//
// Further prefixes are "smtputf8:" (RFC 9598), "srv:_service.name" (RFC 4985),
// "xmpp:" (RFC 6120), "krb5:name/instance@REALM" (RFC 4120),
// "hw:OID;HEX" (hardwareModuleName, RFC 4108), "pid:value;OID"
// (permanentIdentifier, RFC 4043), "edi:[assigner;]party" and "x400:HEX"; and
// OpenSSL's spellings "DNS:", "IP:", "IP Address:", "URI:", "RID:",
// "dirName:" and "otherName:OID;UTF8:text". Case makes no difference.
//
// Host names outside ASCII are written as their A-labels (RFC 5891): the name
// of "dns:bücher.example" is xn--bcher-kva.example.
func ParseGeneralName(text string) (GeneralName, error) {
	const maxText = 1 << 16
	if len(text) > maxText {
		return GeneralName{}, fmt.Errorf("name %q: the text is longer than %d octets", shorten(text), maxText)
	}
	text = strings.TrimSpace(text)
	kind, value := splitPrefix(text)
	n, err := parseKind(kind, value)
	if err != nil {
		return GeneralName{}, fmt.Errorf("name %q: %w", shorten(text), err)
	}
	return n, nil
}

func shorten(text string) string {
	if len(text) > 80 {
		return strings.ToValidUTF8(text[:80], "") + "…"
	}
	return text
}

// splitPrefix tells the kind of a name, by its prefix or by its looks.
func splitPrefix(text string) (kind, value string) {
	if _, err := netip.ParseAddr(text); err == nil {
		return "ip", text
	}
	if prefix, rest, found := strings.Cut(text, ":"); found {
		if kind := prefixKind(prefix); kind != "" {
			return kind, strings.TrimSpace(rest)
		}
	}
	lower := strings.ToLower(text)
	switch {
	case strings.Contains(text, "://"), strings.HasPrefix(lower, "urn:"):
		return "uri", text
	case strings.Contains(text, "="):
		return "dir", text
	case strings.Contains(text, "@"):
		return "email", text
	}
	if prefix, rest, found := strings.Cut(text, ":"); found && strings.Trim(rest, "0123456789") != "" && !strings.Contains(prefix, ".") {
		return "unknown", prefix
	}
	return "dns", text
}

// prefixKind returns the prefix that String writes for any spelling of it.
func prefixKind(prefix string) string {
	switch p := strings.ToLower(strings.TrimSpace(prefix)); p {
	case "dns", "ip", "email", "uri", "rid", "dir", "upn", "other", "smtputf8", "srv", "xmpp", "krb5", "hw", "pid", "edi", "x400":
		return p
	case "dnsname":
		return "dns"
	case "ip address", "ipaddress":
		return "ip"
	case "rfc822", "rfc822name":
		return "email"
	case "url":
		return "uri"
	case "registered id", "registeredid":
		return "rid"
	case "dirname", "directoryname":
		return "dir"
	case "othername":
		return "other"
	}
	return ""
}

func parseKind(kind, value string) (GeneralName, error) {
	if value == "" {
		return GeneralName{}, errors.New("there is no value; write one after the prefix, such as dns:host.example")
	}
	switch kind {
	case "unknown":
		return GeneralName{}, fmt.Errorf("%q is not a kind of name; write dns:, ip:, email:, uri:, upn:, dir:, rid: or other: before the value", value)
	case "dns":
		return parseDNS(value)
	case "ip":
		return parseIP(value)
	case "email":
		return parseEmail(value)
	case "uri":
		if err := checkURI(value); err != nil {
			return GeneralName{}, err
		}
		return NewGeneralName(URI, []byte(value)), nil
	case "dir":
		name, err := dn.ParseText(value)
		if err != nil {
			return GeneralName{}, err
		}
		return NewDirectoryName(name), nil
	case "rid":
		id, err := parseOID(value)
		if err != nil {
			return GeneralName{}, err
		}
		return NewRegisteredID(id), nil
	case "edi":
		return parseEDI(value), nil
	case "x400":
		content, err := hex.DecodeString(strings.TrimPrefix(value, "#"))
		if err != nil {
			return GeneralName{}, errors.New("an x400Address is written as the hexadecimal of its content")
		}
		return NewGeneralName(X400, content), nil
	}
	return parseOther(kind, value)
}

// parseOID reads an identifier by number or by name.
func parseOID(text string) (oid.OID, error) {
	if id, err := oid.Parse(text); err == nil {
		return id, nil
	} else if id, ok := oid.ByName(text); ok {
		return id, nil
	} else {
		return "", err
	}
}

func parseDNS(value string) (GeneralName, error) {
	host, err := hostToASCII(value)
	if err != nil {
		return GeneralName{}, err
	}
	if err := checkHost(host, true); err != nil {
		return GeneralName{}, err
	}
	return NewGeneralName(DNS, []byte(host)), nil
}

func parseIP(value string) (GeneralName, error) {
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(value, "["), "]"))
	switch {
	case strings.Contains(value, "/"):
		return GeneralName{}, errors.New("a network is no address; ranges belong in name constraints, write one address here")
	case err != nil:
		return GeneralName{}, errors.New("this is not an IP address; write it like 192.0.2.1 or 2001:db8::1, or dns: before a host name")
	case addr.Zone() != "":
		return GeneralName{}, errors.New("an address in a certificate has no zone; leave out what follows the percent sign")
	}
	return NewIP(addr), nil
}

func parseEmail(value string) (GeneralName, error) {
	local, domain, found := cutLast(value, "@")
	if found {
		if ascii, err := hostToASCII(domain); err == nil {
			value = local + "@" + ascii
		}
	}
	if err := checkEmail(value); err != nil {
		return GeneralName{}, err
	}
	return NewGeneralName(Email, []byte(value)), nil
}

func cutLast(s, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):], true
	}
	return s, "", false
}

// parseEDI reads "party" or "assigner;party" (RFC 5280, Section 4.2.1.6).
func parseEDI(value string) GeneralName {
	assigner, party, found := strings.Cut(value, ";")
	if !found {
		assigner, party = "", value
	}
	b := der.NewBuilder(nil)
	for tag, text := range []string{assigner, party} {
		if tag == 0 && text == "" {
			continue
		}
		field := b.Begin(der.ContextConstructed(uint8(tag)))
		b.AddString(der.UTF8String, text)
		b.End(field)
	}
	return NewGeneralName(EDIParty, b.Bytes())
}

func ediText(content []byte) (string, bool) {
	r := der.Reader(content)
	var fields []string
	for _, tag := range []der.Tag{der.ContextConstructed(0), der.ContextConstructed(1)} {
		field, ok, err := r.Optional(tag)
		if err != nil {
			return "", false
		}
		if !ok {
			continue
		}
		value, err := der.Parse(field.Content)
		if err != nil {
			return "", false
		}
		text, err := value.Text()
		if err != nil || !printable(text) {
			return "", false
		}
		fields = append(fields, text)
	}
	return strings.Join(fields, ";"), len(fields) > 0 && r.Empty()
}
