package lint_test

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/lint"
)

var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// draft is a certificate that no rule has anything to say of; cases change it.
type draft struct {
	tbs     cert.TBS
	subject []dn.RDN
}

func newDraft(t testing.TB, public *key.Public) *draft {
	t.Helper()
	return &draft{
		tbs: cert.TBS{
			Serial: []byte{0x51, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, Issuer: dn.Build(text(oid.CommonName, "Issuer")).Raw,
			NotBefore: start, NotAfter: start.AddDate(0, 3, 0), PublicKey: public.Raw,
			Extensions: []ext.Extension{
				ext.NewKeyUsage(ext.DigitalSignature), ext.NewExtKeyUsage([]oid.OID{oid.ServerAuth}, false),
				ext.NewAuthorityKeyIdentifier([]byte{1, 2, 3, 4}), ext.NewSubjectAltName([]ext.GeneralName{dns("www.example.org")}, false),
			},
		},
		subject: []dn.RDN{text(oid.CommonName, "www.example.org")},
	}
}

// set replaces an extension or adds it.
func (d *draft) set(e ext.Extension) {
	for i := range d.tbs.Extensions {
		if d.tbs.Extensions[i].ID == e.ID {
			d.tbs.Extensions[i] = e
			return
		}
	}
	d.tbs.Extensions = append(d.tbs.Extensions, e)
}

func (d *draft) remove(id oid.OID) {
	var kept []ext.Extension
	for _, e := range d.tbs.Extensions {
		if e.ID != id {
			kept = append(kept, e)
		}
	}
	d.tbs.Extensions = kept
}

func (d *draft) sign(t testing.TB, k *key.Private) *cert.Certificate {
	t.Helper()
	alg, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		t.Fatal(err)
	}
	d.tbs.Signature, d.tbs.Subject = alg.Identifier.Raw, dn.Build(d.subject...).Raw
	tbs := cert.AppendTBS(nil, &d.tbs)
	signature, err := key.Sign(k.Signer, alg, tbs)
	if err != nil {
		t.Fatal(err)
	}
	c, err := cert.Parse(cert.Assemble(nil, tbs, alg.Identifier.Raw, signature))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// spoilt is a certificate that one rule finds fault with.
type spoilt struct {
	rule   string
	change func(d *draft)
	detail string
}

// asAuthority makes a draft one of an authority.
func asAuthority(d *draft) {
	d.set(ext.NewBasicConstraints(ext.BasicConstraints{CA: true, PathLen: -1}, true))
	d.set(ext.NewKeyUsage(ext.KeyCertSign | ext.CRLSign))
	d.set(ext.NewSubjectKeyIdentifier([]byte{1}))
	d.remove(oid.ExtKeyUsage)
	d.remove(oid.SubjectAltName)
	d.subject = []dn.RDN{text(oid.CommonName, "Sub")}
}

func purposes(ids ...oid.OID) ext.Extension { return ext.NewExtKeyUsage(ids, false) }

func TestCertificateRulesOfContents(t *testing.T) {
	findsFault(t, []spoilt{
		{"serial-random", func(d *draft) { d.tbs.Serial = []byte{1} }, "has 1 octets, too few"},
		{"issuer-empty", func(d *draft) { d.tbs.Issuer = dn.Empty().Raw }, "the issuer has no name"},
		{"subject-empty-ca", func(d *draft) { asAuthority(d); d.subject = nil }, "an empty subject"},
		{"subject-string-type", func(d *draft) { d.subject = append(d.subject, text(oid.Country, "DE")) }, "want PrintableString"},
		{"subject-string-old", func(d *draft) { d.subject = append(d.subject, attribute(oid.Organization, der.T61String, "a")) }, "is a T61String"},
		{"subject-length", func(d *draft) { d.subject = append(d.subject, text(oid.Organization, strings.Repeat("ü", 65))) }, "has 65 characters"},
		{"subject-value-empty", func(d *draft) { d.subject = append(d.subject, text(oid.Organization, "")) }, "is empty"},
		{"subject-value-readable", func(d *draft) { d.subject = append(d.subject, text(oid.Organization, "\xff")) }, "cannot be read"},
		{"subject-value-control", func(d *draft) { d.subject = append(d.subject, text(oid.Organization, "a\nb")) }, "has a control character"},
		{"subject-value-blank", func(d *draft) { d.subject = append(d.subject, text(oid.Organization, " a")) }, "begins or ends with a blank"},
		{"subject-country", func(d *draft) { d.subject = append(d.subject, attribute(oid.Country, der.PrintableString, "de")) }, "want two capital letters"},
		{"subject-repeated", func(d *draft) { d.subject = append(d.subject, text(oid.CommonName, "b")) }, "has 2 common names"},
		{"validity-order", func(d *draft) { d.tbs.NotAfter = start.Add(-time.Hour) }, "before it begins"},
		{"extension-repeated", func(d *draft) { d.tbs.Extensions = append(d.tbs.Extensions, d.tbs.Extensions[0]) }, "is there twice"},
		{"extension-readable", func(d *draft) { d.set(ext.Extension{ID: oid.KeyUsage, Critical: true, Value: []byte{5, 0}}) }, "keyUsage cannot be read"},
		{"extension-critical-unknown", func(d *draft) { d.set(ext.Extension{ID: "\x2a\x03", Critical: true, Value: []byte{5, 0}}) }, "the extension 1.2.3 is critical"},
		{"extension-never-critical", func(d *draft) { e := ext.NewAuthorityKeyIdentifier([]byte{1}); e.Critical = true; d.set(e) }, "which it must not be"},
		{"extension-always-critical", func(d *draft) {
			asAuthority(d)
			e := ext.NewNameConstraints(ext.NameConstraints{Permitted: []ext.GeneralName{dns("a")}})
			e.Critical = false
			d.set(e)
		}, "which it must be"},
	})
}

func TestCertificateRulesOfExtensions(t *testing.T) {
	findsFault(t, []spoilt{
		{"extension-of-ca", func(d *draft) { d.set(ext.Extension{ID: oid.InhibitAnyPolicy, Critical: true, Value: []byte{2, 1, 0}}) }, "belongs to certificates of authorities"},
		{"basic-constraints-ca", func(d *draft) {
			asAuthority(d)
			d.set(ext.NewBasicConstraints(ext.BasicConstraints{CA: true, PathLen: -1}, false))
		}, "are not critical"},
		{"basic-constraints-ca", func(d *draft) { d.set(ext.NewKeyUsage(ext.KeyCertSign | ext.DigitalSignature)) }, "no authority's"},
		{"path-length", func(d *draft) { d.set(ext.Extension{ID: oid.BasicConstraints, Value: []byte("\x30\x03\x02\x01\x00")}) }, "there is a path length"},
		{"key-usage-ca", func(d *draft) { asAuthority(d); d.set(ext.NewKeyUsage(ext.CRLSign)) }, "does not have keyCertSign"},
		{"key-usage-critical", func(d *draft) { e := ext.NewKeyUsage(ext.DigitalSignature); e.Critical = false; d.set(e) }, "is not critical"},
		{"key-usage-empty", func(d *draft) { d.set(ext.Extension{ID: oid.KeyUsage, Critical: true, Value: []byte{3, 1, 0}}) }, "names no usage"},
		{"key-usage-key", func(d *draft) { d.set(ext.NewKeyUsage(ext.KeyEncipherment)) }, "cannot be used for [keyEncipherment]"},
		{"key-usage-only", func(d *draft) { d.set(ext.NewKeyUsage(ext.DigitalSignature | ext.EncipherOnly)) }, "mean nothing without keyAgreement"},
		{"ext-key-usage-repeated", func(d *draft) { d.set(purposes(oid.ServerAuth, oid.ServerAuth)) }, "is there twice"},
		{"ext-key-usage-any", func(d *draft) { d.set(purposes(oid.AnyExtKeyUsage)) }, "any purpose"},
		{"ext-key-usage-key-usage", func(d *draft) { d.set(ext.NewKeyUsage(ext.KeyAgreement)); d.set(purposes(oid.CodeSigning)) }, "the purpose codeSigning needs"},
		{"time-stamping", func(d *draft) { d.set(purposes(oid.TimeStamping)) }, "is not critical"},
		{"time-stamping", func(d *draft) { d.set(ext.NewExtKeyUsage([]oid.OID{oid.TimeStamping, oid.ClientAuth}, true)) }, "has other purposes too"},
		{"ocsp-no-check", func(d *draft) { d.set(purposes(oid.OCSPSigning)) }, "checked for revocation"},
		{"subject-key-identifier", func(d *draft) { asAuthority(d); d.remove(oid.SubjectKeyIdentifier) }, "has no subject key identifier"},
		{"authority-key-identifier", func(d *draft) { d.remove(oid.AuthorityKeyIdentifier) }, "has no authority key identifier"},
		{"authority-key-identifier", func(d *draft) { d.set(ext.Extension{ID: oid.AuthorityKeyIdentifier, Value: []byte{0x30, 0}}) }, "does not name the key"},
		{"names-empty", func(d *draft) { d.remove(oid.SubjectAltName); d.subject = nil }, "neither subject nor"},
		{"names-critical", func(d *draft) { d.subject = nil }, "are not critical"},
		{"names-valid", func(d *draft) { d.set(san(false, dns("a..b"))[0]) }, "is not valid"},
		{"names-repeated", func(d *draft) { d.set(san(false, dns("www.example.org"), dns("WWW.example.org"))[0]) }, "is there twice"},
		{"names-server", func(d *draft) { d.set(san(false, general(ext.Email, "a@example.org"))[0]) }, "clients refuse it"},
		{"names-wildcard", func(d *draft) { d.set(san(false, dns("w*.example.org"))[0]) }, "not the whole first label"},
		{"common-name-host", func(d *draft) { d.set(san(false, dns("other.example.org"))[0]) }, "is a host, but not among"},
		{"name-constraints-empty", func(d *draft) {
			asAuthority(d)
			d.set(ext.Extension{ID: oid.NameConstraints, Critical: true, Value: []byte{0x30, 0}})
		}, ""},
		{"freshest-crl", func(d *draft) { d.set(ext.NewFreshestCRL([]string{"http://a/"})) }, "but no full list"},
		{"revocation-none", func(d *draft) {
			d.set(ext.Extension{ID: oid.NoRevAvail, Value: []byte{5, 0}})
			d.set(ext.NewCRLDistributionPoints([]string{"http://a/"}))
		}, "and points to it"},
		{"ct-poison", func(d *draft) { d.set(ext.Extension{ID: oid.CTPoison, Critical: true, Value: []byte{5, 0}}) }, "precertificate"},
		{"private-key-usage-period", func(d *draft) { d.set(ext.Extension{ID: oid.PrivateKeyUsagePeriod, Value: []byte{0x30, 0}}) }, "not part of the profile"},
	})
}

// findsFault has the rules find fault with each, and with nothing before.
func findsFault(t *testing.T, all []spoilt) {
	t.Helper()
	k := newKey(t, "ecdsa-p256")
	if f := lint.Certificate(newDraft(t, k.Public).sign(t, k), lint.Options{}); len(f) > 0 {
		t.Fatalf("the draft: %+v", f)
	}
	for _, c := range all {
		d := newDraft(t, k.Public)
		c.change(d)
		signed := d.sign(t, k)
		findings := lint.Certificate(signed, lint.Options{})
		if c.rule == "name-constraints-empty" && len(findings) == 1 && findings[0].Rule == "extension-readable" {
			continue // an empty one is not readable either
		}
		expect(t, findings, c.rule, c.detail)
		for _, f := range lint.Certificate(signed, lint.Options{Ignore: []string{c.rule}}) {
			if f.Rule == c.rule {
				t.Errorf("%s is not ignored", c.rule)
			}
		}
	}
}

// TestManyWarningsHideNoError: an error is found behind any number of
// harmless findings.
func TestManyWarningsHideNoError(t *testing.T) {
	k := newKey(t, "ecdsa-p256")
	d := newDraft(t, k.Public)
	for range 300 {
		d.subject = append(d.subject, attribute(oid.Organization, der.T61String, " old "))
	}
	d.set(ext.NewKeyUsage(ext.KeyEncipherment))
	findings := lint.Certificate(d.sign(t, k), lint.Options{})
	expect(t, findings, "key-usage-key", "cannot be used for")
	if len(findings) > 200 || findings[0].Severity != lint.Error {
		t.Errorf("got %d findings, first %+v", len(findings), findings[0])
	}
}

// TestCertificateEnvelope changes what is written outside the fields a draft
// can set.
func TestCertificateEnvelope(t *testing.T) {
	k := newKey(t, "ecdsa-p256")
	for _, c := range []struct {
		rule   string
		change func(w *cert.Certificate)
		detail string
	}{
		{"certificate-encoding", func(w *cert.Certificate) { w.Raw = append([]byte{0x30, 0x81}, w.Raw[2:]...) }, "is not DER"},
		{"certificate-version", func(w *cert.Certificate) { w.Version = 1 }, "of version 1, want 3"},
		{"serial-positive", func(w *cert.Certificate) { w.Serial = big.NewInt(-5) }, "is -5"},
		{"serial-length", func(w *cert.Certificate) { w.SerialBytes = make([]byte, 21) }, "has 21 octets"},
		{"signature-twice", func(w *cert.Certificate) { w.Signature.Raw = nil }, "differs from"},
		{"signature-broken", func(w *cert.Certificate) { w.SignatureAlgorithm = key.AlgorithmIdentifier{ID: oid.SHA1WithRSA} }, "sha1WithRSAEncryption"},
		{"unique-identifier", func(w *cert.Certificate) { w.IssuerUniqueID = []byte{1} }, "unique identifier"},
		{"key-size", func(w *cert.Certificate) { w.PublicKey = &key.Public{Type: "RSA", Size: 1024} }, "1024 bits"},
		{"key-size", func(w *cert.Certificate) { w.PublicKey = &key.Public{Type: "DSA"} }, "DSA keys"},
		{"key-parameters", func(w *cert.Certificate) {
			w.PublicKey = &key.Public{Type: "RSA", Algorithm: key.AlgorithmIdentifier{ID: oid.RSAEncryption}}
		}, "not NULL"},
		{"key-usable", func(w *cert.Certificate) { w.PublicKey = &key.Public{Type: "unknown", Problem: der.ErrTruncated} }, "cannot be computed with"},
		{"validity-encoding", func(w *cert.Certificate) { w.RawTBS = tbsWithTime(der.GeneralizedTime, "20261121120000Z") }, "is a GeneralizedTime, want UTCTime"},
		{"validity-form", func(w *cert.Certificate) { w.RawTBS = tbsWithTime(der.UTCTime, "2611211200Z") }, "is not written in seconds and UTC"},
		{"validity-form", func(w *cert.Certificate) { w.RawTBS = tbsWithTime(der.UTCTime, "261121120000+0100") }, "is not written in seconds and UTC"},
	} {
		w := newDraft(t, k.Public).sign(t, k)
		c.change(w)
		expect(t, lint.Certificate(w, lint.Options{}), c.rule, c.detail)
	}
}

// tbsWithTime is the least of a TBSCertificate that has these times.
func tbsWithTime(tag der.Tag, value string) []byte {
	var b der.Builder
	outer := b.Begin(der.Sequence)
	b.Int(1)
	mark := b.Begin(der.Sequence)
	b.AddString(tag, value)
	b.AddString(der.UTCTime, "270101000000Z")
	b.End(mark)
	b.End(outer)
	return b.Bytes()
}

// FuzzCertificate: no certificate that can be read makes a rule panic.
func FuzzCertificate(f *testing.F) {
	k := newKey(f, "ecdsa-p256")
	f.Add(newDraft(f, k.Public).sign(f, k).Raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if c, err := cert.Parse(raw); err == nil {
			lint.Certificate(c, lint.Options{})
		}
	})
}
