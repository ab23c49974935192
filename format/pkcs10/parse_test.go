package pkcs10

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/internal/specimen"
)

const edited = "CN=edited.example,O=Specimens"

// The specimens that have no line here are regular: no deviation, and a
// signature that verifies.
var irregular = map[string]struct {
	deviations []string // each contains one of these, in order
	signature  string   // the error of CheckSignature contains this
}{
	"wikipedia.csr":   {signature: "does not verify"},
	"unknown-key.csr": {signature: "cannot be checked"},
	"version-2.csr":   {deviations: []string{"the version is 2; the only one there is is 0"}},
	"version-missing.csr": {deviations: []string{
		"the version is missing"}},
	"long-lengths.csr": {deviations: []string{
		"the encoding is not DER: SEQUENCE has a length or tag in more octets than needed"}},
	"unsorted-attributes.csr": {deviations: []string{
		"the attributes are not in the order DER asks for in a SET OF"}},
	"duplicate-attributes.csr": {deviations: []string{
		"the attribute challengePassword appears more than once"}},
	"empty-attribute-set.csr": {deviations: []string{
		"the attribute challengePassword has an empty set of values"}},
	"two-passwords.csr": {deviations: []string{
		"the attribute challengePassword has 2 values; it may have one"}},
	"attributes-missing.csr": {deviations: []string{
		"the attributes are missing; an empty [0] should stand in their place"}},
	"attributes-set.csr": {deviations: []string{
		"the attributes are tagged SET; they should be tagged [0]"}},
	"attribute-bare.csr": {deviations: []string{
		"the value of attribute challengePassword is not in a SET"}},
	"attribute-broken.csr": {deviations: []string{
		"an attribute is OCTET STRING; it should be a SEQUENCE",
		"an attribute has no readable type: found PrintableString where OBJECT IDENTIFIER belongs"}},
	"ragged.csr": {signature: "the signature has unused bits: the signature does not verify", deviations: []string{
		"the signature does not end on a whole octet"}},
	"trailing.csr": {deviations: []string{"3 bytes follow the request"}},
	"info-trailing.csr": {deviations: []string{
		"5 bytes follow the attributes, where the request should end"}},
	"signature-octets.csr": {deviations: []string{
		"the signature is an OCTET STRING; it should be a BIT STRING"}},
	"two-extension-requests.csr": {deviations: []string{
		"the attribute Extension Request appears more than once"}},
	"duplicate-extension.csr": {deviations: []string{
		"the extension X509v3 Subject Alternative Name is asked for more than once"}},
	"bad-extensions.csr": {deviations: []string{
		"the extensions in attribute Extension Request cannot be read: "}},
	"extensions-string.csr": {deviations: []string{
		"the extensions in attribute Extension Request cannot be read: "}},
	"password-integer.csr": {deviations: []string{
		"the value of attribute challengePassword is no text: INTEGER is not a character string"}},
	"not-critical.csr": {deviations: []string{
		"the extension X509v3 Subject Alternative Name says that it is not critical; DER leaves the default away"}},
	"unsorted-rdn.csr": {deviations: []string{
		"the attributes of a multi-valued part of the subject are not in the order DER asks for in a SET OF"}},
	"bad-subject.csr": {deviations: []string{"the subject cannot be read: "}},
}

func TestParseSpecimens(t *testing.T) {
	for _, name := range specimen.Names(t, ".csr") {
		if name == "base64.csr" || name == "indefinite.csr" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			raw := specimen.DER(t, name)
			r, err := Parse(raw)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(slices.Concat(r.Raw, r.Trailing), raw) {
				t.Error("bytes were lost")
			}
			want := irregular[name]
			if len(r.Deviations) != len(want.deviations) {
				t.Fatalf("deviations %q, want %q", r.Deviations, want.deviations)
			}
			for i, d := range r.Deviations {
				if !strings.HasPrefix(d, want.deviations[i]) {
					t.Errorf("deviation %q, want %q", d, want.deviations[i])
				}
			}
			err = r.CheckSignature()
			if want.signature == "" && err != nil {
				t.Error(err)
			}
			if want.signature != "" && (err == nil || !strings.Contains(err.Error(), want.signature)) {
				t.Errorf("CheckSignature: %v, want %q", err, want.signature)
			}
		})
	}
}

