package key

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"errors"
	"io"
	"math/big"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

func TestSignatureNames(t *testing.T) {
	for _, c := range []struct {
		id   oid.OID
		name string
	}{
		{oid.SHA256WithRSA, "sha256WithRSAEncryption"},
		{oid.MD5WithRSA, "md5WithRSAEncryption"},
		{oid.SHA1WithRSA, "sha1WithRSAEncryption"},
		{oid.SHA512_256WithRSA, "sha512-256WithRSAEncryption"},
		{oid.SHA3_256WithRSA, "RSA-SHA3-256"},
		{oid.ECDSAWithSHA256, "ecdsa-with-SHA256"},
		{oid.ECDSAWithSHA3_384, "ecdsa_with_SHA3-384"},
		{oid.DSAWithSHA256, "dsa_with_SHA256"},
		{oid.Ed25519, "ED25519"},
		{oid.Ed448, "ED448"},
		{oid.RSASSAPSS, "rsassaPss"},
		{oid.MLDSA44, "ML-DSA-44"},
		{oid.MLDSA65, "ML-DSA-65"},
		{oid.MLDSA87, "ML-DSA-87"},
		{oid.MD2WithRSA, "md2WithRSAEncryption"},
		{"\x2a\x03\x04", "1.2.3.4"},
	} {
		if a := ParseSignatureAlgorithm(withoutParameters(c.id)); a.Name != c.name {
			t.Errorf("%v is named %q, want %q", c.id, a.Name, c.name)
		}
		if _, long, ok := oid.OpenSSLNames(c.id); ok && long != c.name {
			t.Errorf("%v is named %q by openssl, want %q", c.id, long, c.name)
		}
	}
}

