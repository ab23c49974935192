package acme

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestVectors(t *testing.T) {
	// RFC 7638, Section 3.1.
	var k Key
	check(t, json.Unmarshal([]byte(`{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs`+
		`tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f`+
		`M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`), &k))
	if got := k.Thumbprint(); got != "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" {
		t.Errorf("thumbprint %s", got)
	}
	// draft-ietf-acme-dns-persist-02, Section 10.2.
	const account, prefix = "https://ca.example/acct/123", "https://ca.example/account-hash/"
	for domain, want := range map[string]string{
		"example.com": prefix + "sha-256/5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw",
		"*":           prefix + "sha-256/NpDnSwUthQK8zCgFdefYxAdAVPnygMLbs9US6oO-5ug",
	} {
		if got := HashedAccount(prefix, domain, k.Thumbprint(), account); got != want {
			t.Errorf("hashed account of %s: %s", domain, got)
		}
	}
	// draft-ietf-acme-dns-account-label, Section 3.2.
	if got := AccountLabel("https://example.com/acme/acct/ExampleAccount"); got != "_ujmmovf2vn55tgye" {
		t.Errorf("label %s", got)
	}
	// RFC 9773, Section 4.1.
	issuer, err := hex.DecodeString("69885B6B87464041E1B37B847BA0AE2CDE01C8D4")
	check(t, err)
	id := CertID(issuer, big.NewInt(0x87654321))
	if id != "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE" {
		t.Errorf("certificate %s", id)
	}
	back, serial, err := ParseCertID(id)
	if err != nil || !bytes.Equal(back, issuer) || serial.Int64() != 0x87654321 {
		t.Errorf("%x, %d, %v", back, serial, err)
	}
	// RFC 8738, Section 6, and RFC 3596, Section 2.5.
	for value, want := range map[string]string{
		"192.0.2.1": "1.2.0.192.in-addr.arpa", "2001:db8::1": "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
	} {
		if got := ServerName(Identifier{IP, value}); got != want {
			t.Errorf("%s: %s", value, got)
		}
	}
	if got := ServerName(Identifier{DNS, "a.test"}); got != "a.test" {
		t.Error(got)
	}
}

