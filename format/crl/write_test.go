package crl

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"iter"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/mldsa"
	"pgregory.net/rapid"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/specimen"
)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newHeader(t testing.TB, signer crypto.Signer, pss bool) (Header, *key.Public) {
	t.Helper()
	public := must[*key.Public](t)(key.MarshalPublic(signer.Public()))
	return Header{
		Issuer:     must[dn.Name](t)(dn.ParseText("CN=Writer,O=Specimens")),
		ThisUpdate: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		NextUpdate: time.Date(2051, 1, 2, 3, 4, 5, 0, time.UTC),
		Extensions: []ext.Extension{ext.NewAuthorityKeyIdentifier([]byte{1, 2, 3}), NewNumber(big.NewInt(300))},
		Algorithm:  must[key.SignatureAlgorithm](t)(key.ChooseSignatureAlgorithm(public, "", pss)),
	}, public
}

func all(list []Entry) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
}

var revoked = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func someEntries() []Entry {
	return []Entry{
		{Serial: []byte{0x81, 0x23}, Revoked: revoked, Reason: KeyCompromise, InvalidityDate: revoked.AddDate(0, 0, -9)},
		{Serial: []byte{0, 0x11}, Revoked: revoked},
		{Serial: bytes.Repeat([]byte{0xff}, 20), Revoked: time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC), Reason: AACompromise},
		{Serial: []byte{7}, Revoked: revoked, InvalidityDate: revoked},
	}
}

func TestWriteByEveryKey(t *testing.T) {
	rsaKey := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		signer crypto.Signer
		pss    bool
	}{
		"ECDSA P-256": {signer: must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))},
		"ECDSA P-384": {signer: must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))},
		"RSA":         {signer: rsaKey},
		"RSA-PSS":     {signer: rsaKey, pss: true},
		"Ed25519":     {signer: edKey},
		"ML-DSA":      {signer: must[*mldsa.PrivateKey](t)(mldsa.GenerateKey(mldsa.MLDSA44()))},
	} {
		t.Run(name, func(t *testing.T) {
			h, public := newHeader(t, test.signer, test.pss)
			var out bytes.Buffer
			if err := Write(&out, h, all(someEntries()), test.signer); err != nil {
				t.Fatal(err)
			}
			l := must[*List](t)(Parse(out.Bytes()))
			if err := l.CheckSignature(public); err != nil {
				t.Error(err)
			}
			if err := der.Strict(out.Bytes()); err != nil {
				t.Error(err)
			}
			want := "8123 2026-01-01 keyCompromise invalid 2025-12-23\n11 2026-01-01 unspecified\n" +
				strings.Repeat("ff", 20) + " 2050-01-01 aACompromise\n7 2026-01-01 unspecified invalid 2026-01-01"
			if got := strings.Join(describe(l), "\n"); got != strings.Replace(want, "\n7 ", "\n07 ", 1) {
				t.Errorf("entries\n%s\nwant\n%s", got, want)
			}
			if l.Version != 2 || l.Number().Int64() != 300 || !l.ThisUpdate.Equal(h.ThisUpdate) || !l.NextUpdate.Equal(h.NextUpdate) || len(l.Deviations) > 0 {
				t.Errorf("%+v", l)
			}
		})
	}
}

// TestWriteAgreesWithX509 writes what crypto/x509 writes from the same values,
// and compares what is signed octet by octet.
func TestWriteAgreesWithX509(t *testing.T) {
	signer := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	h, public := newHeader(t, signer, false)
	issuer := &x509.Certificate{RawSubject: h.Issuer.Raw, SubjectKeyId: []byte{1, 2, 3}, KeyUsage: x509.KeyUsageCRLSign}
	rapid.Check(t, func(t *rapid.T) {
		var ours []Entry
		std := &x509.RevocationList{Number: big.NewInt(300), ThisUpdate: h.ThisUpdate, NextUpdate: h.NextUpdate}
		for range rapid.IntRange(0, 40).Draw(t, "entries") {
			serial := rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "serial")
			at := time.Unix(rapid.Int64Range(0, 4102444800).Draw(t, "time"), 0)
			reason := Reason(rapid.SampledFrom([]int{0, 1, 2, 3, 4, 5, 6, 9, 10}).Draw(t, "reason"))
			ours = append(ours, Entry{Serial: serial, Revoked: at, Reason: reason})
			std.RevokedCertificateEntries = append(std.RevokedCertificateEntries, x509.RevocationListEntry{
				SerialNumber: new(big.Int).SetBytes(serial), RevocationTime: at, ReasonCode: int(reason),
			})
		}
		raw, err := x509.CreateRevocationList(rand.Reader, std, issuer, signer)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := x509.ParseRevocationList(raw)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := Write(&out, h, all(ours), signer); err != nil {
			t.Fatal(err)
		}
		l, err := Parse(out.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(l.RawTBS, theirs.RawTBSRevocationList) {
			t.Fatalf("ours   %x\ntheirs %x", l.RawTBS, theirs.RawTBSRevocationList)
		}
		if err := l.CheckSignature(public); err != nil {
			t.Fatal(err)
		}
		n := 0
		for e, err := range l.Entries() {
			if err != nil || !bytes.Equal(new(big.Int).SetBytes(ours[n].Serial).Bytes(), bytes.TrimLeft(e.Serial, "\x00")) || e.Reason != ours[n].Reason || !e.Revoked.Equal(ours[n].Revoked) {
				t.Fatalf("entry %d: %+v, %v, want %+v", n, e, err, ours[n])
			}
			n++
		}
		if n != len(ours) || l.Len() != n {
			t.Fatalf("%d entries, want %d", n, len(ours))
		}
	})
}

