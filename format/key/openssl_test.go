package key

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/oid"
)

// openssl runs the command in a folder of its own and returns its output.
func openssl(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c := exec.Command("openssl", args...)
	c.Dir, c.Stdout, c.Stderr = dir, &stdout, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("the openssl command is needed by this test (apt-get install openssl): openssl %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return stdout.Bytes()
}

// opensslKey makes a key in dir/name.pem and returns its public half.
func opensslKey(t *testing.T, dir, name string, genpkey ...string) *Public {
	t.Helper()
	openssl(t, dir, append([]string{"genpkey", "-out", name + ".pem"}, genpkey...)...)
	return opensslPublic(t, dir, name)
}

func opensslPublic(t *testing.T, dir, name string, args ...string) *Public {
	t.Helper()
	block, _ := pem.Decode(openssl(t, dir, append([]string{"pkey", "-in", name + ".pem", "-pubout"}, args...)...))
	if block == nil {
		t.Fatalf("%s: openssl printed no public key", name)
	}
	p, err := ParsePublic(block.Bytes)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if !bytes.Equal(p.Raw, block.Bytes) {
		t.Fatalf("%s: Raw is not what was read", name)
	}
	return p
}

func opensslSign(t *testing.T, dir, name, hash string, message []byte, options ...string) []byte {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "message"), message, 0o600); err != nil {
		t.Fatal(err)
	}
	if hash == "" {
		return openssl(t, dir, "pkeyutl", "-sign", "-rawin", "-inkey", name+".pem", "-in", "message")
	}
	args := []string{"dgst", "-" + hash, "-sign", name + ".pem"}
	for _, o := range options {
		args = append(args, "-sigopt", o)
	}
	return openssl(t, dir, append(args, "message")...)
}

// accepts checks that a signature verifies, and that it does not once a bit
// of the message or of the signature is another.
func accepts(t *testing.T, pub *Public, alg AlgorithmIdentifier, message, signature []byte) {
	t.Helper()
	if err := Verify(pub, alg, message, signature); err != nil {
		t.Fatalf("a signature by openssl: %v", err)
	}
	v := NewVerifier(pub)
	if err := v.Verify(alg, message, signature); err != nil {
		t.Fatalf("a signature by openssl, by a Verifier: %v", err)
	}
	other := append(bytes.Clone(message), '!')
	if err := Verify(pub, alg, other, signature); !errors.Is(err, ErrSignature) {
		t.Fatalf("over another message: %v", err)
	}
	for _, i := range []int{0, 1, 3, 5, len(signature) / 2, len(signature) - 1} {
		bad := bytes.Clone(signature)
		bad[i] ^= 4
		if err := Verify(pub, alg, message, bad); !errors.Is(err, ErrSignature) {
			t.Fatalf("octet %d of the signature changed: %v", i, err)
		}
		if err := v.Verify(alg, message, bad); !errors.Is(err, ErrSignature) {
			t.Fatalf("octet %d of the signature changed, by a Verifier: %v", i, err)
		}
	}
	for _, bad := range [][]byte{nil, signature[:len(signature)-1], append(bytes.Clone(signature), 0)} {
		if err := Verify(pub, alg, message, bad); !errors.Is(err, ErrSignature) {
			t.Fatalf("a signature of %d octets: %v", len(bad), err)
		}
	}
}

// algorithmFor finds the identifier of a key type with a hash.
func algorithmFor(t *testing.T, keyType string, h crypto.Hash) AlgorithmIdentifier {
	t.Helper()
	for _, f := range fixedAlgorithms {
		if f.keyType == keyType && f.hash == h {
			return withoutParameters(f.id)
		}
	}
	t.Fatalf("no algorithm joins %s with %v", keyType, h)
	return AlgorithmIdentifier{}
}

var opensslHashes = map[string]crypto.Hash{
	"md5": crypto.MD5, "sha1": crypto.SHA1, "sha224": crypto.SHA224, "sha256": crypto.SHA256, "sha384": crypto.SHA384,
	"sha512": crypto.SHA512, "sha512-224": crypto.SHA512_224, "sha512-256": crypto.SHA512_256,
	"sha3-224": crypto.SHA3_224, "sha3-256": crypto.SHA3_256, "sha3-384": crypto.SHA3_384, "sha3-512": crypto.SHA3_512,
}

