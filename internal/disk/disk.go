// Package disk does with files what each operating system does in its own way:
// locks between processes, and names that last.
package disk

import "os"

// Lock waits until this process has the lock of an open file, and other
// processes do without: it keeps out those who ask for it, and nobody from
// reading. It goes when the file is closed, or the process ends.
func Lock(f *os.File) error { return lock(f) }

// Unlock gives the lock back before the file is closed.
func Unlock(f *os.File) error { return unlock(f) }

// SyncFolder makes the names in a folder durable: those that files got before
// are there after a loss of power.
func SyncFolder(folder string) error { return syncFolder(folder) }

// Ended reports whether a process is known to have ended.
func Ended(process int) bool { return ended(process) }
