package issuance_test

import (
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/issuance"
)

func newOperator(t testing.TB, k *key.Private) *issuance.Issuer {
	t.Helper()
	alg, err := key.ChooseSignatureAlgorithm(k.Public, "sha512", false)
	if err != nil {
		t.Fatal(err)
	}
	i, err := issuance.NewOperator(issuance.OperatorConfig{PublicKey: k.Public, Signer: k.Signer, Algorithm: alg})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestOperatorsSignWhatTheyOrder(t *testing.T) {
	k, subject := newKey(t, "ecdsa-p256"), newKey(t, "ed25519")
	i := newOperator(t, k)
	order := issuance.Order{
		Issuer: name(t, "CN=ca"), Subject: name(t, "CN=any+O=thing"), PublicKey: subject.Public,
		NotBefore: start, NotAfter: start.Add(time.Hour), Extensions: []ext.Extension{ext.NewBasicConstraints(ext.BasicConstraints{CA: true, PathLen: 3}, true)},
	}
	a, err := i.Order(order)
	if err != nil {
		t.Fatal(err)
	}
	issued, err := i.Sign(a, []byte{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(issued.DER)
	if err != nil {
		t.Fatal(err)
	}
	if !c.IsCA || c.MaxPathLen != 3 || c.Issuer.CommonName != "ca" || c.SerialNumber.Int64() != 258 || c.SignatureAlgorithm != x509.ECDSAWithSHA512 {
		t.Errorf("signed: %+v", c)
	}
	if _, err := i.Sign(a, []byte{3}); !errors.Is(err, issuance.ErrSpent) {
		t.Errorf("signing twice: %v", err)
	}
	order.Extensions = nil
	if a, err = i.Order(order); err != nil {
		t.Fatal(err)
	}
	if issued, err = i.Sign(a, []byte{4}); err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(issued.DER); err != nil || c.Version != 1 {
		t.Errorf("without extensions: version %v, %v", c.Version, err)
	}
}

func TestOrdersStayWithOperators(t *testing.T) {
	k := newKey(t, "ecdsa-p256")
	i := newOperator(t, k)
	if _, err := i.Order(issuance.Order{Subject: name(t, "CN=a")}); err == nil || err.Error() != "an order has an issuer, a subject, a public key and a validity" {
		t.Errorf("an order of little: %v", err)
	}
	r := newRequest(t, k, "CN=root")
	judging, err := issuance.NewSelfIssuer(r, issuance.IssuerConfig{Signer: k.Signer})
	if err != nil {
		t.Fatal(err)
	}
	order := issuance.Order{Issuer: name(t, "CN=a"), Subject: name(t, "CN=a"), PublicKey: k.Public, NotBefore: start, NotAfter: start}
	if _, err := judging.Order(order); !errors.Is(err, issuance.ErrOrder) {
		t.Errorf("an order to an issuer that judges: %v", err)
	}
	a, err := i.Order(order)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := judging.Sign(a, []byte{1}); !errors.Is(err, issuance.ErrIssuer) {
		t.Errorf("an order carried to another issuer: %v", err)
	}
	if _, err := issuance.NewOperator(issuance.OperatorConfig{PublicKey: k.Public}); !errors.Is(err, issuance.ErrNoSigner) {
		t.Errorf("an operator without a key: %v", err)
	}
	p := profile(t, "server")
	if v := p.Judge(r, proven(r), i, issuance.Asked{}, start).Verdict(); v != issuance.Refused {
		t.Errorf("a profile judged for an operator: %v", v)
	}
}
