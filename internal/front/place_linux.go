package front

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// SyncFileSystem makes everything written in the file system of a folder
// durable, at the price of one sync.
func SyncFileSystem(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Syncfs(int(f.Fd()))
}

// renameNew is a rename that fails where the name is taken.
func renameNew(temp, name string) error {
	err := unix.Renameat2(unix.AT_FDCWD, temp, unix.AT_FDCWD, name, unix.RENAME_NOREPLACE)
	switch {
	case errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS):
		return linkNew(temp, name)
	case err != nil:
		return &os.LinkError{Op: "rename", Old: temp, New: name, Err: err}
	}
	return nil
}
