package ext

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/der"
)

func TestParseGeneralName(t *testing.T) {
	for _, c := range []struct {
		text string
		kind Kind
		want string
	}{
		{"dns:a.example", DNS, "dns:a.example"},
		{"DNS:a.example", DNS, "dns:a.example"},
		{" dns: a.example ", DNS, "dns:a.example"},
		{"a.example", DNS, "dns:a.example"},
		{"localhost", DNS, "dns:localhost"},
		{"*.a.example", DNS, "dns:*.a.example"},
		{"dns:bücher.example", DNS, "dns:xn--bcher-kva.example"},
		{"dns:*.Bücher.example", DNS, "dns:*.xn--bcher-kva.example"},
		{"dns:xn--bcher-kva.example", DNS, "dns:xn--bcher-kva.example"},
		{"ip:192.0.2.1", IP, "ip:192.0.2.1"},
		{"192.0.2.1", IP, "ip:192.0.2.1"},
		{"IP:2001:DB8::1", IP, "ip:2001:db8::1"},
		{"IP Address:2001:db8:0:0::1", IP, "ip:2001:db8::1"},
		{"::1", IP, "ip:::1"},
		{"ip:[::1]", IP, "ip:::1"},
		{"ip:::ffff:192.0.2.1", IP, "ip:::ffff:192.0.2.1"},
		{"email:a.b+c@host.example", Email, "email:a.b+c@host.example"},
		{"a@host.example", Email, "email:a@host.example"},
		{`email:"a b"@host.example`, Email, ""},
		{"email:a@bücher.example", Email, "email:a@xn--bcher-kva.example"},
		{"rfc822:a@host.example", Email, "email:a@host.example"},
		{"uri:https://host.example/a?b=c", URI, "uri:https://host.example/a?b=c"},
		{"https://host.example:8443/a", URI, "uri:https://host.example:8443/a"},
		{"URI:spiffe://td.example/ns/x", URI, "uri:spiffe://td.example/ns/x"},
		{"urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", URI, "uri:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"},
		{"uri:https://[2001:db8::1]/", URI, "uri:https://[2001:db8::1]/"},
		{"uri:ldap:///CN=a?b", URI, "uri:ldap:///CN=a?b"},
		{"rid:1.2.3.4", RegisteredID, "rid:1.2.3.4"},
		{"RID:serverAuth", RegisteredID, "rid:1.3.6.1.5.5.7.3.1"},
		{"dir:CN=a,O=b", DirectoryName, "dir:CN=a,O=b"},
		{"dirName:/O=b/CN=a", DirectoryName, "dir:CN=a,O=b"},
		{"CN=a@b,O=b", DirectoryName, "dir:CN=a@b,O=b"},
		{"dNSName:a.example", DNS, "dns:a.example"},
		{"url:https://a.example", URI, "uri:https://a.example"},
		{"Registered ID:1.2.3", RegisteredID, "rid:1.2.3"},
		{`email:"a\"b"@host.example`, Email, `email:"a\"b"@host.example`},
	} {
		checkGeneralName(t, c.text, c.kind, c.want)
	}
}

