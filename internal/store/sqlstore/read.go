package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/certwright/certwright/authority"
)

// known turns a missing row into the Store's own error for that.
func known[T any](record T, err error) (T, error) {
	if errors.Is(err, sql.ErrNoRows) {
		var zero T
		return zero, authority.ErrNotFound
	}
	return record, err
}

// arguments collects the arguments of a query while its text is written.
type arguments struct {
	config *Config
	values []any
}

func (a *arguments) add(value any) string {
	a.values = append(a.values, value)
	a.config.Dialect.makeStorable(a.values[len(a.values)-1:])
	return a.config.Dialect.Placeholder(len(a.values))
}

func (s *Store) arguments() *arguments { return &arguments{config: &s.config} }

// maxPrepared is how many different queries are kept prepared.
const maxPrepared = 200

// rows runs a query: again where a connection turns out to be no more, of those
// that were open while the database was started anew.
func (s *Store) rows(ctx context.Context, text string, a *arguments) (rows *sql.Rows, err error) {
	rows, err = s.query(ctx, text, a)
	for again := 0; s.lost(err) && again < s.config.Read.Stats().MaxOpenConnections; again++ {
		s.forget()
		rows, err = s.query(ctx, text, a)
	}
	return rows, s.explain(err)
}

// query runs a query, prepared once for all calls with the same text.
func (s *Store) query(ctx context.Context, text string, a *arguments) (*sql.Rows, error) {
	s.preparing.Lock()
	stmt := s.prepared[text]
	full := len(s.prepared) >= maxPrepared
	s.preparing.Unlock()
	if stmt == nil && full {
		return s.config.Read.QueryContext(ctx, text, a.values...)
	}
	if stmt == nil {
		made, err := s.config.Read.PrepareContext(ctx, text)
		if err != nil {
			return nil, err
		}
		s.preparing.Lock()
		if stmt = s.prepared[text]; stmt == nil {
			stmt, s.prepared[text] = made, made
			made = nil
		}
		s.preparing.Unlock()
		if made != nil {
			made.Close()
		}
	}
	return stmt.QueryContext(ctx, a.values...)
}

func (s *Store) explain(err error) error {
	if err == nil {
		return nil
	}
	return s.config.Dialect.Explain(err)
}

// oneRow is the first row of a query.
type oneRow struct {
	rows *sql.Rows
	err  error
}

func (s *Store) row(ctx context.Context, text string, a *arguments) oneRow {
	rows, err := s.rows(ctx, text, a)
	return oneRow{rows, err}
}

func (r oneRow) Scan(into ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	return checkedRow{r.rows}.Scan(into...)
}

// checkedRow tells a value that is not of its column's kind, which some
// engines store, from rows that cannot be had.
type checkedRow struct{ rows *sql.Rows }

func (r checkedRow) Scan(into ...any) error {
	if err := r.rows.Scan(into...); err == nil || r.rows.Err() != nil {
		return err
	}
	return authority.ErrDamaged
}

// CA returns an authority by its name.
func (s *Store) CA(ctx context.Context, name string) (*authority.CA, error) {
	a := s.arguments()
	text := "SELECT " + caColumns + " FROM ca WHERE name = " + a.add(name)
	return known(scanCA(s.row(ctx, text, a)))
}

