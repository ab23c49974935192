package key

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"testing"
)

func generated(b *testing.B, kind string) *Private {
	b.Helper()
	k, err := Generate(kind, nil)
	if err != nil {
		b.Fatal(err)
	}
	return k
}

func BenchmarkWeaknesses(b *testing.B) {
	for _, kind := range []string{"rsa-2048", "rsa-4096", "ecdsa-p256", "ed25519", "ml-dsa-65"} {
		b.Run(kind, func(b *testing.B) {
			pub := generated(b, kind).Public
			b.ReportAllocs()
			for b.Loop() {
				if found := Weaknesses(pub); len(found) != 0 {
					b.Fatal(found)
				}
			}
		})
	}
}

func BenchmarkParsePublic(b *testing.B) {
	for _, kind := range []string{"rsa-2048", "ecdsa-p256", "ed25519", "ml-dsa-65"} {
		b.Run(kind, func(b *testing.B) {
			spki := generated(b, kind).Public.Raw
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParsePublic(spki); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	message := make([]byte, 600)
	for _, kind := range []string{"rsa-2048", "ecdsa-p256", "ecdsa-p384", "ed25519", "ml-dsa-65"} {
		b.Run(kind, func(b *testing.B) {
			k := generated(b, kind)
			alg, err := ChooseSignatureAlgorithm(k.Public, "", false)
			if err != nil {
				b.Fatal(err)
			}
			signature, err := Sign(k.Signer, alg, message)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := Verify(k.Public, alg.Identifier, message, signature); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkTables sets the tables beside crypto/ecdsa, over one digest.
func BenchmarkTables(b *testing.B) {
	for _, curve := range tabledCurves {
		k, tables := tabled(b, curve)
		digest := sha256.Sum256([]byte("a message"))
		signature, err := ecdsa.SignASN1(rand.Reader, k, digest[:])
		if err != nil {
			b.Fatal(err)
		}
		name := curve.Params().Name
		b.Run(name+"/ecdsa", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !ecdsa.VerifyASN1(&k.PublicKey, digest[:], signature) {
					b.Fatal("the signature does not verify")
				}
			}
		})
		b.Run(name+"/tables", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, s, err := parsePair(signature)
				if err != nil || !tables.Verify(digest[:], r, s) {
					b.Fatal("the signature does not verify")
				}
			}
		})
		b.Run(name+"/compute", func(b *testing.B) {
			for b.Loop() {
				newECDSATables(&k.PublicKey)()
			}
		})
	}
}

// BenchmarkVerifier checks by a warm verifier what BenchmarkVerify checks.
func BenchmarkVerifier(b *testing.B) {
	message := make([]byte, 600)
	k := generated(b, "ecdsa-p256")
	alg, err := ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		b.Fatal(err)
	}
	signature, err := Sign(k.Signer, alg, message)
	if err != nil {
		b.Fatal(err)
	}
	v := NewVerifier(k.Public)
	v.Warm()
	b.ReportAllocs()
	for b.Loop() {
		if err := v.Verify(alg.Identifier, message, signature); err != nil {
			b.Fatal(err)
		}
	}
}
