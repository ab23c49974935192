// Package openssl understands the commands of OpenSSL 3.0 that make, show and
// convert keys, requests and certificates, with their options, messages and
// exit codes.
package openssl

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/certwright/certwright/internal/front"
)

// Env is the surroundings of a command.
type Env struct {
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
	Dir    string // what relative file names start from; empty for the folder of the process
	Now    func() time.Time
	Random io.Reader

	// IsTerminal reports whether a person can be asked.
	IsTerminal func() bool
	// ReadPassword asks for a line without echo. Where it is nil, the question
	// goes to Stderr and the line is read from Stdin.
	ReadPassword func(prompt string) ([]byte, error)

	Version string // of this program
}

// Run runs one command and returns the exit code: 0, or 1 where it failed or
// the answer is no. args begin with the name of the command.
func Run(env Env, args []string) int {
	if len(args) == 0 {
		args = []string{"help"}
	}
	name := args[0]
	if name == "-help" || name == "--help" || name == "-h" {
		name = "help"
	}
	if name == "-v" || name == "-version" || name == "--version" {
		name = "version"
	}
	if rest, asks := strings.CutPrefix(name, "no-"); asks {
		return env.lacks(rest)
	}
	command, known := find(name)
	if !known {
		if isOther(name) {
			fmt.Fprintf(env.Stderr, "%s: the command %s is not offered by certwright openssl; use OpenSSL's own for it\n", name, name)
		} else {
			fmt.Fprintf(env.Stderr, "Invalid command '%s'; type \"help\" for a list.\n", name)
		}
		return 1
	}
	return command.call(env, args[1:])
}

// lacks answers `openssl no-NAME`: 0 where there is no such command, and 1 with
// its name where there is.
func (env Env) lacks(name string) int {
	if _, known := find(name); known {
		fmt.Fprintln(env.Stdout, name)
		return 1
	}
	fmt.Fprintln(env.Stdout, "no-"+name)
	return 0
}

// call parses the options of a command and runs it.
func (cmd command) call(env Env, args []string) int {
	c := &call{Env: env, command: cmd}
	err := c.parse(args)
	if err == nil && c.has("help") {
		cmd.writeHelp(env.Stderr)
		return 0
	}
	if err == nil {
		err = c.checkShared()
	}
	if err == nil {
		err = cmd.run(c)
	}
	if err == nil {
		err = c.saveRandom()
	}
	if err == nil {
		return 0
	}
	c.report(err)
	var said complaint
	if errors.As(err, &said) && said.exit != 0 {
		return said.exit
	}
	return 1
}

// report writes what an error says. A complaint has the words of OpenSSL in
// it already; other errors get the name of the command in front.
func (c *call) report(err error) {
	var said complaint
	if errors.As(err, &said) {
		if said.text != "" {
			fmt.Fprintln(c.Stderr, said.text)
		}
		if said.usage {
			fmt.Fprintf(c.Stderr, "%s: Use -help for summary.\n", c.command.name)
		}
		return
	}
	var failure *front.Failure
	if errors.As(err, &failure) && failure.Fix != "" {
		fmt.Fprintf(c.Stderr, "%s: %v; %s\n", c.command.name, err, failure.Fix)
		return
	}
	fmt.Fprintf(c.Stderr, "%s: %v\n", c.command.name, err)
}

// complaint is an error in the words that scripts look for.
type complaint struct {
	text  string // whole lines; empty where all is said
	usage bool   // point to -help
	exit  int    // the exit code, 1 where it is 0
}

func (e complaint) Error() string { return e.text }

// complain returns an error that is printed as it is.
func complain(format string, args ...any) error {
	return complaint{text: fmt.Sprintf(format, args...)}
}

// misuse returns an error about the command line: printed with the name of the
// command in front, and followed by where to find help. An empty format only
// points to the help.
func (c *call) misuse(format string, args ...any) error {
	if format == "" {
		return complaint{usage: true}
	}
	return complaint{text: c.command.name + ": " + fmt.Sprintf(format, args...), usage: true}
}

// because adds to a line that scripts look for the cause in plain words.
func because(line string, cause error) error {
	if cause == nil {
		return complaint{text: line}
	}
	var said complaint
	if errors.As(cause, &said) {
		return complaint{text: strings.TrimSuffix(line+"\n"+said.text, "\n")}
	}
	return complaint{text: line + "\n" + strings.ReplaceAll(cause.Error(), "\n", " ")}
}

// path resolves a file name.
func (e Env) path(name string) string {
	if e.Dir == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(e.Dir, name)
}