func TestParseOtherName(t *testing.T) {
	for _, c := range []struct {
		text string
		kind Kind
		want string
	}{
		{"upn:a@b.example", OtherName, "upn:a@b.example"},
		{"otherName:1.3.6.1.4.1.311.20.2.3;UTF8:a@b.example", OtherName, "upn:a@b.example"},
		{"otherName:msUPN;UTF8:a@b.example", OtherName, "upn:a@b.example"},
		{"smtputf8:ü@bücher.example", OtherName, "smtputf8:ü@bücher.example"},
		{"srv:_imap.host.example", OtherName, "srv:_imap.host.example"},
		{"xmpp:a@host.example", OtherName, "xmpp:a@host.example"},
		{"krb5:user@REALM.EXAMPLE", OtherName, "krb5:user@REALM.EXAMPLE"},
		{"krb5:host/h.example@REALM.EXAMPLE", OtherName, "krb5:host/h.example@REALM.EXAMPLE"},
		{"hw:1.2.3.4;00ff", OtherName, "hw:1.2.3.4;00ff"},
		{"pid:value;1.2.3.4", OtherName, "pid:value;1.2.3.4"},
		{"pid:value", OtherName, "pid:value"},
		{"pid:;1.2.3.4", OtherName, "pid:;1.2.3.4"},
		{"other:1.2.3.4;UTF8:a;b:c", OtherName, "other:1.2.3.4;UTF8:a;b:c"},
		{"other:1.2.3.4;0c0161", OtherName, "other:1.2.3.4;UTF8:a"},
		{"other:1.2.3.4;HEX:020105", OtherName, "other:1.2.3.4;020105"},
		{"otherName:1.2.3.4;IA5STRING:a", OtherName, "other:1.2.3.4;160161"},
		{"otherName:1.2.3.4;PRINTABLE:a", OtherName, "other:1.2.3.4;130161"},
		{"otherName:1.2.3.4;VISIBLE:a", OtherName, "other:1.2.3.4;1a0161"},
		{"otherName:1.2.3.4;BMP:a", OtherName, "other:1.2.3.4;1e020061"},
		{"otherName:1.2.3.4;OCT:00ff", OtherName, "other:1.2.3.4;040200ff"},
		{"otherName:1.2.3.4;FORMAT:HEX,OCT:00ff", OtherName, "other:1.2.3.4;040200ff"},
		{"otherName:1.2.3.4;NULL:", OtherName, "other:1.2.3.4;0500"},
		{"edi:party", EDIParty, "edi:party"},
		{"edi:assigner;party", EDIParty, "edi:assigner;party"},
		{"x400:#3000", X400, "x400:#3000"},
	} {
		checkGeneralName(t, c.text, c.kind, c.want)
	}
}

// checkGeneralName reads a name, compares it, and reads what it prints; an
// empty want stands for text that does not come back.
func checkGeneralName(t *testing.T, text string, kind Kind, want string) {
	t.Helper()
	n, err := ParseGeneralName(text)
	if err != nil {
		t.Errorf("ParseGeneralName(%q): %v", text, err)
		return
	}
	if n.Kind != kind || want != "" && n.String() != want {
		t.Errorf("ParseGeneralName(%q) = %v %s, want %v %s", text, n.Kind, n, kind, want)
	}
	if err := n.Problem(); err != nil {
		t.Errorf("%q has a problem: %v", text, err)
	}
	if want == "" {
		return
	}
	if n.Text() != want[strings.Index(want, ":")+1:] {
		t.Errorf("%q: Text() = %s", text, n.Text())
	}
	back, err := ParseGeneralName(n.String())
	if err != nil || !bytes.Equal(back.Raw, n.Raw) {
		t.Errorf("%s does not come back: %x %v", n, back.Raw, err)
	}
}

