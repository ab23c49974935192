package crl

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"math/big"
	"testing"
	"time"
)

// generated yields n entries with serial numbers of 16 octets, reusing their
// memory as a store that streams rows does.
func generated(n int) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		serial := make([]byte, 16)
		for i := range n {
			fill(serial, i)
			if !yield(Entry{Serial: serial, Revoked: revoked.Add(time.Duration(i) * time.Second), Reason: Superseded}, nil) {
				return
			}
		}
	}
}

func fill(serial []byte, i int) {
	binary.BigEndian.PutUint64(serial, uint64(i)*0x9e3779b97f4a7c15|1<<62)
	binary.BigEndian.PutUint64(serial[8:], uint64(i))
}

func BenchmarkWrite(b *testing.B) {
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	h, _ := newHeader(b, signer, false)
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprintf("ours/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := Write(io.Discard, h, generated(n), signer); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("x509/%d", n), func(b *testing.B) {
			list, issuer := standard(n, h)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := x509.CreateRevocationList(rand.Reader, list, issuer, signer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func standard(n int, h Header) (*x509.RevocationList, *x509.Certificate) {
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: h.ThisUpdate, NextUpdate: h.NextUpdate}
	serial := make([]byte, 16)
	for i := range n {
		fill(serial, i)
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber: new(big.Int).SetBytes(serial), RevocationTime: revoked.Add(time.Duration(i) * time.Second), ReasonCode: int(Superseded),
		})
	}
	return list, &x509.Certificate{RawSubject: h.Issuer.Raw, SubjectKeyId: []byte{1, 2, 3}, KeyUsage: x509.KeyUsageCRLSign}
}

func BenchmarkRead(b *testing.B) {
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	h, _ := newHeader(b, signer, false)
	r, w := io.Pipe()
	go func() { w.CloseWithError(Write(w, h, generated(100_000), signer)) }()
	raw, err := io.ReadAll(r)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("entries/100000", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			l, err := Parse(raw)
			if err != nil {
				b.Fatal(err)
			}
			for _, err := range l.Entries() {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("lookup/100000", func(b *testing.B) {
		for b.Loop() {
			l, err := Parse(raw)
			if err != nil {
				b.Fatal(err)
			}
			if _, ok, err := l.Lookup([]byte{5}); ok || err != nil {
				b.Fatal(ok, err)
			}
		}
	})
	b.Run("x509/100000", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := x509.ParseRevocationList(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
}
