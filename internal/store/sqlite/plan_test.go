package sqlite

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/storetest"
)

// TestPlans asks the engine how it goes about the queries that must be quick
// over a million rows: none may go through a whole table.
func TestPlans(t *testing.T) {
	s, err := openParted(t.Context(), filepath.Join(t.TempDir(), "store.db"), 4)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	storetest.Issue(t, s, 1, 40)
	storetest.Claimed(t, s, 1, 40)
	ask := func(run func(context.Context)) {
		run(t.Context())
	}
	some := []byte("01234567890123456789012345678901")
	certificates := func(q authority.Query) {
		ask(func(ctx context.Context) {
			for range s.Certificates(ctx, q) {
			}
		})
	}
	tickets := func(q authority.TicketQuery) {
		ask(func(ctx context.Context) {
			for range s.Tickets(ctx, q) {
			}
		})
	}
	certificates(authority.Query{Serial: some})
	certificates(authority.Query{Fingerprint: some})
	certificates(authority.Query{KeyFingerprint: some})
	certificates(authority.Query{KeyFingerprint: some, Status: authority.StatusRevoked})
	certificates(authority.Query{Name: "a.example"})
	certificates(authority.Query{Ticket: "x"})
	certificates(authority.Query{Requester: "x"})
	certificates(authority.Query{Profile: "x"})
	tickets(authority.TicketQuery{State: authority.StateHeld})
	tickets(authority.TicketQuery{Fingerprint: some})
	tickets(authority.TicketQuery{KeyFingerprint: some})
	tickets(authority.TicketQuery{Requester: "x"})
	ask(func(ctx context.Context) { s.Certificate(ctx, "ca", some) })
	ask(func(ctx context.Context) { s.Ticket(ctx, "x") })
	ask(func(ctx context.Context) { s.TicketByKey(ctx, "x") })
	ask(func(ctx context.Context) { s.UsedKeys(ctx, []string{"x", "y"}) })
	records := func(q authority.RecordQuery) {
		q.Kind = "x"
		ask(func(ctx context.Context) { s.FindRecords(ctx, q) })
	}
	records(authority.RecordQuery{Owner: "x"})
	records(authority.RecordQuery{State: "x", Limit: 10})
	records(authority.RecordQuery{DueBefore: time.UnixMilli(1), Limit: 10})
	ask(func(ctx context.Context) { s.Record(ctx, "x", "x") })
	ask(func(ctx context.Context) { s.RecordNamed(ctx, "x", "x") })
	texts := s.Queries()
	if len(texts) < 23 {
		t.Fatalf("%d queries", len(texts))
	}
	for _, text := range texts {
		plan := planOf(t, s.read, text)
		for _, line := range plan {
			whole := strings.HasPrefix(line, "SCAN ") && !strings.HasPrefix(line, "SCAN parts") && !strings.HasPrefix(line, "SCAN places") && !strings.HasPrefix(line, "SCAN head") && !strings.Contains(line, " CONSTANT ROW")
			// From an id on is as good as everything, but of the filters.
			if strings.HasPrefix(line, "SEARCH claim_filter ") {
				continue
			}
			if whole || strings.HasSuffix(line, "USING INTEGER PRIMARY KEY (rowid>?)") || strings.HasSuffix(line, "(kind=? AND id>?)") {
				t.Errorf("%s\n%s", text, strings.Join(plan, "\n"))
				break
			}
		}
	}
}

func planOf(t *testing.T, db *sql.DB, text string) []string {
	t.Helper()
	args := make([]any, strings.Count(text, "?"))
	for i := range args {
		args[i] = 1
	}
	rows, err := db.Query("EXPLAIN QUERY PLAN "+text, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		out = append(out, detail)
	}
	return out
}