func TestParseGeneralNameErrors(t *testing.T) {
	long := strings.Repeat("a", 64)
	for _, c := range []struct{ text, want string }{
		{"", "there is no value; write one after the prefix, such as dns:host.example"},
		{"dns:", "there is no value; write one after the prefix, such as dns:host.example"},
		{"dns:192.0.2.1", "this is an IP address, not a host name; write ip:192.0.2.1"},
		{"dns:[::1]", "this is an IP address, not a host name; write ip:::1"},
		{"dns:1.2.3.256", "the host name ends in a number, which no domain does; write ip: before an address"},
		{"dns:a.example.", "the host name ends in a dot; leave the dot out"},
		{"dns:https://a.example", "this is a URI, not a host name; write uri: before it, or the host name alone"},
		{"dns:a@b.example", "this is an e-mail address, not a host name; write email: before it"},
		{"a.example/path", "a host name has no path or network length; leave out the slash and what follows"},
		{"a.example:443", "a host name has no port; leave out the colon and what follows"},
		{"dsn:a.example", `"dsn" is not a kind of name; write dns:, ip:, email:, uri:, upn:, dir:, rid: or other: before the value`},
		{"localhost:443", "a host name has no port; leave out the colon and what follows"},
		{"dns:a..example", "the host name has an empty label (two dots in a row, or one at the start)"},
		{"dns:.example", "the host name has an empty label (two dots in a row, or one at the start)"},
		{"dns:" + long + ".example", `the label "` + long + `" is 64 characters long, and at most 63 are allowed`},
		{"dns:" + strings.Repeat("abcdefg.", 32) + "example", "the host name is 263 characters long, and at most 253 are allowed"},
		{"dns:a.*.example", "a wildcard may stand only as the whole leftmost label, with a domain after it, as in *.example.com"},
		{"dns:a*.example", "a wildcard may stand only as the whole leftmost label, with a domain after it, as in *.example.com"},
		{"dns:*", "a wildcard may stand only as the whole leftmost label, with a domain after it, as in *.example.com"},
		{"dns:*.*.example", "a wildcard may stand only as the whole leftmost label, with a domain after it, as in *.example.com"},
		{"dns:_imap.example", `the label "_imap" has an underscore, which host names do not; for a service name write srv:_service.host`},
		{"dns:-a.example", `the label "-a" begins or ends with a hyphen`},
		{"dns:a b.example", `the label "a b" has the character ' '; only letters, digits and hyphens may be used`},
		{"dns:xn--999999999.example", `the label "xn--999999999" begins like an A-label, but is none (RFC 5890)`},
		{"dns:a\u2028b.example", "the host name has a character that internationalized names do not allow (RFC 5892); check the spelling"},
		{"dns:\xff.example", "the host name is not valid UTF-8"},
		{"ip:host", "this is not an IP address; write it like 192.0.2.1 or 2001:db8::1, or dns: before a host name"},
		{"ip:192.0.2.0/24", "a network is no address; ranges belong in name constraints, write one address here"},
		{"ip:fe80::1%eth0", "an address in a certificate has no zone; leave out what follows the percent sign"},
		{"email:a", `there is no "@" in the e-mail address; write it like name@host.example`},
		{"email:A <a@b.example>", "only the address itself belongs here; leave out the display name and the angle brackets"},
		{"email:ü@b.example", "the part before the @ has characters outside ASCII, which this kind cannot hold; write smtputf8: before the address"},
		{"email:" + long + "a@b.example", "the part before the @ is 65 characters long, and at most 64 are allowed"},
		{"email:a@" + strings.Repeat("abcdefg.", 31) + "example", "the e-mail address is 257 characters long, and at most 254 are allowed"},
		{"email:a..b@c.example", `the part before the @, "a..b", is not a valid mailbox name`},
		{"email:a@b_c.example", `the part after the @: the label "b_c" has an underscore, which host names do not; for a service name write srv:_service.host`},
		{"uri:/path", "the URI is relative; write it whole, with its scheme, like https://host.example/path"},
		{"uri:https:", "the URI has nothing after its scheme; write it whole, like https://host.example/path"},
		{"uri:https:///path", "the URI has no host after the two slashes; write it like https://host.example/path"},
		{"uri:https://a b/", "the URI has a blank, a control character or a character outside ASCII; write it percent-encoded, and the host as A-labels (xn--…)"},
		{"uri:https://%zz/", "this is not a URI (RFC 3986); write it like https://host.example/path"},
		{"uri:https://a_b.example/", `the host of the URI: the label "a_b" has an underscore, which host names do not; for a service name write srv:_service.host`},
		{"rid:1", "not an object identifier: want numbers with dots between them, such as 2.5.4.3"},
		{"dir:a", `distinguished name: "a" has no "="; write TYPE=VALUE such as CN=example, and \, where the separator belongs to a value`},
		{"upn:a", "a user principal name is written like name@domain.example"},
		{"smtputf8:ü", `there is no "@" with text on both sides; write the e-mail address like name@host.example`},
		{"smtputf8:a@b.example", "the part before the @ is plain ASCII, which this kind must not hold (RFC 9598, Section 3); write email: before the address"},
		{"srv:imap.example", "a service name is written like _imap.host.example"},
		{"xmpp:a\x01", "the value is empty, not valid UTF-8, or has a control character"},
		{"krb5:user", "a Kerberos principal is written like name@REALM or service/host@REALM, in ASCII"},
		{"hw:1.2.3.4", "a hardware module is written as the identifier of its type, a semicolon, and its serial number in hexadecimal"},
		{"pid:a\x01", "the identifier is not valid UTF-8, or has a control character"},
		{"other:1.2.3.4", "there is no semicolon; write other:1.2.3.4;UTF8:text, or the hexadecimal of the value's DER after the semicolon"},
		{"other:1.2.3.4;XX:a", `"XX" is not a type of value; write UTF8, IA5, PRINTABLE, VISIBLE, BMP, OCT, NULL or HEX`},
		{"other:1.2.3.4;FORMAT:UTF8,UTF8:a", "of the modifiers only FORMAT:HEX,OCT: is known here; write the hexadecimal of the value's DER instead"},
		{"other:1.2.3.4;OCT:x", "an octet string is written in hexadecimal"},
		{"other:1.2.3.4;IA5:ü", "the value does not fit its type: IA5String has an octet outside ASCII; write UTF8: before it"},
		{"other:1.2.3.4;x", "the value is not hexadecimal; write UTF8: before text"},
		{"other:1.2.3.4;0c05", "the hexadecimal is not one value in DER (the data end before the element does); give tag, length and content"},
		{"dir:CN=" + strings.Repeat("a", 1<<16), "the text is longer than 65536 octets"},
		{"dns:" + strings.Repeat("ü", 600), "the host name is 1200 octets long, and at most 253 are allowed"},
		{"x400:x", "an x400Address is written as the hexadecimal of its content"},
	} {
		n, err := ParseGeneralName(c.text)
		if err == nil {
			t.Errorf("ParseGeneralName(%q) = %s, want an error", c.text, n)
		} else if _, detail, _ := strings.Cut(err.Error(), ": "); !strings.HasSuffix(err.Error(), ": "+c.want) {
			t.Errorf("ParseGeneralName(%q):\n got %s\nwant %s", c.text, detail, c.want)
		}
	}
}

