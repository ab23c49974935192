package crmf

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"math/big"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
)

// agreement is what the authority's key and the applicant's agree on.
func agreement(t *testing.T, own *ecdh.PrivateKey, theirs *ecdh.PublicKey) *Agreement {
	t.Helper()
	secret, err := own.ECDH(theirs)
	if err != nil {
		t.Fatal(err)
	}
	return &Agreement{Secret: secret, Subject: name(t, "CN=CA").Raw, Issuer: name(t, "CN=Root").Raw}
}

func TestAgreeMAC(t *testing.T) {
	authority, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	applicant, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.MarshalPublic(applicant.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	spec := Spec{Template: Template{Subject: name(t, "CN=a"), PublicKey: public}, Proof: ProofKeyAgreement, Agreement: agreement(t, applicant, authority.PublicKey())}
	m, err := Create(spec)
	if err != nil {
		t.Fatal(err)
	}
	if p := m.Proof.PrivateKey; p.Method != AgreeMAC || p.MAC.Algorithm.ID.String() != "1.3.6.1.5.5.7.6.26" || len(m.Deviations) > 0 {
		t.Errorf("%+v, %q", p, m.Deviations)
	}
	if err := m.CheckPossession(nil); err != ErrRecipient {
		t.Errorf("without the authority's key: %v", err)
	}
	shared := agreement(t, authority, applicant.PublicKey())
	if err := m.CheckAgreeMAC(shared); err != nil {
		t.Errorf("the MAC does not verify: %v", err)
	}
	for what, wrong := range map[string]*Agreement{
		"another secret":  {Secret: []byte("other"), Subject: shared.Subject, Issuer: shared.Issuer},
		"another subject": {Secret: shared.Secret, Subject: shared.Issuer, Issuer: shared.Issuer},
		"another issuer":  {Secret: shared.Secret, Subject: shared.Subject, Issuer: shared.Subject},
	} {
		if err := m.CheckAgreeMAC(wrong); err != ErrMAC {
			t.Errorf("%s: %v", what, err)
		}
	}
	m.Proof.PrivateKey.MAC.Algorithm.ID = "\x2a\x03"
	if err := m.CheckAgreeMAC(shared); err == nil || !strings.Contains(err.Error(), "is not one for proving possession by key agreement") {
		t.Errorf("another algorithm: %v", err)
	}
	spec.Agreement = nil
	if m, err = Create(spec); err != nil {
		t.Fatal(err)
	}
	if err := m.CheckAgreeMAC(shared); err != ErrNoProof {
		t.Errorf("no MAC: %v", err)
	}
}

func TestRand(t *testing.T) {
	r := Rand{Number: new(big.Int).Lsh(big.NewInt(0x4711), 100), Sender: ext.NewDirectoryName(*name(t, "CN=CA,O=b"))}
	raw := MarshalRand(r)
	got, err := ParseRand(raw)
	if err != nil || got.Number.Cmp(r.Number) != 0 || got.Sender.String() != r.Sender.String() {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range [][]byte{nil, {0x30, 0}, {0x30, 3, 2, 1, 5}, raw[:len(raw)-1], {0x04, 0}} {
		if _, err := ParseRand(bad); err == nil || !strings.HasPrefix(err.Error(), "reading ") {
			t.Errorf("%x: %v", bad, err)
		}
	}
}

func TestAnswers(t *testing.T) {
	sum := sha256.Sum256([]byte("certificate"))
	for _, a := range []Answer{
		{CertHash: sum[:], Hash: crypto.SHA256, RequestID: big.NewInt(0)}, {CertHash: sum[:], Hash: crypto.SHA256, RequestID: big.NewInt(300)},
		{Number: big.NewInt(1 << 40)},
	} {
		raw, err := MarshalAnswer(a)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseAnswer(raw)
		if err != nil || !bytes.Equal(got.CertHash, a.CertHash) || got.Hash != a.Hash || a.Number != nil && got.Number.Cmp(a.Number) != 0 || a.RequestID != nil && got.RequestID.Cmp(a.RequestID) != 0 {
			t.Errorf("%+v, %v, want %+v", got, err, a)
		}
		if err := der.Strict(raw); err != nil {
			t.Error(err)
		}
	}
	if _, err := MarshalAnswer(Answer{CertHash: []byte{1}, Hash: crypto.SHA256}); err == nil || err.Error() != "an answer needs the SHA-256 of the certificate" {
		t.Errorf("a short hash: %v", err)
	}
	status := func(more string) []byte {
		var b der.Builder
		outer := b.Begin(der.Sequence)
		inner := b.Begin(der.Sequence)
		b.Raw([]byte("\x04\x01\x07\x02\x01\x00" + more))
		b.End(inner)
		b.End(outer)
		return b.Bytes()
	}
	if a, err := ParseAnswer(status("")); err != nil || a.Hash != crypto.SHA256 {
		t.Errorf("no algorithm: %+v, %v", a, err)
	}
	if a, err := ParseAnswer(status("\x30\x03\x02\x01\x00")); err != nil || a.Hash != crypto.SHA256 {
		t.Errorf("accepted: %+v, %v", a, err)
	}
	if a, err := ParseAnswer(status("\xa0\x0d\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02")); err != nil || a.Hash != crypto.SHA384 {
		t.Errorf("SHA-384: %+v, %v", a, err)
	}
	for want, raw := range map[string][]byte{
		"reading a confirmation: it rejects the certificate":                 status("\x30\x03\x02\x01\x02"),
		"reading a confirmation: hashAlg: 1.2.3 is not a hash that is known": status("\xa0\x06\x30\x04\x06\x02\x2a\x03"),
		"reading a confirmation: certHash: ":                                 {0x30, 4, 0x30, 2, 5, 0},
		"reading a confirmation: certReqId: ":                                {0x30, 5, 0x30, 3, 4, 1, 7},
		"reading a confirmation: hashAlg: ":                                  status("\xa0\x02\x05\x00"),
		"reading a confirmation: ":                                           {0x04, 0},
	} {
		if _, err := ParseAnswer(raw); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%x: %v, want %s", raw, err, want)
		}
	}
}

func FuzzParseAnswer(f *testing.F) {
	sum := sha256.Sum256(nil)
	for _, a := range []Answer{{CertHash: sum[:], Hash: crypto.SHA256}, {Number: big.NewInt(7)}} {
		raw, err := MarshalAnswer(a)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add(MarshalRand(Rand{Number: big.NewInt(7), Sender: *general(f, "dns:a")}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if a, err := ParseAnswer(raw); err == nil && a.Number == nil && a.Hash == 0 {
			t.Fatal("an answer of nothing")
		}
		if r, err := ParseRand(raw); err == nil && r.Number == nil {
			t.Fatal("a challenge without a number")
		}
	})
}
