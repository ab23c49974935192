package dn

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

func mustParse(t *testing.T, text string) Name {
	t.Helper()
	n, err := ParseText(text)
	if err != nil {
		t.Fatalf("ParseText(%q): %v", text, err)
	}
	return n
}

func TestParseText(t *testing.T) {
	for _, c := range []struct{ text, rfc4514, slash string }{
		{"", "", ""},
		{"CN=a", "CN=a", "/CN=a"},
		{"CN=a,O=b", "CN=a,O=b", "/O=b/CN=a"},
		{" CN = a , O = b c \n", "CN=a,O=b c", "/O=b c/CN=a"},
		{"CN=a;O=b", "CN=a,O=b", "/O=b/CN=a"},
		{"/O=b/CN=a", "CN=a,O=b", "/O=b/CN=a"},
		{"/O=b/CN=a\n", "CN=a,O=b", "/O=b/CN=a"},
		{"/O=b/OU=/CN=a", "CN=a,O=b", "/O=b/CN=a"},
		{"/O=b/CN=a+UID=u", "CN=a+UID=u,O=b", "/O=b/CN=a+UID=u"},
		{"UID=u+CN=a,O=b", "CN=a+UID=u,O=b", "/O=b/CN=a+UID=u"},
		{`/CN=a\/b\+c\\d`, `CN=a/b\+c\\d`, `/CN=a\/b\+c\d`},
		{`CN=a\,b\=c\20`, `CN=a\,b=c\ `, "/CN=a,b=c "},
		{`CN="a,b;c"`, `CN=a\,b\;c`, "/CN=a,b;c"},
		{`CN=\#a`, `CN=\#a`, "/CN=#a"},
		{`CN=\D0\96`, "CN=Ж", `/CN=\xD0\x96`},
		{"CN=#0C0161", "CN=a", "/CN=a"},
		{"2.5.4.3=a", "CN=a", "/CN=a"},
		{"OID.2.5.4.3=a", "CN=a", "/CN=a"},
		{"1.2.3.4=a", "1.2.3.4=#0c0161", "/1.2.3.4=a"},
		{"commonName=a", "CN=a", "/CN=a"},
		{"E=a@b.example,S=x,STREET=y,T=z,G=w,uid=u,DC=d", "emailAddress=a@b.example,ST=x,street=y,title=z,GN=w,UID=u,DC=d", "/DC=d/UID=u/GN=w/title=z/street=y/ST=x/emailAddress=a@b.example"},
		{"/uid=x", "uniqueIdentifier=x", "/uid=x"},
		{"SN=Doe,serialNumber=5", "SN=Doe,serialNumber=5", "/serialNumber=5/SN=Doe"},
		{
			"/C=US/ST=Калифорния/L=Сан-Франциско/O=Wikimedia Foundation, Inc./CN=*.wikipedia.org",
			`CN=*.wikipedia.org,O=Wikimedia Foundation\, Inc.,L=Сан-Франциско,ST=Калифорния,C=US`,
			`/C=US/ST=\xD0\x9A\xD0\xB0\xD0\xBB\xD0\xB8\xD1\x84\xD0\xBE\xD1\x80\xD0\xBD\xD0\xB8\xD1\x8F/L=\xD0\xA1\xD0\xB0\xD0\xBD-\xD0\xA4\xD1\x80\xD0\xB0\xD0\xBD\xD1\x86\xD0\xB8\xD1\x81\xD0\xBA\xD0\xBE/O=Wikimedia Foundation, Inc./CN=*.wikipedia.org`,
		},
	} {
		n, err := ParseText(c.text)
		if err != nil {
			t.Errorf("ParseText(%q): %v", c.text, err)
			continue
		}
		if got := n.String(); got != c.rfc4514 {
			t.Errorf("ParseText(%q).String() = %q, want %q", c.text, got, c.rfc4514)
		}
		if got := n.Slash(); got != c.slash {
			t.Errorf("ParseText(%q).Slash() = %q, want %q", c.text, got, c.slash)
		}
		if back := mustParse(t, n.String()); !bytes.Equal(back.Raw, n.Raw) {
			t.Errorf("%q comes back as %x, want %x", c.text, back.Raw, n.Raw)
		}
	}
}

func TestParseTextErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"CN", `distinguished name: "CN" has no "="; write TYPE=VALUE such as CN=example, and \, where the separator belongs to a value`},
		{"O=Acme, Inc.", `distinguished name: "Inc." has no "="; write TYPE=VALUE such as CN=example, and \, where the separator belongs to a value`},
		{"CN=a+b", `distinguished name: "b" has no "="; write TYPE=VALUE, and \+ where a plus sign belongs to a value`},
		{"/CN=a+b", `distinguished name: "b" has no "="; write TYPE=VALUE, and \+ where a plus sign belongs to a value`},
		{"/CN=a/b/O=c", `distinguished name: "b/O=c" has no "="; write TYPE=VALUE such as CN=example, and \/ where the separator belongs to a value`},
		{"XY=a", `distinguished name: "XY" is not the name of an attribute; write one such as CN, O, OU, C, ST, L or emailAddress, or a dotted identifier such as 2.5.4.3`},
		{"/XY=a", `distinguished name: "XY" is not the name of an attribute; write one such as CN, O, OU, C, ST, L or emailAddress, or a dotted identifier such as 2.5.4.3`},
		{"CN=a,", "distinguished name: the name ends with a separator; take it off, or write TYPE=VALUE after it"},
		{`CN=a\`, `distinguished name: CN: a backslash at the very end escapes nothing; write \\ for a backslash`},
		{`/CN=a\`, `distinguished name: a backslash at the very end escapes nothing; write \\ for a backslash`},
		{`CN="a`, `distinguished name: CN: the closing quotation mark is missing; add it, or write \" for a mark that belongs to the value`},
		{`CN="a"b`, "distinguished name: CN: something stands after the closing quotation mark; put a comma between the parts"},
		{`CN=a"b`, `distinguished name: CN: a quotation mark stands inside the value; write \"`},
		{"CN=#0", `distinguished name: CN: after "#" only pairs of hexadecimal digits may stand; write \# where the value begins with that sign`},
		{"CN=#0c05", "distinguished name: CN: the hexadecimal is not one value in DER (the data end before the element does); give tag, length and content"},
		{"CN=", "distinguished name: CN: the value is empty; give one, or leave the attribute out"},
		{"C=USA", `distinguished name: C: "USA" is not a country code; write the two letters of ISO 3166, such as US or DE`},
		{"C=Я", `distinguished name: C: "Я" is not a country code; write the two letters of ISO 3166, such as US or DE`},
		{"serialNumber=a_b", `distinguished name: serialNumber: '_' does not belong here; only A-Z, a-z, 0-9, blank and '()+,-./:=? may be used (PrintableString)`},
		{"emailAddress=ж@a.example", `distinguished name: emailAddress: 'ж' does not belong here; only ASCII may be used (IA5String)`},
		{"CN=" + string(bytes.Repeat([]byte("x"), 65)), "distinguished name: CN: the value is 65 characters long, and at most 64 are allowed (RFC 5280, Appendix A.1); shorten it"},
		{`CN=a\00`, "distinguished name: CN: the value has the control character U+0000; take it out"},
		{"CN=\xff", "distinguished name: CN: the value is not valid UTF-8; write it in UTF-8"},
		{string(bytes.Repeat([]byte("x"), 1<<16+1)), "distinguished name: the text is longer than 65536 octets"},
	} {
		n, err := ParseText(c.text)
		if err == nil {
			t.Errorf("ParseText(%.40q) = %s, want an error", c.text, n)
		} else if err.Error() != c.want {
			t.Errorf("ParseText(%.40q):\n got %s\nwant %s", c.text, err, c.want)
		}
	}
}

func TestNewAttributeStringTypes(t *testing.T) {
	for _, c := range []struct {
		kind oid.OID
		text string
		tag  der.Tag
	}{
		{oid.Country, "DE", der.PrintableString},
		{oid.SerialNumber, "123", der.PrintableString},
		{oid.DNQualifier, "q", der.PrintableString},
		{oid.EmailAddress, "a@b.example", der.IA5String},
		{oid.DomainComponent, "example", der.IA5String},
		{oid.CommonName, "example", der.UTF8String},
		{oid.Organization, "Ж", der.UTF8String},
	} {
		a, err := NewAttribute(c.kind, c.text)
		if err != nil || a.Tag != c.tag || a.Text() != c.text {
			t.Errorf("NewAttribute(%s, %s) = %v %s, %v", c.kind.Short(), c.text, a.Tag, a.Text(), err)
		}
	}
}

func TestParseAgreesWithStandardLibrary(t *testing.T) {
	want := pkix.RDNSequence{
		{{Type: asn1.ObjectIdentifier{2, 5, 4, 6}, Value: "DE"}},
		{{Type: asn1.ObjectIdentifier{2, 5, 4, 10}, Value: "Ünited"}},
		{{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "a"}, {Type: asn1.ObjectIdentifier{2, 5, 4, 11}, Value: "b"}},
	}
	raw, err := asn1.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	n, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	if got := n.String(); got != want.String() {
		t.Errorf("String() = %q, want %q", got, want.String())
	}
	if got := Build(n.RDNs...); !bytes.Equal(got.Raw, raw) {
		t.Errorf("Build() = %x, want %x", got.Raw, raw)
	}
	if got := n.Values(oid.CommonName); len(got) != 1 || got[0] != "a" {
		t.Errorf("Values(CN) = %q", got)
	}
	if got := len(n.All()); got != 4 {
		t.Errorf("All() has %d attributes, want 4", got)
	}
}
