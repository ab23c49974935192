package key

import (
	"bytes"
	"crypto"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const secret = "correct horse"

func withSecret() ([]byte, error) { return []byte(secret), nil }

// run runs a command of a shell in dir.
func run(t *testing.T, dir, command string) []byte {
	t.Helper()
	var stderr bytes.Buffer
	c := exec.Command("sh", "-ec", command)
	c.Dir, c.Stderr = dir, &stderr
	c.Env = append(os.Environ(), "SECRET="+secret, "LEGACY=-provider legacy -provider default")
	out, err := c.Output()
	if err != nil {
		t.Fatalf("openssl and ssh-keygen are needed by this test (apt-get install openssl openssh-client): %s: %v\n%s", command, err, &stderr)
	}
	return out
}

func readFile(t *testing.T, parts ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// makeKeys puts rsa.pem, ec.pem, ed.pem …, which openssl genpkey made, into
// dir, and their public halves in DER: rsa.pub …
func makeKeys(t *testing.T, dir string) {
	t.Helper()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "private"))); err != nil {
		t.Fatal(err)
	}
}

// What openssl writes, and the key that is in it; all are made by their
// commands in a folder with the keys of makeKeys.
var containers = []struct{ key, command string }{
	{"rsa", "cat rsa.pem"},
	{"ec", "cat ec.pem"},
	{"p384", "cat p384.pem"},
	{"p521", "cat p521.pem"},
	{"p224", "cat p224.pem"},
	{"ed", "cat ed.pem"},
	{"ed448", "cat ed448.pem"},
	{"x", "cat x.pem"},
	{"x448", "cat x448.pem"},
	{"pss", "cat pss.pem"},
	{"k1", "cat k1.pem"},
	{"bp", "cat bp.pem"},
	{"dsa", "cat dsa.pem"},
	{"rsa", "openssl pkey -in rsa.pem -outform DER"},
	{"ec", "openssl pkey -in ec.pem -outform DER | base64 -w0"},
	{"ec", "openssl pkey -in ec.pem -outform DER | base64"},
	{"rsa", "openssl rsa -in rsa.pem -traditional"},
	{"rsa", "openssl rsa -in rsa.pem -traditional -outform DER"},
	{"rsa", "openssl rsa -in rsa.pem -traditional -outform DER | base64 -w0"},
	{"ec", "openssl ec -in ec.pem"},
	{"ec", "openssl ec -in ec.pem -outform DER"},
	{"ec", "openssl ec -in ec.pem -no_public"},
	{"ec", "openssl ec -in ec.pem -conv_form compressed"},
	{"ec", "openssl ecparam -name prime256v1; openssl ec -in ec.pem"},
	{"ec", "openssl ec -in ec.pem -param_enc explicit"},
	{"ec", "openssl pkcs8 -topk8 -nocrypt -in ec.pem | openssl pkey -ec_param_enc explicit"},
	{"k1", "openssl ec -in k1.pem"},
	{"k1", "openssl ec -in k1.pem -no_public"},
	{"bp", "openssl ec -in bp.pem -param_enc explicit"},
	{"dsa", "openssl dsa -in dsa.pem"},
	{"dsa", "openssl dsa -in dsa.pem -outform DER"},
	{"rsa", "sed 's/PRIVATE/RSA PRIVATE/' rsa.pem"},
	{"rsa", "openssl req -x509 -new -key rsa.pem -subj /CN=x; cat rsa.pem"},
	{"ec", "echo 'Bag Attributes'; echo '    friendlyName: x'; cat ec.pem; openssl req -new -key rsa.pem -subj /CN=x"},
	{"rsa", "openssl rsa -in rsa.pem -des3 -passout env:SECRET"},
	{"rsa", "openssl rsa -in rsa.pem -aes256 -passout env:SECRET"},
	{"rsa", "openssl rsa -in rsa.pem -traditional -des3 -passout env:SECRET"},
	{"rsa", "openssl rsa $LEGACY -in rsa.pem -traditional -des -passout env:SECRET"},
	{"rsa", "openssl rsa -in rsa.pem -traditional -aes128 -passout env:SECRET"},
	{"rsa", "openssl rsa -in rsa.pem -traditional -aes192 -passout env:SECRET"},
	{"rsa", "openssl rsa -in rsa.pem -traditional -aes256 -passout env:SECRET"},
	{"rsa", "openssl rsa -in rsa.pem -traditional -camellia128 -passout env:SECRET"},
	{"rsa", "openssl rsa -in rsa.pem -traditional -camellia192 -passout env:SECRET"},
	{"rsa", "openssl rsa -in rsa.pem -traditional -camellia256 -passout env:SECRET"},
	{"ec", "openssl ec $LEGACY -in ec.pem -rc2 -passout env:SECRET"},
	{"ec", "openssl ec $LEGACY -in ec.pem -rc2-40-cbc -passout env:SECRET"},
	{"rsa", "openssl rsa -in rsa.pem -traditional -aes-256-cfb -passout env:SECRET"},
	{"rsa", "openssl rsa -in rsa.pem -traditional -aes-128-cfb8 -passout env:SECRET"},
	{"rsa", "openssl rsa -in rsa.pem -traditional -aes-192-ofb -passout env:SECRET"},
	{"rsa", "openssl rsa -in rsa.pem -traditional -aes-256-ctr -passout env:SECRET"},
	{"rsa", "openssl rsa -in rsa.pem -traditional -camellia-256-cfb -passout env:SECRET"},
	{"rsa", "openssl rsa -in rsa.pem -traditional -des-ede3-cfb -passout env:SECRET"},
	{"rsa", "openssl rsa -in rsa.pem -traditional -des-ede3-ofb -passout env:SECRET"},
	{"rsa", "openssl rsa -in rsa.pem -traditional -des-ede-cbc -passout env:SECRET"},
	{"rsa", "openssl rsa -in rsa.pem -traditional -des-ede-cfb -passout env:SECRET"},
	{"rsa", "openssl rsa $LEGACY -in rsa.pem -traditional -des-ofb -passout env:SECRET"},
	{"rsa", "openssl rsa $LEGACY -in rsa.pem -traditional -rc2-cfb -passout env:SECRET"},
	{"rsa", "openssl rsa $LEGACY -in rsa.pem -traditional -bf-cbc -passout env:SECRET"},
	{"rsa", "openssl rsa $LEGACY -in rsa.pem -traditional -bf-ofb -passout env:SECRET"},
	{"rsa", "openssl rsa $LEGACY -in rsa.pem -traditional -cast5-cbc -passout env:SECRET"},
	{"rsa", "openssl rsa $LEGACY -in rsa.pem -traditional -cast5-cfb -passout env:SECRET"},
	{"ec", "openssl ec -in ec.pem -aes128 -passout env:SECRET"},
	{"ec", "openssl ecparam -name prime256v1; openssl ec -in ec.pem -des3 -passout env:SECRET"},
	{"k1", "openssl ec -in k1.pem -aes256 -passout env:SECRET"},
	{"dsa", "openssl dsa -in dsa.pem -aes256 -passout env:SECRET"},
	{"ed", "openssl pkcs8 -topk8 -in ed.pem -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v2 aes-256-cbc -v2prf hmacWithSHA512 -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v2 aes-192-cbc -v2prf hmacWithSHA1 -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v2 aes-128-cbc -v2prf hmacWithSHA224 -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v2 des3 -v2prf hmacWithSHA384 -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v2 aes-256-cbc -v2prf hmacWithSHA512-224 -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v2 aes-256-cbc -v2prf hmacWithSHA512-256 -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v2 camellia-128-cbc -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v2 camellia-192-cbc -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v2 camellia-256-cbc -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v2 aes-256-cfb -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v2 aes-128-ofb -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v2 bf-cbc $LEGACY -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v2 cast5-cbc $LEGACY -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v2 aes-256-cbc -iter 600000 -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -scrypt -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -scrypt -scrypt_N 1024 -scrypt_r 8 -scrypt_p 16 -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -scrypt -outform DER -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v2 rc2 $LEGACY -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v2 rc2-40-cbc $LEGACY -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v2 rc2-64-cbc $LEGACY -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v2 des $LEGACY -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v1 PBE-SHA1-3DES -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v1 PBE-SHA1-2DES -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v1 PBE-SHA1-RC2-40 $LEGACY -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v1 PBE-SHA1-RC2-128 $LEGACY -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v1 PBE-SHA1-RC4-40 $LEGACY -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v1 PBE-SHA1-RC4-128 $LEGACY -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v1 PBE-MD5-DES $LEGACY -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v1 PBE-MD5-RC2-64 $LEGACY -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v1 PBE-SHA1-DES $LEGACY -passout env:SECRET"},
	{"ec", "openssl pkcs8 -topk8 -in ec.pem -v1 PBE-SHA1-RC2-64 $LEGACY -passout env:SECRET"},
	{"", "ssh-keygen -q -t ed25519 -N '' -f ssh1; cat ssh1"},
	{"", "ssh-keygen -q -t ed25519 -N \"$SECRET\" -f ssh2; cat ssh2"},
	{"", "ssh-keygen -q -t ecdsa -b 384 -N \"$SECRET\" -Z aes256-cbc -f ssh3; cat ssh3"},
	{"", "ssh-keygen -q -t rsa -b 2048 -N '' -f ssh4; cat ssh4"},
	{"", "ssh-keygen -q -t rsa -b 2048 -m PEM -N \"$SECRET\" -f ssh5; cat ssh5"},
	{"", "ssh-keygen -q -t ecdsa -m PKCS8 -N \"$SECRET\" -f ssh6; cat ssh6"},
}

