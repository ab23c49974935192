package issuance_test

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/lint"
	"github.com/certwright/certwright/request"
)

// signedBy has an issuer sign a request and makes an issuer of the result.
func signedBy(t testing.TB, parent authority, p *issuance.Profile, kind string, extensions ...ext.Extension) authority {
	t.Helper()
	k := newKey(t, kind)
	issued := issue(t, p, newRequest(t, k, "CN=Issuing,O=Example", extensions...), parent.issuer)
	c, err := cert.Parse(issued.DER)
	if err != nil {
		t.Fatal(err)
	}
	i, err := issuance.NewIssuer(issuance.IssuerConfig{Certificate: c, Signer: k.Signer})
	if err != nil {
		t.Fatal(err)
	}
	return authority{k, i, c}
}

func pemFile(t testing.TB, ders ...[]byte) string {
	t.Helper()
	var out []byte
	for _, d := range ders {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: d})...)
	}
	path := filepath.Join(t.TempDir(), "c.pem")
	if err := os.WriteFile(path, out, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestChainsAcceptedByOpenSSL signs a chain with keys of every kind that
// OpenSSL knows and has openssl verify and crypto/x509 check it.
func TestChainsAcceptedByOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Fatal("the openssl command is needed for this test: install the package openssl")
	}
	for _, kind := range []string{"ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "rsa-3072"} {
		for _, pss := range []bool{false, true} {
			if pss && kind != "rsa-3072" {
				continue
			}
			root := newRoot(t, kind, issuance.IssuerConfig{PSS: pss, CRL: []string{"http://pki.example/crl"}, CAIssuers: []string{"http://pki.example/ca"}})
			sub := signedBy(t, root, profile(t, "subca"), kind, ext.NewNameConstraints(ext.NameConstraints{Permitted: []ext.GeneralName{general(ext.DNS, "example.org")}}))
			leaf := issue(t, profile(t, "server"), newRequest(t, newKey(t, "ecdsa-p256"), "CN=www.example.org"), sub.issuer)
			out, err := exec.Command(openssl, "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "www.example.org", "-attime", "1795262400",
				"-CAfile", pemFile(t, root.cert.Raw), "-untrusted", pemFile(t, sub.cert.Raw), pemFile(t, leaf.DER)).CombinedOutput()
			if err != nil {
				t.Errorf("%s, PSS %t: openssl verify: %v\n%s", kind, pss, err, out)
			}
			verifyStandard(t, root.cert.Raw, sub.cert.Raw, leaf.DER)
		}
	}
}

func verifyStandard(t *testing.T, root, sub, leaf []byte) {
	t.Helper()
	pools := [2]*x509.CertPool{x509.NewCertPool(), x509.NewCertPool()}
	for i, raw := range [][]byte{root, sub} {
		c, err := x509.ParseCertificate(raw)
		if err != nil {
			t.Fatal(err)
		}
		pools[i].AddCert(c)
	}
	c, err := x509.ParseCertificate(leaf)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Verify(x509.VerifyOptions{Roots: pools[0], Intermediates: pools[1], DNSName: "www.example.org", CurrentTime: start}); err != nil {
		t.Errorf("crypto/x509: %v", err)
	}
}

func TestMLDSAChain(t *testing.T) {
	for _, kind := range []string{"ml-dsa-44", "ml-dsa-65", "ml-dsa-87"} {
		root := newRoot(t, kind, issuance.IssuerConfig{})
		leaf := issue(t, profile(t, "server"), newRequest(t, newKey(t, kind), "CN=www.example.org"), root.issuer)
		c, err := cert.Parse(leaf.DER)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.CheckSignature(root.cert.PublicKey); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if err := root.cert.CheckSignature(root.cert.PublicKey); err != nil {
			t.Errorf("%s root: %v", kind, err)
		}
	}
}

