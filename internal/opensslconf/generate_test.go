package opensslconf

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/certwright/certwright/internal/specimen"
)

// values are texts of the ASN.1 language that both read, or both refuse.
var values = []string{
	"BOOL:TRUE", "BOOLEAN:no", "BOOLEAN:x", "BOOLEAN", "NULL", "NULL:", "NULL:x", "NULL,", "null", "INT:0", "INTEGER:-129", "INT:0x80", "INT:0X-5", "INT:--5", "INT:", "INT:1 ", "INT: 1",
	"ENUM:5", "ENUMERATED:-5", "OID:1.2.3", "OBJECT:commonName", "OID:CN", "OID:nosuch", "OID:1", "OID:1 2 3", "OID:1.2.", "OID:2.999.1", "OID:1.2..3", "OID:",
	"UTCTIME:200101000000Z", "UTC:2001010000Z", "UTC:200101000000+0100", "UTC:200101000000", "UTC:201301000000Z", "UTC:200230000000Z", "UTC:200101000000+1300", "UTC:200101250000Z", "UTC:200101000060Z",
	"UTC:200101000000.5Z", "UTC:200101000000Zx", "GENTIME:20200101000000Z", "GENERALIZEDTIME:20200101000000.5Z", "GENTIME:202001010000Z", "GENTIME:20200101000000.Z", "GENTIME:20200101000000-0930", "GENTIME:x",
	"GENTIME:00000101000000Z", "GENTIME:20210229000000Z", "UTC:20010100Z", "GENTIME:2020010100Z", "FORMAT:HEX,UTC:200101000000Z",
	"OCT:abc", "OCTETSTRING:", "FORMAT:HEX,OCT:01:02", "FORMAT:HEX,OCT:0102 ", "FORMAT:HEX,OCT:", "FORMAT:HEX,OCT:::", "FORMAT:HEX,OCT:1:", "FORMAT:HEX,OCT:1g", "FORMAT:BITLIST,OCT:1", "FORMAT:UTF8,OCT:1",
	"BITSTR:abc", "BITSTRING:", "FORMAT:HEX,BITSTR:0f", "FORMAT:BITLIST,BITSTR:1,5", "FORMAT:BITLIST,BITSTR:0", "FORMAT:BITLIST,BITSTR: 7 , 9", "FORMAT:BITLIST,BITSTR:1,,2", "FORMAT:BITLIST,BITSTR:", "FORMAT:BITLIST,BITSTR:1x",
	"UNIV:aé", "FORMAT:UTF8,UNIV:aé", "IA5:a", "IA5STRING:é", "UTF8:é", "FORMAT:UTF8,UTF8:é", "FORMAT:UTF8,UTF8String:\xff", "BMP:aé", "FORMAT:UTF8,BMP:a€", "FORMAT:UTF8,BMP:😀", "VISIBLE:aé", "PRINTABLE:a*", "PRINTABLE:a'()+,-./:=?",
	"T61:é", "FORMAT:UTF8,T61:é", "FORMAT:UTF8,TELETEXSTRING:€", "GENSTR:aé", "GeneralString:a", "NUMERIC:12 3", "NUMERIC:12a", "FORMAT:HEX,UTF8:00", "FORMAT:BITLIST,UTF8:1", "UTF8: a, b ", "UTF8",
	"FORMAT:foo,UTF8:a", "FORMAT,UTF8:a", "FORM:UTF8xyz,UTF8:é", "FORMAT:ascii,UTF8:a", "visible:abc", "Octwrap,Null", "explicit:1,null",
	"IMP:0,INT:5", "IMPLICIT:200P,SEQWRAP,INT:1", "IMP:3A,EXP:1,INT:1", "EXP:1,IMP:3A,INT:1", "IMP:1,IMP:2,INT:1", "EXP:0U,INT:5", "EXP:5C,EXP:6P,EXP:31,INT:5", "IMP:127,INT:5", "IMP:128,INT:5", "IMP:16384A,UTF8:x",
	"EXP:x,INT:1", "EXP:1x,INT:1", "EXP:,INT:1", "EXP,INT:1", "EXP:1Ux,INT:1", "IMP:C,INT:1", "IMP:1U,OCT:a", "IMP:1U,OCT:ab", "IMP:2U,OCT:ab", "IMP:5U,OCT:", "IMP:30U,OCT:abc", "IMP:12U,OCT:abc", "IMP:4U,SEQWRAP,INT:1",
	"OCTWRAP,INT:1", "BITWRAP,INT:1", "SEQWRAP,INT:1", "SETWRAP,INT:1", "OCTWRAP,SEQWRAP,EXP:1,BITWRAP,UTF8:x", "IMP:5,BITWRAP,INT:1", "IMP:5,OCTWRAP,IMP:6,INT:1", "SEQWRAP", "EXP:1", "", ",", " INT:1", "EXP:1 , INT:1", "INT :1",
	"EXP:1,,INT:1", "nonsense:1", "INT:99999999999999999999999999999999", "INT:0x", "INT:-", "INT:1.5", "BITWRAP:x,INT:1", "SEQUENCE:seq", "SEQ:seq", "SET:seq", "SEQUENCE:", "SEQUENCE", "SET:nosuch", "SEQUENCE:loop", "EXP:4U,EXP:0,OCT:x", "EXP:12U,SEQWRAP,UTF8:x", "EXP:2U,INT:1", "IMP:2U,FORMAT:HEX,OCT:0001", "IMP:6U,FORMAT:HEX,OCT:8001", "IMP:6U,FORMAT:HEX,OCT:2a", "IMP:3U,FORMAT:HEX,OCT:0901", "IMP:3U,FORMAT:HEX,OCT:03ff", "EXP:3U,BITSTR:a", "EXP:16U,INT:1", "EXP:17U,INT:1", "EXP:31U,INT:1", "IMP:10U,FORMAT:HEX,OCT:ff80",
	"EXP:9U,REAL:1", "IMP:9U,OCT:a", "IMP:23U,OCT:a", "OID:1..", "OID:1.", "OID:9.1", "IMP:1,SEQUENCE:seq",
	"EXP:1,SET:seq", "SEQUENCE:bad", "IMP:16U,SET:seq", "SEQUENCE:all", "FORMAT:HEX,SEQUENCE:seq", "SET:mixed", "SEQWRAP,SEQUENCE:empty",
	strings.Repeat("EXP:1,", 20) + "NULL", strings.Repeat("EXP:1,", 21) + "NULL", "UTF8:" + strings.Repeat("x", 300), "SEQWRAP,UTF8:" + strings.Repeat("x", 130),
}

