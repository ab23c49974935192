package authority

import (
	"bytes"
	"encoding/hex"
	"strings"
	"time"

	"github.com/certwright/certwright/evidence"
)

// Matches reports whether a certificate is among what the query selects;
// Limit and After are not looked at. It is what defines the query: a Store may find
// candidates as it likes.
func (q *Query) Matches(c *Certificate) bool {
	return (q.CA == "" || q.CA == c.CA) &&
		(len(q.Serial) == 0 || bytes.Equal(q.Serial, c.Serial)) &&
		(q.Subject == "" || containsFold(c.Subject, q.Subject)) &&
		(q.Name == "" || anyName(c.Names, q.Name)) &&
		(len(q.Fingerprint) == 0 || bytes.Equal(q.Fingerprint, c.Fingerprint)) &&
		(len(q.KeyFingerprint) == 0 || bytes.Equal(q.KeyFingerprint, c.KeyFingerprint)) &&
		(q.Profile == "" || q.Profile == c.Profile) &&
		(q.Requester == "" || q.Requester == c.Requester) &&
		(q.Ticket == "" || q.Ticket == c.Ticket) &&
		(q.Status == "" || q.Status == c.Status) &&
		(q.ExpiresBefore.IsZero() || c.NotAfter.Before(q.ExpiresBefore)) &&
		(q.ExpiresAfter.IsZero() || !c.NotAfter.Before(q.ExpiresAfter)) &&
		(q.IssuedAfter.IsZero() || !c.Issued.Before(q.IssuedAfter)) &&
		(q.Text == "" || q.matchesText(c))
}

func (q *Query) matchesText(c *Certificate) bool {
	if containsFold(c.Subject, q.Text) {
		return true
	}
	for _, name := range c.Names {
		if containsFold(name, q.Text) {
			return true
		}
	}
	digits := strings.ToLower(strings.ReplaceAll(q.Text, ":", ""))
	return digits != "" && strings.Contains(hex.EncodeToString(c.Serial), digits)
}

// Matches reports whether a ticket is among what the query selects; Limit and
// After are not looked at.
func (q *TicketQuery) Matches(t *Ticket) bool {
	return (q.State == "" || q.State == t.State) &&
		(!q.Open || t.State == StateHeld || t.State == StateAsked || t.State == StateUnconfirmed) &&
		(q.CA == "" || q.CA == t.CA) &&
		(q.Requester == "" || q.Requester == t.Requester) &&
		(len(q.KeyFingerprint) == 0 || bytes.Equal(q.KeyFingerprint, t.KeyFingerprint)) &&
		(len(q.Fingerprint) == 0 || bytes.Equal(q.Fingerprint, t.Fingerprint))
}

// Selects reports whether a revocation list of this query holds a certificate
// of this shard and end of validity whose status changed at this count.
func (q *RevocationQuery) Selects(shard int, notAfter time.Time, r Revocation) bool {
	if q.Shard >= 0 && q.Shard != shard {
		return false
	}
	const removeFromCRL = 8
	if q.Delta {
		return r.Change > q.Changed
	}
	return r.Reason != removeFromCRL &&
		(q.NotExpired.IsZero() || !notAfter.Before(q.NotExpired) || r.Change > q.Changed)
}

// RemovesCertificate reports whether a certificate is past keeping.
func (r *Retention) RemovesCertificate(c *Certificate) bool {
	return (r.CA == "" || r.CA == c.CA) && c.NotAfter.Before(r.CertificatesExpiredBefore)
}

// RemovesTicket reports whether a closed ticket is past keeping by itself;
// tickets of certificates go with their certificates.
func (r *Retention) RemovesTicket(t *Ticket) bool {
	return (r.CA == "" || r.CA == t.CA) && (t.State == StateRefused || t.State == StateWithdrawn) &&
		t.Decided.Before(r.TicketsClosedBefore)
}

// RemovesCRL reports whether a list is past keeping, if it is not the newest
// of its kind and shard.
func (r *Retention) RemovesCRL(c *CRL) bool {
	return (r.CA == "" || r.CA == c.CA) && c.NextUpdate.Before(r.CRLsReplacedBefore)
}

func containsFold(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

func anyName(names []string, pattern string) bool {
	pattern = strings.ToLower(pattern)
	for _, name := range names {
		name = strings.ToLower(name)
		if evidence.MatchRuns(pattern, name) || evidence.MatchRuns(pattern, WithoutKind(name)) {
			return true
		}
	}
	return false
}

// WithoutKind returns a name as ext.GeneralName.String writes it without the
// kind before the colon: "a.example" of "dns:a.example".
func WithoutKind(name string) string {
	if _, value, found := strings.Cut(name, ":"); found {
		return value
	}
	return name
}
