package openssl

import (
	"strings"
	"testing"
)

// TestInfoOfPKCS12 compares the MAC and the open parts with openssl's words.
func TestInfoOfPKCS12(t *testing.T) {
	dir := t.TempDir()
	reference(t, dir, "", strings.Fields("req -x509 -newkey rsa:1024 -nodes -keyout k -subj /CN=leaf -out c")...)
	for _, options := range []string{"-keypbe NONE -certpbe NONE", "-keypbe NONE -certpbe NONE -nomac", "-keypbe NONE -certpbe NONE -macalg sha512 -iter 3"} {
		line := "pkcs12 -export -inkey k -in c -passout pass:abcd -out p " + options
		if _, talk, code := reference(t, dir, "", strings.Fields(line)...); code != 0 {
			t.Fatalf("%s: %s", line, talk)
		}
		_, want, _ := reference(t, dir, "", strings.Fields("pkcs12 -in p -info -noout -passin pass:abcd")...)
		if _, got, _ := run(dir, "", strings.Fields("pkcs12 -in p -info -noout -passin pass:abcd")...); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", options, got, want)
		}
	}
}
