package chain_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/chain"
	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/ocsp"
)

// TestAnswers verifies by OCSP answers.
func TestAnswers(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	make := func(template, parent *x509.Certificate) (*x509.Certificate, *cert.Certificate) {
		template.NotBefore, template.NotAfter, template.BasicConstraintsValid = now.Add(-time.Hour), now.Add(time.Hour), true
		raw, err := x509.CreateCertificate(rand.Reader, template, parent, &k.PublicKey, k)
		must(err)
		std, err := x509.ParseCertificate(raw)
		must(err)
		ours, err := cert.Parse(raw)
		must(err)
		return std, ours
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Root"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign}
	root, ourRoot := make(template, template)
	_, leaf := make(&x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "leaf"}}, root)
	algorithm, err := key.ChooseSignatureAlgorithm(ourRoot.PublicKey, "", false)
	must(err)
	answer := func(serial int64, change func(*ocsp.SingleResponse)) *ocsp.Response {
		id, err := ocsp.NewCertID(crypto.SHA1, ourRoot, big.NewInt(serial))
		must(err)
		s := ocsp.SingleResponse{CertID: id, ThisUpdate: now, NextUpdate: now.Add(time.Minute)}
		change(&s)
		raw, err := ocsp.CreateResponse(ocsp.ResponseTemplate{ResponderKey: ourRoot.PublicKey.Identifier(), ProducedAt: now, Responses: []ocsp.SingleResponse{s}}, k, algorithm, nil)
		must(err)
		r, err := ocsp.ParseResponse(raw)
		must(err)
		return r
	}
	good := answer(2, func(*ocsp.SingleResponse) {})
	revoked := answer(2, func(s *ocsp.SingleResponse) {
		s.Status, s.RevokedAt, s.Reason = ocsp.Revoked, now.Add(-time.Minute), crl.KeyCompromise
	})
	unknown := answer(2, func(s *ocsp.SingleResponse) { s.Status = ocsp.Unknown })
	old := answer(2, func(s *ocsp.SingleResponse) { s.ThisUpdate, s.NextUpdate = now.Add(-time.Hour), now.Add(-time.Hour/2) })
	other := answer(3, func(*ocsp.SingleResponse) {})
	refusal, err := ocsp.ParseResponse(ocsp.Refusal(ocsp.TryLater))
	must(err)
	for name, one := range map[string]struct {
		answers []*ocsp.Response
		require bool
		valid   bool
		want    string
	}{
		"good":              {[]*ocsp.Response{good}, true, true, "no certificate in the path is revoked"},
		"revoked":           {[]*ocsp.Response{good, revoked}, false, false, "for the reason keyCompromise"},
		"unknown":           {[]*ocsp.Response{unknown}, false, false, "the OCSP responder does not know it"},
		"old":               {[]*ocsp.Response{old}, false, false, "the answer held until"},
		"about another":     {[]*ocsp.Response{other}, false, true, "no list of CN=Root"},
		"required, another": {[]*ocsp.Response{other}, true, false, "no list of CN=Root"},
		"refusal":           {[]*ocsp.Response{refusal}, false, false, "no answer but tryLater"},
		"old and good":      {[]*ocsp.Response{old, good}, true, true, "no certificate in the path is revoked"},
	} {
		r := chain.Verify(leaf, nil, []*cert.Certificate{ourRoot}, chain.Options{Now: now, OCSP: one.answers, RequireRevocation: one.require})
		said := ""
		for _, c := range r.Checks {
			if c.Name == "revocation" {
				said += c.Detail
			}
		}
		if r.Valid != one.valid || !strings.Contains(said, one.want) {
			t.Errorf("%s: valid %v: %s", name, r.Valid, said)
		}
	}
}
