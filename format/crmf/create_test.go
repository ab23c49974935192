package crmf

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
)

func newKey(t testing.TB, kind string) (*key.Private, key.SignatureAlgorithm) {
	t.Helper()
	k, err := key.Generate(kind, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	alg, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		t.Fatal(err)
	}
	return k, alg
}

func name(t testing.TB, text string) *dn.Name {
	t.Helper()
	n, err := dn.ParseText(text)
	if err != nil {
		t.Fatal(err)
	}
	return &n
}

func general(t testing.TB, text string) *ext.GeneralName {
	t.Helper()
	n, err := ext.ParseGeneralName(text)
	if err != nil {
		t.Fatal(err)
	}
	return &n
}

// full is a message that says everything that one can.
func full(t testing.TB) Spec {
	t.Helper()
	k, alg := newKey(t, "ecdsa-p256")
	version := 2
	old, err := NewOldCertID(CertID{*general(t, "dirname:CN=CA"), big.NewInt(-129)})
	if err != nil {
		t.Fatal(err)
	}
	return Spec{
		ID: 7, Key: k, Algorithm: alg, Proof: ProofSignature,
		Template: Template{
			Version: &version, Serial: big.NewInt(300), SigningAlgorithm: &alg.Identifier, Issuer: name(t, "CN=CA"),
			Validity:  &Validity{NotBefore: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), NotAfter: time.Date(2051, 1, 2, 3, 4, 5, 0, time.UTC)},
			Subject:   name(t, "CN=www.example.org,O=Specimens"),
			IssuerUID: &BitString{[]byte{0xa0}, 4}, SubjectUID: &BitString{[]byte{1, 2}, 0},
			Extensions: []ext.Extension{ext.NewSubjectAltName([]ext.GeneralName{*general(t, "dns:www.example.org")}, false), ext.NewKeyUsage(ext.DigitalSignature)},
		},
		Controls: []Attribute{
			NewText(RegToken, "token"), NewText(Authenticator, "mother's name"),
			NewPublicationInfo(PublicationInfo{1, []PublicationPlace{{2, general(t, "uri:http://example.org/")}, {0, nil}}}),
			{ID: Archive, Value: []byte("\x82\x01\xff")}, old, NewProtocolEncrKey(k.Public),
		},
		RegInfo: []Attribute{NewText(UTF8Pairs, FormatPairs([]Pair{{"version", "1"}, {"city", "50% off?"}}))},
	}
}

// rebuild writes a message again from its parts.
func rebuild(t testing.TB, m *Message) []byte {
	t.Helper()
	var b der.Builder
	outer := b.Begin(der.Sequence)
	request := b.Begin(der.Sequence)
	b.BigInt(m.Request.ID)
	b.Raw(MarshalTemplate(m.Request.Template))
	if err := writeAttributes(&b, m.Request.Controls); err != nil {
		t.Fatal(err)
	}
	b.End(request)
	if m.Proof != nil {
		b.Raw(rebuildProof(m.Proof))
	}
	if err := writeAttributes(&b, m.RegInfo); err != nil {
		t.Fatal(err)
	}
	b.End(outer)
	return b.Bytes()
}

func rebuildProof(p *Proof) []byte {
	var b der.Builder
	switch p.Kind {
	case ProofRAVerified:
		return []byte{0x80, 0}
	case ProofSignature:
		outer := b.Begin(der.ContextConstructed(1))
		if i := p.Signature.Input; i != nil {
			input := b.Begin(der.ContextConstructed(0))
			if i.Sender != nil {
				b.Add(der.ContextConstructed(0), i.Sender.Raw)
			} else {
				b.Raw(i.PublicKeyMAC.Raw)
			}
			b.Raw(i.PublicKey.Raw)
			b.End(input)
		}
		b.Raw(p.Signature.Algorithm.Raw)
		b.Bits(p.Signature.Signature)
		b.End(outer)
	default:
		tag := der.ContextConstructed(2)
		if p.Kind == ProofKeyAgreement {
			tag = der.ContextConstructed(3)
		}
		outer := b.Begin(tag)
		switch k := p.PrivateKey; k.Method {
		case ThisMessage:
			b.Add(der.Context(0), append([]byte{0}, k.Bits...))
		case SubsequentMessage:
			b.IntTag(der.Context(1), int64(k.Subsequent))
		case DHMAC:
			b.Add(der.Context(2), append([]byte{0}, k.Bits...))
		case AgreeMAC:
			implicit(&b, der.ContextConstructed(3), k.MAC.Raw)
		case EncryptedKeyProof:
			implicit(&b, der.ContextConstructed(4), k.Enveloped)
		}
		b.End(outer)
	}
	return b.Bytes()
}

