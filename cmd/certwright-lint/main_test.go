package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"
)

// certificate makes a server certificate that breaks rules of the web: three
// years long, and no subject alternative name.
func certificate(t *testing.T) []byte {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:      big.NewInt(7),
		Subject:           pkix.Name{CommonName: "a.example"},
		NotBefore:         time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:          time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC),
		ExtKeyUsage:       []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		PolicyIdentifiers: []asn1.ObjectIdentifier{{2, 23, 140, 1, 2, 1}},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func frame(der []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(der))), der...)
}

func TestServeAnswersEachRequestWithOneLine(t *testing.T) {
	in := append(frame(certificate(t)), frame([]byte("garbage"))...)
	var out bytes.Buffer
	if err := serve(bytes.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines for two requests:\n%s", len(lines), out.String())
	}
	var first, second answer
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(lines[1]), &second); err != nil {
		t.Fatal(err)
	}
	errors := 0
	for _, f := range first.Findings {
		if f.Severity == "error" {
			errors++
		}
		if f.Rule == "" || f.Detail == "" {
			t.Errorf("a finding without rule or detail: %+v", f)
		}
	}
	if errors == 0 {
		t.Errorf("no errors for a certificate that breaks the web's rules: %s", lines[0])
	}
	if !strings.HasPrefix(second.Error, "the web's rules cannot be applied: ") {
		t.Errorf("garbage: %s", lines[1])
	}
}

func TestServeRefusesBrokenFrames(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"\x00\x00", "the input ends inside a length"},
		{"\x00\x00\x00\x05abc", "the input ends inside a certificate"},
		{"\xff\xff\xff\xff", "a certificate of 4294967295 octets is announced; the most is 1048576"},
	} {
		err := serve(strings.NewReader(c.in), &bytes.Buffer{})
		if err == nil || err.Error() != c.want {
			t.Errorf("%x: %v, want %s", c.in, err, c.want)
		}
	}
}

func TestSentence(t *testing.T) {
	for _, c := range []struct{ rule, found, want string }{
		{"Certificates must have a name.", "", "it is against the rule: Certificates must have a name"},
		{"Certificates must have a name.", "there is none", "there is none (the rule: Certificates must have a name)"},
		{"", "there is none.", "there is none"},
	} {
		if got := sentence(c.rule, c.found); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
