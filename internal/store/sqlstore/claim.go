package sqlstore

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"strings"

	"github.com/certwright/certwright/authority"
)

// A claim makes a serial number or an idempotency key, by its hash, that of
// one row, for all others to keep off. Claims are kept by part of their rows:
// in the newest one, which alone grows, the table itself holds them apart, and
// against the older ones each is held before it is written. That is sound as
// writers stand in line. Most of the older parts are ruled out by filters.

const soughtAtOnce = 64 // places, or hashes, that one query asks for

var (
	insertClaim = insertMany("claim", "part, hash, id", "", authority.ErrExists)
	deleteClaim = &statement{sql: "DELETE FROM claim WHERE part = ? AND hash = ? AND id = ?"}
	claimAt     = &statement{sql: "SELECT hash, id FROM claim WHERE part = ? AND hash = ?"}
	claimsAt    = &statement{build: func() string {
		return "WITH places (part, hash) AS (VALUES " + strings.Repeat(", (CAST(? AS BIGINT), CAST(? AS BIGINT))", soughtAtOnce)[2:] +
			") SELECT c.hash, c.id FROM places CROSS JOIN claim c WHERE c.part = places.part AND c.hash = places.hash"
	}}
	claimFrom  = claimsIn(1)
	claimsFrom = claimsIn(soughtAtOnce)
)

// claimsIn finds a number of hashes in the parts from one on, up to the newer
// of another and that of the row in the head, whose division gives its part.
func claimsIn(hashes int) *statement {
	return &statement{build: func() string {
		return "WITH RECURSIVE parts (part) AS (SELECT CAST(? AS BIGINT) UNION ALL SELECT part + 1 FROM parts" +
			" WHERE part < CAST(? AS BIGINT) OR part < (SELECT row_seq FROM head) / CAST(? AS BIGINT))" +
			" SELECT c.hash, c.id FROM parts CROSS JOIN claim c WHERE c.part = parts.part AND c.hash IN (" + strings.Repeat(", ?", hashes)[2:] + ")"
	}}
}

// asker runs a query, of the writer or of any reader.
type asker func(st *statement, args ...any) (*sql.Rows, error)

// asker asks outside of any transaction.
func (s *Store) asker(ctx context.Context) asker {
	return func(st *statement, args ...any) (*sql.Rows, error) {
		return s.rows(ctx, st.text(&s.config.Dialect), &arguments{values: args})
	}
}

// ask asks inside the writer's transaction.
func (w *writer) ask(st *statement, args ...any) (*sql.Rows, error) {
	stmt, err := w.prepared(st)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(context.Background(), args...)
}

// ofHead stands for the newest part that the head knows of.
const ofHead = math.MinInt64

// claimants returns the rows of those hashes that are claimed, in the parts up
// to the newest.
func (s *Store) claimants(ask asker, newest int64, hashes []int64) (map[int64]int64, error) {
	known, found := s.filters(), map[int64]int64{}
	var places, parts []int64
	for _, hash := range hashes {
		parts = known.parts(hash, parts[:0])
		for _, part := range parts {
			places = append(places, part, hash)
		}
	}
	if err := collect(ask, claimAt, claimsAt, nil, places, 2, found); err != nil {
		return nil, err
	}
	first := int64(len(known))
	if newest != ofHead && newest < first {
		return found, nil
	}
	rest := slices.DeleteFunc(slices.Clone(hashes), func(hash int64) bool { _, there := found[hash]; return there })
	return found, collect(ask, claimFrom, claimsFrom, []any{first, newest, s.config.PartSize}, rest, 1, found)
}

// collect asks for one item, or many with one query, each of so many of the
// values, and adds what is found.
func collect(ask asker, one, many *statement, before []any, values []int64, each int, found map[int64]int64) error {
	for some := range slices.Chunk(values, each*soughtAtOnce) {
		st, n := one, each
		if len(some) > each {
			st, n = many, each*soughtAtOnce
		}
		args := slices.Clip(before)
		for i := range n { // the last again where there are fewer, as the text is the same for any number
			args = append(args, some[min(i, len(some)-each+i%each)])
		}
		rows, err := ask(st, args...)
		if err != nil {
			return err
		}
		for rows.Next() {
			var hash, id int64
			if err = rows.Scan(&hash, &id); err != nil {
				break
			}
			found[hash] = id
		}
		if err := errorsOf(rows, err); err != nil {
			return err
		}
	}
	return nil
}

func errorsOf(rows *sql.Rows, err error) error {
	if err == nil {
		err = rows.Err()
	}
	rows.Close()
	return err
}

// find returns the rows of those hashes that are claimed.
func (s *Store) find(ctx context.Context, hashes ...int64) (map[int64]int64, error) {
	ask := s.asker(ctx)
	if after := s.sought.Add(int64(len(hashes))); after/filtersAfter != (after-int64(len(hashes)))/filtersAfter {
		if err := s.loadFilters(ask); err != nil {
			return nil, s.explain(err)
		}
	}
	found, err := s.claimants(ask, ofHead, hashes)
	return found, s.explain(err)
}

// claimant returns the row that has claimed a hash.
func (s *Store) claimant(ctx context.Context, hash int64) (int64, error) {
	found, err := s.find(ctx, hash)
	if err != nil {
		return 0, err
	}
	id, there := found[hash]
	if !there {
		return 0, authority.ErrNotFound
	}
	return id, nil
}

// claimant returns the row that has claimed a hash, 0 if none has.
func (b *batch) claimant(hash int64) (int64, error) {
	found, err := b.claimants(b.ask, b.partOf(b.head.row), []int64{hash})
	return found[hash], err
}

// checkClaims holds claims of rows of one part against the older parts.
func (b *batch) checkClaims(list []entry) error {
	if len(list) == 0 {
		return nil
	}
	hashes := make([]int64, len(list))
	for i, e := range list {
		hashes[i] = e.hash
	}
	found, err := b.claimants(b.ask, b.partOf(list[0].id)-1, hashes)
	if err == nil && len(found) > 0 {
		err = authority.ErrExists
	}
	return err
}

// nextRow returns the id of a new row. Rows that wait to be written are all of
// one part: those of a part that gets full are written, and its filter with
// them.
func (b *batch) nextRow() (int64, error) {
	part := b.partOf(b.head.row)
	if b.partOf(b.head.row+1) != part {
		if err := b.settle(); err != nil {
			return 0, err
		}
		if err := b.makeFilter(part); err != nil {
			return 0, err
		}
	}
	b.head.row++
	return b.head.row, nil
}
