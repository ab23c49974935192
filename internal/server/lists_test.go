package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/internal/config"
)

func revocationList(t *testing.T, more ...pkix.Extension) []byte {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	issuer := &x509.Certificate{Subject: pkix.Name{CommonName: "Elsewhere"}, KeyUsage: x509.KeyUsageCRLSign, SubjectKeyId: []byte{1}, PublicKey: k.Public()}
	now := time.Now()
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now, NextUpdate: now.Add(time.Hour), ExtraExtensions: more}, issuer, k)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// Lists of others are read in PEM and DER, and again when their file has changed.
func TestListsOfOthersAreReadAgain(t *testing.T) {
	folder := t.TempDir()
	one, two := filepath.Join(folder, "one.crl"), filepath.Join(folder, "two.pem")
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	inPEM := pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: revocationList(t)})
	write(one, revocationList(t))
	write(two, inPEM)
	l, err := newForeignLists([]string{one, two}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil || len(l.now()) != 2 {
		t.Fatal(err)
	}
	write(two, append(inPEM, inPEM...))
	if n := len(l.now()); n != 3 {
		t.Errorf("%d lists", n)
	}
	write(two, []byte("half of it"))
	if n := len(l.now()); n != 3 {
		t.Errorf("%d lists after a file was broken", n)
	}
	if err := os.Remove(one); err != nil {
		t.Fatal(err)
	}
	if n := len(l.now()); n != 3 {
		t.Errorf("%d lists after a file was removed", n)
	}
}

func TestListsOfOthersThatAreWrong(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "list")
	for _, c := range []struct {
		access config.Access
		data   []byte
		want   string
	}{
		{config.Access{Roots: "x", Lists: []string{file}}, []byte("none"), "there is no revocation list in it that says when the next one comes"},
		{config.Access{Roots: "x", Lists: []string{file}}, revocationList(t, pkix.Extension{Id: []int{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}), "the revocation list of CN=Elsewhere is not of all its issuer has revoked: it has the critical extension 2.5.29.27"},
		{config.Access{Lists: []string{file}}, revocationList(t), "it is for certificates under access.roots, which is not set"},
		{config.Access{Roots: "x", Lists: []string{filepath.Join(folder, "gone")}}, nil, `the value of "access.revocation-lists": stat `},
	} {
		if err := os.WriteFile(file, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := checkLists(&c.access); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	if err := checkLists(&config.Access{}); err != nil {
		t.Error(err)
	}
}
