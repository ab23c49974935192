package chain

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
)

var now = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

const days = 24 * time.Hour

// entity is a certificate with its key, made by the standard library, which
// is asked for a second opinion on it.
type entity struct {
	key    *ecdsa.PrivateKey
	std    *x509.Certificate
	parsed *cert.Certificate
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// issue makes a certificate of the template; a nil issuer makes it self-signed.
func issue(t testing.TB, template *x509.Certificate, issuer *entity) *entity {
	t.Helper()
	e := &entity{key: newKey(t)}
	parent, signer := template, e.key
	if issuer != nil {
		parent, signer = issuer.std, issuer.key
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, e.key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	if e.std, err = x509.ParseCertificate(raw); err != nil {
		t.Fatal(err)
	}
	if e.parsed, err = cert.Parse(raw); err != nil {
		t.Fatal(err)
	}
	return e
}

func authority(serial int64, name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-30 * days), NotAfter: now.Add(300 * days),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func server(serial int64, names ...string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "leaf"}, DNSNames: names,
		NotBefore: now.Add(-days), NotAfter: now.Add(89 * days),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
}

// bend changes a template at random, often in ways that break the path.
func bend(random *mathrand.Rand, c *x509.Certificate, depth int) {
	if random.IntN(3) != 0 {
		return
	}
	switch random.IntN(12) {
	case 0:
		c.NotAfter = now.Add(-2 * days)
	case 1:
		c.NotBefore = now.Add(2 * days)
	case 2:
		if depth > 0 {
			c.IsCA = false
		}
	case 3:
		if c.IsCA {
			c.MaxPathLen, c.MaxPathLenZero = random.IntN(2), true
		}
	case 4:
		if depth > 0 {
			c.KeyUsage = x509.KeyUsageCRLSign
		}
	case 5:
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	case 6:
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	case 7:
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
	case 8:
		if c.IsCA {
			c.PermittedDNSDomains, c.PermittedDNSDomainsCritical = [][]string{{"example"}, {"a.example"}, {"other.example"}}[random.IntN(3)], true
		}
	case 9:
		if c.IsCA {
			c.ExcludedDNSDomains, c.PermittedDNSDomainsCritical = [][]string{{"b.example"}, {"www.a.example"}}[random.IntN(2)], true
		}
	case 10:
		if c.IsCA {
			_, v4, _ := net.ParseCIDR([]string{"192.0.2.0/24", "198.51.100.0/24"}[random.IntN(2)])
			c.PermittedIPRanges, c.PermittedDNSDomainsCritical = []*net.IPNet{v4}, true
		}
	case 11:
		c.ExtraExtensions = []pkix.Extension{{Id: []int{1, 3, 6, 1, 4, 1, 99999, 1}, Critical: random.IntN(2) == 0, Value: []byte{5, 0}}}
	}
}

// hierarchy is a root, authorities under it, and a leaf; element 0 is the leaf.
func hierarchy(t testing.TB, random *mathrand.Rand) []*entity {
	t.Helper()
	root := authority(1, "root")
	bend(random, root, 3)
	all := []*entity{issue(t, root, nil)}
	for level := range random.IntN(3) {
		c := authority(int64(level+2), "authority "+strconv.Itoa(level))
		bend(random, c, 2)
		all = append([]*entity{issue(t, c, all[0])}, all...)
	}
	leaf := server(99, [][]string{{"a.example"}, {"*.a.example"}, {"www.a.example", "b.example"}}[random.IntN(3)]...)
	if random.IntN(3) == 0 {
		leaf.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 7).To4()}
	}
	bend(random, leaf, 0)
	issuer := all[0]
	if random.IntN(12) == 0 {
		// Another key under the same name and identifier.
		other := *all[0].std
		issuer = &entity{key: newKey(t), std: &other}
		other.PublicKey = issuer.key.Public()
	}
	return append([]*entity{issue(t, leaf, issuer)}, all...)
}

func parsed(list []*entity) (out []*cert.Certificate) {
	for _, e := range list {
		out = append(out, e.parsed)
	}
	return out
}

func explain(r Result) string {
	var lines []string
	for _, c := range r.Problems() {
		lines = append(lines, c.Name+": "+c.Detail)
	}
	return strings.Join(lines, "\n")
}

func TestLikeStandardLibrary(t *testing.T) {
	random := mathrand.New(mathrand.NewPCG(3, 4))
	verdicts := map[bool]int{}
	for range 600 {
		all := hierarchy(t, random)
		host := []string{"a.example", "www.a.example", "b.example", "x.y.a.example", "192.0.2.7", "WWW.A.EXAMPLE."}[random.IntN(6)]
		leaf, root, middle := all[0], all[len(all)-1], all[1:len(all)-1]
		if len(middle) > 0 && random.IntN(10) == 0 {
			middle = middle[1:]
		}
		o := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: now, DNSName: host}
		o.Roots.AddCert(root.std)
		for _, e := range middle {
			o.Intermediates.AddCert(e.std)
		}
		_, err := leaf.std.Verify(o)
		r := Verify(leaf.parsed, parsed(middle), parsed([]*entity{root}), Options{Now: now, Purpose: Server, Host: host})
		if r.Valid != (err == nil) {
			t.Fatalf("the standard library says %v, and we say\n%s", err, explain(r))
		}
		verdicts[r.Valid]++
	}
	if verdicts[true] < 50 || verdicts[false] < 50 {
		t.Errorf("the hierarchies are one-sided: %v", verdicts)
	}
}

