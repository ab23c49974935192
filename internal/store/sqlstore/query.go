package sqlstore

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/certwright/certwright/authority"
)

// Certificates yields certificates in the order they were issued. The engine
// finds candidates; what the query means is Query.Matches.
func (s *Store) Certificates(ctx context.Context, q authority.Query) iter.Seq2[*authority.Certificate, error] {
	start := func() (int64, error) { return s.certificatePlace(ctx, q.After) }
	return limited(q.Limit, q.Matches, pages(start, func(after int64, size int) (list []found[*authority.Certificate], last int64, err error) {
		a := s.arguments()
		text := certificateSelect() + "WHERE " + certificateWhere(&q, a, after) + " ORDER BY c.id" + limit(size)
		list, err = find(ctx, s, text, a, func(row scanner) (*authority.Certificate, error) { return scanCertificate(row, &last) })
		return list, last, err
	}))
}

// beginning is before the first row.
const beginning = int64(-1 << 62)

func fromBeginning() (int64, error) { return beginning, nil }

// certificatePlace returns the row of a certificate that a page ended with.
func (s *Store) certificatePlace(ctx context.Context, after *authority.Place) (int64, error) {
	if after == nil {
		return beginning, nil
	}
	row, err := s.claimant(ctx, serialClaim(after.CA, after.Serial))
	if err != nil {
		return 0, err
	}
	a := s.arguments()
	text := "SELECT id FROM certificate WHERE id = " + a.add(row) + " AND serial = " + a.add(after.Serial) + " AND ca = " + a.add(after.CA)
	err = s.row(ctx, text, a).Scan(&row)
	return known(row, err)
}

// ticketPlace returns the row of a ticket that a page ended with.
func (s *Store) ticketPlace(ctx context.Context, after string) (int64, error) {
	if after == "" {
		return beginning, nil
	}
	a, row := s.arguments(), int64(0)
	err := s.row(ctx, "SELECT id FROM ticket WHERE ticket = "+a.add(after), a).Scan(&row)
	return known(row, err)
}

func certificateWhere(q *authority.Query, a *arguments, after int64) string {
	terms := []string{"c.id > " + a.add(after)}
	add := func(wanted bool, term string, value func() any) {
		if wanted {
			terms = append(terms, term+a.add(value()))
		}
	}
	add(q.CA != "", "c.ca = ", func() any { return q.CA })
	add(q.Profile != "", "c.profile = ", func() any { return q.Profile })
	add(q.Requester != "", "c.requester = ", func() any { return q.Requester })
	add(q.Status != "", "c.status = ", func() any { return string(q.Status) })
	add(!q.ExpiresBefore.IsZero(), "c.not_after <= ", func() any { return millis(q.ExpiresBefore) })
	add(!q.ExpiresAfter.IsZero(), "c.not_after >= ", func() any { return millis(q.ExpiresAfter) })
	add(!q.IssuedAfter.IsZero(), "c.issued >= ", func() any { return millis(q.IssuedAfter) })
	if len(q.Serial) > 0 {
		terms = append(terms, a.found("c.id", serialHash("", q.Serial)))
	}
	if len(q.Fingerprint) > 0 {
		terms = append(terms, a.found("c.id", prefix(q.Fingerprint)))
	}
	if len(q.KeyFingerprint) > 0 {
		terms = append(terms, keyTerm(q, a))
	}
	if q.Ticket != "" {
		terms = append(terms, "c.ticket = "+a.add(q.Ticket))
	}
	if q.Subject != "" {
		terms = append(terms, a.contains(strings.ToLower(q.Subject)))
	}
	if q.Name != "" {
		terms = append(terms, nameTerm(q.Name, a))
	}
	if q.Text != "" {
		lower := strings.ToLower(q.Text)
		terms = append(terms, "("+a.contains(lower)+" OR "+a.contains(strings.ReplaceAll(lower, ":", ""))+")")
	}
	return strings.Join(terms, " AND ")
}

func (a *arguments) contains(part string) string {
	return a.config.Dialect.Position + "(c.folded, " + a.add(part) + ") > 0"
}

// keyTerm finds a key; one whose certificate is revoked by an index of its
// own, as every submission asks for it.
func keyTerm(q *authority.Query, a *arguments) string {
	if q.Status == authority.StatusRevoked || q.Status == authority.StatusHold {
		return "c.status <> 'valid' AND c.key_hash = " + a.add(prefix(q.KeyFingerprint))
	}
	return a.found("c.id", prefix(q.KeyFingerprint))
}

// nameTerm finds a name by its hash, or one with "*" by its longest part.
func nameTerm(name string, a *arguments) string {
	if !strings.Contains(name, "*") {
		return a.found("c.id", textHash(name), nameHash(name))
	}
	longest := ""
	for _, part := range strings.Split(strings.ToLower(name), "*") {
		if len(part) > len(longest) {
			longest = part
		}
	}
	if longest == "" {
		return "c.names IS NOT NULL"
	}
	return a.contains(longest)
}

// Tickets yields tickets, oldest first.
func (s *Store) Tickets(ctx context.Context, q authority.TicketQuery) iter.Seq2[*authority.Ticket, error] {
	start := func() (int64, error) { return s.ticketPlace(ctx, q.After) }
	return limited(q.Limit, q.Matches, pages(start, func(after int64, size int) (list []found[*authority.Ticket], last int64, err error) {
		a := s.arguments()
		text := "SELECT id, " + ticketColumns + " FROM ticket WHERE " + ticketWhere(&q, a, after) + " ORDER BY id" + limit(size)
		list, err = find(ctx, s, text, a, func(row scanner) (*authority.Ticket, error) { return scanTicket(row, &last) })
		return list, last, err
	}))
}

func ticketWhere(q *authority.TicketQuery, a *arguments, after int64) string {
	terms := []string{"id > " + a.add(after)}
	if q.State != "" {
		terms = append(terms, "state = "+a.add(string(q.State)))
		if q.State != authority.StateIssued {
			terms = append(terms, "state <> 'issued'")
		}
	}
	if q.Open {
		terms = append(terms, "state IN ('held', 'asked', 'unconfirmed')", "state <> 'issued'")
	}
	if q.CA != "" {
		terms = append(terms, "ca = "+a.add(q.CA))
	}
	if q.Requester != "" {
		terms = append(terms, "requester = "+a.add(q.Requester))
	}
	if len(q.Fingerprint) > 0 {
		terms = append(terms, a.found("id", prefix(q.Fingerprint)))
	}
	if len(q.KeyFingerprint) > 0 {
		// One list of ids, not two terms with OR between: for that an engine
		// may look at every ticket.
		key := prefix(q.KeyFingerprint)
		terms = append(terms, "id IN (SELECT own.id FROM ticket own WHERE "+a.found("own.id", key)+
			" UNION ALL SELECT t.id FROM certificate c JOIN ticket t ON t.ticket = c.ticket WHERE "+a.found("c.id", key)+")")
	}
	return strings.Join(terms, " AND ")
}

// limited yields at most limit (0: all) of the records that match.
func limited[T any](limit int, matches func(T) bool, records iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		n := 0
		for record, err := range records {
			if err == nil && !matches(record) {
				continue
			}
			n++
			if !yield(record, err) || err != nil && !errors.Is(err, authority.ErrDamaged) || n == limit {
				return
			}
		}
	}
}
