package issuance_test

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/format/spkac"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// limits is what a random profile allows, known apart from the profile.
type limits struct {
	ca        bool
	pathMax   int // -1: none
	usage     []string
	purposes  []string
	kinds     []string
	min, max  int
	wildcards bool
	validity  time.Duration
	permitted []string
	excluded  []string
	other     []byte // the one value that 1.2.3.4 may have; nil: not allowed
	yaml      string
}

func words(t *rapid.T, label string, from ...string) []string {
	return rapid.SliceOfDistinct(rapid.SampledFrom(from), func(s string) string { return s }).Draw(t, label)
}

func pick(t *rapid.T, label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(t, label)
}

func drawProfile(t *rapid.T) limits {
	l := limits{ca: rapid.Bool().Draw(t, "ca"), pathMax: -1}
	var b strings.Builder
	write := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	write("name: random\nversion: 1\nca: %t", l.ca)
	if l.ca && rapid.Bool().Draw(t, "bounded path") {
		l.pathMax = rapid.IntRange(0, 3).Draw(t, "pathMax")
		write("pathLength: { maximum: %d, default: %d }", l.pathMax, rapid.IntRange(0, l.pathMax).Draw(t, "pathDefault"))
	}
	write("subject: { unlisted: %s }", pick(t, "unlisted", "keep", "keep", "keep", "drop", "drop", "refuse"))
	l.kinds = words(t, "kinds", "dns", "ip", "email", "uri", "upn", "dir", "rid", "other")
	l.max = rapid.IntRange(3, 8).Draw(t, "max")
	if len(l.kinds) > 0 {
		l.min = rapid.IntRange(0, 5).Draw(t, "min") / 5
	}
	l.wildcards = rapid.Bool().Draw(t, "wildcards")
	write("names: { kinds: [%s], unlisted: %s, min: %d, max: %d, wildcards: %t, fromCommonName: %t, fromEmail: %t }", strings.Join(l.kinds, ", "),
		pick(t, "names unlisted", "drop", "drop", "drop", "refuse"), l.min, l.max, l.wildcards, rapid.Bool().Draw(t, "fromCN"), rapid.Bool().Draw(t, "fromEmail"))
	write("keys: { ec: [P-256] }")
	policies := []string{"drop", "allow", "allow", "allow", "allow", "allow", "allow", "override", "override", "require", "refuse"}
	defaults := append([]string{"digitalSignature"}, words(t, "usage default", "keyAgreement", "nonRepudiation", "keyEncipherment")...)
	if l.ca {
		defaults = append(defaults, "keyCertSign")
	}
	allowed := words(t, "usage allowed", "dataEncipherment", "cRLSign", "encipherOnly")
	l.usage = append(slices.Clone(defaults), allowed...)
	write("extensions:\n  unlisted: %s", pick(t, "extensions unlisted", "drop", "drop", "drop", "drop", "refuse"))
	write("  keyUsage: { request: %s, default: [%s], allowed: [%s], excess: %s }", pick(t, "usage word", policies...),
		strings.Join(defaults, ", "), strings.Join(l.usage, ", "), pick(t, "excess", "trim", "trim", "trim", "refuse"))
	l.purposes = append([]string{"clientAuth"}, words(t, "purposes", "serverAuth", "codeSigning", "emailProtection")...)
	write("  extKeyUsage: { request: %s, default: [clientAuth], allowed: [%s], excess: %s }", pick(t, "purpose word", policies...),
		strings.Join(l.purposes, ", "), pick(t, "purpose excess", "trim", "trim", "trim", "refuse"))
	if l.ca {
		l.permitted = words(t, "permitted", "dns:example.org", "ip:10.0.0.0/8", "email:example.org")
		l.excluded = words(t, "excluded", "dns:secret.example.org", "ip:10.1.0.0/16")
		quote := func(list []string) string {
			if len(list) == 0 {
				return "[]"
			}
			return `["` + strings.Join(list, `", "`) + `"]`
		}
		word := pick(t, "constraints word", "drop", "allow", "allow", "allow", "allow", "allow", "require")
		write("  nameConstraints: { request: %s, permitted: %s, excluded: %s }", word, quote(l.permitted), quote(l.excluded))
	}
	if rapid.Bool().Draw(t, "other") {
		l.other = []byte{0x04, 0x01, 0x2a}
		write("  other: { 1.2.3.4: { request: allow, equal: [\"04012a\"], critical: keep } }")
	}
	l.validity = time.Duration(rapid.IntRange(2, 500).Draw(t, "days")) * 24 * time.Hour
	write("validity: { default: 1d, maximum: %ds, explicitStart: %t, future: %s, issuerEnd: %s }", int(l.validity.Seconds()), true, "10d", pick(t, "end", "clamp", "refuse"))
	write("lint: { set: %s }", pick(t, "lint", "private", "none", "none"))
	l.yaml = b.String()
	return l
}

