package load

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// issued is a certificate with its key, in files.
type issued struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	file, keyAt string
}

// writeCertificate makes a certificate of P-256 and writes it and its key into
// a folder. Without an issuer it signs itself.
func writeCertificate(folder, name string, template *x509.Certificate, by *issued) (*issued, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	template.SerialNumber, template.Subject = big.NewInt(time.Now().UnixNano()), pkix.Name{CommonName: name}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(365*24*time.Hour)
	if by == nil {
		by = &issued{certificate: template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.certificate, key.Public(), by.key)
	if err != nil {
		return nil, err
	}
	out := &issued{key: key, file: filepath.Join(folder, name+".crt"), keyAt: filepath.Join(folder, name+".key")}
	if out.certificate, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	encoded, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(out.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		return nil, err
	}
	return out, os.WriteFile(out.keyAt, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded}), 0o600)
}

// writeHierarchy writes a root and an intermediate authority.
func writeHierarchy(folder string) (root, intermediate *issued, err error) {
	template := func(most int) *x509.Certificate {
		return &x509.Certificate{IsCA: true, BasicConstraintsValid: true, MaxPathLen: most, MaxPathLenZero: most == 0, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	}
	if root, err = writeCertificate(folder, "root", template(1), nil); err != nil {
		return nil, nil, err
	}
	intermediate, err = writeCertificate(folder, "intermediate", template(0), root)
	return root, intermediate, err
}

// loopback is where everything listens.
func loopback() net.IP { return net.IPv4(127, 0, 0, 1) }
