//go:build unix

package opensslca

import (
	"errors"
	"os"
	"syscall"
)

// lock waits for a lock on an open file.
func lock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