func TestParseKeepsWhatIsOdd(t *testing.T) {
	parse := func(name string) *Request {
		t.Helper()
		r, err := Parse(specimen.DER(t, name))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := parse("version-2.csr"); r.Version != 2 || r.Subject.String() != edited {
		t.Errorf("version %d, subject %q", r.Version, r.Subject)
	}
	if r := parse("bad-subject.csr"); r.SubjectProblem == nil || len(r.Subject.Raw) == 0 || !r.Subject.IsEmpty() {
		t.Errorf("subject %v, problem %v", r.Subject, r.SubjectProblem)
	}
	if r := parse("unknown-key.csr"); r.PublicKey.Type != "unknown" || r.PublicKey.Problem == nil || len(r.PublicKey.Raw) == 0 {
		t.Errorf("public key %+v", r.PublicKey)
	}
	if r := parse("wikipedia.csr"); r.SignatureAlgorithm.ID != oid.MD5WithRSA || !errors.Is(r.CheckSignature(), key.ErrSignature) {
		t.Errorf("algorithm %v, signature: %v", r.SignatureAlgorithm.ID, r.CheckSignature())
	}
	if r := parse("attribute-broken.csr"); len(r.Attributes) != 2 || r.Attributes[0].ID != "" || len(r.Attributes[1].Raw) == 0 {
		t.Errorf("attributes %+v", r.Attributes)
	}
	if text, ok := parse("attribute-bare.csr").Text(oid.ChallengePassword); !ok || text != "bare" {
		t.Errorf("bare value %q, %v", text, ok)
	}
	if text, ok := parse("duplicate-attributes.csr").Text(oid.ChallengePassword); !ok || text != "second" {
		t.Errorf("first of two %q, %v", text, ok)
	}
	if _, ok := parse("empty-attribute-set.csr").Text(oid.ChallengePassword); ok {
		t.Error("an attribute without values has a text")
	}
}

func TestParseRefuses(t *testing.T) {
	sequence := func(parts ...[]byte) []byte {
		var b der.Builder
		mark := b.Begin(der.Sequence)
		b.Raw(parts...)
		b.End(mark)
		return b.Bytes()
	}
	r, err := Parse(specimen.DER(t, "p256.csr"))
	if err != nil {
		t.Fatal(err)
	}
	subject, spki, algorithm := r.Subject.Raw, r.PublicKey.Raw, r.SignatureAlgorithm.Raw
	version := []byte{2, 1, 0}
	crowd := der.Builder{}
	mark := crowd.Begin(der.ContextConstructed(0))
	for range maxAttributes + 1 {
		crowd.Raw(sequence([]byte{6, 1, 42}))
	}
	crowd.End(mark)
	for _, test := range []struct {
		name, want string
		raw        []byte
	}{
		{"nothing", "reading a certification request: SEQUENCE is missing", nil},
		{"text", "found [APPLICATION 8] where SEQUENCE belongs", []byte("hello")},
		{"cut", "the data end before the element does", r.Raw[:100]},
		{"empty", "certificationRequestInfo: SEQUENCE is missing", []byte{0x30, 0}},
		{"no subject", "subject: SEQUENCE is missing", sequence(sequence(version))},
		{"no key", "subjectPKInfo: SEQUENCE is missing", sequence(sequence(version, subject))},
		{"no algorithm", "signatureAlgorithm: SEQUENCE is missing", sequence(r.RawInfo)},
		{"no signature", "signature: BIT STRING is missing", sequence(r.RawInfo, algorithm)},
		{"number for a signature", "signature: found INTEGER where BIT STRING belongs", sequence(r.RawInfo, algorithm, version)},
		{"crowd", "attributes: there are more than 1000", sequence(sequence(version, subject, spki, crowd.Bytes()), algorithm, []byte{3, 1, 0})},
	} {
		if _, err := Parse(test.raw); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
	if _, err := Parse(specimen.DER(t, "indefinite.csr")); err != ErrIndefinite {
		t.Errorf("indefinite lengths: %v", err)
	}
}

func TestExtensions(t *testing.T) {
	ids := func(name string) (string, error) {
		t.Helper()
		r, err := Parse(specimen.DER(t, name))
		if err != nil {
			t.Fatal(err)
		}
		list, err := r.Extensions()
		var out []string
		for _, e := range list {
			out = append(out, e.ID.Short())
		}
		return strings.Join(out, " "), err
	}
	for name, want := range map[string]string{
		"p256.csr":                   "",
		"rsa-sans.csr":               "basicConstraints keyUsage extendedKeyUsage tlsfeature subjectKeyIdentifier certificatePolicies nsComment 1.2.3.4.5 subjectAltName",
		"two-extension-requests.csr": "keyUsage subjectAltName",
		"duplicate-extension.csr":    "subjectAltName subjectAltName",
		"microsoft.csr":              "subjectAltName ms-cert-type ms-cert-template",
		"bad-san.csr":                "subjectAltName",
	} {
		if got, err := ids(name); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"bad-extensions.csr", "extensions-string.csr"} {
		if _, err := ids(name); err == nil || !strings.HasPrefix(err.Error(), "the extensions in attribute Extension Request cannot be read: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range specimen.Names(f, ".csr") {
		f.Add(specimen.DER(f, name))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := Parse(raw)
		if err != nil {
			return
		}
		if !bytes.Equal(slices.Concat(r.Raw, r.Trailing), raw) {
			t.Fatal("bytes were lost")
		}
		_, _ = r.Extensions()
		_ = r.CheckSignature()
		for _, a := range r.Attributes {
			_, _ = r.Text(a.ID)
			for _, v := range a.Values {
				_, _ = ParseSMIMECapabilities(v)
				_, _ = ParseClientInfo(v)
				_, _ = ParseCSP(v)
				_, _ = ParseNameValue(v)
			}
		}
		if len(r.Deviations) == 0 && !bytes.Equal(rebuild(r), raw) {
			t.Fatalf("rebuilt from its parts it is %x, it was %x", rebuild(r), raw)
		}
	})
}

func rebuild(r *Request) []byte {
	var b der.Builder
	whole := b.Begin(der.Sequence)
	info := b.Begin(der.Sequence)
	b.Int(int64(r.Version))
	b.Raw(r.Subject.Raw, r.PublicKey.Raw)
	set := b.Begin(der.ContextConstructed(0))
	for _, a := range r.Attributes {
		b.Raw(marshalAttribute(a.ID, a.Values))
	}
	b.End(set)
	b.End(info)
	b.Raw(r.SignatureAlgorithm.Raw)
	b.Bits(r.Signature)
	b.End(whole)
	return b.Bytes()
}
