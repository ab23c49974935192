//go:build !linux

package front

// SyncFileSystem makes the names in a folder durable; there is no call that
// syncs the content of many files at once here.
func SyncFileSystem(folder string) error { return SyncFolder(folder) }

func renameNew(temp, name string) error { return linkNew(temp, name) }