func drawExtension(t *rapid.T) ext.Extension {
	id := rapid.SampledFrom([]oid.OID{
		oid.BasicConstraints, oid.BasicConstraints, oid.KeyUsage, oid.KeyUsage, oid.ExtKeyUsage, oid.NameConstraints, oid.SubjectKeyIdentifier, oid.AuthorityKeyIdentifier,
		oid.CertificatePolicies, oid.PolicyConstraints, oid.PolicyMappings, oid.InhibitAnyPolicy, oid.CRLDistributionPoints, oid.AuthorityInfoAccess,
		oid.TLSFeature, oid.OCSPNoCheck, oid.NTDSCASecurity, oid.CTPoison, oid.NoRevAvail, "\x2a\x03\x04", "\x2a\x03\x04", oid.IssuerAltName,
	}).Draw(t, "id")
	e := ext.Extension{ID: id}
	if rapid.IntRange(0, 9).Draw(t, "well formed") > 0 {
		switch id {
		case oid.BasicConstraints:
			e = ext.NewBasicConstraints(ext.BasicConstraints{CA: rapid.Bool().Draw(t, "asks CA"), PathLen: rapid.IntRange(-1, 9).Draw(t, "asks path")}, false)
		case oid.KeyUsage:
			e = ext.NewKeyUsage(ext.KeyUsage(rapid.IntRange(0, 1<<9-1).Draw(t, "asks usage")))
		case oid.ExtKeyUsage:
			e = ext.NewExtKeyUsage(rapid.SliceOf(rapid.SampledFrom([]oid.OID{oid.AnyExtKeyUsage, oid.ServerAuth, oid.ClientAuth, oid.OCSPSigning, oid.TimeStamping, oid.CodeSigning})).Draw(t, "asks purposes"), false)
		case oid.NameConstraints:
			e = ext.NewNameConstraints(ext.NameConstraints{Permitted: drawSubtrees(t, "permits"), Excluded: drawSubtrees(t, "excludes")})
		case "\x2a\x03\x04":
			e.Value = []byte{0x04, 0x01, rapid.SampledFrom([]byte{0x2a, 0x2b}).Draw(t, "value")}
		}
	}
	if e.Value == nil {
		e.Value = rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "garbage")
	}
	e.Critical = rapid.Bool().Draw(t, "critical")
	return e
}

func drawSubtrees(t *rapid.T, label string) []ext.GeneralName {
	return rapid.SliceOfN(rapid.SampledFrom([]ext.GeneralName{
		general(ext.DNS, "example.org"), general(ext.DNS, "a.example.org"), general(ext.DNS, "com"), general(ext.DNS, ""),
		general(ext.IP, "\x0a\x00\x00\x00\xff\x00\x00\x00"), general(ext.IP, "\x0a\x02\x00\x00\xff\xff\x00\x00"), general(ext.IP, "\x00\x00\x00\x00\x00\x00\x00\x00"),
		general(ext.Email, "example.org"), general(ext.Email, "a@example.org"), general(ext.Email, "evil.com"), general(ext.URI, "example.org"),
	}), 0, 3).Draw(t, label)
}

