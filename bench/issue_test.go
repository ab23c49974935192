// Package bench measures what the program does beside the same work done by
// the standard library, in one run.
package bench

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
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

// desk is one issuer with one request, as DER.
type desk struct {
	key     *key.Private
	root    *cert.Certificate
	issuer  *issuance.Issuer
	profile *issuance.Profile
	csr     []byte
}

func newDesk(b testing.TB) desk {
	b.Helper()
	k, err := key.Generate("ecdsa-p256", rand.Reader)
	check(b, err)
	root := parse(b, newCSR(b, k, "CN=Bench Root,O=Example"))
	self, err := issuance.NewSelfIssuer(root, issuance.IssuerConfig{Signer: k.Signer})
	check(b, err)
	rootProfile, _ := issuance.BuiltInProfile("root")
	signed := sign(b, rootProfile, root, self)
	rootCert, err := cert.Parse(signed.DER)
	check(b, err)
	i, err := issuance.NewIssuer(issuance.IssuerConfig{
		Certificate: rootCert, Signer: k.Signer,
		CRL: []string{"http://pki.example.org/crl"}, OCSP: []string{"http://pki.example.org/ocsp"}, CAIssuers: []string{"http://pki.example.org/ca"},
	})
	check(b, err)
	leaf, err := key.Generate("ecdsa-p256", rand.Reader)
	check(b, err)
	names := []string{"dns:www.example.org", "dns:example.org"}
	var san []ext.GeneralName
	for _, n := range names {
		g, err := ext.ParseGeneralName(n)
		check(b, err)
		san = append(san, g)
	}
	p, _ := issuance.BuiltInProfile("server")
	return desk{k, rootCert, i, p, newCSR(b, leaf, "CN=www.example.org,O=Example,C=DE", ext.NewSubjectAltName(san, false))}
}

func check(b testing.TB, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func newCSR(b testing.TB, k *key.Private, subject string, extensions ...ext.Extension) []byte {
	b.Helper()
	name, err := dn.ParseText(subject)
	check(b, err)
	alg, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	check(b, err)
	r, err := pkcs10.Create(pkcs10.Template{Subject: name, Extensions: extensions}, k, alg)
	check(b, err)
	return r.Raw
}

func parse(b testing.TB, der []byte) *request.Request {
	p, err := pkcs10.Parse(der)
	check(b, err)
	r, err := request.FromPKCS10(p)
	check(b, err)
	return r
}

func sign(b testing.TB, p *issuance.Profile, r *request.Request, i *issuance.Issuer) *issuance.Issued {
	e := evidence.Of(r, evidence.Origin{Door: "bench", Entitled: evidence.Operator()}, nil)
	a, err := p.Judge(r, e, i, issuance.Asked{}, start).Approve()
	check(b, err)
	var serial [16]byte
	_, err = rand.Read(serial[:])
	check(b, err)
	serial[0] = serial[0]&0x7f | 0x40
	issued, err := i.Sign(a, serial[:])
	check(b, err)
	return issued
}

// BenchmarkIssueCertwright: DER of a request to DER of a certificate, the
// proof of possession verified, every rule run, the signature checked.
func BenchmarkIssueCertwright(b *testing.B) {
	d := newDesk(b)
	b.ReportAllocs()
	for b.Loop() {
		sign(b, d.profile, parse(b, d.csr), d.issuer)
	}
}

// BenchmarkIssueStandardLibrary: the same by crypto/x509, without any rule.
func BenchmarkIssueStandardLibrary(b *testing.B) {
	d := newDesk(b)
	parent, err := x509.ParseCertificate(d.root.Raw)
	check(b, err)
	b.ReportAllocs()
	for b.Loop() {
		r, err := x509.ParseCertificateRequest(d.csr)
		check(b, err)
		check(b, r.CheckSignature())
		var serial [16]byte
		_, err = rand.Read(serial[:])
		check(b, err)
		serial[0] = serial[0]&0x7f | 0x40
		_, err = x509.CreateCertificate(rand.Reader, &x509.Certificate{
			SerialNumber: new(big.Int).SetBytes(serial[:]), Subject: pkix.Name(r.Subject), DNSNames: r.DNSNames,
			NotBefore: start, NotAfter: start.Add(90 * 24 * time.Hour),
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
			BasicConstraintsValid: true, CRLDistributionPoints: []string{"http://pki.example.org/crl"},
			OCSPServer: []string{"http://pki.example.org/ocsp"}, IssuingCertificateURL: []string{"http://pki.example.org/ca"},
		}, parent, r.PublicKey, d.key.Signer)
		check(b, err)
	}
}

// The parts of BenchmarkIssueCertwright that any issuer has, one by one; judging
// is beside them.

func BenchmarkPartParse(b *testing.B) {
	d := newDesk(b)
	b.ReportAllocs()
	for b.Loop() {
		parse(b, d.csr)
	}
}

func BenchmarkPartPossession(b *testing.B) {
	d := newDesk(b)
	r := parse(b, d.csr)
	b.ReportAllocs()
	for b.Loop() {
		if e := evidence.Of(r, evidence.Origin{}, nil); !e.Possession.Proven {
			b.Fatal(e.Possession.Detail)
		}
	}
}

func BenchmarkPartEncode(b *testing.B) {
	d := newDesk(b)
	r := parse(b, d.csr)
	j := d.profile.Judge(r, evidence.Of(r, evidence.Origin{}, nil), d.issuer, issuance.Asked{}, start)
	serial := make([]byte, 16)
	serial[0] = 0x40
	b.ReportAllocs()
	for b.Loop() {
		j.TBSPreview(serial)
	}
}

func BenchmarkPartHash(b *testing.B) {
	d := newDesk(b)
	issued := sign(b, d.profile, parse(b, d.csr), d.issuer)
	c, err := cert.Parse(issued.DER)
	check(b, err)
	b.ReportAllocs()
	for b.Loop() {
		sha256.Sum256(c.RawTBS)
	}
}

func BenchmarkPartSign(b *testing.B) {
	d := newDesk(b)
	digest := sha256.Sum256(d.csr)
	b.ReportAllocs()
	for b.Loop() {
		_, err := d.key.Signer.Sign(rand.Reader, digest[:], crypto.SHA256)
		check(b, err)
	}
}

func BenchmarkPartCheck(b *testing.B) {
	d := newDesk(b)
	issued := sign(b, d.profile, parse(b, d.csr), d.issuer)
	c, err := cert.Parse(issued.DER)
	check(b, err)
	v := key.NewVerifier(d.key.Public)
	b.ReportAllocs()
	for b.Loop() {
		check(b, v.Verify(c.SignatureAlgorithm, c.RawTBS, c.SignatureValue))
	}
}

func BenchmarkJudge(b *testing.B) {
	d := newDesk(b)
	r := parse(b, d.csr)
	e := evidence.Of(r, evidence.Origin{}, nil)
	b.ReportAllocs()
	for b.Loop() {
		if j := d.profile.Judge(r, e, d.issuer, issuance.Asked{}, start); j.Verdict() != issuance.Accepted {
			b.Fatal(j.Findings())
		}
	}
}
