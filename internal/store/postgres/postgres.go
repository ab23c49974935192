// Package postgres keeps an authority's records in a PostgreSQL database,
// which several processes on several machines may share.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/certwright/certwright/internal/store/sqlstore"
)

const (
	schemaVersion = 5 // of the newest migration
	readers       = 8 // connections that read
)

// begin starts a transaction in which no other can end up in between: each
// reads the head first, and waits for whoever has it. One that waits or
// idles for too long is given up by the database, so that a process that
// stands still does not keep the others from writing for good.
const begin = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '20s'; SET LOCAL idle_in_transaction_session_timeout = '30s'"

// Store is an authority.Store in a database.
type Store struct {
	*sqlstore.Store
	read *sql.DB
}

// IsURL reports whether a text names a database of this kind. Capitals do not
// matter (RFC 3986, Section 3.1).
func IsURL(text string) bool {
	scheme, _, found := strings.Cut(text, "://")
	return found && (strings.EqualFold(scheme, "postgres") || strings.EqualFold(scheme, "postgresql"))
}

// Open opens the database that a URL of the form
// postgres://USER:PASSWORD@HOST:PORT/NAME?sslmode=verify-full names, as libpq
// understands it: what it leaves out is taken from PGUSER, PGPASSWORD and
// their kin. Tables that are not there are created in the first schema of the
// search path, those of an earlier version brought up to date. Commits are
// durable when they return.
func Open(ctx context.Context, database string) (*Store, error) { return openParted(ctx, database, 0) }

// openParted opens a database whose parts have so many ids, 0 for as many as
// usual.
func openParted(ctx context.Context, database string, partSize int64) (*Store, error) {
	if !IsURL(database) {
		return nil, notAsURL(nil)
	}
	_, rest, _ := strings.Cut(database, "://")
	config, err := pgx.ParseConfig("postgres://" + rest)
	if err != nil {
		return nil, notAsURL(err)
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "certwright"
	}
	s, err := open(ctx, config, partSize)
	if err != nil {
		return nil, fmt.Errorf("opening the database %s: %w", place(config), explain(err))
	}
	return s, nil
}

// place says where a database is, without what is secret.
func place(c *pgx.ConnConfig) string {
	return fmt.Sprintf("%q at %s:%d", c.Database, c.Host, c.Port)
}

func open(ctx context.Context, config *pgx.ConnConfig, partSize int64) (*Store, error) {
	read := stdlib.OpenDB(*config)
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	read.SetConnMaxIdleTime(5 * time.Minute)
	dialect, err := prepare(ctx, read)
	if err != nil {
		return nil, errors.Join(err, read.Close())
	}
	write := stdlib.OpenDB(*config)
	write.SetMaxOpenConns(1)
	return &Store{
		Store: sqlstore.New(sqlstore.Config{Read: read, Write: write, Dialect: dialect, Lock: noLock{}, PartSize: partSize}),
		read:  read,
	}, nil
}

// noLock locks nothing: the row of the head keeps writers in line.
type noLock struct{}

var _ sync.Locker = noLock{}

func (noLock) Lock()   {}
func (noLock) Unlock() {}