func TestReadsWhatOthersWrite(t *testing.T) {
	dir := t.TempDir()
	makeKeys(t, dir)
	for _, c := range containers {
		t.Run(c.command, func(t *testing.T) {
			data := run(t, dir, c.command)
			p, err := ReadPrivate(data, withSecret)
			if err != nil {
				t.Fatal(err)
			}
			if c.key == "" {
				checkSignerWorks(t, p)
				return
			}
			want, err := ParsePublic(readFile(t, dir, c.key+".pub"))
			if err != nil {
				t.Fatal(err)
			}
			if !SameKey(p.Public, want) {
				t.Fatalf("the public half is %s %x, want %s %x", p.Public, p.Public.Raw, want, want.Raw)
			}
			switch c.key {
			case "x", "x448", "dsa", "k1", "bp":
				if p.Signer != nil || p.Problem == nil {
					t.Fatalf("%s: Signer %v, Problem %v", p.Public, p.Signer, p.Problem)
				}
			default:
				checkSignerWorks(t, p)
			}
		})
	}
}

func checkSignerWorks(t *testing.T, p *Private) {
	t.Helper()
	if p.Signer == nil || p.Problem != nil {
		t.Fatalf("%s: no signer: %v", p.Public, p.Problem)
	}
	alg, err := ChooseSignatureAlgorithm(p.Public, "", false)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := Sign(p.Signer, alg, []byte("message"))
	if err != nil {
		t.Fatalf("%s: %v", p.Public, err)
	}
	if err := Verify(p.Public, alg.Identifier, []byte("message"), signature); err != nil {
		t.Fatal(err)
	}
}

