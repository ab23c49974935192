package request

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/internal/specimen"
)

func subjects(t *testing.T, list []*Request) string {
	t.Helper()
	var out []string
	for _, r := range list {
		out = append(out, r.Subject.String())
	}
	return strings.Join(out, " | ")
}

func TestParse(t *testing.T) {
	file := func(name string) []byte { return specimen.File(t, name) }
	wrapped := func(label, name string) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: specimen.DER(t, name)})
	}
	oneLine := []byte(base64.StdEncoding.EncodeToString(specimen.DER(t, "p256.csr")))
	const plain = "CN=plain.example,O=Specimens"
	for _, test := range []struct {
		name string
		data []byte
		want string
	}{
		{"PEM", file("p256.csr"), plain},
		{"NEW CERTIFICATE REQUEST", file("new-label.csr"), "CN=new.example"},
		{"DER", file("der.csr"), "CN=der.example"},
		{"bare base64 with blanks", file("base64.csr"), "CN=base64.example"},
		{"bare base64 on one line", oneLine, plain},
		{"a wrong label", wrapped("CERTIFICATE", "p256.csr"), plain},
		{"a label of its own", wrapped("MY CSR", "p256.csr"), plain},
		{"two among other things", file("many.csr"), "CN=first.example | CN=second.example"},
		{"carriage returns", bytes.ReplaceAll(file("p256.csr"), []byte("\n"), []byte("\r\n")), plain},
		{"bytes after the request", file("trailing.csr"), "CN=edited.example,O=Specimens"},
		{"bytes after DER", append(file("der.csr"), 0, 0), "CN=der.example"},
		{"the seed", file("wikipedia.csr"), "emailAddress=none@none.com,CN=*.wikipedia.org,OU=none,O=Wikipedia,L=none,ST=none,C=EN"},
	} {
		list, err := Parse(test.data)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got := subjects(t, list); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestReadTellsWhatItSkips(t *testing.T) {
	list, skipped, err := Read(specimen.File(t, "many.csr"))
	if err != nil || len(list) != 2 || len(skipped) != 2 {
		t.Fatalf("%v, %v, %v", list, skipped, err)
	}
	if skipped[0].Kind != Certificate || skipped[1].Kind != PrivateKey || skipped[0].Line >= skipped[1].Line {
		t.Errorf("skipped %v", skipped)
	}
}

// opensslOutput makes an object with the openssl command, from the key of the
// specimens.
func opensslOutput(t *testing.T, args ...string) []byte {
	t.Helper()
	out, talk, ok := specimen.OpenSSL(t, specimen.File(t, "p256.key"), args...)
	if !ok {
		t.Fatalf("openssl %q: %s", args, talk)
	}
	return []byte(out)
}

func sequence(parts ...[]byte) []byte {
	var b der.Builder
	mark := b.Begin(der.Sequence)
	b.Raw(parts...)
	b.End(mark)
	return b.Bytes()
}

func TestParseSaysWhatItIsInstead(t *testing.T) {
	file := func(name string) []byte { return specimen.File(t, name) }
	key := file("p256.key")
	name := []byte{0x30, 0}
	rsaKey, err := pkcs10.Parse(specimen.DER(t, "rsa-sha3.csr"))
	if err != nil {
		t.Fatal(err)
	}
	const never = "never send it to anyone"
	for _, test := range []struct {
		name   string
		data   []byte
		detail string
		fix    string
	}{
		{"certificate", file("leaf.crt"), "this is a certificate, not a request", "send the request that the certificate was made from"},
		{"certificate of version 1", specimen.DER(t, "v1.crt"), "this is a certificate, not a request", ""},
		{"CRL", file("full.crl"), "this is a certificate revocation list, not a request", "give the file that holds the request"},
		{"CRL of version 1", specimen.DER(t, "v1.crl"), "this is a certificate revocation list, not a request", ""},
		{"PKCS#8", key, "this is a private key, not a request: " + never, "make a request with the key and send that"},
		{"PKCS#8 in DER", specimen.DER(t, "p256.key"), "this is a private key, not a request: " + never, ""},
		{"SEC1", opensslOutput(t, "ec"), "this is a private key, not a request: " + never, ""},
		{"encrypted PKCS#8", opensslOutput(t, "pkcs8", "-topk8", "-passout", "pass:x"), "this is an encrypted private key, not a request: " + never, ""},
		{"DEK-Info", opensslOutput(t, "ec", "-aes128", "-passout", "pass:x"), "this is a private key, not a request: " + never, ""},
		{"PKCS#1", opensslOutput(t, "genrsa", "-traditional", "512"), "this is a private key, not a request: " + never, ""},
		{"PKCS#12", opensslOutput(t, "pkcs12", "-export", "-nocerts", "-passout", "pass:x"), "this is a PKCS#12 file, which usually holds a private key", "make a request with the key"},
		{"public key", opensslOutput(t, "pkey", "-pubout"), "this is a public key, not a request", "make a request with the private key"},
		{"PKCS#1 public key", rsaKey.PublicKey.Bits, "this is a public key, not a request", ""},
		{"parameters", opensslOutput(t, "ecparam", "-name", "prime256v1"), "these are key parameters, not a request", "make a key and a request with it"},
		{"CMP", sequence(sequence([]byte{2, 1, 2, 0xa4, 0, 0xa4, 0}), []byte{0xa1, 0}), "this is a CMP message, not a request by itself", "make a request with the same key"},
		{"CMS", sequence([]byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x00")), "this is a CMS (PKCS#7) message, not a request", "give the request itself"},
		{"certificate and key", append(file("leaf.crt"), key...), "this is a private key, not a request: " + never, ""},
		{"something else", sequence(name, name), "this is no certification request, and nothing else that is known", "give the file that holds the request"},
		{"SPKAC cut short", []byte("SPKAC=MIIBOjCB"), "the request is damaged: SEQUENCE: the data end before the element does", "copy the whole file again"},
		{"prose", []byte("hello, here is my request"), "there is no certification request in this: it looks like plain text", "it starts with -----BEGIN CERTIFICATE REQUEST-----"},
		{"PEM without its end", file("p256.csr")[:200], "the text is damaged: line ", "copy the whole file again"},
		{"DER cut short", specimen.DER(t, "p256.csr")[:99], "there is no certification request in this: it looks like ", ""},
		{"nothing", nil, "there is no certification request in this: it looks like an empty file", "it starts with -----BEGIN CERTIFICATE REQUEST-----"},
	} {
		list, err := Parse(test.data)
		var refusal *Refusal
		if !errors.As(err, &refusal) || list != nil {
			t.Errorf("%s: %v, %v", test.name, list, err)
			continue
		}
		if refusal.Reason != BadFormat || !strings.HasPrefix(refusal.Detail, test.detail) || !strings.Contains(refusal.Fix, test.fix) || refusal.Fix == "" {
			t.Errorf("%s: %+v, want %q and %q", test.name, refusal, test.detail, test.fix)
		}
	}
}

func TestParseRefusesBrokenRequests(t *testing.T) {
	cut := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: specimen.DER(t, "p256.csr")[:150]})
	for _, test := range []struct {
		name   string
		data   []byte
		field  string
		detail string
		fix    string
	}{
		{"cut", cut, "", "the request is damaged: ", "copy the whole file again"},
		{"the second of two", append(specimen.File(t, "p256.csr"), cut...), "", "in the request that starts at line ", "copy the whole file again"},
		{"indefinite lengths", specimen.File(t, "indefinite.csr"), "", "the request is damaged: the request uses BER indefinite lengths", ""},
		{"subject", specimen.File(t, "bad-subject.csr"), "subject", "the subject of the request cannot be read: ", "make the request again"},
		{"extensions", specimen.File(t, "bad-extensions.csr"), "extensions", "the extensions in attribute Extension Request cannot be read: ", "make the request again"},
		{"extensions that are a string", specimen.File(t, "extensions-string.csr"), "extensions", "the extensions in attribute Extension Request cannot be read: ", ""},
	} {
		_, err := Parse(test.data)
		var refusal *Refusal
		if !errors.As(err, &refusal) {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if refusal.Reason != BadFormat || refusal.Field != test.field || !strings.HasPrefix(refusal.Detail, test.detail) || !strings.Contains(refusal.Fix, test.fix) {
			t.Errorf("%s: %+v, want %q and %q", test.name, refusal, test.detail, test.fix)
		}
		if refusal.Error() != refusal.Detail {
			t.Errorf("%s: the error reads %q", test.name, refusal.Error())
		}
	}
}

func TestRequest(t *testing.T) {
	list, err := Parse(specimen.File(t, "rsa-sans.csr"))
	if err != nil {
		t.Fatal(err)
	}
	r := list[0]
	if r.Format != PKCS10 || !bytes.Equal(r.Raw, specimen.DER(t, "rsa-sans.csr")) || len(r.Extensions) != 9 {
		t.Errorf("%+v", r)
	}
	var names []string
	for _, n := range r.SubjectAltNames() {
		names = append(names, n.String())
	}
	const want = "dns:www.example.org dns:*.example.org ip:192.0.2.1 ip:2001:db8::1 email:who@example.org uri:https://example.org/a?b rid:1.2.3.4 dir:CN=inside,C=DE upn:who@corp.example"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("names %s, want %s", got, want)
	}
	if password, ok := r.ChallengePassword(); !ok || password != "secret words" {
		t.Errorf("challenge password %q, %v", password, ok)
	}
	if _, ok := (&Request{}).ChallengePassword(); ok {
		t.Error("a request of another format has a challenge password")
	}
	list, err = Parse(specimen.File(t, "p256.csr"))
	if err != nil || list[0].SubjectAltNames() != nil {
		t.Errorf("%v, %v", list, err)
	}
	list, err = Parse(specimen.File(t, "bad-san.csr"))
	if err != nil || len(list[0].SubjectAltNames()) != 3 {
		t.Errorf("odd names: %v, %v", list, err)
	}
}

func TestRecognizeSpecimens(t *testing.T) {
	for suffix, want := range map[string]Kind{".csr": PKCS10Request, ".crt": Certificate, ".crl": RevocationList, ".key": PrivateKey} {
		for _, name := range specimen.Names(t, suffix) {
			if name == "base64.csr" || name == "indefinite.csr" {
				continue
			}
			if got := Recognize(specimen.DER(t, name)); got != want {
				t.Errorf("%s looks like a %s", name, got)
			}
		}
	}
}

func TestParseGoesByTheLabelOfUnreadableContent(t *testing.T) {
	for label, want := range map[string]string{
		"CERTIFICATE REQUEST":   "the request is damaged: ",
		"ENCRYPTED PRIVATE KEY": "this is an encrypted private key",
		"EC PRIVATE KEY":        "this is a private key",
		"OPENSSH PRIVATE KEY":   "this is a private key",
		"PUBLIC KEY":            "this is a public key",
		"TRUSTED CERTIFICATE":   "this is a certificate,",
		"X509 CRL":              "this is a certificate revocation list",
		"PKCS7":                 "this is a CMS (PKCS#7) message",
		"DH PARAMETERS":         "these are key parameters",
		"SOMETHING":             "this is no certification request",
	} {
		_, err := Parse(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: []byte("\x04\x08what ever")}))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %q", label, err, want)
		}
	}
}

