package openssl

import (
	"strings"
	"testing"
)

// TestRequestsAreVerifiedByTheKeyGiven has requests verified by their own key
// and by others, and compares words and exit codes.
func TestRequestsAreVerifiedByTheKeyGiven(t *testing.T) {
	dir := t.TempDir()
	for _, line := range []string{
		"genrsa -out a.key 1024", "genrsa -out b.key 1024", "ecparam -name P-256 -genkey -noout -out e.key", "ecparam -name P-256 -genkey -noout -out f.key",
		"req -new -key a.key -subj /CN=a -out a.csr", "req -new -key e.key -subj /CN=e -out e.csr",
		"req -new -key a.key -subj /CN=a -sigopt rsa_padding_mode:pss -out p.csr",
	} {
		if _, talk, code := reference(t, dir, "", strings.Fields(line)...); code != 0 {
			t.Fatal(talk)
		}
	}
	for _, line := range []string{
		"-in a.csr -key a.key", "-in a.csr -key b.key", "-in a.csr -key e.key", "-in e.csr -key e.key", "-in e.csr -key f.key",
		"-in e.csr -key a.key", "-in p.csr -key a.key", "-in p.csr -key b.key", "-in a.csr -key b.key -x509", "-new -key b.key -subj /CN=b",
	} {
		args := append([]string{"req", "-verify", "-noout"}, strings.Fields(line)...)
		_, want, code := reference(t, dir, "", args...)
		_, got, ours := run(dir, "", args...)
		for _, words := range []string{"self-signature verify OK", "self-signature verify failure"} {
			if ours != code || strings.Contains(got, words) != strings.Contains(want, words) {
				t.Errorf("req %s: exit code %d, want %d\n%s\nwant\n%s", line, ours, code, got, want)
			}
		}
	}
	_, talk, _ := run(dir, "", "req", "-verify", "-noout", "-in", "e.csr", "-key", "a.key")
	if want := "req: the request is signed by a key of the kind EC P-256, and that of -key is of the kind RSA 1024\n"; talk != want {
		t.Errorf("%q, want %q", talk, want)
	}
}
