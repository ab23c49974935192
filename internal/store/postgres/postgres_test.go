package postgres_test

import (
	"fmt"
	"net/url"
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

// parted opens a store whose parts are full soon.
func parted(t *testing.T, place string) *postgres.Store {
	t.Helper()
	s, err := postgres.OpenParted(t.Context(), place, 4)
	check(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func TestManyParts(t *testing.T) {
	storetest.Run(t, func(t *testing.T) authority.Store { return parted(t, database(t)) })
	place := database(t)
	storetest.RunShared(t, func(t *testing.T) authority.Store { return parted(t, place) })
}

// TestFilters holds that serial numbers and keys stay unique when what rules
// them out is missing or damaged.
func TestFilters(t *testing.T) {
	for _, spoil := range []string{"DELETE FROM claim_filter WHERE part > 6", "UPDATE claim_filter SET filter = decode(repeat('00', length(filter)), 'hex')"} {
		place := database(t)
		u, err := url.Parse(place)
		check(t, err)
		knows := parted(t, place)
		storetest.Issue(t, knows, 1, 60)
		check(t, server.Do(t.Context(), "SET search_path = "+u.Query().Get("search_path")+"; "+spoil))
		fresh := parted(t, place)
		storetest.Claimed(t, fresh, 1, 60)
		storetest.Issue(t, fresh, 61, 80)
		storetest.Claimed(t, knows, 40, 80)
	}
}
