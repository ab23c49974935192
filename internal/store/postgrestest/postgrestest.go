// Package postgrestest starts a PostgreSQL server for the time of a test.
package postgrestest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
)

// Server is a PostgreSQL server of its own: it listens on a socket in a
// folder that nobody else may enter, and ends with this process at the latest.
type Server struct {
	folder  string   // holds the data and the socket
	binary  string   // the folder of the server's programs
	as      []string // what runs a program as a user that may run the server
	running *exec.Cmd
	leash   io.Closer // the server ends when this is closed
	ended   chan struct{}
	schemas atomic.Int64
}

// Start starts a server. Settings of the form name=value come after those that
// make it quick and forgetful (fsync=off).
func Start(settings ...string) (*Server, error) {
	s := &Server{}
	err := s.prepare()
	if err == nil {
		err = s.Run(settings...)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting PostgreSQL for a test: %w", err), s.Stop())
	}
	return s, nil
}

func (s *Server) prepare() (err error) {
	if s.binary, err = programs(); err != nil {
		return err
	}
	// A socket's path must be short, which a test's own folder need not be.
	if s.folder, err = os.MkdirTemp("", "postgres"); err != nil {
		return err
	}
	if s.as, err = giveAway(s.folder); err != nil {
		return err
	}
	// Text is sorted in another order than that of its octets, as in many databases.
	out, err := s.command("initdb", "--pgdata", s.data(), "--username", "postgres", "--auth", "trust", "--no-sync", "--encoding", "UTF8",
		"--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "en-US").CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	line := append(slices.Clone(s.as), filepath.Join(s.binary, name))
	line = append(line, args...)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Dir = s.folder
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	return cmd
}

// onLeash runs a program until the standard input ends.
const onLeash = `"$@" </dev/null & server=$!; cat >/dev/null; kill -INT $server; wait $server`

// Run starts the server again after Halt, and returns when it answers.
func (s *Server) Run(settings ...string) error {
	cmd := s.command("postgres", "-D", s.data(), "-k", s.folder)
	for _, setting := range append([]string{"listen_addresses=", "fsync=off", "shared_buffers=64MB", "max_connections=200"}, settings...) {
		cmd.Args = append(cmd.Args, "-c", setting)
	}
	cmd.Args = append([]string{"sh", "-c", onLeash, "sh"}, cmd.Args...)
	var err error
	if cmd.Path, err = exec.LookPath("sh"); err != nil {
		return err
	}
	leash, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	said, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.running, s.leash, s.ended = cmd, leash, make(chan struct{})
	ready := make(chan error, 1)
	go s.listen(said, ready)
	return <-ready
}

// listen reads what the server says; one that ends without having been ready
// is an error.
func (s *Server) listen(said io.Reader, ready chan<- error) {
	defer close(s.ended)
	var all []string
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if strings.HasSuffix(lines.Text(), "database system is ready to accept connections") {
			ready <- nil
			all = nil
			_, _ = io.Copy(io.Discard, said)
			return
		}
		all = append(all, lines.Text())
	}
	ready <- fmt.Errorf("the server ended: %s", strings.Join(all, "\n"))
}

// Halt ends the server; Run starts it again with what it kept.
func (s *Server) Halt() error {
	if s.running == nil {
		return nil
	}
	s.leash.Close()
	<-s.ended
	err := s.running.Wait()
	s.running = nil
	if err != nil {
		return fmt.Errorf("ending PostgreSQL: %w", err)
	}
	return nil
}

// Stop ends the server and removes what it kept.
func (s *Server) Stop() error {
	err := s.Halt()
	if s.folder != "" {
		err = errors.Join(err, os.RemoveAll(s.folder))
	}
	return err
}

// Database returns the URL of a place of its own in the server, empty yet.
func (s *Server) Database(ctx context.Context) (string, error) {
	schema := "place" + strconv.FormatInt(s.schemas.Add(1), 10)
	if err := s.Do(ctx, "CREATE SCHEMA "+schema); err != nil {
		return "", err
	}
	return s.URL(url.Values{"search_path": {schema}}), nil
}

// URL returns the URL of the server's first database with these settings.
func (s *Server) URL(settings url.Values) string {
	if settings == nil {
		settings = url.Values{}
	}
	settings.Set("host", s.folder)
	return (&url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/postgres", RawQuery: settings.Encode()}).String()
}

// Environ returns the variables by which PostgreSQL's own programs find the server.
func (s *Server) Environ() []string { return []string{"PGHOST=" + s.folder, "PGUSER=postgres"} }

// Do carries out statements as the server's administrator.
func (s *Server) Do(ctx context.Context, statements string) error {
	conn, err := pgx.Connect(ctx, s.URL(nil))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statements)
	return errors.Join(err, conn.Close(ctx))
}
