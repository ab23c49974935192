package chain

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// tree is a root, an authority under it, and what is changed before the leaf
// and the authority are issued.
func tree(t testing.TB, changeLeaf, changeMiddle func(*x509.Certificate)) (leaf, middle, root *entity) {
	t.Helper()
	root = issue(t, authority(1, "Root"), nil)
	template := authority(2, "Issuing")
	if changeMiddle != nil {
		changeMiddle(template)
	}
	middle = issue(t, template, root)
	template = server(0x77, "a.example", "*.b.example")
	template.EmailAddresses = []string{"Who@Example.example"}
	if changeLeaf != nil {
		changeLeaf(template)
	}
	return issue(t, template, middle), middle, root
}

func certs(list ...*entity) []*cert.Certificate { return parsed(list) }

// TestProblems asserts every message that a path can be refused with.
func TestProblems(t *testing.T) {
	unknown := pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, Critical: true, Value: []byte{5, 0}}
	poison := pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 3}, Critical: true, Value: []byte{5, 0}}
	broken := pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 32}, Value: []byte{5, 0}}
	for _, c := range []struct {
		name         string
		leaf, middle func(*x509.Certificate)
		o            Options
		want         []string // name: detail; fix
	}{
		{"good", nil, nil, Options{Purpose: Server, Host: "x.b.example", Email: "Who@example.EXAMPLE"}, nil},
		{"expired", func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(-9*days), now.Add(-3*days) }, nil, Options{},
			[]string{"validity: the certificate expired 3 days ago (2026-11-28); renew it with: renew 77"}},
		{"issuer expired", nil, func(c *x509.Certificate) { c.NotAfter = now.Add(-1) }, Options{},
			[]string{`validity: the issuer "Issuing" expired 1 second ago (2026-12-01); get the current certificate of this issuer; the server should send it`}},
		{"too early", func(c *x509.Certificate) { c.NotBefore = now.Add(5 * days / 24) }, nil, Options{},
			[]string{"validity: the certificate is not valid before 2026-12-01, which is in 5 hours; check the clock of this machine, or wait"}},
		{"other host", nil, nil, Options{Host: "c.example"},
			[]string{"host: the certificate is not for c.example; it is for a.example, *.b.example; have one issued with the subject alternative name dns:c.example"}},
		{"wildcard too deep", nil, nil, Options{Host: "x.y.b.example"},
			[]string{"host: the certificate is not for x.y.b.example; it is for a.example, *.b.example; have one issued with the subject alternative name dns:x.y.b.example"}},
		{"common name only", func(c *x509.Certificate) { c.Subject.CommonName, c.DNSNames = "a.example", nil }, nil, Options{Host: "a.example"},
			[]string{"host: the certificate has a.example as its common name only, where clients do not look; have one issued with the subject alternative name dns:a.example"}},
		{"address", nil, nil, Options{Host: "[2001:db8::1]"},
			[]string{"host: the certificate is not for the address 2001:db8::1; it has no IP addresses; have one issued with the subject alternative name ip:2001:db8::1"}},
		{"other e-mail", nil, nil, Options{Email: "who@Example.example"},
			[]string{"email: the certificate is not for who@Example.example; it is for Who@Example.example; have one issued with the subject alternative name email:who@Example.example"}},
		{"purpose", nil, nil, Options{Purpose: Client},
			[]string{"extKeyUsage: the certificate is not for a TLS client: it is for TLS Web Server Authentication only; have one issued with the extended key usage TLS Web Client Authentication"}},
		{"no such purpose", nil, nil, Options{Purpose: "coffee"},
			[]string{"extKeyUsage: the purpose coffee is not known; ask for server, client, email, code, timestamp or ocsp"}},
		{"time stamps want it said", func(c *x509.Certificate) { c.ExtKeyUsage = nil }, nil, Options{Purpose: TimeStamping},
			[]string{"extKeyUsage: the certificate has no extended key usage, and time stamps need Time Stamping; have one issued for this purpose"}},
		{"issuer's purpose", nil, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }, Options{Purpose: Server},
			[]string{`extKeyUsage: the issuer "Issuing" is not for a TLS server: it is for TLS Web Client Authentication only; get the certificate from an issuer that may issue for this purpose`}},
		{"key usage", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign }, nil, Options{Purpose: Code},
			[]string{"keyUsage: the key usage (cRLSign) does not serve signing code; have a certificate issued with digitalSignature",
				"extKeyUsage: the certificate is not for signing code: it is for TLS Web Server Authentication only; have one issued with the extended key usage Code Signing"}},
		{"issuer's key usage", nil, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign }, Options{},
			[]string{`keyUsage: the issuer "Issuing" may not sign certificates: its key usage lacks keyCertSign; have the certificate issued by an authority whose key may sign certificates`}},
		{"no authority", nil, func(c *x509.Certificate) { c.IsCA = false }, Options{},
			[]string{`basicConstraints: the issuer "Issuing" is not a certification authority, and must not issue certificates; the certificate under it was issued by someone who may not do that; get one from a certification authority`}},
		{"name constraints", nil, func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"a.example"} }, Options{},
			[]string{`nameConstraints: the issuer "Issuing" may not issue this name: dns:*.b.example is in none of the permitted subtrees: dns:a.example; ask for names that the issuer is allowed, or ask another issuer`}},
		{"critical", func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{unknown} }, nil, Options{},
			[]string{"extensions: the certificate has the critical extension 1.3.6.1.4.1.99999.1, which is not understood here; use software that knows the extension, or have the certificate issued without it"}},
		{"precertificate", func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{poison} }, nil, Options{},
			[]string{"extensions: the certificate is a precertificate, made for transparency logs only; use the certificate that was issued after it"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			leaf, middle, root := tree(t, c.leaf, c.middle)
			c.o.Now = now
			c.o.Renew = func(c *cert.Certificate) string { return "renew it with: renew " + c.Serial.Text(16) }
			wantProblems(t, Verify(leaf.parsed, certs(middle), certs(root), c.o), c.want)
		})
	}
	// The standard library makes no certificate with a malformed extension that
	// it knows, so this one is read by our parser alone.
	root := issue(t, authority(1, "Root"), nil)
	template := server(5, "a.example")
	template.ExtraExtensions = []pkix.Extension{broken}
	raw, err := x509.CreateCertificate(rand.Reader, template, root.std, root.key.Public(), root.key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := cert.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	r := Verify(leaf, nil, certs(root), Options{Now: now})
	wantProblems(t, r, []string{"extensions: the certificate has an extension that cannot be read: certificatePolicies: found NULL where SEQUENCE belongs; the certificate is malformed; have it issued again"})
}

