package openssl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestChainsInPKCS12 builds chains and opens what openssl opens, with either
// command.
func TestChainsInPKCS12(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ca.ext"), []byte("basicConstraints=CA:TRUE\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"req -x509 -newkey rsa:1024 -nodes -keyout root.key -subj /CN=root -out root.crt",
		"req -newkey rsa:1024 -nodes -keyout sub.key -subj /CN=sub -out sub.csr",
		"x509 -req -in sub.csr -CA root.crt -CAkey root.key -extfile ca.ext -out sub.crt",
		"req -newkey rsa:1024 -nodes -keyout leaf.key -subj /CN=leaf -out leaf.csr",
		"x509 -req -in leaf.csr -CA sub.crt -CAkey sub.key -out leaf.crt",
		"pkcs12 -export -in sub.crt -nokeys -passout pass:inner -out sub.p12",
	} {
		if _, talk, code := reference(t, dir, "", strings.Fields(line)...); code != 0 {
			t.Fatalf("openssl %s: %s", line, talk)
		}
	}
	for _, line := range []string{
		"-in leaf.crt -inkey leaf.key -chain -CAfile root.crt -untrusted sub.crt",
		"-in leaf.crt -nokeys -chain -CAfile root.crt -untrusted sub.crt",
		"-in leaf.crt -nokeys -certfile sub.p12 -passcerts pass:inner",
		"-in leaf.crt -inkey leaf.key -certfile sub.crt -caname friend",
		"-in leaf.crt -nokeys -chain -CAfile root.crt",
		"-in leaf.crt -nokeys -chain -CAfile root.crt -untrusted nosuch",
		"-in leaf.crt -nokeys -certfile sub.p12 -passcerts pass:wrong",
		"-in leaf.crt -inkey root.key", "-in nosuch -nokeys", "-in leaf.crt -nokeys -twopass",
	} {
		args := append(strings.Fields("pkcs12 -export -passout pass:abcd"), strings.Fields(line)...)
		_, talk, code := run(dir, "", append(args, "-out", "ours")...)
		_, wantTalk, want := reference(t, dir, "", append(args, "-out", "theirs")...)
		if code != want {
			t.Errorf("%s: exit code %d, want %d\n%s\n%s", line, code, want, talk, wantTalk)
		}
		if code != 0 || want != 0 {
			first, _, _ := strings.Cut(withoutErrorQueue(wantTalk), "\n")
			if !strings.Contains(talk, strings.TrimPrefix(first, "Could not read any")) {
				t.Errorf("%s: standard error lacks %q:\n%s", line, first, talk)
			}
			continue
		}
		show := func(file string) string {
			out, _, _ := reference(t, dir, "", "pkcs12", "-in", file, "-passin", "pass:abcd", "-nodes")
			return out
		}
		if got, want := show("ours"), show("theirs"); got != want {
			t.Errorf("%s: openssl finds\n%s\nwant\n%s", line, got, want)
		}
	}
	if _, talk, code := run(dir, "", strings.Fields("pkcs12 -in sub.p12 -passin pass:wrong -nomacver")...); code != 1 || strings.Contains(talk, "Mac verify") {
		t.Errorf("with -nomacver and the wrong passphrase: exit code %d, %s", code, talk)
	}
	run(dir, "", strings.Fields("pkcs12 -export -in leaf.crt -nokeys -certpbe NONE -passout pass:abcd -out plain.p12")...)
	if out, talk, code := run(dir, "", strings.Fields("pkcs12 -in plain.p12 -passin pass:wrong -nomacver")...); code != 0 || !strings.Contains(out, "CN = leaf") {
		t.Errorf("with -nomacver and nothing encrypted: exit code %d, %s", code, talk)
	}
	if _, talk, code := run(dir, "of the MAC\nof the MAC\nof the content\nof the content\n", strings.Fields("pkcs12 -export -in leaf.crt -nokeys -twopass -out two.p12")...); code != 0 {
		t.Errorf("with -twopass: exit code %d, %s", code, talk)
	}
	if out, talk, code := run(dir, "of the MAC\nof the content\n", strings.Fields("pkcs12 -in two.p12 -twopass")...); code != 0 || !strings.Contains(out, "CN = leaf") {
		t.Errorf("with -twopass: exit code %d, %s", code, talk)
	}
	if _, talk, code := run(dir, "of the content\n", strings.Fields("pkcs12 -in two.p12")...); code != 1 || !strings.Contains(talk, "Mac verify error: invalid password?") {
		t.Errorf("without -twopass: exit code %d, %s", code, talk)
	}
}