func general(kind ext.Kind, content string) ext.GeneralName {
	var b der.Builder
	b.AddString(der.Context(uint8(kind)), content)
	return ext.GeneralName{Kind: kind, Content: []byte(content), Raw: b.Bytes()}
}

func drawNames(t *rapid.T) ext.Extension {
	e := ext.Extension{ID: oid.SubjectAltName, Critical: rapid.Bool().Draw(t, "names critical")}
	if rapid.IntRange(0, 30).Draw(t, "names garbage") == 0 {
		e.Value = rapid.SliceOfN(rapid.Byte(), 0, 30).Draw(t, "names bytes")
		return e
	}
	var b der.Builder
	mark := b.Begin(der.Sequence)
	for range rapid.IntRange(0, 6).Draw(t, "names") {
		if rapid.IntRange(0, 40).Draw(t, "odd") == 0 {
			b.Add(der.Tag(rapid.SampledFrom([]byte{0x80, 0x81, 0x82, 0x86, 0x87, 0x88, 0xa0, 0xa3, 0xa4, 0xa5, 0x89, 0x30}).Draw(t, "tag")), rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "name bytes"))
			continue
		}
		text := pick(t, "name", "dns:www.example.org", "dns:WWW.example.org", "dns:*.example.org", "dns:b.example.com", "ip:10.2.3.4", "ip:2001:db8::1",
			"email:a@example.org", "uri:https://example.org/a", "uri:spiffe://example.org/x", "upn:a@example.org", "rid:1.2.3", "dir:CN=a")
		n, err := ext.ParseGeneralName(text)
		if err != nil {
			t.Fatal(err)
		}
		b.Raw(n.Raw)
	}
	b.End(mark)
	e.Value = b.Bytes()
	return e
}

func drawSubject(t *rapid.T) dn.Name {
	var parts []dn.RDN
	for range rapid.IntRange(0, 4).Draw(t, "attributes") {
		a := dn.Attribute{
			Type:  rapid.SampledFrom([]oid.OID{oid.CommonName, oid.Organization, oid.Organization, oid.OrganizationalUnit, oid.OrganizationalUnit, oid.Locality, oid.Country, oid.EmailAddress, oid.SerialNumber, "\x2a\x03"}).Draw(t, "type"),
			Tag:   rapid.SampledFrom([]der.Tag{der.UTF8String, der.UTF8String, der.UTF8String, der.UTF8String, der.UTF8String, der.PrintableString, der.IA5String, der.BMPString, der.T61String}).Draw(t, "string"),
			Value: []byte(pick(t, "value", "a", "b", "c", "Example", "Example Two", "host.example.org", "www.example.org", "*.example.org", "10.2.3.4", "DE", "a@example.org", "", "\x00\x01", "ü", "evil.com")),
		}
		parts = append(parts, dn.RDN{a})
	}
	return dn.Build(parts...)
}

