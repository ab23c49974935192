package openssl

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// run runs a command in-process.
func run(dir, stdin string, args ...string) (stdout, stderr string, code int) {
	var out, talk bytes.Buffer
	env := Env{Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &talk, Getenv: func(string) string { return "" }, Dir: dir, Now: time.Now}
	code = Run(env, args)
	return out.String(), talk.String(), code
}

// reference runs the installed openssl.
func reference(t *testing.T, dir, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Fatal("the openssl command is needed for this test; install it (apt-get install openssl)")
	}
	c := exec.Command(path, args...)
	var out, talk bytes.Buffer
	c.Dir, c.Stdin, c.Stdout, c.Stderr = dir, strings.NewReader(stdin), &out, &talk
	err = c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), talk.String(), c.ProcessState.ExitCode()
}

// specimens makes keys of many kinds with the installed openssl.
func specimens(t *testing.T) (dir string, names []string) {
	dir = t.TempDir()
	for name, args := range map[string]string{
		"rsa.pem": "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024", "old.pem": "genrsa -traditional 1024",
		"p256.pem": "ecparam -name P-256 -genkey -noout", "k1.pem": "ecparam -name secp256k1 -genkey -noout",
		"explicit.pem": "ecparam -name P-384 -genkey -noout -param_enc explicit",
		"ed25519.pem":  "genpkey -algorithm ED25519", "ed448.pem": "genpkey -algorithm ED448", "x25519.pem": "genpkey -algorithm X25519",
		"locked.pem": "genrsa -aes256 -passout pass:secret 1024",
	} {
		if _, _, code := reference(t, dir, "", append(strings.Fields(args), strings.Fields("-out "+name)...)...); code != 0 {
			// genrsa wants the size last.
			fields := strings.Fields(args)
			last := len(fields) - 1
			again := append(append([]string{}, fields[:last]...), "-out", name, fields[last])
			if _, talk, code := reference(t, dir, "", again...); code != 0 {
				t.Fatalf("openssl %s: %s", args, talk)
			}
		}
		names = append(names, name)
	}
	return dir, names
}

// TestKeysAreShownAsOpenSSLShowsThem compares standard output and exit codes.
func TestKeysAreShownAsOpenSSLShowsThem(t *testing.T) {
	dir, names := specimens(t)
	for _, name := range names {
		for _, line := range []string{
			"pkey", "pkey -text", "pkey -text -noout", "pkey -text_pub -noout", "pkey -pubout", "pkey -pubout -text", "pkey -pubout -text -noout", "pkey -traditional", "pkey -outform DER",
			"pkey -check -noout", "pkey -inform DER", "pkey -pubin", "rsa", "rsa -text -noout", "rsa -modulus -noout", "rsa -pubout",
			"rsa -RSAPublicKey_out", "rsa -traditional", "rsa -check", "rsa -outform DER", "ec -param_out", "ec -no_public",
			"pkcs8 -topk8 -nocrypt", "pkcs8 -nocrypt", "asn1parse", "asn1parse -i", "asn1parse -strparse 5",
		} {
			if strings.HasPrefix(line, "ec ") && name != "p256.pem" && name != "k1.pem" && name != "explicit.pem" {
				continue // OpenSSL's ec takes other kinds of keys, too
			}
			args := append(strings.Fields(line), "-in", name)
			if name == "locked.pem" && !strings.HasPrefix(line, "asn1parse") {
				args = append(args, "-passin", "pass:secret")
			}
			want, _, code := reference(t, dir, "", args...)
			got, talk, ours := run(dir, "", args...)
			if got != want || ours != code {
				t.Errorf("%s: exit code %d, want %d (%s)\n%s\nwant\n%s", strings.Join(args, " "), ours, code, talk, got, want)
			}
		}
	}
}

