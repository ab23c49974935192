package evidence

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/request"
)

func private(t *testing.T, kind string) *key.Private {
	t.Helper()
	k, err := key.Generate(kind, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// asks makes a request of a template for the key.
func asks(t *testing.T, k *key.Public, change func(*crmf.Spec)) *request.Request {
	t.Helper()
	subject, err := dn.ParseText("CN=a")
	if err != nil {
		t.Fatal(err)
	}
	s := crmf.Spec{Template: crmf.Template{Subject: &subject, PublicKey: k}, Proof: crmf.ProofKeyAgreement}
	change(&s)
	m, err := crmf.Create(s)
	if err != nil {
		t.Fatal(err)
	}
	r, err := request.FromMessage(m)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLaterProofs(t *testing.T) {
	x448, err := key.ParsePublic(append([]byte("\x30\x42\x30\x05\x06\x03\x2b\x65\x6f\x03\x39\x00"), make([]byte, 56)...))
	if x448 == nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name     string
		public   *key.Public
		change   func(*crmf.Spec)
		method   string
		deferred Deferred
		detail   string
	}{
		{"X25519 by certificate", private(t, "x25519").Public, func(*crmf.Spec) {}, EncryptedCertificate, ByCertificate, "possession is to be proven later"},
		{"X25519 by challenge", private(t, "x25519").Public, func(s *crmf.Spec) { s.Subsequent = crmf.ChallengeResponse }, ChallengeResponse, ByChallenge, "possession is to be proven later"},
		{"RSA by certificate", private(t, "rsa-2048").Public, func(s *crmf.Spec) { s.Proof = crmf.ProofKeyEncipherment }, EncryptedCertificate, ByCertificate, "possession is to be proven later"},
		{"RSA by key agreement", private(t, "rsa-2048").Public, func(*crmf.Spec) {}, EncryptedCertificate, "", "the proof of possession is called keyAgreement, and a key of type RSA proves it by keyEncipherment"},
		{"a key that only signs", private(t, "ed25519").Public, func(*crmf.Spec) {}, EncryptedCertificate, "", "keys of type Ed25519 can only sign"},
		{"a way that is none", private(t, "x25519").Public, func(s *crmf.Spec) { s.Subsequent = 7 }, "none", "", "possession is to be proven in the way 7, which means nothing"},
		{"agreeMAC without an authority's key", private(t, "ecdsa-p256").Public, func(s *crmf.Spec) { s.Agreement = &crmf.Agreement{} }, AgreedMAC, "", "possession is proven by a MAC with an agreed key, and the authority has no key for that"},
	} {
		p := Of(asks(t, test.public, test.change), Origin{}, nil).Possession
		if p.Proven || p.Method != test.method || p.Deferred != test.deferred || !strings.HasPrefix(p.Detail, test.detail) {
			t.Errorf("%s: %+v", test.name, p)
		}
	}
	for _, test := range []struct {
		public *key.Public
		proof  crmf.ProofKind
		detail string
	}{
		{x448, crmf.ProofKeyAgreement, "X448: "},
		{zeroX25519(t), crmf.ProofKeyAgreement, "X25519: the key is a point of small order"},
		{bigExponent(t), crmf.ProofKeyEncipherment, "RSA 2048: its public exponent has 33 bits, and at most 31 are encrypted with"},
		{p224(t), crmf.ProofKeyAgreement, "EC P-224: of elliptic curves P-256, P-384, P-521 and X25519 are agreed on keys with"},
	} {
		p := Of(asks(t, test.public, func(s *crmf.Spec) { s.Proof = test.proof }), Origin{}, nil).Possession
		want := "possession is to be proven by decrypting, and nothing can be encrypted to the key here, " + test.detail
		if p.Proven || p.Deferred != "" || p.Reason != request.BadKey || p.Fix == "" || !strings.HasPrefix(p.Detail, want) {
			t.Errorf("%v: %+v", test.public, p)
		}
	}
}

func zeroX25519(t *testing.T) *key.Public {
	t.Helper()
	public, err := key.ParsePublic(append([]byte("\x30\x2a\x30\x05\x06\x03\x2b\x65\x6e\x03\x21\x00"), make([]byte, 32)...))
	if err != nil {
		t.Fatal(err)
	}
	return public
}

func p224(t *testing.T) *key.Public {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.MarshalPublic(&k.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return public
}

// bigExponent is an RSA key like any other but for an exponent of 2^32+1.
func bigExponent(t *testing.T) *key.Public {
	t.Helper()
	k := private(t, "rsa-2048").Public.Key.(*rsa.PublicKey)
	public, err := key.MarshalPublic(&key.RSAPublicKey{N: k.N, E: big.NewInt(1<<32 + 1)})
	if err != nil {
		t.Fatal(err)
	}
	return public
}

func TestOtherPrivateKeyProofs(t *testing.T) {
	r := asks(t, private(t, "x25519").Public, func(*crmf.Spec) {})
	for _, method := range []crmf.Method{crmf.ThisMessage, crmf.DHMAC, crmf.EncryptedKeyProof} {
		r.CRMF.Proof.PrivateKey.Method = method
		p := Of(r, Origin{}, nil).Possession
		if p.Proven || p.Method != "crmf-"+string(method) || !strings.Contains(p.Detail, "can be verified only with a private key that the authority has for it") || p.Fix == "" {
			t.Errorf("%s: %+v", method, p)
		}
	}
}

func TestAgreedMAC(t *testing.T) {
	own, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.MarshalPublic(theirs.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	secret, err := theirs.ECDH(own.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	r := asks(t, public, func(s *crmf.Spec) { s.Agreement = &crmf.Agreement{Secret: secret} })
	right := Witness{Agreed: func(p *key.Public) (*crmf.Agreement, error) {
		if string(p.Raw) != string(public.Raw) {
			return nil, errors.New("another key is asked about")
		}
		return &crmf.Agreement{Secret: secret}, nil
	}}
	e := With(r, Origin{}, nil, right)
	if p := e.Possession; !p.Proven || !p.Witnessed || p.Method != AgreedMAC || p.Detail != "" {
		t.Errorf("%+v", p)
	}
	if p := Again(r, e).Possession; !p.Proven {
		t.Errorf("what was proven is not any more: %+v", p)
	}
	wrong := Witness{Agreed: func(*key.Public) (*crmf.Agreement, error) { return &crmf.Agreement{Secret: []byte("other")}, nil }}
	if p := With(r, Origin{}, nil, wrong).Possession; p.Proven || p.Detail != crmf.ErrMAC.Error() {
		t.Errorf("%+v", p)
	}
	none := Witness{Agreed: func(*key.Public) (*crmf.Agreement, error) { return nil, errors.New("no agreement") }}
	if p := With(r, Origin{}, nil, none).Possession; p.Proven || p.Detail != "no agreement" {
		t.Errorf("%+v", p)
	}
}

// TestAgainBelievesNothingElse: only what was proven by the same method, with
// what was known at the time, stays proven.
func TestAgainBelievesNothingElse(t *testing.T) {
	r := asks(t, private(t, "x25519").Public, func(*crmf.Spec) {})
	for _, p := range []Possession{
		{Proven: true, Method: EncryptedCertificate}, {Proven: true, Witnessed: true, Method: ChallengeResponse}, {Witnessed: true, Method: EncryptedCertificate},
	} {
		if got := Again(r, Evidence{Possession: p}).Possession; got.Proven || got.Deferred != ByCertificate {
			t.Errorf("%+v is believed: %+v", p, got)
		}
	}
	e := Of(r, Origin{}, nil)
	if got := Answered(e, nil); got.Possession.Proven || got.Possession.Deferred != ByCertificate {
		t.Errorf("an answer to no challenge: %+v", got.Possession)
	}
	if err := der.Strict(r.Raw); err != nil {
		t.Error(err)
	}
}
