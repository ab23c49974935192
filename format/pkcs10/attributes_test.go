package pkcs10

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/specimen"
)

func value(t *testing.T, name string, id oid.OID) []byte {
	t.Helper()
	r, err := Parse(specimen.DER(t, name))
	if err != nil {
		t.Fatal(err)
	}
	a, ok := r.Attribute(id)
	if !ok || len(a.Values) != 1 {
		t.Fatalf("%s has no one %s", name, id.Name())
	}
	return a.Values[0]
}

func TestMicrosoftAttributes(t *testing.T) {
	const name = "microsoft.csr"
	if c, err := ParseClientInfo(value(t, name, oid.MSRequestClientInfo)); err != nil ||
		c != (ClientInfo{5, "pc7.corp.example", `CORP\who`, "certreq.exe"}) {
		t.Errorf("client info %+v, %v", c, err)
	}
	if c, err := ParseCSP(value(t, name, oid.MSEnrollmentCSP)); err != nil ||
		c.KeySpec != 1 || c.Provider != "Microsoft Software Key Storage Provider" || len(c.Signature) != 0 {
		t.Errorf("CSP %+v, %v", c, err)
	}
	if n, err := ParseNameValue(value(t, name, oid.MSNameValuePair)); err != nil || n != (NameValue{"CertificateTemplate", "WebServer"}) {
		t.Errorf("name and value %+v, %v", n, err)
	}
	if s, err := ParseText(value(t, name, oid.MSOSVersion)); err != nil || s != "10.0.19045.2" {
		t.Errorf("OS version %q, %v", s, err)
	}
}

func TestSMIMECapabilities(t *testing.T) {
	list, err := ParseSMIMECapabilities(value(t, "smime-capabilities.csr", oid.SMIMECapabilities))
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	if list[0].ID != oid.AES256CBC || list[0].Parameters != nil {
		t.Errorf("first %+v", list[0])
	}
	if list[1].ID != oid.RC2CBC || hex.EncodeToString(list[1].Parameters) != "02020080" {
		t.Errorf("second %+v", list[1])
	}
}

func TestBrokenAttributeValues(t *testing.T) {
	for _, raw := range []string{"", "0500", "3000", "30020500", "3003020105", "300602010513", "300702010c0c0161"} {
		v, err := hex.DecodeString(raw)
		if err != nil {
			t.Fatal(err)
		}
		_, a := ParseClientInfo(v)
		_, b := ParseCSP(v)
		_, c := ParseNameValue(v)
		if a == nil || b == nil || c == nil {
			t.Errorf("%s was taken: %v, %v, %v", raw, a, b, c)
			continue
		}
		for err, prefix := range map[error]string{a: "request client information: ", b: "enrolment CSP: ", c: "enrolment name and value: "} {
			if !strings.HasPrefix(err.Error(), prefix) {
				t.Errorf("%v does not start with %q", err, prefix)
			}
		}
	}
	for _, raw := range []string{"", "0500", "30020500", "30023000", "300530030601ff"} {
		v, _ := hex.DecodeString(raw)
		if _, err := ParseSMIMECapabilities(v); err == nil || !strings.HasPrefix(err.Error(), "smimeCapabilities: ") {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func TestNewTextAttribute(t *testing.T) {
	for _, test := range []struct {
		id         oid.OID
		text, want string
	}{
		{oid.ChallengePassword, "secret words", "130c736563726574"},
		{oid.ChallengePassword, "pass*word", "0c09706173732a776f7264"},
		{oid.ChallengePassword, "Grüße", "0c074772c3bcc39f65"},
		{oid.UnstructuredName, "a*b", "1603612a62"},
		{oid.UnstructuredName, "ü", "0c02c3bc"},
		{oid.UnstructuredAddress, "1 Road", "1306312052"},
		{oid.FriendlyName, "ü", "1e0200fc"},
		{oid.MSOSVersion, "10.0", "160431302e30"},
	} {
		a, err := NewTextAttribute(test.id, test.text)
		if err != nil || !strings.HasPrefix(hex.EncodeToString(a.Values[0]), test.want) {
			t.Errorf("%s %q: %x, %v, want %s", test.id.Name(), test.text, a.Values, err, test.want)
			continue
		}
		if got, err := ParseText(a.Values[0]); err != nil || got != test.text {
			t.Errorf("%q reads back as %q, %v", test.text, got, err)
		}
	}
	for _, test := range []struct {
		id         oid.OID
		text, want string
	}{
		{oid.ChallengePassword, "", "the text of challengePassword is empty"},
		{oid.ChallengePassword, strings.Repeat("ü", 256), "the text of challengePassword has 256 characters; at most 255 are allowed"},
		{oid.ChallengePassword, "\xff", "the text of challengePassword is not valid UTF-8"},
		{oid.MSOSVersion, "ü", "an OS version is written in ASCII"},
	} {
		if _, err := NewTextAttribute(test.id, test.text); err == nil || err.Error() != test.want {
			t.Errorf("%q: %v, want %q", test.text, err, test.want)
		}
	}
}
