package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/certwright/certwright/authority"
)

// code is the database's code for what failed (PostgreSQL, Appendix A), empty
// where it is not the database's error.
func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// again reports whether a transaction lost a race and was taken back whole.
func again(err error) bool {
	switch code(err) {
	case "40001", "40P01", "55P03": // serialization_failure, deadlock_detected, lock_not_available
		return true
	}
	return false
}

// lost reports whether the connection is no more, or none can be had now.
func lost(err error) bool {
	switch c := code(err); c {
	case "":
		var connect *pgconn.ConnectError
		var network *net.OpError
		return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
			errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	case "57P01", "57P02", "57P03", "25P03", "53300": // shutdown, crash, starting, idle for too long, too many connections
		return true
	default:
		return strings.HasPrefix(c, "08")
	}
}

// cause is what went wrong first, which the driver tells at length.
func cause(err error) error {
	var said *pgconn.PgError
	var network *net.OpError
	var lookup *net.DNSError
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &said):
		return said
	case errors.As(err, &lookup):
		return fmt.Errorf("there is no host %s, or no name server says so", lookup.Name)
	case errors.As(err, &network):
		return network
	}
	return err
}

// Error is what the database could not do, in plain words.
type Error struct {
	Detail string
	Fix    string // what to do about it
	Err    error  // what the database or the network said

	away bool // another time it may work
}

// Is tells what is an authority.ErrAway or an authority.ErrFull.
func (e *Error) Is(target error) bool {
	return e.away && target == authority.ErrAway || code(e.Err) == diskFull && target == authority.ErrFull
}

// Error returns the cause.
func (e *Error) Error() string { return e.Detail + " (" + e.Err.Error() + ")" }

// Unwrap returns what the database or the network said.
func (e *Error) Unwrap() error { return e.Err }

const diskFull = "53100"

// plain is what codes, and classes of them, mean.
var plain = map[string]struct{ detail, fix string }{
	"28":     {"the database does not take this user or password", "check the URL, and the password in it, in PGPASSWORD or in ~/.pgpass"},
	"3D000":  {"there is no database of that name", "create it with createdb, or correct the URL"},
	"3F000":  {"there is no such schema, or the user may not use it", "create it, or correct search_path in the URL"},
	"42501":  {"the user may not do that in the database", "make it the owner of the tables, or let it create them in the schema"},
	"42P07":  {"the database holds other tables of the same names", "name an empty database, or another schema with ?search_path=NAME"},
	diskFull: {"the database's disk is full", "make room and try again"},
	"53300":  {"the database takes no more connections", "raise its max_connections, or try again"},
	"25006":  {"the database takes no changes, as a standby does", "name the primary in the URL"},
	"40":     {"other processes kept the database busy for too long", "try again"},
	"55P03":  {"other processes kept the database busy for too long", "try again"},
	"57P03":  {"the database is starting or stopping", "try again"},
	"57P":    {"the database was shut down", "start it and try again"},
	"08":     {"the connection to the database was lost", "try again"},
	"XX":     {"the database is damaged", "restore a backup of it"},
	"":       {"the database cannot be reached", "check that it runs, and its place in the URL"},
}

// explain says in plain words what the database means, and what to do.
func explain(err error) error {
	c := code(err)
	if err == nil || c == "" && !lost(err) {
		return err
	}
	said := &Error{Detail: "the database did not do as it was told", Err: cause(err), away: lost(err) || again(err)}
	for _, key := range []string{c, c[:min(3, len(c))], c[:min(2, len(c))]} {
		if known, found := plain[key]; found {
			said.Detail, said.Fix = known.detail, known.fix
			break
		}
	}
	return said
}

// notAsURL tells that a URL cannot be used, without a word of it: it may hold
// a password.
func notAsURL(err error) error {
	said := errors.New("it is not as PostgreSQL's own programs take it")
	var file *fs.PathError
	if errors.As(err, &file) {
		said = file
	}
	return &Error{Detail: "the URL of the database cannot be used", Fix: "write postgres://USER@HOST/NAME?sslmode=verify-full", Err: said}
}
