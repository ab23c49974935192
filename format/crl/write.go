package crl

import (
	"crypto"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/dn"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/format/oid"
)

// Header is everything of a list but its entries.
type Header struct {
	Issuer     dn.Name
	ThisUpdate time.Time
	NextUpdate time.Time       // zero leaves it away, which RFC 5280 does not allow
	Extensions []ext.Extension // AKI, CRL number, delta indicator, IDP …
	Algorithm  key.SignatureAlgorithm

	// Version1 leaves the version out, as lists without extensions of any kind
	// may (RFC 5280, Section 5.1.2.1 asks for version 2 where there are any).
	Version1 bool
}

// Write writes a signed list of version 2 to w. It goes over entries once, and
// holds their encoding (about 50 octets each) until the signature is made:
// lengths stand before contents. Nothing is written to w before that.
func Write(w io.Writer, h Header, entries iter.Seq2[Entry, error], signer crypto.Signer) error {
	if signer == nil {
		return errors.New("signing a revocation list: there is no key to sign with")
	}
	body, err := encode(entries, h.isDelta())
	if err != nil {
		return fmt.Errorf("writing a revocation list: %w", err)
	}
	pieces := h.tbs(body)
	signature, err := sign(signer, h.Algorithm, pieces)
	if err != nil {
		return fmt.Errorf("signing a revocation list: %w", err)
	}
	var tail der.Builder
	tail.Raw(h.Algorithm.Identifier.Raw)
	tail.Bits(signature)
	pieces = append(pieces, tail.Bytes())
	pieces = slices.Insert(pieces, 0, header(der.Sequence, length(pieces)))
	for _, p := range pieces {
		if _, err := w.Write(p); err != nil {
			return fmt.Errorf("writing a revocation list: %w", err)
		}
	}
	return nil
}

func (h *Header) isDelta() bool {
	_, ok := ext.Find(h.Extensions, oid.DeltaCRLIndicator)
	return ok
}

// tbs returns the TBSCertList in pieces, those of body among them.
func (h *Header) tbs(body [][]byte) [][]byte {
	var head, tail der.Builder
	if !h.Version1 {
		head.Int(1)
	}
	head.Raw(h.Algorithm.Identifier.Raw, h.Issuer.Raw)
	head.Time(h.ThisUpdate)
	if !h.NextUpdate.IsZero() {
		head.Time(h.NextUpdate)
	}
	if n := length(body); n > 0 {
		head.Raw(header(der.Sequence, n))
	}
	if len(h.Extensions) > 0 {
		mark := tail.Begin(der.ContextConstructed(0))
		ext.Append(&tail, h.Extensions)
		tail.End(mark)
	}
	pieces := make([][]byte, 0, len(body)+5)
	pieces = append(pieces, nil, head.Bytes())
	pieces = append(append(pieces, body...), tail.Bytes())
	pieces[0] = header(der.Sequence, length(pieces))
	return pieces
}

func length(pieces [][]byte) int {
	n := 0
	for _, p := range pieces {
		n += len(p)
	}
	return n
}

// header returns the identifier and length octets of an element.
func header(tag der.Tag, length int) []byte {
	if length < 0x80 {
		return []byte{byte(tag), byte(length)}
	}
	var octets []byte
	for n := length; n > 0; n >>= 8 {
		octets = append(octets, byte(n))
	}
	slices.Reverse(octets)
	return append([]byte{byte(tag), 0x80 | byte(len(octets))}, octets...)
}

// chunk is the size in which the encoding of entries is held; a chunk is
// never moved to grow.
const chunk = 1 << 20

func encode(entries iter.Seq2[Entry, error], delta bool) ([][]byte, error) {
	var done [][]byte
	var scratch der.Builder
	current := make([]byte, 0, 4<<10)
	n := 0
	for entry, err := range entries {
		n++
		if err == nil {
			err = entry.check(delta)
		}
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", n, err)
		}
		scratch = *der.NewBuilder(scratch.Bytes())
		entry.append(&scratch)
		if len(current)+scratch.Len() > cap(current) {
			done = append(done, current)
			current = make([]byte, 0, max(min(2*cap(current), chunk), scratch.Len()))
		}
		current = append(current, scratch.Bytes()...)
	}
	return append(done, current), nil
}

func (entry *Entry) check(delta bool) error {
	switch {
	case len(entry.Serial) == 0:
		return errors.New("there is no serial number")
	case entry.Negative:
		return fmt.Errorf("the serial number -%x is negative", entry.Serial)
	case !entry.Reason.Valid():
		return fmt.Errorf("there is no %v for serial number %x", entry.Reason, entry.Serial)
	case entry.Reason == RemoveFromCRL && !delta:
		return fmt.Errorf("removeFromCRL, for serial number %x, may stand in a delta list only", entry.Serial)
	}
	return nil
}

// append encodes an entry. Its parts are encoded by hand: they are the same
// for every entry but for a few octets.
func (entry *Entry) append(b *der.Builder) {
	whole := b.Begin(der.Sequence)
	b.Unsigned(entry.Serial)
	b.Time(entry.Revoked)
	if entry.Reason != Unspecified || !entry.InvalidityDate.IsZero() || entry.HoldInstruction != "" {
		extensions := b.Begin(der.Sequence)
		if entry.Reason != Unspecified {
			reason := b.Begin(der.Sequence)
			b.OID(string(oid.ReasonCode))
			value := b.Begin(der.OctetString)
			b.IntTag(der.Enumerated, int64(entry.Reason))
			b.End(value)
			b.End(reason)
		}
		if !entry.InvalidityDate.IsZero() {
			date := b.Begin(der.Sequence)
			b.OID(string(oid.InvalidityDate))
			value := b.Begin(der.OctetString)
			b.GeneralizedTime(entry.InvalidityDate)
			b.End(value)
			b.End(date)
		}
		if entry.HoldInstruction != "" {
			hold := b.Begin(der.Sequence)
			b.OID(string(oid.HoldInstructionCode))
			value := b.Begin(der.OctetString)
			b.OID(string(entry.HoldInstruction))
			b.End(value)
			b.End(hold)
		}
		b.End(extensions)
	}
	b.End(whole)
}
