package key

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/fips140"
	"crypto/rand"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"testing"
)

// encodings are one signature in DER and in much that is not.
func encodings(r, s *big.Int) [][]byte {
	good := pair(r, s)
	number := func(v *big.Int) []byte { return pair(v, v)[2:][:len(pair(v, v)[2:])/2] }
	wrap := func(length []byte, parts ...[]byte) []byte {
		return append(append([]byte{0x30}, length...), bytes.Join(parts, nil)...)
	}
	short := func(parts ...[]byte) []byte { return wrap([]byte{byte(len(bytes.Join(parts, nil)))}, parts...) }
	a, b := number(r), number(s)
	padded := append([]byte{2, a[1] + 1, 0}, a[2:]...)
	long := append([]byte{2, 0x81, a[1]}, a[2:]...)
	far := append([]byte{2, 0x82, 0, a[1]}, a[2:]...)
	total := byte(len(a) + len(b))
	return [][]byte{
		good, short(a, b), wrap([]byte{0x81, total}, a, b), wrap([]byte{0x82, 0, total}, a, b), wrap([]byte{0x80}, a, b, []byte{0, 0}),
		short(padded, b), short(a, append([]byte{2, b[1] + 1, 0}, b[2:]...)), short(long, b), short(far, b), short(a), short(), short(a, b, b), short(a, b, []byte{5, 0}),
		append(bytes.Clone(good), 0), good[:len(good)-1], append([]byte{0x31}, good[1:]...), append([]byte{0x10}, good[1:]...), nil, {0x30}, {0x30, 0x81}, {0x30, 0x80},
		short(append([]byte{3}, a[1:]...), b), short(append([]byte{0x82}, a[1:]...), b), short([]byte{2, 0}, b), short([]byte{2, 1, 0}, b), short(a, []byte{2, 1, 0}),
		short([]byte{2, 1, 0xff}, b), short(a, []byte{2, 1, 0x80}), short([]byte{2, 2, 0, 1}, b), short(a, []byte{2, 2, 0, 0x80}), short([]byte{2}, b), short(a, []byte{2, 0x7f}),
		bytes.Repeat([]byte{0x30}, 300), short(b, a),
	}
}

// TestEncodingsLikeECDSA changes and cuts signatures everywhere, and encodes
// them otherwise.
func TestEncodingsLikeECDSA(t *testing.T) {
	k, tables := tabled(t, elliptic.P256())
	digest := bytes.Repeat([]byte{0xa5}, 32)
	accepted := 0
	for range 4 {
		r, s, err := ecdsa.Sign(rand.Reader, k, digest)
		if err != nil {
			t.Fatal(err)
		}
		for _, signature := range encodings(r, s) {
			if same(t, &k.PublicKey, tables, digest, signature) {
				accepted++
			}
		}
		good := pair(r, s)
		for i := range good {
			same(t, &k.PublicKey, tables, digest, good[:i])
			for _, change := range []byte{1, 2, 0x80, 0xff, 0x30} {
				bad := bytes.Clone(good)
				bad[i] ^= change
				same(t, &k.PublicKey, tables, digest, bad)
			}
		}
	}
	if accepted != 8 {
		t.Errorf("%d encodings of 4 signatures are accepted, not one each, made in two ways", accepted)
	}
}

// TestKeysThatAreNone has public keys that were put together by hand.
func TestKeysThatAreNone(t *testing.T) {
	k, _ := tabled(t, elliptic.P256())
	digest := make([]byte, 32)
	signature, err := ecdsa.SignASN1(rand.Reader, k, digest)
	if err != nil {
		t.Fatal(err)
	}
	p := elliptic.P256().Params().P
	add := func(v *big.Int) *big.Int { return new(big.Int).Add(v, p) }
	for name, bad := range map[string]*ecdsa.PublicKey{
		"another x":     {Curve: k.Curve, X: new(big.Int).Add(k.X, big.NewInt(1)), Y: k.Y},
		"x beyond p":    {Curve: k.Curve, X: add(k.X), Y: k.Y},
		"y beyond p":    {Curve: k.Curve, X: k.X, Y: add(k.Y)},
		"negative y":    {Curve: k.Curve, X: k.X, Y: new(big.Int).Sub(k.Y, p)},
		"infinity":      {Curve: k.Curve, X: new(big.Int), Y: new(big.Int)},
		"a long x":      {Curve: k.Curve, X: new(big.Int).Lsh(k.X, 64), Y: k.Y},
		"another curve": {Curve: elliptic.P384(), X: k.X, Y: k.Y},
	} {
		if ecdsa.VerifyASN1(bad, digest, signature) || !errors.Is(verifyECDSA(bad, digest, signature), ErrSignature) {
			t.Errorf("%s: a signature verifies by a key that is none", name)
		}
		if newECDSATables(bad) != nil {
			t.Errorf("%s: there are tables of a key that is none", name)
		}
	}
	if err := verifyECDSA(&ecdsa.PublicKey{Curve: k.Curve}, digest, signature); !errors.Is(err, ErrSignature) {
		t.Errorf("a key without coordinates: %v", err)
	}
}

// TestModuleVerifiesInFIPSMode looks in a process of its own that the
// validated module verifies there.
func TestModuleVerifiesInFIPSMode(t *testing.T) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	on := fips140.Enabled()
	if verifiesHere(&k.PublicKey) == on || newECDSATables(&k.PublicKey) == nil != on {
		t.Errorf("verifying here: %t, FIPS 140-3: %t", verifiesHere(&k.PublicKey), on)
	}
	if on {
		return
	}
	again := exec.Command(os.Args[0], "-test.run=^TestModuleVerifiesInFIPSMode$", "-test.v")
	again.Env = append(os.Environ(), "GODEBUG=fips140=on")
	if out, err := again.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("PASS")) {
		t.Errorf("%v\n%s", err, out)
	}
}

// FuzzVerifyECDSA feeds signatures and digests to Verify and to crypto/ecdsa.
func FuzzVerifyECDSA(f *testing.F) {
	k, tables := tabled(f, elliptic.P256())
	digest := make([]byte, 32)
	r, s, err := ecdsa.Sign(rand.Reader, k, digest)
	if err != nil {
		f.Fatal(err)
	}
	for _, signature := range encodings(r, s) {
		f.Add(digest, signature)
	}
	f.Fuzz(func(t *testing.T, digest, signature []byte) {
		same(t, &k.PublicKey, tables, digest, signature)
	})
}
