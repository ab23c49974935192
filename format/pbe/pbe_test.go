package pbe

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// openssl runs the command with input on its standard input.
func openssl(t *testing.T, input []byte, args ...string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c := exec.Command("openssl", args...)
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(input), &stdout, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("the openssl command is needed by this test (apt-get install openssl): openssl %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return stdout.Bytes()
}

func TestCiphersAgreeWithOpenSSL(t *testing.T) {
	spelled := map[string]string{"DES-EDE-CBC": "des-ede-cbc", "RC2-128-CBC": "rc2-cbc", "RC4-128": "rc4", "RC4-40": "rc4-40"}
	all := append(named(), des2, rc2Cipher(16, 128), rc2Cipher(8, 64), rc2Cipher(5, 40), rc4of128, rc4of40)
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			key, iv, data := make([]byte, c.key), make([]byte, c.block), make([]byte, 4099)
			for _, b := range [][]byte{key, iv, data} {
				rand.Read(b)
			}
			name, ok := spelled[c.name]
			if !ok {
				name = strings.ToLower(c.name)
			}
			args := []string{"enc", "-provider", "legacy", "-provider", "default", "-" + name, "-K", hex.EncodeToString(key)}
			if c.block > 0 {
				args = append(args, "-iv", hex.EncodeToString(iv))
			}
			want := openssl(t, data, args...)
			got, err := c.encrypt(key, iv, data)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("encrypting differs: %v", err)
			}
			back, err := c.decrypt(key, iv, got)
			if err != nil || !bytes.Equal(back, data) {
				t.Fatalf("decrypting does not give the data back: %v", err)
			}
		})
	}
}

func TestEncryptIsUndoneByDecrypt(t *testing.T) {
	secret, data := []byte("päss wörd"), []byte("thirty-one octets of a secret..")
	var all []Options
	for _, c := range Ciphers() {
		all = append(all, Options{Cipher: c, Iterations: 3}, Options{Cipher: strings.ToLower(c), KDF: "scrypt", N: 16, R: 1, P: 1})
	}
	for _, f := range prfs() {
		all = append(all, Options{PRF: f.name, Iterations: 2, Salt: 8})
	}
	all = append(all, Options{Scheme: "pbe-sha1-3des", Iterations: 5}, Options{KDF: "scrypt"})
	for _, o := range all {
		algorithm, encrypted, err := Encrypt(o, data, secret, rand.Reader)
		if err != nil {
			t.Fatalf("%+v: %v", o, err)
		}
		if err := der.Strict(algorithm); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
		got, err := Decrypt(algorithm, encrypted, secret)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%+v: %q, %v", o, got, err)
		}
		wrong, err := Decrypt(algorithm, encrypted, []byte("other"))
		if err == nil && bytes.Equal(wrong, data) || err != nil && !errors.Is(err, ErrPassphrase) {
			t.Errorf("%+v: a wrong passphrase gives %q, %v", o, wrong, err)
		}
	}
}

