package openssl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/certwright/certwright/internal/front"
)

// read returns the content of a file; standard input where the name is empty
// or "-".
func (c *call) read(name string) ([]byte, error) {
	if name != "" && name != "-" {
		f, err := os.Open(c.path(name))
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return bounded(f)
	}
	if !c.stdinRead {
		data, err := bounded(c.Stdin)
		if err != nil {
			return nil, err
		}
		c.stdin, c.stdinRead = data, true
	}
	return c.stdin, nil
}

func bounded(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, front.LargestInput+1))
	if err == nil && len(data) > front.LargestInput {
		err = fmt.Errorf("the input is larger than %d MiB", front.LargestInput>>20)
	}
	return data, err
}

// open reads a file, and says that it cannot as OpenSSL does.
func (c *call) open(name string) ([]byte, error) {
	data, err := c.read(name)
	if err != nil {
		return nil, complain("Can't open \"%s\" for reading, %s", orStdin(name), reason(err))
	}
	return data, nil
}

func orStdin(name string) string {
	if name == "" || name == "-" {
		return "<stdin>"
	}
	return name
}

// reason is the system's word for an error, as strerror(3) has it.
func reason(err error) string {
	var number syscall.Errno
	if errors.As(err, &number) {
		s := number.Error()
		if s != "" && s[0] >= 'a' && s[0] <= 'z' {
			s = string(s[0]-'a'+'A') + s[1:]
		}
		return s
	}
	return err.Error()
}

// writeFile gives a file its content, whole or not at all; standard output
// where the name is empty or "-". A private file that is new is for its owner
// alone.
func (c *call) writeFile(name string, data []byte, private bool) error {
	if name == "" || name == "-" {
		_, err := c.Stdout.Write(data)
		return err
	}
	target := c.path(name)
	if whole, err := filepath.EvalSymlinks(target); err == nil {
		target = whole
	}
	mode := fs.FileMode(0o666)
	if private {
		mode = 0o600
	}
	if info, err := os.Stat(target); err == nil {
		mode = info.Mode().Perm()
	}
	shell := front.Shell{Out: c.Stdout}
	if err := shell.Write(target, data, mode, true); err != nil {
		return c.cannotWrite(name, private, err)
	}
	return nil
}

// cannotWrite names the command for private files alone, as OpenSSL does.
func (c *call) cannotWrite(name string, private bool, err error) error {
	why := reason(err)
	var failure *front.Failure
	if errors.As(err, &failure) {
		switch {
		case failure.Err == nil:
			why = "Is a directory"
		case errors.Is(failure.Err, fs.ErrNotExist):
			why = "No such file or directory"
		}
	}
	command := ""
	if private {
		command = c.command.name + ": "
	}
	return complain("%sCan't open \"%s\" for writing, %s", command, name, why)
}
