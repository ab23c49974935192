package opensslca

import (
	"bytes"
	"io"
	"os"
)

// oldCopy is the ".old" file of an index while it is made ready. A large index
// takes as long to copy as to look into, and longer to write than all else, so
// where the file that is there is the beginning of the index, as it is when
// entries are only added, it is carried on.
type oldCopy struct {
	name  string // of the index
	data  []byte // what the file is to hold
	ready chan struct{}

	begun int   // how much of it the ".old" file has; 0: it is in a file of its own
	err   error // of writing that
}

func (o *oldCopy) temporary() string { return o.name + ".old.new" }
func (o *oldCopy) final() string     { return o.name + ".old" }

// KeepOld begins to make what is in the file of this name ready to become the
// ".old" file, when SaveIndex is called. The caller holds the lock of the index,
// and calls DropOld before it lets go of it.
func (x *Index) KeepOld(name string) {
	if x.old != nil || x.kept == 0 {
		return
	}
	o := &oldCopy{name: name, data: x.data[:x.kept], ready: make(chan struct{})}
	x.old = o
	go func() {
		defer close(o.ready)
		if o.begun = o.beginning(); o.begun == 0 {
			o.err = os.WriteFile(o.temporary(), o.data, 0o644)
		}
	}()
}

// beginning is the length of the ".old" file where that is the beginning of the
// index, and a file of its own; else 0.
func (o *oldCopy) beginning() int {
	f, err := os.Open(o.final())
	if err != nil {
		return 0
	}
	defer f.Close()
	is, err := f.Stat()
	if err != nil || is.Size() > int64(len(o.data)) {
		return 0
	}
	// A process that ended between two renames leaves one file of two names.
	if index, err := os.Stat(o.name); err != nil || os.SameFile(is, index) {
		return 0
	}
	block := make([]byte, 256<<10)
	for read := 0; ; {
		n, err := f.Read(block)
		if read+n > len(o.data) || !bytes.Equal(block[:n], o.data[read:read+n]) {
			return 0
		}
		read += n
		switch {
		case err == io.EOF:
			return read
		case err != nil:
			return 0
		}
	}
}

// DropOld removes what KeepOld wrote, where SaveIndex had no use of it.
func (x *Index) DropOld() {
	if x == nil || x.old == nil {
		return
	}
	<-x.old.ready
	if x.old.begun == 0 {
		os.Remove(x.old.temporary())
	}
	x.old = nil
}

// put makes it the ".old" file.
func (o *oldCopy) put() error {
	<-o.ready
	switch {
	case o.err != nil:
		os.Remove(o.temporary())
		return o.err
	case o.begun == 0:
		return os.Rename(o.temporary(), o.final())
	case o.begun == len(o.data):
		return nil
	}
	f, err := os.OpenFile(o.final(), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(o.data[o.begun:])
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
