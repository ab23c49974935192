package main

import (
	"context"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/certwright/certwright/internal/store/postgrestest"
)

// databases are those of the sessions: one server for all of them, started by
// the first that needs it.
type databases struct {
	start  sync.Once
	server *postgrestest.Server
	err    error
}

// make makes an empty database and puts its URL into an environment variable:
// database NAME.
func (d *databases) make(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: database NAME")
	}
	d.start.Do(func() { d.server, d.err = postgrestest.Start() })
	ts.Check(d.err)
	url, err := d.server.Database(context.Background())
	ts.Check(err)
	ts.Setenv(args[0], url)
}

func (d *databases) stop() {
	if d.server != nil {
		_ = d.server.Stop()
	}
}
