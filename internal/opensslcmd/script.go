// Package opensslcmd writes the openssl commands that do what the program does,
// for people who have only those: lines for a shell, quoted, in the words of
// OpenSSL 3.0.
package opensslcmd

import (
	"fmt"
	"strings"
)

// Unable is why openssl cannot do the same.
type Unable struct{ Why string }

// Error is the whole sentence.
func (u *Unable) Error() string { return "OpenSSL 3.0 cannot do the same: " + u.Why }

func unable(format string, args ...any) error { return &Unable{fmt.Sprintf(format, args...)} }

// Quote writes a word as a POSIX shell reads it back.
func Quote(word string) string {
	plain := func(r rune) bool {
		return r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_@%+=:,./-", r))
	}
	if word != "" && strings.TrimLeftFunc(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// command is one line under construction.
type command struct {
	words []string
	input string // a document that standard input is read from; empty for none
}

func openssl(name string, words ...string) *command {
	return &command{words: append([]string{"openssl", name}, words...)}
}

func (c *command) add(words ...string) *command {
	c.words = append(c.words, words...)
	return c
}

// option adds an option with its value, unless that is empty.
func (c *command) option(name, value string) *command {
	if value == "" {
		return c
	}
	return c.add(name, value)
}

// file is option for the name of a file; "-" stands for none, as openssl reads
// and writes the standard streams where no file is named.
func (c *command) file(name, value string) *command {
	if value == "" || value == "-" {
		return c
	}
	if value[0] == '-' {
		value = "./" + value
	}
	return c.add(name, value)
}

func (c *command) line() string {
	quoted := make([]string, len(c.words))
	for i, w := range c.words {
		quoted[i] = Quote(w)
	}
	return strings.Join(quoted, " ")
}

// text is the command with its document behind it.
func (c *command) text() string {
	if c.input == "" {
		return c.line() + "\n"
	}
	return c.line() + " <<'" + delimiter + "'\n" + c.input + delimiter + "\n"
}

// delimiter ends documents; no line of a configuration is like it, as every
// value stands behind a name.
const delimiter = "EOF"

// pipe joins commands of which each reads what the one before wrote.
func pipe(commands ...*command) string {
	lines := make([]string, len(commands))
	for i, c := range commands {
		lines[i] = c.line()
	}
	return strings.Join(lines, " | ") + "\n"
}
