package ext

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"
)

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func template(list []Extension) *x509.Certificate {
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "a"},
		NotBefore:    time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	for _, x := range list {
		var id asn1.ObjectIdentifier
		if _, err := asn1.Unmarshal(append([]byte{6, byte(len(x.ID))}, x.ID...), &id); err != nil {
			panic(err)
		}
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: id, Critical: x.Critical, Value: x.Value})
	}
	return c
}

func selfSigned(t *testing.T, list []Extension) []byte {
	t.Helper()
	key := newKey(t)
	raw, err := x509.CreateCertificate(rand.Reader, template(list), template(nil), key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
