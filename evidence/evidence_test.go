package evidence

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/internal/specimen"
	"github.com/certwright/certwright/request"
)

func read(t *testing.T, raw []byte) *request.Request {
	t.Helper()
	p, err := pkcs10.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	r, err := request.FromPKCS10(p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPossession(t *testing.T) {
	const forged = "the signature does not verify by the key in the request: it was changed after signing, or made by another key"
	for _, test := range []struct {
		name           string
		proven         bool
		algorithm      string
		detail, broken string // what they begin with
	}{
		{"p256.csr", true, "ecdsa-with-SHA256", "", ""},
		{"p384.csr", true, "ecdsa-with-SHA384", "", ""},
		{"p521.csr", true, "ecdsa-with-SHA512", "", ""},
		{"rsa-sans.csr", true, "sha256WithRSAEncryption", "", ""},
		{"rsa-pss-max-salt.csr", true, "rsassaPss", "", ""},
		{"rsa-pss-key.csr", true, "rsassaPss", "", ""},
		{"rsa-sha3.csr", true, "RSA-SHA3-256", "", ""},
		{"ed25519.csr", true, "ED25519", "", ""},
		{"ed448.csr", true, "ED448", "", ""},
		{"secp256k1.csr", true, "ecdsa-with-SHA256", "", ""},
		{"brainpool.csr", true, "ecdsa-with-SHA256", "", ""},
		{"explicit-curve.csr", true, "ecdsa-with-SHA256", "", ""},
		{"rsa-md5.csr", true, "md5WithRSAEncryption", "", "MD5"},
		{"rsa-sha1.csr", true, "sha1WithRSAEncryption", "", "SHA-1"},
		{"wikipedia.csr", false, "md5WithRSAEncryption", forged, "MD5"},
		{"unknown-key.csr", false, "1.3.6.1.4.1.99999.8", "the signature cannot be checked: ", ""},
	} {
		p := Of(read(t, specimen.DER(t, test.name)), Origin{}, nil).Possession
		if p.Proven != test.proven || p.Method != "pkcs10-signature" || p.Algorithm != test.algorithm {
			t.Errorf("%s: %+v", test.name, p)
		}
		if !begins(p.Detail, test.detail) || !begins(p.Broken, test.broken) {
			t.Errorf("%s: detail %q, broken %q", test.name, p.Detail, p.Broken)
		}
	}
}

// begins is strings.HasPrefix, but nothing begins with nothing alone.
func begins(s, prefix string) bool { return strings.HasPrefix(s, prefix) && (prefix != "" || s == "") }

func TestPossessionOfChangedRequests(t *testing.T) {
	raw := specimen.DER(t, "p256.csr")
	at := strings.Index(string(raw), "plain.example")
	changed := append([]byte(nil), raw...)
	changed[at] = 'P'
	cut := append([]byte(nil), raw...)
	cut[len(cut)-1] ^= 1
	for name, raw := range map[string][]byte{"subject": changed, "signature": cut} {
		if p := Of(read(t, raw), Origin{}, nil).Possession; p.Proven || !strings.HasPrefix(p.Detail, "the signature does not verify by the key in the request") {
			t.Errorf("changed %s: %+v", name, p)
		}
	}
}

func TestOfKeepsWhatItIsTold(t *testing.T) {
	origin := Origin{Door: "cli", Requester: "root", Method: "local-user"}
	controls := []Control{{Name: "dns:a.example", Method: "http-01", At: time.Unix(1, 0)}}
	e := Of(&request.Request{}, origin, controls)
	if !reflect.DeepEqual(e.Origin, origin) || len(e.Controls) != 1 || e.Controls[0] != controls[0] {
		t.Errorf("%+v", e)
	}
	if e.Possession.Proven || e.Possession.Detail != "the request carries no proof of possession that can be checked" {
		t.Errorf("%+v", e.Possession)
	}
}

// TestMutationsProveNothing changes one or two octets of requests, and sees
// that possession is proven only where what is signed is untouched.
func TestMutationsProveNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"p256.csr", "rsa-sans.csr", "ed25519.csr", "microsoft.csr", "rsa-pss-max-salt.csr"} {
		raw := specimen.DER(t, name)
		original := read(t, raw).PKCS10.RawInfo
		accepted := 0
		for range 400 {
			mutated := bytes.Clone(raw)
			for range 1 + random.IntN(2) {
				mutated[random.IntN(len(mutated))] = byte(random.IntN(256))
			}
			p, err := pkcs10.Parse(mutated)
			if err != nil {
				continue
			}
			r, err := request.FromPKCS10(p)
			if err != nil {
				continue
			}
			accepted++
			e := Of(r, Origin{}, nil)
			if e.Possession.Proven && !bytes.Equal(p.RawInfo, original) {
				t.Errorf("%s, changed to %x, proves possession", name, mutated)
			}
			if e.Possession.Proven == (e.Possession.Detail != "") {
				t.Errorf("%s, changed to %x: %+v", name, mutated, e.Possession)
			}
		}
		if accepted == 0 {
			t.Errorf("%s: no mutation was read", name)
		}
	}
}