func TestWriteIsTakenByOpenSSL(t *testing.T) {
	signer := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	h, _ := newHeader(t, signer, false)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), RawSubject: h.Issuer.Raw, NotBefore: h.ThisUpdate, NotAfter: h.NextUpdate,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCRLSign, SubjectKeyId: []byte{1, 2, 3},
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	raw := must[[]byte](t)(x509.CreateCertificate(rand.Reader, root, root, signer.Public(), signer))
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Write(&out, h, all(someEntries()), signer); err != nil {
		t.Fatal(err)
	}
	text, talk, ok := specimen.OpenSSL(t, out.Bytes(), "crl", "-inform", "DER", "-verify", "-CAfile", ca, "-noout", "-text")
	if !ok || !strings.Contains(talk, "verify OK") {
		t.Fatalf("openssl crl -verify: %s", talk)
	}
	for _, want := range []string{
		"Serial Number: 8123", "Key Compromise", "Dec 23 12:00:00 2025 GMT", "Serial Number: 11", "Serial Number: " + strings.Repeat("FF", 20),
		"Jan  1 00:00:00 2050 GMT", "AA Compromise", "Next Update: Jan  2 03:04:05 2051 GMT", "X509v3 CRL Number", "O = Specimens, CN = Writer",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("openssl does not show %q in\n%s", want, text)
		}
	}
}

// TestWriteManyEntries passes from one chunk of memory to the next.
func TestWriteManyEntries(t *testing.T) {
	signer := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	h, public := newHeader(t, signer, false)
	const count = 70_000
	var out bytes.Buffer
	if err := Write(&out, h, generated(count), signer); err != nil {
		t.Fatal(err)
	}
	l := must[*List](t)(Parse(out.Bytes()))
	if l.Len() != count || l.CheckSignature(public) != nil {
		t.Errorf("%d entries, signature: %v", l.Len(), l.CheckSignature(public))
	}
	if n := testing.AllocsPerRun(1, func() { _ = Write(io.Discard, h, generated(count), signer) }); n > 500 {
		t.Errorf("%d entries cost %v allocations", count, n)
	}
	huge := bytes.Repeat([]byte{1}, 3*chunk)
	out.Reset()
	if err := Write(&out, h, all([]Entry{{Serial: []byte{1}, Revoked: revoked}, {Serial: huge, Revoked: revoked}}), signer); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := must[*List](t)(Parse(out.Bytes())).Lookup(huge); !ok || err != nil {
		t.Errorf("a huge serial number is not found: %v", err)
	}
}

func TestWriteRefuses(t *testing.T) {
	signer := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	h, _ := newHeader(t, signer, false)
	broken := func(yield func(Entry, error) bool) { yield(Entry{}, errors.New("the store is gone")) }
	for _, test := range []struct {
		want    string
		entries iter.Seq2[Entry, error]
	}{
		{"writing a revocation list: entry 1: the store is gone", broken},
		{"entry 1: there is no serial number", all([]Entry{{}})},
		{"entry 1: the serial number -80 is negative", all([]Entry{{Serial: []byte{0x80}, Negative: true}})},
		{"entry 1: there is no reason 7 for serial number 05", all([]Entry{{Serial: []byte{5}, Reason: 7}})},
		{"entry 2: removeFromCRL, for serial number 05, may stand in a delta list only", all([]Entry{{Serial: []byte{5}}, {Serial: []byte{5}, Reason: RemoveFromCRL}})},
	} {
		var out bytes.Buffer
		if err := Write(&out, h, test.entries, signer); err == nil || !strings.Contains(err.Error(), test.want) || out.Len() > 0 {
			t.Errorf("%v, want %q; %d bytes written", err, test.want, out.Len())
		}
	}
	if err := Write(&bytes.Buffer{}, h, all(nil), nil); err == nil || err.Error() != "signing a revocation list: there is no key to sign with" {
		t.Errorf("without a key: %v", err)
	}
	failing, closed := io.Pipe()
	failing.Close()
	if err := Write(closed, h, all(nil), signer); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("writing into a closed pipe: %v", err)
	}
	other := h
	other.Algorithm.Hash = crypto.MD4
	if err := Write(io.Discard, other, all(nil), signer); err == nil || !strings.HasPrefix(err.Error(), "signing a revocation list: the hash of ecdsa-with-SHA256 is not available") {
		t.Errorf("with an unknown hash: %v", err)
	}
	delta := h
	delta.Extensions = append(slices.Clone(h.Extensions), NewDeltaIndicator(big.NewInt(299)))
	var out bytes.Buffer
	if err := Write(&out, delta, all([]Entry{{Serial: []byte{5}, Revoked: revoked, Reason: RemoveFromCRL}}), signer); err != nil {
		t.Error(err)
	}
	if l := must[*List](t)(Parse(out.Bytes())); l.DeltaBase().Int64() != 299 {
		t.Errorf("delta base %v", l.DeltaBase())
	}
}
