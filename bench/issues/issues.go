// Package issues makes up what an authority records, to fill stores with.
package issues

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/certwright/certwright/authority"
)

// Made is one issue as the authority records it, of the sizes that a
// P-256 request with two names has.
func Made() *authority.Change {
	random := make([]byte, 1200)
	rand.Read(random)
	serial, request, der := random[:16], random[16:400], random[400:1050]
	serial[0] = serial[0]&0x7f | 1
	fingerprint, key := sha256.Sum256(request), sha256.Sum256(der[:64])
	now := time.Now()
	id := fmt.Sprintf("01%024d", now.UnixNano())
	host := fmt.Sprintf("dns:host-%x.example.org", random[:6])
	ticket := &authority.Ticket{
		ID: id, State: authority.StateIssued, CA: "issuing", Profile: "server", ProfileVersion: "1+0123456789ab", Format: "pkcs10",
		Request: request, Fingerprint: fingerprint[:], KeyFingerprint: key[:], Subject: "CN=" + host[4:], Requester: "operator",
		IdempotencyKey: fmt.Sprintf("batch:%x", fingerprint), Asked: []byte(`{}`), Evidence: make([]byte, 155), Findings: make([]byte, 60),
		Changes: make([]byte, 200), Serial: serial, Created: now, Decided: now, Decider: "profile",
	}
	certificate := &authority.Certificate{
		CA: "issuing", Serial: serial, DER: der, Fingerprint: key[:], KeyFingerprint: key[:], Subject: ticket.Subject, SubjectKey: []byte(ticket.Subject),
		Names: []string{host}, NotBefore: now, NotAfter: now.Add(90 * 24 * time.Hour), Profile: "server", ProfileVersion: "1+0123456789ab",
		Requester: "operator", Ticket: id, Status: authority.StatusValid, Issued: now,
	}
	return &authority.Change{
		PutTicket: &authority.TicketWrite{Ticket: ticket}, AddCertificate: certificate,
		Events: []*authority.Event{{At: now, Actor: "operator", Action: "certificate.issued", Object: "ticket:" + id, Detail: make([]byte, 417)}},
	}
}

// atOnce is how many issues are recorded with one commit while filling.
const atOnce = 1000

// Fill records issues until the store has so many audit events.
func Fill(ctx context.Context, s authority.Store, events int64) error {
	there, _, err := s.Head(ctx)
	if err != nil {
		return fmt.Errorf("reading the head: %w", err)
	}
	for left := events - there; left > 0; left -= atOnce {
		changes := make([]*authority.Change, min(left, atOnce))
		for i := range changes {
			changes[i] = Made()
		}
		errs, err := s.Commit(ctx, changes...)
		if err = errors.Join(append(errs, err)...); err != nil {
			return fmt.Errorf("filling the store: %w", err)
		}
	}
	return nil
}
