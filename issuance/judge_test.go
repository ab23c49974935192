package issuance_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/issuance"
	"github.com/certwright/certwright/request"
)

// base is a profile that lets most things through; cases add to it.
const base = "name: base\nversion: 1\nkeys: { ec: [P-256] }\nvalidity: { default: 90d, maximum: 200d }\n"

func parseProfile(t testing.TB, text string) *issuance.Profile {
	t.Helper()
	p, err := issuance.ParseProfile([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

func finding(j issuance.Judgement, rule string, reason request.Reason) (issuance.Finding, bool) {
	for _, f := range j.Findings() {
		if f.Rule == rule && f.Reason == reason {
			return f, true
		}
	}
	return issuance.Finding{}, false
}

// refusal is a request that a rule of a profile refuses.
type refusal struct {
	name       string
	profile    string
	subject    string
	extensions []ext.Extension
	asked      issuance.Asked
	rule       string
	reason     request.Reason
	field      string
	detail     string
}

func sanOf(t *testing.T, names ...string) []ext.Extension {
	return []ext.Extension{ext.NewSubjectAltName(generalNames(t, names...), false)}
}

func rawExtension(id oid.OID, value string) []ext.Extension {
	return []ext.Extension{{ID: id, Value: []byte(value)}}
}

func TestRulesRefuseSubjectsAndNames(t *testing.T) {
	refuses(t, []refusal{
		{"key kind", "keys2", "CN=a", nil, issuance.Asked{}, "key-allowed", request.BadKey, "publicKey", "the key is EC P-256; the profile takes EC P-384"},
		{"hash", "signature: { hashes: [sha384] }", "CN=a", nil, issuance.Asked{}, "signature-hash", request.BadAlgorithm, "signatureAlgorithm", "the request is signed with sha256; the profile takes sha384"},
		{"unlisted attribute", "subject: { unlisted: refuse }", "CN=a", nil, issuance.Asked{}, "subject-attributes", request.BadSubject, "subject.CN", "which the profile does not list"},
		{"forbidden attribute", "subject: { attributes: { CN: { presence: forbidden } } }", "CN=a", nil, issuance.Asked{}, "subject-attributes", request.BadSubject, "subject.CN", "which the profile forbids"},
		{"missing attribute", "subject: { attributes: { O: { presence: required } } }", "CN=a", nil, issuance.Asked{}, "subject-required", request.BadSubject, "subject.O", "the subject has no organizationName; the profile requires it"},
		{"attribute twice", "subject: { attributes: { CN: {} } }", "CN=a,CN=b", nil, issuance.Asked{}, "subject-required", request.BadSubject, "subject.CN", "2 times; the profile takes it once"},
		{"too long", "subject: { attributes: { CN: { max: 3 } } }", "CN=abcd", nil, issuance.Asked{}, "subject-values", request.BadSubject, "subject.CN", `commonName is "abcd", want at most 3 characters`},
		{"not allowed", "subject: { attributes: { O: { allowed: [A, B] } } }", "O=C", nil, issuance.Asked{}, "subject-values", request.BadSubject, "subject.O", `organizationName is "C", want one of A, B`},
		{"pattern", `subject: { attributes: { O: { pattern: "[A-Z]+" } } }`, "O=Ab", nil, issuance.Asked{}, "subject-values", request.BadSubject, "subject.O", `organizationName is "Ab", want a value of the form [A-Z]+`},
		{"empty subject", "subject: { empty: false }", "", nil, issuance.Asked{}, "subject-empty", request.BadSubject, "subject", "the subject is empty; the profile requires one"},
		{"nobody named", "subject: { unlisted: drop }", "CN=a", nil, issuance.Asked{}, "subject-empty", request.BadSubject, "subject", "neither the subject nor a subject alternative name says who the certificate is for"},
		{"names unreadable", "", "CN=a", rawExtension(oid.SubjectAltName, "\x30\x05\x82"), issuance.Asked{}, "names-readable", request.BadName, "subjectAltName", "cannot be read"},
		{"names empty", "", "CN=a", rawExtension(oid.SubjectAltName, "\x30\x00"), issuance.Asked{}, "names-readable", request.BadName, "subjectAltName", ""},
		{"kind", "names: { kinds: [ip] }", "CN=a", sanOf(t, "dns:a.example"), issuance.Asked{}, "names-kinds", request.BadName, "subjectAltName", "the name dns:a.example is of a kind the profile does not take; it takes ip"},
		{"invalid name", "names: { kinds: [dns] }", "CN=a", rawExtension(oid.SubjectAltName, "\x30\x06\x82\x04a..b"), issuance.Asked{}, "names-valid", request.BadName, "subjectAltName", "is not valid"},
		{"wildcard", "names: { kinds: [dns] }", "CN=a", sanOf(t, "dns:*.a.example"), issuance.Asked{}, "names-wildcards", request.BadName, "subjectAltName", "is a wildcard, which the profile does not take"},
		{"not listed", "names: { kinds: [dns], allow: { dns: [.example.org] } }", "CN=a", sanOf(t, "dns:a.example.com"), issuance.Asked{}, "names-lists", request.BadName, "subjectAltName", "the name dns:a.example.com is not on the profile's list: .example.org"},
		{"denied", "names: { kinds: [ip], deny: { ip: [10.0.0.0/8] } }", "CN=a", sanOf(t, "ip:10.1.2.3"), issuance.Asked{}, "names-lists", request.BadName, "subjectAltName", "the name ip:10.1.2.3 is on the profile's list of names that are refused"},
		{"denied common name", "subject: { unlisted: keep }\nnames: { kinds: [dns], deny: { dns: [evil.example.org] } }", "CN=evil.example.org", sanOf(t, "dns:b.example.org"), issuance.Asked{}, "names-lists", request.BadName, "subject.CN", "on the profile's list of names that are refused"},
		{"too few", "names: { kinds: [dns], min: 1 }", "CN=a", nil, issuance.Asked{}, "names-count", request.BadName, "subjectAltName", "has no subject alternative name; the profile requires at least 1"},
		{"too many", "names: { kinds: [dns], max: 1 }", "CN=a", sanOf(t, "dns:a.example", "dns:b.example"), issuance.Asked{}, "names-count", request.BadName, "subjectAltName", "has 2 subject alternative names; the profile takes at most 1"},
		{"required kind", "names: { kinds: [dns, email], required: [email] }", "CN=a", sanOf(t, "dns:a.example"), issuance.Asked{}, "names-count", request.BadName, "subjectAltName", "no subject alternative name is of the kind email"},
		{"common name", "subject: { unlisted: keep }\nnames: { kinds: [dns], commonNameAmong: true }", "CN=My Server", sanOf(t, "dns:a.example"), issuance.Asked{}, "names-common-name", request.BadName, "subject.CN", `the common name "My Server" is not among`},
	})
}

func TestRulesRefuseValidityAndExtensions(t *testing.T) {
	const day = 24 * time.Hour
	refuses(t, []refusal{
		{"too long validity", "", "CN=a", nil, issuance.Asked{Validity: 201 * day}, "validity-limits", request.BadValidity, "notAfter", "the validity would be 201d, want at most 200d"},
		{"validity of millennia", "", "CN=a", nil, issuance.Asked{NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}, "validity-limits", request.BadValidity, "notAfter", "the validity would be more than 73000d, want at most 200d"},
		{"too short validity", "validity2", "CN=a", nil, issuance.Asked{Validity: time.Hour}, "validity-limits", request.BadValidity, "notAfter", "the validity would be 1h, want at least 1d"},
		{"past end", "", "CN=a", nil, issuance.Asked{NotAfter: start.Add(-time.Second)}, "validity-limits", request.BadValidity, "notAfter", "is not in the future"},
		{"negative validity", "", "CN=a", nil, issuance.Asked{Validity: -day}, "validity", request.BadValidity, "notAfter", "the validity asked for is -24h0m0s"},
		{"start", "", "CN=a", nil, issuance.Asked{NotBefore: start}, "validity", request.BadValidity, "notBefore", "the profile sets the start itself"},
		{"early start", "validity3", "CN=a", nil, issuance.Asked{NotBefore: start.Add(-day)}, "validity", request.BadValidity, "notBefore", "want 2026-11-21 11:55:00 UTC or later"},
		{"late start", "validity3", "CN=a", nil, issuance.Asked{NotBefore: start.Add(day)}, "validity", request.BadValidity, "notBefore", "want 2026-11-21 12:00:00 UTC or earlier"},
		{"extension twice", "", "CN=a", slices.Concat(rawExtension("\x2a\x03", "\x05\x00"), rawExtension("\x2a\x03", "\x05\x00")), issuance.Asked{}, "extension-repeated", request.BadExtension, "extensions", "the request has the extension 1.2.3 twice"},
		{"unlisted extension", "extensions: { unlisted: refuse }", "CN=a", rawExtension("\x2a\x03", "\x05\x00"), issuance.Asked{}, "extensions", request.BadExtension, "extensions.1.2.3", "which the profile does not list"},
		{"refused extension", "extensions: { other: { 1.2.3: { request: refuse } } }", "CN=a", rawExtension("\x2a\x03", "\x05\x00"), issuance.Asked{}, "extensions", request.BadExtension, "", "which the profile refuses"},
		{"missing extension", "extensions: { other: { 1.2.3: { request: require } } }", "CN=a", nil, issuance.Asked{}, "extensions", request.BadExtension, "", "the profile requires it"},
		{"extension value", "extensions: { other: { 1.2.3: { request: allow, prefix: [\"04\"] } } }", "CN=a", rawExtension("\x2a\x03", "\x05\x00"), issuance.Asked{}, "extensions", request.BadExtension, "extensions.1.2.3", "the value #0500 of 1.2.3 is not one the profile takes"},
		{"extension length", "extensions: { other: { 1.2.3: { request: allow, max: 2 } } }", "CN=a", rawExtension("\x2a\x03", "\x04\x01\x00"), issuance.Asked{}, "extensions", request.BadExtension, "extensions.1.2.3", "3 octets long, more than the 2 the profile takes"},
		{"extension not DER", "extensions: { other: { 1.2.3: { request: allow } } }", "CN=a", rawExtension("\x2a\x03", "\x04\x81\x01\x00"), issuance.Asked{}, "extensions", request.BadExtension, "extensions.1.2.3", "is not DER"},
		{"basic constraints refused", "extensions: { basicConstraints: { request: refuse } }", "CN=a", []ext.Extension{ext.NewBasicConstraints(ext.BasicConstraints{CA: true, PathLen: -1}, true)}, issuance.Asked{}, "basic-constraints", request.BadExtension, "extensions.basicConstraints", "which the profile refuses"},
		{"key usage excess", "extensions: { keyUsage: { request: allow, default: [digitalSignature], excess: refuse } }", "CN=a", []ext.Extension{ext.NewKeyUsage(ext.KeyCertSign)}, issuance.Asked{}, "key-usage", request.BadExtension, "extensions.keyUsage", "the request asks for keyCertSign; the profile allows digitalSignature"},
		{"key usage impossible", "extensions: { keyUsage: { default: [keyEncipherment] } }", "CN=a", nil, issuance.Asked{}, "key-usage", request.BadExtension, "extensions.keyUsage", "no usage is left that the profile allows and a key of kind EC P-256 can do"},
		{"key usage unreadable", "extensions: { keyUsage: { request: allow, default: [digitalSignature] } }", "CN=a", rawExtension(oid.KeyUsage, "\x05\x00"), issuance.Asked{}, "key-usage", request.BadExtension, "extensions.keyUsage", "the key usage cannot be read"},
		{"purpose excess", "extensions: { extKeyUsage: { request: allow, default: [clientAuth], excess: refuse } }", "CN=a", []ext.Extension{ext.NewExtKeyUsage([]oid.OID{oid.AnyExtKeyUsage}, false)}, issuance.Asked{}, "ext-key-usage", request.BadExtension, "extensions.extKeyUsage", "the profile allows clientAuth"},
		{"purposes none", "extensions: { extKeyUsage: { request: allow, allowed: [clientAuth] } }", "CN=a", nil, issuance.Asked{}, "ext-key-usage", request.BadExtension, "extensions.extKeyUsage", "no purpose is left that the profile allows"},
		{"policy", "extensions: { certificatePolicies: { request: allow, allowed: [1.2.3] } }", "CN=a", []ext.Extension{ext.NewCertificatePolicies([]oid.OID{"\x2a\x04"})}, issuance.Asked{}, "certificate-policies", request.BadExtension, "extensions.certificatePolicies", "the request asks for the policy 1.2.4"},
		{"feature", "extensions: { tlsFeature: { request: allow, allowed: [5] } }", "CN=a", []ext.Extension{ext.NewTLSFeature([]int{17})}, issuance.Asked{}, "tls-feature", request.BadExtension, "extensions.tlsFeature", "the request asks for the TLS feature 17; the profile allows 5"},
		{"rule", "rules: [{ name: no-a, when: '\"a\" in request.subject.CN', verdict: refuse, field: subject.CN, message: a is taken, fix: choose another }]", "CN=a", nil, issuance.Asked{}, "no-a", request.BadSubject, "subject.CN", "a is taken"},
		{"rule that fails", "rules: [{ name: first, when: 'request.subject.O[0] == \"x\"', verdict: warn, message: m }]", "CN=a", nil, issuance.Asked{}, "first", request.PolicyRefused, "", "the rule could not be evaluated on this request"},
		{"lint", "subject: { unlisted: keep }", "C=de", nil, issuance.Asked{}, "subject-country", request.LintFailed, "subject.C", "want two capital letters"},
	})
}

// refuses judges each, and looks what refused it.
func refuses(t *testing.T, all []refusal) {
	t.Helper()
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	k := newKey(t, "ecdsa-p256")
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			text := base + c.profile
			switch c.profile {
			case "keys2":
				text = strings.Replace(base, "P-256", "P-384", 1)
			case "validity2":
				text = strings.Replace(base, "maximum", "minimum: 1d, maximum", 1)
			case "validity3":
				text = strings.Replace(base, "maximum", "explicitStart: true, maximum", 1)
			}
			if !strings.Contains(text, "subject:") {
				text += "\nsubject: { unlisted: keep }"
			}
			r := newRequest(t, k, c.subject, c.extensions...)
			j := parseProfile(t, text).Judge(r, proven(r), root.issuer, c.asked, start)
			f, ok := finding(j, c.rule, c.reason)
			if !ok || j.Verdict() != issuance.Refused {
				t.Fatalf("%s: the rule %s found nothing: %+v", j.Verdict(), c.rule, j.Findings())
			}
			if f.Severity != issuance.Error || f.Reason != c.reason || c.field != "" && f.Field != c.field || !strings.Contains(f.Detail, c.detail) || f.Fix == "" {
				t.Errorf("got %+v, want %s %s %q", f, c.reason, c.field, c.detail)
			}
			if _, err := j.Approve(); err != issuance.ErrRefused {
				t.Errorf("approving: got %v", err)
			}
			if _, err := j.ApproveAs("officer"); err != issuance.ErrRefused {
				t.Errorf("approving in a name: got %v", err)
			}
		})
	}
}

