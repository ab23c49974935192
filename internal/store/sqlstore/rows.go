package sqlstore

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/certwright/certwright/authority"
)

// scanner is a row to be read: *sql.Row or *sql.Rows.
type scanner interface{ Scan(into ...any) error }

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}

// none turns empty text into NULL, which indexes leave out.
func none(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// ticketArgs are the values of ticketColumns.
func ticketArgs(t *authority.Ticket) ([]any, error) {
	var messages []byte
	if len(t.Messages) > 0 {
		kept := make([]authority.Message, len(t.Messages))
		for i, m := range t.Messages {
			m.At = moment(millis(m.At))
			kept[i] = m
		}
		var err error
		if messages, err = json.Marshal(kept); err != nil {
			return nil, fmt.Errorf("encoding the messages: %w", err)
		}
	}
	return append(make([]any, 0, 28),
		t.ID, string(t.State), t.CA, t.Profile, t.ProfileVersion, t.Format, none(t.Requester), none(t.IdempotencyKey),
		t.Fingerprint, t.KeyFingerprint, t.Subject, t.Serial, t.Replaces, millis(t.Created), millis(t.Decided), t.Decider,
		t.Request, t.Asked, t.Evidence, t.Findings, t.Changes, messages), nil
}

func scanTicket(row scanner, id *int64) (*authority.Ticket, error) {
	t := &authority.Ticket{}
	var requester, key *string
	var created, decided int64
	var messages []byte
	err := row.Scan(id, &t.ID, &t.State, &t.CA, &t.Profile, &t.ProfileVersion, &t.Format, &requester, &key,
		&t.Fingerprint, &t.KeyFingerprint, &t.Subject, &t.Serial, &t.Replaces, &created, &decided, &t.Decider,
		&t.Request, &t.Asked, &t.Evidence, &t.Findings, &t.Changes, &messages)
	if err != nil {
		return t, fmt.Errorf("reading ticket %s: %w", t.ID, err)
	}
	t.Requester, t.IdempotencyKey = text(requester), text(key)
	t.Created, t.Decided = moment(created), moment(decided)
	if len(messages) > 0 {
		if err := json.Unmarshal(messages, &t.Messages); err != nil {
			return t, fmt.Errorf("reading the messages of ticket %s: %w", t.ID, authority.ErrDamaged)
		}
	}
	return t, nil
}

func text(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}

// certificateArgs are the values of id, certificateColumns and certificateKeys.
func certificateArgs(id int64, c *authority.Certificate) ([]any, error) {
	var names any
	if len(c.Names) > 0 {
		encoded, err := json.Marshal(c.Names)
		if err != nil {
			return nil, fmt.Errorf("encoding the names: %w", err)
		}
		names = string(encoded)
	}
	return append(make([]any, 0, 24),
		id, c.CA, c.Serial, string(c.Status), c.Fingerprint, c.KeyFingerprint, c.Subject, c.SubjectKey, names,
		millis(c.NotBefore), millis(c.NotAfter), c.Profile, c.ProfileVersion, none(c.Requester), none(c.Ticket), c.Replaces,
		c.Shard, millis(c.Revoked), c.Reason, millis(c.Invalid), millis(c.Issued),
		prefix(c.KeyFingerprint), folded(c)), nil
}

func folded(c *authority.Certificate) string {
	var out strings.Builder
	out.WriteString(strings.ToLower(c.Subject))
	for _, name := range c.Names {
		out.WriteByte('\n')
		out.WriteString(strings.ToLower(name))
	}
	out.WriteByte('\n')
	out.WriteString(hex.EncodeToString(c.Serial))
	return out.String()
}

func scanCertificate(row scanner, id *int64) (*authority.Certificate, error) {
	c := &authority.Certificate{}
	var names, requester, ticket *string
	var notBefore, notAfter, revoked, invalid, issued int64
	err := row.Scan(id, &c.CA, &c.Serial, &c.Status, &c.Fingerprint, &c.KeyFingerprint, &c.Subject, &c.SubjectKey, &names,
		&notBefore, &notAfter, &c.Profile, &c.ProfileVersion, &requester, &ticket, &c.Replaces, &c.Shard,
		&revoked, &c.Reason, &invalid, &issued, &c.DER)
	if err != nil {
		return c, fmt.Errorf("reading certificate %x: %w", c.Serial, err)
	}
	c.Requester, c.Ticket = text(requester), text(ticket)
	c.NotBefore, c.NotAfter, c.Issued = moment(notBefore), moment(notAfter), moment(issued)
	c.Revoked, c.Invalid = moment(revoked), moment(invalid)
	if names != nil {
		if err := json.Unmarshal([]byte(*names), &c.Names); err != nil {
			return c, fmt.Errorf("reading the names of certificate %x: %w", c.Serial, authority.ErrDamaged)
		}
	}
	return c, nil
}

func scanCRL(row scanner) (*authority.CRL, error) {
	c := &authority.CRL{}
	var thisUpdate, nextUpdate int64
	err := row.Scan(&c.CA, &c.Number, &c.Kind, &c.Shard, &c.Base, &c.Mark, &thisUpdate, &nextUpdate, &c.Entries)
	if err != nil {
		return c, fmt.Errorf("reading revocation list %d of authority %q: %w", c.Number, c.CA, err)
	}
	c.ThisUpdate, c.NextUpdate = moment(thisUpdate), moment(nextUpdate)
	return c, nil
}

func scanEvent(row scanner, seq *int64) (*authority.Event, error) {
	e := &authority.Event{}
	var at whole
	err := row.Scan(seq, &at, &e.Actor, &e.Action, &e.Object, &e.Detail, &e.Previous, &e.Hash)
	e.Seq, e.At = *seq, moment(int64(at))
	if err != nil {
		return e, fmt.Errorf("reading event %d of the audit chain: %w", e.Seq, err)
	}
	return e, nil
}

// whole is a whole number, and 0 where something else is stored.
type whole int64

// Scan implements sql.Scanner.
func (w *whole) Scan(value any) error {
	n, _ := value.(int64)
	*w = whole(n)
	return nil
}

func scanCA(row scanner) (*authority.CA, error) {
	c := &authority.CA{}
	var chain string
	var created int64
	if err := row.Scan(&c.Name, &c.Revision, &c.State, &c.Parent, &c.Key, &c.Request, &chain, &c.Settings, &created); err != nil {
		return nil, fmt.Errorf("reading an authority: %w", err)
	}
	if err := json.Unmarshal([]byte(chain), &c.Chain); err != nil {
		return nil, fmt.Errorf("chain of authority %q: %w", c.Name, err)
	}
	c.Created = moment(created)
	return c, nil
}
