package cms

import (
	"crypto"
	"errors"
	"fmt"

	"github.com/certwright/certwright/format/oid"
)

// ErrDecrypt is returned for all that can go wrong with a key or what it
// decrypts, so that nobody learns from the answer what it was.
var ErrDecrypt = errors.New("the message cannot be decrypted: it is not for this key or passphrase, or it is damaged")

// maxTries bounds how many recipients of one message are tried.
const maxTries = 32

// Opener is what a recipient opens messages with: one of its fields Key,
// Password and KEK.
type Opener struct {
	// Key is an *rsa.PrivateKey or other crypto.Decrypter, an
	// *ecdsa.PrivateKey, or an *ecdh.PrivateKey or other ecdh.KeyExchanger.
	Key crypto.PrivateKey
	// Identifiers are those of the certificates of Key, or of KEK. Where there
	// are none, every recipient of the kind is tried.
	Identifiers []Identifier
	Password    []byte
	KEK         []byte
}

// Decrypt returns the content. What the message says in the clear and this
// package cannot do has an error of its own; everything else is ErrDecrypt.
func (e *EnvelopedData) Decrypt(o Opener) ([]byte, error) {
	content, err := newOpening(e.Encrypted)
	if err != nil {
		return nil, fmt.Errorf("decrypting a message: %w", err)
	}
	if content.gcm != e.Authenticated {
		return nil, fmt.Errorf("decrypting a message: the algorithm %s does not belong there", e.Encrypted.Algorithm.ID.Name())
	}
	content.mac, content.aad = e.MAC, e.RawAuthenticatedAttrs
	unable := ErrDecrypt
	tries, iterations := 0, 0
	for i := range e.Recipients {
		r := &e.Recipients[i]
		for n := range r.EncryptedKeys {
			if !o.fits(r, n) {
				continue
			}
			if tries++; tries > maxTries {
				return nil, fmt.Errorf("decrypting a message: more than %d recipients could be meant; say which by an identifier", maxTries)
			}
			if r.Kind == Password {
				cost, err := passwordCost(r)
				if iterations += cost; err == nil && iterations > MaxIterations {
					err = &clearError{fmt.Errorf("the message asks for more than %d iterations", MaxIterations)}
				}
				if err != nil {
					unable = inTheClear(unable, err)
					continue
				}
			}
			cek, err := o.open(r, n, content.key)
			if err != nil {
				unable = inTheClear(unable, err)
				continue
			}
			if out, err := content.decrypt(cek); err == nil {
				return out, nil
			}
		}
	}
	return nil, unable
}

// clearError is about what the message says in the clear.
type clearError struct{ error }

// inTheClear keeps an error that says what the message asks for and is not
// known, and forgets those that depend on a key.
func inTheClear(before, err error) error {
	var open *clearError
	if errors.As(err, &open) && errors.Is(before, ErrDecrypt) {
		return fmt.Errorf("decrypting a message: %w", open.error)
	}
	return before
}

// fits reports whether a recipient's n-th key could be for o.
func (o Opener) fits(r *Recipient, n int) bool {
	switch {
	case o.Key != nil && (r.Kind == KeyTransport || r.Kind == KeyAgreement):
	case o.KEK != nil && r.Kind == KeyEncryptionKey:
	case o.Password != nil && r.Kind == Password:
		return true
	default:
		return false
	}
	if len(o.Identifiers) == 0 {
		return true
	}
	for _, id := range o.Identifiers {
		if n < len(r.Identifiers) && r.Identifiers[n].Equal(id) {
			return true
		}
	}
	return false
}

// open returns the content's key.
func (o Opener) open(r *Recipient, n, size int) ([]byte, error) {
	switch r.Kind {
	case KeyTransport:
		return openTransport(r, o.Key, size)
	case KeyAgreement:
		return openAgreement(r, o.Key, r.EncryptedKeys[n])
	case Password:
		return openPassword(r, o.Password)
	}
	want, err := wrapKeySize(r.KeyEncryption.ID)
	if err != nil || want != len(o.KEK) {
		return nil, errUnwrap
	}
	return unwrap(r.KeyEncryption.ID, o.KEK, r.EncryptedKeys[n])
}

// ParseEnvelopedData reads an EnvelopedData that stands without a ContentInfo
// around it, in DER or BER, as CRMF and CMP have it.
func ParseEnvelopedData(raw []byte) (*EnvelopedData, error) {
	normal, err := Normalize(raw)
	if err != nil {
		return nil, fmt.Errorf("reading EnvelopedData: %w", err)
	}
	c := &ContentInfo{Raw: raw, DER: normal, Type: oid.EnvelopedData, Content: normal}
	return c.EnvelopedData()
}
