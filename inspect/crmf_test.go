package inspect_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/inspect"
)

func generalName(t *testing.T, text string) ext.GeneralName {
	t.Helper()
	n, err := ext.ParseGeneralName(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// everything is a message with every field, control and item of regInfo.
func everything(t *testing.T) crmf.Spec {
	t.Helper()
	k, err := key.Generate("ecdsa-p256", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	alg, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		t.Fatal(err)
	}
	subject, err := dn.ParseText("CN=www.example.org,O=Specimens")
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := dn.ParseText("CN=CA")
	if err != nil {
		t.Fatal(err)
	}
	old, err := crmf.NewOldCertID(crmf.CertID{Issuer: generalName(t, "dir:CN=CA"), Serial: big.NewInt(0x1234)})
	if err != nil {
		t.Fatal(err)
	}
	yes, version, place := true, 2, generalName(t, "uri:http://example.org/")
	archive, err := crmf.NewArchiveOptions(crmf.ArchiveOptions{ArchiveGenerated: &yes})
	if err != nil {
		t.Fatal(err)
	}
	inner, err := crmf.Create(crmf.Spec{ID: 9, Template: crmf.Template{Subject: &subject, PublicKey: k.Public}})
	if err != nil {
		t.Fatal(err)
	}
	return crmf.Spec{
		ID: 7, Key: k, Algorithm: alg, Proof: crmf.ProofSignature,
		Template: crmf.Template{
			Version: &version, Serial: big.NewInt(0x300), SigningAlgorithm: &alg.Identifier, Issuer: &issuer,
			Validity: &crmf.Validity{NotBefore: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), NotAfter: time.Date(2051, 1, 2, 3, 4, 5, 0, time.UTC)},
			Subject:  &subject, IssuerUID: &crmf.BitString{Octets: []byte{0xa0}, Unused: 4}, SubjectUID: &crmf.BitString{Octets: []byte{1, 2}},
			Extensions: []ext.Extension{ext.NewSubjectAltName([]ext.GeneralName{generalName(t, "dns:www.example.org")}, false), ext.NewKeyUsage(ext.DigitalSignature)},
		},
		Controls: []crmf.Attribute{
			crmf.NewText(crmf.RegToken, "token"), crmf.NewText(crmf.Authenticator, "mother's name"),
			crmf.NewPublicationInfo(crmf.PublicationInfo{Action: 1, Places: []crmf.PublicationPlace{{Method: 2, Location: &place}, {Method: 9}}}),
			archive, old, crmf.NewProtocolEncrKey(k.Public), {ID: "\x2a\x03", Value: []byte{5, 0}},
		},
		RegInfo: []crmf.Attribute{
			crmf.NewText(crmf.UTF8Pairs, crmf.FormatPairs([]crmf.Pair{{Name: "version", Value: "1"}, {Name: "city", Value: "Ulm"}})), {ID: crmf.CertReq, Value: inner.Request.Raw},
		},
	}
}

func printed(t *testing.T, raw []byte) (string, *inspect.Report) {
	t.Helper()
	report, err := inspect.Data(raw, inspect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := report.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	if _, err := json.Marshal(report.Objects[0].Detail); err != nil {
		t.Error(err)
	}
	return strings.Join(strings.Fields(out.String()), " "), report
}

func holdsAll(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("nothing like %q in:\n%s", part, text)
		}
	}
}

func TestCRMFWhole(t *testing.T) {
	m, err := crmf.Create(everything(t))
	if err != nil {
		t.Fatal(err)
	}
	text, report := printed(t, crmf.Marshal(m))
	if len(report.Objects) != 1 || report.Objects[0].Kind != inspect.CRMF {
		t.Fatalf("%+v", report.Objects)
	}
	holdsAll(t, text,
		"Certification request (CRMF)", "subject CN=www.example.org,O=Specimens", "names dns:www.example.org", "key EC P-256", "usages asked for digitalSignature",
		"possession proven: the signature is of the key in the request", "certReqId 7",
		"also asked for in the template version v3 (2) serial number 300 signature algorithm ecdsa-with-SHA256 issuer CN=CA not before 2026-01-02 03:04:05 UTC not after 2051-01-02 03:04:05 UTC issuer unique identifier a0 subject unique identifier 0102",
		"controls regToken token authenticator mother's name", "pkiPublicationInfo action pleasePublish place web, uri:http://example.org/ place 9, which means nothing",
		"pkiArchiveOptions archive a key that the authority makes true", "oldCertID issuer dir:CN=CA serial number 1234", "protocolEncrKey public key EC P-256 fingerprint (SHA-256)", "1.2.3 #0500",
		"proof of possession kind signature what is signed the request (CertRequest) signature algorithm ecdsa-with-SHA256", "verdict proven",
		"registration information (regInfo) utf8Pairs version 1 city Ulm certReq certReqId 9 subject CN=www.example.org,O=Specimens public key EC P-256",
		"extensions", "subject public key info", "fingerprints SHA-256",
	)
}