func TestSignatureAlgorithms(t *testing.T) {
	pss := func(parameters string) AlgorithmIdentifier { return withParameters(oid.RSASSAPSS, []byte(parameters)) }
	for _, c := range []struct {
		id                    AlgorithmIdentifier
		keyType               string
		hash, mgf             crypto.Hash
		salt                  int
		broken, problem, name string
	}{
		{withParameters(oid.SHA256WithRSA, derNull), "RSA", crypto.SHA256, 0, -1, "", "", "sha256WithRSAEncryption"},
		{withoutParameters(oid.SHA256WithRSA), "RSA", crypto.SHA256, 0, -1, "", "", "sha256WithRSAEncryption"},
		{withParameters(oid.SHA256WithRSA, []byte{2, 1, 1}), "RSA", crypto.SHA256, 0, -1, "", "the signature algorithm sha256WithRSAEncryption has parameters that are not NULL", "sha256WithRSAEncryption"},
		{withParameters(oid.MD5WithRSA, derNull), "RSA", crypto.MD5, 0, -1, brokenMD5, "", "md5WithRSAEncryption"},
		{withoutParameters(oid.ECDSAWithSHA1), "EC", crypto.SHA1, 0, -1, brokenSHA1, "", "ecdsa-with-SHA1"},
		{withoutParameters(oid.MLDSA65), "ML-DSA", 0, 0, -1, "", "", "ML-DSA-65"},
		{withParameters(oid.MLDSA65, derNull), "ML-DSA", 0, 0, -1, "", "the signature algorithm ML-DSA-65 has parameters, which it must not", "ML-DSA-65"},
		{withParameters(oid.Ed25519, derNull), "Ed25519", 0, 0, -1, "", "the signature algorithm ED25519 has parameters, which it must not", "ED25519"},
		{withParameters(oid.MD2WithRSA, derNull), "", 0, 0, -1, brokenMD2, "the signature algorithm md2WithRSAEncryption is not one that can be verified here", "md2WithRSAEncryption"},
		{withParameters(oid.MD4WithRSA, derNull), "", 0, 0, -1, brokenMD4, "the signature algorithm md4WithRSAEncryption is not one that can be verified here", "md4WithRSAEncryption"},
		{withoutParameters("\x60\x86\x48\x01\x65\x03\x04\x03\x15"), "", 0, 0, -1, "", "the signature algorithm SLH-DSA-SHA2-128f is not one that can be verified here", "SLH-DSA-SHA2-128f"},
		{withParameters(ecdsaWithSpecified, hashIdentifier(crypto.SHA384)), "EC", crypto.SHA384, 0, -1, "", "", "ecdsa-with-Specified"},
		{withParameters(ecdsaWithSpecified, hashIdentifier(crypto.SHA1)), "EC", crypto.SHA1, 0, -1, brokenSHA1, "", "ecdsa-with-Specified"},
		{withoutParameters(ecdsaWithSpecified), "", 0, 0, -1, "", "the signature algorithm ecdsa-with-Specified has parameters that cannot be used: reading an algorithm identifier: SEQUENCE is missing", "ecdsa-with-Specified"},
		{withoutParameters("\x2a\x03\x04"), "", 0, 0, -1, "", "the signature algorithm 1.2.3.4 is not one that can be verified here", "1.2.3.4"},
		{pss("\x30\x00"), "RSA", crypto.SHA1, crypto.SHA1, 20, brokenSHA1, "", "rsassaPss"},
		{withoutParameters(oid.RSASSAPSS), "", 0, 0, -1, "", "the signature algorithm rsassaPss has parameters that cannot be used: SEQUENCE is missing", "rsassaPss"},
		{pss("\x30\x05\xa3\x03\x02\x01\x02"), "", 0, 0, -1, "", "the signature algorithm rsassaPss has parameters that cannot be used: the trailer field is 2; only 1 is defined", "rsassaPss"},
		{pss("\x30\x05\xa2\x03\x02\x01\xff"), "", 0, 0, -1, "", "the signature algorithm rsassaPss has parameters that cannot be used: a length is negative or larger than any key", "rsassaPss"},
		{pss("\x30\x08\xa0\x06\x30\x04\x06\x02\x2a\x05"), "", 0, 0, -1, "", "the signature algorithm rsassaPss has parameters that cannot be used: the hash 1.2.5 is not known", "rsassaPss"},
		{pss("\x30\x08\xa1\x06\x30\x04\x06\x02\x2a\x05"), "", 0, 0, -1, "", "the signature algorithm rsassaPss has parameters that cannot be used: the mask generation function 1.2.5 is not known", "rsassaPss"},
		{withParameters(oid.RSASSAPSS, pssParameters{crypto.SHA512, crypto.SHA3_256, 5}.encode()), "RSA", crypto.SHA512, crypto.SHA3_256, 5, "", "", "rsassaPss"},
	} {
		a := ParseSignatureAlgorithm(c.id)
		problem := ""
		if a.Problem != nil {
			problem = a.Problem.Error()
		}
		if a.KeyType != c.keyType || a.Hash != c.hash || a.MGFHash != c.mgf || a.SaltLength != c.salt || a.Broken != c.broken || problem != c.problem || a.Name != c.name {
			t.Errorf("%x: %+v", c.id.Raw, a)
		}
	}
}

// TestPSSEncoding holds the writing of parameters against what openssl writes.
func TestPSSEncoding(t *testing.T) {
	for _, c := range []struct {
		p    pssParameters
		want string
	}{
		{pssParameters{crypto.SHA1, crypto.SHA1, 20}, "\x30\x00"},
		{pssParameters{crypto.SHA256, crypto.SHA256, 32}, "\x30\x34\xa0\x0f\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\xa2\x03\x02\x01\x20"},
	} {
		if got := c.p.encode(); string(got) != c.want {
			t.Errorf("written as %x, want %x", got, c.want)
		}
		if back, err := parsePSS(c.p.encode()); err != nil || back != c.p {
			t.Errorf("read back as %+v, %v", back, err)
		}
	}
}

