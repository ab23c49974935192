package cms

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// party is a key with its certificate.
type party struct {
	name    string
	private *key.Private
	raw     []byte // certificate
	byName  Identifier
	byKey   Identifier
}

// parties makes certificates by openssl: one a kind of key.
func parties(t testing.TB, dir string) map[string]party {
	t.Helper()
	all := map[string]party{}
	for name, options := range map[string]string{
		"rsa": "rsa:2048", "ec256": "ec -pkeyopt ec_paramgen_curve:P-256", "ec384": "ec -pkeyopt ec_paramgen_curve:P-384", "ec521": "ec -pkeyopt ec_paramgen_curve:P-521",
	} {
		run(t, dir, fmt.Sprintf(`openssl req -x509 -newkey %s -nodes -keyout %s.key -out %s.crt -subj "/O=Example/CN=%s"`, options, name, name, name))
		all[name] = readParty(t, dir, name)
	}
	return all
}

func readParty(t testing.TB, dir, name string) party {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name+".key"))
	if err != nil {
		t.Fatal(err)
	}
	p := party{name: name, raw: certificate(t, dir, name+".crt")}
	if p.private, err = key.ReadPrivate(text, nil); err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(p.raw)
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := dn.Parse(c.RawIssuer)
	if err != nil {
		t.Fatal(err)
	}
	p.byName = Identifier{Issuer: issuer, Serial: c.SerialNumber}
	p.byKey = Identifier{KeyIdentifier: c.SubjectKeyId}
	return p
}

const secretKey = "000102030405060708090A0B0C0D0E0F"

func kek() []byte { return unhex(secretKey) }

// contentForTests has an end that is no whole block.
func contentForTests() []byte { return bytes.Repeat([]byte("certwright\n"), 101) }

