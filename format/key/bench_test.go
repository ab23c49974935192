package key

import (
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