func TestParseCertIDRefuses(t *testing.T) {
	for _, text := range []string{"", ".", "AQ", "AQ.", ".AQ", "AQ.AQ=", "A.AQ", "AQ.AQ.AQ", "A+/A.AQ", "AR.AQ", "AQ." + strings.Repeat("A", 40)} {
		if _, _, err := ParseCertID(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func signers(t *testing.T) map[string]crypto.Signer {
	t.Helper()
	out := map[string]crypto.Signer{}
	for name, curve := range map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()} {
		k, err := ecdsa.GenerateKey(curve, rand.Reader)
		check(t, err)
		out[name] = k
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	_, e, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	out["RS256"], out["EdDSA"] = r, e
	return out
}

func TestSignedMessages(t *testing.T) {
	all := signers(t)
	for name, private := range all {
		body, err := Sign(private, Header{URL: "https://ca.test/x", Nonce: "n"}, []byte("payload"))
		check(t, err)
		m, err := ParseMessage(body)
		check(t, err)
		if h := m.Header; h.Algorithm != name || h.URL != "https://ca.test/x" || h.Nonce != "n" || h.KeyID != "" || h.Key == nil {
			t.Fatalf("%s: %+v", name, h)
		}
		payload, err := m.Verify(m.Header.Key)
		if err != nil || string(payload) != "payload" || string(m.Unverified()) != "payload" {
			t.Fatalf("%s: %q, %v", name, payload, err)
		}
		for other, private := range all {
			k, err := NewKey(private.Public())
			check(t, err)
			if _, err := m.Verify(k); (err == nil) != (other == name) {
				t.Errorf("%s verifies by the key of %s: %v", name, other, err)
			}
		}
		for part, text := range map[string]string{"payload": "cGF5bG9hZA", "signature": ""} {
			var parts map[string]string
			check(t, json.Unmarshal(body, &parts))
			parts[part] = base64.RawURLEncoding.EncodeToString([]byte(text + "x"))
			changed, err := json.Marshal(parts)
			check(t, err)
			m, err := ParseMessage(changed)
			check(t, err)
			if _, err := m.Verify(m.Header.Key); !errors.Is(err, ErrSignature) {
				t.Errorf("%s with another %s: %v", name, part, err)
			}
		}
	}
}

// TestAlgorithmOfAnotherCurve has a key sign by the algorithm of another curve.
func TestAlgorithmOfAnotherCurve(t *testing.T) {
	all := signers(t)
	body, err := Sign(all["ES256"], Header{URL: "u", KeyID: "k"}, nil)
	check(t, err)
	m, err := ParseMessage(body)
	check(t, err)
	for _, name := range []string{"ES384", "RS256", "EdDSA"} {
		k, err := NewKey(all[name].Public())
		check(t, err)
		var algorithm *AlgorithmError
		if _, err := m.Verify(k); !errors.As(err, &algorithm) || algorithm.Algorithm != "ES256" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBindings(t *testing.T) {
	account, err := NewKey(signers(t)["ES256"].Public())
	check(t, err)
	secret := []byte("a secret of thirty-two octets...")
	s, err := Bind("kid", secret, account, "https://ca.test/new-account")
	check(t, err)
	m, err := ParseBinding(s)
	check(t, err)
	payload, err := m.VerifyMAC(secret)
	check(t, err)
	var k Key
	check(t, json.Unmarshal(payload, &k))
	if m.Header.KeyID != "kid" || m.Header.Nonce != "" || k.Thumbprint() != account.Thumbprint() {
		t.Errorf("%+v", m.Header)
	}
	if _, err := m.VerifyMAC([]byte("another secret of enough octets!")); !errors.Is(err, ErrSignature) {
		t.Error(err)
	}
	body, err := json.Marshal(s)
	check(t, err)
	if _, err := ParseMessage(body); err == nil {
		t.Error("a binding is taken for a message")
	}
}

// TestSignaturesOfJose has another implementation sign by each algorithm.
func TestSignaturesOfJose(t *testing.T) {
	all := signers(t)
	for _, name := range Algorithms() {
		private := all[name]
		if private == nil {
			private = all["RS256"]
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(name), Key: private}, (&jose.SignerOptions{EmbedJWK: true}).WithHeader("url", "u"))
		check(t, err)
		signed, err := signer.Sign([]byte("{}"))
		check(t, err)
		m, err := ParseMessage([]byte(signed.FullSerialize()))
		check(t, err)
		if payload, err := m.Verify(m.Header.Key); err != nil || string(payload) != "{}" || m.Header.Algorithm != name {
			t.Errorf("%s: %q, %v", name, payload, err)
		}
		m.signed = append(m.signed, 'A')
		if _, err := m.Verify(m.Header.Key); !errors.Is(err, ErrSignature) {
			t.Errorf("%s of another message: %v", name, err)
		}
	}
}

func TestShortSecrets(t *testing.T) {
	for _, name := range macAlgorithms() {
		secret := make([]byte, hashOf(name).Size())
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(name), Key: secret}, nil)
		check(t, err)
		signed, err := signer.Sign([]byte("{}"))
		check(t, err)
		var s Signed
		check(t, json.Unmarshal([]byte(signed.FullSerialize()), &s))
		m, err := ParseBinding(&s)
		check(t, err)
		if _, err := m.VerifyMAC(secret); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		// Zeroes at the end of a short secret do not count in HMAC.
		if _, err := m.VerifyMAC(secret[1:]); !errors.Is(err, ErrSignature) {
			t.Errorf("%s with a secret that is too short: %v", name, err)
		}
	}
}

func TestPrivateKeysAreNoKeys(t *testing.T) {
	var k Key
	for _, text := range []string{
		`{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}`,
		`{"kty":"oct","k":"AAAA"}`, `{}`, `7`, `{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}`,
	} {
		if err := json.Unmarshal([]byte(text), &k); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

func TestProblems(t *testing.T) {
	p := NewProblem(Malformed, "why").Of(Identifier{DNS, "a.test"})
	if !p.Has(Malformed) || p.Has(BadCSR) || (*Problem)(nil).Has(Malformed) || p.Error() != "urn:ietf:params:acme:error:malformed: why" || p.Identifier.Value != "a.test" {
		t.Errorf("%+v", p)
	}
}

func FuzzParseMessage(f *testing.F) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	body, err := Sign(k, Header{URL: "u", Nonce: "n"}, []byte("{}"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte(`{"protected":"e30","payload":"","signature":""}`))
	f.Add([]byte(`{"protected":"","payload":"","signature":"","signatures":[]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := ParseMessage(body)
		if err != nil {
			return
		}
		if m.Header.Key != nil {
			m.Header.Key.Thumbprint()
			m.Verify(m.Header.Key)
		}
	})
}

func FuzzParseCertID(f *testing.F) {
	f.Add("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE")
	f.Fuzz(func(t *testing.T, text string) {
		issuer, serial, err := ParseCertID(text)
		if err != nil {
			return
		}
		again, same, err := ParseCertID(CertID(issuer, serial))
		if err != nil || !bytes.Equal(again, issuer) || same.Cmp(serial) != 0 {
			t.Errorf("%q becomes %x and %d: %v", text, again, same, err)
		}
	})
}
