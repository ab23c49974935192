package openssl

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

const (
	shortestSecret = 4 // of PEM that is encrypted anew
	longestSecret  = 1024
)

var errNoSecret = errors.New("no passphrase was given")

// lines is a file that several passphrases are read from.
type lines struct{ r *bufio.Reader }

// secrets returns the passphrases that two options name, such as passin and
// passout; nil where an option was not given. Where both name the same file,
// the second passphrase is on its second line.
func (c *call) secrets(first, second string) (one, two []byte, err error) {
	if one, err = c.secret(first); err != nil {
		return nil, nil, err
	}
	if two, err = c.secret(second); err != nil {
		return nil, nil, err
	}
	return one, two, nil
}

// secret returns the passphrase that an option names; nil where it was not
// given, and not nil where it was.
func (c *call) secret(name string) ([]byte, error) {
	if name == "" || !c.has(name) {
		return nil, nil
	}
	secret, err := c.fromSource(c.text(name))
	if err != nil {
		what := "passwords"
		if slices.Contains([]string{"genrsa", "genpkey", "x509", "spkac", "dgst", "ca"}, c.command.name) {
			what = "password" // the commands that take one alone
		}
		return nil, complain("%s\nError getting %s", err, what)
	}
	return append([]byte{}, secret...), nil
}

func (c *call) fromSource(source string) ([]byte, error) {
	way, rest, _ := strings.Cut(source, ":")
	switch {
	case source == "stdin":
		return c.line(source, func() (io.Reader, error) { return c.Stdin, nil })
	case way == "pass" && source != "pass":
		return []byte(rest), nil
	case way == "env" && source != "env":
		if v := c.Getenv(rest); v != "" {
			return []byte(v), nil
		}
		return nil, fmt.Errorf("No environment variable %s", rest)
	case way == "file" && source != "file":
		return c.line(source, func() (io.Reader, error) {
			f, err := os.Open(c.path(rest))
			if err != nil {
				return nil, fmt.Errorf("Can't open file %s", rest)
			}
			return f, nil
		})
	case way == "fd" && source != "fd":
		return c.line(source, func() (io.Reader, error) {
			n, err := strconv.Atoi(rest)
			if err != nil || n < 0 || n > 1<<16 {
				return nil, errors.New("Error reading password from BIO")
			}
			return os.NewFile(uintptr(n), source), nil
		})
	}
	if i := strings.IndexByte(source, ':'); i >= 0 && i < 5 {
		return nil, fmt.Errorf("Invalid password argument, starting with \"%s\"", source[:i+1])
	}
	return nil, errors.New("Invalid password argument, missing ':' within the first 5 chars")
}

// line reads the next line of a source.
func (c *call) line(source string, open func() (io.Reader, error)) ([]byte, error) {
	if c.streams == nil {
		c.streams = map[string]*lines{}
	}
	s := c.streams[source]
	if s == nil {
		r, err := open()
		if err != nil {
			return nil, err
		}
		s = &lines{r: bufio.NewReaderSize(r, 16)}
		c.streams[source] = s
	}
	read, err := s.r.ReadBytes('\n')
	if len(read) == 0 && err != nil {
		return nil, errors.New("Error reading password from BIO")
	}
	if len(read) > longestSecret {
		read = read[:longestSecret]
	}
	read = bytes.TrimRight(read, "\r\n")
	return read, nil
}

// ask asks for the passphrase of something that exists.
func (c *call) ask(prompt string) ([]byte, error) {
	if c.ReadPassword != nil {
		return c.ReadPassword(prompt)
	}
	fmt.Fprint(c.Stderr, prompt)
	line, err := readLine(c.Stdin)
	if err != nil {
		fmt.Fprintln(c.Stderr)
		return nil, errNoSecret
	}
	return line, nil
}

// askNew asks twice for a passphrase to encrypt with. Where PEM is asked for by
// its usual prompt there is a shortest length; elsewhere it may be empty.
func (c *call) askNew(prompt string) ([]byte, error) {
	first, err := c.ask(prompt)
	if err != nil {
		return nil, err
	}
	shortest := 0
	if prompt == defaultPrompt {
		shortest = shortestSecret
	}
	if len(first) < shortest || len(first) > longestSecret {
		return nil, complain("You must type in %d to %d characters", shortest, longestSecret)
	}
	second, err := c.ask("Verifying - " + prompt)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(first, second) {
		fmt.Fprintln(c.Stderr, "Verify failure")
		return nil, complaint{}
	}
	return append([]byte{}, first...), nil
}

// readLine reads up to the end of a line without reading past it.
func readLine(in io.Reader) ([]byte, error) {
	var line []byte
	one := make([]byte, 1)
	for len(line) <= longestSecret {
		n, err := in.Read(one)
		if n == 1 && one[0] == '\n' {
			return bytes.TrimSuffix(line, []byte{'\r'}), nil
		}
		line = append(line, one[:n]...)
		if err != nil {
			if len(line) > 0 && errors.Is(err, io.EOF) {
				return line, nil
			}
			return nil, err
		}
	}
	return nil, errNoSecret
}
