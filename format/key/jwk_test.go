package key

import (
	"strings"
	"testing"
)

// The private keys of RFC 7517, Appendix A.2, and RFC 8037, Appendix A.1.
const (
	rfc7517EC = `{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE","use":"enc","kid":"1"}`
	rfc8037   = `{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
)

func TestJWKExamples(t *testing.T) {
	for text, want := range map[string]string{
		rfc7517EC: "EC P-256",
		rfc8037:   "Ed25519",
		`{"keys":[{"kty":"oct","k":"AAAA"},{"kty":"EC","crv":"P-256","x":"","y":""},` + rfc8037 + `,` + rfc7517EC + `]}`: "Ed25519",
	} {
		p, err := ReadPrivate([]byte("\ufeff \n"+text), nil)
		if err != nil || p.Public.String() != want {
			t.Errorf("%s: %v", text, err)
			continue
		}
		checkSignerWorks(t, p)
	}
}

func TestJWKComesBack(t *testing.T) {
	dir := t.TempDir()
	makeKeys(t, dir)
	keys := []*Private{}
	for _, name := range []string{"rsa", "ec", "p384", "p521", "ed", "ed448", "x"} {
		keys = append(keys, readKey(t, dir, name))
	}
	for _, kind := range []string{"ml-dsa-44", "ml-dsa-65", "ml-dsa-87"} {
		p, err := Generate(kind, nil)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, p)
	}
	for _, p := range keys {
		text, err := MarshalJWK(p)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ReadPrivate(text, nil)
		if err != nil || !Equal(back.Public, p.Public) {
			t.Errorf("%s: %v\n%s", p.Public, err, text)
		}
		if text, err = MarshalPublicJWK(p.Public); err != nil {
			t.Fatal(err)
		}
		public, err := ReadPublic(text)
		if err != nil || !Equal(public, p.Public) {
			t.Errorf("%s: %v\n%s", p.Public, err, text)
		}
		if strings.Contains(string(text), `"d"`) || strings.Contains(string(text), `"priv"`) {
			t.Errorf("%s: the public key holds the private one: %s", p.Public, text)
		}
	}
	for _, name := range []string{"k1", "dsa", "x448"} {
		if _, err := MarshalJWK(readKey(t, dir, name)); err == nil || !strings.Contains(err.Error(), "JWK") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestJWKThatCannotBe(t *testing.T) {
	other := `{"kty":"OKP","crv":"Ed25519","d":"AWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	for text, want := range map[string]string{
		`{`:                     "not valid JSON",
		`{"kty":1}`:             "members of the wrong type",
		`{"a":1}`:               `JSON without a member "kty" or "keys"`,
		`{"keys":[{"kty":[]}]}`: "a key in the JWK set has members of the wrong type",
		`{"kty":"XX","d":"AA"}`: `its key type "XX" is not known; the known ones are RSA, EC, OKP and AKP`,
		other:                   "the public key in the file does not belong to the private key",
		`{"kty":"OKP","crv":"Ed25519","d":"AA","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`: `its member "d" does not have the 32 octets of Ed25519`,
		`{"kty":"OKP","crv":"E-521","d":"AA","x":"AA"}`:                                            `its curve "E-521" is not known`,
		`{"kty":"EC","crv":"P-1","d":"AA","x":"AA","y":"AA"}`:                                      `its curve "P-1" is not known`,
		`{"kty":"EC","crv":"P-256","d":"AA","x":"AA","y":"AA"}`:                                    `its member "x" is 1 octets long, not the 32 of P-256`,
		`{"kty":"EC","crv":"P-256","d":"AA","x":"*","y":"AA"}`:                                     `its member "x" is missing, or not base64url`,
		`{"kty":"RSA","d":"AA","n":"AQAB","e":""}`:                                                 `its member "e" is missing, or not base64url`,
		`{"kty":"AKP","alg":"ML-DSA-1","priv":"AA"}`:                                               `its algorithm "ML-DSA-1" is not known`,
		strings.Replace(rfc7517EC, "870M", "970M", 1):                                              "does not belong to the private key",
	} {
		if _, err := ReadPrivate([]byte(text), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
}
