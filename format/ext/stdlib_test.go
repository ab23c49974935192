package ext

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/oid"
)

// TestWhatStandardLibraryMadeIsRead reads a certificate and a request of
// crypto/x509, and makes every value again.
func TestWhatStandardLibraryMadeIsRead(t *testing.T) {
	key := newKey(t)
	network := func(s string) *net.IPNet {
		_, n, err := net.ParseCIDR(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	c := template(nil)
	c.IsCA, c.BasicConstraintsValid, c.MaxPathLenZero = true, true, true
	c.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageCRLSign | x509.KeyUsageDecipherOnly
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageOCSPSigning}
	c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{1, 2, 3, 99999}}
	c.SubjectKeyId, c.AuthorityKeyId = []byte{1, 2, 3}, []byte{4, 5, 6}
	c.DNSNames = []string{"a.example", "*.b.example"}
	c.EmailAddresses = []string{"a@host.example"}
	c.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 1), net.ParseIP("2001:db8::1")}
	c.URIs = []*url.URL{{Scheme: "https", Host: "host.example", Path: "/a"}}
	c.OCSPServer, c.IssuingCertificateURL = []string{"http://ocsp.example"}, []string{"http://ca.example/ca.crt"}
	c.CRLDistributionPoints = []string{"http://crl.example/1", "http://crl.example/2"}
	c.PolicyIdentifiers = []asn1.ObjectIdentifier{{1, 2, 3}}
	c.PermittedDNSDomainsCritical = true
	c.PermittedDNSDomains, c.ExcludedURIDomains = []string{".a.example"}, []string{"b.example"}
	c.PermittedIPRanges, c.ExcludedIPRanges = []*net.IPNet{network("10.0.0.0/8")}, []*net.IPNet{network("2001:db8::/33")}
	c.ExcludedEmailAddresses = []string{"a@b.example"}
	raw, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	list := extensionsOf(t, raw)
	if len(list) != 9 {
		t.Errorf("%d extensions, want 9", len(list))
	}
	for _, x := range list {
		again, err := remake(x)
		if err != nil || !bytes.Equal(again.Value, x.Value) {
			t.Errorf("%s: %x comes back as %x, %v", x.ID.Name(), x.Value, again.Value, err)
		}
	}
	san, _ := Find(list, oid.SubjectAltName)
	names, err := ParseSubjectAltName(san.Value)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, n := range names {
		texts = append(texts, n.String())
	}
	const want = "dns:a.example dns:*.b.example email:a@host.example ip:192.0.2.1 ip:2001:db8::1 uri:https://host.example/a"
	if got := strings.Join(texts, " "); got != want {
		t.Errorf("names %s, want %s", got, want)
	}
	constraints, _ := Find(list, oid.NameConstraints)
	read, err := ParseNameConstraints(constraints.Value)
	if err != nil || read.Permitted[1].String() != "ip:10.0.0.0/8" || read.Excluded[0].String() != "ip:2001:db8::/33" {
		t.Errorf("%v, %v", read, err)
	}
}

// TestListExtensionsAreReadByOthers puts the extensions of revocation lists
// into one, for crypto/x509 and openssl to read.
func TestListExtensionsAreReadByOthers(t *testing.T) {
	point, err := NewIssuingDistributionPoint(IssuingDistributionPoint{FullName: mustNames(t, "uri:http://crl.example/1"), OnlyUserCerts: true, OnlyReasons: 1 << 1, Indirect: true})
	mustMake(t, point, err)
	issuer := template([]Extension{NewBasicConstraints(BasicConstraints{CA: true, PathLen: -1}, true), NewKeyUsage(CRLSign), NewSubjectKeyIdentifier([]byte{9})})
	issuer.SubjectKeyId = []byte{9}
	issuer.KeyUsage = x509.KeyUsageCRLSign
	std := func(list ...Extension) []pkix.Extension { return template(list).ExtraExtensions }
	list := &x509.RevocationList{
		Number: big.NewInt(7), ThisUpdate: issuer.NotBefore, NextUpdate: issuer.NotAfter,
		ExtraExtensions: std(point, NewDeltaCRLIndicator(big.NewInt(5)), NewFreshestCRL([]string{"http://crl.example/delta"})),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: big.NewInt(1), RevocationTime: issuer.NotBefore, ReasonCode: 6, ExtraExtensions: std(
			NewInvalidityDate(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)), NewHoldInstruction(HoldInstructionReject), NewCertificateIssuer(mustNames(t, "dir:CN=other")),
		)}},
	}
	key := newKey(t)
	raw, err := x509.CreateRevocationList(rand.Reader, list, issuer, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseRevocationList(raw)
	if err != nil || parsed.RevokedCertificateEntries[0].ReasonCode != 6 {
		t.Fatalf("crypto/x509: %v", err)
	}
	path := filepath.Join(t.TempDir(), "crl.der")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	text := openssl(t, "crl", "-inform", "DER", "-in", path, "-noout", "-text")
	for _, want := range []string{
		"X509v3 Issuing Distribution Point: critical", "URI:http://crl.example/1", "Only User Certificates", "Only Some Reasons:", "Key Compromise", "Indirect CRL",
		"X509v3 Delta CRL Indicator: critical", "X509v3 Freshest CRL:", "Certificate Hold", "Jan  2 03:04:05 2026 GMT", "Hold Instruction Reject", "DirName:/CN=other",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("openssl does not print %q", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestAllocations(t *testing.T) {
	list := []Extension{
		NewBasicConstraints(BasicConstraints{PathLen: -1}, true), NewKeyUsage(DigitalSignature), NewExtKeyUsage([]oid.OID{oid.ServerAuth}, false),
		NewSubjectKeyIdentifier(make([]byte, 20)), NewAuthorityKeyIdentifier(make([]byte, 20)), NewSubjectAltName(mustNames(t, "dns:a.example"), false),
	}
	raw := Marshal(list)
	purposes := []oid.OID{oid.ServerAuth, oid.ClientAuth}
	for name, c := range map[string]struct {
		most float64
		f    func()
	}{
		"Parse":                     {1, func() { _, _ = Parse(raw) }},
		"Marshal":                   {1, func() { Marshal(list) }},
		"NewBasicConstraints":       {1, func() { NewBasicConstraints(BasicConstraints{CA: true, PathLen: 0}, true) }},
		"NewKeyUsage":               {2, func() { NewKeyUsage(DigitalSignature) }},
		"NewExtKeyUsage":            {1, func() { NewExtKeyUsage(purposes, false) }},
		"NewSubjectKeyIdentifier":   {1, func() { NewSubjectKeyIdentifier(raw[:20]) }},
		"NewAuthorityKeyIdentifier": {1, func() { NewAuthorityKeyIdentifier(raw[:20]) }},
		"ParseBasicConstraints":     {0, func() { _, _ = ParseBasicConstraints(list[0].Value) }},
		"ParseKeyUsage":             {0, func() { _, _ = ParseKeyUsage(list[1].Value) }},
		"ParseSubjectKeyIdentifier": {0, func() { _, _ = ParseSubjectKeyIdentifier(list[3].Value) }},
	} {
		if got := testing.AllocsPerRun(100, c.f); got > c.most {
			t.Errorf("%s: %v allocations, want %v", name, got, c.most)
		}
	}
}
