package dn

import (
	"bytes"
	"encoding/pem"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/der"
)

// openssl runs the command, which the tests need.
func openssl(t *testing.T, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("the openssl command is missing; install the package openssl")
	}
	out, err := exec.Command("openssl", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// subjectOf takes the subject out of a request in PEM.
func subjectOf(t *testing.T, text string) Name {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		t.Fatalf("openssl made no request: %s", text)
	}
	r := der.Reader(block.Bytes)
	request, err := r.Take(der.Sequence)
	if err != nil {
		t.Fatal(err)
	}
	r = request.Children()
	info, err := r.Take(der.Sequence)
	if err != nil {
		t.Fatal(err)
	}
	r = info.Children()
	if _, err := r.Take(der.Integer); err != nil {
		t.Fatal(err)
	}
	subject, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	n, err := Parse(subject.Raw)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSubjectsAgreeWithOpenSSL(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key.pem")
	openssl(t, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
	for i, subject := range []string{
		"/C=US/ST=California/O=Wikimedia Foundation, Inc./CN=*.wikipedia.org",
		"/C=US/ST=Калифорния/L=Сан-Франциско/O=Wikimedia Foundation, Inc./CN=*.wikipedia.org",
		"/O=b/OU=/CN=a",
		"/DC=example/DC=host/UID=u/CN=a",
		"/CN=a+UID=u+serialNumber=5/O=b",
		`/CN=a\/b\+c\\d/O= x y `,
		`/O=#x/CN=quote " less < more > semi ; comma , equals =`,
		"/emailAddress=a@b.example/SN=Doe/GN=Jo/title=T/initials=J/pseudonym=p/dnQualifier=q/street=s/postalCode=1/name=n",
		"/businessCategory=b/jurisdictionC=DE/jurisdictionST=x/jurisdictionL=y/organizationIdentifier=z/uid=1",
		"/2.5.4.3=dotted",
	} {
		out := filepath.Join(dir, "csr"+string(rune('a'+i)))
		openssl(t, "req", "-new", "-utf8", "-key", key, "-subj", subject, "-out", out)
		theirs := subjectOf(t, openssl(t, "req", "-in", out))
		ours, err := ParseText(subject)
		if err != nil {
			t.Errorf("ParseText(%q): %v", subject, err)
			continue
		}
		if !bytes.Equal(ours.Raw, theirs.Raw) {
			t.Errorf("%s:\n ours %x\ntheirs %x", subject, ours.Raw, theirs.Raw)
		}
		compat := strings.TrimSuffix(openssl(t, "req", "-in", out, "-noout", "-subject", "-nameopt", "compat"), "\n")
		if got := "subject=" + theirs.Slash(); got != compat {
			t.Errorf("Slash():\n got %s\nwant %s", got, compat)
		}
		if strings.Contains(subject, "+UID") {
			// OpenSSL turns round the order inside a part too, which RFC 4514
			// leaves open.
			continue
		}
		rfc := strings.TrimSuffix(openssl(t, "req", "-in", out, "-noout", "-subject", "-nameopt", "RFC2253,-esc_msb,utf8"), "\n")
		if got := "subject=" + theirs.String(); !strings.EqualFold(strings.ReplaceAll(got, "uniqueIdentifier", "uid"), rfc) {
			t.Errorf("String():\n got %s\nwant %s", got, rfc)
		}
	}
}
