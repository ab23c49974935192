package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crl"
)

// head is the counters that all writers share; a transaction reads them
// first, which puts writers in line, and writes them last.
type head struct {
	event     int64
	eventHash []byte
	row       int64
	change    int64
}

// batch is one transaction at work.
type batch struct {
	*writer
	head    head
	waiting entries
}

func (b *batch) readHead() error {
	stmt, err := b.prepared(b.readsHead)
	if err != nil {
		return err
	}
	row := stmt.QueryRowContext(context.Background())
	if err := row.Scan(&b.head.event, &b.head.eventHash, &b.head.row, &b.head.change); errors.Is(err, sql.ErrNoRows) {
		return authority.ErrHead
	} else if err != nil {
		return fmt.Errorf("reading the head: %w", err)
	}
	if len(b.head.eventHash) != sha256.Size {
		return authority.ErrHead
	}
	return nil
}

func (b *batch) writeHead() error {
	err := b.put(writeHead, b.head.event, b.head.eventHash, b.head.row, b.head.change)
	if err == nil {
		err = b.send()
	}
	if err != nil {
		return fmt.Errorf("writing the head: %w", err)
	}
	return nil
}

// apply carries out one change; a refusal among its errors means that part of
// it may be written, which the caller takes back.
func (b *batch) apply(c *authority.Change) error {
	b.waiting.grounds = append(b.waiting.grounds, c.Grounds...)
	if c.PutCA != nil {
		if err := b.putCA(c.PutCA); err != nil {
			return fmt.Errorf("authority %q: %w", c.PutCA.CA.Name, err)
		}
	}
	if c.PutTicket != nil {
		if err := b.putTicket(c.PutTicket); err != nil {
			return fmt.Errorf("ticket %s: %w", c.PutTicket.Ticket.ID, err)
		}
	}
	if c.AddCertificate != nil {
		if err := b.addCertificate(c.AddCertificate, c.KeyGuard); err != nil {
			return fmt.Errorf("certificate %x: %w", c.AddCertificate.Serial, err)
		}
	}
	if c.SetStatus != nil {
		if err := b.setStatus(c.SetStatus); err != nil {
			return fmt.Errorf("status of certificate %x: %w", c.SetStatus.Serial, err)
		}
	}
	if c.AddCRL != nil {
		if err := b.addCRL(c.AddCRL); err != nil {
			return fmt.Errorf("revocation list %d: %w", c.AddCRL.Number, err)
		}
	}
	if c.Delete != nil {
		if err := b.delete(c.Delete); err != nil {
			return fmt.Errorf("removing what is past keeping: %w", err)
		}
	}
	if err := b.putRecords(c.PutRecords); err != nil {
		return err
	}
	if err := b.deleteRecords(c.DeleteRecords); err != nil {
		return err
	}
	for _, e := range c.Events {
		b.addEvent(e)
	}
	return nil
}

// missed tells why an update touched no row: nothing is there, or it changed.
func (b *batch) missed(there *statement, args ...any) error {
	n, err := b.count(there, args...)
	switch {
	case err != nil:
		return err
	case n == 0:
		return authority.ErrNotFound
	}
	return authority.ErrConflict
}

func (b *batch) count(st *statement, args ...any) (n int64, err error) {
	stmt, err := b.prepared(st)
	if err != nil {
		return 0, err
	}
	b.config.Dialect.makeStorable(args)
	return n, stmt.QueryRowContext(context.Background(), args...).Scan(&n)
}

func (b *batch) putCA(w *authority.CAWrite) error {
	ca := *w.CA
	ca.Revision = w.From + 1
	args, err := caArgs(&ca)
	if err != nil {
		return err
	}
	if w.From == 0 {
		_, err = b.run(insertCA, args...)
	} else {
		var n int64
		n, err = b.run(updateCA, append(args, ca.Name, w.From)...)
		if err == nil && n == 0 {
			err = b.missed(hasCA, ca.Name)
		}
	}
	if err == nil {
		w.CA.Revision = ca.Revision
	}
	return err
}

func (b *batch) putTicket(w *authority.TicketWrite) error {
	args, err := ticketArgs(w.Ticket)
	if err != nil {
		return err
	}
	if w.From == "" {
		return b.addTicket(w.Ticket, args)
	}
	// The ticket may have been added a moment ago.
	if err := b.settle(); err != nil {
		return err
	}
	n, err := b.run(updateTicket, append(args, w.Ticket.ID, string(w.From))...)
	if err == nil && n == 0 {
		err = b.missed(hasTicket, w.Ticket.ID)
	}
	return err
}