func TestPossessionIsNeeded(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	r := newRequest(t, newKey(t, "ecdsa-p256"), "CN=a.example.org")
	p := profile(t, "server")
	j := p.Judge(r, evidence.Evidence{Possession: evidence.Possession{Detail: "the signature is not of this key"}}, root.issuer, issuance.Asked{}, start)
	if got := j.Refusal(); got == nil || got.Reason != request.BadPossession || !strings.Contains(got.Detail, "the signature is not of this key") || got.Rule != "possession (RFC 2986, Section 3)" {
		t.Errorf("got %+v", got)
	}
	j = p.Judge(r, evidence.Evidence{Possession: evidence.Possession{Proven: true, Algorithm: "md5WithRSAEncryption", Broken: "MD5 is broken"}}, root.issuer, issuance.Asked{}, start)
	if got := j.Refusal(); got == nil || got.Reason != request.BadAlgorithm || !strings.Contains(got.Detail, "md5WithRSAEncryption, which proves nothing today: MD5 is broken") {
		t.Errorf("got %+v", got)
	}
	var zero issuance.Profile
	if got := zero.Judge(r, proven(r), root.issuer, issuance.Asked{}, start).Verdict(); got != issuance.Refused {
		t.Errorf("a profile that says nothing: got %s", got)
	}
	if got := p.Judge(nil, evidence.Evidence{}, nil, issuance.Asked{}, start).Refusal(); got == nil || got.Reason != request.BadFormat {
		t.Errorf("nothing at all: got %+v", got)
	}
	if got := (issuance.Judgement{}).Refusal(); got == nil || got.Detail != "the request was never judged" {
		t.Errorf("never judged: got %+v", got)
	}
}