func TestDescriptions(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{}, "PBES2, PBKDF2 with HMAC-SHA-256 and 600000 iterations, AES-256-CBC"},
		{Options{PRF: "sha1", Cipher: "des-ede3-cbc", Iterations: 1}, "PBES2, PBKDF2 with HMAC-SHA-1 and 1 iteration, DES-EDE3-CBC"},
		{Options{KDF: "scrypt"}, "PBES2, scrypt with N=16384, r=8, p=5, AES-256-CBC"},
		{Options{Scheme: "pbe-sha1-3des"}, "PKCS #12, PKCS12KDF with SHA-1 and 100000 iterations, DES-EDE3-CBC"},
	} {
		algorithm, err := c.o.algorithm(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Describe(algorithm)
		if err != nil || d.String() != c.want {
			t.Errorf("%q, %v; want %q", d, err, c.want)
		}
	}
	if d, err := DescribePEM("DES-EDE3-CBC,0011223344556677"); err != nil || d.String() != "DEK-Info, one round of MD5, DES-EDE3-CBC" {
		t.Errorf("%q, %v", d, err)
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Cipher: "rot13"}, `cipher "rot13" is not known; the known ones are AES-256-CBC, AES-128-CBC`},
		{Options{KDF: "md5"}, `key derivation function "md5" is not known; the known ones are pbkdf2 and scrypt`},
		{Options{PRF: "md2"}, `hash "md2" is not known to PBKDF2; the known ones are sha256, sha1`},
		{Options{Scheme: "pgp"}, `encryption scheme "pgp" is not known; the known ones are pbes2, pbe-sha1-3des and pbe-sha1-rc2-40`},
		{Options{Iterations: -1}, "-1 iterations were asked for; there are 1 to 10000000"},
		{Options{Iterations: MaxIterations + 1, Scheme: "pbe-sha1-3des"}, "10000001 iterations were asked for"},
		{Options{Salt: 4}, "a salt of 4 octets was asked for; it has 8 to 1024"},
		{Options{KDF: "scrypt", N: 3, R: 1, P: 1}, "scrypt with N=3, r=1, p=1 is not possible; N is a power of two"},
		{Options{KDF: "scrypt", N: 1 << 20, R: 16, P: 1}, "at most 1 GiB"},
	} {
		_, _, err := Encrypt(c.o, nil, nil, rand.Reader)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
	if _, err := EncryptPEM("A", "rot13", nil, nil, rand.Reader); err == nil || !strings.Contains(err.Error(), `cipher "rot13" is not known`) {
		t.Error(err)
	}
	if _, _, err := Encrypt(Options{}, nil, nil, strings.NewReader("")); err == nil || !strings.Contains(err.Error(), "reading random octets") {
		t.Error(err)
	}
}

// sequence, octetString and the rest write parameters by hand.
func sequence(parts ...[]byte) []byte {
	var b der.Builder
	m := b.Begin(der.Sequence)
	b.Raw(parts...)
	b.End(m)
	return b.Bytes()
}

func id(o oid.OID) []byte        { var b der.Builder; b.OID(string(o)); return b.Bytes() }
func integer(n int64) []byte     { var b der.Builder; b.Int(n); return b.Bytes() }
func octets(s string) []byte     { var b der.Builder; b.AddString(der.OctetString, s); return b.Bytes() }
func pbes2(kdf, c []byte) []byte { return sequence(id(oid.PBES2), sequence(kdf, c)) }

func TestParametersThatCannotBe(t *testing.T) {
	aes := sequence(id(oid.AES128CBC), octets("0123456789abcdef"))
	pb := func(parts ...[]byte) []byte { return sequence(id(oid.PBKDF2), sequence(parts...)) }
	sc := func(n, r, p int64) []byte {
		return sequence(id(oid.Scrypt), sequence(octets("salt"), integer(n), integer(r), integer(p)))
	}
	good := pb(octets("salt"), integer(1))
	for _, c := range []struct {
		name, want string
		algorithm  []byte
	}{
		{"nothing", "reading the encryption algorithm", nil},
		{"unknown scheme", "encrypted with id-ecPublicKey, which cannot be read here; convert it first", sequence(id(oid.ECPublicKey), sequence())},
		{"MD2", "encrypted with pbeWithMD2AndDES-CBC, which cannot be read here", sequence(id(oid.PBEWithMD2AndDESCBC), sequence(octets("saltsalt"), integer(1)))},
		{"many iterations", "asks for 10000001 iterations of key derivation, and at most 10000000 are accepted", pbes2(pb(octets("salt"), integer(MaxIterations+1)), aes)},
		{"no iterations", "asks for 0 iterations", sequence(id(oid.PBEWithMD5AndDESCBC), sequence(octets("saltsalt"), integer(0)))},
		{"negative iterations", "asks for -5 iterations", pbes2(pb(octets("salt"), integer(-5)), aes)},
		{"scrypt memory", "scrypt with N=1073741824, r=8, p=1, and at most 1 GiB", pbes2(sc(1<<30, 8, 1), aes)},
		{"scrypt time", "scrypt with N=1048576, r=8, p=1000, and at most 1 GiB", pbes2(sc(1<<20, 8, 1000), aes)},
		{"scrypt overflow", "at most 1 GiB", pbes2(sc(2, 1<<62, 1<<62), aes)},
		{"scrypt cost", "scrypt has N=5, r=8, p=1, which it cannot have", pbes2(sc(5, 8, 1), aes)},
		{"cipher", "encrypted with aria-256-cbc, which cannot be read here", pbes2(good, sequence(id(oid.ARIA256CBC), octets("0123456789abcdef")))},
		{"IV", "the IV of AES-128-CBC is 2 octets long, not 16", pbes2(good, sequence(id(oid.AES128CBC), octets("iv")))},
		{"key length", "a key of 7 octets is derived for AES-128-CBC, which wants 16", pbes2(pb(octets("salt"), integer(1), integer(7)), aes)},
		{"no key length", "a key of an impossible length", pbes2(pb(octets("salt"), integer(1), integer(0)), aes)},
		{"PRF", "a key derived by PBKDF2 with sha256, which cannot be read here", pbes2(pb(octets("salt"), integer(1), sequence(id(oid.SHA256))), aes)},
		{"KDF", "a key derived by sha256, which cannot be read here", pbes2(sequence(id(oid.SHA256), octets("")), aes)},
		{"RC2 version", "RC2 of version 7, which cannot be read here", pbes2(good, sequence(id(oid.RC2CBC), sequence(integer(7), octets("12345678"))))},
		{"RC2 IV", "the IV of RC2 is 1 octets long, not 8", pbes2(good, sequence(id(oid.RC2CBC), octets("1")))},
	} {
		_, err := Decrypt(c.algorithm, make([]byte, 16), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		}
	}
	if _, err := Decrypt(pbes2(good, aes), make([]byte, 15), nil); err == nil || !strings.Contains(err.Error(), "the encrypted data are 15 octets long, which AES-128-CBC cannot be; the file is cut short or damaged") {
		t.Error(err)
	}
	if _, err := Decrypt(pbes2(good, sequence(id(oid.RC2CBC), octets("12345678"))), make([]byte, 16), nil); !errors.Is(err, ErrPassphrase) {
		t.Error(err)
	}
}