// drawRequest makes a request of a format; nil where the format has no room for
// what was drawn.
func drawRequest(t *rapid.T, format request.Format, extensions []ext.Extension, k *key.Private, alg key.SignatureAlgorithm) *request.Request {
	var r *request.Request
	switch format {
	case request.PKCS10:
		made, err := pkcs10.Create(pkcs10.Template{Subject: drawSubject(t), Extensions: extensions}, k, alg)
		if err != nil {
			return nil
		}
		if r, err = request.FromPKCS10(made); err != nil {
			return nil
		}
	case request.CRMF:
		subject := drawSubject(t)
		s := crmf.Spec{Key: k, Algorithm: alg, Proof: crmf.ProofSignature, Template: crmf.Template{Subject: &subject, Extensions: extensions}}
		drawTemplate(t, &s)
		m, err := crmf.Create(s)
		if err != nil {
			return nil
		}
		if r, err = request.FromMessage(m); err != nil {
			return nil
		}
	case request.SPKAC:
		made, err := spkac.Create(pick(t, "challenge", "", "fresh"), k, alg)
		if err != nil {
			return nil
		}
		text := string(made.Encode())
		for _, line := range words(t, "lines", "CN=www.example.org", "CN=*.example.org", "O=Example", "0.OU=a", "1.OU=b", "C=DE", "emailAddress=a@example.org", "serialNumber=7") {
			text += line + "\n"
		}
		list, err := request.Parse([]byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		r = list[0]
	}
	return r
}

// drawTemplate asks for what only a CertTemplate can.
func drawTemplate(t *rapid.T, s *crmf.Spec) {
	some := func(label string) bool { return rapid.IntRange(0, 3).Draw(t, label) == 0 }
	if some("serial") {
		s.Template.Serial = big.NewInt(7)
	}
	if some("signing algorithm") {
		s.Template.SigningAlgorithm = &s.Algorithm.Identifier
	}
	if some("issuer") {
		issuer := drawSubject(t)
		s.Template.Issuer = &issuer
	}
	if some("template validity") {
		s.Template.Validity = &crmf.Validity{
			NotBefore: start.Add(time.Duration(rapid.IntRange(-1000, 1000).Draw(t, "template start")) * time.Hour),
			NotAfter:  start.Add(time.Duration(rapid.IntRange(-10, 20000).Draw(t, "template end")) * time.Hour),
		}
	}
	if some("unique identifier") {
		s.Template.SubjectUID = &crmf.BitString{Octets: []byte{1}}
	}
	if some("control") {
		s.Controls = []crmf.Attribute{crmf.NewText(crmf.RegToken, "token"), crmf.NewPublicationInfo(crmf.PublicationInfo{Action: 1})}
	}
	if some("deferred") {
		s.Proof = crmf.ProofKeyAgreement
	}
}

// TestNoRequestWidensItsProfile: whatever a request asks for, what is issued
// is within the profile.
func TestNoRequestWidensItsProfile(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{CRL: []string{"http://pki.example/crl"}})
	k := newKey(t, "ecdsa-p256")
	alg, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		t.Fatal(err)
	}
	verdicts, formats := map[issuance.Verdict]int{}, map[request.Format]int{}
	// One check of the library is a hundred cases, of which one in eight is
	// issued.
	check := func(t *rapid.T) {
		l := drawProfile(t)
		p, err := issuance.ParseProfile([]byte(l.yaml))
		if err != nil {
			t.Fatalf("the profile is wrong: %v\n%s", err, l.yaml)
		}
		extensions := rapid.SliceOfN(rapid.Custom(drawExtension), 0, 5).Draw(t, "extensions")
		if rapid.IntRange(0, 9).Draw(t, "repeated") > 0 {
			slices.SortStableFunc(extensions, func(a, b ext.Extension) int { return strings.Compare(string(a.ID), string(b.ID)) })
			extensions = slices.CompactFunc(extensions, func(a, b ext.Extension) bool { return a.ID == b.ID })
		}
		if rapid.IntRange(0, 4).Draw(t, "has names") > 0 {
			extensions = append(extensions, drawNames(t))
		}
		format := rapid.SampledFrom([]request.Format{request.PKCS10, request.CRMF, request.CRMF, request.SPKAC}).Draw(t, "format")
		r := drawRequest(t, format, extensions, k, alg)
		if r == nil {
			return
		}
		asked := issuance.Asked{}
		if rapid.IntRange(0, 3).Draw(t, "asks end") == 0 {
			asked.Validity = time.Duration(rapid.IntRange(0, 600).Draw(t, "asked days")) * 24 * time.Hour
		}
		if rapid.IntRange(0, 3).Draw(t, "asks start") == 0 {
			asked.NotBefore = start.Add(time.Duration(rapid.IntRange(-100, 100).Draw(t, "start")) * time.Hour)
		}
		j := p.Judge(r, proven(r), root.issuer, asked, start)
		verdicts[j.Verdict()]++
		a, err := j.Approve()
		if err != nil {
			if j.Refusal() == nil || j.Refusal().Reason == "" || j.Refusal().Detail == "" || j.Refusal().Fix == "" {
				t.Fatalf("a refusal without its reason: %+v", j.Findings())
			}
			return
		}
		issued, err := root.issuer.Sign(a, bytes.Repeat([]byte{0x51}, 16))
		if err != nil {
			t.Fatalf("signing: %v", err)
		}
		holds(t, &l, root, issued)
		if deferred := r.CRMF != nil && r.CRMF.Proof.Kind != crmf.ProofSignature; issued.Unconfirmed != deferred {
			t.Fatalf("possession is to be proven later: %t, and the certificate is unconfirmed: %t", deferred, issued.Unconfirmed)
		}
		formats[format]++
	}
	for i := range 20 {
		t.Run(strconv.Itoa(i), func(t *testing.T) { rapid.Check(t, check) })
	}
	if verdicts[issuance.Accepted] < 20 || verdicts[issuance.Refused] < 20 {
		t.Errorf("the test shows nothing: %v", verdicts)
	}
	for _, f := range []request.Format{request.PKCS10, request.CRMF, request.SPKAC} {
		if formats[f] < 5 {
			t.Errorf("the test shows little of %s: %v", f, formats)
		}
	}
}

