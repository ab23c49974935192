// Package memstore is an authority.Store in memory, for tests and dry runs:
// it keeps every promise of the interface but durability.
package memstore

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/certwright/certwright/authority"
)

// Store is the store. It is safe for concurrent use.
type Store struct {
	mu           sync.RWMutex
	closed       bool
	cas          map[string]*authority.CA
	tickets      []*authority.Ticket
	ticketByID   map[string]int
	ticketByKey  map[string]string // idempotency key to id
	certificates []*authority.Certificate
	bySerial     map[string]int // CA/serial to the place in certificates
	revocations  map[string]authority.Revocation
	changes      int64
	crls         []*authority.CRL
	events       []*authority.Event
	head         []byte
	records      map[recordKey]*authority.Record
	recordByName map[recordKey]string // kind and name to id
}

var errClosed = errors.New("the store is closed")

// New returns an empty store.
func New() *Store {
	return &Store{
		cas:         map[string]*authority.CA{},
		ticketByID:  map[string]int{},
		ticketByKey: map[string]string{},
		bySerial:    map[string]int{},
		revocations: map[string]authority.Revocation{},
		head:        make([]byte, 32),

		records:      map[recordKey]*authority.Record{},
		recordByName: map[recordKey]string{},
	}
}

// Close ends the use of the store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

func serialKey(ca string, serial []byte) string { return ca + "/" + hex.EncodeToString(serial) }

// read takes the lock for reading, unless the store or context has ended.
func (s *Store) read(ctx context.Context) (unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	if s.closed {
		s.mu.RUnlock()
		return nil, errClosed
	}
	return s.mu.RUnlock, nil
}

// CA returns an authority by its name.
func (s *Store) CA(ctx context.Context, name string) (*authority.CA, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if c := s.cas[name]; c != nil {
		return copyCA(c), nil
	}
	return nil, authority.ErrNotFound
}

