package inspect_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/ocsp"
	"github.com/certwright/certwright/inspect"
)

// TestOCSP shows what the messages of OCSP may hold beside the usual.
func TestOCSP(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	k, err := key.Generate("ecdsa-p256", rand.Reader)
	must(err)
	algorithm, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	must(err)
	subject, err := dn.ParseText("CN=Asker")
	must(err)
	id, err := ocsp.NewCertID(crypto.SHA256, &cert.Certificate{Subject: subject, PublicKey: k.Public}, big.NewInt(0xabc))
	must(err)
	name := ext.NewDirectoryName(subject)
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	request, err := ocsp.CreateRequest(ocsp.RequestTemplate{
		Requests: []ocsp.Single{{CertID: id}}, RequestorName: &name, Signer: k.Signer, Algorithm: algorithm,
		Extensions: []ext.Extension{{ID: "\x2b\x06\x01\x05\x05\x07\x30\x01\x02", Value: []byte{4, 0}}},
	})
	must(err)
	answer, err := ocsp.CreateResponse(ocsp.ResponseTemplate{ResponderName: &subject, ProducedAt: now, Extensions: []ext.Extension{ocsp.NewExtendedRevoke()},
		Responses: []ocsp.SingleResponse{{CertID: id, Status: ocsp.Revoked, RevokedAt: now, Reason: crl.Superseded, ThisUpdate: now, NextUpdate: now.Add(time.Hour),
			Extensions: []ext.Extension{ocsp.NewArchiveCutoff(now.Add(-24 * time.Hour))}}}}, k.Signer, algorithm, nil)
	must(err)
	for _, one := range []struct {
		data []byte
		want []string
	}{
		{request, []string{"OCSP request", "asked by", "CN=Asker", "ecdsa-with-SHA256, by who asks", "0abc", "the nonce is not 1 to 128 octets"}},
		{answer, []string{"OCSP response", "CN=Asker", "revoked", "superseded", "2026-04-30", "the answer is out of date since"}},
		{ocsp.Refusal(ocsp.Unauthorized), []string{"the responder gave no answer: unauthorized"}},
	} {
		report, err := inspect.Data(one.data, inspect.Options{Now: now.Add(2 * time.Hour)})
		must(err)
		var b bytes.Buffer
		must(report.WriteText(&b))
		for _, want := range one.want {
			if !strings.Contains(strings.ReplaceAll(b.String(), ":", ""), strings.ReplaceAll(want, ":", "")) {
				t.Errorf("%q is not in\n%s", want, b.String())
			}
		}
	}
}