func TestOddNamesAreKept(t *testing.T) {
	for _, c := range []struct{ raw, text, problem string }{
		{"8702c000", "ip:#c000", "the address is 2 octets long, and only 4 (IPv4) or 16 (IPv6) are valid"},
		{"8203e9612e", "dns:#e9612e", "the host name ends in a dot; leave the dot out"},
		{"8202e961", "dns:#e961", "the host name has characters outside ASCII; in a certificate they stand as A-labels (xn--…)"},
		{"8200", "dns:#", "the host name is empty"},
		{"8203612062", "dns:#612062", `the label "a b" has the character ' '; only letters, digits and hyphens may be used`},
		{"820461002e62", "dns:#61002e62", `the label "a\x00" has the character '\x00'; only letters, digits and hyphens may be used`},
		{"8101" + "61", "email:a", `there is no "@" in the e-mail address; write it like name@host.example`},
		{"8601" + "61", "uri:a", "the URI is relative; write it whole, with its scheme, like https://host.example/path"},
		{"a4023000", "dir:", ""},
		{"a40131", "dir:#31", "distinguished name: found SET where SEQUENCE belongs"},
		{"880180", "rid:#80", "object identifier is empty or cut short"},
		{"a003020105", "other:#020105", "otherName type: found INTEGER where OBJECT IDENTIFIER belongs"},
		{"0c0161", "unknown:#0c0161", "the tag is none of a general name's"},
		{"8901" + "00", "unknown:#890100", "the tag is none of a general name's"},
		{"a2050c03612e62", "dns:#0c03612e62", "dNSName has a tag of the wrong form"},
		{"a500", "edi:#", "ediPartyName is not well formed"},
		{"a3023000", "x400:#3000", ""},
		{"8708" + "0a000000ff000000", "ip:10.0.0.0/8", "the address is 8 octets long, and only 4 (IPv4) or 16 (IPv6) are valid"},
		{"8708" + "0a000000ff00ff00", "ip:10.0.0.0/255.0.255.0", "the address is 8 octets long, and only 4 (IPv4) or 16 (IPv6) are valid"},
		{"a0" + "13" + "060a2b060104018237140203" + "a005" + "0c03616263", "upn:abc", "a user principal name is written like name@domain.example"},
	} {
		raw, err := hex.DecodeString(c.raw)
		if err != nil {
			t.Fatal(err)
		}
		names, err := ParseGeneralNames(append([]byte{0x30, byte(len(raw))}, raw...))
		if err != nil || len(names) != 1 {
			t.Errorf("%s: %v", c.raw, err)
			continue
		}
		if got := names[0].String(); got != c.text {
			t.Errorf("%s: String() = %s, want %s", c.raw, got, c.text)
		}
		problem := ""
		if err := names[0].Problem(); err != nil {
			problem = err.Error()
		}
		if !strings.HasPrefix(problem, c.problem) || (c.problem == "") != (problem == "") {
			t.Errorf("%s: Problem() = %s, want %s", c.raw, problem, c.problem)
		}
		if !bytes.Equal(names[0].Raw, raw) {
			t.Errorf("%s: Raw = %x", c.raw, names[0].Raw)
		}
	}
}

