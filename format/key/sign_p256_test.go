package key

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/fips140"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"os"
	"os/exec"
	"strings"
	"testing"

	"filippo.io/bigmod"
)

func hexOctets(t *testing.T, digits string) []byte {
	t.Helper()
	out, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestKnownSignaturesOfP256 has the examples of RFC 6979, Appendix A.2.5,
// whose nonces are printed.
func TestKnownSignaturesOfP256(t *testing.T) {
	sample, test := sha256.Sum256([]byte("sample")), sha256.Sum256([]byte("test"))
	long := sha512.Sum512([]byte("sample"))
	for _, c := range []struct {
		digest      []byte
		nonce, r, s string
	}{
		{sample[:], "A6E3C57DD01ABE90086538398355DD4C3B17AA873382B0F24D6129493D8AAD60", "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716", "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"},
		{test[:], "D16B6AE827F17175E040871A1C7EC3500192C4C92677336EC2537ACAEE0008E0", "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367", "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083"},
		{long[:], "5FA81C63109BADB88C1F367B47DA606DA28CAD69AA22C4FE6AD7DF73A7173AA5", "8496A60B5E9B47C825488827E0495B0E3FA109EC4568FD3F8D1097678EB97F00", "2362AB1ADBE2B8ADF9CB9EDAB740EA6049C028114F2460F96554F61FAE3302FE"},
	} {
		o := orderP256()
		for range 20 { // whatever the blind is
			blind := make([]byte, 32)
			rand.Read(blind)
			d := o.below(hexOctets(t, "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"))
			r, s, err := o.sign(d, o.below(hexOctets(t, c.nonce)), o.below(blind), c.digest)
			if err != nil || !bytes.Equal(r, hexOctets(t, c.r)) || !bytes.Equal(s, hexOctets(t, c.s)) {
				t.Fatalf("r %X, s %X, %v; they are %s and %s", r, s, err, c.r, c.s)
			}
		}
	}
}

// TestSignaturesOfP256 has crypto/ecdsa verify signatures of digests of all
// lengths, by random keys and the least and the greatest there are.
func TestSignaturesOfP256(t *testing.T) {
	n := elliptic.P256().Params().N
	keys := []*ecdsa.PrivateKey{ecdsaOf(t, big.NewInt(1)), ecdsaOf(t, new(big.Int).Sub(n, big.NewInt(1)))}
	for range 10 {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	seen := map[string]bool{}
	for _, k := range keys {
		for length := range 65 {
			digest := make([]byte, length)
			rand.Read(digest)
			signature, err := signP256(k, digest)
			if err != nil {
				t.Fatal(err)
			}
			if !ecdsa.VerifyASN1(&k.PublicKey, digest, signature) {
				t.Fatalf("the signature %X of %X by %X does not verify", signature, digest, k.D)
			}
			r, _, err := parsePair(signature)
			if err != nil || seen[string(r)] {
				t.Fatalf("%X: %v, or its nonce was used before", signature, err)
			}
			seen[string(r)] = true
			if own, err := ecdsa.SignASN1(rand.Reader, k, digest); err != nil || !ecdsa.VerifyASN1(&k.PublicKey, digest, own) {
				t.Fatalf("the key is not what it was: %v", err)
			}
		}
	}
}

func ecdsaOf(t *testing.T, d *big.Int) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d.FillBytes(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestNonceOfP256 compares with a hash reduced by other code, and changes each
// thing that a nonce depends on.
func TestNonceOfP256(t *testing.T) {
	o, n := orderP256(), elliptic.P256().Params().N
	whole := func(v *big.Int) []byte { return v.FillBytes(make([]byte, 64)) }
	ones := bytes.Repeat([]byte{0xff}, 64)
	random := make([]byte, 64)
	rand.Read(random)
	for _, wide := range [][]byte{make([]byte, 64), ones, random, whole(n), whole(new(big.Int).Lsh(n, 256)), whole(new(big.Int).Lsh(big.NewInt(1), 256)), whole(new(big.Int).Mul(n, n))} {
		v := new(big.Int).SetBytes(wide)
		if got := new(big.Int).SetBytes(o.reduce(wide).Bytes(o.modulus)); got.Cmp(v.Mod(v, n)) != 0 {
			t.Errorf("%X is %X by the order, and not %X", wide, v, got)
		}
	}
	secret, source, digest := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32), bytes.Repeat([]byte{3}, 32)
	first := o.nonce(secret, source, digest)
	if first.Equal(o.nonce(secret, source, digest)) != 1 {
		t.Error("the same inputs do not lead to the same nonce")
	}
	other := bytes.Repeat([]byte{4}, 32)
	for name, got := range map[string]*bigmod.Nat{
		"key": o.nonce(other, source, digest), "random source": o.nonce(secret, other, digest),
		"digest": o.nonce(secret, source, other), "length of the digest": o.nonce(secret, source, digest[:31]),
	} {
		if first.Equal(got) == 1 {
			t.Errorf("the nonce does not depend on the %s", name)
		}
	}
}

// TestRefusedByP256 tries numbers that sign nothing.
func TestRefusedByP256(t *testing.T) {
	n := elliptic.P256().Params().N
	for _, d := range []*big.Int{nil, big.NewInt(0), big.NewInt(-1), n, new(big.Int).Lsh(big.NewInt(1), 256)} {
		k := &ecdsa.PrivateKey{PublicKey: ecdsa.PublicKey{Curve: elliptic.P256()}, D: d}
		if _, err := signP256(k, make([]byte, 32)); err == nil || err.Error() != "the private number of the key is not one of P-256" {
			t.Errorf("%v signs: %v", d, err)
		}
	}
	o := orderP256()
	zero, one := o.below(make([]byte, 32)), func() *bigmod.Nat { return o.below(append(make([]byte, 31), 1)) }
	for name, numbers := range map[string][2]*bigmod.Nat{"nonce": {zero, one()}, "blind": {one(), zero}} {
		if _, _, err := o.sign(one(), numbers[0], numbers[1], make([]byte, 32)); err == nil || !strings.HasPrefix(err.Error(), "the random source is broken") {
			t.Errorf("a %s of zero signs: %v", name, err)
		}
	}
}

// TestPairsAreDER compares with encoding/asn1.
func TestPairsAreDER(t *testing.T) {
	numbers := []*big.Int{big.NewInt(1), big.NewInt(0x7f), big.NewInt(0x80), big.NewInt(0xff00)}
	for bits := uint(240); bits < 257; bits++ {
		v := new(big.Int).Lsh(big.NewInt(1), bits)
		numbers = append(numbers, v.Sub(v, big.NewInt(1)), new(big.Int).Lsh(big.NewInt(1), bits-1))
	}
	for _, r := range numbers {
		for _, s := range numbers {
			want, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
			if err != nil {
				t.Fatal(err)
			}
			if got := joinPair(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))); !bytes.Equal(got, want) {
				t.Fatalf("%X and %X are %X, and not %X", r, s, got, want)
			}
		}
	}
}

// TestModuleSignsInFIPSMode starts this test again in the mode in which only
// the validated module may sign.
func TestModuleSignsInFIPSMode(t *testing.T) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if signsHere(k) == fips140.Enabled() {
		t.Errorf("signing here: %v, FIPS 140-3: %v", signsHere(k), fips140.Enabled())
	}
	if fips140.Enabled() {
		return
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	again := exec.Command(program, "-test.run=^TestModuleSignsInFIPSMode$", "-test.v")
	again.Env = append(os.Environ(), "GODEBUG=fips140=on")
	if out, err := again.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("PASS")) {
		t.Errorf("%v\n%s", err, out)
	}
}
