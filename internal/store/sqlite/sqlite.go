// Package sqlite keeps an authority's records in one SQLite file, which
// several processes may use at once.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	_ "modernc.org/sqlite" // the driver
	codes "modernc.org/sqlite/lib"

	"github.com/certwright/certwright/internal/store/sqlstore"
	"github.com/certwright/certwright/internal/store/walfile"
)

const (
	schemaVersion = 5 // of the newest migration; each sets PRAGMA user_version
	// Before 3.51.3, a checkpoint at the wrong moment could damage the file.
	oldestEngine = "3.51.3"
	readers      = 4 // connections that read
)

// Store is an authority.Store in one file.
type Store struct {
	*sqlstore.Store
	path string
	read *sql.DB
}

// Open opens the file at path; one that does not exist is created, and one of
// an earlier version brought up to date. Commits are durable when they return.
func Open(ctx context.Context, path string) (*Store, error) { return openParted(ctx, path, 0) }

// openParted opens a file whose parts have so many ids, 0 for as many as usual.
func openParted(ctx context.Context, path string, partSize int64) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("opening the store %s: %w", path, err)
	}
	s := &Store{path: path}
	if err := s.open(ctx, partSize); err != nil {
		return nil, fmt.Errorf("opening the store %s: %w", path, err)
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, partSize int64) error {
	lock := &fileLock{path: s.path + ".lock"}
	if _, err := os.Stat(s.path); errors.Is(err, os.ErrNotExist) {
		if err := prepare(ctx, s.path, lock); err != nil {
			return err
		}
	}
	read, err := sql.Open("sqlite", dataSource(s.path, "query_only(1)", "cache_size(-2048)"))
	if err != nil {
		return err
	}
	ready, err := examine(ctx, read)
	if err == nil && !ready {
		err = prepare(ctx, s.path, lock)
	}
	if err != nil {
		return errors.Join(err, read.Close())
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	write, err := openWriter(s.path)
	if err != nil {
		return errors.Join(err, read.Close())
	}
	s.read = read
	s.Store = sqlstore.New(sqlstore.Config{Read: read, Write: write, Dialect: dialect(), Lock: lock, PartSize: partSize})
	return nil
}

func openWriter(path string) (*sql.DB, error) {
	source := dataSource(path, "cache_size(-8192)", "wal_autocheckpoint(8000)", "journal_size_limit(268435456)")
	way, err := walfile.Register()
	if err != nil {
		return nil, err
	}
	if way != "" {
		source += "&vfs=" + way
	}
	db, err := sql.Open("sqlite", source)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

func dialect() sqlstore.Dialect {
	return sqlstore.Dialect{
		Begin:       "BEGIN IMMEDIATE",
		Direct:      true,
		InsertMany:  "INSERT OR FAIL", // keeps no copy of pages to take back half a statement
		Placeholder: func(int) string { return "?" },
		Position:    "instr",
		Explain:     explain,
		Again:       func(err error) bool { c := code(err) & 0xff; return c == codes.SQLITE_BUSY || c == codes.SQLITE_LOCKED },
		Taken: func(err error) bool {
			c := code(err)
			return c == codes.SQLITE_CONSTRAINT_UNIQUE || c == codes.SQLITE_CONSTRAINT_PRIMARYKEY
		},
	}
}

// dataSource names the file and the settings of every connection to it.
func dataSource(path string, pragmas ...string) string {
	q := url.Values{"_pragma": append([]string{"busy_timeout(30000)", "synchronous(FULL)", "temp_store(MEMORY)"}, pragmas...)}
	u := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(path), RawQuery: q.Encode()}
	return u.String()
}

// examine reports whether the file can be used as it is.
func examine(ctx context.Context, db *sql.DB) (ready bool, err error) {
	version, err := versionOf(ctx, db)
	if err != nil {
		return false, err
	}
	var journal string
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&journal); err != nil {
		return false, explain(err)
	}
	return version == schemaVersion && journal == "wal", nil
}

// versionOf returns the version of the tables, 0 where there are none.
func versionOf(ctx context.Context, db *sql.DB) (version int, err error) {
	var engine string
	err = db.QueryRowContext(ctx, "SELECT sqlite_version(), user_version FROM pragma_user_version").Scan(&engine, &version)
	switch {
	case err != nil:
		return 0, explain(err)
	case older(engine, oldestEngine):
		return 0, fmt.Errorf("SQLite %s can damage files; this program must be built with %s or later", engine, oldestEngine)
	case version > schemaVersion:
		return 0, fmt.Errorf("it was written by a newer Certwright (version %d of its tables, this program knows %d); use that one", version, schemaVersion)
	}
	return version, nil
}

// older compares version numbers of the form 3.51.3.
func older(a, b string) bool {
	left, right := strings.Split(a, "."), strings.Split(b, ".")
	for i := range right {
		if i >= len(left) {
			return true
		}
		x, _ := strconv.Atoi(left[i])
		y, _ := strconv.Atoi(right[i])
		if x != y {
			return x < y
		}
	}
	return false
}
