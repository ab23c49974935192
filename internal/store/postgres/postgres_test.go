package postgres_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/storetest"
	"github.com/certwright/certwright/internal/store/postgres"
	"github.com/certwright/certwright/internal/store/postgrestest"
)

// server is what all tests of this package share.
var server *postgrestest.Server

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if url, number := os.Getenv(urlName), os.Getenv(numberName); url != "" {
		if err := write(url, number); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	var err error
	if server, err = postgrestest.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer server.Stop()
	return m.Run()
}

func database(t *testing.T) string {
	t.Helper()
	url, err := server.Database(t.Context())
	check(t, err)
	return url
}

func open(t *testing.T, url string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), url)
	check(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) authority.Store { return open(t, database(t)) })
}

func TestShared(t *testing.T) {
	url := database(t)
	storetest.RunShared(t, func(t *testing.T) authority.Store { return open(t, url) })
}

func TestDurable(t *testing.T) {
	url := database(t)
	storetest.RunDurable(t, func(t *testing.T, _ string) authority.Store { return open(t, url) })
}
