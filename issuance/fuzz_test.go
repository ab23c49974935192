package issuance_test

import (
	"errors"
	"testing"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// FuzzJudge: whatever a request is, judging it neither panics nor gives what
// the profile does not allow.
func FuzzJudge(f *testing.F) {
	issuer, err := issuance.TestIssuer(start)
	if err != nil {
		f.Fatal(err)
	}
	k := newKey(f, "ecdsa-p256")
	f.Add(newRequest(f, k, "CN=www.example.org,O=Example").Raw)
	f.Add(newRequest(f, k, "CN=a+O=b,emailAddress=a@example.org", ext.NewSubjectAltName(generalNames(f, "dns:*.example.org", "ip:10.2.3.4", "upn:a@b", "dir:CN=a", "uri:https://a/", "rid:1.2"), true)).Raw)
	f.Add(newRequest(f, k, "CN=CA", ext.NewBasicConstraints(ext.BasicConstraints{CA: true, PathLen: 3}, true), ext.NewKeyUsage(1<<9-1),
		ext.NewExtKeyUsage([]oid.OID{oid.AnyExtKeyUsage}, true), ext.NewNameConstraints(ext.NameConstraints{Permitted: generalNames(f, "dns:example.org")}),
		ext.NewTLSFeature([]int{5}), ext.NewCertificatePolicies([]oid.OID{oid.AnyPolicy})).Raw)
	profiles := issuance.BuiltIn()
	f.Fuzz(func(t *testing.T, raw []byte) {
		p10, err := pkcs10.Parse(raw)
		if err != nil {
			return
		}
		r, err := request.FromPKCS10(p10)
		var refusal *request.Refusal
		if err != nil && !errors.As(err, &refusal) {
			t.Fatalf("not a refusal: %v", err)
		}
		if err != nil {
			return
		}
		// As if the proof were good: the fuzzer cannot make one.
		e := evidence.Evidence{Possession: evidence.Possession{Proven: true}}
		for _, p := range profiles {
			j := p.Judge(r, e, issuer, issuance.Asked{}, start)
			planned := j.Planned()
			if (j.Verdict() == issuance.Refused) != (j.Refusal() != nil) {
				t.Fatalf("%s: %s, %v", p.Name, j.Verdict(), j.Refusal())
			}
			for _, x := range planned.Extensions {
				if x.Raw.ID == oid.NameConstraints && !p.IssuesCA() {
					t.Fatalf("%s: name constraints got through", p.Name)
				}
			}
		}
	})
}