func (b *batch) addTicket(t *authority.Ticket, args []any) error {
	id, err := b.nextRow()
	if err != nil {
		return err
	}
	b.waiting.tickets = append(append(b.waiting.tickets, id), args...)
	if t.IdempotencyKey != "" {
		b.waiting.claims = append(b.waiting.claims, entry{keyClaim(t.IdempotencyKey), id})
	}
	b.waiting.addLookups(id, ticketHashes(t.State, t.Fingerprint, t.KeyFingerprint)...)
	return nil
}

func (b *batch) addCertificate(c *authority.Certificate, guard authority.KeyGuard) error {
	if err := b.guardKey(c.KeyFingerprint, guard); err != nil {
		return err
	}
	id, err := b.nextRow()
	if err != nil {
		return err
	}
	args, err := certificateArgs(id, c)
	if err != nil {
		return err
	}
	b.waiting.certificates = append(b.waiting.certificates, args...)
	b.waiting.ders = append(b.waiting.ders, id, c.DER)
	b.waiting.claims = append(b.waiting.claims, entry{serialClaim(c.CA, c.Serial), id})
	b.waiting.addLookups(id, certificateHashes(c.Serial, c.Fingerprint, c.KeyFingerprint, c.Names)...)
	if c.Status == authority.StatusValid || c.Status == authority.StatusUnconfirmed {
		return nil
	}
	return b.putRevocation(c.CA, c.Serial, int64(c.Shard), millis(c.NotAfter),
		authority.Revocation{At: c.Revoked, Reason: c.Reason, Invalid: c.Invalid})
}

func (b *batch) setStatus(w *authority.StatusWrite) error {
	// The certificate may have been added a moment ago.
	if err := b.settle(); err != nil {
		return err
	}
	id, err := b.claimant(serialClaim(w.CA, w.Serial))
	if err != nil {
		return err
	}
	own := []any{id, w.Serial, w.CA}
	r := authority.Revocation{At: w.Revoked, Reason: w.Reason, Invalid: w.Invalid}
	args := []any{string(w.To), millis(w.Revoked), w.Reason, millis(w.Invalid)}
	if w.To == authority.StatusValid {
		r.Reason = int(crl.RemoveFromCRL)
		args[1], args[2], args[3] = 0, 0, 0
	}
	n, err := b.run(updateStatus, append(append(args, own...), string(w.From))...)
	if err != nil {
		return err
	}
	if n == 0 {
		return b.missed(hasCertificate, own...)
	}
	if w.From == authority.StatusUnconfirmed && w.To == authority.StatusValid {
		return nil
	}
	stmt, err := b.prepared(shardAndEnd)
	if err != nil {
		return err
	}
	var shard, notAfter int64
	if err := stmt.QueryRowContext(context.Background(), own...).Scan(&shard, &notAfter); err != nil {
		return err
	}
	return b.putRevocation(w.CA, w.Serial, shard, notAfter, r)
}

func (b *batch) putRevocation(ca string, serial []byte, shard, notAfter int64, r authority.Revocation) error {
	b.head.change++
	_, err := b.run(upsertRevocation, ca, serial, shard, millis(r.At), r.Reason, millis(r.Invalid), notAfter, b.head.change)
	return err
}

// crlPart is how many octets of a revocation list are in one row.
const crlPart = 1 << 20

func (b *batch) addCRL(c *authority.CRL) error {
	higher, err := b.count(hasHigherCRL, c.CA, c.Number)
	if err != nil {
		return err
	}
	if higher > 0 {
		return authority.ErrConflict
	}
	_, err = b.run(insertCRL, c.CA, c.Number, string(c.Kind), c.Shard, c.Base, c.Mark,
		millis(c.ThisUpdate), millis(c.NextUpdate), c.Entries)
	if err != nil {
		return err
	}
	part := 0
	for der := range slices.Chunk(c.DER, crlPart) {
		if _, err := b.run(insertCRLPart, c.CA, c.Number, part, der); err != nil {
			return err
		}
		part++
	}
	return nil
}

func (b *batch) addEvent(e *authority.Event) {
	if text := b.config.Dialect.Text; text != nil {
		// The hash is of what is stored.
		e.Actor, e.Action, e.Object = text(e.Actor), text(e.Action), text(e.Object)
	}
	e.Seal(b.head.event+1, b.head.eventHash)
	b.waiting.events = append(b.waiting.events, e.Seq, millis(e.At), e.Actor, e.Action, e.Object, e.Detail, e.Previous, e.Hash)
	b.head.event, b.head.eventHash = e.Seq, e.Hash
}

func caArgs(c *authority.CA) ([]any, error) {
	chain, err := json.Marshal(c.Chain)
	if err != nil {
		return nil, fmt.Errorf("encoding the chain: %w", err)
	}
	return []any{c.Name, c.Revision, c.State, c.Parent, c.Key, c.Request, string(chain), c.Settings, millis(c.Created)}, nil
}