func TestOpenSSLRSA(t *testing.T) {
	dir, message := t.TempDir(), []byte("a message")
	for _, bits := range []string{"512", "1000", "1024", "2048"} {
		pub := opensslKey(t, dir, bits, "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:"+bits)
		if pub.String() != "RSA "+bits || pub.Problem != nil || !pub.CanSign() {
			t.Fatalf("%s: %v, %v", bits, pub, pub.Problem)
		}
		for name, h := range opensslHashes {
			if bits == "512" && h.Size() > 32 {
				continue
			}
			accepts(t, pub, algorithmFor(t, "RSA", h), message, opensslSign(t, dir, bits, name, message))
		}
	}
	large := opensslKey(t, dir, "large", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024", "-pkeyopt", "rsa_keygen_pubexp:340282366920938463463374607431768211507")
	if _, ok := large.Key.(*RSAPublicKey); !ok {
		t.Fatalf("a large exponent: %T, %v", large.Key, large.Problem)
	}
	accepts(t, large, algorithmFor(t, "RSA", crypto.SHA256), message, opensslSign(t, dir, "large", "sha256", message))
}

func TestOpenSSLPSS(t *testing.T) {
	dir, message := t.TempDir(), []byte("a message")
	for _, bits := range []string{"800", "1025", "2048"} {
		pub := opensslKey(t, dir, bits, "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:"+bits)
		for _, c := range []struct {
			hash, mgf string
			salt      int
		}{
			{"sha1", "sha1", 20}, {"sha256", "sha256", 0}, {"sha256", "sha256", 20}, {"sha256", "sha256", 32},
			{"sha256", "sha256", (pub.Size-1+7)/8 - 34}, {"sha256", "sha1", 20}, {"sha384", "sha512", 7}, {"sha3-256", "sha3-256", 32}, {"md5", "md5", 16},
		} {
			p := pssParameters{hash: opensslHashes[c.hash], mgf: opensslHashes[c.mgf], salt: c.salt}
			alg := withParameters(oid.RSASSAPSS, p.encode())
			signature := opensslSign(t, dir, bits, c.hash, message, "rsa_padding_mode:pss", "rsa_pss_saltlen:"+strconv.Itoa(c.salt), "rsa_mgf1_md:"+c.mgf)
			t.Run(bits+" "+c.hash+" "+c.mgf+" "+strconv.Itoa(c.salt), func(t *testing.T) {
				accepts(t, pub, alg, message, signature)
				p.salt++
				if err := Verify(pub, withParameters(oid.RSASSAPSS, p.encode()), message, signature); !errors.Is(err, ErrSignature) {
					t.Errorf("with another length of the salt: %v", err)
				}
			})
		}
	}
}

func TestOpenSSLPSSKey(t *testing.T) {
	dir, message := t.TempDir(), []byte("a message")
	free := opensslKey(t, dir, "free", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:1024")
	bound := opensslKey(t, dir, "bound", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:1024",
		"-pkeyopt", "rsa_pss_keygen_md:sha384", "-pkeyopt", "rsa_pss_keygen_mgf1_md:sha384", "-pkeyopt", "rsa_pss_keygen_saltlen:30")
	if free.String() != "RSA-PSS 1024" || bound.Type != "RSA-PSS" || bound.Problem != nil {
		t.Fatalf("%v, %v, %v", free, bound, bound.Problem)
	}
	pss := func(h crypto.Hash, salt int) AlgorithmIdentifier {
		return withParameters(oid.RSASSAPSS, pssParameters{hash: h, mgf: h, salt: salt}.encode())
	}
	accepts(t, free, pss(crypto.SHA256, 32), message, opensslSign(t, dir, "free", "sha256", message, "rsa_pss_saltlen:32"))
	signature := opensslSign(t, dir, "bound", "sha384", message, "rsa_pss_saltlen:40")
	accepts(t, bound, pss(crypto.SHA384, 40), message, signature)
	for _, c := range []struct {
		alg  AlgorithmIdentifier
		want string
	}{
		{pss(crypto.SHA256, 40), "the key is only for RSASSA-PSS with SHA-384 and MGF1 with SHA-384, but the signature is with SHA-256 and MGF1 with SHA-256"},
		{pss(crypto.SHA384, 29), "the key asks for a salt of at least 30 octets, but the signature's has 29"},
		{withoutParameters(oid.SHA384WithRSA), "the signature algorithm sha384WithRSAEncryption does not go with the key, which is RSA-PSS 1024"},
	} {
		if err := Verify(bound, c.alg, message, signature); !errors.Is(err, ErrAlgorithm) || err.Error() != c.want {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	chosen, err := ChooseSignatureAlgorithm(bound, "", false)
	if err != nil || chosen.Hash != crypto.SHA384 || chosen.SaltLength != 30 {
		t.Errorf("chosen %+v, %v", chosen, err)
	}
	if _, err := ChooseSignatureAlgorithm(bound, "sha256", false); !errors.Is(err, ErrAlgorithm) {
		t.Errorf("sha256 for a key bound to SHA-384: %v", err)
	}
}

func TestOpenSSLCurves(t *testing.T) {
	dir, message := t.TempDir(), []byte("a message")
	for i := range knownCurves {
		c := &knownCurves[i]
		t.Run(c.name, func(t *testing.T) {
			name := c.id.Short()
			pub := opensslKey(t, dir, name, "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:"+name)
			if pub.Curve != c.name || pub.Size != c.size || pub.Problem != nil {
				t.Fatalf("read as %v of %d bits, %v", pub, pub.Size, pub.Problem)
			}
			if c.name == "SM2" {
				return // openssl treats it as a key type of its own
			}
			for _, form := range []string{"compressed", "hybrid"} {
				other := opensslPublic(t, dir, name, "-ec_conv_form", form)
				if !SameKey(pub, other) || Equal(pub, other) {
					t.Errorf("the %s point is not the same key: %v", form, other.Problem)
				}
			}
			explicit := opensslPublic(t, dir, name, "-ec_param_enc", "explicit")
			if explicit.Curve != "explicit" || explicit.SameAs != c.name || !SameKey(pub, explicit) {
				t.Errorf("explicit parameters: %v, %v", explicit, explicit.Problem)
			}
			hashes := []string{"sha256"}
			if i < 8 {
				hashes = []string{"sha1", "sha224", "sha384", "sha512", "sha3-256", "sha3-512"}
			}
			for _, h := range hashes {
				accepts(t, pub, algorithmFor(t, "EC", opensslHashes[h]), message, opensslSign(t, dir, name, h, message))
			}
		})
	}
}

func TestOpenSSLEdwards(t *testing.T) {
	dir, message := t.TempDir(), []byte("a message")
	for _, kind := range []string{"Ed25519", "Ed448"} {
		pub := opensslKey(t, dir, kind, "-algorithm", kind)
		if pub.String() != kind || !pub.CanSign() {
			t.Fatalf("read as %v", pub)
		}
		accepts(t, pub, withoutParameters(pub.Algorithm.ID), message, opensslSign(t, dir, kind, "", message))
	}
	for _, kind := range []string{"X25519", "X448"} {
		if pub := opensslKey(t, dir, kind, "-algorithm", kind); pub.String() != kind || pub.CanSign() {
			t.Errorf("%s read as %v, %v", kind, pub, pub.Problem)
		}
	}
}

func TestOpenSSLDSA(t *testing.T) {
	dir, message := t.TempDir(), []byte("a message")
	openssl(t, dir, "dsaparam", "-out", "domain.pem", "1024")
	pub := opensslKey(t, dir, "dsa", "-paramfile", "domain.pem")
	if pub.String() != "DSA 1024" || pub.Problem != nil {
		t.Fatalf("read as %v, %v", pub, pub.Problem)
	}
	for _, h := range []string{"sha1", "sha224", "sha256", "sha384", "sha512", "sha3-256"} {
		accepts(t, pub, algorithmFor(t, "DSA", opensslHashes[h]), message, opensslSign(t, dir, "dsa", h, message))
	}
	dh := opensslKey(t, dir, "dh", "-algorithm", "DH", "-pkeyopt", "group:modp_2048")
	if dh.String() != "DH 2048" || dh.CanSign() || dh.Problem == nil {
		t.Errorf("DH read as %v, %v", dh, dh.Problem)
	}
}

// TestOpenSSLVerifies has openssl verify what Sign signs.
func TestOpenSSLVerifies(t *testing.T) {
	dir, message := t.TempDir(), []byte("a message")
	if err := os.WriteFile(filepath.Join(dir, "message"), message, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind, hash string
		pss        bool
		options    []string
	}{
		{"rsa-2048", "", false, []string{"-sha256"}},
		{"rsa-2048", "sha3-384", false, []string{"-sha3-384"}},
		{"rsa-2048", "sha512", true, []string{"-sha512", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:64"}},
		{"ecdsa-p256", "", false, []string{"-sha256"}},
		{"ecdsa-p384", "", false, []string{"-sha384"}},
		{"ecdsa-p521", "", false, []string{"-sha512"}},
		{"ecdsa-p256", "sha3-256", false, []string{"-sha3-256"}},
		{"ed25519", "", false, nil},
	} {
		k, err := Generate(c.kind, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		alg, err := ChooseSignatureAlgorithm(k.Public, c.hash, c.pss)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := Sign(k.Signer, alg, message)
		if err != nil {
			t.Fatal(err)
		}
		accepts(t, k.Public, alg.Identifier, message, signature)
		public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: k.Public.Raw})
		for name, content := range map[string][]byte{"public.pem": public, "signature": signature} {
			if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if c.options == nil {
			openssl(t, dir, "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "public.pem", "-in", "message", "-sigfile", "signature")
			continue
		}
		openssl(t, dir, append(append([]string{"dgst", "-verify", "public.pem", "-signature", "signature"}, c.options...), "message")...)
	}
}