func TestChangesAreTold(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	k := newKey(t, "ecdsa-p256")
	p := parseProfile(t, base+`
subject: { attributes: { CN: {}, O: { override: Example }, OU: { default: Web }, L: { presence: dropped } } }
names: { kinds: [dns], fromCommonName: true, unlisted: drop }
extensions:
  keyUsage: { default: [digitalSignature, keyEncipherment], request: allow }
  extKeyUsage: { default: [serverAuth] }
`)
	r := newRequest(t, k, "CN=www.example.org,O=Other,L=Town,ST=State",
		ext.NewSubjectAltName(generalNames(t, "dns:a.example.org", "dns:A.example.org", "email:a@example.org"), true),
		ext.NewBasicConstraints(ext.BasicConstraints{CA: true, PathLen: 3}, true),
		ext.NewKeyUsage(ext.DigitalSignature|ext.KeyCertSign),
		ext.NewExtKeyUsage([]oid.OID{oid.CodeSigning}, false),
		ext.NewSubjectKeyIdentifier([]byte{1, 2, 3}),
		ext.Extension{ID: oid.NTDSCASecurity, Value: []byte{4, 1, 1}})
	j := p.Judge(r, proven(r), root.issuer, issuance.Asked{}, start)
	if j.Verdict() != issuance.Accepted {
		t.Fatalf("got %s: %+v", j.Verdict(), j.Findings())
	}
	want := []string{
		"subject.O replaced Other Example", "subject.L dropped Town ", "subject.ST dropped State ", "subject.OU added  Web",
		"subjectAltName dropped dns:A.example.org ", "subjectAltName dropped email:a@example.org ", "subjectAltName added  dns:www.example.org",
		"extensions.basicConstraints replaced CA:TRUE, pathlen:3 CA:FALSE",
		"extensions.keyUsage replaced digitalSignature, keyCertSign digitalSignature",
		"extensions.extKeyUsage replaced codeSigning serverAuth",
	}
	var got []string
	for _, c := range j.Changes() {
		got = append(got, strings.Join([]string{c.Field, c.Action, c.Requested, c.Issued}, " "))
		if c.Why == "" {
			t.Errorf("no reason for %+v", c)
		}
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("not told: %s\n%s", w, strings.Join(got, "\n"))
		}
	}
	planned := j.Planned()
	if planned.Subject != "OU=Web,O=Example,CN=www.example.org" || !slices.Equal(planned.Names, []string{"dns:a.example.org", "dns:www.example.org"}) {
		t.Errorf("planned: %s, %v", planned.Subject, planned.Names)
	}
	if len(planned.Extensions) != 6 || planned.NotAfter.Sub(planned.NotBefore) != 90*24*time.Hour-time.Second {
		t.Errorf("planned: %+v", planned)
	}
	text, err := json.Marshal(j)
	if err != nil || !strings.Contains(string(text), `"verdict":"accepted"`) {
		t.Errorf("as JSON: %s, %v", text, err)
	}
}

