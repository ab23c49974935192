package opensslca

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/crl"
)

const sample = "V\t271121213237Z\t\t1000\tunknown\t/C=DE/CN=a\n" +
	"R\t271121213237Z\t261121213237Z,keyCompromise\t1001\tunknown\t/C=DE/CN=b\n" +
	"# a comment\n" +
	"E\t20501121213237Z\t\t1002\tunknown\t/CN=c\\\td\n"

func TestEntriesAreRead(t *testing.T) {
	x := Parse([]byte(sample))
	var got []string
	for i, e := range x.All() {
		got = append(got, fmt.Sprintf("%d %c %s %s %s %q", x.Line(i), e.Status, e.Expiry, e.Revocation, e.Serial, e.Subject))
	}
	want := []string{
		`1 V 271121213237Z  1000 "/C=DE/CN=a"`,
		`2 R 271121213237Z 261121213237Z,keyCompromise 1001 "/C=DE/CN=b"`,
		`4 E 20501121213237Z  1002 "/CN=c\td"`,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("entries:\n%s", strings.Join(got, "\n"))
	}
	for f := range x.Faults(true) {
		t.Errorf("a sound index: %v", f)
	}
}

func TestEntriesAreFound(t *testing.T) {
	x := Parse([]byte(sample))
	x.Append(Entry{Status: Valid, Expiry: "280101000000Z", Serial: "1003", File: "unknown", Subject: "/CN=tab\there"})
	for serial, want := range map[string]int{"1000": 0, "1001": 1, "1002": 2, "1003": 3, "00": -1, "10": -1, "unknown": -1} {
		if i, ok := x.BySerial(serial); ok != (want >= 0) || ok && i != want {
			t.Errorf("serial %s: %d %v", serial, i, ok)
		}
	}
	for subject, want := range map[string]int{"/C=DE/CN=a": 0, "/C=DE/CN=b": -1, "/CN=c\td": -1, "/CN=tab\there": 3, "here": -1, "/C=DE": -1} {
		if i, ok := x.BySubject(subject); ok != (want >= 0) || ok && i != want {
			t.Errorf("subject %q: %d %v", subject, i, ok)
		}
	}
}

// TestSerialsAreFoundInOrder looks for serial numbers in an index whose faults
// were looked for, and which has changed since.
func TestSerialsAreFoundInOrder(t *testing.T) {
	const rows = 1000
	var text strings.Builder
	for i := range rows {
		fmt.Fprintf(&text, "V\t271121213237Z\t\t%04X\tunknown\t/CN=%d\n", 2*i+16, i)
	}
	x := Parse([]byte(text.String()))
	for f := range x.Faults(true) {
		t.Fatal(f)
	}
	look := func(want map[string]int) {
		t.Helper()
		for serial, want := range want {
			if i, ok := x.BySerial(serial); ok != (want >= 0) || ok && i != want {
				t.Errorf("serial %s: %d %v", serial, i, ok)
			}
		}
	}
	look(map[string]int{"0010": 0, "0011": -1, "07DE": rows - 1, "07E0": -1, "00": -1, "000010": -1, "": -1})
	x.Append(Entry{Status: Valid, Expiry: "280101000000Z", Serial: "100000", File: "unknown", Subject: "/CN=a"})
	look(map[string]int{"0010": 0, "07DE": rows - 1, "100000": rows})
	x.Append(Entry{Status: Valid, Expiry: "280101000000Z", Serial: "0011", File: "unknown", Subject: "/CN=b"})
	look(map[string]int{"0010": 0, "100000": rows, "0011": rows + 1})
	changed := x.Entry(0)
	changed.Serial = "FF"
	x.Set(0, changed)
	look(map[string]int{"0010": -1, "FF": 0, "0012": 1})
}

func TestEntriesAreChangedInPlace(t *testing.T) {
	x := Parse([]byte(strings.TrimSuffix(sample, "\n")))
	e := x.Entry(0)
	e.Status, e.Revocation = Revoked, "261121000000Z"
	x.Set(0, e)
	x.Append(Entry{Status: Valid, Expiry: "280101000000Z", Serial: "1003", File: "unknown", Subject: "/CN=e"})
	want := strings.Replace(sample, "V\t271121213237Z\t\t", "R\t271121213237Z\t261121000000Z\t", 1) + "V\t280101000000Z\t\t1003\tunknown\t/CN=e\n"
	if got := string(x.Bytes()); got != want {
		t.Errorf("changed:\n%s", got)
	}
	if e := x.Entry(2); e.Serial != "1002" {
		t.Errorf("the entry behind a changed one: %+v", e)
	}
}