func TestMarshalGeneralNamesAllocatesOnce(t *testing.T) {
	names := []GeneralName{NewGeneralName(DNS, []byte("a.example")), NewGeneralName(DNS, []byte("b.example"))}
	if n := testing.AllocsPerRun(100, func() { NewSubjectAltName(names, false) }); n > 1 {
		t.Errorf("%v allocations, want 1", n)
	}
	value := MarshalGeneralNames(names)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := ParseGeneralNames(value); err != nil {
			t.Fatal(err)
		}
	}); n > 1 {
		t.Errorf("%v allocations to read, want 1", n)
	}
}

func FuzzParseGeneralNames(f *testing.F) {
	for _, s := range []string{"3000", "300b8209612e6578616d706c65", "3006870400000000", "3004a4023000", "3008a006060155a0010500"} {
		raw, _ := hex.DecodeString(s)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		names, err := ParseGeneralNames(value)
		if err != nil {
			return
		}
		for _, n := range names {
			_, _ = n.Problem(), n.String()
			if back, err := ParseGeneralName(n.String()); err == nil && n.Problem() == nil && back.Kind == n.Kind && n.Kind != OtherName && n.Kind != DirectoryName && n.Kind != EDIParty {
				if !bytes.Equal(back.Content, n.Content) {
					t.Fatalf("%x: %s comes back as %x", n.Raw, n, back.Raw)
				}
			}
		}
		if out := MarshalGeneralNames(names); der.Strict(value) == nil && !bytes.Equal(out, value) {
			t.Fatalf("%x comes back as %x", value, out)
		}
	})
}

func FuzzParseGeneralName(f *testing.F) {
	for _, s := range []string{"dns:a.example", "ip:::1", "email:a@b", "uri:https://a/", "upn:a@b", "dir:CN=a", "rid:1.2", "other:1.2;UTF8:a", "krb5:a/b@C", "hw:1.2;00", "pid:a;1.2", "edi:a;b", "bücher.example", "*.a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseGeneralName(text)
		if err != nil {
			return
		}
		names, err := ParseGeneralNames(MarshalGeneralNames([]GeneralName{n}))
		if err != nil || len(names) != 1 || names[0].String() != n.String() {
			t.Fatalf("%q: %s does not come back: %v", text, n, err)
		}
		if n.Kind != EDIParty && n.Kind != X400 && n.Kind != DirectoryName {
			if err := n.Problem(); err != nil {
				t.Fatalf("%q gives %s, which has a problem: %v", text, n, err)
			}
		}
	})
}
