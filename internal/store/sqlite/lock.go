package sqlite

import (
	"os"
	"sync"

	"github.com/certwright/certwright/internal/disk"
)

// fileLock is a lock between processes. It puts writers in line without
// polling; the engine's own locks are what protects the file, so that a file
// system without such locks costs only patience.
type fileLock struct {
	path string
	mu   sync.Mutex
	file *os.File
	err  error // why the last Lock is not one
}

// Lock waits for the lock.
func (l *fileLock) Lock() {
	l.mu.Lock()
	if l.file == nil {
		if l.file, l.err = os.OpenFile(l.path, os.O_RDWR|os.O_CREATE, 0o600); l.err != nil {
			l.file = nil
			return
		}
	}
	l.err = disk.Lock(l.file)
}

// Unlock gives the lock back. A process that ends gives it back too.
func (l *fileLock) Unlock() {
	if l.file != nil {
		_ = disk.Unlock(l.file)
	}
	l.mu.Unlock()
}
