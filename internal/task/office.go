// Package task holds one function for each thing the program does; each takes
// values and returns values, and knows no flag, no terminal and no file name.
package task

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/acmecheck"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/keystore"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/internal/weblint"
)

// Office is an authority at work: with its records, keys and profiles.
type Office struct {
	Authority *authority.Authority
	Store     authority.Store
	Keys      *keystore.Files
	Profiles  *config.Profiles
	Home      config.Home
	Now       func() time.Time

	Remote Desk // the server that is spoken to, which then is all there is besides Now; nil: the authority is here

	linter *weblint.Linter
	looks  atomic.Pointer[acmecheck.Settings]
}

// Setup is what an Office is opened with.
type Setup struct {
	Home     config.Home
	Database string                                // of the records: postgres://…; empty for the home's own
	Observe  func(authority.Store) authority.Store // what sees all that is read and written; nil: nothing
	Linter   string                                // the linter program; empty for the usual one
	ACME     config.ACME                           // by which CAA records are looked at when a held request of ACME is approved
	Existing func(file string) ([]byte, error)     // the passphrase of an encrypted key
	New      func() ([]byte, error)                // the passphrase for new keys; none leaves them unencrypted
	Now      func() time.Time
	Log      func(format string, args ...any)
}

// Open opens the authority in a home, making its records where there are none.
func Open(ctx context.Context, s Setup) (*Office, error) {
	store, err := openStore(ctx, &s)
	if err != nil {
		return nil, err
	}
	if s.Observe != nil {
		store = s.Observe(store)
	}
	o := &Office{
		Store:    store,
		Keys:     keystore.New(keystore.Config{Folder: s.Home.Keys(), Existing: s.Existing, New: s.New}),
		Profiles: config.NewProfiles(s.Home),
		Home:     s.Home,
		Now:      s.Now,
		linter:   weblint.New(s.Linter),
	}
	looks, err := Looks(&s.ACME)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	o.Look(looks)
	o.Authority, err = authority.New(authority.Config{
		Store:    store,
		Keys:     o.Keys,
		Profiles: o.Profiles.Get,
		Linters:  map[string]authority.Linter{"zlint": o.linter},
		Now:      s.Now,
		Log:      s.Log,
		Entitled: o.entitled,
	})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return o, nil
}

// Vault keeps the secrets that the authority shares with others.
func (o *Office) Vault() *secret.Vault {
	return secret.New(secret.Config{Store: o.Store, Keys: o.Keys, Now: o.Now})
}

// Close ends what was started and closes the records.
func (o *Office) Close() error {
	if o.Remote != nil {
		return nil
	}
	return errors.Join(o.linter.Close(), o.Store.Close())
}
