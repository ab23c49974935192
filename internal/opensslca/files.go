package opensslca

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/certwright/certwright/internal/disk"
)

// Lock keeps other processes out of a directory until the function it returns
// is called. The lock is on a file beside the index, and goes with the process
// that holds it.
func Lock(index string) (unlock func(), err error) {
	f, err := os.OpenFile(index+".lock", os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("locking the index: %w", err)
	}
	if err := disk.Lock(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("locking the index: %w", err)
	}
	return func() { f.Close() }, nil
}

// LockFile waits for other processes that work with the same file, until unlock
// is called. The file is only read.
func LockFile(name string) (unlock func(), err error) {
	f, err := os.Open(name)
	if err == nil {
		if err = disk.Lock(f); err != nil {
			f.Close()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", name, err)
	}
	return func() { f.Close() }, nil
}

// ReadIndex reads an index.
func ReadIndex(name string) (*Index, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	// Room for a few entries more, so that adding them moves nothing.
	data := bytes.NewBuffer(make([]byte, 0, info.Size()+spare))
	if _, err := data.ReadFrom(f); err != nil {
		return nil, err
	}
	return Parse(data.Bytes()), nil
}

// spare is the room for new entries; bytes.Buffer wants 512 octets beyond what
// it reads.
const spare = 8 << 10

// SaveIndex writes the index that was read from this file, and keeps what was
// there under the name with ".old" at its end. Where entries were only added,
// it adds them to the file in one piece; else it replaces the file.
func SaveIndex(name string, x *Index) error {
	if x.changed || x.kept == 0 {
		x.DropOld()
		if err := Replace(name, x.Bytes()); err != nil {
			return err
		}
	} else {
		// The file before is worth less than the file itself: it is not waited for.
		x.KeepOld(name)
		old := x.old
		x.old = nil
		if err := errors.Join(appendTo(name, x.data[x.kept:]), old.put()); err != nil {
			return err
		}
	}
	x.data = x.Bytes()
	x.kept, x.changed = len(x.data), false
	return nil
}

// appendTo adds to the end of a file. Whoever holds the lock is alone with it.
func appendTo(name string, more []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(more)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// Replace gives a file its content, whole or not at all. What was there before
// stays under the name with ".old" at its end, as OpenSSL leaves it.
func Replace(name string, data []byte) error {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		mode = info.Mode().Perm()
	}
	temporary := name + ".new"
	if err := write(temporary, data, mode); err != nil {
		return err
	}
	if err := keepOld(name); err != nil {
		return err
	}
	if err := os.Rename(temporary, name); err != nil {
		return err
	}
	_ = disk.SyncFolder(filepath.Dir(name)) // systems that cannot do it are left alone
	return nil
}

// Create gives a file its content, whole or not at all; one that is there is
// replaced. The index is the one whose lock is held: of what a process leaves
// that is stopped meanwhile, the next call under this lock makes use.
func Create(name, index string, data []byte) error {
	temporary := temporaryIn(filepath.Dir(name), index)
	if err := write(temporary, data, 0o644); err != nil {
		return err
	}
	if err := os.Rename(temporary, name); err != nil {
		return err
	}
	_ = disk.SyncFolder(filepath.Dir(name)) // systems that cannot do it are left alone
	return nil
}

// Tidy removes what a call left in a folder that was stopped under this lock.
// Mostly there is nothing; what cannot be removed does no harm.
func Tidy(folder, index string) { _ = os.Remove(temporaryIn(folder, index)) }

// temporaryIn is the file of a folder that certificates are first written to
// under the lock of an index; other indexes have other ones.
func temporaryIn(folder, index string) string {
	if absolute, err := filepath.Abs(index); err == nil {
		index = absolute
	}
	sum := sha256.Sum256([]byte(index))
	return filepath.Join(folder, fmt.Sprintf("%s%x", temporaryName, sum[:4]))
}

const temporaryName = ".certificate.new-"

// isLeftover reports whether a process that was stopped left a file of this
// name: one written by Create, or whatever waits to be renamed.
func isLeftover(name string) bool {
	return strings.HasPrefix(filepath.Base(name), temporaryName) || strings.HasSuffix(name, ".new")
}

// keepOld gives the file a second name. There is no moment without it under
// its first.
func keepOld(name string) error {
	link := name + ".old.new"
	if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := os.Link(name, link)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil: // a file system without links
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := write(link, data, 0o644); err != nil {
			return err
		}
	}
	return os.Rename(link, name+".old")
}

func write(name string, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		os.Remove(name)
	}
	return err
}

// ErrNumber says that a file of a serial number or CRL number holds none.
var ErrNumber = errors.New("the file does not hold a number in hexadecimal digits")

// largestNumber bounds the octets of a number.
const largestNumber = 1 << 10

// ReadNumber reads a file such as serial or crlnumber: hexadecimal digits, an
// even number of them, which may go on over line ends behind backslashes. It
// returns the magnitude.
func ReadNumber(name string) ([]byte, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return ParseNumber(data)
}

// ParseNumber reads the content of a file such as serial or crlnumber.
func ParseNumber(data []byte) ([]byte, error) {
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	text = strings.ReplaceAll(text, "\\\n", "")
	text, _, _ = strings.Cut(text, "\n")
	digits := len(text) - len(strings.TrimLeft(text, "0123456789abcdefABCDEF"))
	number, err := hex.DecodeString(text[:digits])
	if err != nil || digits == 0 || len(number) > largestNumber {
		return nil, ErrNumber
	}
	return trim(number), nil
}

// FormatNumber writes a magnitude in upper-case hexadecimal digits, an even
// number of them.
func FormatNumber(number []byte) string {
	number = trim(number)
	if len(number) == 0 {
		return "00"
	}
	return strings.ToUpper(hex.EncodeToString(number))
}

// Next returns the number that follows.
func Next(number []byte) []byte {
	next := append([]byte{0}, number...)
	for i := len(next) - 1; ; i-- {
		if next[i]++; next[i] != 0 {
			return trim(next)
		}
	}
}

func trim(number []byte) []byte {
	for len(number) > 0 && number[0] == 0 {
		number = number[1:]
	}
	return number
}

// WriteNumber replaces a file such as serial or crlnumber.
func WriteNumber(name string, number []byte) error {
	return Replace(name, []byte(FormatNumber(number)+"\n"))
}

// Attributes are what stands beside an index, in index.txt.attr.
type Attributes struct{ UniqueSubject bool }

// Bytes writes the attributes.
func (a Attributes) Bytes() []byte {
	if a.UniqueSubject {
		return []byte("unique_subject = yes\n")
	}
	return []byte("unique_subject = no\n")
}

// ParseAttributes reads them; what is not understood is passed over.
func ParseAttributes(data []byte) (a Attributes) {
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(line, "=")
		value = strings.ToLower(strings.TrimSpace(value))
		if strings.TrimSpace(name) == "unique_subject" && value != "" {
			a.UniqueSubject = strings.ContainsRune("ty1", rune(value[0]))
		}
	}
	return a
}
