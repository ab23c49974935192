package crl

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"math/big"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// Entries yields the entries in order, and an error at the end if one is broken.
func (l *List) Entries() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		in := der.Reader(l.RawEntries)
		for n := 1; !in.Empty(); n++ {
			var entry Entry
			o, err := open(&in)
			if err == nil {
				entry, err = o.decode()
			}
			if err != nil {
				yield(Entry{}, fmt.Errorf("entry %d of the revocation list: %w", n, err))
				return
			}
			if !yield(entry, nil) {
				return
			}
		}
	}
}

// Lookup returns the first entry for this serial number (magnitude, most
// significant octet first); of the entries before it, it reads the serial
// numbers alone. In an indirect list it does not look at whose the entries are.
func (l *List) Lookup(serial []byte) (Entry, bool, error) {
	want := bytes.TrimLeft(serial, "\x00")
	in := der.Reader(l.RawEntries)
	for n := 1; !in.Empty(); n++ {
		o, err := open(&in)
		if err == nil && o.serial[0] < 0x80 && bytes.Equal(bytes.TrimLeft(o.serial, "\x00"), want) {
			var entry Entry
			if entry, err = o.decode(); err == nil {
				return entry, true, nil
			}
		}
		if err != nil {
			return Entry{}, false, fmt.Errorf("entry %d of the revocation list: %w", n, err)
		}
	}
	return Entry{}, false, nil
}

// Len counts the entries without decoding them, up to a broken one.
func (l *List) Len() int {
	in := der.Reader(l.RawEntries)
	n := 0
	for !in.Empty() {
		if _, err := in.Next(); err != nil {
			break
		}
		n++
	}
	return n
}

// opened is an entry of which no more than the serial number is read.
type opened struct {
	serial []byte // content octets, at least one
	rest   der.Reader
}

func open(in *der.Reader) (opened, error) {
	e, err := in.Take(der.Sequence)
	if err != nil {
		return opened{}, err
	}
	o := opened{rest: e.Children()}
	serial, err := o.rest.Take(der.Integer)
	if err != nil {
		return opened{}, fmt.Errorf("userCertificate: %w", err)
	}
	if len(serial.Content) == 0 {
		return opened{}, errors.New("userCertificate: INTEGER is empty")
	}
	o.serial = serial.Content
	return o, nil
}

func (o opened) decode() (Entry, error) {
	var entry Entry
	entry.Serial, entry.Negative = o.serial, o.serial[0] >= 0x80
	if entry.Negative {
		n, err := der.Element{Tag: der.Integer, Content: o.serial}.BigInt()
		if err != nil {
			return Entry{}, err
		}
		entry.Serial = new(big.Int).Neg(n).Bytes()
	}
	for len(entry.Serial) > 1 && entry.Serial[0] == 0 {
		entry.Serial = entry.Serial[1:]
	}
	in := o.rest
	revoked, err := in.Next()
	if err == nil {
		entry.Revoked, err = revoked.Time()
	}
	if err != nil {
		return Entry{}, fmt.Errorf("revocationDate: %w", err)
	}
	if in.Empty() {
		return entry, nil
	}
	extensions, err := in.Take(der.Sequence)
	if err != nil {
		return Entry{}, fmt.Errorf("crlEntryExtensions: %w", err)
	}
	if entry.Extensions, err = ext.Parse(extensions.Raw); err != nil {
		return Entry{}, fmt.Errorf("crlEntryExtensions: %w", err)
	}
	if err := entry.readExtensions(); err != nil {
		return Entry{}, err
	}
	return entry, in.End()
}

func (entry *Entry) readExtensions() error {
	for i := range entry.Extensions {
		e := &entry.Extensions[i]
		switch e.ID {
		case oid.ReasonCode:
			reason, err := der.ParseTag(e.Value, der.Enumerated)
			if err != nil {
				return fmt.Errorf("reasonCode: %w", err)
			}
			n, err := reason.Int()
			if err != nil {
				return fmt.Errorf("reasonCode: %w", err)
			}
			entry.Reason = Reason(n)
		case oid.InvalidityDate:
			date, err := der.Parse(e.Value)
			if err == nil {
				entry.InvalidityDate, err = date.Time()
			}
			if err != nil {
				return fmt.Errorf("invalidityDate: %w", err)
			}
		}
	}
	return nil
}
