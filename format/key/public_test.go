package key

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"testing"

	"filippo.io/mldsa"
	"github.com/cloudflare/circl/sign/ed448"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

// TestPublicMatchesX509 has crypto/x509 write and read the same keys.
func TestPublicMatchesX509(t *testing.T) {
	keys := []crypto.PublicKey{&rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 2047, 1), E: 3}}
	for _, c := range []elliptic.Curve{elliptic.P224(), elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k.Public())
	}
	x, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys = append(keys, x.PublicKey(), ed25519.NewKeyFromSeed(make([]byte, 32)).Public())
	for _, k := range keys {
		want, err := x509.MarshalPKIXPublicKey(k)
		if err != nil {
			t.Fatal(err)
		}
		p, err := MarshalPublic(k)
		if err != nil {
			t.Fatalf("%T: %v", k, err)
		}
		if !bytes.Equal(p.Raw, want) || p.Fingerprint() != sha256.Sum256(want) {
			t.Errorf("%v is written as %x, by crypto/x509 as %x", p, p.Raw, want)
		}
		if sum := sha1.Sum(p.Bits); !bytes.Equal(p.Identifier(), sum[:]) {
			t.Errorf("%v: the identifier is %x", p, p.Identifier())
		}
		theirs, err := x509.ParsePKIXPublicKey(p.Raw)
		if err != nil || !theirs.(interface{ Equal(crypto.PublicKey) bool }).Equal(p.Key) {
			t.Errorf("%v is read as %v, by crypto/x509 as %v (%v)", p, p.Key, theirs, err)
		}
	}
}

// TestMarshalRoundTrip writes keys that crypto/x509 does not know.
func TestMarshalRoundTrip(t *testing.T) {
	seed := make([]byte, 57)
	c := curveByID(oid.BrainpoolP320r1)
	p256, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []crypto.PublicKey{
		ed448.NewKeyFromSeed(seed).Public(),
		&ECPublicKey{Curve: c, X: c.X, Y: c.Y},
		&RSAPublicKey{N: new(big.Int).SetBit(big.NewInt(1), 1024, 1), E: new(big.Int).SetBit(big.NewInt(1), 100, 1)},
		p256.PublicKey(),
	} {
		p, err := MarshalPublic(k)
		if err != nil {
			t.Fatalf("%T: %v", k, err)
		}
		again, err := MarshalPublic(p.Key)
		if err != nil || !Equal(p, again) || !SameKey(p, again) {
			t.Errorf("%v: written again as %x (%v)", p, again.Raw, err)
		}
	}
	for _, c := range []struct {
		key  crypto.PublicKey
		want string
	}{
		{"text", "writing a public key: keys of the Go type string are not known"},
		{&rsa.PublicKey{}, "writing a public key: the RSA key has no modulus or no exponent"},
		{&rsa.PublicKey{N: big.NewInt(16), E: 3}, "writing a public key: the modulus is even"},
		{&ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)}, "writing a public key: the elliptic curve key is not on P-224, P-256, P-384 or P-521"},
	} {
		if _, err := MarshalPublic(c.key); err == nil || err.Error() != c.want {
			t.Errorf("%T: %v, want %q", c.key, err, c.want)
		}
	}
}

