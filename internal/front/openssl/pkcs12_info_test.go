package openssl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBagsOfPKCS12 prints files of many kinds, and how they are encrypted, as
// openssl does.
func TestBagsOfPKCS12(t *testing.T) {
	dir := t.TempDir()
	reference(t, dir, "", strings.Fields("req -x509 -newkey rsa:1024 -nodes -keyout k -subj /CN=leaf -out c")...)
	reference(t, dir, "", strings.Fields("req -x509 -newkey rsa:1024 -nodes -keyout k2 -subj /CN=other -out c2")...)
	for _, options := range []string{
		"", "-keypbe NONE -certpbe NONE", "-keypbe NONE -certpbe NONE -nomac", "-keypbe NONE -certpbe NONE -macalg sha512 -iter 3", "-name friend -certfile c2 -caname relation",
		"-legacy", "-legacy -descert", "-certpbe aes-128-cbc -keypbe camellia-256-cbc", "-noiter -nomaciter", "-nomac", "-nokeys", "-LMK -CSP provider -keysig",
	} {
		line := "pkcs12 -export -inkey k -in c -passout pass:abcd -out p " + options
		if _, talk, code := reference(t, dir, "", strings.Fields(line)...); code != 0 {
			t.Fatalf("%s: %s", line, talk)
		}
		for _, how := range []string{"-info -noout", "-info -nodes", "-nokeys -info", "-nocerts -nodes", "-clcerts -nodes", "-cacerts -nodes -info", "-nomacver -noout"} {
			args := strings.Fields("pkcs12 -in p -passin pass:abcd " + how)
			if strings.HasPrefix(options, "-legacy") {
				args = append(args, "-legacy")
			}
			want, wantTalk, _ := reference(t, dir, "", args...)
			if got, talk, code := run(dir, "", args...); got != want || talk != wantTalk || code != 0 {
				t.Errorf("%s, %s: got\n%s\n%s\nwant\n%s\n%s", options, how, talk, got, wantTalk, want)
			}
		}
	}
}

// TestKindsOfBagsInPKCS12 prints bags of bags, of secrets and of what nobody
// knows, and attributes of all types.
func TestKindsOfBagsInPKCS12(t *testing.T) {
	dir := t.TempDir()
	inner := sequence(octet(0x06, "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x05"), octet(0xa0, sequence(octet(0x06, "\x2a\x03\x04"), octet(0xa0, octet(0x04, "hidden")))),
		octet(0x31, sequence(octet(0x06, "\x2a\x03\x05"), octet(0x31, octet(0x0c, "text")+octet(0x03, "\x00\xab\xcd")+octet(0x02, "\x05")))+
			sequence(octet(0x06, "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x14"), octet(0x31, ""))))
	bags := sequence(
		sequence(octet(0x06, "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x06"), octet(0xa0, sequence(inner)), octet(0x31, "")),
		sequence(octet(0x06, "\x2a\x03\x04"), octet(0xa0, octet(0x05, ""))),
		inner)
	data := octet(0x06, "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01")
	safe := sequence(sequence(data, octet(0xa0, octet(0x04, bags))))
	file := sequence(octet(0x02, "\x03"), sequence(data, octet(0xa0, octet(0x04, safe))))
	if err := os.WriteFile(filepath.Join(dir, "p"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, how := range []string{"-info -noout", "-info -nodes", "-nokeys"} {
		args := strings.Fields("pkcs12 -in p -passin pass: " + how)
		want, wantTalk, code := reference(t, dir, "", args...)
		if got, talk, ours := run(dir, "", args...); got != want || talk != withoutErrorQueue(wantTalk) || ours != code {
			t.Errorf("%s: exit code %d, want %d; got\n%s\n%s\nwant\n%s\n%s", how, ours, code, talk, got, wantTalk, want)
		}
	}
}

func octet(tag byte, content string) string {
	if len(content) > 127 {
		return string([]byte{tag, 0x82, byte(len(content) >> 8), byte(len(content))}) + content
	}
	return string([]byte{tag, byte(len(content))}) + content
}

func sequence(parts ...string) string { return octet(0x30, strings.Join(parts, "")) }

// TestOldEncryptionIsWritten makes what openssl opens with its legacy provider.
func TestOldEncryptionIsWritten(t *testing.T) {
	dir := t.TempDir()
	reference(t, dir, "", strings.Fields("req -x509 -newkey rsa:1024 -nodes -keyout k -subj /CN=leaf -out c")...)
	for options, want := range map[string]string{
		"-legacy":                  "PKCS7 Encrypted data: pbeWithSHA1And40BitRC2-CBC, Iteration 2048\nCertificate bag\nPKCS7 Data\nShrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048\n",
		"-legacy -descert":         "PKCS7 Encrypted data: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048\nCertificate bag\nPKCS7 Data\nShrouded Keybag: pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048\n",
		"-certpbe PBE-SHA1-RC2-40": "PKCS7 Encrypted data: pbeWithSHA1And40BitRC2-CBC, Iteration 2048\nCertificate bag\nPKCS7 Data\nShrouded Keybag: PBES2, PBKDF2, AES-256-CBC, Iteration 2048, PRF hmacWithSHA256\n",
	} {
		if _, talk, code := run(dir, "", append(strings.Fields("pkcs12 -export -inkey k -in c -passout pass:abcd -out p"), strings.Fields(options)...)...); code != 0 {
			t.Fatalf("%s: %s", options, talk)
		}
		out, talk, code := reference(t, dir, "", strings.Fields("pkcs12 -legacy -in p -passin pass:abcd -info -nodes")...)
		if code != 0 || !strings.HasSuffix(talk, want) || !strings.Contains(out, "BEGIN PRIVATE KEY") {
			t.Errorf("%s: exit code %d, %s%s", options, code, talk, out)
		}
	}
	_, talk, code := run(dir, "", strings.Fields("pkcs12 -export -inkey k -in c -passout pass:abcd -keypbe PBE-SHA1-RC2-40")...)
	if code != 1 || !strings.Contains(talk, "pkcs12: option -keypbe is not supported by certwright openssl with PBE-SHA1-RC2-40: use AES-256-CBC or PBE-SHA1-3DES") {
		t.Errorf("a key under RC2: exit code %d, %s", code, talk)
	}
}
