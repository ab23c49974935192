package cms

import (
	"bytes"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// workshop is a folder with keys and certificates made by openssl.
func workshop(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	run(t, dir, `
		openssl req -x509 -newkey rsa:2048 -nodes -keyout rsa.key -out rsa.crt -subj "/O=Example/CN=rsa" -set_serial 0x1234
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ec.key -out ec.crt -subj "/CN=ec"
		head -c 3000 /dev/zero | tr '\0' x > message
		: > index.txt; printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\n' > ca.cnf
		openssl ca -config ca.cnf -gencrl -keyfile ec.key -cert ec.crt -md sha256 -crldays 30 -out ec.crl`)
	return dir
}

func run(t testing.TB, dir, command string) []byte {
	t.Helper()
	var stderr bytes.Buffer
	c := exec.Command("sh", "-ec", command)
	c.Dir, c.Stderr = dir, &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("the openssl command is needed by this test (apt-get install openssl): %s: %v\n%s", command, err, &stderr)
	}
	return out
}

func certificate(t testing.TB, dir, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatalf("%s is not PEM", name)
	}
	return block.Bytes
}

const sign = "openssl cms -sign -in message -signer rsa.crt -inkey rsa.key -outform DER "

func TestSignedData(t *testing.T) {
	dir := workshop(t)
	for _, c := range []struct {
		command  string
		version  int
		content  int
		certs    int
		signers  []string
		detached bool
	}{
		{sign + "-nodetach -binary", 1, 3000, 1, []string{"serial number 1234 of CN=rsa,O=Example"}, false},
		{sign + "-nodetach -binary -stream", 1, 3000, 1, []string{"serial number 1234 of CN=rsa,O=Example"}, false},
		{sign + "-binary", 1, 0, 1, []string{"serial number 1234 of CN=rsa,O=Example"}, true},
		{sign + "-nodetach -keyid -nocerts -binary", 3, 3000, 0, []string{"key identifier"}, false},
		{sign + "-nodetach -signer ec.crt -inkey ec.key -binary -econtent_type 1.2.3.4", 3, 3000, 2, []string{"serial number", "serial number"}, false},
		{sign + "-nodetach -noattr -binary", 1, 3000, 1, []string{"serial number 1234"}, false},
		{"openssl smime -sign -in message -signer rsa.crt -inkey rsa.key -outform DER -nodetach -binary", 1, 3000, 1, []string{"serial number 1234"}, false},
	} {
		t.Run(c.command, func(t *testing.T) {
			data := run(t, dir, c.command)
			info, err := Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			if err := der.Strict(info.DER); err != nil {
				t.Fatalf("what comes out of Normalize is not DER: %v", err)
			}
			s, err := info.SignedData()
			if err != nil {
				t.Fatal(err)
			}
			if s.Version != c.version || len(s.Content) != c.content || s.Detached != c.detached || len(s.Certificates) != c.certs || len(s.Signers) != len(c.signers) {
				t.Fatalf("version %d, content %d, detached %v, certificates %d, signers %d", s.Version, len(s.Content), s.Detached, len(s.Certificates), len(s.Signers))
			}
			if c.certs > 0 && !containsRaw(s.Certificates, certificate(t, dir, "rsa.crt")) {
				t.Error("the certificate is not the signer's, byte for byte")
			}
			for i, signer := range s.Signers {
				checkSigner(t, signer, c.signers[i], strings.Contains(c.command, "-noattr"))
			}
		})
	}
}

func containsRaw(all [][]byte, one []byte) bool {
	for _, raw := range all {
		if bytes.Equal(raw, one) {
			return true
		}
	}
	return false
}

