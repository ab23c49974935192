package pkcs10

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/specimen"
)

func newKey(t testing.TB) (*key.Private, key.SignatureAlgorithm) {
	t.Helper()
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return wrap(t, signer)
}

func wrap(t testing.TB, signer crypto.Signer) (*key.Private, key.SignatureAlgorithm) {
	t.Helper()
	public, err := key.MarshalPublic(signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	alg, err := key.ChooseSignatureAlgorithm(public, "", false)
	if err != nil {
		t.Fatal(err)
	}
	return &key.Private{Signer: signer, Key: signer, Public: public}, alg
}

func template(t testing.TB) Template {
	t.Helper()
	subject, err := dn.ParseText("CN=www.example.org,O=Specimens")
	if err != nil {
		t.Fatal(err)
	}
	san, err := ext.ParseGeneralName("dns:www.example.org")
	if err != nil {
		t.Fatal(err)
	}
	password, err := NewTextAttribute(oid.ChallengePassword, "secret")
	if err != nil {
		t.Fatal(err)
	}
	unstructured, err := NewTextAttribute(oid.UnstructuredName, "a name")
	if err != nil {
		t.Fatal(err)
	}
	return Template{
		Subject:    subject,
		Extensions: []ext.Extension{ext.NewSubjectAltName([]ext.GeneralName{san}, false), ext.NewKeyUsage(ext.DigitalSignature)},
		Attributes: []Attribute{unstructured, password},
	}
}

func TestCreateIsTakenByOthers(t *testing.T) {
	k, alg := newKey(t)
	r, err := Create(template(t), k, alg)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Deviations) > 0 {
		t.Errorf("deviations %q", r.Deviations)
	}
	if err := r.CheckSignature(); err != nil {
		t.Error(err)
	}
	std, err := x509.ParseCertificateRequest(r.Raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := std.CheckSignature(); err != nil {
		t.Error(err)
	}
	if std.Subject.CommonName != "www.example.org" || len(std.DNSNames) != 1 || len(std.Extensions) != 2 {
		t.Errorf("crypto/x509 reads %v, %v, %v", std.Subject, std.DNSNames, std.Extensions)
	}
	text, talk, ok := specimen.OpenSSL(t, r.Raw, "req", "-inform", "DER", "-verify", "-noout", "-text")
	if !ok || !strings.Contains(talk, "verify OK") {
		t.Fatalf("openssl req -verify: %s", talk)
	}
	for _, want := range []string{"CN = www.example.org", "challengePassword", "secret", "unstructuredName", "DNS:www.example.org", "Digital Signature"} {
		if !strings.Contains(text, want) {
			t.Errorf("openssl does not show %q in %s", want, text)
		}
	}
}

func TestCreateByEveryKey(t *testing.T) {
	for _, kind := range []string{"rsa-2048", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87"} {
		k, err := key.Generate(kind, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		for _, pss := range []bool{false, true} {
			if pss && kind != "rsa-2048" {
				continue
			}
			alg, err := key.ChooseSignatureAlgorithm(k.Public, "", pss)
			if err != nil {
				t.Fatal(err)
			}
			r, err := Create(template(t), k, alg)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.CheckSignature(); err != nil || len(r.Deviations) > 0 {
				t.Errorf("%s: %v, %q", kind, err, r.Deviations)
			}
			if strings.HasPrefix(kind, "ml-dsa") {
				continue // OpenSSL 3.0 does not know it
			}
			if _, talk, ok := specimen.OpenSSL(t, r.Raw, "req", "-inform", "DER", "-verify", "-noout"); !ok || !strings.Contains(talk, "verify OK") {
				t.Errorf("%s: openssl req -verify: %s", kind, talk)
			}
		}
	}
}

func TestCreateWithNothing(t *testing.T) {
	k, alg := newKey(t)
	r, err := Create(Template{}, k, alg)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Attributes) != 0 || !r.Subject.IsEmpty() || len(r.Deviations) != 0 {
		t.Errorf("%+v", r)
	}
	if _, err := x509.ParseCertificateRequest(r.Raw); err != nil {
		t.Error(err)
	}
}

func TestCreateRefuses(t *testing.T) {
	k, alg := newKey(t)
	whole := template(t)
	for _, test := range []struct {
		want     string
		template Template
		key      *key.Private
	}{
		{"a key of type EC P-256 cannot sign, and a PKCS#10 request must be signed by its own key", whole, &key.Private{Public: k.Public}},
		{"an attribute has no type", Template{Attributes: []Attribute{{}}}, k},
		{"the attribute challengePassword has no value", Template{Attributes: []Attribute{{ID: oid.ChallengePassword}}}, k},
		{"a value of the attribute challengePassword is not DER: ", Template{Attributes: []Attribute{{ID: oid.ChallengePassword, Values: [][]byte{{1}}}}}, k},
		{"the extensions are given twice", Template{
			Extensions: whole.Extensions,
			Attributes: []Attribute{{ID: oid.ExtensionRequest, Values: [][]byte{{0x30, 0}}}},
		}, k},
	} {
		if _, err := Create(test.template, test.key, alg); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %q", err, test.want)
		}
	}
}

