package keystore

import (
	"crypto/x509"

	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
)

func encode(k *key.Private, passphrase []byte) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.Key)
	return pem.Encode("PRIVATE KEY", der), err
}
