package specimen

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"
)

// Maker is a manufacturer of devices: a root, and an authority under it that
// issues the devices' certificates.
type Maker struct {
	Root, Sub       *x509.Certificate
	rootKey, subKey crypto.Signer
}

// NewMaker makes the authorities of a manufacturer, valid from an hour before
// now.
func NewMaker(name string, now time.Time) (*Maker, error) {
	m := &Maker{}
	var err error
	authority := func(what string) *x509.Certificate {
		return &x509.Certificate{
			Subject: pkix.Name{Organization: []string{name}, CommonName: name + " " + what}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(20, 0, 0),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		}
	}
	if m.Root, m.rootKey, err = issue(authority("Root"), nil, nil); err != nil {
		return nil, err
	}
	m.Sub, m.subKey, err = issue(authority("Devices"), m.Root, m.rootKey)
	return m, err
}

// Device issues the certificate of a device as IEEE 802.1AR has it: with the
// serial number of the device in its subject, and for signing. Change may make
// it another.
func (m *Maker) Device(serialNumber string, change func(*x509.Certificate)) (*x509.Certificate, crypto.Signer, error) {
	c := &x509.Certificate{
		Subject: pkix.Name{Organization: m.Root.Subject.Organization, SerialNumber: serialNumber}, KeyUsage: x509.KeyUsageDigitalSignature,
		NotBefore: m.Root.NotBefore, NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	}
	if change != nil {
		change(c)
	}
	return issue(c, m.Sub, m.subKey)
}

// Lists are the revocation lists of both authorities in PEM, valid for a day.
func (m *Maker) Lists(now time.Time, revoked ...*x509.Certificate) ([]byte, error) {
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now.Add(-time.Minute), NextUpdate: now.AddDate(0, 0, 1)}
	root, err := x509.CreateRevocationList(rand.Reader, list, m.Root, m.rootKey)
	if err != nil {
		return nil, err
	}
	for _, c := range revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: list.ThisUpdate, ReasonCode: 1})
	}
	sub, err := x509.CreateRevocationList(rand.Reader, list, m.Sub, m.subKey)
	if err != nil {
		return nil, err
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: root}), pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: sub})...), nil
}

// issue makes a key and a certificate of it; one by nobody is a root.
func issue(c, by *x509.Certificate, key crypto.Signer) (*x509.Certificate, crypto.Signer, error) {
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if by == nil {
		by, key = c, own
	}
	if c.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100)); err != nil {
		return nil, nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(own.Public())
	if err != nil {
		return nil, nil, err
	}
	c.SubjectKeyId = public[len(public)-20:]
	der, err := x509.CreateCertificate(rand.Reader, c, by, own.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	return parsed, own, err
}
