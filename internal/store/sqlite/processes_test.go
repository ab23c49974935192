package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/store/sqlite"
)

const (
	processes = 8
	each      = 40
	roleName  = "CERTWRIGHT_TEST_STORE" // path and number: the test binary is one of the processes
)

func TestMain(m *testing.M) {
	if path, number, found := bytes.Cut([]byte(os.Getenv(roleName)), []byte("|")); found {
		if err := write(string(path), string(number)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// write opens the store, which the others create at the same moment, and
// commits; some changes compete with those of the others.
func write(path, number string) error {
	n, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	s, err := sqlite.Open(context.Background(), path)
	if err != nil {
		return err
	}
	var group sync.WaitGroup
	errs := make([]error, 4)
	for caller := range errs {
		group.Go(func() {
			for i := caller; i < each; i += len(errs) {
				result, err := s.Commit(context.Background(), change(1000*n+i), change(i))
				if err == nil {
					err = result[0]
				}
				if err == nil && result[1] != nil && !errors.Is(result[1], authority.ErrExists) {
					err = result[1]
				}
				if err != nil {
					errs[caller] = fmt.Errorf("commit %d: %w", i, err)
					return
				}
			}
		})
	}
	group.Wait()
	return errors.Join(append(errs, s.Close())...)
}

func change(n int) *authority.Change {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return &authority.Change{
		AddCertificate: &authority.Certificate{CA: "ca", Serial: []byte{1, byte(n >> 8), byte(n)}, DER: []byte("der"), Fingerprint: []byte{1}, Status: "valid", NotAfter: at},
		Events:         []*authority.Event{{At: at, Actor: "test", Action: "test", Object: strconv.Itoa(n)}},
	}
}

// TestProcesses has several processes create one store at once and write to
// it: nothing is lost, nothing is written twice, and no lock shows.
func TestProcesses(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "store.db")
	var group sync.WaitGroup
	for n := range processes {
		group.Go(func() {
			cmd := exec.Command(program)
			cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s|%d", roleName, path, n+1))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("process %d: %v: %s", n+1, err, out)
			}
		})
	}
	group.Wait()
	s := open(t, path)
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	count, previous := 0, make([]byte, 32)
	for e, err := range s.Events(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		count++
		if e.Seq != int64(count) || !bytes.Equal(e.Previous, previous) || !bytes.Equal(e.Hash, authority.EventHash(e)) {
			t.Fatalf("event %d does not continue the chain", e.Seq)
		}
		previous = e.Hash
	}
	certificates := 0
	for _, err := range s.Certificates(t.Context(), authority.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		certificates++
	}
	if want := processes*each + each; count != want || certificates != want {
		t.Errorf("%d events and %d certificates, want %d", count, certificates, want)
	}
}
