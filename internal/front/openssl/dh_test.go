package openssl

import (
	"strings"
	"testing"
)

// TestDHKeysAreShown has openssl make keys of PKCS #3 and X9.42, and compares
// what is done with them.
func TestDHKeysAreShown(t *testing.T) {
	dir := t.TempDir()
	for _, line := range []string{
		"genpkey -algorithm DH -pkeyopt group:ffdhe2048 -out a.pem", "genpkey -algorithm DHX -pkeyopt dh_rfc5114:1 -out b.pem",
		"dhparam -dsaparam -out c.par 512", "genpkey -paramfile c.par -out c.pem",
		"genpkey -genparam -algorithm DH -pkeyopt dh_paramgen_prime_len:512 -out d.par", "genpkey -paramfile d.par -out d.pem",
	} {
		if _, talk, code := reference(t, dir, "", strings.Fields(line)...); code != 0 {
			t.Fatalf("openssl %s: %s", line, talk)
		}
	}
	for _, name := range []string{"a.pem", "b.pem", "c.pem", "d.pem"} {
		for _, line := range []string{
			"pkey", "pkey -text", "pkey -text_pub -noout", "pkey -pubout", "pkey -pubout -text -noout", "pkey -outform DER", "pkey -check -noout", "pkey -pubcheck -noout",
			"pkcs8 -topk8 -nocrypt", "pkcs8 -nocrypt", "rsa", "pkey -traditional",
		} {
			args := append(strings.Fields(line), "-in", name)
			want, talk, code := reference(t, dir, "", args...)
			got, ourTalk, ours := run(dir, "", args...)
			if got != want || ours != code {
				t.Errorf("%s: exit code %d, want %d (%s)\n%s\nwant\n%s%s", strings.Join(args, " "), ours, code, ourTalk, got, want, talk)
			}
		}
		if _, talk, code := run(dir, "", "pkcs8", "-topk8", "-in", name, "-passout", "pass:abcd", "-out", "e"); code != 0 {
			t.Error(talk)
		}
		if _, talk, code := reference(t, dir, "", "pkey", "-in", "e", "-passin", "pass:abcd", "-noout"); code != 0 {
			t.Error(talk)
		}
	}
}
