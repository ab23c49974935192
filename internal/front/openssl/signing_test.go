package openssl

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestSignatureParameters signs requests with every -sigopt, and compares the
// algorithm, or the refusal, with openssl's; openssl verifies what was signed.
func TestSignatureParameters(t *testing.T) {
	dir := t.TempDir()
	for _, line := range []string{
		"genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out r.pem", "genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1032 -out u.pem",
		"genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1025 -pkeyopt rsa_pss_keygen_md:sha384 -pkeyopt rsa_pss_keygen_mgf1_md:sha256 -pkeyopt rsa_pss_keygen_saltlen:20 -out m.pem",
		"genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out e.pem", "genpkey -algorithm ED25519 -out d.pem",
	} {
		if _, talk, code := reference(t, dir, "", strings.Fields(line)...); code != 0 {
			t.Fatalf("openssl %s: %s", line, talk)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "c.cnf"), []byte("[req]\ndistinguished_name=dn\n[dn]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	g := rand.New(rand.NewPCG(seed, 0))
	pick := func(from ...string) string { return from[g.IntN(len(from))] }
	lines := []string{"-key r.pem -sha1", "-key r.pem -md5", "-key e.pem -sha1", "-key r.pem -sigopt digest:sha256", "-key r.pem -sigopt foo:bar", "-key d.pem -sigopt rsa_padding_mode:pss"}
	for range 40 {
		line := "-key " + pick("r.pem", "r.pem", "u.pem", "m.pem", "e.pem")
		line += pick("", "", " -sha1", " -sha256", " -sha384", " -sha512")
		if g.IntN(5) > 0 {
			line += " -sigopt rsa_padding_mode:" + pick("pss", "pss", "pss", "pss", "pkcs1", "x931")
		}
		if g.IntN(2) > 0 {
			line += " -sigopt rsa_pss_saltlen:" + pick("-1", "-2", "-3", "-4", "0", "1", "20", "33", "max", "auto", "digest", "foo", "94", "99")
		}
		if g.IntN(3) == 0 {
			line += " -sigopt rsa_mgf1_md:" + pick("sha1", "sha256", "SHA512", "sha384", "none")
		}
		lines = append(lines, line)
	}
	for _, line := range []string{"digest:sha256", "foo:bar", "rsa_pss_saltlen:20", "rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-4"} {
		_, talk, code := run(dir, "", append(strings.Fields("req -new -config c.cnf -subj /CN=x -key r.pem -sigopt"), strings.Fields(line)...)...)
		if want := "\nparameter error \"" + line[strings.LastIndexByte(line, ' ')+1:] + "\"\n"; code != 1 || !strings.Contains(talk, want) {
			t.Errorf("-sigopt %s: exit code %d, %s", line, code, talk)
		}
	}
	algorithm := regexp.MustCompile(`(?s)\n    Signature Algorithm: .*?\n        [0-9a-f]{2}:`)
	for _, line := range lines {
		args := append(strings.Fields("req -new -config c.cnf -subj /CN=x -text"), strings.Fields(line)...)
		got, talk, code := run(dir, "", args...)
		want, wantTalk, wantCode := reference(t, dir, "", args...)
		if code != wantCode {
			t.Errorf("%s: exit code %d, want %d\n%s\n%s", line, code, wantCode, talk, wantTalk)
			continue
		}
		if code != 0 && !strings.Contains(talk, "Error signing certificate request\n") {
			t.Errorf("%s: standard error lacks a reason:\n%s", line, talk)
		}
		if code != 0 {
			continue
		}
		cut := func(text string) string { s := algorithm.FindString(text); return s[:max(0, len(s)-3)] }
		if cut(got) != cut(want) {
			t.Errorf("%s: signed with\n%s\nwant\n%s", line, cut(got), cut(want))
		}
		if _, talk, _ := reference(t, dir, got, "req", "-verify", "-noout", "-config", "c.cnf"); !strings.Contains(talk, "verify OK") {
			t.Errorf("%s: openssl says %s", line, talk)
		}
	}
}