func TestCreateSaysEverything(t *testing.T) {
	spec := full(t)
	m, err := Create(spec)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Deviations) > 0 {
		t.Errorf("deviations %q", m.Deviations)
	}
	if err := m.CheckPossession(nil); err != nil {
		t.Error(err)
	}
	all, err := Parse(Marshal(m))
	if err != nil || len(all.Deviations) > 0 || len(all.List) != 1 || !bytes.Equal(all.List[0].Raw, m.Raw) {
		t.Fatalf("%+v, %v", all, err)
	}
	got := all.List[0].Request.Template
	want := spec.Template
	if *got.Version != 2 || got.Serial.Cmp(want.Serial) != 0 || got.SigningAlgorithm.ID != want.SigningAlgorithm.ID ||
		!got.Issuer.Equal(*want.Issuer) || !got.Validity.NotBefore.Equal(want.Validity.NotBefore) || !got.Validity.NotAfter.Equal(want.Validity.NotAfter) ||
		!bytes.Equal(got.Subject.Raw, want.Subject.Raw) || !key.Equal(got.PublicKey, spec.Key.Public) || got.IssuerUID.Unused != 4 ||
		!bytes.Equal(got.SubjectUID.Octets, []byte{1, 2}) || len(got.Extensions) != 2 {
		t.Errorf("template %+v", got)
	}
	if !bytes.Equal(rebuild(t, m), m.Raw) {
		t.Errorf("rebuilt %x, was %x", rebuild(t, m), m.Raw)
	}
	checkControls(t, m)
}

func checkControls(t *testing.T, m *Message) {
	t.Helper()
	var names []string
	for _, a := range slices.Concat(m.Request.Controls, m.RegInfo) {
		names = append(names, a.Name())
	}
	if got := strings.Join(names, " "); got != "regToken authenticator pkiPublicationInfo pkiArchiveOptions oldCertID protocolEncrKey utf8Pairs" {
		t.Errorf("controls %s", got)
	}
	token, _ := m.Request.Control(RegToken)
	if text, err := token.Text(); err != nil || text != "token" {
		t.Errorf("regToken %q, %v", text, err)
	}
	place, _ := m.Request.Control(Publication)
	if p, err := ParsePublicationInfo(place.Value); err != nil || p.Action != 1 || len(p.Places) != 2 || p.Places[0].Location.Text() != "http://example.org/" || p.Places[1].Location != nil {
		t.Errorf("pkiPublicationInfo %+v, %v", p, err)
	}
	archive, _ := m.Request.Control(Archive)
	if a, err := ParseArchiveOptions(archive.Value); err != nil || a.ArchiveGenerated == nil || !*a.ArchiveGenerated {
		t.Errorf("pkiArchiveOptions %+v, %v", a, err)
	}
	old, _ := m.Request.Control(OldCertID)
	if c, err := ParseCertID(old.Value); err != nil || c.Serial.Int64() != -129 || c.Issuer.Text() != "CN=CA" {
		t.Errorf("oldCertID %+v, %v", c, err)
	}
	info, _ := m.Info(UTF8Pairs)
	text, err := info.Text()
	if err != nil {
		t.Fatal(err)
	}
	if list, err := ParsePairs(text); err != nil || !slices.Equal(list, []Pair{{"version", "1"}, {"city", "50% off?"}}) {
		t.Errorf("utf8Pairs %+v, %v", list, err)
	}
}

