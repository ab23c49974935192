package crl

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/specimen"
)

func parse(t testing.TB, name string) *List {
	t.Helper()
	l, err := Parse(specimen.DER(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return l
}

// describe writes entries in a line each, and an error as the last.
func describe(l *List) []string {
	var out []string
	for e, err := range l.Entries() {
		if err != nil {
			return append(out, err.Error())
		}
		line := fmt.Sprintf("%x %s %v", e.Serial, e.Revoked.Format("2006-01-02"), e.Reason)
		if e.Negative {
			line = "-" + line
		}
		if !e.InvalidityDate.IsZero() {
			line += " invalid " + e.InvalidityDate.Format("2006-01-02")
		}
		for _, x := range e.Extensions {
			if x.ID != oid.ReasonCode && x.ID != oid.InvalidityDate {
				line += " " + x.ID.Name()
			}
		}
		out = append(out, line)
	}
	return out
}

// badSignature has what CheckSignature says of the specimens it refuses.
var badSignature = map[string]error{"two-algorithms.crl": ErrAlgorithms, "ragged.crl": key.ErrSignature}

func TestParseSpecimens(t *testing.T) {
	root, err := cert.Parse(specimen.DER(t, "root.crt"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		version    int
		number     string
		base       string
		deviations string
		entries    []string
	}{
		"full.crl": {version: 2, number: "4096", entries: []string{
			"11 2026-01-02 unspecified",
			"12 2026-01-03 superseded",
			"13 2026-01-04 certificateHold Hold Instruction Code",
			"14 2026-01-05 keyCompromise invalid 2025-12-24",
			"8123456789abcdef 2026-01-01 keyCompromise",
		}},
		"v1.crl":             {version: 1, number: "<nil>", entries: []string{"11 2026-01-02 unspecified"}},
		"empty.crl":          {version: 2, number: "1"},
		"empty-sequence.crl": {version: 2, number: "2", deviations: "revokedCertificates is present but empty; it should be left away"},
		"two-algorithms.crl": {version: 2, number: "<nil>", deviations: "the signature algorithm beside the signature is not the one that is signed"},
		"ragged.crl":         {version: 2, number: "<nil>", deviations: "the signature does not end on a whole octet"},
		"delta.crl": {version: 2, number: "4096", base: "4090", entries: []string{
			"11 2026-01-02 removeFromCRL", "12 2026-01-03 keyCompromise",
		}},
		"indirect.crl": {version: 2, number: "3", entries: []string{
			"11 2026-01-02 superseded", "11 2026-01-03 unspecified X509v3 Certificate Issuer", "12 2026-01-04 unspecified",
		}},
		"bad-entry.crl": {version: 2, number: "5", entries: []string{
			"11 2026-01-02 unspecified",
			"entry 2 of the revocation list: revocationDate: found UTF8String where a time belongs",
		}},
		"no-next-update.crl": {version: 2, number: "6", deviations: "the list does not say when the next one comes (nextUpdate)",
			entries: []string{"11 2026-01-02 unspecified"}},
		"negative-serial.crl": {version: 2, number: "7", entries: []string{
			"-80 2026-01-02 unspecified", "80 2026-01-03 unspecified",
		}},
	} {
		l := parse(t, name)
		if want.base == "" {
			want.base = "<nil>"
		}
		if l.Version != want.version || fmt.Sprint(l.Number()) != want.number || fmt.Sprint(l.DeltaBase()) != want.base {
			t.Errorf("%s: version %d, number %v, base %v", name, l.Version, l.Number(), l.DeltaBase())
		}
		if got := strings.Join(l.Deviations, "; "); got != want.deviations {
			t.Errorf("%s: deviations %q, want %q", name, got, want.deviations)
		}
		if got, want := strings.Join(describe(l), "\n"), strings.Join(want.entries, "\n"); got != want {
			t.Errorf("%s: entries\n%s\nwant\n%s", name, got, want)
		}
		if l.Len() != len(want.entries) {
			t.Errorf("%s: Len %d", name, l.Len())
		}
		if err := l.CheckSignature(root.PublicKey); !errors.Is(err, badSignature[name]) {
			t.Errorf("%s: %v", name, err)
		}
		if !l.Issuer.Equal(root.Subject) || l.NextUpdate.IsZero() != (name == "no-next-update.crl") {
			t.Errorf("%s: issuer %v, next update %v", name, l.Issuer, l.NextUpdate)
		}
	}
}

func TestLookup(t *testing.T) {
	for _, test := range []struct{ name, serial, want string }{
		{"full.crl", "8123456789abcdef", "keyCompromise"},
		{"full.crl", "008123456789abcdef", "keyCompromise"},
		{"full.crl", "12", "superseded"},
		{"full.crl", "15", "false"},
		{"full.crl", "", "false"},
		{"empty.crl", "11", "false"},
		{"indirect.crl", "11", "superseded"},
		{"negative-serial.crl", "80", "2026-01-03"},
		{"bad-entry.crl", "11", "unspecified"},
		{"bad-entry.crl", "12", "entry 2 of the revocation list: revocationDate: found UTF8String where a time belongs"},
		{"bad-entry.crl", "13", "false"},
	} {
		serial, err := hex.DecodeString(test.serial)
		if err != nil {
			t.Fatal(err)
		}
		e, ok, err := parse(t, test.name).Lookup(serial)
		got := fmt.Sprintf("%v %v %s", ok, e.Reason, e.Revoked.Format("2006-01-02"))
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, test.want) {
			t.Errorf("%s %s: %s, want %s", test.name, test.serial, got, test.want)
		}
	}
}

func TestIndirectEntryKeepsItsIssuer(t *testing.T) {
	n := 0
	for e, err := range parse(t, "indirect.crl").Entries() {
		if err != nil {
			t.Fatal(err)
		}
		if issuer, ok := ext.Find(e.Extensions, oid.CertificateIssuer); ok {
			names, err := ext.ParseGeneralNames(issuer.Value)
			if err != nil || len(names) != 1 || names[0].String() != "dir:CN=Another Authority,O=Specimens" {
				t.Errorf("certificate issuer %v, %v", names, err)
			}
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d entries have an issuer", n)
	}
}

func TestParseRefuses(t *testing.T) {
	const algorithm, name, now = "\x30\x03\x06\x01\x2a", "\x30\x00", "\x17\x0d260101000000Z"
	const next = "\x17\x0d360101000000Z"
	sequence := func(parts ...string) string {
		content := strings.Join(parts, "")
		return "\x30\x82" + string([]byte{byte(len(content) >> 8), byte(len(content))}) + content
	}
	list := func(parts ...string) string { return sequence(sequence(parts...)) }
	whole := string(specimen.DER(t, "full.crl"))
	for _, test := range []struct{ raw, want string }{
		{"", "reading a revocation list: SEQUENCE is missing"},
		{whole[:50], "the data end before the element does"},
		{whole + "\x00", "1 bytes too many at the end"},
		{sequence(), "tbsCertList: SEQUENCE is missing"},
		{list("\x02\x01\x02"), "version: there is no version 3 of revocation lists"},
		{list("\x02\x09123456789"), "version: INTEGER of 9 octets where a small one belongs"},
		{list("\x02\x01\x01"), "signature: SEQUENCE is missing"},
		{list(algorithm), "issuer: SEQUENCE is missing"},
		{list(algorithm, name), "thisUpdate: "},
		{list(algorithm, name, "\x05\x00"), "thisUpdate: found NULL where a time belongs"},
		{list(algorithm, name, now, "\x17\x01x"), "nextUpdate: "},
		{list(algorithm, name, now, next, "\x05\x00"), "something follows the extensions"},
		{list(algorithm, name, now, next, "\xa0\x02\x05\x00"), "crlExtensions: "},
		{list(algorithm, name, now, next), "signatureAlgorithm: SEQUENCE is missing"},
		{sequence(sequence(algorithm, name, now, next), algorithm), "signature: BIT STRING is missing"},
		{sequence(sequence(algorithm, name, now, next), algorithm, "\x03\x01\x07"), "signature: BIT STRING has no valid count of unused bits"},
		{sequence(sequence(algorithm, name, now, next), algorithm, "\x03\x01\x00", "\x05\x00"), "2 bytes too many at the end"},
	} {
		if _, err := Parse([]byte(test.raw)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%x: %v, want %q", test.raw, err, test.want)
		}
	}
}

func TestBrokenEntries(t *testing.T) {
	const serial, date = "\x02\x01\x05", "\x17\x0d260101000000Z"
	entry := func(parts ...string) []byte {
		content := strings.Join(parts, "")
		return append([]byte{0x30, byte(len(content))}, content...)
	}
	reason := func(value string) string {
		return "\x30" + string([]byte{byte(len(value) + 9), 0x30, byte(len(value) + 7)}) + "\x06\x03\x55\x1d\x15\x04" + string([]byte{byte(len(value))}) + value
	}
	for _, test := range []struct {
		want string
		raw  []byte
	}{
		{"found NULL where SEQUENCE belongs", []byte{5, 0}},
		{"userCertificate: INTEGER is missing", entry()},
		{"userCertificate: INTEGER is empty", entry("\x02\x00", date)},
		{"revocationDate: the data end before the element does", entry(serial)},
		{"crlEntryExtensions: found NULL where SEQUENCE belongs", entry(serial, date, "\x05\x00")},
		{"crlEntryExtensions: extension 1: ", entry(serial, date, "\x30\x02\x05\x00")},
		{"reasonCode: found INTEGER where ENUMERATED belongs", entry(serial, date, reason("\x02\x01\x01"))},
		{"reasonCode: INTEGER of 9 octets where a small one belongs", entry(serial, date, reason("\x0a\x09123456789"))},
		{"invalidityDate: found NULL where a time belongs", entry(serial, date, strings.Replace(reason("\x05\x00"), "\x1d\x15", "\x1d\x18", 1))},
		{"2 bytes too many at the end", entry(serial, date, "\x30\x00", "\x05\x00")},
	} {
		l := &List{RawEntries: test.raw}
		if got := strings.Join(describe(l), "\n"); !strings.HasPrefix(got, "entry 1 of the revocation list: ") || !strings.Contains(got, test.want) {
			t.Errorf("%x: %s, want %q", test.raw, got, test.want)
		}
		if _, ok, err := l.Lookup([]byte{5}); ok || err == nil {
			t.Errorf("%x: Lookup found it", test.raw)
		}
	}
	for entry := range (&List{RawEntries: append(entry(serial, date), 5, 0)}).Entries() {
		if entry.Serial[0] != 5 {
			t.Errorf("%+v", entry)
		}
		break
	}
	if n := (&List{RawEntries: []byte{0x30, 9}}).Len(); n != 0 {
		t.Errorf("a broken entry counts: %d", n)
	}
}

func TestNumberThatIsNone(t *testing.T) {
	for _, value := range []string{"", "\x05\x00", "\x02\x00"} {
		l := &List{Extensions: []ext.Extension{{ID: oid.CRLNumber, Value: []byte(value)}}}
		if n := l.Number(); n != nil {
			t.Errorf("%x is number %v", value, n)
		}
	}
}

func TestDeviations(t *testing.T) {
	root := parse(t, "v1.crl")
	const now = "\x17\x0d260101000000Z"
	for _, test := range []struct{ version, tail, want string }{
		{"\x02\x01\x01", now, ""},
		{"\x02\x01\x00", now, "version 1 is written out; it is the default and should be left away"},
		{"", now + "\xa0\x02\x30\x00", "there are extensions in a list of version 1"},
	} {
		var b der.Builder
		whole := b.Begin(der.Sequence)
		tbs := b.Begin(der.Sequence)
		b.Raw([]byte(test.version), root.Signature.Raw, root.Issuer.Raw, []byte(now+test.tail))
		b.End(tbs)
		b.Raw(root.SignatureAlgorithm.Raw)
		b.Bits(root.SignatureValue)
		b.End(whole)
		l, err := Parse(b.Bytes())
		if err != nil {
			t.Errorf("%q: %v", test.want, err)
			continue
		}
		if got := strings.Join(l.Deviations, "; "); got != test.want {
			t.Errorf("deviations %q, want %q", got, test.want)
		}
	}
}

func TestReason(t *testing.T) {
	for text, want := range map[string]Reason{
		"keyCompromise": KeyCompromise, "key-compromise": KeyCompromise, "KEY_COMPROMISE": KeyCompromise, "1": KeyCompromise,
		"cACompromise": CACompromise, "CACompromise": CACompromise, "unspecified": Unspecified, "0": Unspecified,
		"certificateHold": CertificateHold, "10": AACompromise, "privilege withdrawn": PrivilegeWithdrawn,
	} {
		if got, err := ParseReason(text); err != nil || got != want {
			t.Errorf("%q is %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "7", "11", "-1", "lost"} {
		if _, err := ParseReason(text); err == nil || !strings.Contains(err.Error(), "is no reason for revocation: use one of unspecified, keyCompromise, ") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if got := Reason(7).String(); got != "reason 7" {
		t.Errorf("reason 7 is called %q", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range specimen.Names(f, ".crl") {
		f.Add(specimen.DER(f, name))
	}
	root, err := cert.Parse(specimen.DER(f, "root.crt"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := Parse(raw)
		if err != nil {
			return
		}
		_ = l.CheckSignature(root.PublicKey)
		_, _ = l.Number(), l.DeltaBase()
		for e, err := range l.Entries() {
			if err != nil {
				return
			}
			if _, ok, err := l.Lookup(e.Serial); !e.Negative && (!ok || err != nil) {
				t.Fatalf("an entry of the list is not found in it: %x, %v", e.Serial, err)
			}
		}
	})
}
