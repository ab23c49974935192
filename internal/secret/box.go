package secret

import (
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/certwright/certwright/authority"
)

// box encrypts values, and makes digests that only its owner can make.
type box struct {
	aead cipher.AEAD
	mac  []byte
}

const (
	keyKind = "secret-key"
	keyID   = "1"
)

// open returns the box. Its keys are drawn from a private key that is kept
// with those of the authorities, encrypted like them; it is made with the first
// of them (Ready), so that who copies those has it, too.
func (v *Vault) open(ctx context.Context) (*box, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.box != nil {
		return v.box, nil
	}
	signer, err := v.signer(ctx)
	if err != nil {
		return nil, fmt.Errorf("the key that encrypts the secrets: %w", err)
	}
	v.box, err = newBox(signer)
	return v.box, err
}

// Ready makes the key that encrypts the secrets, where there is none yet, and
// returns its reference. It opens none.
func (v *Vault) Ready(ctx context.Context) (reference string, err error) {
	reference, _, err = v.key(ctx)
	if err != nil {
		err = fmt.Errorf("the key that encrypts the secrets: %w", err)
	}
	return reference, err
}

func (v *Vault) signer(ctx context.Context) (crypto.Signer, error) {
	reference, signer, err := v.key(ctx)
	if err != nil || signer != nil {
		return signer, err
	}
	return v.config.Keys.Signer(ctx, reference)
}

// key returns the reference of the key that the records name, and the key too
// where it was made now.
func (v *Vault) key(ctx context.Context) (string, crypto.Signer, error) {
	for range attempts {
		r, err := v.config.Store.Record(ctx, keyKind, keyID)
		if err == nil {
			reference, err := authority.Body[string](r)
			if err != nil {
				return "", nil, err
			}
			return *reference, nil, nil
		}
		if !errors.Is(err, authority.ErrNotFound) {
			return "", nil, err
		}
		reference, signer, err := v.config.Keys.Create(ctx, "secrets", "ecdsa-p256")
		if err != nil {
			return "", nil, err
		}
		body, err := json.Marshal(reference)
		if err != nil {
			return "", nil, err
		}
		err = v.config.Store.PutRecords(ctx, &authority.Record{Kind: keyKind, ID: keyID, Body: body})
		if err == nil {
			return reference, signer, nil
		}
		if forgotten := v.config.Keys.Forget(reference); forgotten != nil || !errors.Is(err, authority.ErrConflict) {
			return "", nil, errors.Join(err, forgotten)
		}
	}
	return "", nil, authority.ErrConflict
}

func newBox(signer crypto.Signer) (*box, error) {
	private, ok := signer.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("the key that encrypts the secrets is of another kind than expected")
	}
	scalar, err := private.Bytes()
	if err != nil {
		return nil, fmt.Errorf("the key that encrypts the secrets: %w", err)
	}
	derive := func(what string) ([]byte, error) {
		return hkdf.Key(sha256.New, scalar, nil, "certwright shared secrets 1: "+what, 32)
	}
	encrypting, err := derive("encryption")
	if err != nil {
		return nil, err
	}
	mac, err := derive("look-up")
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(encrypting)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &box{aead, mac}, err
}

// seal encrypts a value so that it goes with its reference alone.
func (b *box) seal(reference, value string) []byte {
	return b.aead.Seal(nil, nil, []byte(value), []byte(reference))
}

func (b *box) unseal(reference string, sealed []byte) ([]byte, error) {
	value, err := b.aead.Open(nil, nil, sealed, []byte(reference))
	if err != nil {
		return nil, fmt.Errorf("the secret %q cannot be decrypted: its record was changed, or the key is another one", reference)
	}
	return value, nil
}

func (b *box) digest(value string) string {
	h := hmac.New(sha256.New, b.mac)
	h.Write([]byte(value))
	return hex.EncodeToString(h.Sum(nil))
}

// Seal encrypts a value that somebody else keeps in a record of their own, so
// that it can be opened as what is named alone. What is named has a stroke in
// it ("acme-eab/ID"), which no reference of a secret has.
func (v *Vault) Seal(ctx context.Context, what string, value []byte) ([]byte, error) {
	b, err := v.open(ctx)
	if err != nil {
		return nil, err
	}
	return b.seal(what, string(value)), nil
}

// Unseal opens what Seal has encrypted under the same name.
func (v *Vault) Unseal(ctx context.Context, what string, sealed []byte) ([]byte, error) {
	b, err := v.open(ctx)
	if err != nil {
		return nil, err
	}
	return b.unseal(what, sealed)
}

// Digest is a digest of something that may hold a secret: nobody without our key
// can try what it is of.
func (v *Vault) Digest(ctx context.Context, what string) (string, error) {
	b, err := v.open(ctx)
	if err != nil {
		return "", err
	}
	return b.digest("\x00" + what), nil // no value of a secret is this
}
