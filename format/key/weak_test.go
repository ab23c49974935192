package key

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha1"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

func rsaPublic(t testing.TB, n, e *big.Int) *Public {
	t.Helper()
	algorithm, bits, err := encodeRSA(n, e)
	if err != nil {
		t.Fatal(err)
	}
	p, err := ParsePublic(subjectPublicKeyInfo(algorithm, bits))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func prime(t testing.TB, bits int) *big.Int {
	t.Helper()
	p, err := rand.Prime(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func nextPrime(p *big.Int) *big.Int {
	q := new(big.Int).Add(p, big.NewInt(2))
	for !q.ProbablyPrime(10) {
		q.Add(q, big.NewInt(2))
	}
	return q
}

// infineonPrime makes a prime of the form that CVE-2017-15361 is about.
func infineonPrime(t testing.TB, bits int) *big.Int {
	t.Helper()
	m := big.NewInt(2)
	for _, p := range primesBelow(rocaBound) {
		m.Mul(m, big.NewInt(int64(p)))
	}
	for {
		a, err := rand.Int(rand.Reader, m)
		if err != nil {
			t.Fatal(err)
		}
		k, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), uint(bits+1-m.BitLen())))
		if err != nil {
			t.Fatal(err)
		}
		p := new(big.Int).Exp(big.NewInt(65537), a, m)
		p.Add(p, k.Mul(k, m))
		if p.BitLen() == bits && p.Bit(bits-2) == 1 && p.ProbablyPrime(2) {
			return p
		}
	}
}

func TestWeakRSA(t *testing.T) {
	p, q, e := prime(t, 1024), prime(t, 1024), big.NewInt(65537)
	n := new(big.Int).Mul(p, q)
	times := func(a, b *big.Int) *big.Int { return new(big.Int).Mul(a, b) }
	power := func(bits, k int) *big.Int {
		return new(big.Int).Exp(prime(t, bits), big.NewInt(int64(k)), nil)
	}
	for name, c := range map[string]struct {
		n, e *big.Int
		want string // code: part of the detail
	}{
		"good":            {n, e, ""},
		"exponent 3":      {n, big.NewInt(3), "exponent: the public exponent 3 is smaller than 65537"},
		"exponent even":   {n, big.NewInt(65538), "exponent: the public exponent 65538 is even"},
		"exponent 1":      {n, big.NewInt(1), "exponent: the public exponent is 1"},
		"exponent 0":      {n, big.NewInt(0), "exponent: the public exponent is not positive"},
		"exponent large":  {n, new(big.Int).SetBit(big.NewInt(1), 256, 1), "exponent: the public exponent has 257 bits"},
		"exponent 256":    {n, new(big.Int).SetBit(big.NewInt(1), 255, 1), ""},
		"even":            {new(big.Int).Lsh(n, 1), e, "even-modulus: the modulus is even"},
		"small":           {times(prime(t, 512), prime(t, 512)), e, "small-modulus: the modulus has 102"},
		"factor 3":        {times(n, big.NewInt(3)), e, "small-factor: the modulus has the factor 3"},
		"factor 2039":     {times(n, big.NewInt(2039)), e, "small-factor: the modulus has the factor 2039"},
		"factors, both":   {times(n, big.NewInt(17*2029)), e, "small-factor: the modulus has the factor 17"},
		"close":           {times(p, nextPrime(p)), e, "close-primes: the primes are so close to each other that Fermat's method finds them in step 1"},
		"square":          {times(p, p), e, "perfect-power: the modulus is the power 2"},
		"cube":            {power(700, 3), e, "perfect-power: the modulus is the power 3"},
		"thirteenth":      {power(170, 13), e, "perfect-power: the modulus is the power 13"},
		"roca":            {times(infineonPrime(t, 1024), infineonPrime(t, 1024)), e, "roca: the modulus has the form of those that Infineon's library made"},
		"roca, one prime": {times(infineonPrime(t, 1024), p), e, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "exponent 256" {
				c.e.SetBit(c.e, 0, 1)
			}
			found := Weaknesses(rsaPublic(t, c.n, c.e))
			if c.want == "" {
				if len(found) != 0 {
					t.Fatalf("found %v", found)
				}
				return
			}
			if len(found) != 1 || !strings.HasPrefix(found[0].Code+": "+found[0].Detail, c.want) || found[0].Source == "" {
				t.Fatalf("found %v, want %s", found, c.want)
			}
		})
	}
}