// TestBuiltInProfilesIssue signs by every built-in profile and lints the result.
func TestBuiltInProfilesIssue(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{
		CRL: []string{"http://pki.example/crl"}, OCSP: []string{"http://pki.example/ocsp"}, CAIssuers: []string{"http://pki.example/ca"},
	})
	for name, subject := range map[string]string{
		"server": "CN=www.example.org", "client": "CN=Ada,O=Example", "device": "CN=pump-7.example.org,serialNumber=0007", "person": "CN=Ada,emailAddress=ada@example.org",
		"organization": "CN=Example Ltd,O=Example Ltd,C=DE", "code": "CN=Example Builds", "ocsp": "CN=OCSP 1", "cmp": "CN=CMP 1", "subca": "CN=Issuing,O=Example",
		"timestamp": "CN=Time", "web": "CN=www.certwright.com",
	} {
		issued := issue(t, profile(t, name), newRequest(t, newKey(t, "ecdsa-p256"), subject), root.issuer)
		c, err := cert.Parse(issued.DER)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range lint.Certificate(c, lint.Options{}) {
			if f.Severity != lint.Info {
				t.Errorf("%s: %+v", name, f)
			}
		}
		if _, err := x509.ParseCertificate(issued.DER); err != nil {
			t.Errorf("%s: crypto/x509: %v", name, err)
		}
	}
	for _, f := range lint.Certificate(root.cert, lint.Options{}) {
		t.Errorf("root: %+v", f)
	}
}

func TestIssuerLimits(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	k := newKey(t, "ecdsa-p256")
	constrained := signedBy(t, root, profile(t, "subca"), "ecdsa-p256", ext.NewNameConstraints(ext.NameConstraints{
		Permitted: []ext.GeneralName{general(ext.DNS, "example.org"), general(ext.Email, "example.org")},
	}))
	mail := signedBy(t, root, parseProfile(t, base+`
ca: true
subject: { unlisted: keep }
extensions:
  keyUsage: { default: [keyCertSign] }
  extKeyUsage: { default: [emailProtection] }
`), "ecdsa-p256")
	san := func(n string) ext.Extension { return ext.NewSubjectAltName(generalNames(t, n), false) }
	for _, c := range []struct {
		name, profile, subject string
		issuer                 *issuance.Issuer
		extension              ext.Extension
		now                    time.Time
		rule, detail           string
	}{
		{"names", "server", "CN=a", constrained.issuer, san("dns:www.example.com"), start, "issuer-names", "the issuer's name constraints do not let dns:www.example.com stand"},
		{"common name", "client", "CN=www.example.com", constrained.issuer, ext.Extension{}, start, "issuer-names", "www.example.com"},
		{"e-mail in the subject", "client", "CN=a,emailAddress=a@example.com", constrained.issuer, ext.Extension{}, start, "issuer-names", "a@example.com"},
		{"path length", "subca", "CN=Sub", constrained.issuer, ext.Extension{}, start, "issuer-path-length", "the issuer's path length is 0"},
		{"purposes", "server", "CN=www.example.org", mail.issuer, ext.Extension{}, start, "issuer-purposes", "the purpose serverAuth is outside the issuer's: emailProtection"},
		{"expired", "server", "CN=www.example.org", root.issuer, ext.Extension{}, start.Add(21 * 365 * 24 * time.Hour), "issuer-valid", "the issuer's certificate expired"},
		{"early", "server", "CN=www.example.org", root.issuer, ext.Extension{}, start.Add(-time.Hour), "issuer-valid", "is not valid before"},
		{"end", "web", "CN=www.certwright.com", root.issuer, ext.Extension{}, root.cert.NotAfter.Add(-time.Hour), "validity-issuer", "after the issuer's own end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var extensions []ext.Extension
			if c.extension.ID != "" {
				extensions = append(extensions, c.extension)
			}
			r := newRequest(t, k, c.subject, extensions...)
			j := profile(t, c.profile).Judge(r, proven(r), c.issuer, issuance.Asked{}, c.now)
			found := false
			for _, f := range j.Findings() {
				found = found || f.Rule == c.rule && strings.Contains(f.Detail, c.detail) && f.Severity == issuance.Error
			}
			if !found || j.Verdict() != issuance.Refused {
				t.Errorf("%s: %+v", j.Verdict(), j.Findings())
			}
		})
	}
}

