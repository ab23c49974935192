package server

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/memstore"
	"github.com/certwright/certwright/internal/access"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/keystore"
	"github.com/certwright/certwright/internal/task"
)

// officeOver opens a home of its own over records that others have, too.
func officeOver(t *testing.T, store authority.Store) *task.Office {
	t.Helper()
	home := config.Home{Folder: t.TempDir()}
	o := &task.Office{Store: store, Home: home, Now: time.Now, Profiles: config.NewProfiles(home),
		Keys: keystore.New(keystore.Config{Folder: home.Keys(), New: func() ([]byte, error) { return nil, nil }})}
	var err error
	if o.Authority, err = authority.New(authority.Config{Store: store, Keys: o.Keys, Profiles: o.Profiles.Get, Now: o.Now}); err != nil {
		t.Fatal(err)
	}
	return o
}

// keysOf are the files of keys in a home.
func keysOf(t *testing.T, o *task.Office) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(o.Home.Keys(), "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Servers with homes of their own start at once over the same empty records.
func TestOneServerMakesTheFirstAuthority(t *testing.T) {
	store := memstore.New()
	var offices []*task.Office
	made, texts := make([]bool, 8), make([]string, 8)
	var starting sync.WaitGroup
	for i := range made {
		o := officeOver(t, store)
		offices = append(offices, o)
		starting.Go(func() {
			var err error
			if made[i], err = firstAuthority(t.Context(), o, "host", "", "ann"); err != nil {
				t.Error(err)
			}
			if texts[i], err = firstToken(t.Context(), o, access.NewTokens(store, nil), "ann"); err != nil {
				t.Error(err)
			}
			if all, err := store.CAs(t.Context()); err != nil || len(all) != 2 {
				t.Errorf("it goes on with %d authorities, %v", len(all), err)
			}
		})
	}
	starting.Wait()
	makers := 0
	for i, o := range offices {
		files := keysOf(t, o)
		if !made[i] {
			if len(files) != 0 {
				t.Errorf("keys that nobody uses are left: %v", files)
			}
			_, err := o.Authority.PublishCRL(t.Context(), "issuing", authority.FullCRL, 0, "ann")
			var missing *keystore.MissingError
			if !errors.As(err, &missing) {
				t.Errorf("%v is not about a key that is missing", err)
			}
			continue
		}
		makers++
		if len(files) != 3 {
			t.Errorf("the keys are %v; those of two authorities and of the secrets were to be made", files)
		}
	}
	if some, err := access.NewTokens(store, nil).List(t.Context(), "", "", 0); err != nil || len(some) != 1 || len(slices.DeleteFunc(texts, func(s string) bool { return s == "" })) != 1 {
		t.Errorf("%d first tokens, %v", len(some), err)
	}
	if makers != 1 {
		t.Errorf("%d servers made the first authority", makers)
	}
	if _, err := store.Record(t.Context(), claimKind, claimID); !errors.Is(err, authority.ErrNotFound) {
		t.Errorf("the claim is left: %v", err)
	}
}

// A server that ended while it made the first authority does not stop others.
func TestClaimsEnd(t *testing.T) {
	store := memstore.New()
	o := officeOver(t, store)
	old := &authority.Record{Kind: claimKind, ID: claimID, Due: time.Now().Add(-time.Second)}
	if err := store.PutRecords(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if made, err := firstAuthority(t.Context(), o, "host", "", "ann"); err != nil || !made {
		t.Errorf("%v, %v", made, err)
	}
	if err := os.RemoveAll(o.Home.Keys()); err != nil {
		t.Fatal(err)
	}
	if made, err := firstAuthority(t.Context(), o, "host", "", "ann"); err != nil || made {
		t.Errorf("%v, %v", made, err)
	}
}
