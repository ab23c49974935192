package opensslcmd

import (
	"bytes"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/format/pkcs10"
)

// shell runs what was printed, in a folder.
func shell(t *testing.T, dir, script string) string {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("the openssl command is needed for this test; install it (apt-get install openssl)")
	}
	c := exec.Command("sh", "-eu")
	c.Dir, c.Stdin = dir, strings.NewReader(script)
	var out, talk bytes.Buffer
	c.Stdout, c.Stderr = &out, &talk
	if err := c.Run(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, script, talk.String())
	}
	return out.String()
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestQuote(t *testing.T) {
	for _, word := range []string{"", "plain", "two words", "it's", `$HOME "x" \n` + "\n`ls`", "ä", "-x", "*", "a;b"} {
		if got := shell(t, t.TempDir(), "printf %s "+Quote(word)); got != word {
			t.Errorf("%q comes back as %q", word, got)
		}
	}
}

func TestKeys(t *testing.T) {
	for _, kind := range []string{"rsa-2048", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519"} {
		for _, form := range []KeyForm{
			{}, {DER: true}, {Encrypt: true, Secret: "pass:it's secret"}, {Encrypt: true, Secret: "pass:x", DER: true},
			{Container: "traditional"}, {Container: "traditional", DER: true}, {Container: "traditional", Encrypt: true, Secret: "pass:x"},
		} {
			if form.Encrypt && kind != "ecdsa-p256" && kind != "ed25519" {
				continue // many rounds take their time
			}
			dir := t.TempDir()
			form.File = "my key.pem"
			script, err := NewKey(kind, form)
			var no *Unable
			if kind == "ed25519" && form.Container != "" {
				if !errors.As(err, &no) {
					t.Errorf("%s %+v: %v", kind, form, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s %+v: %v", kind, form, err)
				continue
			}
			shell(t, dir, script)
			k, err := key.ReadPrivate(read(t, dir, form.File), func() ([]byte, error) { return []byte(strings.TrimPrefix(string(form.Secret), "pass:")), nil })
			if err != nil {
				t.Errorf("%s: %v", script, err)
				continue
			}
			if form.Encrypt {
				if _, err := key.ReadPrivate(read(t, dir, form.File), nil); err == nil {
					t.Errorf("%s: the key is not encrypted", script)
				}
			}
			converted, err := ConvertKey(KeyFile{form.File, form.Secret}, kind, KeyForm{File: "other", Encrypt: form.Encrypt, Secret: "pass:new"})
			if err != nil {
				t.Fatal(err)
			}
			public, err := PublicKey(KeyFile{"other", "pass:new"}, "private key", "", "pub.der", true)
			if err != nil {
				t.Fatal(err)
			}
			shell(t, dir, converted+public)
			if !bytes.Equal(read(t, dir, "pub.der"), k.Public.Raw) {
				t.Errorf("%s%s: another public key", converted, public)
			}
		}
	}
	for want, err := range map[string]error{
		"OpenSSL 3.0 cannot do the same: it makes no keys of the kind ml-dsa-65":            second(NewKey("ml-dsa-65", KeyForm{})),
		"OpenSSL 3.0 cannot do the same: it knows no keys of the kind ml-dsa-44":            second(ConvertKey(KeyFile{}, "ml-dsa-44", KeyForm{})),
		"OpenSSL 3.0 cannot do the same: it writes no private keys in the form jwk":         second(NewKey("rsa-2048", KeyForm{Container: "jwk"})),
		"OpenSSL 3.0 cannot do the same: it writes no public keys in the form openssh":      second(PublicKey(KeyFile{}, "", "openssh", "", false)),
		"OpenSSL 3.0 cannot do the same: keys of the kind ed25519 have no traditional form": second(NewKey("ed25519", KeyForm{Container: "sec1"})),
	} {
		if err == nil || err.Error() != want {
			t.Errorf("%v, not %s", err, want)
		}
	}
}

func second(_ string, err error) error { return err }

func TestPublicKeys(t *testing.T) {
	dir := t.TempDir()
	shell(t, dir, "openssl req -x509 -newkey rsa:2048 -nodes -keyout k -subj /CN=x -out c; openssl req -new -key k -subj /CN=x -out r; openssl pkey -in k -pubout -out p")
	for file, holds := range map[string]string{"k": "private key", "c": "certificate", "r": "request", "p": "public key"} {
		for _, asDER := range []bool{false, true} {
			script, err := PublicKey(KeyFile{Name: file}, holds, "spki", "-", asDER)
			if err != nil {
				t.Fatal(err)
			}
			got := []byte(shell(t, dir, script))
			if want := read(t, dir, "p"); !asDER && !bytes.Equal(got, want) {
				t.Errorf("%s: %s", script, got)
			}
			if p, err := key.ReadPublic(got); err != nil || p.Type != "RSA" {
				t.Errorf("%s: %v", script, err)
			}
		}
	}
}

// chooser makes requests that no two runs have in common.
type chooser struct{ *mathrand.Rand }

func (g chooser) pick(from ...string) string { return from[g.IntN(len(from))] }

func (g chooser) text() string {
	return g.pick("a", "Example Ltd", "Prüfstelle", `back\slash`, "a/b+c", `"quoted"`, "$HOME", "# no comment", "a, b; c=d", " led by a blank", "日本", "it's", "tail ")
}

func (g chooser) subject() dn.Name {
	var rdns []dn.RDN
	kinds := []oid.OID{oid.CommonName, oid.Organization, oid.OrganizationalUnit, oid.Locality, oid.UserID, "\x55\x04\x2a"}
	for range g.IntN(4) {
		var rdn dn.RDN
		for range 1 + g.IntN(5)/4 {
			if a, err := dn.NewAttribute(kinds[g.IntN(len(kinds))], g.text()); err == nil {
				rdn = append(rdn, a)
			}
		}
		if len(rdn) > 0 {
			rdns = append(rdns, rdn)
		}
	}
	if len(rdns) == 0 {
		return dn.Empty()
	}
	return dn.Build(rdns...)
}

func (g chooser) extensions(t *testing.T) (list []ext.Extension) {
	var names []ext.GeneralName
	for range g.IntN(4) {
		n, err := ext.ParseGeneralName(g.pick("dns:a.example", "dns:*.b.example", "ip:192.0.2.1", "ip:2001:db8::1", "email:a@b.example", "uri:http://a/?x=1,2",
			"uri:https://h/#f", "upn:ann@b.example", "dir:CN=a,O=b\\, c", "rid:1.2.3.4", "dir:/O=x+OU=y/CN=ä"))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, n)
	}
	if len(names) > 0 {
		list = append(list, ext.NewSubjectAltName(names, g.IntN(2) == 0))
	}
	if g.IntN(2) == 0 {
		list = append(list, ext.NewKeyUsage(ext.KeyUsage(1+g.IntN(511))))
	}
	if g.IntN(2) == 0 {
		list = append(list, ext.NewExtKeyUsage([]oid.OID{oid.ServerAuth, oid.EmailProtection, "\x2a\x03\x04"}[g.IntN(3):], g.IntN(2) == 0))
	}
	if g.IntN(3) == 0 {
		list = append(list, ext.NewTLSFeature([]int{5}))
	}
	if g.IntN(3) == 0 {
		list = append(list, ext.NewBasicConstraints(ext.BasicConstraints{CA: true, PathLen: g.IntN(3) - 1}, true))
	}
	if g.IntN(3) == 0 {
		list = append(list, ext.Extension{ID: "\x2a\x03\x05", Critical: g.IntN(2) == 0, Value: []byte{12, 2, 'h', 'i'}})
	}
	if g.IntN(4) == 0 {
		list = append(list, ext.NewCRLDistributionPoints([]string{"http://a/x.crl", "http://b/y,z.crl"}[:1+g.IntN(2)]), ext.NewAuthorityInfoAccess([]string{"http://o"}, []string{"http://i/i.crt"}),
			ext.NewCertificatePolicies([]oid.OID{"\x2a\x03\x06"}))
	}
	return list
}

func TestRequests(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	g := chooser{mathrand.New(mathrand.NewPCG(seed, 0))}
	dir := t.TempDir()
	keys := map[string]*key.Private{}
	for _, kind := range []string{"rsa-2048", "ecdsa-p384", "ed25519"} {
		k, err := key.Generate(kind, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		info, err := key.MarshalPKCS8(k)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, kind), pem.Encode("PRIVATE KEY", info), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		keys[kind] = k
	}
	for range 60 {
		kind := g.pick("rsa-2048", "ecdsa-p384", "ed25519")
		r := Request{Key: KeyFile{Name: kind}, Public: keys[kind].Public, Out: "made", DER: true,
			Says: pkcs10.Template{Subject: g.subject(), Extensions: g.extensions(t)}}
		if kind != "ed25519" {
			r.Hash = g.pick("", "sha256", "sha512", "sha3-256")
		}
		if kind == "rsa-2048" && g.IntN(3) == 0 {
			r.PSS, r.Hash = true, g.pick("", "sha384")
		}
		if g.IntN(4) == 0 && !r.Says.Subject.IsEmpty() {
			a, err := pkcs10.NewTextAttribute(oid.ChallengePassword, g.pick("let me in", "#$"))
			if err != nil {
				t.Fatal(err)
			}
			r.Says.Attributes = append(r.Says.Attributes, a)
		}
		checkRequest(t, dir, r)
	}
}

func checkRequest(t *testing.T, dir string, r Request) {
	t.Helper()
	script, err := NewRequest(r)
	if err != nil {
		t.Errorf("%v: %v", r.Says, err)
		return
	}
	shell(t, dir, script)
	made, err := pkcs10.Parse(read(t, dir, "made"))
	if err == nil {
		err = made.CheckSignature()
	}
	if err != nil {
		t.Errorf("%s\n%v", script, err)
		return
	}
	want, err := key.ChooseSignatureAlgorithm(r.Public, r.Hash, r.PSS)
	if err != nil {
		t.Fatal(err)
	}
	if got := key.ParseSignatureAlgorithm(made.SignatureAlgorithm); got.Name != want.Name || got.Hash != want.Hash || got.SaltLength != want.SaltLength {
		t.Errorf("%s\nsigned with %+v, not %+v", script, got, want)
	}
	if !made.Subject.Equal(r.Says.Subject) {
		t.Errorf("%s\nthe subject is %s, not %s", script, made.Subject, r.Says.Subject)
	}
	list, err := made.Extensions()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(ext.Marshal(plain(list)), ext.Marshal(r.Says.Extensions)) {
		t.Errorf("%s\nthe extensions are %x, not %x", script, ext.Marshal(plain(list)), ext.Marshal(r.Says.Extensions))
	}
	for _, a := range r.Says.Attributes {
		if !bytes.Contains(made.Raw, a.Values[0][2:]) {
			t.Errorf("%s\nthe attribute %x is missing", script, a.Values[0])
		}
	}
}

// plain leaves out how extensions were written.
func plain(list []ext.Extension) (out []ext.Extension) {
	for _, e := range list {
		out = append(out, ext.Extension{ID: e.ID, Critical: e.Critical, Value: e.Value})
	}
	return out
}