func writeFile(t testing.TB, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOurEnvelopesOpenInOpenSSL(t *testing.T) {
	dir := t.TempDir()
	all := parties(t, dir)
	content := contentForTests()
	ciphers := []oid.OID{oid.AES128CBC, oid.AES192CBC, oid.AES256CBC, oid.DESEDE3CBC, oid.AES128GCM, oid.AES192GCM, oid.AES256GCM}
	for _, c := range []struct {
		name, open string
		to         For
	}{
		{"PKCS1", "-recip rsa.crt -inkey rsa.key", For{Public: all["rsa"].private.Public, Identifier: all["rsa"].byName, PKCS1v15: true}},
		{"PKCS1 by key identifier", "-recip rsa.crt -inkey rsa.key", For{Public: all["rsa"].private.Public, Identifier: all["rsa"].byKey, PKCS1v15: true}},
		{"OAEP", "-recip rsa.crt -inkey rsa.key", For{Public: all["rsa"].private.Public, Identifier: all["rsa"].byName}},
		{"OAEP SHA-1", "-recip rsa.crt -inkey rsa.key", For{Public: all["rsa"].private.Public, Identifier: all["rsa"].byName, Hash: crypto.SHA1}},
		{"OAEP SHA-384", "-recip rsa.crt -inkey rsa.key", For{Public: all["rsa"].private.Public, Identifier: all["rsa"].byKey, Hash: crypto.SHA384}},
		{"OAEP SHA-512", "-recip rsa.crt -inkey rsa.key", For{Public: all["rsa"].private.Public, Identifier: all["rsa"].byKey, Hash: crypto.SHA512}},
		{"P-256", "-recip ec256.crt -inkey ec256.key", For{Public: all["ec256"].private.Public, Identifier: all["ec256"].byName}},
		{"P-256 SHA-1", "-recip ec256.crt -inkey ec256.key", For{Public: all["ec256"].private.Public, Identifier: all["ec256"].byName, Hash: crypto.SHA1}},
		{"P-256 SHA-224", "-recip ec256.crt -inkey ec256.key", For{Public: all["ec256"].private.Public, Identifier: all["ec256"].byName, Hash: crypto.SHA224}},
		{"P-384", "-recip ec384.crt -inkey ec384.key", For{Public: all["ec384"].private.Public, Identifier: all["ec384"].byKey}},
		{"P-521", "-recip ec521.crt -inkey ec521.key", For{Public: all["ec521"].private.Public, Identifier: all["ec521"].byName}},
		{"password", "-pwri_password secret", For{Password: []byte("secret"), Iterations: 1000}},
		{"key", "-secretkey " + secretKey + " -secretkeyid C0FFEE", For{KEK: kek(), Identifier: Identifier{KeyIdentifier: unhex("C0FFEE")}}},
	} {
		for _, cipher := range ciphers {
			info, err := Encrypt(content, Envelope{Cipher: cipher, For: []For{c.to}}, rand.Reader)
			if err != nil {
				t.Errorf("%s, %s: %v", c.name, cipher.Name(), err)
				continue
			}
			writeFile(t, dir, "sealed", info.DER)
			if got := run(t, dir, "openssl cms -decrypt -binary -inform DER -in sealed "+c.open); !bytes.Equal(got, content) {
				t.Errorf("%s, %s: openssl decrypts %d octets that are not the content", c.name, cipher.Name(), len(got))
			}
		}
	}
}

func TestOpenSSLsEnvelopesOpen(t *testing.T) {
	dir := t.TempDir()
	all := parties(t, dir)
	content := contentForTests()
	writeFile(t, dir, "content", content)
	for _, c := range []struct{ to, key, secret string }{
		{"-recip rsa.crt", "rsa", ""},
		{"-keyid -recip rsa.crt", "rsa", ""},
		{"-recip rsa.crt -keyopt rsa_padding_mode:oaep", "rsa", ""},
		{"-recip rsa.crt -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256", "rsa", ""},
		{"-recip rsa.crt -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha512 -keyopt rsa_mgf1_md:sha1", "rsa", ""},
		{"-recip rsa.crt -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha224 -keyopt rsa_oaep_label:0badcafe", "rsa", ""},
		{"-recip ec256.crt", "ec256", ""},
		{"-keyid -recip ec256.crt", "ec256", ""},
		{"-recip ec256.crt -keyopt ecdh_kdf_md:sha256", "ec256", ""},
		{"-recip ec256.crt -keyopt ecdh_cofactor_mode:1", "ec256", ""},
		{"-recip ec384.crt -keyopt ecdh_kdf_md:sha384", "ec384", ""},
		{"-recip ec521.crt -keyopt ecdh_kdf_md:sha512", "ec521", ""},
		{"-recip rsa.crt -recip ec256.crt -recip ec384.crt", "ec384", ""},
		{"-pwri_password secret", "", "secret"},
		{"-secretkey " + secretKey + " -secretkeyid C0FFEE", "", ""},
	} {
		for _, cipher := range []string{"-aes128", "-aes192", "-aes256", "-des3", "-aes-128-gcm", "-aes-192-gcm", "-aes-256-gcm", "-aes256 -stream"} {
			if strings.Contains(cipher, "gcm") && c.secret != "" {
				continue // OpenSSL 3.0 cannot wrap a key by a cipher in GCM mode
			}
			sealed := run(t, dir, "openssl cms -encrypt -binary -outform DER -in content "+cipher+" "+c.to)
			info, err := Parse(sealed)
			if err != nil {
				t.Fatal(err)
			}
			e, err := info.EnvelopedData()
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range openers(all, c.key, c.secret) {
				if got, err := e.Decrypt(o); err != nil || !bytes.Equal(got, content) {
					t.Errorf("%s %s: %d octets, %v", cipher, c.to, len(got), err)
				}
			}
		}
	}
}

// openers returns the ways to open one message.
func openers(all map[string]party, name, secret string) []Opener {
	switch p := all[name]; {
	case secret != "":
		return []Opener{{Password: []byte(secret)}}
	case name == "":
		return []Opener{{KEK: kek(), Identifiers: []Identifier{{KeyIdentifier: unhex("C0FFEE")}}}, {KEK: kek()}}
	default:
		return []Opener{{Key: p.private.Key, Identifiers: []Identifier{p.byName, p.byKey}}, {Key: p.private.Key}}
	}
}