// CAs returns all authorities by name.
func (s *Store) CAs(ctx context.Context) ([]*authority.CA, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var out []*authority.CA
	for _, c := range s.cas {
		out = append(out, copyCA(c))
	}
	slices.SortFunc(out, func(a, b *authority.CA) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	return out, nil
}

// Ticket returns a ticket by its ID.
func (s *Store) Ticket(ctx context.Context, id string) (*authority.Ticket, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if at, ok := s.ticketByID[id]; ok {
		return copyTicket(s.tickets[at]), nil
	}
	return nil, authority.ErrNotFound
}

// TicketByKey returns a ticket by its idempotency key.
func (s *Store) TicketByKey(ctx context.Context, key string) (*authority.Ticket, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if id, ok := s.ticketByKey[key]; ok && key != "" {
		return copyTicket(s.tickets[s.ticketByID[id]]), nil
	}
	return nil, authority.ErrNotFound
}

// UsedKeys returns which of these idempotency keys have a ticket.
func (s *Store) UsedKeys(ctx context.Context, keys []string) (map[string]bool, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	used := map[string]bool{}
	for _, key := range keys {
		if _, ok := s.ticketByKey[key]; ok {
			used[key] = true
		}
	}
	return used, nil
}

// Certificate returns a certificate by its authority and serial number.
func (s *Store) Certificate(ctx context.Context, ca string, serial []byte) (*authority.Certificate, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if at, ok := s.bySerial[serialKey(ca, serial)]; ok {
		return copyCertificate(s.certificates[at]), nil
	}
	return nil, authority.ErrNotFound
}

// selected yields copies of what keep selects of the records that are there
// at the start, at most limit (0: all).
func selected[T any](ctx context.Context, s *Store, records func() ([]T, error), keep func(T) bool, copy func(T) T, limit int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		unlock, err := s.read(ctx)
		if err != nil {
			yield(zero, err)
			return
		}
		var out []T
		all, err := records()
		if err != nil {
			unlock()
			yield(zero, err)
			return
		}
		for _, r := range all {
			if keep(r) {
				out = append(out, copy(r))
				if len(out) == limit {
					break
				}
			}
		}
		unlock()
		for _, r := range out {
			if err := ctx.Err(); err != nil {
				yield(zero, err)
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Tickets yields tickets, oldest first.
func (s *Store) Tickets(ctx context.Context, q authority.TicketQuery) iter.Seq2[*authority.Ticket, error] {
	records := func() ([]*authority.Ticket, error) {
		at := slices.IndexFunc(s.tickets, func(t *authority.Ticket) bool { return t.ID == q.After })
		return from(s.tickets, at, q.After != "")
	}
	return selected(ctx, s, records, q.Matches, copyTicket, q.Limit)
}

// Certificates yields certificates in the order they were issued.
func (s *Store) Certificates(ctx context.Context, q authority.Query) iter.Seq2[*authority.Certificate, error] {
	records := func() ([]*authority.Certificate, error) {
		at := slices.IndexFunc(s.certificates, func(c *authority.Certificate) bool {
			return q.After != nil && c.CA == q.After.CA && bytes.Equal(c.Serial, q.After.Serial)
		})
		return from(s.certificates, at, q.After != nil)
	}
	return selected(ctx, s, records, q.Matches, copyCertificate, q.Limit)
}

// from is the rest of a list after the record at a place, where that is asked
// for.
func from[T any](list []T, at int, asked bool) ([]T, error) {
	switch {
	case !asked:
		return list, nil
	case at < 0:
		return nil, authority.ErrNotFound
	}
	return list[at+1:], nil
}

// Revocations yields what a revocation list holds, by serial number.
func (s *Store) Revocations(ctx context.Context, q authority.RevocationQuery) iter.Seq2[authority.Revocation, error] {
	records := func() ([]authority.Revocation, error) {
		var out []authority.Revocation
		for _, c := range s.certificates {
			r, known := s.revocations[serialKey(c.CA, c.Serial)]
			if known && c.CA == q.CA && q.Selects(c.Shard, c.NotAfter, r) {
				r.Serial = bytes.Clone(r.Serial)
				out = append(out, r)
			}
		}
		slices.SortFunc(out, func(a, b authority.Revocation) int { return bytes.Compare(a.Serial, b.Serial) })
		return out, nil
	}
	all := func(authority.Revocation) bool { return true }
	same := func(r authority.Revocation) authority.Revocation { return r }
	return selected(ctx, s, records, all, same, 0)
}

// LastChange returns the number of an authority's newest change of status.
func (s *Store) LastChange(ctx context.Context, ca string) (last int64, err error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return 0, err
	}
	defer unlock()
	for k, r := range s.revocations {
		if strings.HasPrefix(k, ca+"/") {
			last = max(last, r.Change)
		}
	}
	return last, nil
}

// LatestCRL returns the newest list of a kind and shard.
func (s *Store) LatestCRL(ctx context.Context, ca string, kind authority.CRLKind, shard int) (*authority.CRL, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	for _, c := range slices.Backward(s.crls) {
		if c.CA == ca && c.Kind == kind && c.Shard == shard {
			return copyCRL(c), nil
		}
	}
	return nil, authority.ErrNotFound
}

// NewestCRL is LatestCRL without DER.
func (s *Store) NewestCRL(ctx context.Context, ca string, kind authority.CRLKind, shard int) (*authority.CRL, error) {
	c, err := s.LatestCRL(ctx, ca, kind, shard)
	if err == nil {
		c.DER = nil
	}
	return c, err
}

// CRLs yields the lists of an authority, oldest first, without DER.
func (s *Store) CRLs(ctx context.Context, ca string) iter.Seq2[*authority.CRL, error] {
	keep := func(c *authority.CRL) bool { return c.CA == ca }
	bare := func(c *authority.CRL) *authority.CRL {
		out := *c
		out.DER = nil
		return &out
	}
	return selected(ctx, s, func() ([]*authority.CRL, error) { return s.crls, nil }, keep, bare, 0)
}

// Events yields the audit chain from a sequence number on.
func (s *Store) Events(ctx context.Context, from int64) iter.Seq2[*authority.Event, error] {
	keep := func(e *authority.Event) bool { return e.Seq >= from }
	return selected(ctx, s, func() ([]*authority.Event, error) { return s.events, nil }, keep, copyEvent, 0)
}

// Head returns the number and hash of the newest event.
func (s *Store) Head(ctx context.Context) (int64, []byte, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return 0, nil, err
	}
	defer unlock()
	return int64(len(s.events)), slices.Clone(s.head), nil
}
