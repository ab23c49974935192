// Package front holds what the command lines share: the streams of the
// process, the terminal, passphrases, files, and how an error is told.
package front

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"time"
)

// Shell is the surroundings a command runs in. Output goes to Out, talk to
// Err.
type Shell struct {
	In     io.Reader
	Out    io.Writer
	Err    io.Writer
	Getenv func(string) string
	Now    func() time.Time

	Quiet bool // no talk but errors
	JSON  bool // results as JSON
	Yes   bool // questions are answered with yes

	shared     string        // source of two passphrases, one a line
	sharedText []byte        // what was read of it
	stdinTaken string        // what standard input was read for
	read       []fs.FileInfo // the files that were read, which are not overwritten
}

// Process returns the shell of this process.
func Process() *Shell {
	return &Shell{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv, Now: time.Now}
}

// Say tells the person at the command line something that is no result. Texts
// among args are made visible.
func (s *Shell) Say(format string, args ...any) {
	if !s.Quiet {
		fmt.Fprintf(s.Err, format+"\n", visible(args)...)
	}
}

// Warn is Say for what should be read.
func (s *Shell) Warn(format string, args ...any) {
	s.Say("certwright: warning: "+format, args...)
}

// Print writes a line of the result. Texts among args are made visible.
func (s *Shell) Print(format string, args ...any) {
	fmt.Fprintf(s.Out, format+"\n", visible(args)...)
}

// Object writes a result as indented JSON.
func (s *Shell) Object(v any) error {
	e := json.NewEncoder(s.Out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// Line writes a result as JSON on one line, for results that come one by one.
func (s *Shell) Line(v any) error {
	e := json.NewEncoder(s.Out)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// User returns the name of the local user: the officer and requester where no
// other is named.
func (s *Shell) User() string {
	for _, name := range []string{"USER", "LOGNAME"} {
		if u := s.Getenv(name); u != "" {
			return u
		}
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}