func TestWrongPassphrases(t *testing.T) {
	dir := t.TempDir()
	makeKeys(t, dir)
	failed := errors.New("nobody there")
	for _, command := range []string{
		"openssl pkcs8 -topk8 -in ec.pem -passout env:SECRET",
		"openssl pkcs8 -topk8 -in ec.pem -v1 PBE-SHA1-RC4-128 $LEGACY -passout env:SECRET",
		"openssl rsa -in rsa.pem -traditional -des3 -passout env:SECRET",
		"openssl rsa -in rsa.pem -traditional -aes-256-cfb -passout env:SECRET",
		"ssh-keygen -q -t ed25519 -N \"$SECRET\" -f ssh; cat ssh",
	} {
		data := run(t, dir, command)
		for i := range 40 {
			wrong := []byte(strings.Repeat("x", i))
			if _, err := ReadPrivate(data, func() ([]byte, error) { return wrong, nil }); !errors.Is(err, ErrPassphrase) {
				t.Fatalf("%s, %q: %v", command, wrong, err)
			}
			if strings.HasPrefix(command, "ssh") && i > 0 {
				break
			}
		}
		if _, err := ReadPrivate(data, nil); !errors.Is(err, ErrNoPassphrase) || !strings.Contains(err.Error(), "the key is encrypted, and no passphrase was given") {
			t.Errorf("%s: %v", command, err)
		}
		if _, err := ReadPrivate(data, func() ([]byte, error) { return nil, failed }); !errors.Is(err, failed) {
			t.Errorf("%s: %v", command, err)
		}
	}
}

