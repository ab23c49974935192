package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrDamaged is a database that is not whole.
var ErrDamaged = errors.New("the database is damaged; restore a backup")

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
		return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) ||
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
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &said):
		return said
	case errors.As(err, &network):
		return network
	}
	return err
}

// plain is what codes, and classes of them, mean.
var plain = map[string]string{
	"28":    "the database does not take this user or password; check the URL",
	"3D000": "there is no database of that name; create it with `createdb`, or correct the URL",
	"3F000": "the schema is not there; create it, or correct search_path in the URL",
	"42501": "the user may not do that in the database; it must own the tables, or be allowed to create them in the schema",
	"42P07": "the database holds other tables of the same names; name an empty database, or another schema: ?search_path=NAME",
	"53100": "the database's disk is full; make room and try again",
	"53300": "the database takes no more connections; raise its max_connections, or try again",
	"25006": "the database takes no changes, as a standby does; name the primary in the URL",
	"40":    "other processes kept the database busy for too long; try again",
	"55P03": "other processes kept the database busy for too long; try again",
	"57P03": "the database is starting or stopping; try again",
	"57P":   "the database was shut down; start it and try again",
	"08":    "the connection to the database was lost; try again",
	"XX":    "the database is damaged; restore a backup",
}

// explain says in plain words what the database means, and what to do.
func explain(err error) error {
	c := code(err)
	switch {
	case err == nil || c == "" && !lost(err):
		return err
	case c == "":
		return fmt.Errorf("the database cannot be reached; check that it runs, and its place in the URL (%w)", cause(err))
	}
	err = cause(err)
	for _, key := range []string{c, c[:3], c[:2]} {
		if said := plain[key]; said != "" {
			return fmt.Errorf("%s (%w)", said, err)
		}
	}
	return fmt.Errorf("the database did not do as it was told (%w)", err)
}
