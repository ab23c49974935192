package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/store/postgres"
)

const (
	processes  = 4
	each       = 60
	urlName    = "CERTWRIGHT_TEST_URL" // the test binary is one of the processes
	numberName = "CERTWRIGHT_TEST_NUMBER"
)

// write opens the store, which the others create at the same moment, and
// commits; some changes compete with those of the others.
func write(url, number string) error {
	n, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	s, err := postgres.Open(context.Background(), url)
	if err != nil {
		return err
	}
	var group sync.WaitGroup
	errs := make([]error, 4)
	for caller := range errs {
		group.Go(func() {
			for i := caller; i < each; i += len(errs) {
				if errs[caller] = writeOne(s, n, i); errs[caller] != nil {
					return
				}
			}
		})
	}
	group.Wait()
	return errors.Join(append(errs, s.Close())...)
}

// writeOne writes what only this process does, then tries what every process
// does, and raises a counter that all of them raise.
func writeOne(s *postgres.Store, n, i int) error {
	ctx := context.Background()
	result, err := s.Commit(ctx, change(1000*n+i), change(i))
	if err == nil {
		err = result[0]
	}
	if err == nil && result[1] != nil && !errors.Is(result[1], authority.ErrExists) {
		err = result[1]
	}
	for err == nil {
		counter, e := s.Record(ctx, "counter", "shared")
		if errors.Is(e, authority.ErrNotFound) {
			counter, e = &authority.Record{Kind: "counter", ID: "shared", Body: []byte("0")}, nil
		}
		if e != nil {
			return e
		}
		value, e := strconv.Atoi(string(counter.Body))
		if e != nil {
			return e
		}
		counter.Body = []byte(strconv.Itoa(value + 1))
		if err = s.PutRecords(ctx, counter); err == nil {
			return nil
		}
		if errors.Is(err, authority.ErrConflict) {
			err = nil
		}
	}
	return fmt.Errorf("commit %d: %w", i, err)
}

func change(n int) *authority.Change {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return &authority.Change{
		AddCertificate: &authority.Certificate{CA: "ca", Serial: []byte{1, byte(n >> 8), byte(n)}, DER: []byte("der"), Fingerprint: []byte{1}, Status: "valid", NotAfter: at},
		Events:         []*authority.Event{{At: at, Actor: "test", Action: "test", Object: strconv.Itoa(n)}},
	}
}

// TestProcesses has several processes create the tables at once and write to
// them: nothing is lost, nothing is written twice, and the audit chain of all
// is one.
func TestProcesses(t *testing.T) {
	program, err := os.Executable()
	check(t, err)
	url := database(t)
	var group sync.WaitGroup
	for n := range processes {
		group.Go(func() {
			cmd := exec.Command(program)
			cmd.Env = append(os.Environ(), urlName+"="+url, fmt.Sprintf("%s=%d", numberName, n+1))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("process %d: %v: %s", n+1, err, out)
			}
		})
	}
	group.Wait()
	s := open(t, url)
	wholeChain(t, s, processes*each+each)
	certificates := 0
	for _, err := range s.Certificates(t.Context(), authority.Query{}) {
		check(t, err)
		certificates++
	}
	if certificates != processes*each+each {
		t.Errorf("%d certificates", certificates)
	}
	counter, err := s.Record(t.Context(), "counter", "shared")
	check(t, err)
	if string(counter.Body) != strconv.Itoa(processes*each) || counter.Revision != processes*each {
		t.Errorf("the counter is at %s in revision %d", counter.Body, counter.Revision)
	}
}

func wholeChain(t *testing.T, s authority.Store, want int) {
	t.Helper()
	count, previous := 0, make([]byte, 32)
	for e, err := range s.Events(t.Context(), 1) {
		check(t, err)
		count++
		if e.Seq != int64(count) || !bytes.Equal(e.Previous, previous) || !bytes.Equal(e.Hash, authority.EventHash(e)) {
			t.Fatalf("event %d does not continue the chain", e.Seq)
		}
		previous = e.Hash
	}
	if count != want {
		t.Errorf("%d events, want %d", count, want)
	}
}
