// Package memkeys keeps the keys of authorities in memory: for tests, and for
// authorities that nothing outlives.
package memkeys

import (
	"context"
	"crypto"
	"crypto/rand"
	"fmt"
	"sync"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/key"
)

// Keys is an authority.Keys. It is safe for concurrent use.
type Keys struct {
	mu   sync.Mutex
	made map[string]int // how many there were of a name
	kept map[string]crypto.Signer
}

// New returns a keystore with no key in it.
func New() *Keys { return &Keys{made: map[string]int{}, kept: map[string]crypto.Signer{}} }

// Signer returns the key behind a reference, authority.ErrNotFound if none.
func (k *Keys) Signer(_ context.Context, reference string) (crypto.Signer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s := k.kept[reference]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("the key %s: %w", reference, authority.ErrNotFound)
}

// Create makes a key of a kind of key.Kinds. Its reference is "memory:NAME",
// with a number where the name had a key before.
func (k *Keys) Create(_ context.Context, name, kind string) (string, crypto.Signer, error) {
	made, err := key.Generate(kind, rand.Reader)
	if err != nil {
		return "", nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.made[name]++
	reference := "memory:" + name
	if n := k.made[name]; n > 1 {
		reference = fmt.Sprintf("%s-%d", reference, n)
	}
	k.kept[reference] = made.Signer
	return reference, made.Signer, nil
}

// Put keeps a key that was made elsewhere.
func (k *Keys) Put(reference string, signer crypto.Signer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept[reference] = signer
}

// Forget removes a key, if there is one.
func (k *Keys) Forget(reference string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.kept, reference)
	return nil
}

// Len is how many keys are kept.
func (k *Keys) Len() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.kept)
}
