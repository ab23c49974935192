package sqlstore

import (
	"math/bits"
	"strings"

	"github.com/certwright/certwright/authority"
)

// statement is a statement of the writer. "?" stands for its arguments in
// order, in whatever way the engine writes them.
type statement struct {
	sql   string
	taken error         // what it means if a unique constraint does not hold
	build func() string // in place of sql: written out where it is asked for, as most programs that hold this package run none
	many  bool          // it begins with insertWord, and inserts several rows of which each may be refused
}

const insertWord = "INSERT"

func (st *statement) text(d *Dialect) string {
	sql := st.sql
	if st.build != nil {
		sql = st.build()
	}
	if st.many && d.InsertMany != "" {
		sql = d.InsertMany + strings.TrimPrefix(sql, insertWord)
	}
	var out strings.Builder
	n := 0
	for _, c := range sql {
		if c == '?' {
			n++
			out.WriteString(d.Placeholder(n))
		} else {
			out.WriteRune(c)
		}
	}
	return out.String()
}

// makeStorable makes texts among the arguments such that they can be stored.
func (d *Dialect) makeStorable(args []any) {
	if d.Text == nil {
		return
	}
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			args[i] = d.Text(text)
		}
	}
}

// insert inserts rows, with a clause at the end for those that are there.
func insert(table, columns, conflict string, rows int, taken error) *statement {
	return &statement{taken: taken, build: func() string {
		row := ", (" + strings.Repeat(", ?", countColumns(columns))[2:] + ")"
		return insertWord + " INTO " + table + " (" + columns + ") VALUES " + strings.Repeat(row, rows)[2:] + conflict
	}}
}

func countColumns(columns string) int { return strings.Count(columns, ",") + 1 }

// insertion inserts rows, 1, 2, 4 … of them with one statement.
type insertion struct {
	by      [doublings + 1]*statement // the nth inserts 1<<n rows
	columns int
}

const doublings = 5

func insertMany(table, columns, conflict string, taken error) insertion {
	in := insertion{columns: countColumns(columns)}
	for n := range in.by {
		in.by[n] = insert(table, columns, conflict, 1<<n, taken)
		in.by[n].many = true
	}
	return in
}

// insert puts rows, one after the other in the list, with as few statements as
// there are.
func (b *batch) insert(in *insertion, rows []any) error {
	for len(rows) > 0 {
		n := min(bits.Len(uint(len(rows)/in.columns))-1, doublings)
		next := in.columns << n
		if err := b.put(in.by[n], rows[:next:next]...); err != nil {
			return err
		}
		rows = rows[next:]
	}
	return nil
}

func update(table, columns, where string, taken error) *statement {
	return &statement{taken: taken, build: func() string {
		return "UPDATE " + table + " SET " + strings.ReplaceAll(columns, ",", " = ?,") + " = ? WHERE " + where
	}}
}

const (
	caColumns     = "name, revision, state, parent, key_name, request, chain, settings, created"
	ticketColumns = "ticket, state, ca, profile, profile_version, format, requester, idempotency_key, fingerprint, " +
		"key_fingerprint, subject, serial, replaces, created, decided, decider, request, asked, evidence, findings, changes, messages"
	certificateColumns = "ca, serial, status, fingerprint, key_fingerprint, subject, subject_key, names, not_before, not_after, " +
		"profile, profile_version, requester, ticket, replaces, shard, revoked, reason, invalid, issued"
	certificateKeys   = "key_hash, folded" // besides certificateColumns
	revocationColumns = "ca, serial, shard, at, reason, invalid, not_after, changed"
	crlColumns        = "ca, number, kind, shard, base, mark, this_update, next_update, entries"
	byOwnSerial       = "id = ? AND serial = ? AND ca = ?"
	eventColumns      = "seq, at, actor, action, object, detail, previous, hash"
)

var (
	insertCA          = insert("ca", caColumns, "", 1, authority.ErrExists)
	updateCA          = update("ca", caColumns, "name = ? AND revision = ?", nil)
	insertTicket      = insertMany("ticket", "id, "+ticketColumns, "", authority.ErrExists)
	updateTicket      = update("ticket", ticketColumns, "ticket = ? AND state = ?", nil)
	insertCertificate = insertMany("certificate", "id, "+certificateColumns+", "+certificateKeys, "", nil)
	insertDER         = insertMany("certificate_der", "id, der", "", nil)
	insertLookup      = insertMany("lookup", "part, hash, id", " ON CONFLICT (part, hash, id) DO NOTHING", nil)
	updateStatus      = update("certificate", "status, revoked, reason, invalid", byOwnSerial+" AND status = ?", nil)
	upsertRevocation  = insert("revocation", revocationColumns,
		" ON CONFLICT (ca, serial) DO UPDATE SET at = excluded.at, reason = excluded.reason, invalid = excluded.invalid, changed = excluded.changed", 1, nil)
	insertCRL     = insert("crl", crlColumns, "", 1, authority.ErrConflict)
	insertCRLPart = insert("crl_part", "ca, number, part, der", "", 1, nil)
	insertEvent   = insertMany("event", eventColumns, "", authority.ErrHead)

	hasCA          = &statement{sql: "SELECT COUNT(*) FROM ca WHERE name = ?"}
	hasTicket      = &statement{sql: "SELECT COUNT(*) FROM ticket WHERE ticket = ?"}
	hasCertificate = &statement{sql: "SELECT COUNT(*) FROM certificate WHERE " + byOwnSerial}
	hasHigherCRL   = &statement{sql: "SELECT COUNT(*) FROM crl WHERE ca = ? AND number >= ?"}
	shardAndEnd    = &statement{sql: "SELECT shard, not_after FROM certificate WHERE " + byOwnSerial}
	writeHead      = &statement{sql: "UPDATE head SET event_seq = ?, event_hash = ?, row_seq = ?, change_seq = ? WHERE id = 1"}
)
