package p256

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/asn1"
	"math/big"
	"testing"
)

// BenchmarkVerify sets the two ways beside crypto/ecdsa.
func BenchmarkVerify(b *testing.B) {
	n := elliptic.P256().Params().N
	number := integer(randomBelow(n))
	k := newSigner(b, reference(b, number, nil), number)
	digest, r, s, _ := k.made(b, integer(randomBelow(n)), integer(randomBelow(n)))
	signature, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
	if err != nil {
		b.Fatal(err)
	}
	run := func(name string, f func() bool) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !f() {
					b.Fatal("the signature does not verify")
				}
			}
		})
	}
	run("ecdsa", func() bool { return ecdsa.VerifyASN1(k.public, digest, signature) })
	run("point", func() bool { return k.point.Verify(digest, r.Bytes(), s.Bytes()) })
	run("tables", func() bool { return k.tables.Verify(digest, r.Bytes(), s.Bytes()) })
	run("compute", func() bool { return NewTables(&k.point) != nil })
}

// BenchmarkParts has what a verification is made of.
func BenchmarkParts(b *testing.B) {
	n := elliptic.P256().Params().N
	p := ours(b, reference(b, integer(randomBelow(n)), nil))
	x, scalar := p.x, number(randomBelow(n))
	var sum jacobian
	var m multiple
	sum.setPoint(&p)
	sum.double()
	m.set(&sum)
	for name, f := range map[string]func(){
		"mul":         func() { x.mul(&p.x, &p.y) },
		"square":      func() { x.square(&p.x) },
		"add":         func() { x.add(&p.x, &p.y) },
		"sub":         func() { x.sub(&p.x, &p.y) },
		"double":      func() { sum.double() },
		"addPoint":    func() { sum.addPoint(&p, false) },
		"addMultiple": func() { sum.addMultiple(&m, false) },
		"invertOrder": func() { scalar.invertOrder(&scalar) },
		"mulOrder":    func() { scalar.mulOrder(&scalar, &squareROrder) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		})
	}
}
