package cert

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/specimen"
)

func parse(t testing.TB, name string) *Certificate {
	t.Helper()
	c, err := Parse(specimen.DER(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return c
}

// badSignature has what CheckSignature says of the specimens it refuses.
var badSignature = map[string]error{"two-algorithms.crt": ErrAlgorithms, "ragged.crt": key.ErrSignature}

func TestParseSpecimens(t *testing.T) {
	root := parse(t, "root.crt")
	for name, want := range map[string]struct {
		version    int
		serial     string
		deviations []string
	}{
		"leaf.crt":            {3, "9305357566071262703", nil}, // 8123456789abcdef
		"v1.crt":              {1, "17", nil},
		"negative-serial.crt": {3, "-300", []string{"the serial number is negative"}},
		"zero-serial.crt":     {3, "0", []string{"the serial number is zero"}},
		"long-serial.crt": {3, "883423532389192164791648750371459257913741948437809479060803100646309888",
			[]string{"the serial number has 31 octets; at most 20 are allowed"}},
		"unique-ids.crt":         {2, "5", nil},
		"odd-times.crt":          {3, "5", []string{`the time "2401010000+0200" is not written as RFC 5280 asks`, `the time "20340101000000Z" is not`}},
		"two-algorithms.crt":     {3, "5", []string{"the signature algorithm beside the signature is not the one that is signed"}},
		"ragged.crt":             {3, "5", []string{"the signature does not end on a whole octet"}},
		"forever.crt":            {3, "5", nil},
		"repeated-extension.crt": {3, "5", []string{"the extension subjectAltName appears more than once"}},
	} {
		c := parse(t, name)
		if c.Version != want.version || c.Serial.String() != want.serial {
			t.Errorf("%s: version %d, serial number %v", name, c.Version, c.Serial)
		}
		if len(c.Deviations) != len(want.deviations) {
			t.Errorf("%s: deviations %q, want %q", name, c.Deviations, want.deviations)
			continue
		}
		for i, d := range c.Deviations {
			if !strings.HasPrefix(d, strings.Replace(want.deviations[i], "subjectAltName", "X509v3 Subject Alternative Name", 1)) {
				t.Errorf("%s: deviation %q, want %q", name, d, want.deviations[i])
			}
		}
		if err := c.CheckSignature(root.PublicKey); !errors.Is(err, badSignature[name]) {
			t.Errorf("%s: %v", name, err)
		}
		if err := c.CheckSignature(c.PublicKey); err == nil {
			t.Errorf("%s verifies by its own key", name)
		}
		if c.SelfIssued() || !c.Issuer.Equal(root.Subject) {
			t.Errorf("%s: issuer %v", name, c.Issuer)
		}
	}
	if !root.SelfIssued() || root.CheckSignature(root.PublicKey) != nil {
		t.Error("the root is not its own issuer")
	}
}

func TestFields(t *testing.T) {
	c := parse(t, "leaf.crt")
	var names []string
	for _, n := range c.SubjectAltNames() {
		names = append(names, n.String())
	}
	if got := strings.Join(names, " "); got != "dns:plain.example ip:192.0.2.7" {
		t.Errorf("names %q", got)
	}
	if c.Fingerprint() != sha256.Sum256(specimen.DER(t, "leaf.crt")) {
		t.Error("the fingerprint is not the SHA-256 of the certificate")
	}
	if fmt.Sprintf("%x", c.SerialBytes) != "008123456789abcdef" {
		t.Errorf("serial number octets %x", c.SerialBytes)
	}
	if u := parse(t, "unique-ids.crt"); !bytes.Equal(u.IssuerUniqueID, []byte{1, 2}) || !bytes.Equal(u.SubjectUniqueID, []byte{3, 4}) {
		t.Errorf("unique identifiers %x and %x", u.IssuerUniqueID, u.SubjectUniqueID)
	}
	if got := parse(t, "forever.crt").NotAfter.Format("2006-01-02T15:04:05"); got != "9999-12-31T23:59:59" {
		t.Errorf("forever ends at %s", got)
	}
	if got := parse(t, "odd-times.crt").NotBefore.Format("2006-01-02T15:04:05"); got != "2023-12-31T22:00:00" {
		t.Errorf("odd-times begins at %s", got)
	}
	if parse(t, "v1.crt").SubjectAltNames() != nil {
		t.Error("a certificate without extensions has alternative names")
	}
}

func TestParseRefuses(t *testing.T) {
	whole := specimen.DER(t, "leaf.crt")
	tbs := func(parts ...string) []byte {
		var b der.Builder
		outer := b.Begin(der.Sequence)
		inner := b.Begin(der.Sequence)
		for _, p := range parts {
			b.Raw([]byte(p))
		}
		b.End(inner)
		b.End(outer)
		return b.Bytes()
	}
	spki := string(parse(t, "leaf.crt").PublicKey.Raw)
	const serial, algorithm, name = "\x02\x01\x05", "\x30\x03\x06\x01\x2a", "\x30\x00"
	const validity = "\x30\x1e\x17\x0d240101000000Z\x17\x0d340101000000Z"
	for _, test := range []struct {
		want string
		raw  []byte
	}{
		{"reading a certificate: SEQUENCE is missing", nil},
		{"the data end before the element does", whole[:99]},
		{"1 bytes too many at the end", append(bytes.Clone(whole), 0)},
		{"tbsCertificate: SEQUENCE is missing", []byte{0x30, 0}},
		{"the length is indefinite", []byte{0x30, 0x04, 0x30, 0x80, 0, 0}},
		{"tbsCertificate: version: there is no X.509 version 4", tbs("\xa0\x03\x02\x01\x03")},
		{"serialNumber: INTEGER is missing", tbs()},
		{"serialNumber: INTEGER is empty", tbs("\x02\x00")},
		{"serialNumber: it has 2000 octets", tbs("\x02\x82\x07\xd0" + strings.Repeat("\x01", 2000))},
		{"signature: SEQUENCE is missing", tbs(serial)},
		{"issuer: SEQUENCE is missing", tbs(serial, algorithm)},
		{"validity: SEQUENCE is missing", tbs(serial, algorithm, name)},
		{"validity: notBefore: ", tbs(serial, algorithm, name, "\x30\x00")},
		{"validity: notAfter: ", tbs(serial, algorithm, name, "\x30\x0f\x17\x0d240101000000Z")},
		{"validity: notBefore: found NULL where a time belongs", tbs(serial, algorithm, name, "\x30\x02\x05\x00")},
		{"subject: SEQUENCE is missing", tbs(serial, algorithm, name, validity)},
		{"subjectPublicKeyInfo: SEQUENCE is missing", tbs(serial, algorithm, name, validity, name)},
		{"subjectPublicKeyInfo: ", tbs(serial, algorithm, name, validity, name, "\x30\x00")},
		{"version: found OCTET STRING where INTEGER belongs", tbs("\xa0\x03\x04\x01\x00")},
		{"version: INTEGER of 9 octets where a small one belongs", tbs("\xa0\x0b\x02\x09" + strings.Repeat("\x01", 9))},
		{"unique identifier [1]: BIT STRING has no valid count of unused bits", tbs(serial, algorithm, name, validity, name, spki, "\x81\x00")},
		{"unique identifier [2]: BIT STRING has no valid count of unused bits", tbs(serial, algorithm, name, validity, name, spki, "\x82\x01\x09")},
		{"tbsCertificate: extensions: ", tbs(serial, algorithm, name, validity, name, spki, "\xa3\x02\x05\x00")},
		{"tbsCertificate: 2 bytes too many at the end", tbs(serial, algorithm, name, validity, name, spki, "\x05\x00")},
		{"signatureAlgorithm: SEQUENCE is missing", tbs(serial, algorithm, name, validity, name, spki)},
	} {
		if _, err := Parse(test.raw); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %q", err, test.want)
		}
	}
}

func TestDeviations(t *testing.T) {
	c := parse(t, "leaf.crt")
	const serial, name, now = "\x02\x01\x05", "\x30\x00", "\x17\x0d240101000000Z"
	with := func(version, tail string) []byte {
		var b der.Builder
		whole := b.Begin(der.Sequence)
		tbs := b.Begin(der.Sequence)
		b.Raw([]byte(version+serial), c.Signature.Raw, []byte(name+"\x30\x1e"+now+now+name), c.PublicKey.Raw, []byte(tail))
		b.End(tbs)
		b.Raw(c.SignatureAlgorithm.Raw)
		b.Bits(c.SignatureValue)
		b.End(whole)
		return b.Bytes()
	}
	for _, test := range []struct {
		want string
		raw  []byte
	}{
		{"", with("\xa0\x03\x02\x01\x02", "")},
		{"version 1 is written out; it is the default and should be left away", with("\xa0\x03\x02\x01\x00", "")},
		{"there is a unique identifier in a certificate of version 1", with("", "\x81\x02\x00\x01")},
		{"there are extensions in a certificate of version 2", with("\xa0\x03\x02\x01\x01", "\xa3\x02\x30\x00")},
		{"the encoding is not DER: [0] has a length or tag in more octets than needed", with("\xa0\x81\x03\x02\x01\x02", "")},
	} {
		c, err := Parse(test.raw)
		if err != nil {
			t.Errorf("%q: %v", test.want, err)
			continue
		}
		if got := strings.Join(c.Deviations, "; "); got != test.want {
			t.Errorf("deviations %q, want %q", got, test.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range specimen.Names(f, ".crt") {
		f.Add(specimen.DER(f, name))
	}
	root, err := Parse(specimen.DER(f, "root.crt"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := Parse(raw)
		if err != nil {
			return
		}
		_ = c.CheckSignature(root.PublicKey)
		_ = c.SubjectAltNames()
		_ = c.SelfIssued()
		if len(c.Deviations) > 0 || c.Version == 2 || c.Version == 3 && c.Extensions == nil || c.IssuerUniqueID != nil || c.SubjectUniqueID != nil {
			return
		}
		if again := rebuild(c, c.SignatureAlgorithm); !bytes.Equal(again, raw) {
			t.Fatalf("rebuilt from its parts it is %x, it was %x", again, raw)
		}
	})
}

func rebuild(c *Certificate, alg key.AlgorithmIdentifier) []byte {
	tbs := AppendTBS(nil, &TBS{
		Serial: c.Serial.Bytes(), Signature: c.Signature.Raw, Issuer: c.Issuer.Raw,
		NotBefore: c.NotBefore, NotAfter: c.NotAfter, Subject: c.Subject.Raw,
		PublicKey: c.PublicKey.Raw, Extensions: c.Extensions, Version3: c.Version == 3,
	})
	return Assemble(nil, tbs, alg.Raw, c.SignatureValue)
}
