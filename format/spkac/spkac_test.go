package spkac

import (
	"bytes"
	"crypto/rand"
	rng "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/key"
)

func made(t testing.TB, kind, challenge string) *Request {
	t.Helper()
	k, err := key.Generate(kind, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	alg, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Create(challenge, k, alg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func openssl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("openssl", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestCreateIsVerifiedByOpenSSL(t *testing.T) {
	for _, kind := range []string{"rsa-2048", "ecdsa-p256", "ed25519"} {
		r := made(t, kind, "a challenge")
		if err := r.CheckSignature(); err != nil {
			t.Errorf("%s: our own check: %v", kind, err)
		}
		if r.Challenge != "a challenge" || len(r.Deviations) > 0 {
			t.Errorf("%s: reads back as %q with %q", kind, r.Challenge, r.Deviations)
		}
		name := filepath.Join(t.TempDir(), "s")
		if err := os.WriteFile(name, r.Encode(), 0o600); err != nil {
			t.Fatal(err)
		}
		if kind == "ed25519" {
			continue // openssl 3.0 verifies a digest, which Ed25519 has not
		}
		if out := openssl(t, "spkac", "-in", name, "-verify", "-noout"); !strings.Contains(out, "Signature OK") {
			t.Errorf("%s: openssl says %s", kind, out)
		}
	}
}

func TestParseWhatOpenSSLMakes(t *testing.T) {
	dir := t.TempDir()
	k, s := filepath.Join(dir, "k"), filepath.Join(dir, "s")
	openssl(t, "genpkey", "-algorithm", "RSA", "-out", k)
	for _, args := range [][]string{{}, {"-challenge", "hello"}, {"-digest", "sha256"}} {
		openssl(t, append([]string{"spkac", "-key", k, "-out", s}, args...)...)
		text, err := os.ReadFile(s)
		if err != nil {
			t.Fatal(err)
		}
		f, err := ParseFile(append(text, "CN=Steve Test\n0.OU=one\n1.+OU=two\n"...))
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		if err := f.Request.CheckSignature(); err != nil {
			t.Errorf("%v: %v", args, err)
		}
		if len(f.Fields) != 3 || f.Fields[1] != (Field{Name: "OU", Value: "one", Line: 3}) || !f.Fields[2].Join {
			t.Errorf("fields: %+v", f.Fields)
		}
	}
}

func TestParseFileForms(t *testing.T) {
	r := made(t, "ecdsa-p256", "")
	line := strings.TrimSpace(string(r.Encode()))
	bare := strings.TrimPrefix(line, "SPKAC=")
	for name, text := range map[string]string{
		"a line":           line + "\n",
		"blanks around":    "SPKAC = " + bare + "\nCN = a\n",
		"bare":             bare,
		"bare with breaks": bare[:64] + "\r\n" + bare[64:] + "\n",
	} {
		f, err := ParseFile([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if string(f.Request.Raw) != string(r.Raw) {
			t.Errorf("%s: another request comes out", name)
		}
	}
	for _, c := range []struct{ text, want string }{
		{"CN=a\n", "the file has no line SPKAC="},
		{line + "\n" + line, "line 2 has a second SPKAC: one file holds one request"},
		{"SPKAC=MIGf!!\n", "the SPKAC is not base64"},
		{"SPKAC=MIGf\n", "reading a signed public key and challenge: SEQUENCE: the data end before the element does"},
		{line + "\n!?\n", "line 2 is neither NAME=VALUE nor base64"},
	} {
		if _, err := ParseFile([]byte(c.text)); err == nil || err.Error() != c.want {
			t.Errorf("%.30q: %v, want %s", c.text, err, c.want)
		}
	}
}

func TestChangedRequestsDoNotVerify(t *testing.T) {
	r := made(t, "ecdsa-p256", "challenge-1")
	raw := []byte(strings.Replace(string(r.Raw), "challenge-1", "challenge-2", 1))
	changed, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	if changed.Challenge != "challenge-2" || changed.CheckSignature() == nil {
		t.Error("a changed challenge still verifies")
	}
	if _, err := Create("ü", nil, key.SignatureAlgorithm{}); err == nil || err.Error() != "the challenge has a character outside ASCII, which an IA5String cannot hold" {
		t.Errorf("a challenge outside ASCII: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	r := made(f, "ecdsa-p256", "c")
	f.Add([]byte(r.Raw))
	f.Add(r.Encode())
	f.Add([]byte("SPKAC=AA==\nCN=x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if file, err := ParseFile(data); err == nil && file.Request == nil {
			t.Fatal("a file without a request")
		}
		r, err := Parse(data)
		if err != nil {
			return
		}
		if string(r.Raw)+string(r.Trailing) != string(data) {
			t.Fatal("bytes were lost")
		}
		_ = r.CheckSignature()
	})
}

func TestFilesReadBackAsWritten(t *testing.T) {
	r := made(t, "ecdsa-p256", "fresh")
	f := File{Request: r, Fields: []Field{
		{Name: "C", Value: "GB"}, {Name: "OU", Value: "one=1"}, {Name: "OU", Value: "two", Join: true}, {Name: "OU", Value: "three"},
		{Name: "1.2.3", Value: "a"}, {Name: "1.2.3", Value: "b"}, {Name: "CN", Value: "Ann # Smith"},
	}}
	text := f.Encode()
	back, err := ParseFile(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if string(back.Request.Raw) != string(r.Raw) || len(back.Fields) != len(f.Fields) {
		t.Fatalf("%+v of\n%s", back.Fields, text)
	}
	for i, got := range back.Fields {
		if want := f.Fields[i]; strings.TrimPrefix(got.Name, "OID.") != want.Name || got.Value != want.Value || got.Join != want.Join {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if again := back.Encode(); string(again) != string(text) {
		t.Errorf("written again it is\n%s", again)
	}
}

func TestMutations(t *testing.T) {
	r := made(t, "ecdsa-p256", "fresh")
	seeds := [][]byte{r.Raw, append(r.Encode(), "CN=a\n0.OU=b\n1.+OU=c\n"...)}
	random := rng.New(rng.NewPCG(4, 0))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range 10_000 {
		data := bytes.Clone(seeds[i%len(seeds)])
		for range 1 + random.IntN(3) {
			at := random.IntN(len(data))
			switch random.IntN(3) {
			case 0:
				data[at] = byte(random.Uint32())
			case 1:
				data = slices.Delete(data, at, min(len(data), at+1+random.IntN(4)))
			default:
				data = slices.Insert(data, at, data[:random.IntN(at+1)]...)
			}
			if len(data) == 0 {
				data = []byte{0}
			}
		}
		if f, err := ParseFile(data); err == nil && (f.Request == nil || f.Request.PublicKey == nil) {
			t.Fatalf("half a file comes of %q", data)
		}
		if got, err := Parse(data); err == nil && string(got.Raw)+string(got.Trailing) != string(data) {
			t.Fatalf("bytes were lost of %x", data)
		}
	}
	runtime.ReadMemStats(&after)
	const most = 32 << 10
	if each := (after.TotalAlloc - before.TotalAlloc) / 10_000; each > most {
		t.Errorf("reading took %d octets a request, want %d at most", each, most)
	}
}