func checkSigner(t *testing.T, s SignerInfo, want string, bare bool) {
	t.Helper()
	if got := s.Identifier.String(); !strings.HasPrefix(got, want) {
		t.Errorf("identifier %q, want %q", got, want)
	}
	if s.DigestAlgorithm.ID != oid.SHA256 || len(s.Signature) < 64 {
		t.Errorf("digest %s, signature of %d octets", s.DigestAlgorithm.ID.Name(), len(s.Signature))
	}
	if bare {
		if s.SignedAttributes != nil || s.RawSignedAttributes != nil {
			t.Error("there are signed attributes")
		}
		return
	}
	types := map[oid.OID]bool{}
	for _, a := range s.SignedAttributes {
		types[a.Type] = true
	}
	if !types[oid.ContentType] || !types[oid.MessageDigest] || !types[oid.SigningTime] {
		t.Errorf("signed attributes are %v", types)
	}
	if der.Strict(s.RawSignedAttributes) != nil || s.RawSignedAttributes[0] != byte(der.Set) {
		t.Errorf("signed attributes are not a SET in DER: %x", s.RawSignedAttributes)
	}
}

func TestEnvelopedData(t *testing.T) {
	dir := workshop(t)
	const encrypt = "openssl cms -encrypt -in message -binary -outform DER "
	for _, c := range []struct {
		command, cipher, algorithm, identifier string
		kind                                   RecipientKind
	}{
		{encrypt + "-aes256 rsa.crt", "aes-256-cbc", "rsaEncryption", "serial number 1234 of CN=rsa,O=Example", KeyTransport},
		{encrypt + "-aes256 -stream rsa.crt", "aes-256-cbc", "rsaEncryption", "serial number 1234", KeyTransport},
		{encrypt + "-aes128 -keyid rsa.crt", "aes-128-cbc", "rsaEncryption", "key identifier", KeyTransport},
		{encrypt + "-des3 -recip rsa.crt -keyopt rsa_padding_mode:oaep", "des-ede3-cbc", "rsaesOaep", "serial number 1234", KeyTransport},
		{encrypt + "-aes256 ec.crt", "aes-256-cbc", "dhSinglePass-stdDH-sha1kdf-scheme", "serial number", KeyAgreement},
		{encrypt + "-aes256 -keyid ec.crt", "aes-256-cbc", "dhSinglePass-stdDH-sha1kdf-scheme", "key identifier", KeyAgreement},
		{encrypt + "-aes256 -pwri_password secret", "aes-256-cbc", "id-alg-PWRI-KEK", "", Password},
		{encrypt + "-aes256 -secretkey 000102030405060708090A0B0C0D0E0F -secretkeyid C0FFEE", "aes-256-cbc", "id-aes128-wrap", "key identifier c0ffee", KeyEncryptionKey},
		{encrypt + "-aes-256-gcm rsa.crt", "aes-256-gcm", "rsaEncryption", "serial number 1234", KeyTransport},
	} {
		t.Run(c.command, func(t *testing.T) {
			info, err := Parse(run(t, dir, c.command))
			if err != nil {
				t.Fatal(err)
			}
			e, err := info.EnvelopedData()
			if err != nil {
				t.Fatal(err)
			}
			if len(e.Recipients) != 1 || len(e.Encrypted.Content) < 3000 || e.Encrypted.ContentType != oid.Data {
				t.Fatalf("%d recipients, %d octets of content", len(e.Recipients), len(e.Encrypted.Content))
			}
			if e.Authenticated != (c.cipher == "aes-256-gcm") || e.Authenticated == (e.MAC == nil) {
				t.Errorf("authenticated %v, MAC %x", e.Authenticated, e.MAC)
			}
			if got := e.Encrypted.Algorithm.ID.Name(); got != c.cipher {
				t.Errorf("cipher %s, want %s", got, c.cipher)
			}
			r := e.Recipients[0]
			if r.Kind != c.kind || r.KeyEncryption.ID.Name() != c.algorithm || len(r.EncryptedKeys) != 1 {
				t.Errorf("recipient %s by %s", r.Kind, r.KeyEncryption.ID.Name())
			}
			if c.identifier == "" {
				if len(r.Identifiers) != 0 {
					t.Error("there is an identifier")
				}
			} else if got := r.Identifiers[0].String(); !strings.HasPrefix(got, c.identifier) {
				t.Errorf("identifier %q, want %q", got, c.identifier)
			}
		})
	}
}

