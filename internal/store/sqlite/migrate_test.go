package sqlite

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/certwright/certwright/authority"
)

const earlierVersions = 4

// left is what an earlier version left: a certificate, and a ticket with an
// idempotency key that came much later.
func left(version int) string {
	number := func(text string) int64 {
		sum := sha256.Sum256([]byte(text))
		return int64(binary.BigEndian.Uint64(sum[:]))
	}
	serial, key := number("ca/\x01\x02"), number("own key")
	claims := fmt.Sprintf("INSERT INTO serial_number (hash, id) VALUES (%d, 1); INSERT INTO idempotency (hash, id) VALUES (%d, 40000)", serial, key)
	if version > 3 {
		claims = fmt.Sprintf("INSERT INTO claim (part, hash, id) VALUES (0, %d, 1), (1, %d, 40000); INSERT INTO claim_filter (part, filter) VALUES (0, x'00')", serial&^1, key|1)
	}
	return fmt.Sprintf(`INSERT INTO certificate (id, ca, serial, status, fingerprint, key_hash, subject, folded, not_before, not_after, profile, profile_version, shard, revoked, reason, invalid, issued)
			VALUES (1, 'ca', x'0102', 'valid', x'01', 1, 'CN=a', 'cn=a', 1, 2, 'server', '1', 0, 0, 0, 0, 1);
		INSERT INTO certificate_der (id, der) VALUES (1, 'der');
		INSERT INTO lookup (part, hash, id) VALUES (0, 0x0100000000000000, 1), (1, 0x0200000000000000, 40000);
		INSERT INTO ticket (id, ticket, state, ca, profile, profile_version, format, idempotency_key, fingerprint, subject, created, decided, decider)
			VALUES (40000, 'kept', 'held', 'ca', 'server', '1', 'pkcs10', 'own key', x'02', 'CN=a', 1, 0, '');
		%s;
		INSERT INTO event (seq, at, actor, action, object, previous, hash) VALUES (1, 1, '', 'test', '', zeroblob(32), zeroblob(32));
		UPDATE head SET event_seq = 1, row_seq = 40000;`, claims)
}

// TestEarlierVersions opens files as each earlier version of the program left
// them: what is in them stays, and what is new works.
func TestEarlierVersions(t *testing.T) {
	for version := 1; version <= earlierVersions; version++ {
		path := filepath.Join(t.TempDir(), "store.db")
		leaveBehind(t, path, int64(version), left(version))
		s, err := Open(t.Context(), path)
		if err != nil {
			t.Fatalf("version %d: %v", version, err)
		}
		n := 0
		for c, err := range s.Certificates(t.Context(), authority.Query{}) {
			if err != nil || string(c.DER) != "der" {
				t.Errorf("version %d: got %v, %v", version, c, err)
			}
			n++
		}
		if n != 1 {
			t.Errorf("version %d: %d certificates", version, n)
		}
		if err := s.PutRecords(t.Context(), &authority.Record{Kind: "a", ID: "b"}); err != nil {
			t.Errorf("version %d: %v", version, err)
		}
		ticket := &authority.Ticket{ID: "t", State: authority.StateUnconfirmed}
		result, err := s.Commit(t.Context(), &authority.Change{PutTicket: &authority.TicketWrite{Ticket: ticket}, AddCertificate: &authority.Certificate{CA: "ca", Serial: []byte{9}, Status: authority.StatusUnconfirmed, Fingerprint: []byte("f"), DER: []byte("der")}, Events: []*authority.Event{{At: time.UnixMilli(2), Action: "test"}}})
		if err := errors.Join(append(result, err)...); err != nil {
			t.Errorf("version %d: %v", version, err)
		}
		if seq, _, err := s.Head(t.Context()); seq != 2 || err != nil {
			t.Errorf("version %d: %d events, %v", version, seq, err)
		}
		claimed(t, s)
		if err := errors.Join(s.Check(t.Context()), s.Close()); err != nil {
			t.Errorf("version %d: %v", version, err)
		}
	}
}

// claimed tests that the serial number and the key that left has are taken, and
// that the part which is full gets its filter.
func claimed(t *testing.T, s *Store) {
	t.Helper()
	found := 0
	if _, err := s.Certificate(t.Context(), "ca", []byte{1, 2}); err != nil {
		t.Error(err)
	}
	if ticket, err := s.TicketByKey(t.Context(), "own key"); err != nil || ticket.ID != "kept" {
		t.Errorf("got %v, %v", ticket, err)
	}
	for c, err := range s.Certificates(t.Context(), authority.Query{Fingerprint: []byte{1}}) {
		if err != nil || len(c.Serial) != 2 {
			t.Errorf("by fingerprint: got %v, %v", c, err)
		}
		found++
	}
	for ticket, err := range s.Tickets(t.Context(), authority.TicketQuery{Fingerprint: []byte{2}}) {
		if err != nil || ticket.ID != "kept" {
			t.Errorf("by fingerprint: got %v, %v", ticket, err)
		}
		found++
	}
	if found != 2 {
		t.Errorf("%d of 2 found by fingerprint", found)
	}
	for n := range 100 {
		result, err := s.Commit(t.Context(),
			&authority.Change{AddCertificate: &authority.Certificate{CA: "ca", Serial: []byte{1, 2}, Status: authority.StatusValid, Fingerprint: []byte("f"), DER: []byte("der")}},
			&authority.Change{PutTicket: &authority.TicketWrite{Ticket: &authority.Ticket{ID: "again", State: authority.StateHeld, IdempotencyKey: "own key"}}})
		if err != nil || !errors.Is(result[0], authority.ErrExists) || !errors.Is(result[1], authority.ErrExists) {
			t.Fatalf("commit %d: %v, %v", n, result, err)
		}
	}
	n := 0
	if err := s.read.QueryRow("SELECT COUNT(*) FROM claim_filter WHERE part = 0").Scan(&n); n != 1 || err != nil {
		t.Errorf("%d filters, %v", n, err)
	}
}

// leaveBehind makes the file that a version of the tables was, with content.
func leaveBehind(t *testing.T, path string, version int64, content string) {
	t.Helper()
	db, err := sql.Open("sqlite", dataSource(path, "journal_mode(WAL)"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), content); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
