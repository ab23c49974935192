package sqlstore

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/certwright/certwright/authority"
)

// partSize is the ids of a part, unless a test has them smaller: it holds
// 4096 issues, of two rows each.
const partSize = 1 << 13

func (s *Store) partOf(id int64) int64 { return id / s.config.PartSize }

// prefix is the number that stands for a SHA-256 in the lookup table.
func prefix(sum []byte) int64 {
	var head [8]byte
	copy(head[:], sum)
	return int64(binary.BigEndian.Uint64(head[:]))
}

// nameHash is the number that stands for a name, whether it is written with
// its kind or without.
func nameHash(name string) int64 { return textHash(authority.WithoutKind(name)) }

func textHash(text string) int64 {
	sum := sha256.Sum256([]byte(strings.ToLower(text)))
	return prefix(sum[:])
}

// serialHash is the number that stands for a serial number of an authority.
func serialHash(ca string, serial []byte) int64 {
	sum := sha256.Sum256(append([]byte(ca+"/"), serial...))
	return prefix(sum[:])
}

// serialClaim is the hash by which a serial number of an authority is claimed:
// its lowest bit is not set, and that of an idempotency key's is.
func serialClaim(ca string, serial []byte) int64 { return serialHash(ca, serial) &^ 1 }

func keyClaim(idempotencyKey string) int64 {
	sum := sha256.Sum256([]byte(idempotencyKey))
	return prefix(sum[:]) | 1
}

// certificateHashes are what a certificate is found by, besides its authority
// and serial number.
func certificateHashes(serial, fingerprint, key []byte, names []string) []int64 {
	hashes := append(make([]int64, 0, 3+len(names)), serialHash("", serial), prefix(fingerprint), prefix(key))
	for _, name := range names {
		hashes = append(hashes, nameHash(name))
	}
	return hashes
}

// ticketHashes are what a ticket is found by. The key of an issued one is that
// of its certificate, which spares it an entry.
func ticketHashes(state authority.State, fingerprint, key []byte) []int64 {
	if state == authority.StateIssued {
		return []int64{prefix(fingerprint)}
	}
	return []int64{prefix(fingerprint), prefix(key)}
}

// entry makes a row found by a hash.
type entry struct{ hash, id int64 }

// entries are rows that a batch adds. They are written together, many with one
// statement, and those of indexes of random order in order: the pages they need
// are then touched once and in turn.
type entries struct {
	tickets, certificates, ders, events []any // rows, one after the other
	claims, lookups                     []entry
	unexposed                           []int64 // hashes of keys of which no certificate may have been revoked for keyCompromise
	grounds                             []*authority.Record
}

func (e *entries) addLookups(id int64, hashes ...int64) {
	for _, hash := range hashes {
		e.lookups = append(e.lookups, entry{hash, id})
	}
}

// settle writes the entries that wait.
func (b *batch) settle() error {
	if err := b.checkGrounds(b.waiting.grounds); err != nil {
		return err
	}
	if err := b.checkExposed(b.waiting.unexposed); err != nil {
		return err
	}
	if err := b.checkClaims(b.waiting.claims); err != nil {
		return fmt.Errorf("serial number or idempotency key: %w", err)
	}
	if err := b.insertRows(); err != nil {
		return err
	}
	if err := b.insertAll(&insertClaim, b.waiting.claims); err != nil {
		return fmt.Errorf("serial number or idempotency key: %w", err)
	}
	if err := b.insertAll(&insertLookup, b.waiting.lookups); err != nil {
		return fmt.Errorf("looking up: %w", err)
	}
	b.waiting = entries{}
	return b.send()
}

func (b *batch) insertRows() error {
	for _, table := range []struct {
		what string
		into *insertion
		rows []any
	}{
		{"ticket", &insertTicket, b.waiting.tickets}, {"certificate", &insertCertificate, b.waiting.certificates},
		{"certificate's octets", &insertDER, b.waiting.ders}, {"audit event", &insertEvent, b.waiting.events},
	} {
		if err := b.insert(table.into, table.rows); err != nil {
			return fmt.Errorf("%s: %w", table.what, err)
		}
	}
	return nil
}

// insertAll inserts entries in order.
func (b *batch) insertAll(in *insertion, list []entry) error {
	slices.SortFunc(list, func(x, y entry) int { return cmp.Compare(x.hash, y.hash) })
	rows := make([]any, 0, len(list)*in.columns)
	for _, e := range list {
		rows = append(rows, b.partOf(e.id), e.hash, e.id)
	}
	return b.insert(in, rows)
}

// found is a term for the rows with one of these hashes, in whatever part.
func (a *arguments) found(column string, hashes ...int64) string {
	return a.foundIn("(SELECT row_seq FROM head)", column, hashes)
}

// foundUpTo is found for a batch at work, whose newest row is not in the head yet.
func (a *arguments) foundUpTo(row int64, column string, hashes ...int64) string {
	return a.foundIn(strconv.FormatInt(row, 10), column, hashes)
}

func (a *arguments) foundIn(newest, column string, hashes []int64) string {
	marks := make([]string, len(hashes))
	for i, hash := range hashes {
		marks[i] = a.add(hash)
	}
	return column + " IN (WITH RECURSIVE parts (part) AS (SELECT 0 UNION ALL SELECT part + 1 FROM parts WHERE part < " + newest + " / " + strconv.FormatInt(a.config.PartSize, 10) + ")" +
		" SELECT l.id FROM parts CROSS JOIN lookup l WHERE l.part = parts.part AND l.hash IN (" + strings.Join(marks, ", ") + "))"
}
