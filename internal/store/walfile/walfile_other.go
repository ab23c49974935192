//go:build !linux

// Package walfile has SQLite write the frames of a transaction to its
// write-ahead log in one go, and not each page and each header alone.
package walfile

// Register returns the name of the way to files, which here is none but the
// engine's own.
func Register() (string, error) { return "", nil }
