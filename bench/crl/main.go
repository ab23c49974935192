// Command crl writes one revocation list of many entries, by this project's
// encoder or by crypto/x509, so that time and memory of the two can be
// compared as whole processes.
package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"iter"
	"log"
	"math/big"
	"os"
	"time"

	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

func main() {
	n := flag.Int("n", 1_000_000, "entries")
	with := flag.String("with", "certwright", "certwright or x509")
	out := flag.String("out", os.DevNull, "file to write")
	flag.Parse()
	f, err := os.Create(*out)
	if err != nil {
		log.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<16)
	write := ours
	if *with == "x509" {
		write = standard
	}
	began := time.Now()
	if err := write(w, *n); err != nil {
		log.Fatal(err)
	}
	took := time.Since(began)
	if err := w.Flush(); err != nil {
		log.Fatal(err)
	}
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.3f\n", took.Seconds())
}

var revoked = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)

// serial spreads i over sixteen octets, the first of them below 0x80.
func serial(i int) []byte {
	s := make([]byte, 16)
	binary.BigEndian.PutUint64(s, uint64(i)<<20|1<<62)
	binary.BigEndian.PutUint64(s[8:], uint64(i)*0x9e3779b97f4a7c15)
	return s
}

func standard(w io.Writer, n int) error {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	issuer := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Bench CA"},
		KeyUsage: x509.KeyUsageCRLSign, SubjectKeyId: []byte{1}, NotAfter: revoked,
	}
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: revoked, NextUpdate: revoked.AddDate(0, 0, 7)}
	for i := range n {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber: new(big.Int).SetBytes(serial(i)), RevocationTime: revoked, ReasonCode: 1 + i%5,
		})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, issuer, k)
	if err != nil {
		return err
	}
	_, err = w.Write(der)
	return err
}

func ours(w io.Writer, n int) error {
	k, err := key.Generate("ecdsa-p256", rand.Reader)
	if err != nil {
		return err
	}
	alg, err := key.ChooseSignatureAlgorithm(k.Public, "", false)
	if err != nil {
		return err
	}
	cn, err := dn.NewAttribute(oid.CommonName, "Bench CA")
	if err != nil {
		return err
	}
	h := crl.Header{
		Issuer: dn.Build(dn.RDN{cn}), ThisUpdate: revoked, NextUpdate: revoked.AddDate(0, 0, 7), Algorithm: alg,
	}
	var entries iter.Seq2[crl.Entry, error] = func(yield func(crl.Entry, error) bool) {
		for i := range n {
			if !yield(crl.Entry{Serial: serial(i), Revoked: revoked, Reason: crl.Reason(1 + i%5)}, nil) {
				return
			}
		}
	}
	return crl.Write(w, h, entries, k.Signer)
}
