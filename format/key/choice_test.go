package key

import (
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"
)

func TestOrderedSignatures(t *testing.T) {
	private := func(kind string) *Private {
		p, err := Generate(kind, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	r, e := private("rsa-2048"), private("ecdsa-p256")
	bound := *r.Public
	bound.Type = "RSA-PSS"
	bound.Algorithm.Parameters = pssParameters{hash: 6, mgf: 5, salt: 30}.encode() // SHA-384, MGF1 with SHA-256
	for _, c := range []struct {
		choice Choice
		public *Public
		signer *Private
		name   string
		broken bool
		salt   int
	}{
		{Choice{Hash: "sha1"}, r.Public, r, "sha1WithRSAEncryption", true, -1},
		{Choice{Hash: "MD5"}, r.Public, r, "md5WithRSAEncryption", true, -1},
		{Choice{Hash: "sha1"}, e.Public, e, "ecdsa-with-SHA1", true, -1},
		{Choice{Hash: "sha512"}, e.Public, e, "ecdsa-with-SHA512", false, -1},
		{Choice{Hash: "sha1", PSS: true, Salt: 20}, r.Public, r, "rsassaPss", true, 20},
		{Choice{PSS: true, Salt: SaltLongest}, r.Public, r, "rsassaPss", false, 222},
		{Choice{Hash: "sha512", PSS: true, Salt: SaltOfHash}, r.Public, r, "rsassaPss", false, 64},
		{Choice{PSS: true}, r.Public, r, "rsassaPss", false, 0},
		{Choice{PSS: true, Salt: 33, MGFHash: "sha1"}, r.Public, r, "rsassaPss", false, 33},
		{Choice{PSS: true, Salt: 7, MGFHash: "sha512"}, r.Public, r, "rsassaPss", false, 7},
		{Choice{Salt: 40}, &bound, r, "rsassaPss", false, 40},
	} {
		a, err := c.choice.Algorithm(c.public)
		if err != nil {
			t.Errorf("%+v: %v", c.choice, err)
			continue
		}
		if a.Name != c.name || a.SaltLength != c.salt || (a.Broken != "") != c.broken || a.Ordered != c.broken {
			t.Errorf("%+v gives %+v", c.choice, a)
		}
		message := []byte("to be signed")
		signature, err := Sign(c.signer.Signer, a, message)
		if err != nil {
			t.Errorf("%+v: %v", c.choice, err)
			continue
		}
		if err := Verify(c.public, a.Identifier, message, signature); err != nil {
			t.Errorf("%+v: %v", c.choice, err)
		}
	}
	for text, c := range map[string]Choice{
		"the key is too small for a salt of this length":            {PSS: true, Salt: 223},
		"no signature algorithm joins the hash MD5 with EC keys":    {Hash: "md5"},
		`the hash "sha9" is not known`:                              {Hash: "sha9", PSS: true},
		`the hash "sha8" is not known`:                              {MGFHash: "sha8", PSS: true},
		"the key is only for RSASSA-PSS with SHA-384 and MGF1 with": {Hash: "sha256", Salt: 32},
		"the key asks for a salt of at least 30 octets":             {Salt: 10},
	} {
		public := r.Public
		switch {
		case strings.Contains(text, "EC keys"):
			public = e.Public
		case strings.HasPrefix(text, "the key is only"), strings.HasPrefix(text, "the key asks"):
			public = &bound
		}
		if _, err := c.Algorithm(public); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%+v: %v, not %s", c, err, text)
		}
	}
	if n, ok := PSSSalt(&bound); n != 30 || !ok {
		t.Errorf("the shortest salt is %d, %v", n, ok)
	}
	device := struct{ *rsa.PrivateKey }{r.Signer.(*rsa.PrivateKey)}
	a, _ := Choice{PSS: true}.Algorithm(r.Public)
	if _, err := Sign(device, a, nil); err == nil || !strings.Contains(err.Error(), "keys in devices sign with the same hash throughout") {
		t.Error(err)
	}
}
