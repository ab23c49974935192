package front

import (
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
