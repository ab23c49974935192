package openssl

import (
	"encoding/asn1"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDamagedKeysAreShown changes one number after the other of an RSA key.
func TestDamagedKeysAreShown(t *testing.T) {
	dir := t.TempDir()
	reference(t, dir, "", "genrsa", "-out", "k", "1024")
	reference(t, dir, "", "rsa", "-in", "k", "-traditional", "-outform", "DER", "-out", "k.der")
	whole, err := os.ReadFile(filepath.Join(dir, "k.der"))
	if err != nil {
		t.Fatal(err)
	}
	for at := 1; at < 9; at++ {
		var numbers []*big.Int
		if _, err := asn1.Unmarshal(whole, &numbers); err != nil {
			t.Fatal(err)
		}
		numbers[at].Xor(numbers[at], big.NewInt(0x400))
		data, err := asn1.Marshal(numbers)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "bad"), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{
			"rsa", "rsa -check -noout", "rsa -text -noout", "rsa -modulus -noout", "rsa -pubout", "rsa -traditional",
			"pkey", "pkey -text -noout", "pkey -pubout", "pkey -check -noout", "pkey -outform DER",
		} {
			args := append(strings.Fields(line), "-in", "bad")
			want, said, code := reference(t, dir, "", args...)
			got, talk, ours := run(dir, "", args...)
			if got != want || ours != code {
				t.Errorf("%s of a key whose number %d is damaged: exit code %d, want %d (%s)\n%s\nwant\n%s", line, at, ours, code, talk, got, want)
			}
			if strings.Contains(said, "RSA key not ok\n") != strings.Contains(talk, "RSA key not ok\n") {
				t.Errorf("%s of a key whose number %d is damaged says %s", line, at, talk)
			}
		}
	}
	if _, talk, code := run(dir, "", "req", "-new", "-key", "bad", "-subj", "/CN=x"); code != 1 || !strings.Contains(talk, "the numbers of the RSA key do not belong together") {
		t.Errorf("signing with a damaged key: exit code %d, %s", code, talk)
	}
}

// TestKeysThatCannotBeChecked does not call keys wrong that nothing is known
// about.
func TestKeysThatCannotBeChecked(t *testing.T) {
	dir := t.TempDir()
	reference(t, dir, "", "ecparam", "-name", "sect283k1", "-genkey", "-noout", "-out", "k")
	for _, command := range []string{"pkey", "ec"} {
		out, talk, code := run(dir, "", command, "-in", "k", "-check", "-noout")
		want := command + ": the key cannot be checked: the curve sect283k1 is not one that is computed with\n"
		if out != "" || code != 1 || strings.TrimPrefix(talk, "read EC key\n") != want {
			t.Errorf("%s -check: exit code %d, %q, %q; want 1, %q", command, code, out, talk, want)
		}
	}
}