func TestPassphraseIsNotAskedForInVain(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, "openssl genpkey -algorithm ED25519 -out ed.pem")
	_, err := ReadPrivate(readFile(t, dir, "ed.pem"), func() ([]byte, error) {
		t.Error("the passphrase of an unencrypted key is asked for")
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEmptyAndForeignPassphrases(t *testing.T) {
	dir := t.TempDir()
	run(t, dir, "openssl genpkey -algorithm ED25519 -out ed.pem")
	for _, c := range []struct{ passphrase, options string }{
		{"", "-v1 PBE-SHA1-3DES"},
		{"", "-v2 aes-128-cbc"},
		{"Paßwort-é", "-v1 PBE-SHA1-3DES"},
		{"Paßwort-é", "-v2 aes-128-cbc"},
		{"\xe9t\xe9", "-v1 PBE-SHA1-3DES"},
	} {
		if err := os.WriteFile(filepath.Join(dir, "secret"), []byte(c.passphrase+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		data := run(t, dir, "openssl pkcs8 -topk8 -in ed.pem -passout file:secret "+c.options)
		if _, err := ReadPrivate(data, func() ([]byte, error) { return []byte(c.passphrase), nil }); err != nil {
			t.Errorf("%q %s: %v", c.passphrase, c.options, err)
		}
	}
}

func TestNoPrivateKey(t *testing.T) {
	dir := t.TempDir()
	makeKeys(t, dir)
	for _, c := range []struct{ command, want string }{
		{"openssl req -x509 -new -key rsa.pem -subj /CN=x", "there is no private key in it, but: CERTIFICATE"},
		{"openssl req -x509 -new -key rsa.pem -subj /CN=x -outform DER", "there is no private key in it, but: a certificate or request"},
		{"openssl pkey -in ec.pem -pubout", "but: PUBLIC KEY"},
		{"cat ec.pub", "but: a public key"},
		{"openssl req -x509 -new -key ec.pem -subj /CN=x -out c.pem; openssl pkcs12 -export -inkey ec.pem -in c.pem -passout env:SECRET", "a PKCS #12 file, from which the key has to be taken first"},
		{"openssl crl2pkcs7 -nocrl -certfile c.pem -outform DER", "a CMS (PKCS #7) message"},
		{`echo '{"kty":"oct","k":"AAAA"}'`, "but: a symmetric key"},
		{`echo '{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}'`, "but: a public key (JWK)"},
	} {
		_, err := ReadPrivate(run(t, dir, c.command), withSecret)
		if !errors.Is(err, ErrNoPrivateKey) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.command, err)
		}
	}
	_, err := ReadPrivate([]byte("PuTTY-User-Key-File-3: ssh-ed25519\n"), nil)
	if err == nil || !strings.Contains(err.Error(), "this is a PuTTY key, which cannot be read here; export it from PuTTYgen") {
		t.Error(err)
	}
}

var _ crypto.Signer = (*ExpandedMLDSA)(nil)