// TestMessages compares the whole of standard error where OpenSSL says nothing
// but what scripts look for.
func TestMessages(t *testing.T) {
	dir := t.TempDir()
	for _, line := range []string{
		"nosuch", "rsa -foo", "rsa foo", "rsa -out", "rsa -check=3", "rsa -inform XX", "rsa -passin foo:x", "rsa -passin env:NOSUCH",
		"rsa -passin file:nosuch", "rsa -passin fo", "pkcs7 -foo", "version foo", "genrsa abc", "genrsa 512 2", "genpkey",
		"ecparam -name P-256 -param_enc foo", "ecparam -name P-256 -conv_form foo", "pkcs8 -v2 foo", "pkcs8 -v1 foo", "pkcs8 -v2prf foo",
		"genrsa -des3 -passout env:NOSUCH 512", "x509 -passin env:NOSUCH", "pkcs12 -passin env:NOSUCH", "pkcs12 -foo", "asn1parse -offset z", "asn1parse -length 0", "spkac -key nosuch -digest foo",
	} {
		_, want, code := reference(t, dir, "", strings.Fields(line)...)
		_, got, ours := run(dir, "", strings.Fields(line)...)
		if want = withoutErrorQueue(want); got != want || ours != code {
			t.Errorf("%s: exit code %d, want %d\n%s\nwant\n%s", line, ours, code, got, want)
		}
	}
}

