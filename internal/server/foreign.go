package server

import (
	"crypto/tls"
	"errors"
	"io/fs"
	"os"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/task"
)

// foreign reads a certificate from elsewhere, with those above it, and its key, in
// any form that is known.
func foreign(certificate, keyFile string) (*tls.Certificate, error) {
	wrong := func(cause, fix string) error {
		return &config.Fault{File: certificate, Detail: "the server cannot use this certificate with the key in " + keyFile + ": " + cause, Fix: fix}
	}
	var texts [2][]byte
	for i, file := range []string{certificate, keyFile} {
		var err error
		if texts[i], err = os.ReadFile(file); errors.Is(err, fs.ErrNotExist) {
			return nil, wrong("there is no file "+file, "name the file of the certificate by server.certificate, and that of its key by server.key")
		} else if err != nil {
			return nil, wrong(err.Error(), "have the files of server.certificate and server.key be ones that the server may read")
		}
	}
	if c, err := tls.X509KeyPair(texts[0], texts[1]); err == nil {
		return &c, nil
	}
	chain, err := task.ParseCertificates(texts[0])
	if err != nil || len(chain) == 0 {
		return nil, wrong("there is no certificate in it", "see what is in it: certwright inspect "+certificate)
	}
	private, err := key.ReadPrivate(texts[1], nil)
	switch {
	case errors.Is(err, key.ErrNoPassphrase):
		return nil, wrong("the key is encrypted, and a server has nobody to ask for its passphrase",
			"write it without: certwright key convert "+keyFile+" --no-passphrase --out FILE, and name that file by server.key")
	case errors.Is(err, pem.ErrNothing) || errors.Is(err, key.ErrNoPrivateKey):
		return nil, wrong("there is no private key in it", "see what is in it: certwright inspect "+keyFile)
	case err != nil:
		return nil, wrong(err.Error(), "see what is in it: certwright inspect "+keyFile)
	case !key.SameKey(chain[0].PublicKey, private.Public):
		return nil, wrong("the key is not that of the certificate", "give the key that the certificate was made for; see: certwright match "+certificate+" "+keyFile)
	}
	c, err := pairOf(chain, private)
	if err != nil {
		return nil, wrong("a key of the kind "+private.Public.String()+" does not work with TLS here", "use one of another kind, such as EC P-256")
	}
	return c, nil
}

// pairOf makes what TLS needs of certificates, the server's own first, and a key.
func pairOf(chain []*cert.Certificate, private *key.Private) (*tls.Certificate, error) {
	var text []byte
	for _, c := range chain {
		text = append(text, task.EncodeCertificates(c.Raw)...)
	}
	der, err := key.MarshalPKCS8(private)
	if err != nil {
		return nil, err
	}
	c, err := tls.X509KeyPair(text, pem.Encode("PRIVATE KEY", der))
	return &c, err
}
