package request

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"runtime"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/spkac"
	"github.com/certwright/certwright/internal/specimen"
)

func newKey(t testing.TB) (*key.Private, key.SignatureAlgorithm) {
	t.Helper()
	k, err := key.Generate("ecdsa-p256", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	alg, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		t.Fatal(err)
	}
	return k, alg
}

func crmfOf(t testing.TB, id int64, change func(*crmf.Spec)) *crmf.Message {
	t.Helper()
	k, alg := newKey(t)
	subject, err := dn.ParseText("CN=pump.example,O=Works")
	if err != nil {
		t.Fatal(err)
	}
	host, err := ext.ParseGeneralName("dns:pump.example")
	if err != nil {
		t.Fatal(err)
	}
	s := crmf.Spec{ID: id, Key: k, Algorithm: alg, Proof: crmf.ProofSignature,
		Template: crmf.Template{Subject: &subject, PublicKey: k.Public, Extensions: []ext.Extension{ext.NewSubjectAltName([]ext.GeneralName{host}, false)}}}
	if change != nil {
		change(&s)
	}
	m, err := crmf.Create(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func challenge(t testing.TB) *spkac.Request {
	t.Helper()
	k, alg := newKey(t)
	r, err := spkac.Create("fresh", k, alg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestParseFormats(t *testing.T) {
	m, s := crmfOf(t, 0, nil), challenge(t)
	batch := crmf.Marshal(m, crmfOf(t, 1, nil))
	line := string(s.Encode())
	bare := base64.StdEncoding.EncodeToString(s.Raw)
	protected := sequence(sequence([]byte{2, 1, 2, 0xa4, 2, 0x30, 0, 0xa4, 2, 0x30, 0}), append([]byte{0xa0, 0x82, byte(len(batch) >> 8), byte(len(batch))}, batch...))
	asks := specimen.DER(t, "p256.csr")
	p10cr := sequence(sequence([]byte{2, 1, 2, 0xa4, 2, 0x30, 0, 0xa4, 2, 0x30, 0}), append([]byte{0xa4, 0x82, byte(len(asks) >> 8), byte(len(asks))}, asks...))
	const pump = "CN=pump.example,O=Works"
	for _, test := range []struct {
		name   string
		data   []byte
		format Format
		want   string
	}{
		{"CRMF in DER", batch, CRMF, pump + " | " + pump},
		{"CRMF in PEM", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST MESSAGES", Bytes: batch}), CRMF, pump + " | " + pump},
		{"CRMF in base64", []byte(base64.StdEncoding.EncodeToString(batch)), CRMF, pump + " | " + pump},
		{"one CertReqMsg", m.Raw, CRMF, pump},
		{"a CMP message ir", protected, CRMF, pump + " | " + pump},
		{"a CMP message p10cr", p10cr, PKCS10, "CN=plain.example,O=Specimens"},
		{"an SPKAC alone", []byte(line), SPKAC, ""},
		{"an SPKAC with a subject", []byte(line + "CN=Ann\n0.OU=one\n1.OU=two\n+UID=7\n"), SPKAC, "UID=7+OU=two,OU=one,CN=Ann"},
		{"an SPKAC file that begins with the subject", []byte("# for the ward\r\nC=GB\r\nCN=Ann\r\n" + line), SPKAC, "CN=Ann,C=GB"},
		{"base64 as browsers posted it", []byte(bare[:64] + "\r\n" + bare[64:]), SPKAC, ""},
		{"an SPKAC in DER", s.Raw, SPKAC, ""},
		{"an SPKAC in PEM", pem.EncodeToMemory(&pem.Block{Type: "SPKAC", Bytes: s.Raw}), SPKAC, ""},
	} {
		list, err := Parse(test.data)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got := subjects(t, list); got != test.want && !(test.want == "UID=7+OU=two,OU=one,CN=Ann" && got == "OU=two+UID=7,OU=one,CN=Ann") {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
		for _, r := range list {
			if r.Format != test.format || r.Problem != nil {
				t.Errorf("%s: %s, %v", test.name, r.Format, r.Problem)
			}
			again, err := Parse(r.Raw)
			if err != nil || len(again) != 1 || !again[0].Subject.Equal(r.Subject) || !bytes.Equal(again[0].Raw, r.Raw) || !bytes.Equal(again[0].PublicKey.Raw, r.PublicKey.Raw) {
				t.Errorf("%s: the record reads back otherwise: %v", test.name, err)
			}
		}
	}
}

func TestProblemsAreKept(t *testing.T) {
	one := crmfOf(t, 7, nil)
	list, err := Parse(crmf.Marshal(one, crmfOf(t, 8, nil), crmfOf(t, 7, nil)))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false, true} {
		if p := list[i].Problem; (p != nil) != want || want && (p.Reason != Duplicate || p.Detail != "2 requests of one batch have the certReqId 7") {
			t.Errorf("request %d: %+v", i+1, p)
		}
	}
	for detail, change := range map[string]func(*crmf.Spec){
		"the template of the request has no public key": func(s *crmf.Spec) { s.Key, s.Template.PublicKey, s.Proof = nil, nil, crmf.ProofRAVerified },
		"the request leaves it to the authority to make the key": func(s *crmf.Spec) {
			empty, err := key.ParsePublic(withoutBits(s.Key.Public.Raw))
			if empty == nil {
				t.Fatal(err)
			}
			s.Key, s.Template.PublicKey, s.Proof = nil, empty, ""
		},
	} {
		list, err := Parse(crmf.Marshal(crmfOf(t, 0, change)))
		if err != nil {
			t.Errorf("%s: %v", detail, err)
			continue
		}
		if p := list[0].Problem; p == nil || p.Reason != BadKey || p.Detail != detail || p.Fix == "" || list[0].PublicKey.Type != "none" {
			t.Errorf("%+v, want %s", p, detail)
		}
	}
}

// withoutBits is a SubjectPublicKeyInfo whose key has no bits.
func withoutBits(spki []byte) []byte {
	in := der.Reader(spki)
	outer, _ := in.Take(der.Sequence)
	fields := outer.Children()
	algorithm, _ := fields.Next()
	return sequence(algorithm.Raw, []byte{3, 1, 0})
}

func TestParseRefusesBrokenFormats(t *testing.T) {
	line := string(challenge(t).Encode())
	for _, test := range []struct{ name, data, detail string }{
		{"an attribute that is none", line + "nonsense=1\n", "line 2 of the SPKAC file says nonsense, which is no attribute of a subject"},
		{"a value that is too long", line + "C=Germany\n", "line 2 of the SPKAC file: C: "},
		{"two requests in a file", line + line, "the request is damaged: line 2 has a second SPKAC: one file holds one request"},
		{"a batch cut short", "-----BEGIN CRMF-----\nMAUwAzABAA==\n-----END CRMF-----\n", ""},
	} {
		_, err := Parse([]byte(test.data))
		var refusal *Refusal
		if !errors.As(err, &refusal) || !strings.HasPrefix(refusal.Detail, test.detail) || refusal.Fix == "" {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	bad := crmfOf(t, 0, func(s *crmf.Spec) { s.Template.Extensions = nil; s.Template.RawExtensions = []byte{0x30, 2, 5, 0} })
	if _, err := Parse(crmf.Marshal(crmfOf(t, 1, nil), bad)); err == nil || !strings.HasPrefix(err.Error(), "in message 2, the extensions cannot be read: ") {
		t.Errorf("unreadable extensions: %v", err)
	}
	bad = crmfOf(t, 0, func(s *crmf.Spec) { s.Template.Subject = &dn.Name{Raw: []byte{0x30, 2, 5, 0}} })
	if _, err := Parse(crmf.Marshal(bad)); err == nil || !strings.HasPrefix(err.Error(), "the subject of the request cannot be read: ") {
		t.Errorf("an unreadable subject: %v", err)
	}
}

func TestChallengePasswords(t *testing.T) {
	for _, test := range []struct {
		controls []crmf.Attribute
		want     string
		there    bool
	}{
		{nil, "", false},
		{[]crmf.Attribute{crmf.NewText(crmf.Authenticator, "maiden name")}, "maiden name", true},
		{[]crmf.Attribute{crmf.NewText(crmf.Authenticator, "maiden name"), crmf.NewText(crmf.RegToken, "token")}, "maiden name", true},
		{[]crmf.Attribute{crmf.NewText(crmf.RegToken, "token")}, "", false},
	} {
		r, err := FromMessage(crmfOf(t, 0, func(s *crmf.Spec) { s.Controls = test.controls }))
		if err != nil {
			t.Fatal(err)
		}
		if got, there := r.ChallengePassword(); got != test.want || there != test.there {
			t.Errorf("%q, %v, want %q, %v", got, there, test.want, test.there)
		}
	}
	list, err := Parse(challenge(t).Encode())
	if err != nil {
		t.Fatal(err)
	}
	if password, ok := list[0].ChallengePassword(); ok {
		t.Errorf("the challenge of an SPKAC is the password %q", password)
	}
}

func TestDeviationsAndAlgorithms(t *testing.T) {
	k, alg := newKey(t)
	raw := crmfOf(t, 0, nil)
	loose, err := FromMessage(raw)
	if err != nil || loose.Deviations() != nil {
		t.Errorf("%v, %v", loose.Deviations(), err)
	}
	if id, ok := loose.SignatureAlgorithm(); !ok || id.ID != alg.Identifier.ID {
		t.Errorf("%v", id)
	}
	deferred, err := FromMessage(crmfOf(t, 0, func(s *crmf.Spec) { s.Proof = crmf.ProofKeyAgreement }))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := deferred.SignatureAlgorithm(); ok {
		t.Error("a deferred proof is signed")
	}
	one := sequence([]byte{2, 2, 0, 1}, crmf.MarshalTemplate(crmf.Template{PublicKey: k.Public}))
	m, err := crmf.Parse(sequence(sequence(one)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := FromMessage(m.List[0])
	if err != nil || len(r.Deviations()) == 0 || m.List[0].Request.ID.Cmp(big.NewInt(1)) != 0 {
		t.Errorf("a padded number is no deviation: %v, %v", r.Deviations(), err)
	}
}

// TestMutations reads ten thousand damaged requests of each format: none brings
// it down or makes it take memory out of proportion.
func TestMutations(t *testing.T) {
	seeds := [][]byte{
		crmf.Marshal(crmfOf(t, 0, nil), crmfOf(t, 1, func(s *crmf.Spec) { s.Proof = crmf.ProofKeyAgreement })),
		append(challenge(t).Encode(), "CN=Ann\n0.OU=one\n1.+OU=two\n"...), challenge(t).Raw,
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for n, seed := range seeds {
		state := uint32(n + 1)
		next := func(below int) int {
			state = state*1664525 + 1013904223
			return int(state>>8) % below
		}
		for range 10_000 {
			data := bytes.Clone(seed)
			for range 1 + next(4) {
				switch at := next(len(data)); next(3) {
				case 0:
					data[at] = byte(next(256))
				case 1:
					data = append(data[:at], data[min(len(data), at+1+next(8)):]...)
				default:
					data = append(data[:at:at], append(bytes.Clone(data[:next(at+1)]), data[at:]...)...)
				}
				if len(data) == 0 {
					data = []byte{0}
				}
			}
			list, err := Parse(data)
			if err != nil {
				continue
			}
			for _, r := range list {
				if r.PublicKey == nil || r.Format == "" {
					t.Fatalf("half a request comes of %x", data)
				}
				_, _, _ = r.SubjectAltNames(), r.Fingerprint(), r.Deviations()
			}
		}
	}
	runtime.ReadMemStats(&after)
	const most = 64 << 10
	if each := (after.TotalAlloc - before.TotalAlloc) / uint64(len(seeds)*10_000); each > most {
		t.Errorf("reading took %d octets a request, want %d at most", each, most)
	}
}