// TestWeakPrivate has a key whose numbers belong together, and whose primes
// are neighbours.
func TestWeakPrivate(t *testing.T) {
	p := prime(t, 1024)
	q, one := nextPrime(p), big.NewInt(1)
	e := big.NewInt(65537)
	less := func(x *big.Int) *big.Int { return new(big.Int).Sub(x, one) }
	d := new(big.Int).ModInverse(e, new(big.Int).Mul(less(p), less(q)))
	if d == nil {
		t.Fatal("the exponent has no inverse")
	}
	data := integers(new(big.Int), new(big.Int).Mul(p, q), e, d, p, q, new(big.Int).Mod(d, less(p)), new(big.Int).Mod(d, less(q)), new(big.Int).ModInverse(q, p))
	_, err := ReadPrivate(data, nil)
	if err == nil || !strings.Contains(err.Error(), "the RSA key is weak, and anybody can compute it: the primes are so close to each other") || strings.Contains(err.Error(), "damaged") {
		t.Errorf("got %v", err)
	}
}

// TestFermat has primes whose difference needs several steps.
func TestFermat(t *testing.T) {
	p := prime(t, 256)
	for _, c := range []struct {
		shift uint
		near  bool
	}{{100, true}, {128, true}, {131, true}, {140, false}, {200, false}} {
		q := nextPrime(new(big.Int).Add(p, new(big.Int).Lsh(big.NewInt(1), c.shift)))
		n := new(big.Int).Mul(p, q)
		step := fermat(n)
		if step >= 0 != c.near {
			t.Errorf("primes 2^%d apart: step %d", c.shift, step)
		}
		if step >= 0 {
			a := new(big.Int).Sqrt(n)
			a.Add(a, big.NewInt(int64(step)+1))
			middle := new(big.Int).Add(p, q)
			if middle.Rsh(middle, 1).Cmp(a) != 0 {
				t.Errorf("primes 2^%d apart: step %d is not the middle of the primes", c.shift, step)
			}
		}
	}
}

// TestGoodRSA examines many moduli: none of chance's may be called weak.
func TestGoodRSA(t *testing.T) {
	primes := make([]*big.Int, 12)
	for i := range primes {
		primes[i] = prime(t, 1024)
	}
	for i, p := range primes {
		for _, q := range primes[:i] {
			if found := Weaknesses(rsaPublic(t, new(big.Int).Mul(p, q), big.NewInt(65537))); len(found) != 0 {
				t.Fatalf("%v and %v: %v", p, q, found)
			}
		}
	}
}

func TestWeakOthers(t *testing.T) {
	off := append([]byte{4}, make([]byte, 64)...)
	off[64] = 1
	dsaDomain := withParameters(oid.DSA, []byte{0x30, 0})
	small := make([]byte, 32)
	small[31] = 0x80
	for name, c := range map[string]struct {
		algorithm AlgorithmIdentifier
		bits      []byte
		want      string
	}{
		"off the curve":     {namedCurve(oid.P256), off, "invalid-point: the point is not on the curve"},
		"infinity":          {namedCurve(oid.P256), []byte{0}, "invalid-point: the point is the point at infinity, which is no public key"},
		"infinity, P-384":   {namedCurve(oid.P384), []byte{0}, "invalid-point: the point is the point at infinity, which is no public key"},
		"off secp256k1":     {namedCurve(oid.Secp256k1), off, "invalid-point: the point is not on the curve"},
		"cut":               {namedCurve(oid.P256), off[:64], "unusable: the point is 64 octets long, which does not fit P-256"},
		"binary curve":      {namedCurve("\x2b\x81\x04\x00\x10"), off, "unusable: the curve sect283k1 is not one that is computed with"},
		"DSA":               {dsaDomain, []byte{2, 1, 1}, "algorithm: DSA keys are no longer approved for signing"},
		"Ed25519, zero":     {withoutParameters(oid.Ed25519), make([]byte, 32), "invalid-point: the key is a point of small order, by which anybody can sign"},
		"Ed25519, sign bit": {withoutParameters(oid.Ed25519), small, "invalid-point: the key is a point of small order, by which anybody can sign"},
		"X25519, zero":      {withoutParameters(oid.X25519), make([]byte, 32), "invalid-point: the key is a point of small order, with which everybody agrees on the same secret"},
		"X25519, one":       {withoutParameters(oid.X25519), append([]byte{1}, make([]byte, 31)...), "invalid-point: the key is a point of small order, with which everybody agrees on the same secret"},
		"Ed25519, short":    {withoutParameters(oid.Ed25519), make([]byte, 31), "unusable: the key is 31 octets long; Ed25519 keys have 32"},
		"ML-DSA, short":     {withoutParameters(oid.MLDSA65), make([]byte, 1312), "unusable: the key is 1312 octets long; ML-DSA-65 keys have 1952"},
		"unknown":           {withoutParameters("\x2a\x03\x04"), []byte{1}, "unusable: the key algorithm 1.2.3.4 is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := ParsePublic(subjectPublicKeyInfo(c.algorithm, c.bits))
			if err != nil {
				t.Fatal(err)
			}
			found := Weaknesses(p)
			if len(found) != 1 || found[0].Code+": "+found[0].Detail != c.want || found[0].Source == "" {
				t.Fatalf("found %v, want %s", found, c.want)
			}
		})
	}
	for _, kind := range []string{"ecdsa-p256", "ecdsa-p521", "ed25519", "ml-dsa-44"} {
		k, err := Generate(kind, nil)
		if err != nil {
			t.Fatal(err)
		}
		if found := Weaknesses(k.Public); len(found) != 0 {
			t.Errorf("%s: %v", kind, found)
		}
	}
}

