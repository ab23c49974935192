package oid

import (
	"sort"
	"strings"
	"testing"
)

func TestConstantsAgreeWithTheTable(t *testing.T) {
	for _, c := range []struct {
		id     OID
		dotted string
		short  string
	}{
		{CommonName, "2.5.4.3", "CN"},
		{EmailAddress, "1.2.840.113549.1.9.1", "emailAddress"},
		{SubjectAltName, "2.5.29.17", "subjectAltName"},
		{MLDSA65, "2.16.840.1.101.3.4.3.18", "id-ml-dsa-65"},
		{UserID, "0.9.2342.19200300.100.1.1", "UID"},
		{MD5WithRSA, "1.2.840.113549.1.1.4", "RSA-MD5"},
	} {
		if got := c.id.String(); got != c.dotted {
			t.Errorf("%s: String() = %s", c.dotted, got)
		}
		if got := c.id.Short(); got != c.short {
			t.Errorf("%s: Short() = %s, want %s", c.dotted, got, c.short)
		}
		back, err := Parse(c.dotted)
		if err != nil || back != c.id {
			t.Errorf("Parse(%s) = %x, %v", c.dotted, back, err)
		}
		if got, ok := ByName(c.short); !ok || got != c.id {
			t.Errorf("ByName(%s) = %v, %v", c.short, got, ok)
		}
	}
}

func TestTablesAreSorted(t *testing.T) {
	for _, table := range [][]entry{opensslTable[:], extraTable[:]} {
		if !sort.SliceIsSorted(table, func(i, j int) bool { return table[i].id < table[j].id }) {
			t.Error("a table is out of order, so look-ups miss")
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, s := range []string{"", "1", "3.1", "1.40", "1..2", "1.2.x", "-1.2", "2.5.4.3."} {
		if o, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) = %s, want an error", s, o)
		}
	}
	for _, content := range []string{"", "\x80\x01", "\x55\x84", "\x55\x80\x01", "\x55" + strings.Repeat("\x81", 32) + "\x01"} {
		if o, err := ParseContent([]byte(content)); err == nil {
			t.Errorf("ParseContent(%x) = %s, want an error", content, o)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("2.5.4.3")
	f.Add("2.999.340282366920938463463374607431768211456")
	f.Fuzz(func(t *testing.T, s string) {
		o, err := Parse(s)
		if err != nil {
			return
		}
		again, err := Parse(o.String())
		if err != nil || again != o {
			t.Fatalf("%q: %s does not come back: %v", s, o, err)
		}
	})
}
