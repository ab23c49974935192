package dn

import (
	"bytes"
	"testing"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

func one(tag der.Tag, value string) Name {
	return Build(RDN{NewTypedAttribute(oid.CommonName, tag, []byte(value))})
}

func TestEqual(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b Name
		want bool
	}{
		{"same", one(der.UTF8String, "a"), one(der.UTF8String, "a"), true},
		{"string types", one(der.UTF8String, "a"), one(der.PrintableString, "a"), true},
		{"BMPString", one(der.UTF8String, "Ж"), one(der.BMPString, "\x04\x16"), true},
		{"UniversalString", one(der.UTF8String, "Ж"), one(der.UniversalString, "\x00\x00\x04\x16"), true},
		{"T61String", one(der.UTF8String, "ü"), one(der.T61String, "\xfc"), true},
		{"T61String with UTF-8", one(der.UTF8String, "ü"), one(der.T61String, "ü"), true},
		{"case", one(der.UTF8String, "Example"), one(der.UTF8String, "eXAMPLE"), true},
		{"case outside ASCII", one(der.UTF8String, "ЖÜ"), one(der.UTF8String, "жü"), true},
		{"sharp s", one(der.UTF8String, "Straße"), one(der.UTF8String, "STRASSE"), true},
		{"final sigma", one(der.UTF8String, "ΟΔΟΣ"), one(der.UTF8String, "οδος"), true},
		{"dotless i stays", one(der.UTF8String, "ı"), one(der.UTF8String, "i"), false},
		{"blanks", one(der.UTF8String, "  a   b "), one(der.UTF8String, "a b"), true},
		{"tabs and other blanks", one(der.UTF8String, "a\t\u00a0\u3000b"), one(der.UTF8String, "a b"), true},
		{"blank or none", one(der.UTF8String, "a b"), one(der.UTF8String, "ab"), false},
		{"composed or not", one(der.UTF8String, "é"), one(der.UTF8String, "e\u0301"), true},
		{"compatibility", one(der.UTF8String, "ﬁＡ"), one(der.UTF8String, "fia"), true},
		{"no width", one(der.UTF8String, "a\u00adb\u200bc\ufeff"), one(der.UTF8String, "abc"), true},
		{"other text", one(der.UTF8String, "a"), one(der.UTF8String, "b"), false},
		{"not strings, same", one(der.OctetString, "a"), one(der.OctetString, "a"), true},
		{"not strings, case", one(der.OctetString, "a"), one(der.OctetString, "A"), false},
		{"not a string and a string", one(der.OctetString, "a"), one(der.UTF8String, "a"), false},
		{"not valid UTF-8", one(der.UTF8String, "\xff"), one(der.UTF8String, "\xff"), true},
		{"not valid UTF-8, other", one(der.UTF8String, "\xff"), one(der.UTF8String, "\xfe"), false},
		{"empty", Empty(), Empty(), true},
		{"empty and not", Empty(), one(der.UTF8String, "a"), false},
		{"empty value", one(der.UTF8String, ""), one(der.PrintableString, " "), true},
		{"order", mustParse(t, "CN=a,O=b"), mustParse(t, "O=b,CN=a"), false},
		{"order in a set", mustParse(t, "CN=a+O=b"), mustParse(t, "o=B+cn=A"), true},
		{"set or parts", mustParse(t, "CN=a+O=b"), mustParse(t, "CN=a,O=b"), false},
		{"type", mustParse(t, "CN=a"), mustParse(t, "O=a"), false},
		{"part more", mustParse(t, "CN=a,O=b"), mustParse(t, "CN=a"), false},
	} {
		if got := c.a.Equal(c.b); got != c.want {
			t.Errorf("%s: Equal() = %v", c.name, got)
		}
		if got := c.b.Equal(c.a); got != c.want {
			t.Errorf("%s, turned round: Equal() = %v", c.name, got)
		}
		if got := bytes.Equal(c.a.Canonical(), c.b.Canonical()); got != c.want {
			t.Errorf("%s: the canonical forms agree: %v", c.name, got)
		}
		again, err := Parse(c.a.Canonical())
		if err != nil || !bytes.Equal(again.Canonical(), c.a.Canonical()) {
			t.Errorf("%s: %x is not its own canonical form: %v", c.name, c.a.Canonical(), err)
		}
	}
}