// TestSmallOrder shows by forged signatures that the points listed are of
// small order: with S = 0 and R the neutral point, one message in eight or
// more verifies.
func TestSmallOrder(t *testing.T) {
	forged := make([]byte, 64)
	forged[0] = 1
	for _, y := range smallOrder {
		k := []byte(y)
		verified := 0
		for i := range 256 {
			if ed25519.Verify(k, []byte{byte(i)}, forged) {
				verified++
			}
		}
		if verified == 0 {
			t.Errorf("%x is not of small order", y)
		}
	}
}

func TestWeakCurves(t *testing.T) {
	dir := t.TempDir()
	for curve, want := range map[string]string{
		"secp224r1": "the curve has a field of 224 bits; 256 are the least for a certificate", "prime192v1": "the curve has a field of 192 bits; 256 are the least for a certificate",
		"brainpoolP256r1": "", "secp256k1": "",
	} {
		p := opensslKey(t, dir, curve, "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:"+curve)
		found := Weaknesses(p)
		if want == "" && len(found) != 0 || want != "" && (len(found) != 1 || found[0].Code != WeakCurve || found[0].Detail != want) {
			t.Errorf("%s: %v", curve, found)
		}
	}
	explicit := opensslPublic(t, dir, "secp256k1", "-ec_param_enc", "explicit")
	found := Weaknesses(explicit)
	if len(found) != 1 || found[0].Code != WeakExplicitCurve || found[0].Detail != "the curve parameters are spelled out instead of named; they are those of secp256k1" {
		t.Errorf("explicit: %v", found)
	}
}

func TestRemarks(t *testing.T) {
	odd := rsaPublic(t, new(big.Int).SetBit(big.NewInt(1), 2049, 1), big.NewInt(65537))
	if found := Remarks(odd); len(found) != 1 || found[0].Detail != "the modulus has 2050 bits, which is not a multiple of 8" {
		t.Errorf("found %v", found)
	}
	whole := rsaPublic(t, new(big.Int).SetBit(big.NewInt(1), 2047, 1), big.NewInt(65537))
	if found := Remarks(whole); len(found) != 0 {
		t.Errorf("found %v", found)
	}
}

func TestDebianFingerprint(t *testing.T) {
	dir := t.TempDir()
	pub := opensslKey(t, dir, "k", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
	content := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pub.Raw})
	if err := os.WriteFile(filepath.Join(dir, "public.pem"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha1.Sum(openssl(t, dir, "rsa", "-pubin", "-in", "public.pem", "-modulus", "-noout"))
	if got := DebianFingerprint(pub); got != hex.EncodeToString(sum[10:]) {
		t.Errorf("got %s, openssl's modulus gives %x", got, sum[10:])
	}
	ed, err := Generate("ed25519", nil)
	if err != nil || DebianFingerprint(ed.Public) != "" {
		t.Errorf("an Ed25519 key has a fingerprint: %v", err)
	}
}

// TestNoModulusIsTooOdd gives the examination numbers that are no moduli.
func TestNoModulusIsTooOdd(t *testing.T) {
	for _, n := range []int64{-7, -1, 0, 1, 2, 3, 4, 9, 15, 101, 2039, 2053} {
		p := rsaPublic(t, big.NewInt(n), big.NewInt(65537))
		if found := Weaknesses(p); len(found) == 0 {
			t.Errorf("the modulus %d is not weak", n)
		}
	}
	large := new(big.Int).SetBit(big.NewInt(1), maxModulus, 1)
	p := rsaPublic(t, large, big.NewInt(65537))
	if found := Weaknesses(p); len(found) != 1 || found[0].Code != WeakUnusable || !strings.Contains(found[0].Detail, "16385 bits; more than 16384") {
		t.Errorf("found %v", found)
	}
	if !bytes.Equal(p.Bits[:1], []byte{byte(der.Sequence)}) {
		t.Error("the bits are not kept")
	}
}
