package openssl

import (
	"strings"
	"testing"
)

// TestKeysOfMicrosoft writes BLOBs and PVK files as openssl does, and reads
// each other's.
func TestKeysOfMicrosoft(t *testing.T) {
	dir := t.TempDir()
	for _, line := range []string{"genrsa -out k 1024", "rsa -in k -outform MSBLOB -out blob", "rsa -in k -outform PVK -pvk-none -out plain.pvk",
		"rsa -in k -pubout -outform MSBLOB -out public", "rsa -provider legacy -provider default -in k -outform PVK -passout pass:abcd -out strong.pvk",
		"rsa -provider legacy -provider default -in k -outform PVK -pvk-weak -passout pass:abcd -out weak.pvk"} {
		if _, talk, code := reference(t, dir, "", strings.Fields(line)...); code != 0 {
			t.Fatalf("openssl %s: %s", line, talk)
		}
	}
	for _, line := range []string{
		"rsa -in k -outform MSBLOB", "rsa -in k -outform PVK -pvk-none", "rsa -in k -pubout -outform MSBLOB", "rsa -in blob", "rsa -in blob -inform MSBLOB -check -noout",
		"rsa -in plain.pvk -inform PVK", "rsa -pubin -in public -inform MSBLOB", "rsa -in public -inform MSBLOB", "rsa -in blob -inform PVK", "rsa -in k -inform MSBLOB",
		"pkey -in blob", "rsa -in k -pubout -outform PVK -noout",
	} {
		want, _, code := reference(t, dir, "", strings.Fields(line)...)
		got, talk, ours := run(dir, "", strings.Fields(line)...)
		if got != want || ours != code {
			t.Errorf("%s: exit code %d, want %d (%s)\n%q\nwant\n%q", line, ours, code, talk, got, want)
		}
	}
	want, _, _ := reference(t, dir, "", "rsa", "-in", "k")
	for _, file := range []string{"strong.pvk", "weak.pvk"} {
		if got, talk, _ := run(dir, "", "rsa", "-in", file, "-passin", "pass:abcd"); got != want {
			t.Errorf("%s: %s%s", file, got, talk)
		}
		if _, talk, code := run(dir, "", "rsa", "-in", file, "-passin", "pass:wrong"); code != 1 || !strings.Contains(talk, "Could not read private key from "+file) {
			t.Errorf("%s with the wrong passphrase: exit code %d, %s", file, code, talk)
		}
	}
	for _, strength := range []string{"-pvk-strong", "-pvk-weak"} {
		if _, talk, code := run(dir, "", "rsa", "-in", "k", "-outform", "PVK", strength, "-passout", "pass:abcd", "-out", "ours.pvk"); code != 0 {
			t.Fatal(talk)
		}
		if got, talk, _ := reference(t, dir, "", strings.Fields("rsa -provider legacy -provider default -inform PVK -in ours.pvk -passin pass:abcd")...); got != want {
			t.Errorf("%s: openssl reads %s%s", strength, got, talk)
		}
	}
	for _, damaged := range []string{blobPrivate, blobPublic + "\x00\x04\x00\x00\x01\x00\x01\x00\x00", pvkMagic, pvkMagic + strings.Repeat("\xff", 40), blobPrivate + strings.Repeat("\xff", 40)} {
		if _, err := fromMicrosoft([]byte(damaged), func() ([]byte, error) { return nil, nil }); err == nil || err.Error() != "the BLOB is not whole, or not one of an RSA key" {
			t.Errorf("%q: %v", damaged, err)
		}
	}
}
