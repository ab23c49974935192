package server

import (
	"crypto/rand"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/config"
)

// Certificates from elsewhere are read in the forms that people have them in, and
// what cannot be read is said in words, with what to do.
func TestForeignCertificatesInAnyForm(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(at(name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	elsewhere(t, at("both.pem"), 7, time.Now(), time.Now().Add(time.Hour))
	text, err := os.ReadFile(at("both.pem"))
	if err != nil {
		t.Fatal(err)
	}
	keyBlock, rest := pem.Decode(text)
	certificate, _ := pem.Decode(rest)
	write("key.pem", pem.EncodeToMemory(keyBlock))
	write("key.der", keyBlock.Bytes)
	write("crt.der", certificate.Bytes)
	lines := strings.Split(strings.TrimSpace(string(pem.EncodeToMemory(certificate))), "\n")
	write("crt.b64", []byte(strings.Join(lines[1:len(lines)-1], "\n")))
	write("none", []byte("hello"))
	private, err := key.ReadPrivate(keyBlock.Bytes, nil)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := key.EncryptPKCS8(private, []byte("secret"), key.EncryptOptions{}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	write("sealed.key", pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: sealed}))
	elsewhere(t, at("other.pem"), 8, time.Now(), time.Now().Add(time.Hour))
	for _, c := range []struct{ certificate, key, cause, fix string }{
		{"both.pem", "both.pem", "", ""}, {"crt.der", "key.pem", "", ""}, {"crt.der", "key.der", "", ""}, {"crt.b64", "both.pem", "", ""},
		{"crt.der", "sealed.key", "the key is encrypted, and a server has nobody to ask for its passphrase", "certwright key convert " + at("sealed.key") + " --no-passphrase --out FILE, and name that file by server.key"},
		{"nothere", "key.pem", "there is no file " + at("nothere"), "name the file of the certificate by server.certificate, and that of its key by server.key"},
		{"crt.der", "nothere", "there is no file " + at("nothere"), "name the file of the certificate by server.certificate, and that of its key by server.key"},
		{"none", "key.pem", "there is no certificate in it", "certwright inspect " + at("none")},
		{"crt.der", "none", "there is no private key in it", "certwright inspect " + at("none")},
		{"crt.der", "other.pem", "the key is not that of the certificate", "certwright match " + at("crt.der") + " " + at("other.pem")},
	} {
		got, err := foreign(at(c.certificate), at(c.key))
		if c.cause == "" {
			if err != nil || got.Leaf.SerialNumber.Int64() != 7 {
				t.Errorf("%s, %s: %v", c.certificate, c.key, err)
			}
			continue
		}
		fault, ok := err.(*config.Fault)
		if !ok || !strings.Contains(fault.Detail, c.cause) || !strings.Contains(fault.Fix, c.fix) || strings.Contains(fault.Detail, "tls: ") {
			t.Errorf("%s, %s: %v", c.certificate, c.key, err)
		}
	}
}