func TestDEKInfoThatCannotBe(t *testing.T) {
	for header, want := range map[string]string{
		"AES-128-CBC":              `the DEK-Info header "AES-128-CBC" names no IV; the file is damaged`,
		"AES-128-CBC,00":           "the DEK-Info header has no IV of 16 octets for AES-128-CBC; the file is damaged",
		"IDEA-CBC,0011223344":      "it is encrypted with IDEA-CBC, which cannot be read here; convert it first, a key by: openssl pkey -provider legacy -provider default -in FILE -aes256 -out NEW",
		"ARIA-256-CBC,00":          "it is encrypted with ARIA-256-CBC, which cannot be read here; convert it first, a key by: openssl pkey -in FILE -aes256 -out NEW",
		"AES-256-CFB1,00":          "it is encrypted with AES-256-CFB1, which cannot be read here",
		"RC2-CBC,zz":               "has no IV of 8 octets for RC2-CBC",
		"RC2-40-CBC,":              "has no IV of 8 octets for RC2-40-CBC",
		"RC2-64-CBC,":              "has no IV of 8 octets for RC2-64-CBC",
		"DES-CBC,0011223344556677": "the encrypted data are 0 octets long",
	} {
		if _, err := DecryptPEM(header, nil, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", header, err)
		}
	}
	if _, err := DescribePEM("x"); err == nil {
		t.Error("a header without an IV is described")
	}
}

func TestPasswordsOfPKCS12(t *testing.T) {
	for in, want := range map[string]string{"": "0000", "aé": "006100e90000", "\xe9": "00e90000", "😀": "d83dde000000"} {
		if got := hex.EncodeToString(UTF16Password([]byte(in))); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	if UTF16Password(nil) != nil {
		t.Error("no password is not the empty password")
	}
	if n := len(UTF16Passwords([]byte("é"))); n != 2 {
		t.Errorf("é is tried in %d encodings, want 2", n)
	}
}

func FuzzParseAlgorithm(f *testing.F) {
	for _, o := range []Options{{}, {KDF: "scrypt"}, {Scheme: "pbe-sha1-3des"}, {PRF: "sha1", Cipher: "CAMELLIA-128-CBC"}} {
		algorithm, err := o.algorithm(rand.Reader)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(algorithm)
	}
	f.Add(pbes2(sequence(id(oid.PBKDF2), sequence(octets("s"), integer(1))), sequence(id(oid.RC2CBC), sequence(integer(58), octets("12345678")))))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Describe(data)
		if err != nil || d.Iterations > 100 || d.N*d.R*d.P > 1000 {
			return
		}
		if _, err := Decrypt(data, make([]byte, 32), []byte("secret")); err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
	})
}
