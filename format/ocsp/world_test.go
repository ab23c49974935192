package ocsp_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/ocsp"
	"github.com/certwright/certwright/format/pem"
)

var now = time.Now().UTC().Truncate(time.Second)

// party is a certificate and its key.
type party struct {
	*cert.Certificate
	std *x509.Certificate
	key *ecdsa.PrivateKey
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// issue makes a certificate; a nil issuer makes a root.
func issue(t testing.TB, name string, serial int64, by *party, change func(*x509.Certificate)) *party {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), BasicConstraintsValid: true,
	}
	if by == nil {
		template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	}
	if change != nil {
		change(template)
	}
	parent, signer := template, k
	if by != nil {
		parent, signer = by.std, by.key
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &k.PublicKey, signer)
	check(t, err)
	std, err := x509.ParseCertificate(raw)
	check(t, err)
	ours, err := cert.Parse(raw)
	check(t, err)
	return &party{ours, std, k}
}

// responder makes the certificate of a delegated responder.
func responder(t testing.TB, by *party) *party {
	return issue(t, "Responder", 77, by, func(c *x509.Certificate) {
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
		c.KeyUsage = x509.KeyUsageDigitalSignature
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}, Value: []byte{5, 0}}}
	})
}

func (p *party) algorithm(t testing.TB) key.SignatureAlgorithm {
	t.Helper()
	a, err := key.ChooseSignatureAlgorithm(p.PublicKey, "", false)
	check(t, err)
	return a
}

func certID(t testing.TB, hash crypto.Hash, issuer *party, serial int64) ocsp.CertID {
	t.Helper()
	id, err := ocsp.NewCertID(hash, issuer.Certificate, big.NewInt(serial))
	check(t, err)
	return id
}

func good(id ocsp.CertID) ocsp.SingleResponse {
	return ocsp.SingleResponse{CertID: id, Status: ocsp.Good, ThisUpdate: now.Add(-time.Minute), NextUpdate: now.Add(time.Hour)}
}

// answer signs an answer by who, naming the responder by key.
func answer(t testing.TB, who *party, certificates [][]byte, change func(*ocsp.ResponseTemplate), responses ...ocsp.SingleResponse) *ocsp.Response {
	t.Helper()
	template := ocsp.ResponseTemplate{ResponderKey: who.PublicKey.Identifier(), ProducedAt: now, Responses: responses}
	if change != nil {
		change(&template)
	}
	raw, err := ocsp.CreateResponse(template, who.key, who.algorithm(t), certificates)
	check(t, err)
	r, err := ocsp.ParseResponse(raw)
	check(t, err)
	return r
}

// openssl runs the program; without it the tests cannot say anything.
func openssl(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command("openssl", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("openssl %v (it must be installed): %v\n%s", args, err, out)
	}
	return string(out)
}

func write(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	check(t, os.WriteFile(path, data, 0o600))
	return path
}

func (p *party) file(t testing.TB) string {
	t.Helper()
	return write(t, "cert.pem", pem.Encode("CERTIFICATE", p.Raw))
}

func (p *party) keyFile(t testing.TB) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(p.key)
	check(t, err)
	return write(t, "key.pem", pem.Encode("PRIVATE KEY", der))
}