func TestReasonsAreAllListed(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "refusal.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Reason" {
				declared += len(spec.Names)
			}
		}
		return true
	})
	seen := map[Reason]bool{}
	for _, r := range Reasons() {
		seen[r] = true
	}
	if len(seen) != declared || len(Reasons()) != declared {
		t.Errorf("%d reasons are declared, %d listed, %d of them different", declared, len(Reasons()), len(seen))
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range specimen.Names(f) {
		f.Add(specimen.File(f, name))
		f.Add(specimen.DER(f, name))
	}
	f.Add(crmf.Marshal(crmfOf(f, 0, nil), crmfOf(f, 0, func(s *crmf.Spec) { s.Proof = crmf.ProofKeyAgreement })))
	f.Add(append(challenge(f).Encode(), "CN=a\n0.OU=b\n1.+OU=c\n"...))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, skipped, err := Read(data)
		if (err == nil) != (len(list) > 0) {
			t.Fatalf("%d requests, %v", len(list), err)
		}
		var refusal *Refusal
		if err != nil && (!errors.As(err, &refusal) || refusal.Detail == "" || refusal.Fix == "") {
			t.Fatalf("not an answer for people: %#v", err)
		}
		_ = skipped
		for _, r := range list {
			_, _ = r.SubjectAltNames(), r.Fingerprint()
			_, _ = r.ChallengePassword()
		}
	})
}

func BenchmarkParse(b *testing.B) {
	raw := specimen.DER(b, "p256.csr")
	b.Run("pkcs10", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p, err := pkcs10.Parse(raw)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := FromPKCS10(p); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("any", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Parse(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
}
