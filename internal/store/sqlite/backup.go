package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/certwright/certwright/internal/disk"
)

// ErrInTheWay is what Backup and Restore do not write over.
var ErrInTheWay = errors.New("there is a file already; move it away, or use --force to replace it")

// Backup writes a copy of the store, of one moment, while it is in use. It
// appears at path when it is whole and durable. A file in the way is
// ErrInTheWay.
func (s *Store) Backup(ctx context.Context, path string) error {
	err := absent(path)
	if err == nil {
		err = s.backup(ctx, path)
	}
	if err != nil {
		return fmt.Errorf("backing up the store to %s: %w", path, err)
	}
	return nil
}

func (s *Store) backup(ctx context.Context, path string) error {
	temporary, err := emptyBeside(path)
	if err != nil {
		return err
	}
	defer os.Remove(temporary)
	db, err := sql.Open("sqlite", dataSource(s.path))
	if err != nil {
		return err
	}
	// The engine takes an empty file for a new database.
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", temporary)
	if err := errors.Join(explain(err), db.Close()); err != nil {
		return err
	}
	return settle(temporary, path)
}

// Check examines the whole file, and returns ErrDamaged with the first faults
// if there are any.
func (s *Store) Check(ctx context.Context) error {
	if err := integrity(ctx, s.read); err != nil {
		return fmt.Errorf("checking the store %s: %w", s.path, err)
	}
	return nil
}

func integrity(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, "PRAGMA integrity_check(10)")
	if err != nil {
		return explain(err)
	}
	defer rows.Close()
	var faults []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		if line != "ok" {
			faults = append(faults, line)
		}
	}
	if err := rows.Err(); err != nil {
		return explain(err)
	}
	if len(faults) > 0 {
		return fmt.Errorf("%w: %s", ErrDamaged, strings.Join(faults, "; "))
	}
	return nil
}

// Restore puts a backup in the place of the store at path, which no process
// may have open, after examining the copy it made. A store that is there
// already is ErrInTheWay, unless force.
func Restore(ctx context.Context, backup, path string, force bool) error {
	err := absent(path)
	if err == nil || force && errors.Is(err, ErrInTheWay) {
		err = restore(ctx, backup, path)
	}
	if err != nil {
		return fmt.Errorf("restoring the store %s from %s: %w", path, backup, err)
	}
	return nil
}

func restore(ctx context.Context, backup, path string) error {
	temporary, err := emptyBeside(path)
	if err != nil {
		return err
	}
	defer os.Remove(temporary)
	if err := copyFile(backup, temporary); err != nil {
		return err
	}
	if err := examineCopy(ctx, temporary); err != nil {
		return err
	}
	lock := &fileLock{path: path + ".lock"}
	lock.Lock()
	defer lock.Unlock()
	// What the engine left beside the old file would be taken for the new
	// one's.
	for _, beside := range []string{path + "-wal", path + "-shm"} {
		if err := os.Remove(beside); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return settle(temporary, path)
}

// examineCopy checks that a file is a whole store that this program can use.
func examineCopy(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", dataSource(path, "query_only(1)"))
	if err != nil {
		return err
	}
	defer db.Close()
	version, err := versionOf(ctx, db)
	if err == nil && version == 0 {
		err = errNotOurs
	}
	if err != nil {
		return err
	}
	return integrity(ctx, db)
}

func absent(path string) error {
	_, err := os.Lstat(path)
	switch {
	case err == nil:
		return ErrInTheWay
	case errors.Is(err, os.ErrNotExist):
		return nil
	}
	return err
}

// emptyBeside makes an empty file in the folder of path that only its owner
// may read.
func emptyBeside(path string) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return "", err
	}
	return f.Name(), f.Close()
}

// settle makes a file durable and gives it its name.
func settle(temporary, path string) error {
	f, err := os.OpenFile(temporary, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	return disk.SyncFolder(filepath.Dir(path))
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}