func TestOddNamesAreKept(t *testing.T) {
	for _, c := range []struct{ raw, text, slash string }{
		{"\x30\x00", "", ""},
		{"\x30\x02\x31\x00", "", ""},
		{"\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x04\x02ab", "CN=#04026162", "/CN=ab"},
		{"\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x0c\x02\xff\xfe", "CN=#0c02fffe", `/CN=\xFF\xFE`},
		{"\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x30\x02\x05\x00", "CN=#30020500", `/CN=\x05\x00`},
		{"\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x1e\x02\x04\x16", "CN=Ж", `/CN=\x04\x16`},
		{"\x30\x0e\x31\x0c\x30\x0a\x06\x03\x55\x04\x03\x0c\x03a\x00b", `CN=a\00b`, `/CN=a\x00b`},
		{"\x30\x10\x31\x0e\x30\x0c\x06\x03\x55\x04\x03\x0c\x05a\xe2\x80\xaeb", `CN=a\E2\80\AEb`, `/CN=a\xE2\x80\xAEb`},
		{"\x30\x0c\x31\x0a\x30\x08\x06\x02\x2a\x03\x0c\x02ab", "1.2.3=#0c026162", "/1.2.3=ab"},
		{"\x30\x81\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x0c\x02ab", "CN=ab", "/CN=ab"},
		{"\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x1b\x04\x00\x00\x00a", `CN=\00\00\00a`, "/CN=a"},
		{"\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x1b\x04\x00\x01\x00a", `CN=\00\01\00a`, `/CN=\x00\x01\x00a`},
	} {
		n, err := Parse([]byte(c.raw))
		if err != nil {
			t.Errorf("Parse(%x): %v", c.raw, err)
			continue
		}
		if string(n.Raw) != c.raw || n.String() != c.text || n.Slash() != c.slash {
			t.Errorf("%x: %q %q, want %q %q", c.raw, n.String(), n.Slash(), c.text, c.slash)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{"", "distinguished name: SEQUENCE is missing"},
		{"\x31\x00", "distinguished name: found SET where SEQUENCE belongs"},
		{"\x30\x00\x00", "distinguished name: 1 bytes too many at the end"},
		{"\x30\x02\x30\x00", "distinguished name, part 1: found SEQUENCE where SET belongs"},
		{"\x30\x02\x31\x01", "distinguished name, part 1: the data end before the element does"},
		{"\x30\x04\x31\x02\x31\x00", "distinguished name, part 1: attribute: found SET where SEQUENCE belongs"},
		{"\x30\x06\x31\x04\x30\x02\x05\x00", "distinguished name, part 1: attribute type: found NULL where OBJECT IDENTIFIER belongs"},
		{"\x30\x06\x31\x04\x30\x02\x06\x00", "distinguished name, part 1: attribute type: object identifier is empty or cut short"},
		{"\x30\x09\x31\x07\x30\x05\x06\x03\x55\x04\x03", "distinguished name, part 1: value of CN: the data end before the element does"},
		{"\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x05\x00\x05\x00", "distinguished name, part 1: attribute CN: 2 bytes too many at the end"},
	} {
		n, err := Parse([]byte(c.raw))
		if err == nil {
			t.Errorf("Parse(%x) = %s, want an error", c.raw, n)
		} else if err.Error() != c.want {
			t.Errorf("Parse(%x):\n got %s\nwant %s", c.raw, err, c.want)
		}
	}
}

func TestAllocations(t *testing.T) {
	n := mustParse(t, "/C=DE/O=Example Ltd/OU=Web/CN=www.host.example")
	for name, c := range map[string]struct {
		most float64
		f    func()
	}{
		"Parse":     {2, func() { _, _ = Parse(n.Raw) }},
		"Canonical": {1, func() { n.Canonical() }},
		"Build":     {3, func() { Build(n.RDNs...) }},
		"Equal":     {0, func() { n.Equal(n) }},
	} {
		if got := testing.AllocsPerRun(100, c.f); got > c.most {
			t.Errorf("%s: %v allocations, want %v", name, got, c.most)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	n, _ := ParseText("/C=DE/O=Example Ltd/OU=Web/CN=www.host.example")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(n.Raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCanonical(b *testing.B) {
	n, _ := ParseText("/C=DE/O=Example Ltd/OU=Web/CN=www.host.example")
	b.ReportAllocs()
	for b.Loop() {
		n.Canonical()
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Empty().Raw)
	f.Add(one(der.UTF8String, "aÉ ß").Raw)
	f.Add(one(der.BMPString, "\x00a").Raw)
	f.Add(one(der.OctetString, "x").Raw)
	f.Add([]byte("\x30\x1b\x31\x19\x30\x08\x06\x03\x55\x04\x03\x0c\x01a\x30\x0d\x06\x03\x55\x04\x05\x13\x06a  b c"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		n, err := Parse(raw)
		if err != nil {
			return
		}
		_, _ = n.Slash(), n.All()
		if built := Build(n.RDNs...); der.Strict(raw) == nil && len(built.Raw) != len(raw) {
			t.Fatalf("%x is built as %x", raw, built.Raw)
		} else if !built.Equal(n) {
			t.Fatalf("%x is built as %x, which is another name", raw, built.Raw)
		}
		back, err := ParseText(n.String())
		if err == nil && len(back.RDNs) == len(n.RDNs) && !back.Equal(n) {
			t.Fatalf("%x comes back from %s as %x", raw, n, back.Raw)
		}
	})
}

func FuzzParseText(f *testing.F) {
	for _, s := range []string{"CN=a,O=b", "/CN=a/O=b", `CN=a\,b+UID="c"`, "CN=#0c0161", "1.2.3=x", `CN=\D0\96`, "/CN=a+UID=b", " E = a@b ; C=DE "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseText(text)
		if err != nil {
			return
		}
		back, err := ParseText(n.String())
		if err != nil {
			t.Fatalf("%q gives %q, which is not read: %v", text, n, err)
		}
		if !back.Equal(n) {
			t.Fatalf("%q gives %q, which comes back as %x, not %x", text, n, back.Raw, n.Raw)
		}
	})
}