// withoutErrorQueue leaves out the lines that name OpenSSL's source files.
func withoutErrorQueue(talk string) string {
	var kept []string
	for line := range strings.SplitAfterSeq(talk, "\n") {
		if !strings.Contains(line, ":error:") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// TestOpenSSLReadsWhatWeMake makes keys and files, and has openssl take them.
func TestOpenSSLReadsWhatWeMake(t *testing.T) {
	dir := t.TempDir()
	for _, line := range []string{
		"genrsa -out K 1024", "genrsa -traditional -out K 1024", "genrsa -3 -out K 512", "genrsa -primes 3 -out K 1100", "genrsa -des3 -passout pass:abcd -out K 1024",
		"genpkey -algorithm RSA-PSS -pkeyopt rsa_pss_keygen_md:sha256 -pkeyopt rsa_keygen_bits:1024 -out K",
		"genpkey -algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1 -out K", "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-224 -pkeyopt ec_param_enc:explicit -out K",
		"genpkey -algorithm ED448 -out K", "genpkey -algorithm X448 -out K", "genpkey -algorithm X25519 -aes128 -pass pass:abcd -out K", "ecparam -name P-384 -genkey -out K",
	} {
		if _, talk, code := run(dir, "", strings.Fields(line)...); code != 0 {
			t.Errorf("%s: %s", line, talk)
			continue
		}
		if out, talk, code := reference(t, dir, "", "pkey", "-in", "K", "-noout", "-check", "-passin", "pass:abcd"); code != 0 || out != "Key is valid\n" {
			t.Errorf("%s: openssl says %s%s", line, out, talk)
		}
		if info, err := os.Stat(filepath.Join(dir, "K")); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: the file is %v, %v; want it for its owner alone", line, info, err)
		}
		os.Remove(filepath.Join(dir, "K"))
	}
}

func TestEncryptedPKCS8(t *testing.T) {
	dir := t.TempDir()
	reference(t, dir, "", "ecparam", "-name", "P-256", "-genkey", "-noout", "-out", "k")
	want, _, _ := reference(t, dir, "", "pkey", "-in", "k")
	for _, options := range []string{"", "-v2 des3", "-v2 aes128 -v2prf hmacWithSHA512 -iter 77", "-v1 PBE-SHA1-3DES", "-scrypt", "-noiter", "-outform DER"} {
		args := append([]string{"pkcs8", "-topk8", "-in", "k", "-passout", "pass:abcd", "-out", "e"}, strings.Fields(options)...)
		if _, talk, code := run(dir, "", args...); code != 0 {
			t.Errorf("%s: %s", options, talk)
		}
		if got, talk, _ := reference(t, dir, "", "pkey", "-in", "e", "-passin", "pass:abcd"); got != want {
			t.Errorf("%s: openssl reads %s%s", options, got, talk)
		}
	}
}

// TestPassphrasesOfOneFile reads both passphrases from two lines of one file.
func TestPassphrasesOfOneFile(t *testing.T) {
	dir := t.TempDir()
	reference(t, dir, "", "genrsa", "-aes256", "-passout", "pass:first", "-out", "a", "1024")
	if err := os.WriteFile(filepath.Join(dir, "words"), []byte("first\nsecond\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, talk, code := run(dir, "", "rsa", "-in", "a", "-passin", "file:words", "-aes128", "-passout", "file:words", "-out", "b"); code != 0 {
		t.Fatal(talk)
	}
	if _, talk, code := reference(t, dir, "", "rsa", "-in", "b", "-passin", "pass:second", "-noout"); code != 0 {
		t.Error(talk)
	}
	if _, talk, _ := run(dir, "abcd\nabce\n", "rsa", "-in", "b", "-passin", "pass:second", "-aes256"); !strings.Contains(talk, "Enter PEM pass phrase:Verifying - Enter PEM pass phrase:Verify failure") &&
		!strings.Contains(talk, "Verify failure") {
		t.Errorf("two passphrases that differ: %s", talk)
	}
}

func TestPKCS12(t *testing.T) {
	dir := t.TempDir()
	reference(t, dir, "", "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", "k", "-subj", "/CN=leaf", "-out", "c")
	for _, options := range []string{"", "-legacy", "-descert", "-keypbe NONE -certpbe NONE", "-noiter -nomaciter", "-macalg sha512 -iter 5 -certpbe AES-128-CBC"} {
		args := append([]string{"pkcs12", "-export", "-inkey", "k", "-in", "c", "-name", "leaf", "-passout", "pass:abcd", "-out", "p"}, strings.Fields(options)...)
		if _, talk, code := run(dir, "", args...); code != 0 {
			t.Fatal(talk)
		}
		want, talk, code := reference(t, dir, "", "pkcs12", "-in", "p", "-passin", "pass:abcd", "-nodes", "-legacy")
		if code != 0 {
			t.Fatalf("openssl: %s", talk)
		}
		got, _, _ := run(dir, "", "pkcs12", "-in", "p", "-passin", "pass:abcd", "-nodes")
		if got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", options, got, want)
		}
	}
}

func TestUnsupportedOptionsSaySo(t *testing.T) {
	for line, want := range map[string]string{
		"genrsa -engine foo":           "genrsa: option -engine is not supported by certwright openssl: ",
		"rsa -provider fips":           "rsa: unable to load provider fips\n",
		"rsa -propquery fips=yes":      "rsa: option -propquery is not supported by certwright openssl ",
		"pkcs12 -export -keyex":        "pkcs12: option -keyex is not supported by certwright openssl: ",
		"enc -base64":                  "enc: the command enc is not offered by certwright openssl; ",
		"genrsa -aria256":              "genrsa: the cipher aria256 is not supported by certwright openssl for keys; ",
		"list -kdf-algorithms":         "list: option -kdf-algorithms is not supported by certwright openssl: ",
		"pkcs8 -topk8 -v1 PBE-MD5-DES": "pkcs8: option -v1 is not supported by certwright openssl with PBE-MD5-DES: ",
	} {
		_, talk, code := run("", "", strings.Fields(line)...)
		if code != 1 || !strings.HasPrefix(talk, want) {
			t.Errorf("%s: exit code %d, %q; want 1, %q", line, code, talk, want)
		}
	}
}

// TestTablesHoldOpenSSLsOptions compares the names and kinds of options with
// those that the installed openssl lists.
func TestTablesHoldOpenSSLsOptions(t *testing.T) {
	for _, command := range commands() {
		theirs, _, code := reference(t, "", "", "list", "-options", command.name)
		if code != 0 {
			t.Errorf("%s: openssl has no such command", command.name)
			continue
		}
		for line := range strings.Lines(theirs) {
			fields := strings.Fields(line)
			if len(fields) != 2 || fields[0] == "-" {
				continue
			}
			o, known := command.option(fields[0])
			if !known {
				t.Errorf("%s: the option -%s is missing", command.name, fields[0])
			} else if (fields[1] == "-") != (o.kind == flag) {
				t.Errorf("%s: the option -%s is of kind %c, want %s", command.name, fields[0], o.kind, fields[1])
			}
		}
	}
}
