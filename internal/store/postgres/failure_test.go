package postgres_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/store/postgres"
)

func TestOpenRefuses(t *testing.T) {
	check(t, server.Do(t.Context(), `
		CREATE DATABASE latin ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0;`))
	check(t, server.Do(t.Context(), `
		CREATE SCHEMA others; CREATE TABLE others.certificate (id INT);
		CREATE SCHEMA foreign_owner; CREATE ROLE stranger LOGIN; GRANT USAGE ON SCHEMA foreign_owner TO stranger;
		CREATE SCHEMA later; CREATE TABLE later.certwright_version (version_id BIGINT, is_applied BOOLEAN);
		INSERT INTO later.certwright_version VALUES (99, true);`))
	at := func(key, value string) string { return server.URL(url.Values{key: {value}}) }
	other := func(user, name string) string {
		u, err := url.Parse(server.URL(nil))
		check(t, err)
		u.User, u.Path = url.UserPassword(user, "geheim"), "/"+name
		return u.String()
	}
	for _, c := range []struct{ url, want, fix string }{
		{"mysql://localhost/x", "the URL of the database cannot be used", "write postgres://USER@HOST/NAME"},
		{"postgres://u:geheim%zz@localhost/x", "the URL of the database cannot be used", "write postgres://USER@HOST/NAME"},
		{"postgres://u@localhost/x?sslmode=geheim", "the URL of the database cannot be used", "write postgres://USER@HOST/NAME"},
		{"postgres://u@localhost/x?sslmode=verify-full&sslrootcert=/no/such/file", "no such file", "write postgres://USER@HOST/NAME"},
		{"postgres://u:geheim@/x?host=/no/such/folder", `opening the database "x" at /no/such/folder:5432: the database cannot be reached`, "check that it runs"},
		{"POSTGRES://u:geheim@127.0.0.1:1/x", `opening the database "x" at 127.0.0.1:1: the database cannot be reached`, "check that it runs"},
		{"postgres://u:geheim@no-such-host.invalid/x", "there is no host no-such-host.invalid, or no name server says so", "check that it runs"},
		{"postgres://u:geheim@127.0.0.1:1/x", `opening the database "x" at 127.0.0.1:1: the database cannot be reached`, "check that it runs"},
		{other("postgres", "none"), `there is no database of that name`, "createdb"},
		{other("nobody-of-that-name", "postgres"), "the database does not take this user or password", "check the URL"},
		{other("postgres", "latin"), "its encoding is LATIN1", ""},
		{at("search_path", "no_such_schema"), "there is no such schema", "search_path"},
		{at("search_path", "others"), "the database holds other tables of the same names", "name an empty database"},
		{other("stranger", "postgres") + "&search_path=foreign_owner", "the user may not do that in the database", "owner"},
		{at("search_path", "later"), "it was written by a newer Certwright (version 99 of its tables", ""},
		{at("default_transaction_read_only", "on") + "&search_path=foreign_owner", "the database takes no changes", "name the primary"},
	} {
		s, err := postgres.Open(t.Context(), c.url)
		if err == nil {
			t.Errorf("%s: opened", c.url)
			s.Close()
			continue
		}
		var told *postgres.Error
		fix := ""
		if errors.As(err, &told) {
			fix = told.Fix
		}
		if away := strings.Contains(err.Error(), "cannot be reached"); errors.Is(err, authority.ErrAway) != away {
			t.Errorf("%s: another time it may work: %t", c.url, !away)
		}
		if !strings.Contains(err.Error(), c.want) || !strings.Contains(fix, c.fix) || c.fix == "" && told != nil {
			t.Errorf("%s: got %q, fix %q, want %q, fix %q", c.url, err, fix, c.want, c.fix)
		}
		if strings.Contains(err.Error(), "geheim") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: told %q", c.url, err)
		}
	}
}

// TestFull has the database find no room on its disk for a while: who writes is
// told so, nothing is written, and reading goes on.
func TestFull(t *testing.T) {
	url := database(t)
	s := open(t, url)
	check(t, commit(t.Context(), s, 1))
	c, err := pgx.Connect(t.Context(), url)
	check(t, err)
	defer c.Close(context.Background())
	do := func(statement string) {
		t.Helper()
		_, err := c.Exec(t.Context(), statement)
		check(t, err)
	}
	do(`CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$`)
	for _, table := range []string{"certificate", "record"} {
		do("CREATE TRIGGER no_room BEFORE INSERT ON " + table + " EXECUTE FUNCTION no_room()")
	}
	err = commit(t.Context(), s, 2)
	var told *postgres.Error
	if !errors.Is(err, authority.ErrFull) || errors.Is(err, authority.ErrAway) || !errors.As(err, &told) || told.Detail != "the database's disk is full" || told.Fix != "make room and try again" {
		t.Errorf("got %v", err)
	}
	if err := s.PutRecords(t.Context(), &authority.Record{Kind: "test", ID: "1", Body: []byte("{}")}); !errors.Is(err, authority.ErrFull) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Certificate(t.Context(), "ca", change(1).AddCertificate.Serial); err != nil {
		t.Errorf("got %v", err)
	}
	do("DROP FUNCTION no_room CASCADE")
	check(t, commit(t.Context(), s, 2))
}

func TestOpenEnds(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := postgres.Open(ended, database(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
