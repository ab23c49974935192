package task

import (
	"crypto/rand"

	"github.com/certwright/certwright/format/key"
)

// NewKey makes a private key of a kind that key.Generate knows.
func NewKey(kind string) (*key.Private, error) { return key.Generate(kind, rand.Reader) }

// PublicOf returns the public key of the first thing in data that has one: a
// public key, a certificate, a request, or a private key.
func PublicOf(data []byte, passphrase key.Passphrase) (*key.Public, error) {
	_, p, err := KindAndKey(data, passphrase)
	return p, err
}
