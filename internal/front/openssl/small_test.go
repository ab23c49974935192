package openssl

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
)

// TestDigestsListsAndBundles runs the commands that scripts have around those
// of certificates.
func TestDigestsListsAndBundles(t *testing.T) {
	w := newTwin(t)
	for _, line := range []string{
		"dgst -sha256 l.csr", "dgst l.csr l.key", "dgst -r l.csr l.key", "dgst -c -md5 l.csr", "dgst -sha512 -binary l.csr", "dgst -hex -sha3-256 l.csr", "sha256 l.csr", "dgst -sha512-256 -r l.csr",
		"dgst -sha1 nosuch l.csr", "dgst -foo", "sha1 -r l.csr", "md5 l.csr", "sha512-256 l.csr", "dgst -out sum l.csr", "rand", "rand -hex 1 2", "rand -hex x", "rand 0",
		"crl2pkcs7 -in root.crl -certfile root.pem", "crl2pkcs7 -nocrl -certfile l.pem -certfile root.pem -outform DER", "crl2pkcs7 -nocrl", "crl2pkcs7 -in l.pem", "crl2pkcs7 -nocrl -certfile nosuch",
		"verify -CAfile root.pem -CRLfile nosuch l.pem", "verify -CAfile root.pem -CRLfile l.key l.pem", "genpkey -algorithm ED25519 -config nosuch", "genpkey -algorithm ED25519 -config empty.cnf -out ed.key",
	} {
		w.compare(t, "some text\n", line)
	}
	for _, line := range []string{"dgst", "dgst -r -sha384", "sha224"} {
		w.compare(t, "some text\n", line)
	}
	for line, want := range map[string]string{"rand -hex 20": `^[0-9a-f]{40}\n$`, "rand -base64 50": `^[A-Za-z0-9+/]{64}\n[A-Za-z0-9+/]{3}=\n$`} {
		if got, talk, code := run(w.ours, "", strings.Fields(line)...); code != 0 || !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%s: exit code %d, %q, %s", line, code, got, talk)
		}
	}
	if got, _, _ := run(w.ours, "", "rand", "30"); len(got) != 30 || base64.StdEncoding.EncodeToString([]byte(got)) == strings.Repeat("A", 40) {
		t.Errorf("rand 30 writes %q", got)
	}
	for line, want := range map[string]string{
		"rand 999999999":         "rand: 999999999 octets are more than certwright openssl draws at a time; ask for 67108864 at most\n",
		"dgst -sign k.pem k.pem": "dgst: option -sign is not supported by certwright openssl: only digests of files are printed; nothing is signed but certificates, requests and lists\n",
	} {
		if _, talk, code := run(w.ours, "", strings.Fields(line)...); code != 1 || talk != want {
			t.Errorf("%s: exit code %d, %q", line, code, talk)
		}
	}
}