func TestParsePublicProblems(t *testing.T) {
	derOf := func(build func(b *der.Builder)) []byte {
		var b der.Builder
		build(&b)
		return b.Bytes()
	}
	sequence := func(numbers ...int64) []byte {
		return derOf(func(b *der.Builder) {
			mark := b.Begin(der.Sequence)
			for _, n := range numbers {
				b.Int(n)
			}
			b.End(mark)
		})
	}
	rsaAlgorithm := withParameters(oid.RSAEncryption, derNull)
	for _, c := range []struct {
		algorithm  AlgorithmIdentifier
		bits       []byte
		name, want string
	}{
		{rsaAlgorithm, nil, "RSA", "the key is not an RSAPublicKey: SEQUENCE is missing"},
		{rsaAlgorithm, sequence(), "RSA", "the modulus cannot be read: INTEGER is missing"},
		{rsaAlgorithm, sequence(15), "RSA", "the public exponent cannot be read: INTEGER is missing"},
		{rsaAlgorithm, sequence(15, 3, 1), "RSA", "the key is not an RSAPublicKey: 3 bytes too many at the end"},
		{rsaAlgorithm, sequence(-15, 3), "RSA 4", "the modulus is not positive"},
		{rsaAlgorithm, sequence(14, 3), "RSA 4", "the modulus is even"},
		{rsaAlgorithm, sequence(15, 1), "RSA 4", "the public exponent is 1"},
		{rsaAlgorithm, sequence(15, 4), "RSA 4", "the public exponent is even"},
		{rsaAlgorithm, sequence(15, -3), "RSA 4", "the public exponent is not positive"},
		{withParameters(oid.RSASSAPSS, []byte{5, 0}), sequence(15, 3), "RSA-PSS 4", "the RSASSA-PSS parameters of the key cannot be used: found NULL where SEQUENCE belongs"},
		{withoutParameters(oid.ECPublicKey), []byte{4}, "EC", "the key does not say which curve it is on"},
		{withParameters(oid.ECPublicKey, derNull), []byte{4}, "EC", "the key leaves its curve to be inherited from the issuer (implicitCurve), which RFC 5480 forbids"},
		{withParameters(oid.ECPublicKey, []byte{2, 1, 1}), []byte{4}, "EC", "the key has INTEGER where its curve belongs"},
		{withParameters(oid.ECPublicKey, []byte{6, 0}), []byte{4}, "EC", "the curve cannot be read: object identifier is empty or cut short"},
		{withParameters(oid.ECPublicKey, sequence(1)), []byte{4}, "EC (explicit parameters)", "the explicit curve parameters cannot be read: SEQUENCE is missing"},
		{namedCurve("\x2b\x81\x04\x00\x10"), []byte{4}, "EC sect283k1", "the curve sect283k1 is not one that is computed with"},
		{namedCurve("\x2a\x03\x04"), []byte{4}, "EC 1.2.3.4", "the curve 1.2.3.4 is not one that is computed with"},
		{namedCurve(oid.P256), nil, "EC P-256", "the point is empty"},
		{namedCurve(oid.P256), []byte{5, 1}, "EC P-256", "the point begins with 05, which no form of a point does"},
		{namedCurve(oid.P384), make([]byte, 1), "EC P-384", "the point is the point at infinity, which is no public key"},
		{withParameters(oid.Ed25519, derNull), make([]byte, 32), "Ed25519", "the key has parameters; Ed25519 keys must not (RFC 8410, Section 3)"},
		{withoutParameters(oid.X448), make([]byte, 56), "X448", "X448 keys are shown but not computed with"},
		{withParameters(oid.MLDSA87, derNull), make([]byte, 2592), "ML-DSA-87", "the key has parameters; ML-DSA-87 keys must not (RFC 9881, Section 2)"},
		{withoutParameters(oid.DSA), []byte{2, 1, 1}, "DSA", "the key leaves its DSA parameters to be inherited from the issuer"},
		{withParameters(oid.DSA, sequence(1)), []byte{2, 1, 1}, "DSA", "the DSA parameters cannot be read: INTEGER is missing"},
		{withParameters(oid.DSA, sequence(23, 11, 4)), []byte{5, 0}, "DSA 5", "the DSA key cannot be read: found NULL where INTEGER belongs"},
		{withParameters(oid.DSA, sequence(23, 11, 4)), []byte{2, 1, 1}, "DSA 5", "the DSA key is not between 1 and p"},
		{withParameters(oid.DSA, sequence(23, 11, 1)), []byte{2, 1, 2}, "DSA 5", "the DSA parameter g is not between 1 and p"},
		{withParameters(oid.DSA, sequence(23, 29, 1)), []byte{2, 1, 2}, "DSA 5", "the DSA parameters p and q do not fit each other"},
		{withParameters(oid.DHKeyAgreement, sequence(23, 5)), []byte{2, 1, 2}, "DH 5", "DH keys are shown but not computed with"},
		{withoutParameters("\x60\x86\x48\x01\x65\x03\x04\x04\x02"), nil, "ML-KEM-768", "ML-KEM keys are shown but not computed with"},
		{withoutParameters("\x60\x86\x48\x01\x65\x03\x04\x03\x14"), nil, "SLH-DSA-SHA2-128s", "SLH-DSA keys are shown but not computed with"},
		{withoutParameters("\x60\x86\x48\x01\x65\x03\x04\x03\x1f"), nil, "SLH-DSA-SHAKE-256f", "SLH-DSA keys are shown but not computed with"},
		{withoutParameters("\x2a\x03\x04"), []byte{1}, "unknown (1.2.3.4)", "the key algorithm 1.2.3.4 is not known"},
	} {
		p, err := ParsePublic(subjectPublicKeyInfo(c.algorithm, c.bits))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if p.Key != nil || p.Problem == nil || p.Problem.Error() != c.want || p.String() != c.name {
			t.Errorf("read as %q with %v and the problem %q, want %q with %q", p, p.Key, p.Problem, c.name, c.want)
		}
		if err := Verify(p, withoutParameters(oid.ECDSAWithSHA256), nil, nil); err == nil || err.Error() != "the signature cannot be checked: "+c.want {
			t.Errorf("%s: verifying by it: %v", c.name, err)
		}
	}
}

