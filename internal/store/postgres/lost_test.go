package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/store/postgres"
)

func commit(ctx context.Context, s authority.Store, n int) error {
	result, err := s.Commit(ctx, change(n))
	return errors.Join(append(result, err)...)
}

// TestConnectionsEnd has the database end every connection, again and again,
// while changes are written and read. Who is told that a change is stored
// finds it; one that may be stored or not is told so.
func TestConnectionsEnd(t *testing.T) {
	s := open(t, database(t)+"&application_name=ended")
	const writers, each = 4, 60
	var group sync.WaitGroup
	var mu sync.Mutex
	stored := map[int]bool{}
	for writer := range writers {
		group.Go(func() {
			for i := range each {
				n := 1000*writer + i
				err := commit(t.Context(), s, n)
				uncertain := err != nil && errors.Is(err, authority.ErrUncertain)
				if err != nil && !uncertain {
					t.Errorf("commit %d: %v", n, err)
				}
				mu.Lock()
				stored[n] = err == nil
				mu.Unlock()
				if i%10 != 0 {
					continue
				}
				if err := server.Do(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ended'"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	certain := 0
	for n, told := range stored {
		_, err := s.Certificate(t.Context(), "ca", change(n).AddCertificate.Serial)
		if told && err != nil {
			t.Errorf("certificate %d was told to be stored: %v", n, err)
		}
		if told {
			certain++
		}
	}
	if certain < writers*each/2 {
		t.Errorf("only %d changes of %d were stored", certain, writers*each)
	}
	seq, _, err := s.Head(t.Context())
	check(t, err)
	wholeChain(t, s, int(seq))
}

// TestRestart has the database away for a while: a change that is asked for
// meanwhile waits for it, a question is told.
func TestRestart(t *testing.T) {
	s := open(t, database(t))
	check(t, commit(t.Context(), s, 1))
	check(t, server.Halt())
	var told *postgres.Error
	if _, err := s.CA(t.Context(), "x"); !errors.As(err, &told) || told.Detail != "the database cannot be reached" {
		t.Errorf("got %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- commit(t.Context(), s, 2) }()
	check(t, server.Run())
	check(t, <-done)
	check(t, commit(t.Context(), s, 3))
	wholeChain(t, s, 3)
}
