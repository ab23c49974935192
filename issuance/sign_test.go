package issuance_test

import (
	"crypto/rand"
	"crypto/x509"
	"testing"
	"time"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func newKey(t testing.TB, kind string) *key.Private {
	t.Helper()
	k, err := key.Generate(kind, rand.Reader)
	if err != nil {
		t.Fatalf("making a key: %v", err)
	}
	return k
}

func name(t testing.TB, text string) dn.Name {
	t.Helper()
	if text == "" {
		return dn.Empty()
	}
	n, err := dn.ParseText(text)
	if err != nil {
		t.Fatalf("reading the name %q: %v", text, err)
	}
	return n
}

func generalNames(t testing.TB, texts ...string) []ext.GeneralName {
	t.Helper()
	var out []ext.GeneralName
	for _, text := range texts {
		n, err := ext.ParseGeneralName(text)
		if err != nil {
			t.Fatalf("reading the name %q: %v", text, err)
		}
		out = append(out, n)
	}
	return out
}

func newRequest(t testing.TB, k *key.Private, subject string, extensions ...ext.Extension) *request.Request {
	t.Helper()
	alg, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pkcs10.Create(pkcs10.Template{Subject: name(t, subject), Extensions: extensions}, k, alg)
	if err != nil {
		t.Fatalf("making a request: %v", err)
	}
	list, err := request.Parse(p.Raw)
	if err != nil || len(list) != 1 {
		t.Fatalf("reading the request back: %v", err)
	}
	return list[0]
}

func proven(r *request.Request) evidence.Evidence {
	return evidence.Of(r, evidence.Origin{Door: "test", Requester: "tester", Entitled: evidence.Operator()}, nil)
}

func profile(t testing.TB, name string) *issuance.Profile {
	t.Helper()
	p, ok := issuance.BuiltInProfile(name)
	if !ok {
		t.Fatalf("no built-in profile %s", name)
	}
	return p
}

type authority struct {
	key    *key.Private
	issuer *issuance.Issuer
	cert   *cert.Certificate
}

// newRoot makes a root and the issuer that it is.
func newRoot(t testing.TB, kind string, c issuance.IssuerConfig, extensions ...ext.Extension) authority {
	t.Helper()
	k := newKey(t, kind)
	r := newRequest(t, k, "CN=Test Root,O=Example", extensions...)
	self, err := issuance.NewSelfIssuer(r, issuance.IssuerConfig{Signer: k.Signer})
	if err != nil {
		t.Fatal(err)
	}
	issued := issue(t, profile(t, "root"), r, self)
	root, err := cert.Parse(issued.DER)
	if err != nil {
		t.Fatalf("reading the root: %v", err)
	}
	c.Certificate, c.Signer = root, k.Signer
	i, err := issuance.NewIssuer(c)
	if err != nil {
		t.Fatal(err)
	}
	return authority{k, i, root}
}

func issue(t testing.TB, p *issuance.Profile, r *request.Request, i *issuance.Issuer) *issuance.Issued {
	t.Helper()
	j := p.Judge(r, proven(r), i, issuance.Asked{}, start)
	a, err := j.Approve()
	if err != nil {
		t.Fatalf("%v: %+v", err, j.Findings())
	}
	serial := make([]byte, 16)
	if _, err := rand.Read(serial); err != nil {
		t.Fatal(err)
	}
	serial[0] = serial[0]&0x7f | 0x40
	issued, err := i.Sign(a, serial)
	if err != nil {
		t.Fatalf("signing: %v", err)
	}
	return issued
}

func TestIssueAcceptedByCryptoX509(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{
		CRL: []string{"http://pki.example/crl"}, OCSP: []string{"http://pki.example/ocsp"}, CAIssuers: []string{"http://pki.example/ca"},
	})
	k := newKey(t, "ecdsa-p256")
	r := newRequest(t, k, "CN=www.example.org,O=Example")
	issued := issue(t, profile(t, "server"), r, root.issuer)
	leaf, err := x509.ParseCertificate(issued.DER)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	rootCert, err := x509.ParseCertificate(root.cert.Raw)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(rootCert)
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "www.example.org", CurrentTime: start}); err != nil {
		t.Fatal(err)
	}
	if len(leaf.UnhandledCriticalExtensions) > 0 || leaf.IsCA || len(leaf.OCSPServer) != 1 || len(leaf.CRLDistributionPoints) != 1 {
		t.Fatalf("the certificate is not what was meant: %+v", leaf)
	}
}