func TestParsePublicUnusedBits(t *testing.T) {
	raw := subjectPublicKeyInfo(withoutParameters(oid.Ed25519), make([]byte, 32))
	raw[len(raw)-33] = 1
	p, err := ParsePublic(raw)
	if err != nil || p.Key != nil || p.Problem == nil || p.Problem.Error() != "the key is not a whole number of octets" {
		t.Errorf("%v, %v", p, err)
	}
}

func TestParsePublicErrors(t *testing.T) {
	for _, c := range []struct{ der, want string }{
		{"", "reading a public key: SEQUENCE is missing"},
		{"\x30\x00", "reading the algorithm of a public key: SEQUENCE is missing"},
		{"\x30\x02\x30\x00", "reading a public key: reading an algorithm identifier: OBJECT IDENTIFIER is missing"},
		{"\x30\x04\x30\x02\x06\x00", "reading a public key: reading an algorithm identifier: object identifier is empty or cut short"},
		{"\x30\x07\x30\x05\x06\x01\x2a\x05\x01", "reading a public key: reading the parameters of algorithm 1.2: the data end before the element does"},
		{"\x30\x09\x30\x07\x06\x01\x2a\x05\x00\x05\x00", "reading a public key: reading the parameters of algorithm 1.2: 2 bytes too many at the end"},
		{"\x30\x05\x30\x03\x06\x01\x2a", "reading the bits of a public key: BIT STRING is missing"},
		{"\x30\x07\x30\x03\x06\x01\x2a\x03\x00", "reading the bits of a public key: BIT STRING has no valid count of unused bits"},
		{"\x30\x0a\x30\x03\x06\x01\x2a\x03\x01\x00\x05\x00", "reading a public key: 2 bytes too many at the end"},
		{"\x30\x03\x30\x01\x06\x00", "reading a public key: 1 bytes too many at the end"},
	} {
		if _, err := ParsePublic([]byte(c.der)); err == nil || err.Error() != c.want {
			t.Errorf("%x: %v, want %q", c.der, err, c.want)
		}
	}
	if _, err := ParseAlgorithmIdentifier([]byte{5, 0}); err == nil || err.Error() != "reading an algorithm identifier: found NULL where SEQUENCE belongs" {
		t.Errorf("%v", err)
	}
}

// TestExplicitParameters changes each number of parameters that are P-256's
// but for it: none of them may pass for the curve (CVE-2020-0601).
func TestExplicitParameters(t *testing.T) {
	c := curveByID(oid.P256)
	build := func(change string) *Public {
		v := map[string]*big.Int{"p": c.P, "a": c.A, "b": c.B, "x": c.X, "y": c.Y, "n": c.N, "h": big.NewInt(1)}
		if change != "" {
			v[change] = new(big.Int).Xor(v[change], big.NewInt(2))
		}
		return explicitKey(t, c, v)
	}
	if p := build(""); p.SameAs != "P-256" || p.Curve != "explicit" || p.Problem != nil || p.String() != "EC P-256 (explicit parameters)" {
		t.Fatalf("unchanged: %v, %v", p, p.Problem)
	}
	for _, change := range []string{"p", "a", "b", "x", "y", "n", "h"} {
		p := build(change)
		if p.SameAs != "" || p.Key != nil || p.Problem == nil || p.Problem.Error() != "the explicit curve parameters are not those of a known curve" {
			t.Errorf("another %s: %v, %v", change, p, p.Problem)
		}
	}
}

