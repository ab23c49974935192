//go:build !linux

package front

import "github.com/certwright/certwright/internal/disk"

// SyncFileSystem makes the names in a folder durable; there is no call that
// syncs the content of many files at once here.
func SyncFileSystem(folder string) error { return disk.SyncFolder(folder) }

func renameNew(temp, name string) error { return linkNew(temp, name) }
