package key

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	stdpem "encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/der"
)

func writeFile(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func pemText(label string, data []byte) []byte {
	return stdpem.EncodeToMemory(&stdpem.Block{Type: label, Bytes: data})
}

// readKey reads dir/name.pem of makeKeys.
func readKey(t *testing.T, dir, name string) *Private {
	t.Helper()
	p, err := ReadPrivate(readFile(t, dir, name+".pem"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPKCS8ComesBackAsOpenSSLWroteIt(t *testing.T) {
	dir := t.TempDir()
	makeKeys(t, dir)
	for _, name := range []string{"rsa", "ec", "p384", "p521", "p224", "ed", "ed448", "x", "x448", "pss", "k1", "bp", "dsa"} {
		block, _ := stdpem.Decode(readFile(t, dir, name+".pem"))
		got, err := MarshalPKCS8(readKey(t, dir, name))
		if err != nil || !bytes.Equal(got, block.Bytes) {
			t.Errorf("%s: %v\n got %x\nwant %x", name, err, got, block.Bytes)
		}
	}
}

// checkOpenSSLReads has openssl print the public half of in.
func checkOpenSSLReads(t *testing.T, dir string, p *Private, in []byte) {
	t.Helper()
	writeFile(t, dir, "in", in)
	if got := run(t, dir, `openssl pkey -in in -passin env:SECRET -pubout -outform DER`); !bytes.Equal(got, p.Public.Raw) {
		t.Fatalf("openssl reads another key: %x, want %x", got, p.Public.Raw)
	}
}

func TestOpenSSLReadsEncryptedKeys(t *testing.T) {
	dir := t.TempDir()
	makeKeys(t, dir)
	for _, o := range []EncryptOptions{
		{},
		{PRF: "sha512", Cipher: "aes-128-cbc", Iterations: 2048},
		{PRF: "sha1", Cipher: "des-ede3-cbc", Iterations: 2048},
		{Cipher: "camellia-256-cbc", Iterations: 2048},
		{KDF: "scrypt"},
		{Scheme: "pbe-sha1-3des", Iterations: 2048},
	} {
		for _, name := range []string{"ec", "ed448", "dsa", "k1"} {
			p := readKey(t, dir, name)
			data, err := EncryptPKCS8(p, []byte(secret), o, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			checkOpenSSLReads(t, dir, p, pemText("ENCRYPTED PRIVATE KEY", data))
			back, err := ReadPrivate(data, withSecret)
			if err != nil || !SameKey(back.Public, p.Public) {
				t.Fatalf("%s %+v: %v", name, o, err)
			}
			// The default costs are meant to take their time.
			if o.Iterations == 0 {
				break
			}
		}
	}
}

func TestTraditionalForms(t *testing.T) {
	dir := t.TempDir()
	makeKeys(t, dir)
	for _, name := range []string{"rsa", "ec", "p521"} {
		p := readKey(t, dir, name)
		label, data, err := MarshalTraditional(p)
		if err != nil {
			t.Fatal(err)
		}
		command := map[string]string{"rsa": "openssl rsa -traditional"}[name]
		if command == "" {
			command = "openssl ec"
		}
		if want := run(t, dir, command+" -in "+name+".pem"); !bytes.Equal(pemText(label, data), want) {
			t.Errorf("%s: %s\nwant %s", name, pemText(label, data), want)
		}
		for _, cipher := range []string{"DES-EDE3-CBC", "aes-256-cbc", "CAMELLIA-128-CBC"} {
			text, err := EncryptTraditional(p, []byte(secret), cipher, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			checkOpenSSLReads(t, dir, p, text)
			back, err := ReadPrivate(text, withSecret)
			if err != nil || !SameKey(back.Public, p.Public) {
				t.Fatalf("%s %s: %v", name, cipher, err)
			}
		}
	}
	if _, _, err := MarshalTraditional(readKey(t, dir, "ed")); err == nil || err.Error() != "Ed25519 keys have no traditional form; write the key as PKCS #8" {
		t.Error(err)
	}
	if _, err := EncryptTraditional(readKey(t, dir, "ec"), nil, "rot13", rand.Reader); err == nil || !strings.Contains(err.Error(), `cipher "rot13" is not known`) {
		t.Error(err)
	}
}

func TestOpenSSHForms(t *testing.T) {
	dir := t.TempDir()
	makeKeys(t, dir)
	for _, name := range []string{"rsa", "ec", "p384", "p521", "ed"} {
		p := readKey(t, dir, name)
		line, err := MarshalAuthorizedKey(p.Public, "who  at\nhome")
		if err != nil {
			t.Fatal(err)
		}
		read, err := ReadPublic(line)
		if err != nil || !Equal(read, p.Public) {
			t.Errorf("%s: the public line reads as %v, %v", name, read, err)
		}
		want := strings.TrimSuffix(string(line), " who at home\n")
		if want+" who at home\n" != string(line) {
			t.Errorf("%s: the line is %q", name, line)
		}
		for _, passphrase := range []string{"", secret} {
			if passphrase != "" && name != "ed" {
				continue
			}
			text, err := MarshalOpenSSH(p, []byte(passphrase), "me")
			if err != nil {
				t.Fatal(err)
			}
			writeFile(t, dir, "ssh", text)
			got := string(run(t, dir, "ssh-keygen -y -f ssh -P '"+passphrase+"'"))
			if !strings.HasPrefix(got, want) {
				t.Errorf("%s: ssh-keygen reads %q, want %q", name, got, want)
			}
			back, err := ReadPrivate(text, withSecret)
			if err != nil || !SameKey(back.Public, p.Public) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, name := range []string{"p224", "ed448", "k1", "x"} {
		p := readKey(t, dir, name)
		if _, err := MarshalOpenSSH(p, nil, ""); err == nil || !strings.HasSuffix(err.Error(), "keys are not known to OpenSSH; write the key as PKCS #8") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := MarshalAuthorizedKey(p.Public, ""); err == nil || !strings.HasSuffix(err.Error(), "keys are not known to OpenSSH; write the key as PEM") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpenSSHLimits(t *testing.T) {
	build := func(fields ...string) []byte {
		b := []byte(opensshMagic)
		for _, f := range fields {
			b = append(b, byte(len(f)>>24), byte(len(f)>>16), byte(len(f)>>8), byte(len(f)))
			b = append(b, f...)
		}
		return b
	}
	for _, c := range []struct{ cipher, kdf, options, want string }{
		{"aes256-ctr", "bcrypt", "\x00\x00\x00\x01s\x7f\xff\xff\xff", "asks for 2147483647 rounds of bcrypt, and at most 2000 are accepted; change it with `ssh-keygen -p -a 100"},
		{"chacha20-poly1305@openssh.com", "bcrypt", "", "encrypted with chacha20-poly1305@openssh.com and bcrypt, which cannot be read here; change it with `ssh-keygen -p -Z aes256-ctr"},
		{"aes256-ctr", "bcrypt", "", "the OpenSSH key is cut short"},
		{"none", "none", "", "the OpenSSH key is damaged, or of a kind that is not known"},
	} {
		_, err := ReadPrivate(pemText("OPENSSH PRIVATE KEY", build(c.cipher, c.kdf, c.options)), withSecret)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.cipher, err)
		}
	}
	for in, want := range map[string]string{"x": "does not begin as one", opensshMagic + "\xff\xff\xff\xff": "is cut short"} {
		if _, err := ReadPrivate(pemText("OPENSSH PRIVATE KEY", []byte(in)), withSecret); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestReadPublicForms(t *testing.T) {
	dir := t.TempDir()
	makeKeys(t, dir)
	for _, c := range []struct{ key, command string }{
		{"rsa", "openssl pkey -in rsa.pem -pubout"},
		{"rsa", "openssl rsa -in rsa.pem -RSAPublicKey_out"},
		{"rsa", "openssl rsa -in rsa.pem -RSAPublicKey_out -outform DER"},
		{"ec", "cat ec.pub"},
		{"ec", "base64 ec.pub"},
		{"k1", "openssl pkey -in k1.pem -pubout"},
		{"ed", "chmod 600 ed.pem; echo; openssl pkey -in ed.pem -pubout"},
	} {
		want, err := ParsePublic(readFile(t, dir, c.key+".pub"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadPublic(run(t, dir, c.command))
		if err != nil || !Equal(got, want) {
			t.Errorf("%s: %v", c.command, err)
			continue
		}
		if again, err := ReadPublic(PublicPEM(got)); err != nil || !Equal(again, want) {
			t.Errorf("%s: PublicPEM: %v", c.command, err)
		}
	}
	for in, want := range map[string]string{
		string(pemText("PUBLIC KEY", []byte{4, 0})):  "is labelled as a public key, and does not have the form of one",
		string(pemText("CERTIFICATE", []byte{4, 0})): "there is no public key in it, but: CERTIFICATE",
		string(readFile(t, dir, "ec.pem")):           "there is no public key in it, but: PRIVATE KEY",
		"ssh-ed25519 AAAA":                           "the OpenSSH public key cannot be read",
		"ssh-":                                       "the OpenSSH public key cannot be read",
		"{}":                                         `JSON without a member "kty" or "keys"`,
	} {
		if _, err := ReadPublic([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestGoReadsWhatIsWritten(t *testing.T) {
	for _, kind := range []string{"rsa-2048", "ecdsa-p256", "ecdsa-p521", "ed25519"} {
		p, err := Generate(kind, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := MarshalPKCS8(p)
		if err != nil {
			t.Fatal(err)
		}
		want, err := x509.MarshalPKCS8PrivateKey(p.Key)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %x, want %x, %v", kind, got, want, err)
		}
		if err := der.Strict(got); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestWritingWhatIsNotThere(t *testing.T) {
	p, err := Generate("ecdsa-p256", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := MarshalPKCS8(&Private{Public: p.Public}); err == nil || !strings.Contains(err.Error(), "it is not here, only its public half is") {
		t.Error(err)
	}
	if _, err := MarshalPKCS8(&Private{Public: p.Public, Key: "x"}); err == nil || !strings.Contains(err.Error(), "Go type string") {
		t.Error(err)
	}
	halves := bytes.Clone(readKey(t, filepath.Join("testdata", "private"), "ed").Key.(ed25519.PrivateKey))
	halves[40] ^= 1
	if _, err := NewPrivate(ed25519.PrivateKey(halves)); err == nil || !strings.Contains(err.Error(), "does not belong to the private key") {
		t.Error(err)
	}
	if _, err := NewPrivate("x"); err == nil || err.Error() != "a private key of the Go type string cannot be used" {
		t.Error(err)
	}
}
