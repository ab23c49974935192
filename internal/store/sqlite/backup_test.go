package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/store/sqlite"
)

func count(t *testing.T, s authority.Store) int {
	t.Helper()
	n := 0
	for _, err := range s.Certificates(t.Context(), authority.Query{}) {
		check(t, err)
		n++
	}
	return n
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func add(t *testing.T, s authority.Store, n int) {
	t.Helper()
	errs, err := s.Commit(t.Context(), change(n))
	check(t, errors.Join(append(errs, err)...))
}

func TestBackupAndRestore(t *testing.T) {
	folder := t.TempDir()
	path, copied := filepath.Join(folder, "store.db"), filepath.Join(folder, "backup.db")
	s := open(t, path)
	var writing sync.WaitGroup
	writing.Go(func() {
		for n := range 200 {
			add(t, s, n)
		}
	})
	check(t, s.Backup(t.Context(), copied))
	writing.Wait()
	if err := s.Backup(t.Context(), copied); !errors.Is(err, sqlite.ErrInTheWay) {
		t.Errorf("got %v", err)
	}
	check(t, s.Check(t.Context()))
	check(t, s.Close())
	if err := sqlite.Restore(t.Context(), copied, path, false); !errors.Is(err, sqlite.ErrInTheWay) {
		t.Errorf("got %v", err)
	}
	again := filepath.Join(folder, "again.db")
	check(t, sqlite.Restore(t.Context(), copied, again, false))
	restored := open(t, again)
	events, _, err := restored.Head(t.Context())
	check(t, err)
	if n := count(t, restored); int64(n) != events || n > 200 {
		t.Errorf("%d certificates and %d events in the backup", n, events)
	}
	add(t, restored, 1000)
	check(t, restored.Backup(t.Context(), filepath.Join(folder, "second.db")))
	check(t, sqlite.Restore(t.Context(), filepath.Join(folder, "second.db"), path, true))
	if n := count(t, open(t, path)); int64(n) != events+1 {
		t.Errorf("%d certificates, want %d", n, events+1)
	}
	info, err := os.Stat(path)
	check(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	left, err := filepath.Glob(filepath.Join(folder, ".*"))
	check(t, err)
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestDamage(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "store.db")
	s := open(t, path)
	for n := range 300 {
		add(t, s, n)
	}
	check(t, s.Close())
	whole, err := os.ReadFile(path)
	check(t, err)
	damaged := append([]byte(nil), whole...)
	for i := len(damaged) / 2; i < len(damaged)/2+20000; i++ {
		damaged[i] ^= 0x5a
	}
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"damaged":  {damaged, "damaged"},
		"cut":      {whole[:len(whole)/2], "damaged"},
		"other":    {[]byte(strings.Repeat("no database\n", 1000)), "is not a database of Certwright"},
		"no table": {nil, "is not a database of Certwright"},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := filepath.Join(t.TempDir(), "from.db"), filepath.Join(t.TempDir(), "to.db")
			check(t, os.WriteFile(from, c.content, 0o600))
			if err := sqlite.Restore(t.Context(), from, to, false); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
			if _, err := os.Stat(to); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a store was put in place: %v", err)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	folder := t.TempDir()
	other := filepath.Join(folder, "other.db")
	check(t, os.WriteFile(other, []byte(strings.Repeat("no database\n", 1000)), 0o600))
	for path, want := range map[string]string{
		other:                                 "is not a database of Certwright",
		filepath.Join(folder, "none", "x.db"): "no such file",
		filepath.Join(folder):                 "opening the store",
	} {
		if _, err := sqlite.Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
}
