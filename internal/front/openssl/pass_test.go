package openssl

import (
	"strings"
	"testing"
)

// TestShortPassphrases types passphrases that PEM is too good for, and other
// files are not.
func TestShortPassphrases(t *testing.T) {
	dir := t.TempDir()
	reference(t, dir, "", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", "k", "-subj", "/CN=leaf", "-out", "c")
	reference(t, dir, "", "ecparam", "-name", "P-256", "-genkey", "-noout", "-out", "e")
	for _, word := range []string{"", "ab"} {
		for line, again := range map[string]string{
			"pkcs12 -export -inkey k -in c -out o":  "pkcs12 -in o -nodes",
			"pkcs8 -topk8 -in k -out o":             "pkey -in o",
			"rsa -aes128 -in k -out o":              "pkey -in o",
			"rsa -aes128 -traditional -in k -out o": "pkey -in o",
			"ec -aes128 -in e -out o":               "pkey -in o",
		} {
			if _, talk, code := run(dir, word+"\n"+word+"\n", strings.Fields(line)...); code != 0 || !strings.Contains(talk, "Verifying - Enter") {
				t.Errorf("%s with %q: exit code %d, %s", line, word, code, talk)
				continue
			}
			if _, talk, code := reference(t, dir, "", append(strings.Fields(again), "-passin", "pass:"+word)...); code != 0 {
				t.Errorf("%s with %q: openssl says %s", line, word, talk)
			}
		}
	}
	for _, line := range []string{"pkey -aes128 -in k", "genrsa -aes128 1024"} {
		if _, talk, code := run(dir, "ab\nab\n", strings.Fields(line)...); code != 1 || !strings.Contains(talk, "You must type in 4 to 1024 characters") {
			t.Errorf("%s: exit code %d, %s", line, code, talk)
		}
	}
}