func pemFile(t *testing.T, dir, name string, label string, blocks ...[]byte) string {
	t.Helper()
	var b bytes.Buffer
	for _, raw := range blocks {
		fmt.Fprintf(&b, "-----BEGIN %s-----\n", label)
		encoded := toBase64(raw)
		for len(encoded) > 64 {
			b.WriteString(encoded[:64] + "\n")
			encoded = encoded[64:]
		}
		fmt.Fprintf(&b, "%s\n-----END %s-----\n", encoded, label)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// openssl runs `openssl verify` and reports its verdict and its words.
func openssl(t *testing.T, args ...string) (bool, string) {
	t.Helper()
	out, err := exec.Command("openssl", append([]string{"verify"}, args...)...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("the tests compare with the openssl command (Debian package openssl), which does not run: %v", err)
	}
	return err == nil, string(out)
}

func TestLikeOpenSSL(t *testing.T) {
	random := mathrand.New(mathrand.NewPCG(5, 6))
	dir := t.TempDir()
	verdicts := map[bool]int{}
	for range 150 {
		all := hierarchy(t, random)
		leaf, root, middle := all[0], all[len(all)-1], all[1:len(all)-1]
		lists := publish(t, random, all)
		args := []string{"-attime", strconv.FormatInt(now.Unix(), 10), "-purpose", "sslserver", "-x509_strict", "-trusted", pemFile(t, dir, "root.pem", "CERTIFICATE", root.std.Raw)}
		if len(middle) > 0 {
			var raws [][]byte
			for _, e := range middle {
				raws = append(raws, e.std.Raw)
			}
			args = append(args, "-untrusted", pemFile(t, dir, "middle.pem", "CERTIFICATE", raws...))
		}
		o := Options{Now: now, Purpose: Server}
		if random.IntN(2) == 0 {
			var raws [][]byte
			for _, l := range lists {
				raws = append(raws, l.Raw)
			}
			args = append(args, "-crl_check_all", "-CRLfile", pemFile(t, dir, "lists.pem", "X509 CRL", raws...))
			o.CRLs, o.RequireRevocation = lists, true
		}
		args = append(args, pemFile(t, dir, "leaf.pem", "CERTIFICATE", leaf.std.Raw))
		want, words := openssl(t, args...)
		r := Verify(leaf.parsed, parsed(middle), parsed([]*entity{root}), o)
		if want && strings.HasPrefix(explain(r), "nameConstraints: ") && strings.Contains(explain(r), "dns:*.a.example is in the excluded subtree dns:www.a.example") {
			continue // OpenSSL 3.0 lets a wildcard cover what is excluded
		}
		if !want && r.Valid && strings.Contains(words, "unsuitable certificate purpose") && slices.ContainsFunc(all, forAny) {
			continue // OpenSSL does not count anyExtendedKeyUsage as a TLS server's
		}
		if r.Valid != want {
			t.Fatalf("openssl says\n%s\nand we say\n%s", words, explain(r))
		}
		verdicts[r.Valid]++
	}
	if verdicts[true] < 20 || verdicts[false] < 20 {
		t.Errorf("the hierarchies are one-sided: %v", verdicts)
	}
}

func forAny(e *entity) bool { return slices.Contains(e.std.ExtKeyUsage, x509.ExtKeyUsageAny) }

// publish makes the revocation lists of every authority, some of them late,
// some with one of the certificates in them.
func publish(t testing.TB, random *mathrand.Rand, all []*entity) []*crl.List {
	t.Helper()
	var lists []*crl.List
	for i, e := range all[1:] {
		template := &x509.RevocationList{Number: big.NewInt(int64(i + 1)), ThisUpdate: now.Add(-days), NextUpdate: now.Add(days)}
		switch random.IntN(9) {
		case 0:
			template.NextUpdate = now.Add(-time.Hour)
		case 1:
			template.RevokedCertificateEntries = []x509.RevocationListEntry{{SerialNumber: all[i].std.SerialNumber, RevocationTime: now.Add(-2 * days), ReasonCode: 1}}
		case 2:
			continue
		case 3:
			template.RevokedCertificateEntries = []x509.RevocationListEntry{{SerialNumber: big.NewInt(77), RevocationTime: now.Add(-2 * days)}}
		}
		issuer := *e.std
		issuer.KeyUsage |= x509.KeyUsageCRLSign
		if len(issuer.SubjectKeyId) == 0 {
			issuer.SubjectKeyId = []byte{1}
		}
		raw, err := x509.CreateRevocationList(rand.Reader, template, &issuer, e.key)
		if err != nil {
			t.Fatal(err)
		}
		l, err := crl.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		lists = append(lists, l)
	}
	return lists
}

func toBase64(raw []byte) string { return base64.StdEncoding.EncodeToString(raw) }