// CAs returns all authorities by name.
func (s *Store) CAs(ctx context.Context) ([]*authority.CA, error) {
	rows, err := s.rows(ctx, "SELECT "+caColumns+" FROM ca ORDER BY name", s.arguments())
	if err != nil {
		return nil, fmt.Errorf("reading the authorities: %w", err)
	}
	defer rows.Close()
	var out []*authority.CA
	for rows.Next() {
		c, err := scanCA(checkedRow{rows})
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, s.explain(rows.Err())
}

func (s *Store) ticketWhere(ctx context.Context, where string, a *arguments) (*authority.Ticket, error) {
	var id int64
	text := "SELECT id, " + ticketColumns + " FROM ticket WHERE " + where
	return known(scanTicket(s.row(ctx, text, a), &id))
}

// Ticket returns a ticket by its ID.
func (s *Store) Ticket(ctx context.Context, id string) (*authority.Ticket, error) {
	a := s.arguments()
	return s.ticketWhere(ctx, "ticket = "+a.add(id), a)
}

// TicketByKey returns a ticket by its idempotency key.
func (s *Store) TicketByKey(ctx context.Context, key string) (*authority.Ticket, error) {
	if key == "" {
		return nil, authority.ErrNotFound
	}
	row, err := s.claimant(ctx, keyClaim(key))
	if err != nil {
		return nil, err
	}
	a := s.arguments()
	return s.ticketWhere(ctx, "id = "+a.add(row)+" AND idempotency_key = "+a.add(key), a)
}

// usedAtOnce is how many idempotency keys are asked for in one go.
const usedAtOnce = 2 * soughtAtOnce

// UsedKeys returns which of these idempotency keys have a ticket.
func (s *Store) UsedKeys(ctx context.Context, keys []string) (map[string]bool, error) {
	used := map[string]bool{}
	for some := range slices.Chunk(keys, usedAtOnce) {
		hashes := make([]int64, len(some))
		for i, key := range some {
			hashes[i] = keyClaim(key)
		}
		found, err := s.find(ctx, hashes...)
		if err != nil {
			return nil, fmt.Errorf("reading idempotency keys: %w", err)
		}
		for i, key := range some {
			if _, there := found[hashes[i]]; there {
				used[key] = true
			}
		}
	}
	return used, nil
}

const certificateFrom = " FROM certificate c JOIN certificate_der d ON d.id = c.id "

func certificateSelect() string {
	return "SELECT c.id, c." + strings.ReplaceAll(certificateColumns, ", ", ", c.") + ", d.der" + certificateFrom
}

// Certificate returns a certificate by its authority and serial number.
func (s *Store) Certificate(ctx context.Context, ca string, serial []byte) (*authority.Certificate, error) {
	id, err := s.claimant(ctx, serialClaim(ca, serial))
	if err != nil {
		return nil, err
	}
	a := s.arguments()
	text := certificateSelect() + "WHERE c.id = " + a.add(id) + " AND c.serial = " + a.add(serial) + " AND c.ca = " + a.add(ca)
	return known(scanCertificate(s.row(ctx, text, a), &id))
}

// LastChange returns the number of an authority's newest change of status.
func (s *Store) LastChange(ctx context.Context, ca string) (last int64, err error) {
	a := s.arguments()
	text := "SELECT changed FROM revocation WHERE ca = " + a.add(ca) + " ORDER BY changed DESC LIMIT 1"
	err = s.row(ctx, text, a).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading the last change of status: %w", err)
	}
	return last, nil
}

// LatestCRL returns the newest list of a kind and shard.
func (s *Store) LatestCRL(ctx context.Context, ca string, kind authority.CRLKind, shard int) (*authority.CRL, error) {
	c, err := s.NewestCRL(ctx, ca, kind, shard)
	if err != nil {
		return nil, err
	}
	a := s.arguments()
	text := "SELECT der FROM crl_part WHERE ca = " + a.add(ca) + " AND number = " + a.add(c.Number) + " ORDER BY part"
	err = s.each(ctx, text, a, func(row scanner) error {
		var part sql.RawBytes
		err := row.Scan(&part)
		c.DER = append(c.DER, part...)
		return err
	})
	return c, err
}

// NewestCRL is LatestCRL without DER.
func (s *Store) NewestCRL(ctx context.Context, ca string, kind authority.CRLKind, shard int) (*authority.CRL, error) {
	a := s.arguments()
	text := "SELECT " + crlColumns + " FROM crl WHERE ca = " + a.add(ca) + " AND kind = " + a.add(string(kind)) +
		" AND shard = " + a.add(shard) + " ORDER BY number DESC LIMIT 1"
	return known(scanCRL(s.row(ctx, text, a)))
}

// CRLs yields the lists of an authority, oldest first, without DER.
func (s *Store) CRLs(ctx context.Context, ca string) iter.Seq2[*authority.CRL, error] {
	return pages(fromBeginning, func(after int64, size int) (list []found[*authority.CRL], last int64, err error) {
		a := s.arguments()
		text := "SELECT " + crlColumns + " FROM crl WHERE ca = " + a.add(ca) + " AND number > " + a.add(after) + " ORDER BY number" + limit(size)
		list, err = find(ctx, s, text, a, func(row scanner) (*authority.CRL, error) {
			c, err := scanCRL(row)
			last = max(last, c.Number)
			return c, err
		})
		return list, last, err
	})
}

// Events yields the audit chain from a sequence number on. A value that is not
// of its column's kind is none: the event's hash tells that it was changed.
func (s *Store) Events(ctx context.Context, from int64) iter.Seq2[*authority.Event, error] {
	return pages(fromBeginning, func(after int64, size int) (list []found[*authority.Event], last int64, err error) {
		a := s.arguments()
		text := "SELECT " + eventColumns + " FROM event WHERE seq > " + a.add(max(after, from-1)) + " ORDER BY seq" + limit(size)
		list, err = find(ctx, s, text, a, func(row scanner) (*authority.Event, error) { return scanEvent(row, &last) })
		return list, last, err
	})
}

// Head returns the number and hash of the newest event.
func (s *Store) Head(ctx context.Context) (seq int64, hash []byte, err error) {
	err = s.row(ctx, "SELECT event_seq, event_hash FROM head WHERE id = 1", s.arguments()).Scan(&seq, &hash)
	if errors.Is(err, sql.ErrNoRows) || errors.Is(err, authority.ErrDamaged) {
		return 0, nil, authority.ErrHead
	}
	if err != nil {
		return 0, nil, fmt.Errorf("reading the head of the audit chain: %w", err)
	}
	return seq, hash, nil
}

