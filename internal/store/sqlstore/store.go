// Package sqlstore keeps an authority's records in a SQL database: the
// statements, once for every engine, and the writer that carries the changes
// of concurrent callers in one transaction.
package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/certwright/certwright/authority"
)

// Dialect is what engines do differently.
type Dialect struct {
	Begin       string                // starts a transaction that may write
	Script      bool                  // Begin is several statements, so that it cannot be prepared
	Direct      bool                  // the driver prepares and carries out the writer's statements itself (driver.ConnPrepareContext, driver.StmtExecContext)
	Lock        string                // ends a SELECT whose row the transaction is going to change
	InsertMany  string                // in place of INSERT where one statement inserts several rows: what it inserted before one that is refused may stay, as the writer takes it back; "" for INSERT
	Placeholder func(n int) string    // the nth argument, from 1, where arguments are in order
	Position    string                // the function of (text, part) that is above 0 where part is in text
	Text        func(string) string   // what can be stored of a text; nil where any can
	Send        Sender                // several statements in one go; nil where each is as quick alone
	Again       func(err error) bool  // the transaction lost a race and may be tried again
	Lost        func(err error) bool  // the connection is no more, or none can be had now; nil where that cannot be
	Taken       func(err error) bool  // a unique constraint does not hold
	Explain     func(err error) error // an error of the engine in plain words, others as they are
}

// Sender carries out statements in order over a connection, and returns how
// many it did and what the next one met.
type Sender func(conn *sql.Conn, list []Statement) (done int, err error)

// Statement is one with its arguments.
type Statement struct {
	Text string
	Args []any
}

// Config is what a Store is made from.
type Config struct {
	Write   *sql.DB // one connection of it is used
	Read    *sql.DB
	Dialect Dialect
	Lock    sync.Locker // held through each writing transaction; keeps processes in line

	PartSize int64 // ids of a part, a power of two, the same for all processes; 0 for partSize
}

// Store is an authority.Store over a database whose tables are there already.
type Store struct {
	config  Config
	mu      sync.RWMutex // held for reading while a job is handed over
	closed  bool
	jobs    chan *job
	stopped chan struct{}

	preparing sync.Mutex
	prepared  map[string]*sql.Stmt // queries, by their text

	known  atomic.Pointer[filters]
	sought atomic.Int64 // hashes that filters might have been of use for
}

var (
	_         authority.Store = (*Store)(nil)
	errClosed                 = errors.New("the store is closed")
)

// New starts a store's writer. Close closes both databases.
func New(c Config) *Store {
	c.PartSize = cmp.Or(c.PartSize, partSize)
	s := &Store{config: c, jobs: make(chan *job, queued), stopped: make(chan struct{}), prepared: map[string]*sql.Stmt{}}
	go s.write()
	return s
}

// Close waits for the changes that were handed over, and closes the databases.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.jobs)
	s.mu.Unlock()
	<-s.stopped
	// The writer last: the engine tidies up when its last connection ends,
	// which one for reading may not be able to.
	if err := errors.Join(s.config.Read.Close(), s.config.Write.Close()); err != nil {
		return fmt.Errorf("closing the store: %w", err)
	}
	return nil
}

// Commit hands the changes to the writer and waits until they are durable.
func (s *Store) Commit(ctx context.Context, changes ...*authority.Change) ([]error, error) {
	j := &job{ctx: ctx, changes: changes, errs: make([]error, len(changes)), done: make(chan struct{})}
	s.mu.RLock()
	if s.closed {
		s.mu.RUnlock()
		return nil, errClosed
	}
	select {
	case s.jobs <- j:
	case <-ctx.Done():
		s.mu.RUnlock()
		return nil, ctx.Err()
	}
	s.mu.RUnlock()
	<-j.done
	if j.err != nil {
		return nil, j.err
	}
	for i, c := range changes {
		if j.errs[i] == nil {
			c.Stored()
		}
	}
	return j.errs, nil
}
