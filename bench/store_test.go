package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/bench/issues"
	"github.com/certwright/certwright/internal/store/postgres"
	"github.com/certwright/certwright/internal/store/postgrestest"
	"github.com/certwright/certwright/internal/store/sqlite"
)

// preloaded is how many certificates are in the store before the clock
// starts; STORE_ROWS sets it, to 1000000 for the figure of the README.
func preloaded(b *testing.B) int {
	text := os.Getenv("STORE_ROWS")
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatalf("STORE_ROWS=%s is not a number", text)
	}
	return n
}

// openStore opens a new store, or the file STORE_PATH, and fills it up to the
// rows wanted.
func openStore(b *testing.B) *sqlite.Store {
	path := os.Getenv("STORE_PATH")
	if path == "" {
		path = filepath.Join(b.TempDir(), "store.db")
	}
	s, err := sqlite.Open(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	if err := issues.Fill(b.Context(), s, int64(preloaded(b))); err != nil {
		b.Fatal(err)
	}
	return s
}

func commit(b *testing.B, s authority.Store, changes ...*authority.Change) {
	errs, err := s.Commit(context.Background(), changes...)
	if err == nil {
		err = errors.Join(errs...)
	}
	if err != nil {
		b.Error(err)
	}
}

func processorTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkStoreIssue commits issues, durably, from 1, 32 and 256 callers.
func BenchmarkStoreIssue(b *testing.B) {
	benchmarkIssue(b, func(b *testing.B) authority.Store { return openStore(b) })
}

// BenchmarkPostgresIssue does the same over a PostgreSQL server on this machine.
func BenchmarkPostgresIssue(b *testing.B) {
	server, err := postgrestest.Start("fsync=on")
	if err != nil {
		b.Fatal(err)
	}
	defer server.Stop()
	benchmarkIssue(b, func(b *testing.B) authority.Store {
		url, err := server.Database(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		s, err := postgres.Open(b.Context(), url)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { s.Close() })
		return s
	})
}

func benchmarkIssue(b *testing.B, open func(b *testing.B) authority.Store) {
	for _, callers := range []int{1, 32, 256} {
		b.Run(fmt.Sprint("callers=", callers), func(b *testing.B) {
			s := open(b)
			var group sync.WaitGroup
			before := processorTime()
			b.ResetTimer()
			for caller := range callers {
				group.Go(func() {
					for i := caller; i < b.N; i += callers {
						commit(b, s, issues.Made())
					}
				})
			}
			group.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "certificates/s")
			b.ReportMetric(float64((processorTime()-before).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

// BenchmarkStoreOpen opens and closes a store that exists.
func BenchmarkStoreOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "store.db")
	for b.Loop() {
		s, err := sqlite.Open(b.Context(), path)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.CAs(b.Context()); err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}
