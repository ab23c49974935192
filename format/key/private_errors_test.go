package key

import (
	"bytes"
	"crypto/rsa"
	"math/big"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/oid"
)

func integers(numbers ...*big.Int) []byte {
	var b der.Builder
	m := b.Begin(der.Sequence)
	for _, n := range numbers {
		b.BigInt(n)
	}
	b.End(m)
	return b.Bytes()
}

func sec1Octets(scalar []byte, rest ...[]byte) []byte {
	var b der.Builder
	m := b.Begin(der.Sequence)
	b.Int(1)
	b.Add(der.OctetString, scalar)
	b.Raw(rest...)
	b.End(m)
	return b.Bytes()
}

// withPublic writes a OneAsymmetricKey with a public key of its own.
func withPublic(algorithm AlgorithmIdentifier, octets, public []byte) []byte {
	var b der.Builder
	m := b.Begin(der.Sequence)
	b.Int(1)
	b.Raw(algorithm.Raw)
	b.Add(der.OctetString, octets)
	b.Add(der.Context(1), append([]byte{0}, public...))
	b.End(m)
	return b.Bytes()
}

func TestPrivateKeysThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	makeKeys(t, dir)
	r := readKey(t, dir, "rsa").Key.(*rsa.PrivateKey)
	ed, ec := readKey(t, dir, "ed"), readKey(t, dir, "ec")
	zero, one := new(big.Int), big.NewInt(1)
	rsaWith := func(at int, to *big.Int) []byte {
		numbers := []*big.Int{zero, r.N, big.NewInt(int64(r.E)), r.D, r.Primes[0], r.Primes[1], r.Precomputed.Dp, r.Precomputed.Dq, r.Precomputed.Qinv}
		numbers[at] = to
		return integers(numbers...)
	}
	p256, seed := namedCurve(oid.P256), octetString(make([]byte, 32))
	const rsaDamaged = "the numbers of the RSA key do not belong together; the file is damaged"
	for _, c := range []struct {
		name, want string
		data       []byte
	}{
		{"version", "PKCS #8 of a version that is not known; the known ones are 0 and 1", tagged(der.Sequence, append([]byte{2, 1, 9}, append(p256.Raw, 4, 0)...))},
		{"algorithm", "its algorithm sha256 is not known; make a key of another kind", privateKeyInfo(withoutParameters(oid.SHA256), nil)},
		{"Ed25519 size", "a key of ED25519 has 32 octets, and this one has not", privateKeyInfo(withoutParameters(oid.Ed25519), []byte{4, 1, 0})},
		{"other public", "the public key in the file does not belong to the private key", withPublic(withoutParameters(oid.Ed25519), seed, ed.Public.Bits)},
		{"other point", "the public key in the file does not belong to the private key", withPublic(p256, sec1Octets([]byte{1}), ec.Public.Bits)},
		{"secp256k1 halves", "the public key in the file does not belong to the private key", withPublic(namedCurve(oid.Secp256k1), sec1Octets([]byte{1}), curveByID(oid.Secp256k1).publicPoint(big.NewInt(2)))},
		{"RSA modulus", rsaDamaged, rsaWith(1, new(big.Int).Add(r.N, big.NewInt(2)))},
		{"RSA d", rsaDamaged, rsaWith(3, new(big.Int).Add(r.D, big.NewInt(2)))},
		{"RSA prime", rsaDamaged, rsaWith(4, one)},
		{"RSA dP", rsaDamaged, rsaWith(6, big.NewInt(3))},
		{"RSA qInv", rsaDamaged, rsaWith(8, big.NewInt(3))},
		{"RSA negative", rsaDamaged, rsaWith(5, big.NewInt(-3))},
		{"RSA zero", rsaDamaged, rsaWith(3, zero)},
		{"RSA exponent", "a public exponent of more than 31 bits, which is not supported", rsaWith(2, new(big.Int).Lsh(one, 40))},
		{"RSA size", "the RSA key has 20001 bits, and at most 16384 are accepted", rsaWith(1, new(big.Int).Lsh(one, 20000))},
		{"EC zero", "is not a number below the order of its curve", privateKeyInfo(p256, sec1Octets(make([]byte, 32)))},
		{"EC order", "is not a number below the order of its curve", privateKeyInfo(p256, sec1Octets(bytes.Repeat([]byte{255}, 32)))},
		{"EC long", "is not a number below the order of its curve", privateKeyInfo(p256, sec1Octets(make([]byte, 2000)))},
		{"EC curve", "does not say which curve it is on; put the EC PARAMETERS block before it", sec1Octets([]byte{5})},
		{"EC version", "the elliptic curve key is of a version that is not known", privateKeyInfo(p256, tagged(der.Sequence, []byte{2, 1, 7}))},
		{"EC unknown", "the key is on the curve sect163k1, which is not known here; make a new key", privateKeyInfo(namedCurve("\x2b\x81\x04\x00\x01"), sec1Octets([]byte{5}))},
		{"DSA", "the numbers of the DSA key do not belong together", privateKeyInfo(withParameters(oid.DSA, integers(zero, one, one)), []byte{2, 1, 1})},
		{"DSA halves", "does not belong to the private key", integers(zero, big.NewInt(23), big.NewInt(11), big.NewInt(4), big.NewInt(5), big.NewInt(3))},
		{"form", "it has the form of no private key that is known; the file is damaged, or something else", pemText("PRIVATE KEY", []byte{4, 0})},
	} {
		if _, err := ReadPrivate(c.data, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		}
	}
}