func wantProblems(t *testing.T, r Result, want []string) {
	t.Helper()
	var got []string
	for _, c := range r.Problems() {
		got = append(got, c.Name+": "+c.Detail+"; "+c.Fix)
	}
	if !slices.Equal(got, want) || r.Valid != (len(want) == 0) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestMissingIssuers(t *testing.T) {
	leaf, middle, root := tree(t, func(c *x509.Certificate) { c.IssuingCertificateURL = []string{"http://ca.example/i.crt"} }, nil)
	r := Verify(leaf.parsed, nil, certs(root), Options{Now: now})
	wantProblems(t, r, []string{"path: the certificate of the issuer CN=Issuing is missing; fetch the certificate of the issuer from http://ca.example/i.crt and give it as an intermediate"})
	r = Verify(leaf.parsed, certs(middle), nil, Options{Now: now})
	wantProblems(t, r, []string{"path: the certificate of the issuer CN=Root is missing; give the certificate of the issuer as an intermediate, or as a root if you trust it"})
	r = Verify(leaf.parsed, certs(middle, root), nil, Options{Now: now})
	wantProblems(t, r, []string{`path: the issuer "Root" is self-signed and not among the trusted roots; trust it, if you know where it comes from, by giving it as a root`})
	r = Verify(root.parsed, nil, nil, Options{Now: now})
	wantProblems(t, r, []string{"path: the certificate is self-signed and not among the trusted roots; trust it, if you know where it comes from, by giving it as a root; otherwise get a certificate from an authority that is trusted"})
	if r = Verify(leaf.parsed, nil, certs(leaf), Options{Now: now}); !r.Valid || len(r.Path) != 1 {
		t.Errorf("a certificate that is itself trusted: %s", explain(r))
	}
	other := issue(t, authority(1, "Issuing"), nil)
	r = Verify(leaf.parsed, nil, certs(other), Options{Now: now})
	if len(r.Problems()) != 1 || !strings.HasPrefix(r.Problems()[0].Detail, `the certificate is not signed by the key of "Issuing": the signature does not verify`) {
		t.Error(explain(r))
	}
}

// TestAllProblems wants every problem at once, not the first.
func TestAllProblems(t *testing.T) {
	leaf, middle, root := tree(t, func(c *x509.Certificate) { c.NotAfter = now.Add(-days / 2) }, func(c *x509.Certificate) { c.IsCA = false; c.KeyUsage = x509.KeyUsageCRLSign })
	r := Verify(leaf.parsed, certs(middle), certs(root), Options{Now: now, Host: "no.example", Purpose: Client})
	var got []string
	for _, c := range r.Problems() {
		got = append(got, c.Name)
	}
	if !slices.Equal(got, []string{"validity", "basicConstraints", "keyUsage", "extKeyUsage", "host"}) {
		t.Errorf("%v", got)
	}
}

// TestOtherPath finds the way round an issuer that has expired.
func TestOtherPath(t *testing.T) {
	leaf, middle, root := tree(t, nil, nil)
	old := *middle.std
	old.NotAfter, old.SerialNumber = now.Add(-days), big.NewInt(3)
	raw, err := x509.CreateCertificate(rand.Reader, &old, root.std, middle.key.Public(), root.key)
	if err != nil {
		t.Fatal(err)
	}
	expired, err := cert.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	r := Verify(leaf.parsed, []*cert.Certificate{expired, middle.parsed}, certs(root), Options{Now: now})
	if !r.Valid || r.Path[1] != middle.parsed {
		t.Error(explain(r))
	}
}

// TestManyIssuers keeps a search bounded: every issuer has the same name, and
// cross-signs the others.
func TestManyIssuers(t *testing.T) {
	root := issue(t, authority(1, "Same"), nil)
	var pool []*entity
	for i := range 12 {
		parent := root
		if i > 0 {
			parent = pool[i-1]
		}
		pool = append(pool, issue(t, authority(int64(i+2), "Same"), parent))
	}
	leaf := issue(t, server(99, "a.example"), pool[11])
	for _, roots := range [][]*cert.Certificate{certs(root), nil} {
		r := Verify(leaf.parsed, parsed(pool), roots, Options{Now: now})
		if r.Valid != (roots != nil) {
			t.Errorf("roots %d: %s", len(roots), explain(r))
		}
	}
}

func revocationList(t *testing.T, by *entity, number int64, change func(*x509.RevocationList), entries ...x509.RevocationListEntry) *crl.List {
	t.Helper()
	template := &x509.RevocationList{Number: big.NewInt(number), ThisUpdate: now.Add(-days), NextUpdate: now.Add(days), RevokedCertificateEntries: entries}
	if change != nil {
		change(template)
	}
	raw, err := x509.CreateRevocationList(rand.Reader, template, by.std, by.key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := crl.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func revoked(serial int64, reason int) x509.RevocationListEntry {
	return x509.RevocationListEntry{SerialNumber: big.NewInt(serial), RevocationTime: now.Add(-2 * days), ReasonCode: reason}
}

// with adds an extension to a list.
func with(t *testing.T, e ext.Extension) func(*x509.RevocationList) {
	t.Helper()
	var id asn1.ObjectIdentifier
	for part := range strings.SplitSeq(e.ID.String(), ".") {
		n, _ := new(big.Int).SetString(part, 10)
		id = append(id, int(n.Int64()))
	}
	return func(l *x509.RevocationList) {
		l.ExtraExtensions = append(l.ExtraExtensions, pkix.Extension{Id: id, Critical: true, Value: e.Value})
	}
}

func delta(t *testing.T, base byte) func(*x509.RevocationList) {
	return with(t, ext.Extension{ID: oid.DeltaCRLIndicator, Value: []byte{2, 1, base}})
}

func scope(t *testing.T, p ext.IssuingDistributionPoint) func(*x509.RevocationList) {
	t.Helper()
	e, err := ext.NewIssuingDistributionPoint(p)
	if err != nil {
		t.Fatal(err)
	}
	return with(t, e)
}

func TestRevocation(t *testing.T) {
	leaf, middle, root := tree(t, func(c *x509.Certificate) { c.CRLDistributionPoints = []string{"http://ca.example/1.crl"} }, nil)
	uri := func(s string) []ext.GeneralName { return []ext.GeneralName{ext.NewGeneralName(ext.URI, []byte(s))} }
	clean := revocationList(t, root, 1, nil)
	late := func(l *x509.RevocationList) { l.ThisUpdate, l.NextUpdate = now.Add(-9*days), now.Add(-days) }
	fetch := "fetch the current list of the issuer from http://ca.example/1.crl and give it along"
	for _, c := range []struct {
		name  string
		lists []*crl.List
		want  []string
	}{
		{"clean", []*crl.List{revocationList(t, middle, 1, nil, revoked(5, 1))}, nil},
		{"revoked", []*crl.List{revocationList(t, middle, 1, nil, revoked(0x77, 1))},
			[]string{"revocation: the certificate was revoked on 2026-11-29 for the reason keyCompromise; get a new certificate with a new key"}},
		{"on hold", []*crl.List{revocationList(t, middle, 1, nil, revoked(0x77, 6))},
			[]string{"revocation: the certificate is on hold since 2026-11-29; ask the issuer to release it, or use another certificate"}},
		{"late", []*crl.List{revocationList(t, middle, 1, late)},
			[]string{"revocation: whether the certificate is revoked is not known: the list of CN=Issuing is out of date since 2026-11-30; " + fetch}},
		{"none", nil,
			[]string{"revocation: whether the certificate is revoked is not known: no list of CN=Issuing that covers it was given; " + fetch}},
		{"delta revokes", []*crl.List{revocationList(t, middle, 4, nil), revocationList(t, middle, 6, delta(t, 4), revoked(0x77, 4))},
			[]string{"revocation: the certificate was revoked on 2026-11-29 for the reason superseded; get a new certificate with a new key"}},
		{"delta releases", []*crl.List{revocationList(t, middle, 4, nil, revoked(0x77, 6)), revocationList(t, middle, 6, delta(t, 4), revoked(0x77, 8))}, nil},
		{"delta to a later list", []*crl.List{revocationList(t, middle, 4, nil), revocationList(t, middle, 6, delta(t, 5), revoked(0x77, 4))}, nil},
		{"shard", []*crl.List{revocationList(t, middle, 4, scope(t, ext.IssuingDistributionPoint{FullName: uri("http://ca.example/1.crl")}))}, nil},
		{"other shard", []*crl.List{revocationList(t, middle, 4, scope(t, ext.IssuingDistributionPoint{FullName: uri("http://ca.example/2.crl")}))},
			[]string{"revocation: whether the certificate is revoked is not known: no list of CN=Issuing that covers it was given; " + fetch}},
		{"for authorities only", []*crl.List{revocationList(t, middle, 4, scope(t, ext.IssuingDistributionPoint{OnlyCACerts: true}))},
			[]string{"revocation: whether the certificate is revoked is not known: no list of CN=Issuing that covers it was given; " + fetch}},
		{"some reasons", []*crl.List{revocationList(t, middle, 4, scope(t, ext.IssuingDistributionPoint{OnlyReasons: 2}))},
			[]string{"revocation: whether the certificate is revoked is not known: the lists given cover some reasons only; " + fetch}},
		{"critical", []*crl.List{revocationList(t, middle, 4, with(t, ext.Extension{ID: oid.FreshestCRL, Value: []byte{0x30, 0}}))},
			[]string{"revocation: whether the certificate is revoked is not known: the list of CN=Issuing has the critical extension X509v3 Freshest CRL, which is not understood here; " + fetch}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Options{Now: now, CRLs: append(c.lists, clean), RequireRevocation: true}
			wantProblems(t, Verify(leaf.parsed, certs(middle), certs(root), o), c.want)
		})
	}
	forged := revocationList(t, &entity{key: newKey(t), std: middle.std}, 1, nil)
	r := Verify(leaf.parsed, certs(middle), certs(root), Options{Now: now, CRLs: []*crl.List{forged}})
	if len(r.Problems()) != 1 || !strings.Contains(r.Problems()[0].Detail, "the list of CN=Issuing is not signed by its key") {
		t.Error(explain(r))
	}
	r = Verify(leaf.parsed, certs(middle), certs(root), Options{Now: now, CRLs: []*crl.List{revocationList(t, root, 1, nil, revoked(2, 2))}})
	if len(r.Problems()) != 1 || r.Problems()[0].Detail != `the issuer "Issuing" was revoked on 2026-11-29 for the reason cACompromise` {
		t.Error(explain(r))
	}
}

// TestPostQuantum verifies a path of ML-DSA, which the standard library cannot.
func TestPostQuantum(t *testing.T) {
	issuer, err := key.Generate("ml-dsa-65", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	holder, err := key.Generate("ml-dsa-44", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root := sign(t, "Root", "Root", issuer.Public, issuer, ext.NewBasicConstraints(ext.BasicConstraints{CA: true, PathLen: -1}, true))
	leaf := sign(t, "leaf", "Root", holder.Public, issuer)
	r := Verify(leaf, nil, []*cert.Certificate{root}, Options{Now: now})
	if !r.Valid || len(r.Path) != 2 {
		t.Error(explain(r))
	}
	wrong := sign(t, "Root", "Root", holder.Public, holder, ext.NewBasicConstraints(ext.BasicConstraints{CA: true, PathLen: -1}, true))
	if r = Verify(leaf, nil, []*cert.Certificate{wrong}, Options{Now: now}); r.Valid {
		t.Error("a signature of another key was accepted")
	}
}

func sign(t *testing.T, subject, by string, public *key.Public, issuer *key.Private, extensions ...ext.Extension) *cert.Certificate {
	t.Helper()
	alg, err := key.ChooseSignatureAlgorithm(issuer.Public, "", false)
	if err != nil {
		t.Fatal(err)
	}
	name := func(cn string) []byte {
		n, err := dn.ParseText("CN=" + cn)
		if err != nil {
			t.Fatal(err)
		}
		return n.Raw
	}
	tbs := cert.AppendTBS(nil, &cert.TBS{
		Serial: []byte{1}, Signature: alg.Identifier.Raw, Issuer: name(by), Subject: name(subject), PublicKey: public.Raw,
		NotBefore: now.Add(-days), NotAfter: now.Add(days), Extensions: extensions,
	})
	signature, err := key.Sign(issuer.Signer, alg, tbs)
	if err != nil {
		t.Fatal(err)
	}
	c, err := cert.Parse(cert.Assemble(nil, tbs, alg.Identifier.Raw, signature))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestControlCharacters keeps a name from moving the cursor of who reads it.
func TestControlCharacters(t *testing.T) {
	leaf, middle, root := tree(t, nil, func(c *x509.Certificate) { c.Subject.CommonName, c.NotAfter = "a\x1b[2J\u202e", now.Add(-days) })
	r := Verify(leaf.parsed, certs(middle), certs(root), Options{Now: now})
	wantProblems(t, r, []string{"validity: the issuer \"a\ufffd[2J\ufffd\" expired 24 hours ago (2026-11-30); get the current certificate of this issuer; the server should send it"})
}

func TestHostMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, host string
		want          bool
	}{
		{"a.example", "A.Example.", true}, {"*.example", "a.example", true}, {"*.example", "example", false}, {"*.example", "b.a.example", false},
		{"*.example", ".example", false}, {"a*.example", "ab.example", false}, {"*", "a", false}, {"*.*.example", "a.b.example", false},
		{"", "", false}, {"a.example.", "a.example", false}, {"xn--*.example", "xn--a.example", false}, {"a b.example", "a b.example", false}, {"*.", "a.", false},
	} {
		if got := hostMatches(c.pattern, c.host); got != c.want {
			t.Errorf("%q, %q: %v", c.pattern, c.host, got)
		}
	}
}

func TestMatch(t *testing.T) {
	leaf, middle, _ := tree(t, nil, nil)
	groups := Match(Item{"a.key", "private key", leaf.parsed.PublicKey}, Item{"b.crt", "certificate", middle.parsed.PublicKey}, Item{"a.csr", "request", leaf.parsed.PublicKey},
		Item{"a.crt", "certificate", leaf.parsed.PublicKey})
	print := groups[0].Fingerprint[:16]
	want := []string{
		"private key a.key, request a.csr and certificate a.crt belong together: they are of the same key (EC P-256, " + print + "…)",
		"certificate b.crt matches nothing else: it is of another key (EC P-256, " + groups[1].Fingerprint[:16] + "…)",
	}
	if got := Describe(groups); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := Describe(groups[1:]); !slices.Equal(got, []string{"there is only certificate b.crt to match (EC P-256, " + groups[1].Fingerprint[:16] + "…)"}) {
		t.Errorf("%q", got)
	}
}