func TestFaultsAreNamedByLine(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"V\t271121213237Z\t\t10\tunknown", "line 1: it has 5 columns, and an entry has 6 with tabs between"},
		{"\n", "line 1: it has 1 columns, and an entry has 6 with tabs between"},
		{"#\nX\t271121213237Z\t\t10\tunknown\t/CN=a", `line 2: the flag is "X", and it is V, R or E`},
		{"V\t2711212132Z\t\t10\tunknown\t/CN=a", `line 1: the date of expiry is "2711212132Z", and it is of the form YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ`},
		{"V\t270231000000Z\t\t10\tunknown\t/CN=a", `line 1: the date of expiry is "270231000000Z", and it is of the form YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ`},
		{"V\t271121213237Z\t271121213237Z\t10\tunknown\t/CN=a", "line 1: there is a date of revocation, and the entry is not revoked"},
		{"R\t271121213237Z\t\t10\tunknown\t/CN=a", `line 1: reading the date of revocation: "" is no time of the form YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ`},
		{"R\t271121213237Z\t271121213237Z,moved\t10\tunknown\t/CN=a", `line 1: "moved" is no reason for revocation`},
		{"R\t271121213237Z\t271121213237Z,keyTime,x\t10\tunknown\t/CN=a", `line 1: reading when the key was compromised: "x" is no time of the form YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ`},
		{"R\t271121213237Z\t271121213237Z,holdInstruction\t10\tunknown\t/CN=a", "line 1: the reason holdInstruction has no instruction after it"},
		{"V\t271121213237Z\t\t1\tunknown\t/CN=a", `line 1: the serial number "1" does not have an even number of digits`},
		{"V\t271121213237Z\t\t1x\tunknown\t/CN=a", `line 1: the serial number "1x" is not hexadecimal`},
		{"V\t271121213237Z\t\t10\tunknown\t/CN=a\nE\t271121213237Z\t\t10\tunknown\t/CN=b", "line 2: the serial number 10 stands on line 1 already"},
		{"V\t271121213237Z\t\t10\tunknown\t/CN=a\nV\t271121213237Z\t\t11\tunknown\t/CN=a", "line 2: the subject /CN=a has a valid certificate on line 1 already"},
	} {
		found := "nothing"
		for f := range Parse([]byte(c.text)).Faults(true) {
			found = f.Error()
		}
		if found != c.want {
			t.Errorf("%q: %s, want %s", c.text, found, c.want)
		}
	}
}

func TestRevocationsReadBack(t *testing.T) {
	for text, reason := range map[string]crl.Reason{
		"261121213237Z": crl.Unspecified, "261121213237Z,unspecified": crl.Unspecified, "261121213237Z,keyCompromise": crl.KeyCompromise,
		"261121213237Z,CACompromise": crl.CACompromise, "261121213237Z,removeFromCRL": crl.RemoveFromCRL,
		"261121213237Z,holdInstruction,holdInstructionReject": crl.CertificateHold, "20501121213237Z,certificateHold": crl.CertificateHold,
		"261121213237Z,keyTime,20260101000000Z": crl.KeyCompromise, "261121213237Z,CAkeyTime,20260101000000Z": crl.CACompromise,
	} {
		r, err := ParseRevocation(text)
		if err != nil || r.Reason != reason || r.String() != text {
			t.Errorf("%s: %v, %v, written %s", text, r, err, r)
		}
	}
	if w := ReasonWord(crl.PrivilegeWithdrawn); w != "unspecified" {
		t.Errorf("a reason OpenSSL has no word for: %s", w)
	}
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"1000\n": "1000", "01": "01", "00\n": "00", "0aFf\r\n": "0AFF", "10\\\n20\n": "1020", "FF\nrest": "FF", "zz": "", "": "", "123": "",
	} {
		n, err := ParseNumber([]byte(text))
		if (err != nil) != (want == "") || err == nil && FormatNumber(n) != want {
			t.Errorf("%q: %x, %v", text, n, err)
		}
	}
	for from, to := range map[string]string{"": "01", "ff": "0100", "0fff": "1000"} {
		n, _ := ParseNumber([]byte(from + "\n"))
		if got := FormatNumber(Next(n)); got != to {
			t.Errorf("after %q: %s", from, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("V\t\\\t\t\n\n#\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		x := Parse(data)
		want := data
		if n := len(data); n > 0 && data[n-1] != '\n' {
			want = append(bytes.Clone(data), '\n')
		}
		if !bytes.Equal(x.Bytes(), want) {
			t.Fatal("octets were lost")
		}
		bad := map[int]bool{}
		for fault := range x.Faults(true) {
			bad[fault.Entry-1] = true
		}
		for i, e := range x.All() {
			if bad[i] {
				continue
			}
			if line := e.append(nil); !bytes.Equal(line[2:len(line)-1], x.raw(i)[len(x.raw(i))-len(line)+3:]) && !bytes.Contains(x.raw(i), []byte("\\")) {
				t.Fatalf("entry %d reads back as %q", i, line)
			}
			if at, ok := x.BySerial(e.Serial); !ok || at > i || x.Entry(at).Serial != e.Serial {
				t.Fatalf("entry %d is found at %d by its serial number", i, at)
			}
		}
	})
}