func TestSEC1FindsItsCurveByThePoint(t *testing.T) {
	for _, id := range []oid.OID{oid.P256, oid.P384, oid.P521, oid.P224, oid.Secp256k1} {
		c := curveByID(id)
		point := c.publicPoint(big.NewInt(77))
		var bits der.Builder
		bits.Bits(point)
		p, err := ReadPrivate(sec1Octets([]byte{77}, tagged(der.ContextConstructed(1), bits.Bytes())), nil)
		if err != nil || p.Public.Curve != c.Name {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

func TestPKCS8FindsItsCurveInside(t *testing.T) {
	octets := sec1Octets([]byte{77}, tagged(der.ContextConstructed(0), namedCurve(oid.P256).Parameters))
	p, err := ReadPrivate(privateKeyInfo(withoutParameters(oid.ECPublicKey), octets), nil)
	if err != nil || p.Public.Curve != "P-256" {
		t.Errorf("%v", err)
	}
	if _, err := ReadPrivate(privateKeyInfo(withoutParameters(oid.ECPublicKey), sec1Octets([]byte{77})), nil); err == nil || !strings.Contains(err.Error(), "the key does not say which curve it is on") {
		t.Error(err)
	}
}

func TestVersion1KeysWithTheirPublicHalf(t *testing.T) {
	dir := t.TempDir()
	makeKeys(t, dir)
	for _, name := range []string{"ed", "ed448", "x", "x448", "ec", "bp"} {
		p := readKey(t, dir, name)
		info, err := MarshalPKCS8(p)
		if err != nil {
			t.Fatal(err)
		}
		e, err := der.Parse(info)
		if err != nil {
			t.Fatal(err)
		}
		parts := e.Children()
		var octets der.Element
		for range 3 {
			if octets, err = parts.Next(); err != nil {
				t.Fatal(err)
			}
		}
		got, err := ReadPrivate(withPublic(p.Public.Algorithm, octets.Content, p.Public.Bits), nil)
		if err != nil || !SameKey(got.Public, p.Public) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRSAOfThreePrimes(t *testing.T) {
	k := threePrimes(t)
	p, err := NewPrivate(k)
	if err != nil {
		t.Fatal(err)
	}
	info, err := MarshalPKCS8(p)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ReadPrivate(info, nil)
	if err != nil || len(back.Key.(*rsa.PrivateKey).Primes) != 3 {
		t.Fatalf("%v", err)
	}
	again, err := MarshalPKCS8(back)
	if err != nil || !bytes.Equal(again, info) {
		t.Errorf("it comes back as other octets: %v", err)
	}
	checkOpenSSLReads(t, t.TempDir(), p, pemText("PRIVATE KEY", info))
	if _, err := MarshalJWK(p); err == nil || !strings.Contains(err.Error(), "more than two primes is not written as JWK") {
		t.Error(err)
	}
}

// threePrimes builds a small key of three primes.
func threePrimes(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	k := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: big.NewInt(1), E: 65537}}
	phi, one := big.NewInt(1), big.NewInt(1)
	at := new(big.Int).Lsh(one, 682)
	for len(k.Primes) < 3 {
		at.Add(at, one)
		if at.ProbablyPrime(10) {
			p := new(big.Int).Set(at)
			k.Primes = append(k.Primes, p)
			k.N.Mul(k.N, p)
			phi.Mul(phi, new(big.Int).Sub(p, one))
		}
	}
	k.D = new(big.Int).ModInverse(big.NewInt(65537), phi)
	if k.D == nil {
		t.Fatal("65537 divides φ(n)")
	}
	k.Precompute()
	return k
}

func FuzzParsePrivate(f *testing.F) {
	for _, kind := range []string{"rsa-2048", "ecdsa-p256", "ed25519", "ml-dsa-44"} {
		p, err := Generate(kind, nil)
		if err != nil {
			f.Fatal(err)
		}
		info, err := MarshalPKCS8(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(info)
		if text, err := MarshalJWK(p); err == nil {
			f.Add(text)
		}
		if _, data, err := MarshalTraditional(p); err == nil {
			f.Add(data)
		}
		if text, err := MarshalOpenSSH(p, nil, ""); err == nil {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ReadPrivate(data, nil)
		if err != nil {
			return
		}
		info, err := MarshalPKCS8(p)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		back, err := ReadPrivate(info, nil)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if !Equal(p.Public, back.Public) {
			t.Fatal("the key that comes back is another")
		}
		again, err := MarshalPKCS8(back)
		if err != nil || !bytes.Equal(again, info) {
			t.Fatalf("it comes back as other octets: %v", err)
		}
	})
}

func FuzzParsePublicText(f *testing.F) {
	f.Add([]byte("ssh-ed25519 AAAA"))
	f.Add([]byte(rfc8037))
	f.Add(namedCurve(oid.P256).Raw)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ReadPublic(data)
		if err != nil {
			return
		}
		if again, err := ReadPublic(PublicPEM(p)); err != nil || !Equal(again, p) {
			t.Fatalf("it comes back as another: %v", err)
		}
	})
}
