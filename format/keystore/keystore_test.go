package keystore

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gopkcs12 "software.sslmate.com/src/go-pkcs12"

	jks "github.com/pavlo-v-chernykh/keystore-go/v4"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

const password = "pässword"

// workshop is a folder with a root, an issuing authority and two certificates
// of it, leaf and rsa, made by openssl.
func workshop(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "chain"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func run(t testing.TB, dir, command string) []byte {
	t.Helper()
	var stderr bytes.Buffer
	c := exec.Command("sh", "-ec", command)
	c.Dir, c.Stderr = dir, &stderr
	c.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "SECRET="+password, "LEGACY=-provider legacy -provider default")
	out, err := c.Output()
	if err != nil {
		t.Fatalf("openssl and keytool are needed by this test (apt-get install openssl default-jre-headless): %s: %v\n%s%s", command, err, &stderr, out)
	}
	return out
}

func readFile(t testing.TB, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func writeFile(t testing.TB, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func certificate(t testing.TB, dir, name string) []byte {
	t.Helper()
	block, _ := pem.Decode(readFile(t, dir, name+".crt"))
	if block == nil {
		t.Fatalf("%s is not PEM", name)
	}
	return block.Bytes
}

func private(t testing.TB, dir, name string) *key.Private {
	t.Helper()
	k, err := key.ReadPrivate(readFile(t, dir, name+".key"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// checkContents wants one entry: the leaf with its chain.
func checkContents(t *testing.T, dir, leaf string, c *Contents) {
	t.Helper()
	if len(c.Entries) != 1 || len(c.Certificates) != 0 {
		t.Fatalf("%d entries and %d certificates", len(c.Entries), len(c.Certificates))
	}
	e := c.Entries[0]
	if !key.SameKey(e.Key.Public, private(t, dir, leaf).Public) || !bytes.Equal(e.Certificate, certificate(t, dir, leaf)) {
		t.Fatal("the key or its certificate is another")
	}
	if len(e.Chain) != 2 || !bytes.Equal(e.Chain[0], certificate(t, dir, "sub")) || !bytes.Equal(e.Chain[1], certificate(t, dir, "root")) {
		t.Fatal("the chain is not sub, root")
	}
}

func TestReadsWhatOpenSSLWrites(t *testing.T) {
	dir := workshop(t)
	const export = "openssl pkcs12 -export -passout env:SECRET -inkey leaf.key -in leaf.crt -certfile chain.pem -name naïve "
	for command, mac := range map[string]string{
		export:             "HMAC-SHA-256",
		export + "-legacy": "HMAC-SHA-1",
		export + "-descert -legacy -keypbe PBE-SHA1-RC4-128":               "HMAC-SHA-1",
		export + "-macalg sha512 -certpbe NONE":                            "HMAC-SHA-512",
		export + "-keypbe NONE -certpbe NONE":                              "HMAC-SHA-256",
		export + "-nomac":                                                  "",
		export + "-macalg sha384 -iter 1 -nomaciter":                       "HMAC-SHA-384",
		export + "-keypbe camellia-256-cbc -certpbe aes-128-cbc":           "HMAC-SHA-256",
		strings.Replace(export, "-name naïve", "", 1):                      "HMAC-SHA-256",
		strings.Replace(export, "env:SECRET", "pass:", 1) + "-legacy":      "HMAC-SHA-1",
		strings.Replace(export, "env:SECRET", "pass:", 1):                  "HMAC-SHA-256",
		strings.Replace(export, "leaf.key -in leaf", "rsa.key -in rsa", 1): "HMAC-SHA-256",
	} {
		t.Run(command, func(t *testing.T) {
			data := run(t, dir, command)
			secret, leaf := password, "leaf"
			if strings.Contains(command, "pass:") {
				secret = ""
			}
			if strings.Contains(command, "rsa") {
				leaf = "rsa"
			}
			c, err := ReadPKCS12(data, []byte(secret))
			if err != nil {
				t.Fatal(err)
			}
			checkContents(t, dir, leaf, c)
			if want := strings.Contains(command, "-name"); want != (c.Entries[0].Alias == "naïve") {
				t.Errorf("alias %q", c.Entries[0].Alias)
			}
			d, err := DescribePKCS12(data)
			if err != nil || d.MAC != mac {
				t.Errorf("MAC %q, want %q, %v", d.MAC, mac, err)
			}
			if !strings.Contains(command, "NONE") {
				if _, err := ReadPKCS12(data, []byte("wrong")); !errors.Is(err, ErrPassphrase) {
					t.Errorf("with a wrong password: %v", err)
				}
			}
		})
	}
}

func TestDescription(t *testing.T) {
	dir := workshop(t)
	data := run(t, dir, "openssl pkcs12 -export -passout env:SECRET -inkey leaf.key -in leaf.crt -name me")
	d, err := DescribePKCS12(data)
	if err != nil {
		t.Fatal(err)
	}
	const aes = "PBES2, PBKDF2 with HMAC-SHA-256 and 2048 iterations, AES-256-CBC"
	if d.MAC != "HMAC-SHA-256" || d.MACIterations != 2048 || d.MACSalt != 8 || len(d.Parts) != 2 {
		t.Fatalf("%+v", d)
	}
	if d.Parts[0].Encryption != aes || d.Parts[0].Bags != nil || d.Parts[0].Problem != nil || d.Parts[0].Octets == 0 {
		t.Errorf("%+v", d.Parts[0])
	}
	if want := (PKCS12Bag{"encrypted private key", "me", aes}); d.Parts[1].Encryption != "" || len(d.Parts[1].Bags) != 1 || d.Parts[1].Bags[0] != want {
		t.Errorf("%+v", d.Parts[1])
	}
	data = run(t, dir, "openssl pkcs12 -export -passout env:SECRET -inkey leaf.key -in leaf.crt -certpbe NONE -keypbe NONE")
	if d, err = DescribePKCS12(data); err != nil || len(d.Parts) != 2 || d.Parts[0].Bags[0].Kind != "certificate" || d.Parts[1].Bags[0].Kind != "private key" {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestOpenSSLReadsEveryPreset(t *testing.T) {
	dir := workshop(t)
	chain := [][]byte{certificate(t, dir, "sub"), certificate(t, dir, "root")}
	for _, preset := range append(Presets(), "") {
		for _, leaf := range []string{"leaf", "rsa"} {
			data, err := WritePKCS12(private(t, dir, leaf), certificate(t, dir, leaf), chain, []byte(password), preset, "my alias", rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			if err := der.Strict(data); err != nil {
				t.Error(err)
			}
			writeFile(t, dir, "p12", data)
			legacy := ""
			if preset != Modern && preset != "" {
				legacy = " -legacy"
			}
			text := string(run(t, dir, "openssl pkcs12 -in p12 -passin env:SECRET -nodes -info"+legacy+" 2>&1"))
			wants := []string{"friendlyName: my alias", "MAC: sha256, Iteration 100000", "PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256"}
			if legacy != "" {
				wants = []string{"MAC: sha1, Iteration 2048", "pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2048"}
			}
			for _, want := range wants {
				if !strings.Contains(text, want) {
					t.Errorf("%s: openssl pkcs12 -info does not print %q:\n%s", preset, want, text)
				}
			}
			if strings.Count(text, "BEGIN CERTIFICATE") != 3 || strings.Count(text, "BEGIN PRIVATE KEY") != 1 {
				t.Errorf("%s: openssl finds something else:\n%s", preset, text)
			}
			k, c, ca, err := gopkcs12.DecodeChain(data, password)
			if err != nil || k == nil || !bytes.Equal(c.Raw, certificate(t, dir, leaf)) || len(ca) != 2 {
				t.Errorf("%s: go-pkcs12: %v", preset, err)
			}
			back, err := ReadPKCS12(data, []byte(password))
			if err != nil {
				t.Fatal(err)
			}
			checkContents(t, dir, leaf, back)
		}
	}
}

func TestReadsWhatGoPKCS12Writes(t *testing.T) {
	dir := workshop(t)
	leaf, err := x509.ParseCertificate(certificate(t, dir, "leaf"))
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]*gopkcs12.Encoder{
		"HMAC-SHA-1": gopkcs12.LegacyRC2, "HMAC-SHA-256": gopkcs12.Modern2023, "PBMAC1, HMAC-SHA-256 by PBKDF2": gopkcs12.Modern2026,
	} {
		data, err := e.Encode(private(t, dir, "leaf").Key, leaf, nil, password)
		if err != nil {
			t.Fatal(err)
		}
		c, err := ReadPKCS12(data, []byte(password))
		if err != nil || len(c.Entries) != 1 || !bytes.Equal(c.Entries[0].Certificate, leaf.Raw) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := ReadPKCS12(data, []byte("wrong")); !errors.Is(err, ErrPassphrase) {
			t.Errorf("%s: %v", name, err)
		}
		if d, err := DescribePKCS12(data); err != nil || d.MAC != name {
			t.Errorf("%+v, %v; want %s", d, err, name)
		}
	}
}

func TestJavaReadsWhatIsWritten(t *testing.T) {
	dir := workshop(t)
	sub, root := certificate(t, dir, "sub"), certificate(t, dir, "root")
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	modern, err := WritePKCS12(private(t, dir, "leaf"), certificate(t, dir, "leaf"), [][]byte{sub, root}, []byte("password"), Modern, "me", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	trust, err := WriteTruststorePKCS12([]Certificate{{Alias: "Root", Raw: root}, {Alias: "Sub", Raw: sub}}, []byte("password"), Java8, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	old, err := WriteJKS(&Contents{
		Entries:      []Entry{{Alias: "Me", Key: private(t, dir, "leaf"), Certificate: certificate(t, dir, "leaf"), Chain: [][]byte{sub, root}}},
		Certificates: []Certificate{{Alias: "Würzel", Raw: root}},
	}, []byte("password"), now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		data  []byte
		wants []string
	}{
		{"modern", modern, []string{"Your keystore contains 1 entry", "Alias name: me", "Entry type: PrivateKeyEntry", "Certificate chain length: 3", "Owner: CN=leaf"}},
		{"trust", trust, []string{"Your keystore contains 2 entries", "Alias name: root", "Alias name: sub", "Entry type: trustedCertEntry"}},
		{"old", old, []string{"Keystore type: JKS", "Your keystore contains 2 entries", "Alias name: me", "Certificate chain length: 3", "Alias name: würzel", "trustedCertEntry", "Creation date: Jan 2, 2026"}},
	} {
		writeFile(t, dir, c.name, c.data)
		text := string(run(t, dir, "keytool -J-Dfile.encoding=UTF-8 -J-Dstdout.encoding=UTF-8 -J-Duser.language=en -J-XX:TieredStopAtLevel=1 -list -v -keystore "+c.name+" -storepass password"))
		for _, want := range c.wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s: keytool -list does not print %q:\n%s", c.name, want, text)
			}
		}
	}
	back, err := ReadPKCS12(trust, []byte("password"))
	if err != nil || len(back.Certificates) != 2 || !back.Certificates[0].Trusted || back.Certificates[1].Alias != "Sub" {
		t.Errorf("%+v, %v", back, err)
	}
	checkJKS(t, dir, old, now)
	// A wrong key password shows only when the key is used.
	run(t, dir, "keytool -J-XX:TieredStopAtLevel=1 -importkeystore -srckeystore old -srcstorepass password -srcalias me -destkeystore java.p12 -deststorepass password -deststoretype PKCS12")
	if c, err := ReadPKCS12(readFile(t, dir, "java.p12"), []byte("password")); err != nil {
		t.Error(err)
	} else {
		checkContents(t, dir, "leaf", c)
	}
	for _, kind := range []string{"JKS", "JCEKS"} {
		run(t, dir, "keytool -J-XX:TieredStopAtLevel=1 -importkeystore -srckeystore java.p12 -srcstorepass password -destkeystore java."+kind+" -deststorepass password -deststoretype "+kind)
		if c, err := ReadJKS(readFile(t, dir, "java."+kind), []byte("password")); err != nil {
			t.Error(err)
		} else {
			checkContents(t, dir, "leaf", c)
		}
	}
}

// checkJKS compares with another implementation, and reads the file back.
func checkJKS(t *testing.T, dir string, data []byte, now time.Time) {
	t.Helper()
	theirs := jks.New()
	if err := theirs.Load(bytes.NewReader(data), []byte("password")); err != nil {
		t.Fatal(err)
	}
	e, err := theirs.GetPrivateKeyEntry("me", []byte("password"))
	if err != nil || len(e.CertificateChain) != 3 {
		t.Errorf("keystore-go: %v", err)
	}
	c, err := ReadJKS(data, []byte("password"))
	if err != nil || len(c.Certificates) != 1 || c.Certificates[0].Alias != "würzel" || !c.Certificates[0].Trusted || !c.Entries[0].Created.Equal(now) {
		t.Fatalf("%+v, %v", c, err)
	}
	c.Certificates = nil
	checkContents(t, dir, "leaf", c)
	if _, err := ReadJKS(data, []byte("wrong")); !errors.Is(err, ErrPassphrase) {
		t.Error(err)
	}
	d, err := DescribeJKS(data)
	if err != nil || len(d) != 2 || !d[0].PrivateKey || d[1].PrivateKey || len(d[0].Certificates) != 3 || !IsJKS(data) {
		t.Errorf("%+v, %v", d, err)
	}
}

// mldsaCertificate is a certificate that only carries a key.
func mldsaCertificate(t *testing.T, k *key.Private) []byte {
	t.Helper()
	name := []byte{0x30, 0}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tbs := cert.AppendTBS(nil, &cert.TBS{
		Serial: []byte{1}, Signature: k.Public.Algorithm.Raw, Issuer: name, NotBefore: now, NotAfter: now.AddDate(1, 0, 0), Subject: name, PublicKey: k.Public.Raw,
	})
	return cert.Assemble(nil, tbs, k.Public.Algorithm.Raw, []byte{0})
}

func TestKeysThatOnlyNewerProgramsKnow(t *testing.T) {
	k, err := key.Generate("ml-dsa-65", nil)
	if err != nil {
		t.Fatal(err)
	}
	raw := mldsaCertificate(t, k)
	data, err := WritePKCS12(k, raw, nil, nil, Modern, "", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ReadPKCS12(data, nil)
	if err != nil || !key.Equal(c.Entries[0].Key.Public, k.Public) || !bytes.Equal(c.Entries[0].Certificate, raw) {
		t.Errorf("PKCS #12: %v", err)
	}
	data, err = WriteJKS(&Contents{Entries: []Entry{{Alias: "pq", Key: k, Certificate: raw}}}, []byte("password"), time.Unix(0, 0), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = ReadJKS(data, []byte("password")); err != nil || !key.Equal(c.Entries[0].Key.Public, k.Public) {
		t.Errorf("JKS: %v", err)
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	dir := workshop(t)
	k, leaf, root := private(t, dir, "leaf"), certificate(t, dir, "leaf"), certificate(t, dir, "root")
	store := func(entries []Entry, certs []Certificate, password string) func() ([]byte, error) {
		return func() ([]byte, error) {
			return WriteJKS(&Contents{Entries: entries, Certificates: certs}, []byte(password), time.Unix(0, 0), rand.Reader)
		}
	}
	for want, write := range map[string]func() ([]byte, error){
		"the certificate does not belong to the private key; give the certificate that was issued for this key": func() ([]byte, error) {
			return WritePKCS12(k, root, nil, nil, Modern, "", rand.Reader)
		},
		"reading the certificate to write beside the key": func() ([]byte, error) { return WritePKCS12(k, nil, nil, nil, Modern, "", rand.Reader) },
		`the preset "netscape" is not known; use one of modern, java8, windows-2016, macos, legacy`: func() ([]byte, error) {
			return WritePKCS12(k, leaf, nil, nil, "netscape", "", rand.Reader)
		},
		"reading random octets":              func() ([]byte, error) { return WritePKCS12(k, leaf, nil, nil, Modern, "", strings.NewReader("")) },
		"there are no certificates to write": func() ([]byte, error) { return WriteTruststorePKCS12(nil, nil, Modern, rand.Reader) },
		"certificate 1 has no alias; give each one a name": func() ([]byte, error) {
			return WriteTruststorePKCS12([]Certificate{{Raw: root}}, nil, Modern, rand.Reader)
		},
		`the alias "A" is given twice, and Java keeps only one of them`: func() ([]byte, error) {
			return WriteTruststorePKCS12([]Certificate{{Raw: root, Alias: "a"}, {Raw: root, Alias: "A"}}, nil, Modern, rand.Reader)
		},
		"Java wants passwords of at least 6 characters; give a longer one":   store(nil, []Certificate{{Alias: "a", Raw: root}}, "short"),
		"there is nothing to write":                                          store(nil, nil, "password"),
		"an alias is longer than 65535 octets; give a shorter one":           store(nil, []Certificate{{Alias: strings.Repeat("a", 70000), Raw: root}}, "password"),
		"writing a JKS file: the certificate does not belong to the private": store([]Entry{{Alias: "a", Key: k, Certificate: root}}, nil, "password"),
	} {
		if _, err := write(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
}

func sequence(parts ...[]byte) []byte {
	var b der.Builder
	m := b.Begin(der.Sequence)
	b.Raw(parts...)
	b.End(m)
	return b.Bytes()
}

func info(t oid.OID, content []byte) []byte {
	var b der.Builder
	b.OID(string(t))
	b.Add(der.ContextConstructed(0), content)
	return sequence(b.Bytes())
}

func octets(content []byte) []byte {
	var b der.Builder
	b.Add(der.OctetString, content)
	return b.Bytes()
}

func file(parts ...[]byte) []byte {
	return sequence([]byte{2, 1, 3}, info(oid.Data, octets(sequence(parts...))))
}

func nested(depth int) []byte {
	bags := sequence()
	for range depth {
		bags = sequence(info(safeContentsBag, bags))
	}
	return bags
}

func TestPKCS12ThatCannotBe(t *testing.T) {
	many := info(oid.EncryptedData, sequence([]byte{2, 1, 0}, sequence([]byte("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"),
		sequence([]byte("\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03"), sequence(octets([]byte("salt")), []byte{2, 4, 0x7f, 0, 0, 0})), []byte{0x80, 8, 0, 0, 0, 0, 0, 0, 0, 0})))
	mac := sequence(sequence(sequence([]byte("\x06\x05\x2b\x0e\x03\x02\x1a"), []byte{5, 0}), octets(make([]byte, 20))), octets([]byte("salt")), []byte{2, 4, 0x7f, 0, 0, 0})
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":    {nil, "reading a PKCS #12 file: reading BER: the data end before the element does"},
		"version":    {sequence([]byte{2, 1, 4}), "it is of a version that is not known; the known one is 3"},
		"signed":     {sequence([]byte{2, 1, 3}, info(oid.SignedData, sequence())), "protected by a signature instead of a password"},
		"enveloped":  {file(info(oid.EnvelopedData, sequence())), "encrypted to a certificate instead of with a password"},
		"digested":   {file(info(oid.DigestedData, sequence())), "it holds DigestedData where Data or EncryptedData belong"},
		"outside":    {sequence([]byte{2, 1, 3}, info(oid.DigestedData, sequence())), "it holds DigestedData where Data or SignedData belong"},
		"nesting":    {file(info(oid.Data, octets(nested(12)))), "its parts are nested more than 8 deep"},
		"iterations": {file(many), "asks for 2130706432 iterations of key derivation, and at most 10000000 are accepted"},
		"MAC":        {sequence([]byte{2, 1, 3}, info(oid.Data, octets(sequence())), mac), "asks for 2130706432 iterations of key derivation, and at most 10000000 are accepted"},
		"key":        {file(info(oid.Data, octets(sequence(info(keyBag, sequence()))))), "bag 1: "},
		"shrouded":   {file(info(oid.Data, octets(sequence(info(shroudedKeyBag, sequence()))))), "the encrypted private key does not have the form of one"},
	} {
		if _, err := ReadPKCS12(c.data, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
	if c, err := ReadPKCS12(file(info(oid.Data, octets(nested(5)))), nil); err != nil || len(c.Entries) != 0 {
		t.Error(err)
	}
	r := &reader{}
	algorithm := sequence([]byte("\x06\x0a\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01\x03"), sequence(octets([]byte("salt")), []byte{2, 1, 1}))
	if _, err := r.decrypt(algorithm, nil); err == nil || !strings.Contains(err.Error(), "more than 20000000 iterations of key derivation in all") {
		t.Error(err)
	}
}

func TestJKSThatCannotBe(t *testing.T) {
	build := func(parts ...string) []byte {
		return append([]byte(strings.Join(parts, "")), make([]byte, 20)...)
	}
	const magic, version = "\xfe\xed\xfe\xed", "\x00\x00\x00\x02"
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":     {nil, "reading a JKS file: the file is cut short, or damaged"},
		"magic":       {build("\x01\x02\x03\x04", version, "\x00\x00\x00\x00"), "it does not begin as one"},
		"secret key":  {build("\xce\xce\xce\xce", version, "\x00\x00\x00\x01", "\x00\x00\x00\x03\x00\x01a\x00\x00\x00\x00\x00\x00\x00\x00"), "it is a JCEKS file with a secret key, which only Java can read"},
		"version":     {build(magic, "\x00\x00\x00\x09", "\x00\x00\x00\x00"), "it is of version 9, which is not known"},
		"count":       {build(magic, version, "\xff\xff\xff\xff"), "the file is cut short, or damaged"},
		"kind":        {build(magic, version, "\x00\x00\x00\x01", "\x00\x00\x00\x07\x00\x01a\x00\x00\x00\x00\x00\x00\x00\x00"), "it has an entry of the kind 7, which is not known"},
		"length":      {build(magic, version, "\x00\x00\x00\x01", "\x00\x00\x00\x01\x00\x01a\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff"), "the file is cut short, or damaged"},
		"certificate": {build(magic, version, "\x00\x00\x00\x01", "\x00\x00\x00\x02\x00\x01a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03PGP\x00\x00\x00\x00"), `it holds a certificate of the kind "PGP", which is not known`},
		"trailing":    {build(magic, version, "\x00\x00\x00\x00", "x"), "the file is cut short, or damaged"},
		"digest":      {build(magic, version, "\x00\x00\x00\x00"), ErrPassphrase.Error()},
	} {
		if _, err := ReadJKS(c.data, []byte("password")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
	kind := build(magic, version, "\x00\x00\x00\x01", "\x00\x00\x00\x02\x00\x01a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04X509\x00\x00\x00\x01x")
	if d, err := DescribeJKS(kind); err != nil || len(d) != 1 || string(d[0].Certificates[0]) != "x" {
		t.Errorf("a certificate of the kind X509: %v", err)
	}
	for _, text := range []string{"a", "würzel", "\x00", "😀", "日本"} {
		if got := modifiedUTF8(appendModifiedUTF8(nil, text)); got != text {
			t.Errorf("%q comes back as %q", text, got)
		}
	}
}

func TestChainsEnd(t *testing.T) {
	dir := workshop(t)
	var all []Certificate
	for range 500 {
		all = append(all, Certificate{Raw: certificate(t, dir, "root")}, Certificate{Raw: certificate(t, dir, "sub")})
	}
	entries := []Entry{{Key: private(t, dir, "leaf")}}
	all = append(all, Certificate{Raw: certificate(t, dir, "leaf")})
	if left := arrange(entries, []int{-1}, all); len(entries[0].Chain) != 2 || len(left) != 998 {
		t.Errorf("the chain has %d certificates, and %d are left", len(entries[0].Chain), len(left))
	}
}

func TestFollowingAChainIsBounded(t *testing.T) {
	dir := workshop(t)
	sub, err := cert.Parse(certificate(t, dir, "sub"))
	if err != nil {
		t.Fatal(err)
	}
	entries := []Entry{{Key: private(t, dir, "leaf")}}
	all := []Certificate{{Raw: certificate(t, dir, "leaf")}}
	for i := range maxSignatures {
		tbs := cert.AppendTBS(nil, &cert.TBS{
			Serial: []byte{1, byte(i)}, Signature: sub.SignatureAlgorithm.Raw, Issuer: sub.Issuer.Raw, NotBefore: sub.NotBefore, NotAfter: sub.NotAfter,
			Subject: sub.Subject.Raw, PublicKey: entries[0].Key.Public.Raw,
		})
		all = append(all, Certificate{Raw: cert.Assemble(nil, tbs, sub.SignatureAlgorithm.Raw, []byte{0})})
	}
	all = append(all, Certificate{Raw: sub.Raw})
	arrange(entries, []int{-1}, all)
	if n := len(entries[0].Chain); n != 0 {
		t.Errorf("the chain has %d certificates, after more signatures than are checked", n)
	}
}

func TestJCEKSThatCannotBe(t *testing.T) {
	salt := octets([]byte("saltsalt"))
	for want, parameters := range map[string][]byte{
		"the encryption of a private key has parameters that cannot be read": sequence(octets([]byte("salt"))),
		"asks for 2130706432 iterations of key derivation":                   sequence(salt, []byte{2, 4, 0x7f, 0, 0, 0}),
		"the file is cut short, or damaged":                                  sequence(salt, []byte{2, 1, 1}),
	} {
		if _, err := unprotectJCEKS(parameters, make([]byte, 7), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	if _, err := unprotectJCEKS(sequence(salt, []byte{2, 1, 1}), make([]byte, 8), nil); !errors.Is(err, ErrPassphrase) {
		t.Error(err)
	}
	if a, b := jceksKey([]byte("abcdabcd"), nil, 1), jceksKey([]byte("abcdabce"), nil, 1); bytes.Equal(a[:16], b[:16]) || bytes.Equal(a[:16], a[16:]) {
		t.Error("equal halves of the salt are not told apart")
	}
}

func TestPKCS12InBER(t *testing.T) {
	dir := workshop(t)
	data, err := WritePKCS12(private(t, dir, "leaf"), certificate(t, dir, "leaf"), nil, []byte(password), Legacy, "", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	e, err := der.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	ber := append(append([]byte{0x30, 0x80}, e.Content...), 0, 0)
	if c, err := ReadPKCS12(ber, []byte(password)); err != nil || len(c.Entries) != 1 {
		t.Error(err)
	}
}

func FuzzParsePKCS12(f *testing.F) {
	dir := workshop(f)
	f.Add(run(f, dir, "openssl pkcs12 -export -passout pass: -inkey leaf.key -in leaf.crt -iter 1 -keypbe NONE -certpbe NONE -nomac"))
	f.Add(run(f, dir, "openssl pkcs12 -export -passout pass: -inkey leaf.key -in leaf.crt -iter 1 -legacy -nomac"))
	f.Add(run(f, dir, "openssl pkcs12 -export -passout pass: -inkey leaf.key -in leaf.crt -iter 1 -macalg sha256"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := DescribePKCS12(data)
		if err != nil {
			return
		}
		// Large iteration counts are tested elsewhere; here they only cost time.
		if d.MACIterations > 10 || bytes.Contains(data, []byte{2, 3}) || bytes.Contains(data, []byte{2, 2}) {
			return
		}
		c, err := ReadPKCS12(data, nil)
		if err == nil && c == nil {
			t.Fatal("neither contents nor an error")
		}
	})
}

func FuzzParseJKS(f *testing.F) {
	dir := workshop(f)
	data, err := WriteJKS(&Contents{
		Entries:      []Entry{{Alias: "me", Key: private(f, dir, "leaf"), Certificate: certificate(f, dir, "leaf")}},
		Certificates: []Certificate{{Alias: "root", Raw: certificate(f, dir, "root")}},
	}, []byte("password"), time.Unix(1e9, 0), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, body, err := parseJKS(data)
		if err != nil {
			return
		}
		for _, e := range entries {
			_, _ = e.open([]byte("password"))
		}
		_, _ = ReadJKS(append(data[:body:body], jksDigest([]byte("password"), data[:body])...), []byte("password"))
	})
}
