package inspect_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/keystore"
	"github.com/certwright/certwright/format/oid"
	"github.com/certwright/certwright/format/pkcs10"
	"github.com/certwright/certwright/inspect"
	"github.com/certwright/certwright/internal/specimen"
)

var now = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// TestSpecimens reads every specimen as what its name says, and renders it.
func TestSpecimens(t *testing.T) {
	kinds := map[string]inspect.Kind{
		".csr": inspect.CertificationRequest, ".crt": inspect.Certificate, ".crl": inspect.CertificateList, ".key": inspect.PrivateKey,
	}
	for suffix, kind := range kinds {
		for _, name := range specimen.Names(t, suffix) {
			r, err := inspect.Data(specimen.File(t, name), inspect.Options{Now: now})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			for _, o := range r.Objects {
				if o.Kind != kind && name != "many.csr" || len(o.Raw) == 0 || o.Line < 1 {
					t.Errorf("%s: kind %s, %d octets, line %d", name, o.Kind, len(o.Raw), o.Line)
				}
			}
			render(t, name, r)
		}
	}
}

func render(t *testing.T, name string, r *inspect.Report) string {
	t.Helper()
	var text bytes.Buffer
	if err := r.WriteText(&text); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, line := range strings.Split(text.String(), "\n") {
		if len([]rune(line)) > 110 {
			t.Errorf("%s: a line of %d columns: %s", name, len([]rune(line)), line)
		}
	}
	out, err := json.Marshal(r)
	if err != nil || !json.Valid(out) {
		t.Errorf("%s: %v", name, err)
	}
	return text.String()
}

func TestPassphrase(t *testing.T) {
	for _, name := range []string{"scrypt.key", "pbes1.key", "dek.key", "openssh.key"} {
		data := inputs(t)[name]
		asked := 0
		ask := func(secret string) inspect.Options {
			return inspect.Options{Passphrase: func() ([]byte, error) { asked++; return []byte(secret), nil }}
		}
		r, err := inspect.Data(data, ask("secret"))
		if err != nil {
			t.Fatal(err)
		}
		v := r.Objects[0].Detail.(*inspect.PrivateKeyView)
		if !v.Opened || v.PublicKey == nil || asked != 1 || v.Secrets != nil {
			t.Errorf("%s: %+v, asked %d times", name, v, asked)
		}
		r, err = inspect.Data(data, ask("wrong"))
		if err != nil {
			t.Fatal(err)
		}
		if text := render(t, name, r); !strings.Contains(text, "! the passphrase is wrong, or the data are damaged") {
			t.Errorf("%s: %s", name, text)
		}
		cancelled := errors.New("cancelled")
		_, err = inspect.Data(data, inspect.Options{Passphrase: func() ([]byte, error) { return nil, cancelled }})
		if !errors.Is(err, cancelled) || err.Error() != "asking for the passphrase: cancelled" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSecrets(t *testing.T) {
	for name, field := range map[string]string{"scrypt.key": "privateKey", "dek.key": "privateExponent", "openssh.key": "seed"} {
		for _, asked := range []bool{false, true} {
			r, err := inspect.Data(inputs(t)[name], inspect.Options{Secrets: asked, Passphrase: func() ([]byte, error) { return []byte("secret"), nil }})
			if err != nil {
				t.Fatal(err)
			}
			value := r.Objects[0].Detail.(*inspect.PrivateKeyView).Secrets[field]
			if asked == (value == "") {
				t.Errorf("%s: asked for secrets: %v, shown: %v", name, asked, value != "")
			}
			if text := render(t, name, r); strings.Contains(text, "private values") != asked {
				t.Errorf("%s: %s", name, text)
			}
		}
	}
}

// TestControlCharacters keeps a name from moving the cursor of who reads it.
func TestControlCharacters(t *testing.T) {
	name := dn.Build(dn.RDN{dn.NewTypedAttribute(oid.CommonName, der.UTF8String, []byte("a.\x1b[2Jb\n\u202ec"))})
	k, err := key.Generate("ecdsa-p256", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	alg, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		t.Fatal(err)
	}
	request, err := pkcs10.Create(pkcs10.Template{Subject: name}, k, alg)
	if err != nil {
		t.Fatal(err)
	}
	r, err := inspect.Data(request.Raw, inspect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if text := render(t, "control", r); strings.ContainsAny(text, "\x1b\u202e") || !strings.Contains(text, "a.\ufffd[2Jb\ufffd\ufffdc\n") {
		t.Errorf("%q", text)
	}
}

func FuzzData(f *testing.F) {
	for _, name := range specimen.Names(f) {
		f.Add(specimen.File(f, name))
	}
	files, err := filepath.Glob("testdata/input/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		if block, _ := pem.Decode(data); block != nil {
			f.Add(block.Bytes)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := inspect.Data(data, inspect.Options{Now: now})
		if err != nil || len(r.Objects) == 0 {
			t.Fatalf("%v, %d objects", err, len(r.Objects))
		}
		var text bytes.Buffer
		if err := r.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		if out, err := json.Marshal(r); err != nil || !json.Valid(out) {
			t.Fatal(err)
		}
	})
}

func TestOpenedStore(t *testing.T) {
	for _, secret := range []string{"secret", "wrong"} {
		r, err := inspect.Data(inputs(t)["store.p12"], inspect.Options{Now: now, Passphrase: func() ([]byte, error) { return []byte(secret), nil }})
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "store.p12."+secret+".txt", []byte(render(t, "store.p12", r)))
	}
}

func TestJavaKeyStore(t *testing.T) {
	data, err := keystore.WriteJKS(&keystore.Contents{Certificates: []keystore.Certificate{{Alias: "root", Raw: specimen.DER(t, "root.crt"), Trusted: true}}}, []byte("secret"), now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r, err := inspect.Data(data, inspect.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if text := render(t, "jks", r); !strings.Contains(text, "alias        root") || !strings.Contains(text, "CN=Specimen Root") {
		t.Error(text)
	}
}
