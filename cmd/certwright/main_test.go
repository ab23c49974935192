package main

import (
	"database/sql"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"certwright": main})
}

// TestSessions runs the sessions in testdata/script: what a person types, and
// what the program answers, on both streams.
func TestSessions(t *testing.T) {
	db := &databases{}
	t.Cleanup(db.stop)
	up := &serving{sockets: map[*testscript.TestScript]*net.UnixConn{}}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"capture": capture, "database": db.make, "notify": up.notify, "await": up.await, "damage": damage,
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("CERTWRIGHT_HOME", filepath.Join(e.WorkDir, "ca"))
			e.Setenv("USER", "ann")
			seeds, err := filepath.Abs("../../internal/specimen/testdata")
			if err != nil {
				return err
			}
			e.Setenv("SEEDS", seeds)
			return os.MkdirAll(filepath.Join(e.WorkDir, "home"), 0o755)
		},
	})
}

// capture keeps what the first group of a pattern matches on standard output
// in an environment variable: capture NAME PATTERN.
func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture NAME PATTERN")
	}
	match := regexp.MustCompile("(?m)" + args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(match) < 2 {
		ts.Fatalf("no match for %q on standard output", args[1])
	}
	ts.Setenv(args[0], match[1])
}

// damage changes records behind the program's back: damage FILE STATEMENT.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: damage FILE STATEMENT")
	}
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec(args[1])
	ts.Check(err)
}
