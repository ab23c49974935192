package config

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/certwright/certwright/internal/disk"
)

// Lock keeps other processes from making authorities in this home until the
// returned function is called.
func (h Home) Lock() (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(h.Folder, ".lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the home: %w", err)
	}
	if err := disk.Lock(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("locking the home: %w", err)
	}
	return func() { f.Close() }, nil
}
