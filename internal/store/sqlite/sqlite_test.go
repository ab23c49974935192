package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/storetest"
	"github.com/certwright/certwright/internal/store/sqlite"
)

func open(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) authority.Store {
		return open(t, filepath.Join(t.TempDir(), "store.db"))
	})
}

func TestShared(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	storetest.RunShared(t, func(t *testing.T) authority.Store { return open(t, path) })
}

func TestDurable(t *testing.T) {
	storetest.RunDurable(t, func(t *testing.T, folder string) authority.Store {
		return open(t, filepath.Join(folder, "odd ?name% é.db"))
	})
}

// parted opens a store whose parts are full soon.
func parted(t *testing.T, place string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.OpenParted(t.Context(), place, 4)
	check(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func TestManyParts(t *testing.T) {
	storetest.Run(t, func(t *testing.T) authority.Store { return parted(t, filepath.Join(t.TempDir(), "store.db")) })
	place := filepath.Join(t.TempDir(), "store.db")
	storetest.RunShared(t, func(t *testing.T) authority.Store { return parted(t, place) })
}
