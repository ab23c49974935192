package acmesrv

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/protocol/acme"
)

// nonces gives nonces and takes each once (RFC 8555, Section 6.5).
type nonces interface {
	Give(ctx context.Context) (string, error)
	// Spend takes a nonce; one that is not good is a badNonce problem.
	Spend(ctx context.Context, nonce string) error
}

func badNonce() error {
	return acme.NewProblem(acme.BadNonce, "the nonce was not given here, was used already, or is too old; try again with the one of this answer")
}

// window is how many nonces back one may still be used.
const window = 1 << 20

// Nonces are good at this process alone: a nonce is a number with its MAC under
// a key of this process, and one bit tells whether it was used. They are safe
// for concurrent use, by several servers too.
type Nonces struct {
	key [32]byte

	mu   sync.Mutex
	next uint64
	used []uint64 // a ring of window bits
}

// NewNonces returns nonces under a new key.
func NewNonces() *Nonces {
	n := &Nonces{used: make([]uint64, window/64)}
	rand.Read(n.key[:])
	return n
}

// Give returns a nonce that was not given before.
func (n *Nonces) Give(context.Context) (string, error) {
	n.mu.Lock()
	number := n.next
	n.next++
	slot := number % window
	n.used[slot/64] &^= 1 << (slot % 64)
	n.mu.Unlock()
	return seal(n.key[:], binary.BigEndian.AppendUint64(nil, number)), nil
}

// Spend takes a nonce that was given, once; another one is a badNonce problem.
func (n *Nonces) Spend(_ context.Context, nonce string) error {
	content, ok := unseal(n.key[:], nonce, 8)
	if !ok {
		return badNonce()
	}
	number := binary.BigEndian.Uint64(content)
	slot := number % window
	n.mu.Lock()
	defer n.mu.Unlock()
	bit := uint64(1) << (slot % 64)
	if number >= n.next || n.next-number > window || n.used[slot/64]&bit != 0 {
		return badNonce()
	}
	n.used[slot/64] |= bit
	return nil
}

const macLength = 16

// seal is content with its MAC, as text.
func seal(key, content []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write(content)
	return base64.RawURLEncoding.EncodeToString(append(content, mac.Sum(nil)[:macLength]...))
}

// unseal returns content of this length if its MAC is right.
func unseal(key []byte, text string, length int) ([]byte, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != length+macLength {
		return nil, false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(raw[:length])
	return raw[:length], hmac.Equal(mac.Sum(nil)[:macLength], raw[length:])
}

// sharedNonces are good at every process that shares the records: the key is
// in them, and each nonce that is used.
type sharedNonces struct {
	records authority.Records
	now     func() time.Time

	mu  sync.Mutex
	key []byte
}

const (
	kindSecret = "acme-secret"
	// nonceLife is how long a shared nonce is good.
	nonceLife = time.Hour
)

func (n *sharedNonces) Give(ctx context.Context) (string, error) {
	key, err := n.secret(ctx)
	if err != nil {
		return "", err
	}
	content := binary.BigEndian.AppendUint64(nil, uint64(n.now().Unix()))
	content = append(content, make([]byte, 12)...)
	rand.Read(content[8:])
	return seal(key, content), nil
}

func (n *sharedNonces) Spend(ctx context.Context, nonce string) error {
	key, err := n.secret(ctx)
	if err != nil {
		return err
	}
	content, ok := unseal(key, nonce, 20)
	if !ok {
		return badNonce()
	}
	given, now := time.Unix(int64(binary.BigEndian.Uint64(content)), 0), n.now()
	if now.Sub(given) > nonceLife || given.Sub(now) > nonceLife {
		return badNonce()
	}
	err = n.records.PutRecords(ctx, &authority.Record{Kind: acmeorder.KindNonce, ID: nonce, Due: given.Add(2 * nonceLife), Body: []byte("{}")})
	if errors.Is(err, authority.ErrConflict) {
		return badNonce()
	}
	if err != nil {
		return fmt.Errorf("recording a nonce: %w", err)
	}
	return nil
}

// secret is the key of all processes, made by the first that needs it.
func (n *sharedNonces) secret(ctx context.Context) ([]byte, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.key != nil {
		return n.key, nil
	}
	made := make([]byte, 32)
	rand.Read(made)
	err := n.records.PutRecords(ctx, &authority.Record{Kind: kindSecret, ID: "nonces", Body: []byte(`"` + base64.RawURLEncoding.EncodeToString(made) + `"`)})
	if err != nil && !errors.Is(err, authority.ErrConflict) {
		return nil, fmt.Errorf("recording the key of nonces: %w", err)
	}
	r, err := n.records.Record(ctx, kindSecret, "nonces")
	if err != nil {
		return nil, fmt.Errorf("reading the key of nonces: %w", err)
	}
	if n.key, err = base64.RawURLEncoding.DecodeString(string(r.Body[1 : len(r.Body)-1])); err != nil {
		return nil, fmt.Errorf("reading the key of nonces: %w", err)
	}
	return n.key, nil
}
