package keystore

import (
	"crypto/rand"

	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/pem"
)

func encode(k *key.Private, passphrase []byte) ([]byte, error) {
	if len(passphrase) == 0 {
		der, err := key.MarshalPKCS8(k)
		return pem.Encode("PRIVATE KEY", der), err
	}
	der, err := key.EncryptPKCS8(k, passphrase, key.EncryptOptions{}, rand.Reader)
	return pem.Encode("ENCRYPTED PRIVATE KEY", der), err
}
