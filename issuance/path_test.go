package issuance_test

import (
	"strings"
	"testing"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/issuance"
)

// TestBoundsOfTheWholePath has an issuer sign below a certificate that narrows
// what all below it may be, while its own says nothing.
func TestBoundsOfTheWholePath(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	policy := signedBy(t, root, parseProfile(t, base+`
ca: true
pathLength: { maximum: 1 }
subject: { unlisted: keep }
extensions:
  keyUsage: { default: [keyCertSign] }
  extKeyUsage: { default: [clientAuth] }
  nameConstraints: { permitted: ["dns:example.org"] }
`), "ecdsa-p256")
	issuing := signedBy(t, policy, parseProfile(t, base+`
ca: true
subject: { unlisted: keep }
extensions: { keyUsage: { default: [keyCertSign] } }
`), "ecdsa-p256")
	issuer, err := issuance.NewIssuer(issuance.IssuerConfig{Certificate: issuing.cert, Above: []*cert.Certificate{policy.cert, root.cert}})
	if err != nil {
		t.Fatal(err)
	}
	san := ext.NewSubjectAltName(generalNames(t, "dns:www.example.com"), false)
	for _, c := range []struct{ profile, subject, rule, detail string }{
		{"server", "CN=www.example.com", "issuer-names", "the name constraints of CN=Issuing,O=Example, above the issuer, do not let dns:www.example.com stand"},
		{"server", "CN=www.example.com", "issuer-purposes", "the purpose serverAuth is outside those of CN=Issuing,O=Example, above the issuer: clientAuth"},
		{"subca", "CN=Sub", "issuer-path-length", "the issuer's path length is 0"},
	} {
		r := newRequest(t, newKey(t, "ecdsa-p256"), c.subject, san)
		found := false
		j := profile(t, c.profile).Judge(r, proven(r), issuer, issuance.Asked{}, start)
		for _, f := range j.Findings() {
			found = found || f.Rule == c.rule && strings.Contains(f.Detail, c.detail) && f.Severity == issuance.Error
		}
		if !found || j.Verdict() != issuance.Refused {
			t.Errorf("%s: %s %+v", c.rule, j.Verdict(), j.Findings())
		}
		// Its own certificate, alone, would let it stand.
		if c.rule != "issuer-path-length" && profile(t, c.profile).Judge(r, proven(r), issuing.issuer, issuance.Asked{}, start).Verdict() != issuance.Accepted {
			t.Errorf("%s: refused without those above", c.rule)
		}
	}
}
