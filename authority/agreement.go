package authority

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/crl"
)

// thingsAtOnce is how many tickets and certificates are held against the chain
// in one go: so many take some 100 MiB. More of them are walked several times.
const thingsAtOnce = 500_000

// disagreements returns where the records are not what the audit chain, which
// is whole and has so many events, says of them. What is written meanwhile is
// told from what was changed behind the chain's back by looking twice.
func (a *Authority) disagreements(ctx context.Context, events int64) ([]AuditFault, error) {
	parts := uint32(1 + 2*events/thingsAtOnce)
	var out []AuditFault
	for part := range parts {
		var twice []AuditFault
		for look := range 2 {
			g := &agreement{a: a, part: part, parts: parts, said: map[thing]*saying{}, tidied: map[string]tidyAccount{}}
			if err := g.walk(ctx); err != nil {
				return nil, err
			}
			if look == 0 {
				twice = g.faults
			} else {
				twice = slices.DeleteFunc(twice, func(f AuditFault) bool { return !slices.Contains(g.faults, f) })
			}
			if len(twice) == 0 {
				break
			}
		}
		if out = append(out, twice...); len(out) > maxFaults {
			break
		}
	}
	return out, nil
}

// agreement holds the tickets, certificates and revocations of the records
// against what the chain says of them: of one part of them all.
type agreement struct {
	a           *Authority
	part, parts uint32
	said        map[thing]*saying
	tidied      map[string]tidyAccount // by authority: what was removed as past keeping
	faults      []AuditFault
}

// thing names a ticket or a certificate.
type thing [16]byte

func ticketThing(id string) thing { return thing(digestOf("ticket", id)) }

func certificateThing(ca string, serial []byte) thing {
	return thing(digestOf("certificate", ca, string(serial)))
}

// digestOf is the beginning of a hash of texts.
func digestOf(texts ...string) [16]byte {
	var buf []byte
	for _, t := range texts {
		buf = appendField(buf, t)
	}
	sum := sha256.Sum256(buf)
	return [16]byte(sum[:])
}

func (g *agreement) mine(t thing) bool { return binary.BigEndian.Uint32(t[:])%g.parts == g.part }

func (g *agreement) fault(seq int64, format string, args ...any) {
	if len(g.faults) <= maxFaults {
		g.faults = append(g.faults, AuditFault{Seq: seq, Kind: "record", Detail: fmt.Sprintf(format, args...)})
	}
}

func (g *agreement) walk(ctx context.Context) error {
	store := g.a.config.Store
	for e, err := range store.Events(ctx, 1) {
		if err != nil {
			return fmt.Errorf("reading the audit chain: %w", err)
		}
		g.hear(e)
	}
	for t, err := range store.Tickets(ctx, TicketQuery{}) {
		if errors.Is(err, ErrDamaged) {
			g.damaged(ticketThing(t.ID), "ticket "+t.ID)
			continue
		}
		if err != nil {
			return fmt.Errorf("reading the tickets: %w", err)
		}
		g.ticket(t)
	}
	for c, err := range store.Certificates(ctx, Query{}) {
		if errors.Is(err, ErrDamaged) {
			g.damaged(certificateThing(c.CA, c.Serial), certificateName(c.CA, c.Serial))
			continue
		}
		if err != nil {
			return fmt.Errorf("reading the certificates: %w", err)
		}
		g.certificate(c)
	}
	if err := g.revocations(ctx); err != nil {
		return err
	}
	return g.absent(ctx)
}

// damaged tells of a record that cannot be read.
func (g *agreement) damaged(key thing, name string) {
	if !g.mine(key) {
		return
	}
	seq := int64(0)
	if s := g.said[key]; s != nil {
		s.seen, seq = true, s.seq
	}
	g.fault(seq, "%s cannot be read: a value of it was changed to one of another kind", name)
}

func certificateName(ca string, serial []byte) string {
	return fmt.Sprintf("certificate %x of authority %q", serial, ca)
}

func (g *agreement) ticket(t *Ticket) {
	key := ticketThing(t.ID)
	if !g.mine(key) {
		return
	}
	s := g.said[key]
	if s == nil {
		g.fault(0, "ticket %s is in the records, and no entry of the chain tells of it: it was added beside the chain", t.ID)
		return
	}
	s.seen = true
	request := sha(t.Request)
	switch {
	case !bytes.Equal(request, t.Fingerprint) || s.what != ticketDigest(request, t.Requester, t.Serial):
		g.fault(s.seq, "the request, requester or serial number of ticket %s is not what the chain recorded", t.ID)
	case s.state != string(t.State):
		g.fault(s.seq, "ticket %s is %s in the records, and %s by the chain", t.ID, t.State, s.state)
	}
}

