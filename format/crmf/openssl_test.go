package crmf

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/specimen"
)

// openssl runs the command in words; {} stands for the folder.
func openssl(t testing.TB, dir, words string, more ...string) bool {
	t.Helper()
	args := append(strings.Fields(strings.ReplaceAll(words, "{}", dir)), more...)
	_, _, ok := specimen.OpenSSL(t, nil, args...)
	return ok
}

// workshop makes a folder with a certificate and the private keys of these
// algorithms: {}/ca.crt, {}/ca.key, {}/ec.key, {}/rsa.key.
func workshop(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, words := range []string{
		"ecparam -name prime256v1 -genkey -noout -out {}/ec.key",
		"genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out {}/rsa.key",
		"ecparam -name prime256v1 -genkey -noout -out {}/ca.key",
		"req -x509 -new -key {}/ca.key -out {}/ca.crt -subj /O=Specimens/CN=CA -days 30",
	} {
		if !openssl(t, dir, words) {
			t.Fatalf("openssl %s fails", words)
		}
	}
	return dir
}

// request has openssl write a CMP message and returns it in parts: the header,
// the content of the body, and the protection.
func request(t testing.TB, dir, words string, more ...string) (header, body der.Element, protection []byte) {
	t.Helper()
	out := filepath.Join(dir, "request.der")
	_ = os.Remove(out)
	// The mock server answers with a certificate that fits nothing; what
	// counts is the request that was kept before.
	openssl(t, dir, "cmp -use_mock_srv -srv_ref x -srv_secret pass:secret -rsp_cert {}/ca.crt -trusted {}/ca.crt -certout {}/out.crt -reqout "+out+" "+words, more...)
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatalf("openssl cmp %s: %v", words, err)
	}
	in := der.Reader(raw)
	outer, err := in.Take(der.Sequence)
	if err != nil {
		t.Fatal(err)
	}
	in = outer.Children()
	if header, err = in.Take(der.Sequence); err != nil {
		t.Fatal(err)
	}
	if body, err = in.Next(); err != nil {
		t.Fatal(err)
	}
	if sealed, ok, _ := in.Optional(der.ContextConstructed(0)); ok {
		bits, err := der.Parse(sealed.Content)
		if err != nil {
			t.Fatal(err)
		}
		if protection, _, err = bits.Bits(); err != nil {
			t.Fatal(err)
		}
	}
	return header, body, protection
}

const ir = "-cmd ir -secret pass:secret -ref x -subject /O=Specimens/CN=www.example.org -days 20 "

func TestReadsOpenSSL(t *testing.T) {
	dir := workshop(t)
	for _, test := range []struct {
		words string
		want  error
		kind  ProofKind
	}{
		{ir + "-newkey {}/ec.key -popo -1", ErrNoProof, ""},
		{ir + "-newkey {}/ec.key -popo 0", ErrRAVerified, ProofRAVerified},
		{ir + "-newkey {}/ec.key -popo 1", nil, ProofSignature},
		{ir + "-newkey {}/rsa.key -popo 1", nil, ProofSignature},
		{ir + "-newkey {}/rsa.key -popo 1 -digest sha512", nil, ProofSignature},
		{ir + "-newkey {}/rsa.key -popo 2", ErrDeferred, ProofKeyEncipherment},
	} {
		_, body, _ := request(t, dir, test.words, "-sans", "www.example.org 192.0.2.1")
		all, err := Parse(body.Content)
		if err != nil {
			t.Errorf("%s: %v", test.words, err)
			continue
		}
		m := all.List[0]
		if len(all.List) != 1 || len(all.Deviations)+len(m.Deviations) != 0 || !Is(all.Raw) || !Is(m.Raw) {
			t.Errorf("%s: %d messages, %q, %q", test.words, len(all.List), all.Deviations, m.Deviations)
		}
		if err := m.CheckPossession(nil); !errors.Is(err, test.want) {
			t.Errorf("%s: possession %v, want %v", test.words, err, test.want)
		}
		if m.Proof == nil != (test.kind == "") || m.Proof != nil && m.Proof.Kind != test.kind {
			t.Errorf("%s: proof %+v", test.words, m.Proof)
		}
		tmpl := m.Request.Template
		if tmpl.Subject.String() != "CN=www.example.org,O=Specimens" || len(tmpl.Extensions) != 1 ||
			tmpl.Validity.NotAfter.Sub(tmpl.Validity.NotBefore).Hours() != 480 || m.Request.ID.Sign() != 0 {
			t.Errorf("%s: %+v", test.words, m.Request)
		}
		if got := rebuild(t, m); string(got) != string(m.Raw) {
			t.Errorf("%s: rebuilt it is %x, it was %x", test.words, got, m.Raw)
		}
	}
}