func TestSubjectBytesAreKept(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	r := newRequest(t, newKey(t, "ecdsa-p256"), "CN=www.example.org+O=Example,OU=b,OU=a")
	j := profile(t, "server").Judge(r, proven(r), root.issuer, issuance.Asked{}, start)
	if got := j.Planned().Subject; got != r.Subject.String() {
		t.Errorf("got %s, want %s", got, r.Subject)
	}
	if !strings.Contains(string(j.TBSPreview([]byte{1})), string(r.Subject.Raw)) {
		t.Error("the bytes of the subject are not in what would be signed")
	}
}

func TestOfficerGivesSubjectAndNames(t *testing.T) {
	root := newRoot(t, "ecdsa-p256", issuance.IssuerConfig{})
	r := newRequest(t, newKey(t, "ecdsa-p256"), "CN=a.example.org")
	subject := name(t, "CN=b.example.org")
	j := profile(t, "server").Judge(r, proven(r), root.issuer, issuance.Asked{Subject: &subject, Names: generalNames(t, "dns:c.example.org")}, start)
	if got := j.Planned(); got.Subject != "CN=b.example.org" || !slices.Equal(got.Names, []string{"dns:c.example.org", "dns:b.example.org"}) {
		t.Errorf("got %+v", got)
	}
	empty := dn.Empty()
	j = profile(t, "server").Judge(r, proven(r), root.issuer, issuance.Asked{Subject: &empty}, start)
	if j.Verdict() != issuance.Refused {
		t.Errorf("without any name: got %s", j.Verdict())
	}
}
