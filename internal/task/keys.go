package task

import (
	"crypto/rand"

	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/request"
)

// NewKey makes a private key of a kind that key.Generate knows.
func NewKey(kind string) (*key.Private, error) { return key.Generate(kind, rand.Reader) }

// PublicOf returns the public key of the first thing in data that has one: a
// public key, a certificate, a request, or a private key.
func PublicOf(data []byte, passphrase key.Passphrase) (*key.Public, error) {
	if p, err := key.ReadPublic(data); err == nil {
		return p, nil
	}
	if certificates, err := ParseCertificates(data); err == nil && len(certificates) > 0 {
		return certificates[0].PublicKey, nil
	}
	if requests, err := request.Parse(data); err == nil && len(requests) > 0 {
		return requests[0].PublicKey, nil
	}
	k, err := key.ReadPrivate(data, passphrase)
	if err != nil {
		return nil, err
	}
	return k.Public, nil
}
