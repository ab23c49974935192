package sqlite_test

import (
	"database/sql"
	"maps"
	"path/filepath"
	"testing"

	"github.com/certwright/certwright/authority/storetest"
)

// filtersIn returns the filters that are in a file, by part.
func filtersIn(t *testing.T, db *sql.DB) map[int]string {
	t.Helper()
	rows, err := db.Query("SELECT part, filter FROM claim_filter")
	check(t, err)
	defer rows.Close()
	out := map[int]string{}
	for rows.Next() {
		var part int
		var filter string
		check(t, rows.Scan(&part, &filter))
		out[part] = filter
	}
	check(t, rows.Err())
	return out
}

// TestFilters holds that serial numbers and keys stay unique, for processes
// that know other filters, when filters are missing or damaged, and that those
// are made again as they were.
func TestFilters(t *testing.T) {
	for name, spoil := range map[string]string{
		"as they should be":   "SELECT 1",
		"none":                "DELETE FROM claim_filter",
		"one missing":         "DELETE FROM claim_filter WHERE part = 7",
		"the last missing":    "DELETE FROM claim_filter WHERE part > 40",
		"of zeros":            "UPDATE claim_filter SET filter = zeroblob(length(filter))",
		"of another part":     "UPDATE claim_filter SET filter = (SELECT filter FROM claim_filter WHERE part = 3) || x'00' WHERE part = 5",
		"of another length":   "UPDATE claim_filter SET filter = x'' WHERE part % 2 = 0",
		"one that is damaged": "UPDATE claim_filter SET filter = substr(filter, 1, 10) || x'ffff' || substr(filter, 13) WHERE part = 9",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store.db")
			knows := parted(t, path)
			storetest.Issue(t, knows, 1, 100)
			db, err := sql.Open("sqlite", path)
			check(t, err)
			defer db.Close()
			before := filtersIn(t, db)
			if len(before) != 50 {
				t.Fatalf("%d filters of 50 full parts", len(before))
			}
			_, err = db.Exec(spoil)
			check(t, err)
			fresh := parted(t, path)
			storetest.Claimed(t, fresh, 1, 100)
			storetest.Issue(t, fresh, 101, 140)
			storetest.Claimed(t, knows, 1, 140)
			storetest.Issue(t, knows, 141, 150)
			storetest.Claimed(t, fresh, 90, 150)
			after := filtersIn(t, db)
			maps.DeleteFunc(after, func(part int, _ string) bool { return part >= 50 })
			if !maps.Equal(before, after) {
				t.Errorf("%d filters, not what they were", len(after))
			}
		})
	}
}

// TestFilterOfLastRow stops between the last row of a part and the first of
// the next, and has another process go on.
func TestFilterOfLastRow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	first := parted(t, path)
	for n := 1; n <= 30; n++ {
		storetest.Issue(t, first, n, n)
		check(t, first.Close())
		first = parted(t, path)
	}
	storetest.Claimed(t, first, 1, 30)
}
