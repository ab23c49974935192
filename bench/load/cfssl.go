package load

import (
	"crypto/x509"
	"fmt"
	"net"
	"strconv"
)

// CFSSL is cfssl's server, without a database: it keeps nothing of what it
// signs.
type CFSSL struct{ *process }

// StartCFSSL starts cfssl as it is without a configuration.
func StartCFSSL(folder, program string) (*CFSSL, error) {
	root, intermediate, err := writeHierarchy(folder)
	if err != nil {
		return nil, err
	}
	own, err := writeCertificate(folder, "server", &x509.Certificate{IPAddresses: []net.IP{loopback()}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, root)
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	p, err := start(folder, program, "serve", "-address", "127.0.0.1", "-port", strconv.Itoa(port),
		"-ca", intermediate.file, "-ca-key", intermediate.keyAt, "-tls-cert", own.file, "-tls-key", own.keyAt)
	if err != nil {
		return nil, err
	}
	p.url = fmt.Sprintf("https://127.0.0.1:%d", port)
	p.roots = x509.NewCertPool()
	p.roots.AddCert(root.certificate)
	if err := p.await(); err != nil {
		p.Stop()
		return nil, err
	}
	return &CFSSL{p}, nil
}