// TestAgreesWithX509 reads what crypto/x509 writes, and compares every field.
func TestAgreesWithX509(t *testing.T) {
	k, _ := newKey(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[A-Za-z0-9 ]{1,20}`)
		host := rapid.StringMatching(`[a-z]{1,10}\.example`)
		in := &x509.CertificateRequest{
			Subject: pkix.Name{
				CommonName:   text.Draw(t, "cn"),
				Organization: rapid.SliceOfN(text, 0, 3).Draw(t, "o"),
				Country:      rapid.SliceOfN(rapid.StringMatching(`[A-Z]{2}`), 0, 1).Draw(t, "c"),
			},
			DNSNames: rapid.SliceOfN(host, 0, 4).Draw(t, "dns"),
		}
		if rapid.Bool().Draw(t, "ip") {
			in.IPAddresses = []net.IP{rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "address")}
		}
		raw, err := x509.CreateCertificateRequest(rand.Reader, in, k.Signer)
		if err != nil {
			t.Fatal(err)
		}
		std, err := x509.ParseCertificateRequest(raw)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, raw, std)
	})
}

func compare(t *rapid.T, raw []byte, std *x509.CertificateRequest) {
	r, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.CheckSignature(); err != nil {
		t.Error(err)
	}
	extensions, err := r.Extensions()
	if err != nil || len(extensions) != len(std.Extensions) {
		t.Fatalf("extensions %v, %v, want %v", extensions, err, std.Extensions)
	}
	for i, e := range extensions {
		s := std.Extensions[i]
		if e.ID.String() != s.Id.String() || e.Critical != s.Critical || !bytes.Equal(e.Value, s.Value) {
			t.Errorf("extension %v, want %v", e, s)
		}
	}
	for _, pair := range [][2][]byte{
		{r.Raw, std.Raw}, {r.RawInfo, std.RawTBSCertificateRequest}, {r.Subject.Raw, std.RawSubject},
		{r.PublicKey.Raw, std.RawSubjectPublicKeyInfo}, {r.Signature, std.Signature}, {rebuild(r), raw},
	} {
		if !bytes.Equal(pair[0], pair[1]) {
			t.Errorf("%x, want %x", pair[0], pair[1])
		}
	}
	if r.Version != std.Version || len(r.Deviations) != 0 {
		t.Errorf("version %d, deviations %q", r.Version, r.Deviations)
	}
}

func BenchmarkParse(b *testing.B) {
	raw := specimen.DER(b, "p256.csr")
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
			if _, err := x509.ParseCertificateRequest(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("strict", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := der.Strict(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
}
