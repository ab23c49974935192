// Package keystore keeps the private keys of authorities: in files, each
// readable by its owner only and encrypted where a passphrase was given.
package keystore

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/disk"
)

const scheme = "file:"

// Config is what a keystore of files is made from.
type Config struct {
	Folder string
	// Existing gives the passphrase of a key that is encrypted; it is asked
	// once for each key file.
	Existing func(file string) ([]byte, error)
	// New gives the passphrase for a new key; none leaves it unencrypted. It is
	// asked once for all.
	New func() ([]byte, error)
}

// Files keeps keys in files. It is safe for concurrent use.
type Files struct {
	config Config
	mutex  sync.Mutex
	open   map[string]crypto.Signer
	chosen *[]byte
}

// New returns the keystore of a folder.
func New(c Config) *Files { return &Files{config: c, open: map[string]crypto.Signer{}} }

// Signer opens the key behind a reference "file:NAME".
func (f *Files) Signer(_ context.Context, reference string) (crypto.Signer, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if s, ok := f.open[reference]; ok {
		return s, nil
	}
	path, err := f.path(reference)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &MissingError{File: path, Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("reading the authority's key: %w", err)
	}
	private, err := key.ReadPrivate(data, func() ([]byte, error) { return f.config.Existing(path) })
	if err != nil {
		return nil, &OpenError{File: path, Err: err}
	}
	if private.Signer == nil {
		return nil, fmt.Errorf("the key %s cannot make signatures", path)
	}
	f.open[reference] = private.Signer
	return private.Signer, nil
}

// Create makes a key of a kind that key.Generate knows, and writes it before
// it returns.
func (f *Files) Create(_ context.Context, name, kind string) (reference string, signer crypto.Signer, err error) {
	private, err := key.Generate(kind, rand.Reader)
	if err != nil {
		return "", nil, err
	}
	reference, err = f.Import(name, private)
	return reference, private.Signer, err
}

// Import keeps a key that was made elsewhere.
func (f *Files) Import(name string, private *key.Private) (reference string, err error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if private.Signer == nil {
		return "", fmt.Errorf("a key of the kind %s cannot make signatures", private.Public)
	}
	passphrase, err := f.newPassphrase()
	if err != nil {
		return "", err
	}
	text, err := encode(private, passphrase)
	if err != nil {
		return "", err
	}
	base := fileName(name)
	if err := f.write(base, text); err != nil {
		return "", err
	}
	f.open[scheme+base] = private.Signer
	return scheme + base, nil
}

// Forget removes a key that no authority came to use.
func (f *Files) Forget(reference string) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	path, err := f.path(reference)
	if err != nil {
		return err
	}
	delete(f.open, reference)
	return os.Remove(path)
}

// Encrypted reports whether the key behind a reference is encrypted on disk.
func (f *Files) Encrypted(reference string) (bool, error) {
	path, err := f.path(reference)
	if err != nil {
		return false, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	return bytes.Contains(data, []byte("ENCRYPTED")), nil
}

// Stored returns the key file behind a reference as it is on disk: encrypted
// where the key is.
func (f *Files) Stored(reference string) ([]byte, error) {
	path, err := f.path(reference)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

func (f *Files) newPassphrase() ([]byte, error) {
	if f.chosen == nil {
		p, err := f.config.New()
		if err != nil {
			return nil, err
		}
		f.chosen = &p
	}
	return *f.chosen, nil
}

// File returns the name of the file behind a reference.
func (f *Files) File(reference string) (string, error) { return f.path(reference) }

// path returns the file behind a reference, which cannot leave the folder.
func (f *Files) path(reference string) (string, error) {
	name, ok := strings.CutPrefix(reference, scheme)
	if !ok || name == "" || name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return "", fmt.Errorf("the key reference %q is not of a key file in %s", reference, f.config.Folder)
	}
	return filepath.Join(f.config.Folder, name), nil
}

// fileName makes a file name that is not taken, since a key is never
// overwritten: an authority may get a new key under its old name.
func fileName(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, name)
	random := make([]byte, 4)
	rand.Read(random)
	return clean + "-" + hex.EncodeToString(random) + ".key"
}

func (f *Files) write(base string, data []byte) error {
	if err := os.MkdirAll(f.config.Folder, 0o700); err != nil {
		return fmt.Errorf("making the folder of keys: %w", err)
	}
	path := filepath.Join(f.config.Folder, base)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("writing the authority's key: %w", err)
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		os.Remove(path)
		return fmt.Errorf("writing the authority's key: %w", err)
	}
	return disk.SyncFolder(f.config.Folder)
}

// MissingError says which key is not in the folder: that of an authority, or of
// the secrets, which was made with another folder of keys.
type MissingError struct {
	File string
	Err  error
}

// Error returns the file and the folder.
func (e *MissingError) Error() string {
	return "the key " + filepath.Base(e.File) + " is not in " + filepath.Dir(e.File)
}

// Unwrap returns the cause.
func (e *MissingError) Unwrap() error { return e.Err }

// Is tells what is an authority.ErrNoKey.
func (e *MissingError) Is(target error) bool { return target == authority.ErrNoKey }

// Present returns a *MissingError where the key behind a reference has not been
// opened and is not in the folder.
func (f *Files) Present(reference string) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.open[reference] != nil {
		return nil
	}
	path, err := f.path(reference)
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return &MissingError{File: path, Err: err}
	}
	return nil
}

// OpenError says which key could not be opened. With key.ErrPassphrase below
// it, the passphrase was wrong.
type OpenError struct {
	File string
	Err  error
}

// Error returns the file and the cause.
func (e *OpenError) Error() string {
	return "opening the authority's key " + e.File + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *OpenError) Unwrap() error { return e.Err }
