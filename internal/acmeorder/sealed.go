package acmeorder

import (
	"context"
	"errors"
	"fmt"

	"github.com/certwright/certwright/authority"
)

// Sealer encrypts what is secret in records, so that it opens only under the
// same name.
type Sealer interface {
	Seal(ctx context.Context, what string, value []byte) ([]byte, error)
	Unseal(ctx context.Context, what string, sealed []byte) ([]byte, error)
}

// keySeal is the name that a key of an external account is sealed under.
func keySeal(keyID string) string { return kindBinding + "/" + keyID }

// seal puts a key into the record of a binding, encrypted.
func (b *bindingBody) seal(ctx context.Context, s Sealer, keyID string, key []byte) (err error) {
	b.Plain = nil
	if b.Sealed, err = s.Seal(ctx, keySeal(keyID), key); err != nil {
		return fmt.Errorf("encrypting the key of external account %s: %w", keyID, err)
	}
	return nil
}

// key is the key of a binding. One that was recorded before keys were
// encrypted is encrypted from the next time on that the record is written.
func (b *bindingBody) key(ctx context.Context, s Sealer, keyID string) ([]byte, error) {
	if b.Plain != nil {
		plain := b.Plain
		return plain, b.seal(ctx, s, keyID, plain)
	}
	key, err := s.Unseal(ctx, keySeal(keyID), b.Sealed)
	if err != nil {
		return nil, fmt.Errorf("the key of external account %s: %w", keyID, err)
	}
	return key, nil
}

// SealBindings encrypts the keys of external accounts that were recorded
// before keys were encrypted.
func SealBindings(ctx context.Context, store authority.Records, s Sealer) error {
	list, err := store.FindRecords(ctx, authority.RecordQuery{Kind: kindBinding})
	if err != nil {
		return fmt.Errorf("looking for keys of external accounts: %w", err)
	}
	for _, r := range list {
		var b bindingBody
		if err := decode(r, &b); err != nil {
			return err
		}
		if b.Plain == nil {
			continue
		}
		if err := b.seal(ctx, s, r.ID, b.Plain); err != nil {
			return err
		}
		if err := encode(r, &b); err != nil {
			return err
		}
		if err := store.PutRecords(ctx, r); err != nil && !errors.Is(err, authority.ErrConflict) {
			return fmt.Errorf("recording key %s of an external account: %w", r.ID, err)
		}
	}
	return nil
}