func explicitKey(t *testing.T, c *Curve, v map[string]*big.Int) *Public {
	t.Helper()
	var b der.Builder
	octets := func(numbers ...string) []byte {
		var out []byte
		for _, n := range numbers {
			out = append(out, v[n].FillBytes(make([]byte, 32))...)
		}
		return out
	}
	outer := b.Begin(der.Sequence)
	b.Int(1)
	field := b.Begin(der.Sequence)
	b.OID(string(oid.PrimeField))
	b.BigInt(v["p"])
	b.End(field)
	curve := b.Begin(der.Sequence)
	b.Add(der.OctetString, octets("a"))
	b.Add(der.OctetString, octets("b"))
	b.End(curve)
	b.Add(der.OctetString, append([]byte{4}, octets("x", "y")...))
	b.BigInt(v["n"])
	b.BigInt(v["h"])
	b.End(outer)
	point := append([]byte{4}, c.X.FillBytes(make([]byte, 32))...)
	point = append(point, c.Y.FillBytes(make([]byte, 32))...)
	p, err := ParsePublic(subjectPublicKeyInfo(withParameters(oid.ECPublicKey, b.Bytes()), point))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestRFC9881 reads the certificates of RFC 9881, Appendix C, whose keys come
// from the seed 00, 01 … 1f and sign themselves.
func TestRFC9881(t *testing.T) {
	seed := make([]byte, 32)
	for i := range seed {
		seed[i] = byte(i)
	}
	for set, parameters := range map[string]mldsa.Parameters{"44": mldsa.MLDSA44(), "65": mldsa.MLDSA65(), "87": mldsa.MLDSA87()} {
		content, err := os.ReadFile("testdata/rfc9881/ML-DSA-" + set + ".pem")
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(content)
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		pub, err := ParsePublic(cert.RawSubjectPublicKeyInfo)
		if err != nil || pub.Problem != nil || pub.String() != "ML-DSA-"+set {
			t.Fatalf("read as %v, %v, %v", pub, pub.Problem, err)
		}
		k, err := mldsa.NewPrivateKey(parameters, seed)
		if err != nil {
			t.Fatal(err)
		}
		if written, err := MarshalPublic(k.Public()); err != nil || !Equal(written, pub) || !SameKey(written, pub) {
			t.Errorf("ML-DSA-%s: the key of the seed is written as %x (%v)", set, written.Raw, err)
		}
		alg := withoutParameters(pub.Algorithm.ID)
		accepts(t, pub, alg, cert.RawTBSCertificate, cert.Signature)
		other := withoutParameters(oid.MLDSA44)
		if set == "44" {
			other = withoutParameters(oid.MLDSA65)
		}
		want := "the signature algorithm " + other.ID.Name() + " does not go with the key, which is ML-DSA-" + set
		if err := Verify(pub, other, cert.RawTBSCertificate, cert.Signature); err == nil || err.Error() != want {
			t.Errorf("ML-DSA-%s: by another set: %v, want %q", set, err, want)
		}
	}
}

func TestSameKey(t *testing.T) {
	a, err := Generate("ecdsa-p256", nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Generate("ecdsa-p256", nil)
	if err != nil {
		t.Fatal(err)
	}
	if SameKey(a.Public, b.Public) || SameKey(a.Public, nil) || Equal(nil, nil) || !SameKey(a.Public, a.Public) {
		t.Error("keys are mistaken for each other")
	}
	k, err := Generate("rsa-2048", nil)
	if err != nil {
		t.Fatal(err)
	}
	pss, err := ParsePublic(subjectPublicKeyInfo(withoutParameters(oid.RSASSAPSS), k.Public.Bits))
	if err != nil || !SameKey(k.Public, pss) || Equal(k.Public, pss) {
		t.Errorf("an RSA key is not the same as an RSA-PSS key: %v", err)
	}
}

func FuzzParsePublic(f *testing.F) {
	for _, kind := range []string{"rsa-2048", "ecdsa-p256", "ed25519"} {
		k, err := Generate(kind, nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(k.Public.Raw)
	}
	for i := range knownCurves {
		c := knownCurves[i].curve()
		algorithm, bits, err := encodePublic(&ECPublicKey{Curve: c, X: c.X, Y: c.Y})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(subjectPublicKeyInfo(algorithm, bits))
	}
	f.Add(subjectPublicKeyInfo(withParameters(oid.RSASSAPSS, pssParameters{hash: crypto.SHA384, mgf: crypto.SHA256, salt: 1}.encode()), []byte{0x30, 6, 2, 1, 15, 2, 1, 3}))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePublic(data)
		if err != nil {
			return
		}
		if !bytes.Equal(p.Raw, data) || p.String() == "" || (p.Key == nil) == (p.Problem == nil) {
			t.Fatalf("read as %v, key %v, problem %v", p, p.Key, p.Problem)
		}
		Weaknesses(p)
		Remarks(p)
		DebianFingerprint(p)
		if p.Key == nil {
			return
		}
		written, err := MarshalPublic(p.Key)
		if err != nil {
			t.Fatalf("%v was read but is not written: %v", p, err)
		}
		if !SameKey(p, written) {
			t.Fatalf("%v is written as another key", p)
		}
	})
}
