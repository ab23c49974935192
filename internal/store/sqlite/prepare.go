package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"

	"github.com/certwright/certwright/internal/disk"
)

//go:embed migrations/*.sql
var migrations embed.FS

// prepare creates the file or brings it up to date, one process at a time:
// the engine itself cannot change to write-ahead logging while others try the
// same.
func prepare(ctx context.Context, path string, lock *fileLock) error {
	lock.Lock()
	defer lock.Unlock()
	if lock.err != nil {
		return fmt.Errorf("locking %s: %w", lock.path, lock.err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", dataSource(path, "journal_mode(WAL)"))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	if err := errors.Join(migrate(ctx, db), db.Close()); err != nil {
		return err
	}
	return disk.SyncFolder(filepath.Dir(path))
}

func migrate(ctx context.Context, db *sql.DB) error {
	ready, err := examine(ctx, db)
	if ready || err != nil {
		return err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("bringing the tables up to date: %w", err)
	}
	if ready, err = examine(ctx, db); err == nil && !ready {
		err = errors.New("the tables are not of the version they should be; restore a backup")
	}
	return err
}