func TestChoose(t *testing.T) {
	made := map[string]*Public{}
	for _, kind := range []string{"rsa-2048", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "ml-dsa-65"} {
		k, err := Generate(kind, nil)
		if err != nil {
			t.Fatal(err)
		}
		made[kind] = k.Public
	}
	made["rsa-7680"] = rsaPublic(t, new(big.Int).SetBit(big.NewInt(1), 7679, 1), big.NewInt(65537))
	c := curveByID(oid.Secp256k1)
	k1, err := MarshalPublic(&ECPublicKey{Curve: c, X: c.X, Y: c.Y})
	if err != nil {
		t.Fatal(err)
	}
	made["secp256k1"] = k1
	made["x25519"], err = ParsePublic(subjectPublicKeyInfo(withoutParameters(oid.X25519), []byte("01234567890123456789012345678901")))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind, hash string
		pss        bool
		want       string // the name, or the error
	}{
		{"rsa-2048", "", false, "sha256WithRSAEncryption"},
		{"rsa-7680", "", false, "sha384WithRSAEncryption"},
		{"rsa-2048", "sha512", false, "sha512WithRSAEncryption"},
		{"rsa-2048", "SHA-512/256", false, "sha512-256WithRSAEncryption"},
		{"rsa-2048", "sha3-256", false, "RSA-SHA3-256"},
		{"rsa-2048", "", true, "rsassaPss"},
		{"ecdsa-p256", "", false, "ecdsa-with-SHA256"},
		{"ecdsa-p384", "", false, "ecdsa-with-SHA384"},
		{"ecdsa-p521", "", false, "ecdsa-with-SHA512"},
		{"ecdsa-p256", "sha3_512", false, "ecdsa_with_SHA3-512"},
		{"ed25519", "", false, "ED25519"},
		{"ml-dsa-65", "", false, "ML-DSA-65"},
		{"ml-dsa-65", "sha256", false, "a hash (sha256) was asked for, but ML-DSA-65 keys hash by themselves; leave the hash out"},
		{"ecdsa-p256", "", true, "RSASSA-PSS was asked for, but the key is EC P-256; leave PSS out or use an RSA key"},
		{"ecdsa-p256", "sha512-256", false, "no signature algorithm joins the hash sha512-256 with EC keys; use sha256, sha384 or sha512"},
		{"rsa-2048", "md5", false, "the hash md5 is broken and not signed with; use sha256"},
		{"rsa-2048", "SHA1", true, "the hash SHA1 is broken and not signed with; use sha256"},
		{"rsa-2048", "whirlpool", false, `the hash "whirlpool" is not known; use sha256, sha384, sha512, sha3-256, sha3-384 or sha3-512`},
		{"secp256k1", "", false, "keys on secp256k1 are verified but not signed with here; use P-256, P-384 or P-521"},
		{"secp256k1", "sha256", false, "keys on secp256k1 are verified but not signed with here; use P-256, P-384 or P-521"},
		{"x25519", "", false, "keys of the kind X25519 cannot sign here; use an RSA, ECDSA, Ed25519 or ML-DSA key"},
	} {
		a, err := ChooseSignatureAlgorithm(made[c.kind], c.hash, c.pss)
		got := a.Name
		if err != nil {
			got = err.Error()
		} else if again, err := ParseAlgorithmIdentifier(a.Identifier.Raw); err != nil || again.ID != a.Identifier.ID || !bytes.Equal(again.Parameters, a.Identifier.Parameters) || a.Fits(made[c.kind]) != nil {
			t.Errorf("%s %s: the identifier %x is not whole: %v", c.kind, c.hash, a.Identifier.Raw, err)
		}
		if got != c.want {
			t.Errorf("%s %s %t: %q, want %q", c.kind, c.hash, c.pss, got, c.want)
		}
	}
	rsaAlgorithm, err := ChooseSignatureAlgorithm(made["rsa-2048"], "", false)
	if err != nil || !bytes.Equal(rsaAlgorithm.Identifier.Parameters, derNull) {
		t.Errorf("RSA's parameters are %x, want NULL (%v)", rsaAlgorithm.Identifier.Parameters, err)
	}
}

// brokenSigner is a key in a device that does not answer.
type brokenSigner struct{ crypto.Signer }

func (brokenSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("the device does not answer")
}