// holds checks what was issued against the limits, by two readers.
func holds(t *rapid.T, l *limits, root authority, issued *issuance.Issued) {
	std, err := x509.ParseCertificate(issued.DER)
	if err != nil {
		t.Fatalf("crypto/x509 does not read what was issued: %v", err)
	}
	ours, err := cert.Parse(issued.DER)
	if err != nil {
		t.Fatalf("what was issued cannot be read back: %v", err)
	}
	if err := der.Strict(issued.DER); err != nil {
		t.Fatalf("what was issued is not DER: %v", err)
	}
	if std.IsCA != l.ca {
		t.Fatalf("CA: got %t, want %t", std.IsCA, l.ca)
	}
	if l.pathMax >= 0 && (std.MaxPathLen > l.pathMax || std.MaxPathLen < 0) {
		t.Fatalf("path length: got %d, want at most %d", std.MaxPathLen, l.pathMax)
	}
	holdsUsage(t, l, ours)
	holdsNames(t, l, ours, std)
	if span := std.NotAfter.Sub(std.NotBefore) + time.Second; span > l.validity || std.NotAfter.After(root.cert.NotAfter) || !std.NotAfter.After(start) {
		t.Fatalf("validity: got %v to %v, want at most %v", std.NotBefore, std.NotAfter, l.validity)
	}
	if std.NotBefore.Before(start.Add(-5*time.Minute)) || std.NotBefore.After(start.Add(10*24*time.Hour)) {
		t.Fatalf("start: got %v", std.NotBefore)
	}
	parent, err := x509.ParseCertificate(root.cert.Raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := std.CheckSignatureFrom(parent); err != nil {
		t.Fatalf("the signature does not verify: %v", err)
	}
	if !bytes.Equal(std.AuthorityKeyId, parent.SubjectKeyId) || !bytes.Equal(std.SubjectKeyId, ours.PublicKey.Identifier()) {
		t.Fatal("the key identifiers are not those of the keys")
	}
}

func holdsUsage(t *rapid.T, l *limits, c *cert.Certificate) {
	may := []oid.OID{oid.BasicConstraints, oid.KeyUsage, oid.ExtKeyUsage, oid.AuthorityKeyIdentifier, oid.SubjectKeyIdentifier, oid.SubjectAltName, oid.CRLDistributionPoints}
	if l.ca {
		may = append(may, oid.NameConstraints)
	}
	if l.other != nil {
		may = append(may, "\x2a\x03\x04")
	}
	for _, e := range c.Extensions {
		if !slices.Contains(may, e.ID) {
			t.Fatalf("an extension got through: %s", e.ID.Name())
		}
		if e.ID == "\x2a\x03\x04" && !bytes.Equal(e.Value, l.other) {
			t.Fatalf("a value got through: %x", e.Value)
		}
	}
	e, _ := ext.Find(c.Extensions, oid.KeyUsage)
	usage, err := ext.ParseKeyUsage(e.Value)
	if err != nil || usage == 0 {
		t.Fatalf("key usage: %v, %v", usage, err)
	}
	for _, name := range ext.KeyUsageNames(usage) {
		if !slices.Contains(l.usage, name) {
			t.Fatalf("the key usage %s got through", name)
		}
	}
	e, _ = ext.Find(c.Extensions, oid.ExtKeyUsage)
	purposes, err := ext.ParseExtKeyUsage(e.Value)
	if err != nil || len(purposes) == 0 {
		t.Fatalf("extended key usage: %v, %v", purposes, err)
	}
	for _, id := range purposes {
		if !slices.Contains(l.purposes, id.Short()) {
			t.Fatalf("the purpose %s got through", id.Short())
		}
	}
}

func holdsNames(t *rapid.T, l *limits, c *cert.Certificate, std *x509.Certificate) {
	kinds := map[ext.Kind]string{ext.Email: "email", ext.DNS: "dns", ext.DirectoryName: "dir", ext.URI: "uri", ext.IP: "ip", ext.RegisteredID: "rid", ext.OtherName: "other"}
	names := c.SubjectAltNames()
	e, there := ext.Find(c.Extensions, oid.SubjectAltName)
	if there && (len(names) == 0 || e.Critical != c.Subject.IsEmpty()) || len(names) < l.min || len(names) > l.max {
		t.Fatalf("names: %v, critical %t", names, e.Critical)
	}
	for _, n := range names {
		kind := kinds[n.Kind]
		if strings.HasPrefix(n.String(), "upn:") {
			kind = "upn"
		}
		if !slices.Contains(l.kinds, kind) {
			t.Fatalf("a name of kind %q got through: %s", kind, n)
		}
		if n.Kind == ext.DNS && strings.Contains(n.Text(), "*") && !l.wildcards {
			t.Fatalf("a wildcard got through: %s", n)
		}
	}
	for _, want := range l.excluded {
		host, _ := strings.CutPrefix(want, "dns:")
		if host != want && !slices.Contains(std.ExcludedDNSDomains, host) {
			t.Fatalf("the exclusion %s is lost", want)
		}
	}
	for _, want := range l.permitted {
		switch want {
		case "dns:example.org":
			if len(std.PermittedDNSDomains) == 0 || slices.ContainsFunc(std.PermittedDNSDomains, func(d string) bool { return d != "example.org" && !strings.HasSuffix(d, ".example.org") }) {
				t.Fatalf("the bound %s is widened to %v", want, std.PermittedDNSDomains)
			}
		case "ip:10.0.0.0/8":
			if len(std.PermittedIPRanges) == 0 {
				t.Fatal("the bound on addresses is lost")
			}
			for _, n := range std.PermittedIPRanges {
				if ones, _ := n.Mask.Size(); n.IP.To4() == nil || n.IP.To4()[0] != 10 || ones < 8 {
					t.Fatalf("the bound on addresses is widened to %v", n)
				}
			}
		case "email:example.org":
			if len(std.PermittedEmailAddresses) == 0 || slices.ContainsFunc(std.PermittedEmailAddresses, func(d string) bool { return d != "example.org" && !strings.HasSuffix(d, "@example.org") }) {
				t.Fatalf("the bound on e-mail addresses is widened to %v", std.PermittedEmailAddresses)
			}
		}
	}
}
