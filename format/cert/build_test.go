package cert

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/specimen"
)

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestAgreesWithX509 has crypto/x509 write certificates of random templates,
// reads them, compares every field, and writes them again byte for byte.
func TestAgreesWithX509(t *testing.T) {
	k := newKey(t)
	rapid.Check(t, func(t *rapid.T) {
		in := drawTemplate(t)
		raw, err := x509.CreateCertificate(rand.Reader, in, in, k.Public(), k)
		if err != nil {
			t.Fatal(err)
		}
		std, err := x509.ParseCertificate(raw)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, c, std)
		if err := c.CheckSignature(c.PublicKey); err != nil {
			t.Error(err)
		}
		if again := rebuild(c, c.SignatureAlgorithm); !bytes.Equal(again, raw) {
			t.Errorf("written again it is %x, it was %x", again, raw)
		}
		for i := range c.Extensions {
			c.Extensions[i].Raw = nil
		}
		if again := rebuild(c, c.SignatureAlgorithm); !bytes.Equal(again, raw) {
			t.Errorf("with extensions made anew it is %x, it was %x", again, raw)
		}
	})
}

func drawTemplate(t *rapid.T) *x509.Certificate {
	text := rapid.StringMatching(`[A-Za-z0-9 ]{1,40}`)
	start := time.Unix(rapid.Int64Range(-631152000, 4102444800).Draw(t, "notBefore"), 0)
	in := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 1, 19).Draw(t, "serial")),
		Subject: pkix.Name{
			CommonName:         text.Draw(t, "cn"),
			OrganizationalUnit: rapid.SliceOfN(text, 0, 3).Draw(t, "ou"),
		},
		NotBefore:             start,
		NotAfter:              start.Add(time.Duration(rapid.Int64Range(0, 40*365*24).Draw(t, "hours")) * time.Hour),
		KeyUsage:              x509.KeyUsage(rapid.IntRange(0, 511).Draw(t, "usage")),
		BasicConstraintsValid: rapid.Bool().Draw(t, "basic"),
		IsCA:                  rapid.Bool().Draw(t, "ca"),
		DNSNames:              rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,30}\.example`), 0, 6).Draw(t, "dns"),
		SubjectKeyId:          rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "keyid"),
	}
	in.SerialNumber.Add(in.SerialNumber, big.NewInt(1))
	in.IsCA = in.IsCA && in.BasicConstraintsValid
	if rapid.Bool().Draw(t, "ip") {
		in.IPAddresses = []net.IP{{192, 0, 2, 1}}
	}
	if rapid.Bool().Draw(t, "server") {
		in.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	return in
}

func compare(t *rapid.T, c *Certificate, std *x509.Certificate) {
	for _, pair := range [][2][]byte{
		{c.Raw, std.Raw}, {c.RawTBS, std.RawTBSCertificate}, {c.Subject.Raw, std.RawSubject}, {c.Issuer.Raw, std.RawIssuer},
		{c.PublicKey.Raw, std.RawSubjectPublicKeyInfo}, {c.SignatureValue, std.Signature},
	} {
		if !bytes.Equal(pair[0], pair[1]) {
			t.Errorf("%x, want %x", pair[0], pair[1])
		}
	}
	if c.Version != std.Version || c.Serial.Cmp(std.SerialNumber) != 0 || !c.NotBefore.Equal(std.NotBefore) || !c.NotAfter.Equal(std.NotAfter) {
		t.Errorf("version %d, serial number %v, from %v to %v", c.Version, c.Serial, c.NotBefore, c.NotAfter)
	}
	if len(c.Extensions) != len(std.Extensions) || len(c.Deviations) != 0 {
		t.Fatalf("extensions %v, deviations %q", c.Extensions, c.Deviations)
	}
	for i, e := range c.Extensions {
		s := std.Extensions[i]
		if e.ID.String() != s.Id.String() || e.Critical != s.Critical || !bytes.Equal(e.Value, s.Value) {
			t.Errorf("extension %v, want %v", e, s)
		}
	}
	if got, want := len(c.SubjectAltNames()), len(std.DNSNames)+len(std.IPAddresses); got != want {
		t.Errorf("%d alternative names, want %d", got, want)
	}
}

func TestBuildAppends(t *testing.T) {
	c := parse(t, "leaf.crt")
	tbs := &TBS{
		Serial: []byte{0, 0, 0x81}, Signature: c.Signature.Raw, Issuer: c.Issuer.Raw, NotBefore: c.NotBefore,
		NotAfter: c.NotAfter, Subject: c.Subject.Raw, PublicKey: c.PublicKey.Raw, Extensions: c.Extensions,
	}
	short := AppendTBS([]byte("before"), tbs)
	roomy := AppendTBS(append(make([]byte, 0, 4096), "before"...), tbs)
	if !bytes.Equal(short, roomy) || !bytes.HasPrefix(short, []byte("before\x30")) {
		t.Errorf("AppendTBS gives %x and %x", short, roomy)
	}
	whole := Assemble([]byte("before"), short[len("before"):], c.SignatureAlgorithm.Raw, c.SignatureValue)
	again, err := Parse(bytes.TrimPrefix(whole, []byte("before")))
	if err != nil || again.Serial.Int64() != 0x81 || len(again.Deviations) != 0 {
		t.Errorf("%v, %+v", err, again)
	}
}

func TestBuildAllocatesNothing(t *testing.T) {
	c := parse(t, "leaf.crt")
	made := []ext.Extension{{ID: oid.SubjectKeyIdentifier, Critical: true, Value: []byte{4, 1, 1}}, c.Extensions[0]}
	tbs := &TBS{
		Serial: c.SerialBytes, Signature: c.Signature.Raw, Issuer: c.Issuer.Raw, NotBefore: c.NotBefore,
		NotAfter: c.NotAfter, Subject: c.Subject.Raw, PublicKey: c.PublicKey.Raw, Extensions: made,
	}
	buf, out := make([]byte, 0, 4096), make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() {
		buf = AppendTBS(buf[:0], tbs)
		out = Assemble(out[:0], buf, c.SignatureAlgorithm.Raw, c.SignatureValue)
	}); n != 0 {
		t.Errorf("building a certificate allocates %v times", n)
	}
}

func BenchmarkBuild(b *testing.B) {
	c, err := Parse(specimen.DER(b, "leaf.crt"))
	if err != nil {
		b.Fatal(err)
	}
	tbs := &TBS{
		Serial: c.SerialBytes, Signature: c.Signature.Raw, Issuer: c.Issuer.Raw, NotBefore: c.NotBefore,
		NotAfter: c.NotAfter, Subject: c.Subject.Raw, PublicKey: c.PublicKey.Raw, Extensions: c.Extensions,
	}
	buf, out := make([]byte, 0, 4096), make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendTBS(buf[:0], tbs)
		out = Assemble(out[:0], buf, c.SignatureAlgorithm.Raw, c.SignatureValue)
	}
}

func BenchmarkParse(b *testing.B) {
	raw := specimen.DER(b, "leaf.crt")
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Parse(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("x509", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := x509.ParseCertificate(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// TestBuiltIsTakenByOthers issues a certificate under the root of the
// specimens, with names and serial number of every length.
func TestBuiltIsTakenByOthers(t *testing.T) {
	root := parse(t, "root.crt")
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(specimen.File(t, "root.crt"))
	block, _ := pem.Decode(specimen.File(t, "root.key"))
	signer, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	alg, err := key.ChooseSignatureAlgorithm(root.PublicKey, "", false)
	if err != nil {
		t.Fatal(err)
	}
	rootFile := filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(rootFile, specimen.File(t, "root.crt"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, names := range []int{1, 3, 20, 900} {
		var list []ext.GeneralName
		for n := range names {
			list = append(list, ext.NewGeneralName(ext.DNS, fmt.Appendf(nil, "host%d.example", n)))
		}
		tbs := AppendTBS(nil, &TBS{
			Serial: bytes.Repeat([]byte{0xf0}, 1+6*i), Signature: alg.Identifier.Raw, Issuer: root.Subject.Raw,
			NotBefore: root.NotBefore, NotAfter: root.NotAfter, Subject: dn.Empty().Raw, PublicKey: root.PublicKey.Raw,
			Extensions: []ext.Extension{ext.NewSubjectAltName(list, true), ext.NewKeyUsage(ext.DigitalSignature), ext.NewAuthorityKeyIdentifier(root.PublicKey.Identifier())},
		})
		signature, err := key.Sign(signer.(crypto.Signer), alg, tbs)
		if err != nil {
			t.Fatal(err)
		}
		raw := Assemble(nil, tbs, alg.Identifier.Raw, signature)
		std, err := x509.ParseCertificate(raw)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := std.Verify(x509.VerifyOptions{Roots: pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil || len(std.DNSNames) != names {
			t.Errorf("crypto/x509: %v, %d names", err, len(std.DNSNames))
		}
		out, talk, ok := specimen.OpenSSL(t, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), "verify", "-x509_strict", "-CAfile", rootFile)
		if !ok || !strings.Contains(out, "OK") {
			t.Errorf("openssl verify: %s%s", out, talk)
		}
	}
}