func TestSignErrors(t *testing.T) {
	k, err := Generate("ecdsa-p256", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		signer crypto.Signer
		id     AlgorithmIdentifier
		want   string
	}{
		{nil, withoutParameters(oid.ECDSAWithSHA256), "signing: the key cannot sign"},
		{k.Signer, withoutParameters("\x2a\x03\x04"), "signing: the signature algorithm 1.2.3.4 is not one that can be verified here"},
		{k.Signer, withoutParameters(oid.ECDSAWithSHA1), "signing with ecdsa-with-SHA1: SHA-1 is broken: collisions have been found; use another hash"},
		{k.Signer, withoutParameters(oid.SHA256WithRSA), "signing with sha256WithRSAEncryption: it goes with RSA keys, but the key is of the kind EC"},
		{brokenSigner{k.Signer}, withoutParameters(oid.ECDSAWithSHA256), "signing with ecdsa-with-SHA256: the device does not answer"},
	} {
		if _, err := Sign(c.signer, ParseSignatureAlgorithm(c.id), []byte("a message")); err == nil || err.Error() != c.want {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func TestMalformedSignatures(t *testing.T) {
	k, err := Generate("ecdsa-p256", nil)
	if err != nil {
		t.Fatal(err)
	}
	numbers := func(r, s string) string {
		var b der.Builder
		mark := b.Begin(der.Sequence)
		b.AddString(der.Integer, r)
		b.AddString(der.Integer, s)
		b.End(mark)
		return string(b.Bytes())
	}
	for signature, want := range map[string]string{
		"":                                         "it is not the DER of two numbers",
		"\x30\x00":                                 "its number r is not a positive INTEGER in DER",
		"\x31\x06\x02\x01\x01\x02\x01\x01":         "it is not the DER of two numbers",
		"\x30\x07\x02\x01\x01\x02\x01\x01":         "it is not the DER of two numbers",
		numbers("\x01", "\x01") + "\x00":           "it is not the DER of two numbers",
		"\x30\x81\x06\x02\x01\x01\x02\x01\x01":     "it is not the DER of two numbers",
		"\x30\x80\x02\x01\x01\x02\x01\x01\x00\x00": "it is not the DER of two numbers",
		"\x30\x08\x02\x01\x01\x02\x01\x01\x05\x00": "it has octets after its two numbers",
		numbers("\x00", "\x01"):                    "its number r is not a positive INTEGER in DER",
		numbers("\x01", "\x00"):                    "its number s is not a positive INTEGER in DER",
		numbers("\x01", "\xff"):                    "its number s is not a positive INTEGER in DER",
		numbers("\x00\x01", "\x01"):                "its number r is not a positive INTEGER in DER",
		numbers("", "\x01"):                        "its number r is not a positive INTEGER in DER",
	} {
		err := Verify(k.Public, withoutParameters(oid.ECDSAWithSHA256), nil, []byte(signature))
		if !errors.Is(err, ErrSignature) || err.Error() != "the signature is malformed: "+want {
			t.Errorf("%x: %v, want %q", signature, err, want)
		}
	}
	err = Verify(k.Public, withoutParameters(oid.ECDSAWithSHA256), nil, []byte(numbers("\x01", "\x01")))
	if err != ErrSignature || err.Error() != "the signature does not verify: it is not one of this key over these bytes" {
		t.Errorf("a wrong signature: %v", err)
	}
	for kind, want := range map[string]string{
		"rsa-2048": "it has 3 octets where this key's have 256", "ed25519": "it has 3 octets where this key's have 64", "ml-dsa-44": "it has 3 octets where this key's have 2420",
	} {
		k, err := Generate(kind, nil)
		if err != nil {
			t.Fatal(err)
		}
		alg, err := ChooseSignatureAlgorithm(k.Public, "", false)
		if err != nil {
			t.Fatal(err)
		}
		if err := Verify(k.Public, alg.Identifier, nil, []byte{1, 2, 3}); !errors.Is(err, ErrSignature) || err.Error() != "the signature is malformed: "+want {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// TestSpecifiedHash verifies a signature whose hash is in the parameters.
func TestSpecifiedHash(t *testing.T) {
	k, err := Generate("ecdsa-p256", nil)
	if err != nil {
		t.Fatal(err)
	}
	alg, err := ChooseSignatureAlgorithm(k.Public, "sha384", false)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := Sign(k.Signer, alg, []byte("a message"))
	if err != nil {
		t.Fatal(err)
	}
	accepts(t, k.Public, withParameters(ecdsaWithSpecified, hashIdentifier(crypto.SHA384)), []byte("a message"), signature)
	if err := Verify(k.Public, withParameters(ecdsaWithSpecified, hashIdentifier(crypto.SHA256)), []byte("a message"), signature); !errors.Is(err, ErrSignature) {
		t.Errorf("by another hash: %v", err)
	}
}

func TestVerifyMismatch(t *testing.T) {
	k, err := Generate("ecdsa-p256", nil)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[oid.OID]string{
		oid.SHA256WithRSA: "the signature algorithm sha256WithRSAEncryption does not go with the key, which is EC P-256",
		oid.Ed25519:       "the signature algorithm ED25519 does not go with the key, which is EC P-256",
		"\x2a\x03\x04":    "the signature algorithm 1.2.3.4 is not one that can be verified here",
	} {
		if err := Verify(k.Public, withoutParameters(id), nil, nil); !errors.Is(err, ErrAlgorithm) || errors.Is(err, ErrSignature) || err.Error() != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
	agreement, err := ParsePublic(subjectPublicKeyInfo(withParameters(oid.ECDH, k.Public.Algorithm.Parameters), k.Public.Bits))
	if err != nil || agreement.Key == nil || agreement.CanSign() {
		t.Fatalf("a key for ECDH: %v, %v", agreement, err)
	}
	if err := Verify(agreement, withoutParameters(oid.ECDSAWithSHA256), nil, nil); !errors.Is(err, ErrAlgorithm) {
		t.Errorf("a key for ECDH: %v", err)
	}
}

func TestKinds(t *testing.T) {
	for kind, want := range map[string]string{
		"ECDSA-P256": "ecdsa-p256", "p256": "ecdsa-p256", "P-256": "ecdsa-p256", "prime256v1": "ecdsa-p256", "secp256r1": "ecdsa-p256", "ec": "ecdsa-p256",
		"secp384r1": "ecdsa-p384", "EC-P384": "ecdsa-p384", "nistp521": "ecdsa-p521", "ec:secp521r1": "ecdsa-p521",
		"RSA-3072": "rsa-3072", "rsa:4096": "rsa-4096", "rsa2048": "rsa-2048", "RSA": "rsa-3072",
		"Ed25519": "ed25519", "ml-dsa-65": "ml-dsa-65", "MLDSA87": "ml-dsa-87", "X25519": "x25519",
	} {
		if got, err := CanonicalKind(kind); err != nil || got != want {
			t.Errorf("%s is %q, %v, want %q", kind, got, err, want)
		}
	}
	for kind, want := range map[string]string{
		"rsa-1024":  "RSA keys of 1024 bits are too weak; use 2048 or more",
		"rsa-16384": "RSA keys of 16384 bits are not made; use 8192 at most",
		"rsa-2049":  "RSA keys of 2049 bits are not made; use a multiple of 8, such as 3072",
		"rsa-large": `the kind of key "rsa-large" has no size in bits; use rsa-3072`,
		"secp256k1": `the kind of key "secp256k1" is not known; use one of ` + strings.Join(Kinds(), ", ") + ", x25519",
		"":          `the kind of key "" is not known; use one of ` + strings.Join(Kinds(), ", ") + ", x25519",
	} {
		if _, err := Generate(kind, nil); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %q", kind, err, want)
		}
	}
	for _, kind := range Kinds() {
		if got, err := CanonicalKind(kind); err != nil || got != kind {
			t.Errorf("%s is %q, %v", kind, got, err)
		}
	}
}

func TestGenerate(t *testing.T) {
	for _, kind := range []string{"ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "rsa-2048", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87"} {
		k, err := Generate(kind, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		alg, err := ChooseSignatureAlgorithm(k.Public, "", false)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := Sign(k.Signer, alg, []byte("a message"))
		if err != nil {
			t.Fatal(err)
		}
		accepts(t, k.Public, alg.Identifier, []byte("a message"), signature)
	}
	for _, kind := range []string{"ed25519", "ml-dsa-44"} {
		seed := bytes.Repeat([]byte{7}, 32)
		a, err := Generate(kind, bytes.NewReader(seed))
		if err != nil {
			t.Fatal(err)
		}
		b, err := Generate(kind, bytes.NewReader(seed))
		if err != nil || !Equal(a.Public, b.Public) {
			t.Errorf("%s: the same octets make another key (%v)", kind, err)
		}
		if _, err := Generate(kind, bytes.NewReader(seed[1:])); err == nil || !strings.Contains(err.Error(), "making a key of the kind "+kind+": reading random octets") {
			t.Errorf("%s: too few random octets: %v", kind, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	message := []byte("a message")
	var publics []*Public
	for _, kind := range []string{"rsa-2048", "ecdsa-p256", "ecdsa-p384", "ed25519", "ml-dsa-44"} {
		k, err := Generate(kind, nil)
		if err != nil {
			f.Fatal(err)
		}
		for _, pss := range []bool{false, kind == "rsa-2048"} {
			alg, err := ChooseSignatureAlgorithm(k.Public, "", pss)
			if err != nil {
				f.Fatal(err)
			}
			signature, err := Sign(k.Signer, alg, message)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(len(publics)), alg.Identifier.Raw, message, signature)
		}
		publics = append(publics, k.Public)
	}
	c := curveByID(oid.BrainpoolP256r1)
	brainpool, err := MarshalPublic(&ECPublicKey{Curve: c, X: c.X, Y: c.Y})
	if err != nil {
		f.Fatal(err)
	}
	short := rsaPublic(f, big.NewInt(1000003*1000033), big.NewInt(65537))
	publics = append(publics, brainpool, short)
	f.Add(uint8(len(publics)-2), withoutParameters(oid.ECDSAWithSHA512).Raw, message, []byte{0x30, 6, 2, 1, 1, 2, 1, 1})
	f.Add(uint8(len(publics)-1), withParameters(oid.RSASSAPSS, pssParameters{crypto.SHA1, crypto.SHA256, 0}.encode()).Raw, message, []byte{1, 2, 3, 4, 5})
	verifiers := make([]*Verifier, len(publics))
	for i, p := range publics {
		verifiers[i] = NewVerifier(p)
		verifiers[i].Warm()
	}
	f.Fuzz(func(t *testing.T, which uint8, algorithm, message, signature []byte) {
		id, err := ParseAlgorithmIdentifier(algorithm)
		if err != nil {
			return
		}
		pub := publics[int(which)%len(publics)]
		first := Verify(pub, id, message, signature)
		v := verifiers[int(which)%len(publics)]
		if second := v.Verify(id, message, signature); (first == nil) != (second == nil) {
			t.Fatalf("Verify says %v, a Verifier %v", first, second)
		}
		if first == nil && Verify(pub, id, append(bytes.Clone(message), 0), signature) == nil {
			t.Fatal("one signature is good for two messages")
		}
	})
}

func TestGenerateAgreement(t *testing.T) {
	k, err := Generate("x25519", nil)
	if err != nil || k.Signer != nil || k.Public.Type != "X25519" || k.Problem == nil {
		t.Fatalf("%+v, %v", k, err)
	}
	if _, err := MarshalPKCS8(k); err != nil {
		t.Error(err)
	}
	if _, err := Generate("x25519", strings.NewReader("short")); err == nil || !strings.HasPrefix(err.Error(), "making a key of the kind x25519: reading random octets: ") {
		t.Errorf("too little randomness: %v", err)
	}
}
