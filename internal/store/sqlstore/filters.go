package sqlstore

import (
	"database/sql"
	"fmt"
	"slices"
)

const (
	filtersAfter = 16 // hashes sought: as often as that, a process looks for filters it has not read
	madeAtOnce   = 16 // filters that one transaction makes of those that are missing
)

var (
	claimsOf    = &statement{sql: "SELECT hash FROM claim WHERE part = ?"}
	readFilters = &statement{sql: "SELECT part, filter FROM claim_filter WHERE part >= ? ORDER BY part"}
	writeFilter = &statement{sql: "INSERT INTO claim_filter (part, filter) VALUES (?, ?) ON CONFLICT (part) DO UPDATE SET filter = excluded.filter"}
)

// filters are those that this process has read, of the first parts.
func (s *Store) filters() filters {
	if known := s.known.Load(); known != nil {
		return *known
	}
	return nil
}

// forget makes this process read the filters again: what it speaks to now may
// not be what it read them from.
func (s *Store) forget() { s.known.Store(nil) }

// loadFilters reads the filters that follow those that are known.
func (s *Store) loadFilters(ask asker) error {
	before := s.known.Load()
	known := slices.Clip(s.filters())
	rows, err := ask(readFilters, int64(len(known)))
	if err != nil {
		return fmt.Errorf("reading filters: %w", err)
	}
	for rows.Next() {
		var part int64
		var octets sql.RawBytes
		if err = rows.Scan(&part, &octets); err != nil {
			break
		}
		f := newFilter(s.config.PartSize)
		if part != int64(len(known)) || !f.unmarshal(octets) {
			break
		}
		known = append(known, f)
	}
	if err := errorsOf(rows, err); err != nil {
		return fmt.Errorf("reading filters: %w", err)
	}
	s.known.CompareAndSwap(before, &known)
	return nil
}

// readyFilters sees to it that a process that claims much has the filters of
// all full parts, and makes some of those that are missing or damaged. It comes
// first in a transaction, so that it reads what is committed.
func (b *batch) readyFilters(changes int) error {
	open := b.partOf(b.head.row)
	if int64(len(b.filters())) > open {
		b.forget()
	}
	if b.sought.Add(int64(changes)) < filtersAfter || int64(len(b.filters())) == open {
		return nil
	}
	if err := b.loadFilters(b.ask); err != nil {
		return err
	}
	missing := int64(len(b.filters()))
	for part := missing; part < min(open, missing+madeAtOnce); part++ {
		if err := b.makeFilter(part); err != nil {
			return err
		}
	}
	return nil
}

// makeFilter makes and writes the filter of a part that is full.
func (b *batch) makeFilter(part int64) error {
	rows, err := b.ask(claimsOf, part)
	if err != nil {
		return fmt.Errorf("reading the claims of a part: %w", err)
	}
	f := newFilter(b.config.PartSize)
	for rows.Next() {
		var hash int64
		if err = rows.Scan(&hash); err != nil {
			break
		}
		f.add(hash)
	}
	if err := errorsOf(rows, err); err != nil {
		return fmt.Errorf("reading the claims of a part: %w", err)
	}
	if _, err := b.run(writeFilter, part, f.marshal()); err != nil {
		return fmt.Errorf("writing the filter of a part: %w", err)
	}
	return nil
}