// each runs a query and hands over every row.
func (s *Store) each(ctx context.Context, text string, a *arguments, take func(scanner) error) error {
	rows, err := s.rows(ctx, text, a)
	if err != nil {
		return fmt.Errorf("reading from the store: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := take(checkedRow{rows}); err != nil {
			return err
		}
	}
	return s.explain(rows.Err())
}

// found is a record that was read, or, as far as it could be, one that is damaged.
type found[T any] struct {
	record T
	err    error
}

// find runs a query and returns every record, those that are damaged too.
func find[T any](ctx context.Context, s *Store, text string, a *arguments, scan func(scanner) (T, error)) (list []found[T], err error) {
	err = s.each(ctx, text, a, func(row scanner) error {
		record, err := scan(row)
		if err != nil && !errors.Is(err, authority.ErrDamaged) {
			return err
		}
		list = append(list, found[T]{record, err})
		return nil
	})
	return list, err
}

// Pages are short so that the first records come soon, then longer so that a
// query that must sort does so seldom.
const (
	firstPage = 128
	maxPage   = 4096
)

// limit is written as a number: SQLite plans a statement anew each time an
// argument for its limit is bound. There are few sizes.
func limit(size int) string { return " LIMIT " + strconv.Itoa(size) }

// pages yields the records of one page after the other, from what start returns on. No connection is held
// while the consumer works, however long that takes.
func pages[T any](start func() (int64, error), read func(after int64, size int) (list []found[T], last int64, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		after, err := start()
		if err != nil {
			var zero T
			yield(zero, err)
			return
		}
		for size := firstPage; ; size = min(2*size, maxPage) {
			list, last, err := read(after, size)
			if err != nil {
				var zero T
				yield(zero, err)
				return
			}
			for _, f := range list {
				if !yield(f.record, f.err) {
					return
				}
			}
			if len(list) < size {
				return
			}
			after = last
		}
	}
}

// Revocations yields what a revocation list holds, by serial number, as of
// one moment.
func (s *Store) Revocations(ctx context.Context, q authority.RevocationQuery) iter.Seq2[authority.Revocation, error] {
	if q.Delta {
		return s.changedRevocations(ctx, q)
	}
	return func(yield func(authority.Revocation, error) bool) {
		if err := s.eachRevocation(ctx, q, " ORDER BY serial", yield); err != nil {
			yield(authority.Revocation{}, err)
		}
	}
}

// changedRevocations sorts the few that changed by itself, so that the engine
// finds them by when they changed.
func (s *Store) changedRevocations(ctx context.Context, q authority.RevocationQuery) iter.Seq2[authority.Revocation, error] {
	return func(yield func(authority.Revocation, error) bool) {
		var list []found[authority.Revocation]
		err := s.eachRevocation(ctx, q, "", func(r authority.Revocation, err error) bool {
			r.Serial = bytes.Clone(r.Serial)
			list = append(list, found[authority.Revocation]{r, err})
			return true
		})
		if err != nil {
			yield(authority.Revocation{}, err)
			return
		}
		slices.SortFunc(list, func(a, b found[authority.Revocation]) int { return bytes.Compare(a.record.Serial, b.record.Serial) })
		for _, f := range list {
			if !yield(f.record, f.err) {
				return
			}
		}
	}
}

func (s *Store) eachRevocation(ctx context.Context, q authority.RevocationQuery, order string, take func(authority.Revocation, error) bool) error {
	a := s.arguments()
	text := "SELECT serial, at, reason, invalid, changed FROM revocation WHERE ca = " + a.add(q.CA)
	if q.Shard >= 0 {
		text += " AND shard = " + a.add(q.Shard)
	}
	if q.Delta {
		text += " AND changed > " + a.add(q.Changed)
	} else {
		text += " AND reason <> 8"
		if !q.NotExpired.IsZero() {
			text += " AND (not_after >= " + a.add(millis(q.NotExpired)) + " OR changed > " + a.add(q.Changed) + ")"
		}
	}
	rows, err := s.rows(ctx, text+order, a)
	if err != nil {
		return fmt.Errorf("reading the revocations: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r authority.Revocation
		var at, invalid int64
		err := checkedRow{rows}.Scan(&r.Serial, &at, &r.Reason, &invalid, &r.Change)
		if err != nil {
			err = fmt.Errorf("reading the revocation of certificate %x: %w", r.Serial, err)
		}
		r.At, r.Invalid = moment(at), moment(invalid)
		if damaged := errors.Is(err, authority.ErrDamaged); err != nil && !damaged {
			return err
		}
		if !take(r, err) {
			return nil
		}
	}
	return s.explain(rows.Err())
}

// Queries returns the texts of the queries that are kept prepared, for tests
// of how an engine goes about them.
func (s *Store) Queries() []string {
	s.preparing.Lock()
	defer s.preparing.Unlock()
	return slices.Sorted(maps.Keys(s.prepared))
}