const valueSections = `oid_section = oids
[oids]
newoid = 1.2.3.99.1
[seq]
a = INTEGER:5
b = UTF8:x, y
[mixed]
a = UTF8:zz
b = UTF8:z
c = INT:7
d = NULL
e = NULL
f = EXP:9,NULL
[all]
x = SEQUENCE:seq
y = SET:mixed
z = EXP:1,SEQUENCE:seq
[loop]
a = SEQUENCE:loop
[bad]
a = INT:x
[empty]
`

// generateBoth has a value made by both.
func generateBoth(t *testing.T, f *File, dir, config, text string) {
	t.Helper()
	out := filepath.Join(dir, "out.der")
	os.Remove(out)
	_, talk, ok := specimen.OpenSSL(t, nil, "asn1parse", "-genconf", config, "-genstr", text, "-noout", "-out", out)
	theirs, err := os.ReadFile(out)
	ok = ok || err == nil && len(theirs) > 0 // what it makes, and cannot print
	ours, err := Generate(f, text)
	switch {
	case (err == nil) != ok:
		t.Errorf("%q: openssl takes it: %v, we: %v\n%s", text, ok, err, talk)
	case err == nil && string(ours) != string(theirs):
		t.Errorf("%q:\n got %s\nwant %s", text, hex.EncodeToString(ours), hex.EncodeToString(theirs))
	}
}

func TestGenerate(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "gen.cnf")
	if err := os.WriteFile(config, []byte(valueSections), 0o600); err != nil {
		t.Fatal(err)
	}
	f := parse(t, valueSections)
	for _, v := range values {
		generateBoth(t, f, dir, config, v)
	}
	r := seed(t)
	for range 60 {
		generateBoth(t, f, dir, config, randomValue(r))
	}
}

func randomValue(r *rand.Rand) string {
	var parts []string
	for range r.IntN(5) {
		wraps := []string{"OCTWRAP", "SEQWRAP", "SETWRAP", "BITWRAP", "FORMAT:UTF8", "FORMAT:HEX",
			fmt.Sprintf("EXP:%d", r.IntN(300)), fmt.Sprintf("EXPLICIT:%d%c", r.IntN(40), "ACP"[r.IntN(3)]), fmt.Sprintf("IMPLICIT:%d%c", r.IntN(40), "ACP"[r.IntN(3)])}
		parts = append(parts, wraps[r.IntN(len(wraps))])
	}
	return strings.Join(append(parts, values[r.IntN(len(values))]), ",")
}

func TestGenerateWithoutSections(t *testing.T) {
	if _, err := Generate(nil, "SEQUENCE:x"); err == nil || err.Error() != `asn.1 value "SEQUENCE:x": a SEQUENCE or SET takes its parts from a section of a configuration file, and there is none` {
		t.Error(err)
	}
	if out, err := Generate(nil, "OID:CN"); err != nil || hex.EncodeToString(out) != "0603550403" {
		t.Errorf("%x, %v", out, err)
	}
	bomb := "[a]\n"
	for n := range 40 {
		bomb += fmt.Sprintf("%d = SEQUENCE:b\n", n)
	}
	bomb += strings.ReplaceAll(strings.ReplaceAll(bomb, "[a]", "[b]"), ":b", ":c") + strings.ReplaceAll(strings.ReplaceAll(bomb, "[a]", "[c]"), ":b", ":d")
	bomb += "[d]\nx = UTF8:" + strings.Repeat("x", 1000)
	if _, err := Generate(parse(t, bomb), "SEQUENCE:a"); err == nil || !strings.Contains(err.Error(), "until more than 16777216 octets are written") {
		t.Error(err)
	}
}

func FuzzGenerate(f *testing.F) {
	for _, v := range values {
		f.Add(v)
	}
	conf, err := Parse("f", []byte(valueSections), Source{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if out, err := Generate(conf, text); err == nil && len(out) < 2 {
			t.Fatalf("%q: %x", text, out)
		}
	})
}