func TestOtherContent(t *testing.T) {
	dir := workshop(t)
	for command, want := range map[string]string{
		"openssl cms -data_create -in message -outform DER":                                                                               "Data",
		"openssl cms -digest_create -in message -outform DER":                                                                             "DigestedData",
		"openssl cms -EncryptedData_encrypt -aes128 -secretkey 000102030405060708090A0B0C0D0E0F -in message -outform DER":                 "EncryptedData",
		"openssl cms -EncryptedData_encrypt -aes128 -secretkey 000102030405060708090A0B0C0D0E0F -in message -binary -stream -outform DER": "EncryptedData",
	} {
		info, err := Parse(run(t, dir, command))
		if err != nil {
			t.Fatal(err)
		}
		if got := TypeName(info.Type); got != want {
			t.Errorf("%s: %s", command, got)
		}
		if want == "EncryptedData" {
			e, err := info.EncryptedData()
			if err != nil || len(e.Encrypted.Content) < 3000 || e.Encrypted.Algorithm.ID != oid.AES128CBC {
				t.Errorf("%v", err)
			}
			continue
		}
		if _, err := info.SignedData(); err == nil || err.Error() != "the CMS message is "+want+", not SignedData" {
			t.Error(err)
		}
		if _, err := info.EnvelopedData(); err == nil || err.Error() != "the CMS message is "+want+", not EnvelopedData" {
			t.Error(err)
		}
		if _, err := info.EncryptedData(); err == nil || err.Error() != "the CMS message is "+want+", not EncryptedData" {
			t.Error(err)
		}
	}
}

func TestTypeNames(t *testing.T) {
	for id, want := range map[oid.OID]string{
		oid.Data: "Data", oid.SignedData: "SignedData", oid.EnvelopedData: "EnvelopedData", SignedAndEnvelopedData: "SignedAndEnvelopedData",
		oid.DigestedData: "DigestedData", oid.EncryptedData: "EncryptedData", AuthenticatedData: "AuthenticatedData",
		oid.AuthEnvelopedData: "AuthEnvelopedData", oid.CompressedData: "CompressedData", oid.TSTInfo: "TSTInfo",
		ContentCollection: "ContentCollection", PKIData: "PKIData", PKIResponse: "PKIResponse", SPCIndirectData: "SpcIndirectDataContent",
		"\x2a\x03": "1.2.3",
	} {
		if got := TypeName(id); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
}

func TestCertsOnly(t *testing.T) {
	dir := workshop(t)
	certs := [][]byte{certificate(t, dir, "rsa.crt"), certificate(t, dir, "ec.crt")}
	crls := [][]byte{certificate(t, dir, "ec.crl")}
	bundle := CertsOnly(certs, crls)
	if err := der.Strict(bundle); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bundle"), bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	text := string(run(t, dir, "openssl pkcs7 -in bundle -inform DER -print_certs"))
	if strings.Count(text, "BEGIN CERTIFICATE") != 2 || strings.Count(text, "BEGIN X509 CRL") != 1 || strings.Index(text, "CN = rsa") > strings.Index(text, "CN = ec") {
		t.Errorf("openssl pkcs7 prints %s", text)
	}
	info, err := Parse(bundle)
	if err != nil {
		t.Fatal(err)
	}
	s, err := info.SignedData()
	if err != nil || !containsRaw(s.Certificates, certs[1]) || len(s.Certificates) != 2 || !containsRaw(s.CRLs, crls[0]) || !s.Detached || len(s.Signers) != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	theirs := run(t, dir, "openssl crl2pkcs7 -in ec.crl -certfile rsa.crt -certfile ec.crt -outform DER")
	if !bytes.Equal(theirs, bundle) {
		t.Errorf("openssl crl2pkcs7 writes %x, and CertsOnly %x", theirs, bundle)
	}
	if empty, err := Parse(CertsOnly(nil, nil)); err != nil {
		t.Error(err)
	} else if _, err := empty.SignedData(); err != nil {
		t.Error(err)
	}
}
