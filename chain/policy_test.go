package chain

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	mathrand "math/rand/v2"
	"testing"

	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

const (
	policyA oid.OID = "\x2a\x03\x01" // 1.2.3.1
	policyB oid.OID = "\x2a\x03\x02"
	policyC oid.OID = "\x2a\x03\x03"
)

func put(c *x509.Certificate, id asn1.ObjectIdentifier, e ext.Extension) {
	c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: id, Critical: e.Critical, Value: e.Value})
}

// policied gives a template policies, mappings and constraints at random.
func policied(random *mathrand.Rand, c *x509.Certificate, last bool) {
	ids := []oid.OID{policyA, policyB, policyC, oid.AnyPolicy}
	random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	if n := random.IntN(8); n > 0 {
		put(c, asn1.ObjectIdentifier{2, 5, 29, 32}, ext.NewCertificatePolicies(ids[:1+n%3]))
	}
	if random.IntN(5) == 0 {
		constraints := ext.PolicyConstraints{RequireExplicitPolicy: random.IntN(4) - 1, InhibitPolicyMapping: random.IntN(4) - 1}
		if constraints != (ext.PolicyConstraints{RequireExplicitPolicy: -1, InhibitPolicyMapping: -1}) {
			put(c, asn1.ObjectIdentifier{2, 5, 29, 36}, ext.NewPolicyConstraints(constraints))
		}
	}
	if random.IntN(4) == 0 {
		put(c, asn1.ObjectIdentifier{2, 5, 29, 54}, ext.NewInhibitAnyPolicy(random.IntN(3)))
	}
	if !last && random.IntN(3) == 0 {
		named := []oid.OID{policyA, policyB, policyC}
		var mappings []ext.PolicyMapping
		for range 1 + random.IntN(2) {
			mappings = append(mappings, ext.PolicyMapping{IssuerDomainPolicy: named[random.IntN(3)], SubjectDomainPolicy: named[random.IntN(3)]})
		}
		put(c, asn1.ObjectIdentifier{2, 5, 29, 33}, ext.NewPolicyMappings(mappings))
	}
}

func TestPoliciesLikeStandardLibrary(t *testing.T) {
	random := mathrand.New(mathrand.NewPCG(7, 8))
	verdicts := map[bool]int{}
	for range 600 {
		root := issue(t, authority(1, "root"), nil)
		issuer := root
		var middle []*entity
		for level := range random.IntN(4) {
			name := "authority " + string(rune('a'+level))
			if random.IntN(6) == 0 {
				name = issuer.std.Subject.CommonName // self-issued
			}
			template := authority(int64(level+2), name)
			policied(random, template, false)
			issuer = issue(t, template, issuer)
			middle = append(middle, issuer)
		}
		template := server(99, "a.example")
		policied(random, template, true)
		leaf := issue(t, template, issuer)
		std := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: now}
		std.Roots.AddCert(root.std)
		for _, e := range middle {
			std.Intermediates.AddCert(e.std)
		}
		o := Options{Now: now, Purpose: Server}
		if random.IntN(2) == 0 {
			o.Policies = []oid.OID{[]oid.OID{policyA, policyB, policyC}[random.IntN(3)]}
			id, err := x509.ParseOID(o.Policies[0].String())
			if err != nil {
				t.Fatal(err)
			}
			std.CertificatePolicies = []x509.OID{id}
		}
		_, err := leaf.std.Verify(std)
		r := Verify(leaf.parsed, parsed(middle), certs(root), o)
		if !explicit(o) && r.Valid != (err == nil) {
			t.Fatalf("the standard library says %v, and we say\n%s", err, explain(r))
		}
		if explicit(o) && err != nil && r.Valid {
			t.Fatalf("the standard library says %v, and we accept", err)
		}
		verdicts[r.Valid]++
	}
	if verdicts[true] < 50 || verdicts[false] < 50 {
		t.Errorf("the hierarchies are one-sided: %v", verdicts)
	}
}

// explicit reports whether policies were asked for: then one is required here,
// and in the standard library only where a certificate says so.
func explicit(o Options) bool { return len(o.Policies) > 0 }

func TestPolicyMessages(t *testing.T) {
	leaf, middle, root := tree(t, func(c *x509.Certificate) {
		put(c, asn1.ObjectIdentifier{2, 5, 29, 32}, ext.NewCertificatePolicies([]oid.OID{policyA}))
	}, func(c *x509.Certificate) {
		put(c, asn1.ObjectIdentifier{2, 5, 29, 32}, ext.NewCertificatePolicies([]oid.OID{policyA}))
	})
	o := Options{Now: now, Policies: []oid.OID{policyA}}
	wantProblems(t, Verify(leaf.parsed, certs(middle), certs(root), o), nil)
	o.Policies = []oid.OID{policyB}
	wantProblems(t, Verify(leaf.parsed, certs(middle), certs(root), o),
		[]string{"policies: the path is valid under none of the policies asked for, but under 1.2.3.1; have the certificate issued under one of the policies asked for"})
	bare, middle, root := tree(t, nil, nil)
	wantProblems(t, Verify(bare.parsed, certs(middle), certs(root), o),
		[]string{"policies: no certificate policy is valid for the whole path, and one is required; have the certificate issued under a policy that its issuers have, too"})
}
