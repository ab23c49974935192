package front

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/certwright/certwright/internal/disk"
)

// LargestInput bounds what is read of one file or of standard input.
const LargestInput = 512 << 20

// Read returns the content of a file; "-" is standard input.
func (s *Shell) Read(name string) ([]byte, error) {
	if name == "-" {
		return s.takeStdin("the input")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, &Failure{Exit: ExitFailed, Code: CodeFile, Detail: name + " is a folder, not a file", Fix: "name the files in it"}
	}
	s.read = append(s.read, info)
	return bounded(f, name, info.Size())
}

// bounded reads up to LargestInput; size is how much is expected.
func bounded(r io.Reader, name string, size int64) ([]byte, error) {
	data := bytes.NewBuffer(make([]byte, 0, min(size, LargestInput)+bytes.MinRead))
	if _, err := data.ReadFrom(io.LimitReader(r, LargestInput+1)); err != nil {
		return nil, err
	}
	if data.Len() > LargestInput {
		return nil, &Failure{Exit: ExitFailed, Code: CodeFile, Detail: fmt.Sprintf("%s is larger than %d MiB", name, LargestInput>>20)}
	}
	return data.Bytes(), nil
}

func (s *Shell) takeStdin(what string) ([]byte, error) {
	if s.stdinTaken != "" {
		return nil, &Failure{Exit: ExitUsage, Code: CodeUsage, Detail: "standard input cannot be both " + s.stdinTaken + " and " + what,
			Fix: "give one of them by file"}
	}
	s.stdinTaken = what
	return bounded(s.In, "standard input", 0)
}

// Write puts data into a file under its final name only once they are whole
// and on disk; "-" is standard output. Without force an existing file is left
// as it is, and is an error.
func (s *Shell) Write(name string, data []byte, mode fs.FileMode, force bool) error {
	if name == "-" {
		_, err := s.Out.Write(data)
		return err
	}
	if info, err := os.Stat(name); err == nil {
		if info.IsDir() {
			return isFolder(name)
		}
		if !info.Mode().IsRegular() {
			return writeThrough(name, data)
		}
		if !force {
			return exists(name)
		}
	}
	temp, err := WriteTemp(name, data, mode, true)
	if err != nil {
		return err
	}
	if err := place(temp, name, force); err != nil {
		os.Remove(temp)
		return unwritable(name, err)
	}
	return disk.SyncFolder(filepath.Dir(name))
}

// Writable checks that Renew could put a file of this name where it belongs,
// before something is done whose result goes there.
func (s *Shell) Writable(name string) error {
	if name == "-" {
		return nil
	}
	if info, err := os.Stat(name); err == nil {
		if info.IsDir() {
			return isFolder(name)
		}
		if !info.Mode().IsRegular() {
			return nil
		}
		if err := Replaceable(name); err != nil {
			return err
		}
	}
	f, err := createTemp(name, SecretFile)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func isFolder(name string) error {
	return &Failure{Exit: ExitFailed, Code: CodeFile, Detail: "cannot write " + name + ": it is a folder", Fix: "give the name of a file"}
}

// unwritable says that a file cannot be written, by its final name.
func unwritable(name string, err error) error {
	var failure *Failure
	if err == nil || errors.As(err, &failure) {
		return err
	}
	cause, fix := err.Error(), ""
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		cause, fix = systemCause(path.Err)
	case errors.As(err, &link):
		cause, fix = systemCause(link.Err)
	}
	return &Failure{Exit: ExitFailed, Code: CodeFile, Detail: "cannot write " + name + ": " + cause, Fix: fix, Err: err}
}

func exists(name string) error {
	return &Failure{Exit: ExitFailed, Code: CodeExists, Detail: name + " exists already, and is not overwritten",
		Fix: "choose another name with --out, or overwrite it with --force"}
}

// place gives the finished file its name; without force it does not replace
// what another process put there meanwhile.
func place(temp, name string, force bool) error {
	if force {
		return os.Rename(temp, name)
	}
	err := renameNew(temp, name)
	if errors.Is(err, fs.ErrExist) {
		return exists(name)
	}
	return err
}

// PlaceCertificate gives the finished file its name, which may be that of a
// Replaceable one.
func PlaceCertificate(temp, name string) error {
	err := renameNew(temp, name)
	if errors.Is(err, fs.ErrExist) {
		if err = Replaceable(name); err == nil {
			err = os.Rename(temp, name)
		}
	}
	if err != nil {
		os.Remove(temp)
	}
	return unwritable(name, err)
}

// linkNew is a rename that fails where the name is taken, where the file system
// knows links.
func linkNew(temp, name string) error {
	err := os.Link(temp, name)
	switch {
	case err == nil:
		return os.Remove(temp)
	case errors.Is(err, fs.ErrExist):
		return err
	}
	return os.Rename(temp, name)
}

// WriteTemp writes data to a new file beside name, and syncs it if told to.
// The caller renames or removes it.
func WriteTemp(name string, data []byte, mode fs.FileMode, sync bool) (temp string, err error) {
	f, err := createTemp(name, mode)
	if err != nil {
		return "", err
	}
	if _, err = f.Write(data); err == nil && sync {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		os.Remove(f.Name())
		return "", unwritable(name, err)
	}
	return f.Name(), nil
}

func createTemp(name string, mode fs.FileMode) (*os.File, error) {
	for n := 0; ; n++ {
		temp := filepath.Join(filepath.Dir(name), fmt.Sprintf(".%s.%d-%d.tmp", filepath.Base(name), os.Getpid(), n))
		f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &Failure{Exit: ExitFailed, Code: CodeFile, Detail: "cannot write " + name + ": there is no folder " + filepath.Dir(name),
				Fix: "make it first: mkdir -p " + filepath.Dir(name), Err: err}
		}
		return f, unwritable(name, err)
	}
}

func writeThrough(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return unwritable(name, err)
	}
	_, err = f.Write(data)
	return unwritable(name, errors.Join(err, f.Close()))
}

// The permissions of files that are written.
const (
	PublicFile fs.FileMode = 0o644
	SecretFile fs.FileMode = 0o600 // holds a private key
)

// Stream is what a large output is written to.
type Stream = io.Writer

// Open opens a file for reading as a stream; "-" is standard input.
func (s *Shell) Open(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(s.In), nil
	}
	return os.Open(name)
}

// WriteStream is Write for what is too large to hold: the file gets its name
// once write has returned and all is on disk. An existing file is replaced.
func (s *Shell) WriteStream(name string, mode fs.FileMode, write func(Stream) (any, error)) (any, error) {
	if name == "-" {
		return write(s.Out)
	}
	f, err := createTemp(name, mode)
	if err != nil {
		return nil, err
	}
	result, err := write(f)
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = unwritable(name, os.Rename(f.Name(), name))
	}
	if err != nil {
		os.Remove(f.Name())
		return nil, err
	}
	return result, disk.SyncFolder(filepath.Dir(name))
}
