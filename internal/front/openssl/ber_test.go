package openssl

import (
	"encoding/pem"
	"strings"
	"testing"
)

// TestOuterLengthsMayBeLeftOpen reads what has no length outside, as openssl
// does; what is signed is DER.
func TestOuterLengthsMayBeLeftOpen(t *testing.T) {
	w := newTwin(t)
	for file, line := range map[string]string{"open.pem": "x509 -in l.pem -outform DER", "open.csr": "req -in san.csr -outform DER", "open.crl": "crl -in root.crl -outform DER"} {
		raw, talk, code := reference(t, w.theirs, "", strings.Fields(line)...)
		if code != 0 {
			t.Fatal(talk)
		}
		open := raw[:1] + "\x80" + raw[4:] + "\x00\x00" // each has two octets of length
		label := map[string]string{"pem": "CERTIFICATE", "csr": "CERTIFICATE REQUEST", "crl": "X509 CRL"}[file[5:]]
		w.put(t, file, pem.EncodeToMemory(&pem.Block{Type: label, Bytes: []byte(open)}))
		w.put(t, file+".der", []byte(open))
	}
	for _, line := range []string{
		"x509 -in open.pem -text", "x509 -in open.pem.der -inform DER -fingerprint -noout", "verify -CAfile root.pem open.pem", "req -in open.csr -text", "req -in open.csr.der -inform DER -verify", "req -in open.csr -subject -modulus",
		"x509 -req -in open.csr -CA root.pem -CAkey k.pem -set_serial 3 -copy_extensions copy", "crl -in open.crl -text", "crl -in open.crl.der -inform DER -CAfile root.pem -noout", "verify -crl_check -CAfile root.pem -CRLfile open.crl l.pem",
		"crl2pkcs7 -in open.crl -certfile open.pem",
	} {
		w.compare(t, "", line)
	}
}