func (g *agreement) certificate(c *Certificate) {
	key := certificateThing(c.CA, c.Serial)
	if !g.mine(key) {
		return
	}
	name := certificateName(c.CA, c.Serial)
	s := g.said[key]
	if s == nil {
		g.fault(0, "%s is in the records, and no entry of the chain tells of it: it was added beside the chain", name)
		return
	}
	s.seen = true
	sum := sha(c.DER)
	if !bytes.Equal(sum, c.Fingerprint) || !s.sealed && s.print != [16]byte(sum) {
		g.fault(s.seq, "%s is not the one that the chain recorded", name)
	} else if what := unlike(c); what != "" {
		g.fault(s.seq, "the %s of %s in the records is not what the certificate says", what, name)
	}
	if s.what != certificateDigest(c) {
		g.fault(s.seq, "the ticket, profile, requester or predecessor of %s is not what the chain recorded", name)
	}
	if s.state != string(c.Status) {
		g.fault(s.seq, "%s is %s in the records, and %s by the chain", name, c.Status, s.state)
	} else if s.reason != c.Reason || s.revoked != milliseconds(c.Revoked) || s.invalid != milliseconds(c.Invalid) {
		g.fault(s.seq, "the time or reason of the revocation of %s is not what the chain recorded", name)
	}
}

// unlike names what a record says otherwise than its certificate.
func unlike(c *Certificate) string {
	parsed, err := cert.Parse(c.DER)
	if err != nil {
		return "content"
	}
	is := recordOf(parsed)
	switch {
	case !bytes.Equal(is.Serial, c.Serial):
		return "serial number"
	case is.Subject != c.Subject || !bytes.Equal(is.SubjectKey, c.SubjectKey):
		return "subject"
	case !slices.Equal(is.Names, c.Names):
		return "names"
	case !is.NotBefore.Equal(c.NotBefore) || !is.NotAfter.Equal(c.NotAfter):
		return "validity"
	case !bytes.Equal(is.KeyFingerprint, c.KeyFingerprint):
		return "key"
	}
	return ""
}

// revocations holds the lines of revocation lists to be against the chain.
func (g *agreement) revocations(ctx context.Context) error {
	list, err := g.a.config.Store.CAs(ctx)
	if err != nil {
		return fmt.Errorf("reading the authorities: %w", err)
	}
	for _, ca := range list {
		for r, err := range g.a.config.Store.Revocations(ctx, RevocationQuery{CA: ca.Name, Shard: -1}) {
			damaged := errors.Is(err, ErrDamaged)
			if err != nil && !damaged {
				return fmt.Errorf("reading the revocations: %w", err)
			}
			key := certificateThing(ca.Name, r.Serial)
			if !g.mine(key) {
				continue
			}
			s := g.said[key]
			if damaged {
				g.damaged(key, "the revocation of "+certificateName(ca.Name, r.Serial))
			} else if s == nil || !s.gone() || s.reason != r.Reason || s.revoked != milliseconds(r.At) || s.invalid != milliseconds(r.Invalid) {
				g.fault(0, "the revocation of %s (%v, %s) is not what the chain recorded", certificateName(ca.Name, r.Serial), crl.Reason(r.Reason), r.At.Format(time.RFC3339))
			}
			if s != nil {
				s.listed = true
			}
		}
	}
	return nil
}

// absent finds what the chain tells of and the records do not have.
func (g *agreement) absent(ctx context.Context) error {
	var missing []*saying
	for _, s := range g.said {
		if s.seen && (s.listed || !s.gone()) || !s.seen && s.pastKeeping(g.tidied[s.ca]) {
			continue
		}
		missing = append(missing, s)
	}
	slices.SortFunc(missing, func(a, b *saying) int { return int(a.seq - b.seq) })
	for _, s := range missing[:min(len(missing), maxFaults)] {
		name, err := g.nameAt(ctx, s)
		if err != nil {
			return err
		}
		if s.seen {
			g.fault(s.seq, "%s is revoked, and missing from the revocations: lists would not name it", name)
		} else {
			g.fault(s.seq, "%s is not in the records any more: it was removed beside the chain", name)
		}
	}
	return nil
}

// nameAt names what an event of the chain made.
func (g *agreement) nameAt(ctx context.Context, s *saying) (string, error) {
	for e, err := range g.a.config.Store.Events(ctx, s.seq) {
		if err != nil {
			return "", fmt.Errorf("reading the audit chain: %w", err)
		}
		kind, name, _ := strings.Cut(e.Object, ":")
		if h, ok := readHeard(e); ok && s.certificate && kind == "ticket" {
			return fmt.Sprintf("certificate %s of authority %q", h.Serial, h.CA), nil
		}
		return kind + " " + name, nil
	}
	return "what entry " + fmt.Sprint(s.seq) + " tells of", nil
}

// milliseconds is a time as stores keep it, 0 for none.
func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
