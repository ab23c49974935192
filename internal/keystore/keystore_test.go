package keystore

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/certwright/certwright/format/key"
)

func store(folder, passphrase string) *Files {
	give := func() ([]byte, error) { return []byte(passphrase), nil }
	return New(Config{Folder: folder, New: give, Existing: func(string) ([]byte, error) { return give() }})
}

func TestCreateAndOpen(t *testing.T) {
	for _, passphrase := range []string{"", "open sesame"} {
		folder := filepath.Join(t.TempDir(), "keys")
		reference, made, err := store(folder, passphrase).Create(context.Background(), "my/ca", "ed25519")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(reference, "file:my-ca-") {
			t.Errorf("the reference is %q", reference)
		}
		again := store(folder, passphrase)
		opened, err := again.Signer(context.Background(), reference)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := key.MarshalPublic(made.Public())
		b, _ := key.MarshalPublic(opened.Public())
		if !key.Equal(a, b) {
			t.Error("the key that is opened is not the one that was made")
		}
		encrypted, err := again.Encrypted(reference)
		if err != nil || encrypted != (passphrase != "") {
			t.Errorf("encrypted: %v, %v", encrypted, err)
		}
		info, err := os.Stat(filepath.Join(folder, strings.TrimPrefix(reference, "file:")))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the file: %v, %v", info, err)
		}
	}
}

func TestWrongPassphrase(t *testing.T) {
	folder := t.TempDir()
	reference, _, err := store(folder, "right").Create(context.Background(), "ca", "ed25519")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store(folder, "wrong").Signer(context.Background(), reference); !errors.Is(err, key.ErrPassphrase) {
		t.Errorf("got %v", err)
	}
}

func TestReferencesStayInTheFolder(t *testing.T) {
	f := store(t.TempDir(), "")
	for _, reference := range []string{"", "file:", "file:../x", "file:/etc/passwd", "file:.hidden", "pkcs11:x"} {
		if _, err := f.Signer(context.Background(), reference); err == nil || !strings.Contains(err.Error(), "is not of a key file in") {
			t.Errorf("%q: %v", reference, err)
		}
	}
}

func TestForget(t *testing.T) {
	f := store(t.TempDir(), "")
	k, err := key.Generate("ed25519", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	reference, err := f.Import("x", k)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Forget(reference); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Signer(context.Background(), reference); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
