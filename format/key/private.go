package key

import "crypto"

// Private is a private key with its public half.
type Private struct {
	Signer crypto.Signer // nil for keys that cannot sign
	Key    crypto.PrivateKey
	Public *Public
}

// Passphrase is asked for when an encrypted key is met; it is not called
// otherwise.
type Passphrase func() ([]byte, error)

// ReadPrivate reads the first private key in data, whatever its container:
// PKCS#8 plain or encrypted, PKCS#1, SEC1, DEK-Info, JWK, OpenSSH, DER or PEM.
func ReadPrivate(data []byte, passphrase Passphrase) (*Private, error) { panic("unwritten") }