func TestReadsOpenSSLKeyUpdate(t *testing.T) {
	dir := workshop(t)
	_, body, _ := request(t, dir, "-cmd kur -cert {}/ca.crt -key {}/ca.key -oldcert {}/ca.crt -newkey {}/ec.key")
	all, err := Parse(body.Content)
	if err != nil {
		t.Fatal(err)
	}
	m := all.List[0]
	old, ok := m.Request.Control(OldCertID)
	if !ok || len(m.Deviations) > 0 {
		t.Fatalf("no oldCertID in %+v", m)
	}
	id, err := ParseCertID(old.Value)
	if err != nil || id.Issuer.Text() != "CN=CA,O=Specimens" || id.Serial.Sign() <= 0 {
		t.Errorf("%+v, %v", id, err)
	}
	if err := m.CheckPossession(nil); err != nil {
		t.Error(err)
	}
	_, body, _ = request(t, dir, "-cmd rr -cert {}/ca.crt -key {}/ca.key -oldcert {}/ca.crt")
	list, err := der.Parse(body.Content)
	if err != nil {
		t.Fatal(err)
	}
	details := list.Children()
	one, err := details.Take(der.Sequence)
	if err != nil {
		t.Fatal(err)
	}
	fields := one.Children()
	raw, err := fields.Take(der.Sequence)
	if err != nil {
		t.Fatal(err)
	}
	tmpl, deviations, err := ParseTemplate(raw.Raw)
	if err != nil || len(deviations) > 0 || tmpl.Serial.Cmp(id.Serial) != 0 || tmpl.Issuer.String() != "CN=CA,O=Specimens" {
		t.Errorf("%+v, %q, %v", tmpl, deviations, err)
	}
}

// The protection of a whole CMP message is the same MAC as publicKeyMAC.
func TestVerifiesTheMACOfOpenSSL(t *testing.T) {
	dir := workshop(t)
	for _, words := range []string{"", "-digest sha512 -mac hmacWithSHA256", "-digest sha1 -mac hmacWithSHA512", "-digest sha3-256 -mac hmac-sha1"} {
		header, body, protection := request(t, dir, ir+"-newkey {}/ec.key "+words)
		var b der.Builder
		part := b.Begin(der.Sequence)
		b.Raw(header.Raw, body.Raw)
		b.End(part)
		var algorithm []byte
		for in := header.Children(); !in.Empty(); {
			if e, err := in.Next(); err != nil {
				t.Fatal(err)
			} else if e.Tag == der.ContextConstructed(1) {
				algorithm = e.Content
			}
		}
		id, err := key.ParseAlgorithmIdentifier(algorithm)
		if err != nil {
			t.Fatal(err)
		}
		p, err := ParsePBM(id)
		if err != nil {
			t.Fatalf("%s: %v", words, err)
		}
		if err := p.Verify([]byte("secret"), b.Bytes(), protection); err != nil {
			t.Errorf("%s: %v", words, err)
		}
		if err := p.Verify([]byte("secrets"), b.Bytes(), protection); !errors.Is(err, ErrMAC) {
			t.Errorf("%s: a wrong secret gives %v", words, err)
		}
	}
}