func TestEndIsClamped(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	r := newRequest(t, newKey(t, "ecdsa-p256"), "CN=www.example.org")
	j := profile(t, "server").Judge(r, proven(r), root.issuer, issuance.Asked{}, root.cert.NotAfter.Add(-24*time.Hour))
	if got := j.Planned().NotAfter; j.Verdict() != issuance.Accepted || !got.Equal(root.cert.NotAfter) {
		t.Errorf("%s, %v: %+v", j.Verdict(), got, j.Findings())
	}
	if c := j.Changes(); len(c) == 0 || c[len(c)-1].Field != "notAfter" {
		t.Errorf("not told: %+v", c)
	}
}

func TestPathLengthShrinks(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	asks := func(n int) ext.Extension {
		return ext.NewBasicConstraints(ext.BasicConstraints{CA: true, PathLen: n}, true)
	}
	for asked, want := range map[int]int{0: 0, 2: 2, 9: 3} {
		sub := signedBy(t, root, profile(t, "subca"), "ecdsa-p256", asks(asked))
		e, _ := ext.Find(sub.cert.Extensions, oid.BasicConstraints)
		if b, err := ext.ParseBasicConstraints(e.Value); err != nil || !b.CA || b.PathLen != want {
			t.Errorf("asked for %d: got %+v, want %d", asked, b, want)
		}
	}
	two := signedBy(t, root, profile(t, "subca"), "ecdsa-p256", asks(2))
	below := signedBy(t, two, profile(t, "subca"), "ecdsa-p256", asks(2))
	e, _ := ext.Find(below.cert.Extensions, oid.BasicConstraints)
	if b, _ := ext.ParseBasicConstraints(e.Value); b.PathLen != 1 {
		t.Errorf("below a path of 2: got %+v", b)
	}
}

func TestRootIsItsOwn(t *testing.T) {
	k := newKey(t, "ecdsa-p256")
	r := newRequest(t, k, "CN=Root")
	self, err := issuance.NewSelfIssuer(r, issuance.IssuerConfig{Signer: k.Signer})
	if err != nil {
		t.Fatal(err)
	}
	other := newRequest(t, newKey(t, "ecdsa-p256"), "CN=Root")
	j := profile(t, "root").Judge(other, proven(other), self, issuance.Asked{}, start)
	if f, ok := finding(j, "issuer-key", request.IssuerRefused); !ok || j.Verdict() != issuance.Refused {
		t.Errorf("another key: %s %+v", j.Verdict(), f)
	}
	j = profile(t, "server").Judge(r, proven(r), self, issuance.Asked{}, start)
	if _, ok := finding(j, "issuer-key", request.IssuerRefused); !ok || j.Verdict() != issuance.Refused {
		t.Errorf("a server for itself: %s", j.Verdict())
	}
}

func TestPreviewIsSignedByAnotherKey(t *testing.T) {
	for _, kind := range []string{"ecdsa-p256", "ed25519", "ml-dsa-44", "rsa-3072"} {
		root := newRoot(t, kind, issuance.IssuerConfig{})
		r := newRequest(t, newKey(t, "ecdsa-p256"), "CN=www.example.org")
		j := profile(t, "server").Judge(r, proven(r), root.issuer, issuance.Asked{}, start)
		raw, err := root.issuer.Preview(j)
		if err != nil {
			t.Fatal(err)
		}
		c, err := cert.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.CheckSignature(root.cert.PublicKey); err == nil {
			t.Errorf("%s: the preview is signed by the issuer", kind)
		}
		if string(c.Issuer.Raw) != string(root.cert.Subject.Raw) {
			t.Errorf("%s: the preview has another issuer", kind)
		}
	}
}
