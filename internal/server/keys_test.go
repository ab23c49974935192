package server

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/certwright/certwright/authority/memstore"
	"github.com/certwright/certwright/internal/task"
)

// What is made with the authorities is all that a copy of their home needs.
func TestCopiesOfAHomeHaveTheKeyOfSecrets(t *testing.T) {
	o := officeOver(t, memstore.New())
	h, err := task.HostHierarchy("host", "ecdsa-p256", "ann")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := task.CreateHierarchy(t.Context(), o, h); err != nil {
		t.Fatal(err)
	}
	copied := officeOver(t, o.Store)
	if err := os.CopyFS(copied.Home.Keys(), os.DirFS(o.Home.Keys())); err != nil {
		t.Fatal(err)
	}
	var digests []string
	for _, office := range []*task.Office{copied, o} {
		d, err := office.Vault().Digest(t.Context(), "an order")
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, d)
	}
	if digests[0] != digests[1] {
		t.Error("two homes digest with different keys")
	}
}

// A home of before has the key once it is served.
func TestServingMakesTheKeyOfSecrets(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	s.close()
	if err := forget(t, s, "secrets-*.key"); err != nil {
		t.Fatal(err)
	}
	r, err := s.config.Office.Store.Record(t.Context(), "secret-key", "1")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.config.Office.Store.DeleteRecords(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	s.config.Office.Close()
	w.server(t)
	if made, _ := filepath.Glob(filepath.Join(w.home.Keys(), "secrets-*.key")); len(made) != 1 {
		t.Errorf("made: %v", made)
	}
}

// forget removes key files of a server's home.
func forget(t *testing.T, s *Server, pattern string) error {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.config.Office.Home.Keys(), pattern))
	if err != nil || len(files) != 1 {
		t.Fatalf("%s: %v, %v", pattern, files, err)
	}
	return os.Remove(files[0])
}

// A server that lacks a key of its records says so when it starts and as long as it
// does, and is ready again when the file is there.
func TestMissingKeysAreTold(t *testing.T) {
	for pattern, wantReady := range map[string]bool{"secrets-*.key": false, "root-*.key": true} {
		w := newWorld(t)
		s := w.server(t)
		s.close()
		files, _ := filepath.Glob(filepath.Join(w.home.Keys(), pattern))
		if len(files) != 1 {
			t.Fatalf("%s: %v", pattern, files)
		}
		name := filepath.Base(files[0])
		kept, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := forget(t, s, pattern); err != nil {
			t.Fatal(err)
		}
		s.config.Office.Close()
		s = w.server(t)
		if log := w.log.String(); strings.Count(log, `msg="this home lacks a key that the records name"`) != 1 || !strings.Contains(log, name) || !strings.Contains(log, "copy it") {
			t.Errorf("%s: the log of the start: %s", pattern, log)
		}
		run(t, s)
		c := client(t, w, s)
		told := func() (ready, ok bool) {
			t.Helper()
			_, body := get(t, c, s.Told().URL+"/readyz")
			var out struct {
				Ready  bool
				Checks []check
			}
			if err := json.Unmarshal([]byte(body), &out); err != nil {
				t.Fatal(err)
			}
			ok = true
			for _, c := range out.Checks {
				if c.Name == "keys" || c.Name == "secrets" {
					ok = ok && c.OK
				}
			}
			if strings.Contains(body, name) {
				t.Error("anyone is told the name of the file")
			}
			return out.Ready, ok
		}
		if ready, ok := told(); ready != wantReady || ok {
			t.Errorf("%s: ready: %t, the check: %t", pattern, ready, ok)
		}
		if err := os.WriteFile(files[0], kept, 0o600); err != nil {
			t.Fatal(err)
		}
		if ready, ok := told(); !ready || !ok {
			t.Errorf("%s: with the key: ready: %t, the check: %t", pattern, ready, ok)
		}
	}
}
