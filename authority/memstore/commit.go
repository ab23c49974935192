package memstore

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crl"
)

// Commit applies the changes, each whole or not at all.
func (s *Store) Commit(ctx context.Context, changes ...*authority.Change) ([]error, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	errs := make([]error, len(changes))
	for i, c := range changes {
		if errs[i] = s.check(c); errs[i] == nil {
			s.apply(c)
		}
	}
	return errs, nil
}

// check tells whether a change can be applied whole.
func (s *Store) check(c *authority.Change) error {
	for _, err := range []error{s.checkCA(c.PutCA), s.checkTicket(c.PutTicket), s.checkCertificate(c.AddCertificate), s.checkKey(c), s.checkGrounds(c.Grounds), s.checkStatus(c), s.checkCRL(c.AddCRL), s.checkRecords(c)} {
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) checkCA(w *authority.CAWrite) error {
	if w == nil {
		return nil
	}
	old := s.cas[w.CA.Name]
	switch {
	case w.From == 0 && old != nil:
		return authority.ErrExists
	case w.From != 0 && old == nil:
		return authority.ErrNotFound
	case w.From != 0 && old.Revision != w.From:
		return authority.ErrConflict
	}
	return nil
}

func (s *Store) checkTicket(w *authority.TicketWrite) error {
	if w == nil {
		return nil
	}
	at, known := s.ticketByID[w.Ticket.ID]
	if w.From != "" {
		if !known {
			return authority.ErrNotFound
		}
		if s.tickets[at].State != w.From {
			return authority.ErrConflict
		}
	} else if known {
		return authority.ErrExists
	}
	if owner, taken := s.ticketByKey[w.Ticket.IdempotencyKey]; taken && owner != w.Ticket.ID {
		return authority.ErrExists
	}
	return nil
}

func (s *Store) checkCertificate(c *authority.Certificate) error {
	if c == nil {
		return nil
	}
	if _, known := s.bySerial[serialKey(c.CA, c.Serial)]; known {
		return authority.ErrExists
	}
	return nil
}

func (s *Store) checkKey(c *authority.Change) error {
	if c.AddCertificate == nil || c.KeyGuard == authority.AnyKey {
		return nil
	}
	for _, old := range s.certificates {
		exposed := old.Status == authority.StatusRevoked && old.Reason == int(crl.KeyCompromise)
		if (exposed || c.KeyGuard == authority.KeyUncertified) && bytes.Equal(old.KeyFingerprint, c.AddCertificate.KeyFingerprint) {
			return authority.ErrKey
		}
	}
	return nil
}

func (s *Store) checkStatus(c *authority.Change) error {
	w := c.SetStatus
	if w == nil {
		return nil
	}
	status := authority.StatusValid
	at, known := s.bySerial[serialKey(w.CA, w.Serial)]
	switch {
	case known:
		status = s.certificates[at].Status
	case c.AddCertificate != nil && serialKey(c.AddCertificate.CA, c.AddCertificate.Serial) == serialKey(w.CA, w.Serial):
		status = c.AddCertificate.Status
	default:
		return authority.ErrNotFound
	}
	if status != w.From {
		return authority.ErrConflict
	}
	return nil
}

func (s *Store) checkCRL(c *authority.CRL) error {
	if c == nil {
		return nil
	}
	for _, old := range s.crls {
		if old.CA == c.CA && old.Number >= c.Number {
			return authority.ErrConflict
		}
	}
	return nil
}

func (s *Store) apply(c *authority.Change) {
	if w := c.PutCA; w != nil {
		w.CA.Revision = w.From + 1
		s.cas[w.CA.Name] = copyCA(w.CA)
	}
	if w := c.PutTicket; w != nil {
		s.putTicket(copyTicket(w.Ticket))
	}
	if c.AddCertificate != nil {
		s.addCertificate(copyCertificate(c.AddCertificate))
	}
	if c.SetStatus != nil {
		s.setStatus(c.SetStatus)
	}
	if c.AddCRL != nil {
		s.crls = append(s.crls, copyCRL(c.AddCRL))
	}
	if c.Delete != nil {
		s.delete(c.Delete)
	}
	s.putRecords(c)
	for _, e := range c.Events {
		e.Seal(int64(len(s.events))+1, slices.Clone(s.head))
		s.events = append(s.events, copyEvent(e))
		s.head = slices.Clone(e.Hash)
	}
}

func (s *Store) putTicket(t *authority.Ticket) {
	if at, known := s.ticketByID[t.ID]; known {
		delete(s.ticketByKey, s.tickets[at].IdempotencyKey)
		s.tickets[at] = t
	} else {
		s.ticketByID[t.ID] = len(s.tickets)
		s.tickets = append(s.tickets, t)
	}
	if t.IdempotencyKey != "" {
		s.ticketByKey[t.IdempotencyKey] = t.ID
	}
}

func (s *Store) addCertificate(c *authority.Certificate) {
	k := serialKey(c.CA, c.Serial)
	s.bySerial[k] = len(s.certificates)
	s.certificates = append(s.certificates, c)
	if c.Status == authority.StatusHold || c.Status == authority.StatusRevoked {
		s.revoke(k, authority.Revocation{Serial: c.Serial, At: c.Revoked, Reason: c.Reason, Invalid: c.Invalid})
	}
}

func (s *Store) revoke(key string, r authority.Revocation) {
	s.changes++
	r.Change = s.changes
	s.revocations[key] = r
}

func (s *Store) setStatus(w *authority.StatusWrite) {
	k := serialKey(w.CA, w.Serial)
	c := s.certificates[s.bySerial[k]]
	r := authority.Revocation{Serial: c.Serial, At: moment(w.Revoked), Reason: w.Reason, Invalid: moment(w.Invalid)}
	c.Status, c.Revoked, c.Reason, c.Invalid = w.To, r.At, r.Reason, r.Invalid
	if w.To == authority.StatusValid {
		r.Reason = int(crl.RemoveFromCRL)
		c.Revoked, c.Reason, c.Invalid = time.Time{}, 0, time.Time{}
	}
	if w.From != authority.StatusUnconfirmed || w.To != authority.StatusValid {
		s.revoke(k, r)
	}
}

func (s *Store) delete(r *authority.Retention) {
	doomed := slices.Clone(s.certificates)
	doomed = slices.DeleteFunc(doomed, func(c *authority.Certificate) bool { return !r.RemovesCertificate(c) })
	slices.SortStableFunc(doomed, func(a, b *authority.Certificate) int { return a.NotAfter.Compare(b.NotAfter) })
	if r.Limit > 0 && len(doomed) > r.Limit {
		doomed = doomed[:r.Limit]
	}
	gone := map[string]bool{}
	s.certificates = slices.DeleteFunc(s.certificates, func(c *authority.Certificate) bool {
		old := slices.Contains(doomed, c)
		if old {
			gone[serialKey(c.CA, c.Serial)] = true
			delete(s.revocations, serialKey(c.CA, c.Serial))
		}
		return old
	})
	s.tickets = slices.DeleteFunc(s.tickets, func(t *authority.Ticket) bool {
		old := r.RemovesTicket(t) || t.State == authority.StateIssued && gone[serialKey(t.CA, t.Serial)]
		if old {
			delete(s.ticketByKey, t.IdempotencyKey)
		}
		return old
	})
	s.deleteCRLs(r)
	s.reindex()
}

func (s *Store) deleteCRLs(r *authority.Retention) {
	type place struct {
		ca    string
		kind  authority.CRLKind
		shard int
	}
	newest := map[place]int64{}
	for _, c := range s.crls {
		newest[place{c.CA, c.Kind, c.Shard}] = c.Number
	}
	s.crls = slices.DeleteFunc(s.crls, func(c *authority.CRL) bool {
		return r.RemovesCRL(c) && newest[place{c.CA, c.Kind, c.Shard}] != c.Number
	})
}

func (s *Store) reindex() {
	clear(s.ticketByID)
	for i, t := range s.tickets {
		s.ticketByID[t.ID] = i
	}
	clear(s.bySerial)
	for i, c := range s.certificates {
		s.bySerial[serialKey(c.CA, c.Serial)] = i
	}
}
