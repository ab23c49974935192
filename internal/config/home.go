// Package config knows the folder an embedded authority lives in: what lies
// where, the profiles kept there, and the optional configuration file.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Home is the folder of an embedded authority.
type Home struct{ Folder string }

// DefaultHome returns where the home is when no flag says otherwise:
// CERTWRIGHT_HOME, else certwright in the user's data folder (XDG Base
// Directory Specification).
func DefaultHome(getenv func(string) string) (Home, error) {
	if h := getenv("CERTWRIGHT_HOME"); h != "" {
		return Home{h}, nil
	}
	if d := getenv("XDG_DATA_HOME"); filepath.IsAbs(d) {
		return Home{filepath.Join(d, "certwright")}, nil
	}
	if h := getenv("HOME"); h != "" {
		return Home{filepath.Join(h, ".local", "share", "certwright")}, nil
	}
	return Home{}, errors.New("no home folder is known: neither CERTWRIGHT_HOME nor HOME is set")
}

// Database returns the file that holds the records.
func (h Home) Database() string { return filepath.Join(h.Folder, "certwright.db") }

// Keys returns the folder of the authorities' private keys.
func (h Home) Keys() string { return filepath.Join(h.Folder, "keys") }

// Profiles returns the folder of the profiles that are kept beside the
// built-in ones.
func (h Home) Profiles() string { return filepath.Join(h.Folder, "profiles") }

// File returns the configuration file, which need not exist.
func (h Home) File() string { return filepath.Join(h.Folder, "config.yaml") }

// Exists reports whether an authority was ever made here.
func (h Home) Exists() bool {
	_, err := os.Stat(h.Database())
	return err == nil
}

// Reach returns why it cannot be known whether an authority was made here;
// nil where it can.
func (h Home) Reach() error {
	if _, err := os.Stat(h.Database()); !missing(err) {
		return err
	}
	return nil
}

// Make makes the folders of a new home; those that exist are left as they are.
func (h Home) Make() error {
	for _, folder := range []string{h.Folder, h.Keys(), h.Profiles()} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("making the home: %w", err)
		}
	}
	return nil
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
