package crmf

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
)

// signed is a message without a subject, whose POPOSigningKeyInput is signed.
func signed(t testing.TB, secret string) *Message {
	t.Helper()
	k, alg := newKey(t, "ecdsa-p256")
	spec := Spec{Proof: ProofSignature, Key: k, Algorithm: alg, Sender: general(t, "dirname:CN=known")}
	if secret != "" {
		p, err := NewPBM(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		spec.Sender, spec.PBM, spec.Secret = nil, p, []byte(secret)
	}
	m, err := Create(spec)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSigningKeyInput(t *testing.T) {
	m := signed(t, "")
	if err := m.CheckPossession(nil); err != nil || len(m.Deviations) > 0 || m.Proof.Signature.Input.Sender.Text() != "CN=known" {
		t.Errorf("%v, %q", err, m.Deviations)
	}
	if err := m.CheckPublicKeyMAC([]byte("x")); !errors.Is(err, ErrNoProof) {
		t.Error(err)
	}
	if !bytes.Equal(rebuild(t, m), m.Raw) {
		t.Errorf("rebuilt %x, was %x", rebuild(t, m), m.Raw)
	}
	m = signed(t, "hunter2")
	if !bytes.Equal(rebuild(t, m), m.Raw) {
		t.Errorf("rebuilt %x, was %x", rebuild(t, m), m.Raw)
	}
	for secret, want := range map[string]error{"hunter2": nil, "hunter3": ErrMAC, "": ErrSecret} {
		if err := m.CheckPossession([]byte(secret)); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", secret, err, want)
		}
	}
}

func TestPossessionRefused(t *testing.T) {
	spec := full(t)
	m, err := Create(spec)
	if err != nil {
		t.Fatal(err)
	}
	other, err := Create(full(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		change func(*Message)
		want   error
	}{
		{"signed by another key", func(m *Message) { m.Proof = other.Proof }, key.ErrSignature},
		{"another key in the template", func(m *Message) { m.Request.Template.PublicKey = other.Request.Template.PublicKey }, key.ErrSignature},
		{"unused bits", func(m *Message) {
			s := *m.Proof.Signature
			s.ragged = true
			m.Proof = &Proof{Kind: ProofSignature, Signature: &s}
		}, key.ErrSignature},
		{"no key", func(m *Message) { m.Request.Template.PublicKey = nil }, ErrNoKey},
		{"no proof", func(m *Message) { m.Proof = nil }, ErrNoProof},
		{"raVerified", func(m *Message) { m.Proof = &Proof{Kind: ProofRAVerified} }, ErrRAVerified},
		{"agreeMAC", func(m *Message) { m.Proof = &Proof{Kind: ProofKeyAgreement, PrivateKey: &PrivateKey{Method: AgreeMAC}} }, ErrRecipient},
		{"needless input", func(m *Message) { m.Proof = signed(t, "").Proof }, ErrInput},
		{"missing input", func(m *Message) { m.Request.Template.Subject = nil }, ErrInput},
		{"input with another key", func(m *Message) { m.Request.Template.Subject, m.Proof = nil, signed(t, "").Proof }, ErrKeyMismatch},
	} {
		changed := *m
		test.change(&changed)
		if err := changed.CheckPossession(nil); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	noKey := *m
	noKey.Request.Template.PublicKey = nil
	if err := noKey.CheckSignature(); !errors.Is(err, ErrNoKey) {
		t.Error(err)
	}
	if err := (&Message{}).CheckSignature(); !errors.Is(err, ErrNoProof) {
		t.Error(err)
	}
}

func TestChangedRequestDoesNotVerify(t *testing.T) {
	m, err := Create(full(t))
	if err != nil {
		t.Fatal(err)
	}
	raw := bytes.Replace(m.Raw, []byte("www.example.org"), []byte("www.example.com"), 1)
	all, err := Parse(Marshal(&Message{Raw: raw}))
	if err != nil {
		t.Fatal(err)
	}
	if err := all.List[0].CheckPossession(nil); !errors.Is(err, key.ErrSignature) {
		t.Error(err)
	}
}

func TestPBMParameters(t *testing.T) {
	good, err := NewPBM(bytes.NewReader(make([]byte, 16)))
	if err != nil || good.Iterations != 10000 {
		t.Fatalf("%+v, %v", good, err)
	}
	if _, err := NewPBM(bytes.NewReader(nil)); err == nil || err.Error() != "making a salt: EOF" {
		t.Error(err)
	}
	build := func(parts ...string) key.AlgorithmIdentifier {
		return key.AlgorithmIdentifier{ID: PasswordBasedMAC, Parameters: []byte(element(der.Sequence, parts...))}
	}
	const salt, sha1, hmacID = "\x04\x01s", "\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a", "\x30\x0a\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x09"
	for _, test := range []struct {
		id   key.AlgorithmIdentifier
		want string
	}{
		{build(salt, sha1, "\x02\x01\x00", hmacID), "the iteration count is 0; it must be from 100 to 100000"},
		{build(salt, sha1, "\x02\x01\x63", hmacID), "the iteration count is 99; it must be from 100 to 100000"},
		{build("\x04\x00", sha1, "\x02\x01\x64", hmacID), "the salt is empty"},
		{build(salt, sha1, "\x02\x03\x01\x86\xa1", hmacID), "the iteration count is 100001; it must be from 100 to 100000"},
		{build(salt, sha1, "\x02\x09\x01\x00\x00\x00\x00\x00\x00\x00\x00", hmacID), "iterationCount: INTEGER of 9 octets where a small one belongs"},
		{build(salt, "\x30\x03\x06\x01\x2a", "\x02\x01\x64", hmacID), "the one-way function ISO Member Body is not known"},
		{build(salt, sha1, "\x02\x01\x64", "\x30\x03\x06\x01\x2a"), "the MAC ISO Member Body is not known"},
		{build(element(der.OctetString, strings.Repeat("s", 1025)), sha1), "the salt has 1025 octets; at most 1024 are taken"},
		{build(), "salt: OCTET STRING is missing"},
		{build(salt), "owf: SEQUENCE is missing"},
		{build(salt, sha1, "\x02\x01\x64"), "mac: SEQUENCE is missing"},
		{build(salt, sha1, "\x02\x01\x64", hmacID, "\x05\x00"), "2 bytes too many at the end"},
		{key.AlgorithmIdentifier{ID: PasswordBasedMAC}, "SEQUENCE is missing"},
	} {
		if _, err := ParsePBM(test.id); err == nil || err.Error() != "parameters of the password-based MAC: "+test.want {
			t.Errorf("%v, want %q", err, test.want)
		}
	}
	if _, err := ParsePBM(key.AlgorithmIdentifier{ID: RegToken}); err == nil || !strings.HasSuffix(err.Error(), "is not the password-based MAC of RFC 4211") {
		t.Error(err)
	}
	if _, err := MakePBM(nil, 99, 1, 99); err == nil || !strings.HasPrefix(err.Error(), "making a password-based MAC: ") && !strings.HasPrefix(err.Error(), "parameters of ") {
		t.Error(err)
	}
	if err := (&MACValue{}).Check(nil, nil); err == nil {
		t.Error("a MAC without an algorithm was taken")
	}
}

func TestPBMAC1(t *testing.T) {
	good, err := NewPBMAC1(bytes.NewReader(make([]byte, 16)))
	if err != nil {
		t.Fatal(err)
	}
	derived, err := pbkdf2.Key(sha256.New, "secret", make([]byte, 16), 100_000, 32)
	if err != nil {
		t.Fatal(err)
	}
	h := hmac.New(sha256.New, derived)
	h.Write([]byte("message"))
	if err := VerifyMAC(good.Identifier, []byte("secret"), []byte("message"), h.Sum(nil)); err != nil {
		t.Error(err)
	}
	if err := VerifyMAC(good.Identifier, []byte("secrets"), []byte("message"), h.Sum(nil)); !errors.Is(err, ErrMAC) {
		t.Error(err)
	}
	if _, err := NewPBMAC1(bytes.NewReader(nil)); err == nil || err.Error() != "making a salt: EOF" {
		t.Error(err)
	}
	if _, err := (PBMAC1{}).Compute(nil, nil); err == nil || err.Error() != "the PBMAC1 has no parameters" {
		t.Error(err)
	}
	const mac = "\x30\x0a\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02\x09"
	kdf := func(salt, rest string) string {
		return seq("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c", seq(element(der.OctetString, salt), rest))
	}
	scrypt := seq("\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x04\x0b", seq("\x04\x01s", "\x02\x01\x10", "\x02\x01\x01", "\x02\x01\x01"))
	for _, test := range []struct{ want, parameters string }{
		{"SEQUENCE is missing", ""},
		{"keyDerivationFunc: SEQUENCE is missing", seq()},
		{"keyDerivationFunc: ", seq(seq(), mac)},
		{"messageAuthScheme: SEQUENCE is missing", seq(kdf("s", "\x02\x01\x64"))},
		{"the MAC ISO Member Body is not known", seq(kdf("s", "\x02\x01\x64"), seq("\x06\x01\x2a"))},
		{"keys are derived by scrypt; only PBKDF2 is taken", seq(scrypt, mac)},
		{"the iteration count is 600001; it must be at most 600000", seq(kdf("s", "\x02\x03\x09\x27\xc1"), mac)},
		{"the iteration count is 99; it must be at least 100", seq(kdf("s", "\x02\x01\x63"), mac)},
		{"the salt is empty", seq(kdf("", "\x02\x01\x64"), mac)},
		{"the salt has 1025 octets; at most 1024 are taken", seq(kdf(strings.Repeat("s", 1025), "\x02\x01\x64"), mac)},
		{"the key has 1 octets, which can be guessed", seq(kdf("s", "\x02\x01\x64\x02\x01\x01"), mac)},
		{"2 bytes too many at the end", seq(kdf("s", "\x02\x01\x64"), mac, "\x05\x00")},
	} {
		id := key.AlgorithmIdentifier{ID: PBMAC1ID, Parameters: []byte(test.parameters)}
		if err := VerifyMAC(id, nil, nil, nil); err == nil || !strings.HasPrefix(err.Error(), "parameters of PBMAC1: "+test.want) {
			t.Errorf("%v, want %q", err, test.want)
		}
	}
	if _, err := ParsePBMAC1(key.AlgorithmIdentifier{ID: PasswordBasedMAC}); err == nil || !strings.HasSuffix(err.Error(), "is not PBMAC1") {
		t.Error(err)
	}
	err = VerifyMAC(key.AlgorithmIdentifier{ID: RegToken}, nil, nil, nil)
	if err == nil || !strings.HasSuffix(err.Error(), "is not known; use PasswordBasedMac or PBMAC1") {
		t.Error(err)
	}
}