func TestCRMFProofs(t *testing.T) {
	pbm, err := crmf.MakePBM([]byte{1, 2, 3}, crypto.SHA256, 500, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	sender := generalName(t, "dir:CN=Ann")
	for _, test := range []struct {
		name   string
		change func(*crmf.Spec)
		parts  []string
	}{
		{"raVerified", func(s *crmf.Spec) { s.Proof = crmf.ProofRAVerified }, []string{"kind raVerified", "possession a registration authority says that it has verified it"}},
		{"none", func(s *crmf.Spec) { s.Proof = "" }, []string{"possession not shown: the request has no proof", "the request has no proof of possession"}},
		{"sender", func(s *crmf.Spec) { s.Template.Subject, s.Sender = nil, &sender },
			[]string{"subject absent: the authority is to know it", "what is signed POPOSigningKeyInput sender dir:CN=Ann public key EC P-256, SHA-256 ", "possession the signature is of the key in the request; that the sender is the one named must be authenticated apart"}},
		{"publicKeyMAC", func(s *crmf.Spec) { s.Template.Subject, s.PBM, s.Secret = nil, pbm, []byte("x") },
			[]string{"publicKeyMAC ", "one-way function SHA-256 iterations 500 MAC HMAC with SHA-256 salt 010203", "the publicKeyMAC is checked with the secret that sender and authority share"}},
		{"encrCert", func(s *crmf.Spec) { s.Proof = crmf.ProofKeyAgreement }, []string{"kind keyAgreement method subsequentMessage subsequent message encrCert: the certificate comes encrypted to the key", "possession to be shown later, by decrypting"}},
		{"challengeResp", func(s *crmf.Spec) { s.Proof, s.Subsequent = crmf.ProofKeyAgreement, crmf.ChallengeResponse }, []string{"subsequent message challengeResp: a challenge comes encrypted to the key"}},
		{"a way that is none", func(s *crmf.Spec) { s.Proof, s.Subsequent = crmf.ProofKeyAgreement, 7 }, []string{"subsequent message 7, which means nothing"}},
		{"agreeMAC", func(s *crmf.Spec) { s.Proof, s.Agreement = crmf.ProofKeyAgreement, &crmf.Agreement{Secret: []byte{1}} },
			[]string{"method agreeMAC MAC algorithm 1.3.6.1.5.5.7.6.26 MAC value ", "possession can be verified only with the authority's own private key"}},
		{"no key", func(s *crmf.Spec) { s.Key, s.Template.PublicKey, s.Proof = nil, nil, crmf.ProofRAVerified }, []string{"key absent", "the template has no public key: there is nothing to certify"}},
	} {
		s := everything(t)
		test.change(&s)
		m, err := crmf.Create(s)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		text, _ := printed(t, crmf.Marshal(m))
		holdsAll(t, text, test.parts...)
	}
}

func TestCRMFBatchAndDamage(t *testing.T) {
	one, err := crmf.Create(everything(t))
	if err != nil {
		t.Fatal(err)
	}
	s := everything(t)
	s.Controls = []crmf.Attribute{{ID: crmf.Publication, Value: []byte{5, 0}}, {ID: crmf.OldCertID, Value: []byte{5, 0}}}
	other, err := crmf.Create(s)
	if err != nil {
		t.Fatal(err)
	}
	forged := bytes.Clone(other.Raw)
	text, _ := printed(t, crmf.Marshal(one, other))
	holdsAll(t, text, "Certification request (CRMF), 2 requests", "request 1 subject", "request 2 subject", "more than one message has the certReqId 7", "pkiPublicationInfo #0500")
	at := bytes.Index(forged, []byte("Specimens"))
	forged[at] ^= 1
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.Raw(forged)
	b.End(outer)
	text, _ = printed(t, b.Bytes())
	holdsAll(t, text, "possession failed: ", "possession of the private key is not proven: ")
}