func TestCreateByEveryKey(t *testing.T) {
	var list []*Message
	for i, kind := range []string{"rsa-2048", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87"} {
		k, alg := newKey(t, kind)
		m, err := Create(Spec{ID: int64(i), Template: Template{Subject: name(t, "CN=a")}, Proof: ProofSignature, Key: k, Algorithm: alg})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	all, err := Parse(Marshal(list...))
	if err != nil || len(all.List) != len(list) || len(all.Deviations) > 0 || all.Duplicate() != nil {
		t.Fatalf("%+v, %v", all, err)
	}
	for _, m := range all.List {
		if err := m.CheckPossession(nil); err != nil || len(m.Deviations) > 0 {
			t.Errorf("%v: %v, %q", m.Request.Template.PublicKey, err, m.Deviations)
		}
	}
}

func TestCreateForKeysThatCannotSign(t *testing.T) {
	x, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	agree, err := key.NewPrivate(x)
	if err != nil {
		t.Fatal(err)
	}
	rsa, _ := newKey(t, "rsa-2048")
	ed, alg := newKey(t, "ed25519")
	for _, test := range []struct {
		public *key.Public
		kind   ProofKind
		want   string
	}{{agree.Public, ProofKeyAgreement, "a303810100"}, {rsa.Public, ProofKeyEncipherment, "a203810100"}} {
		kind, err := DeferredProof(test.public)
		if err != nil || kind != test.kind {
			t.Fatalf("%v: %s, %v", test.public, kind, err)
		}
		for _, how := range []Subsequent{EncryptedCertificate, ChallengeResponse} {
			m, err := Create(Spec{Template: Template{Subject: name(t, "CN=a"), PublicKey: test.public}, Proof: kind, Subsequent: how})
			if err != nil {
				t.Fatal(err)
			}
			if p := m.Proof.PrivateKey; p.Method != SubsequentMessage || p.Subsequent != how || !errors.Is(m.CheckPossession(nil), ErrDeferred) {
				t.Errorf("%+v, %v", p, m.CheckPossession(nil))
			}
			if !bytes.Equal(rebuild(t, m), m.Raw) {
				t.Errorf("rebuilt %x, was %x", rebuild(t, m), m.Raw)
			}
		}
	}
	if _, err := DeferredProof(ed.Public); err == nil || err.Error() != "keys of type Ed25519 can only sign: prove possession by a signature" {
		t.Error(err)
	}
	_, err = Create(Spec{Template: Template{Subject: name(t, "CN=a")}, Proof: ProofSignature, Key: agree, Algorithm: alg})
	if err == nil || !strings.HasSuffix(err.Error(), "the key cannot sign: prove possession by keyEncipherment or keyAgreement") {
		t.Error(err)
	}
}

func TestCreateRefuses(t *testing.T) {
	other, _ := newKey(t, "ecdsa-p256")
	for _, test := range []struct {
		want   string
		change func(*Spec)
	}{
		{"the key that signs is not the one of the template", func(s *Spec) { s.Template.PublicKey = other.Public }},
		{"the template has no subject: give one, or an authenticated sender, or a shared secret", func(s *Spec) { s.Template.Subject = nil }},
		{"the password-based MAC has no parameters", func(s *Spec) { s.Template.Subject, s.Secret = nil, []byte("x") }},
		{`there is no proof of possession called "faith"`, func(s *Spec) { s.Proof = "faith" }},
		{"controls: an attribute has no type", func(s *Spec) { s.Controls = []Attribute{{}} }},
		{"controls: the value of regToken is not DER: the data end before the element does", func(s *Spec) { s.Controls = []Attribute{{ID: RegToken}} }},
		{"regInfo: an attribute has no type", func(s *Spec) { s.RegInfo = []Attribute{{}} }},
	} {
		spec := full(t)
		test.change(&spec)
		if _, err := Create(spec); err == nil || err.Error() != "writing a certificate request message: "+test.want {
			t.Errorf("%v, want %q", err, test.want)
		}
	}
	if _, err := NewOldCertID(CertID{}); err == nil || err.Error() != "the certificate to be replaced needs an issuer and a serial number" {
		t.Error(err)
	}
}
