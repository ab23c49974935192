package text

import (
	"bufio"
	"io"

	"github.com/certwright/certwright/format/oid"
)

// Objects names the object identifiers that OpenSSL does not know: by a short
// and a long name.
type Objects func(oid.OID) (short, long string, known bool)

// Writer is where text goes, with the names of what is not known to everybody.
type Writer struct {
	*bufio.Writer
	Objects Objects // may be nil
}

// NewWriter returns a Writer, to be flushed by the caller.
func NewWriter(to io.Writer, objects Objects) *Writer {
	return &Writer{bufio.NewWriter(to), objects}
}

// Names returns the short and the long name of an identifier.
func (more Objects) Names(id oid.OID) (short, long string, known bool) {
	if short, long, known = oid.OpenSSLNames(id); known || more == nil {
		return short, long, known
	}
	return more(id)
}

// more gives the long names that OpenSSL does not know.
func (more Objects) more(id oid.OID) (long string, known bool) {
	if more == nil {
		return "", false
	}
	_, long, known = more(id)
	return long, known
}

// Long is the long name of an identifier, else its numbers.
func (more Objects) Long(id oid.OID) string {
	if _, long, ok := more.Names(id); ok {
		return long
	}
	return id.String()
}

// Short is the short name of an identifier, else its numbers.
func (more Objects) Short(id oid.OID) string {
	if short, _, ok := more.Names(id); ok {
		return short
	}
	return id.String()
}
