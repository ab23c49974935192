package lint_test

import (
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/lint"
	"github.com/certwright/certwright/request"
)

func newKey(t testing.TB, kind string) *key.Private {
	t.Helper()
	k, err := key.Generate(kind, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newRequest(t testing.TB, k *key.Private, template pkcs10.Template) *request.Request {
	t.Helper()
	alg, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pkcs10.Create(template, k, alg)
	if err != nil {
		t.Fatal(err)
	}
	r, err := request.FromPKCS10(p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func attribute(kind oid.OID, tag der.Tag, value string) dn.RDN {
	return dn.RDN{{Type: kind, Tag: tag, Value: []byte(value)}}
}

func text(kind oid.OID, value string) dn.RDN { return attribute(kind, der.UTF8String, value) }

func general(kind ext.Kind, content string) ext.GeneralName {
	var b der.Builder
	b.AddString(der.Context(uint8(kind)), content)
	return ext.GeneralName{Kind: kind, Content: []byte(content), Raw: b.Bytes()}
}

func san(critical bool, names ...ext.GeneralName) []ext.Extension {
	var b der.Builder
	mark := b.Begin(der.Sequence)
	for _, n := range names {
		b.Raw(n.Raw)
	}
	b.End(mark)
	return []ext.Extension{{ID: oid.SubjectAltName, Critical: critical, Value: b.Bytes()}}
}

func dns(host string) ext.GeneralName { return general(ext.DNS, host) }

func TestRequestRules(t *testing.T) {
	p256 := newKey(t, "ecdsa-p256")
	raw := func(id oid.OID, value string) []ext.Extension { return []ext.Extension{{ID: id, Value: []byte(value)}} }
	a := []dn.RDN{text(oid.CommonName, "a")}
	for _, c := range []struct {
		rule       string
		subject    []dn.RDN
		extensions []ext.Extension
		attributes []pkcs10.Attribute
		detail     string
	}{
		{"request-subject-empty", nil, nil, nil, "neither subject nor subject alternative names"},
		{"request-subject-string-type", []dn.RDN{attribute(oid.Country, der.UTF8String, "DE")}, nil, nil, "countryName is a UTF8String, want PrintableString"},
		{"request-subject-string-old", []dn.RDN{attribute(oid.CommonName, der.T61String, "a")}, nil, nil, "commonName is a T61String"},
		{"request-subject-length", []dn.RDN{text(oid.CommonName, strings.Repeat("x", 65))}, nil, nil, "commonName has 65 characters, want at most 64"},
		{"request-subject-value-empty", []dn.RDN{text(oid.CommonName, "a"), text(oid.Organization, "")}, nil, nil, "organizationName is empty"},
		{"request-subject-readable", []dn.RDN{attribute(oid.CommonName, der.PrintableString, "a@b")}, nil, nil, "with characters that type does not have"},
		{"request-subject-readable", []dn.RDN{text(oid.CommonName, "a\xff")}, nil, nil, "commonName cannot be read"},
		{"request-subject-control", []dn.RDN{text(oid.CommonName, "a\x00b")}, nil, nil, "has a control character"},
		{"request-subject-control", []dn.RDN{text(oid.CommonName, "a\u202eb")}, nil, nil, "has a control character"},
		{"request-subject-blank", []dn.RDN{text(oid.CommonName, "a ")}, nil, nil, "begins or ends with a blank"},
		{"request-subject-country", []dn.RDN{attribute(oid.Country, der.PrintableString, "Germany")}, nil, nil, "want two capital letters"},
		{"request-subject-repeated", []dn.RDN{text(oid.CommonName, "a"), text(oid.CommonName, "b")}, nil, nil, "the subject has 2 common names"},
		{"request-subject-placeholder", []dn.RDN{text(oid.Organization, "Internet Widgits Pty Ltd")}, nil, nil, "what a program fills in"},
		{"request-subject-email", []dn.RDN{attribute(oid.EmailAddress, der.IA5String, "a@b.example")}, nil, nil, "in the subject only"},
		{"request-common-name-host", []dn.RDN{text(oid.CommonName, "www.example.org")}, nil, nil, "is a host, but not among"},
		{"request-common-name-host", []dn.RDN{text(oid.CommonName, "10.2.3.4")}, san(false, dns("a.example.org")), nil, "is a host, but not among"},
		{"request-common-name-url", []dn.RDN{text(oid.CommonName, "https://www.example.org/")}, nil, nil, "is a URL"},
		{"request-names-readable", a, raw(oid.SubjectAltName, "\x30\x02\x82"), nil, "cannot be read"},
		{"request-names-critical", a, san(true, dns("a.example.org")), nil, "critical although there is a subject"},
		{"request-names-critical", nil, san(false, dns("a.example.org")), nil, "the subject is empty"},
		{"request-names-valid", a, san(false, dns("a..b")), nil, "is not valid"},
		{"request-names-repeated", a, san(false, dns("a.example.org"), dns("A.example.org")), nil, "is there twice"},
		{"request-names-wildcard", a, san(false, dns("a*.example.org")), nil, "is not the whole first label"},
		{"request-names-wildcard", a, san(false, dns("*.org")), nil, "a whole top-level domain"},
		{"request-names-underscore", a, san(false, dns("a_b.example.org")), nil, "has an underscore"},
		{"request-names-internal", a, san(false, dns("printer.local")), nil, "is internal"},
		{"request-names-internal", a, san(false, dns("printer")), nil, "is internal"},
		{"request-names-private-address", a, san(false, general(ext.IP, "\x0a\x00\x00\x01")), nil, "the address 10.0.0.1 is private"},
		{"request-names-mapped-address", a, san(false, general(ext.IP, "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x01\x02\x03\x04")), nil, "in IPv6 form"},
		{"request-names-many", a, san(false, slices.Repeat([]ext.GeneralName{dns("a.example.org")}, 101)...), nil, "has 101 subject alternative names"},
		{"request-names-long", a, san(false, dns(strings.Repeat("a.", 127)+"org")), nil, "a host name has at most 253"},
		{"request-extension-repeated", a, append(raw("\x2a\x03", "\x05\x00"), raw("\x2a\x03", "\x05\x00")...), nil, "asks for the extension 1.2.3 twice"},
		{"request-extension-readable", a, raw(oid.KeyUsage, "\x05\x00"), nil, "the extension keyUsage cannot be read"},
		{"request-extension-issuer", a, raw(oid.CRLDistributionPoints, "\x30\x00"), nil, "is the issuer's to write"},
		{"request-ca", a, []ext.Extension{ext.NewBasicConstraints(ext.BasicConstraints{CA: true, PathLen: -1}, true)}, nil, "asks to be a certification authority"},
		{"request-path-length", a, raw(oid.BasicConstraints, "\x30\x03\x02\x01\x00"), nil, "has a path length but does not ask"},
		{"request-key-usage-key", a, []ext.Extension{ext.NewKeyUsage(ext.KeyEncipherment)}, nil, "a key of kind EC P-256 cannot be used for [keyEncipherment]"},
		{"request-key-usage-ca", a, []ext.Extension{ext.NewKeyUsage(ext.KeyCertSign)}, nil, "asks for keyCertSign but not"},
		{"request-ext-key-usage-any", a, []ext.Extension{ext.NewExtKeyUsage([]oid.OID{oid.AnyExtKeyUsage}, false)}, nil, "any purpose"},
		{"request-name-constraints", a, []ext.Extension{ext.NewNameConstraints(ext.NameConstraints{Permitted: []ext.GeneralName{dns("example.org")}})}, nil, "does not ask for an authority's certificate"},
		{"request-attribute-unknown", a, nil, []pkcs10.Attribute{{ID: "\x2a\x03\x04", Values: [][]byte{{5, 0}}}}, "the attribute 1.2.3.4 is not a known one"},
	} {
		q := newRequest(t, p256, pkcs10.Template{Subject: dn.Build(c.subject...), Extensions: c.extensions, Attributes: c.attributes})
		expect(t, lint.Request(q), c.rule, c.detail)
	}
}

func expect(t *testing.T, findings []lint.Finding, rule, detail string) {
	t.Helper()
	for _, f := range findings {
		if f.Rule == rule && strings.Contains(f.Detail, detail) {
			if f.Fix == "" || f.Field == "" || f.Severity == lint.Error && f.Reason == "" {
				t.Errorf("%s: incomplete: %+v", rule, f)
			}
			return
		}
	}
	t.Errorf("%s: nothing like %q in %+v", rule, detail, findings)
}

func TestRequestKeysAndEnvelope(t *testing.T) {
	password, err := pkcs10.NewTextAttribute(oid.ChallengePassword, "secret")
	if err != nil {
		t.Fatal(err)
	}
	q := newRequest(t, newKey(t, "ecdsa-p256"), pkcs10.Template{Subject: dn.Build(text(oid.CommonName, "a")), Attributes: []pkcs10.Attribute{password}})
	expect(t, lint.Request(q), "request-challenge-password", "carries a challenge password in clear")
	for _, f := range lint.Request(q) {
		if strings.Contains(f.Detail+f.Fix, "secret") {
			t.Errorf("the password is told: %+v", f)
		}
	}
	q.PKCS10.Deviations = append(q.PKCS10.Deviations, "the version is missing")
	q.PKCS10.Version = 1
	q.PKCS10.SignatureAlgorithm = key.AlgorithmIdentifier{ID: oid.MD5WithRSA}
	expect(t, lint.Request(q), "request-encoding", "the version is missing")
	expect(t, lint.Request(q), "request-version", "the version is written as 1, want 0")
	expect(t, lint.Request(q), "request-signature-broken", "md5WithRSAEncryption")
	expect(t, lint.Request(q), "request-signature-key", "but the key is EC P-256")
	q.PKCS10.SignatureAlgorithm = key.AlgorithmIdentifier{ID: "\x2a\x03\x04"}
	expect(t, lint.Request(q), "request-signature-unknown", "1.2.3.4 is not known")
	q.PKCS10.Attributes = append(q.PKCS10.Attributes, pkcs10.Attribute{ID: oid.ExtensionRequest}, pkcs10.Attribute{ID: oid.MSExtensionRequest}, q.PKCS10.Attributes[0])
	expect(t, lint.Request(q), "request-extension-two-kinds", "by two attributes")
	expect(t, lint.Request(q), "request-extension-empty", "asks for none")
	expect(t, lint.Request(q), "request-attribute-repeated", "the attribute challengePassword is there twice")
	expect(t, lint.Request(q), "request-attribute-values", "has no value")
	q.PublicKey = &key.Public{Type: "RSA", Size: 1024}
	expect(t, lint.Request(q), "request-key-size", "the RSA key has 1024 bits, want at least 2048")
	q.PublicKey = &key.Public{Type: "RSA", Size: 8192}
	expect(t, lint.Request(q), "request-key-large", "the RSA key has 8192 bits")
	q.PublicKey = &key.Public{Type: "EC", Curve: "secp256k1", Size: 256, Algorithm: key.AlgorithmIdentifier{ID: oid.ECPublicKey, Parameters: []byte{0x30, 0}}}
	expect(t, lint.Request(q), "request-key-curve", "the curve secp256k1")
	expect(t, lint.Request(q), "request-key-parameters", "not given by name")
	q.Raw = make([]byte, 70000)
	expect(t, lint.Request(q), "request-size", "has 70000 bytes")
}

func TestGoodRequestIsSilent(t *testing.T) {
	for _, kind := range []string{"ecdsa-p256", "ed25519", "rsa-2048", "ml-dsa-65"} {
		q := newRequest(t, newKey(t, kind), pkcs10.Template{
			Subject: dn.Build(attribute(oid.Country, der.PrintableString, "DE"), text(oid.Organization, "Müller & Söhne"), text(oid.CommonName, "www.certwright.com")),
			Extensions: append(san(false, dns("www.certwright.com"), dns("*.certwright.com"), general(ext.IP, "\x08\x08\x08\x08")),
				ext.NewKeyUsage(ext.DigitalSignature), ext.NewExtKeyUsage([]oid.OID{oid.ServerAuth}, false)),
		})
		if f := lint.Request(q); len(f) > 0 {
			t.Errorf("%s: %+v", kind, f)
		}
	}
}

func TestRulesAreWellFormed(t *testing.T) {
	seen := map[string]bool{}
	requests := 0
	for _, r := range lint.Rules() {
		if r.Name == "" || seen[r.Name] || r.Severity == "" {
			t.Errorf("%+v", r)
		}
		seen[r.Name] = true
		if r.On == "request" {
			requests++
		}
	}
	if requests < 40 || len(seen)-requests < 50 {
		t.Errorf("%d rules on requests, %d on certificates", requests, len(seen)-requests)
	}
	if !lint.Known("serial-length") || lint.Known("serial-lenght") {
		t.Error("known rules are not known")
	}
}
