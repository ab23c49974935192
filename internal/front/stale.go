package front

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/certwright/certwright/internal/disk"
)

// RemoveStale removes from a folder the unfinished files of processes that are
// no more: what createTemp made and a kill left behind.
func RemoveStale(folder string) error {
	if folder == "" {
		folder = "."
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	unfinished := regexp.MustCompile(`^\..+\.([0-9]+)(-[0-9]+)?\.tmp$`)
	for _, e := range entries {
		m := unfinished.FindStringSubmatch(e.Name())
		if m == nil || !e.Type().IsRegular() {
			continue
		}
		if pid, err := strconv.Atoi(m[1]); err != nil || !disk.Ended(pid) {
			continue
		}
		if err := os.Remove(filepath.Join(folder, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
