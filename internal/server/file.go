package server

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// replace writes a file under another name, and gives it its name when it is
// whole and on disk. One that is there as it should be stays: it needs no room.
func replace(name string, data []byte, mode fs.FileMode) error {
	if as, err := os.Stat(name); err == nil && as.Mode() == mode {
		if before, err := os.ReadFile(name); err == nil && bytes.Equal(before, data) {
			return nil
		}
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	defer os.Remove(f.Name())
	if _, err = f.Write(data); err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}
