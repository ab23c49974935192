package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/certwright/certwright/internal/store/sqlstore"
)

// versions is the table that says which migrations were carried out.
const versions = "certwright_version"

//go:embed migrations/*.sql
var migrations embed.FS

// prepare looks whether a database can be used, brings its tables up to date,
// and says how to speak to it.
func prepare(ctx context.Context, db *sql.DB) (sqlstore.Dialect, error) {
	var encoding string
	var durable sql.NullString
	if err := db.QueryRowContext(ctx, "SELECT current_setting('server_encoding'), current_setting('synchronous_commit', true)").Scan(&encoding, &durable); err != nil {
		return sqlstore.Dialect{}, err
	}
	if encoding != "UTF8" {
		return sqlstore.Dialect{}, fmt.Errorf("its encoding is %s; create it anew with `createdb --encoding UTF8 --template template0`", encoding)
	}
	if err := migrate(ctx, db); err != nil {
		return sqlstore.Dialect{}, err
	}
	if durable.String == "off" {
		return dialect(begin + "; SET LOCAL synchronous_commit = on"), nil
	}
	return dialect(begin), nil
}

// migrate brings the tables up to date, one process at a time.
func migrate(ctx context.Context, db *sql.DB) error {
	if version, err := versionOf(ctx, db); err != nil || version == schemaVersion {
		return err
	}
	release, err := queue(ctx, db)
	if err != nil {
		return fmt.Errorf("waiting for other processes: %w", err)
	}
	defer release()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithTableName(versions), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("bringing the tables up to date: %w", err)
	}
	version, err := versionOf(ctx, db)
	if err == nil && version != schemaVersion {
		err = errors.New("the tables are not of the version they should be; restore a backup")
	}
	return err
}

// versionOf returns the version of the tables, 0 where there are none.
func versionOf(ctx context.Context, db *sql.DB) (version int, err error) {
	err = db.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM "+versions+" WHERE is_applied").Scan(&version)
	switch {
	case code(err) == "42P01":
		return 0, nil
	case err != nil:
		return 0, err
	case version > schemaVersion:
		return 0, fmt.Errorf("it was written by a newer Certwright (version %d of its tables, this program knows %d); use that one", version, schemaVersion)
	}
	return version, nil
}

// queue waits until no other process is changing the tables. A row is locked
// for it: that works wherever PostgreSQL is spoken, and ends with the process.
func queue(ctx context.Context, db *sql.DB) (release func(), err error) {
	// Processes that create the same table at once may get in each other's way.
	for range attempts {
		if _, err = db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS certwright_migrating (id BIGINT PRIMARY KEY)"); err == nil {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, "INSERT INTO certwright_migrating (id) VALUES (1) ON CONFLICT (id) DO NOTHING"); err != nil {
		return nil, err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, "SELECT id FROM certwright_migrating WHERE id = 1 FOR UPDATE"); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return func() { _ = tx.Rollback() }, nil
}

const attempts = 5 // at creating one table
