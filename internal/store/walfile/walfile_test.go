package walfile

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // the driver
)

// open opens a file; the options are those of the driver.
func openFile(t *testing.T, path, options string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)"+options)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func run(t *testing.T, db *sql.DB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if _, err := db.Exec(text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

// rows is an insertion of many rows, of several pages together.
func rows(first, last int) string {
	return fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO t SELECT i, printf('%%0500d', i) FROM n", first, last)
}

// holds checks that a file has the rows up to one, and is whole.
func holds(t *testing.T, db *sql.DB, last int) {
	t.Helper()
	var state string
	var count, sum int
	if err := db.QueryRow("SELECT (SELECT * FROM pragma_integrity_check), COUNT(*), COALESCE(SUM(CAST(text AS INTEGER)), 0) FROM t").Scan(&state, &count, &sum); err != nil {
		t.Fatal(err)
	}
	if state != "ok" || count != last || sum != last*(last+1)/2 {
		t.Errorf("%s, %d rows of %d, sum %d", state, count, last, sum)
	}
}

func openTwo(t *testing.T, options string) (mine, other *sql.DB, path string) {
	t.Helper()
	way, err := Register()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Register(); again != way || err != nil {
		t.Fatalf("registered again as %q: %v", again, err)
	}
	path = filepath.Join(t.TempDir(), "file.db")
	mine, other = openFile(t, path, "&vfs="+way+options), openFile(t, path, "")
	run(t, mine, "CREATE TABLE t (i INTEGER PRIMARY KEY, text TEXT)")
	return mine, other, path
}

// TestCommitted holds that what is committed is there for others, and for a
// copy of the files as they are, whatever the size of the transactions.
func TestCommitted(t *testing.T) {
	for name, options := range map[string]string{
		"pages kept until the end":       "",
		"pages written before the end":   "&_pragma=cache_size(5)",
		"log begun again every so often": "&_pragma=wal_autocheckpoint(20)",
	} {
		t.Run(name, func(t *testing.T) {
			mine, other, path := openTwo(t, options)
			last := 0
			for _, n := range []int{1, 3, 400, 2, 2000, 1, 30, 500} {
				run(t, mine, rows(last+1, last+n))
				last += n
				holds(t, other, last)
				run(t, other, rows(last+1, last+1))
				last++
			}
			run(t, mine, "VACUUM INTO '"+strings.ReplaceAll(path, "'", "''")+".copy'", "UPDATE t SET text = text")
			holds(t, mine, last)
			holds(t, other, last)
			holds(t, openFile(t, path+".copy", ""), last)
		})
	}
}

// TestTakenBack holds that nothing of a transaction that was taken back is
// written later, over what others have written since.
func TestTakenBack(t *testing.T) {
	mine, other, _ := openTwo(t, "&_pragma=cache_size(5)")
	last := 0
	for range 20 {
		run(t, mine, "BEGIN IMMEDIATE", rows(10_001, 10_100+last), "ROLLBACK")
		run(t, other, rows(last+1, last+40))
		last += 40
		holds(t, mine, last)
		run(t, mine, "BEGIN IMMEDIATE", rows(last+1, last+50), "SAVEPOINT one", rows(20_001, 20_200), "ROLLBACK TO SAVEPOINT one", "COMMIT")
		last += 50
		holds(t, other, last)
	}
	run(t, mine, "PRAGMA wal_checkpoint(TRUNCATE)")
	holds(t, other, last)
}
