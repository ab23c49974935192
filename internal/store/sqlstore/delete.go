package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/certwright/certwright/authority"
)

var (
	deleteLookup      = &statement{sql: "DELETE FROM lookup WHERE part = ? AND hash = ? AND id = ?"}
	deleteDER         = &statement{sql: "DELETE FROM certificate_der WHERE id = ?"}
	deleteRevocation  = &statement{sql: "DELETE FROM revocation WHERE ca = ? AND serial = ?"}
	deleteTicket      = &statement{sql: "DELETE FROM ticket WHERE id = ?"}
	deleteCertificate = &statement{sql: "DELETE FROM certificate WHERE id = ?"}
	deleteCRLs        = &statement{sql: "DELETE FROM crl WHERE next_update < ? AND (ca = ? OR ? = '') AND number < " +
		"(SELECT MAX(newer.number) FROM crl AS newer WHERE newer.ca = crl.ca AND newer.kind = crl.kind AND newer.shard = crl.shard)"}
	deleteCRLParts  = &statement{sql: "DELETE FROM crl_part WHERE NOT EXISTS (SELECT 1 FROM crl WHERE crl.ca = crl_part.ca AND crl.number = crl_part.number)"}
	oldCertificates = &statement{sql: "SELECT id, ca, serial, fingerprint, key_fingerprint, names, ticket FROM certificate " +
		"WHERE not_after < ? AND (ca = ? OR ? = '') ORDER BY not_after LIMIT ?"}
	oldTickets = &statement{sql: "SELECT id, idempotency_key, fingerprint, key_fingerprint FROM ticket " +
		"WHERE state <> 'issued' AND state IN ('refused', 'withdrawn') AND decided < ? AND (ca = ? OR ? = '')"}
	issuedTicket = &statement{sql: "SELECT id, idempotency_key, fingerprint, key_fingerprint FROM ticket WHERE ticket = ? AND state = 'issued'"}
)

func (b *batch) delete(r *authority.Retention) error {
	if err := b.settle(); err != nil {
		return err
	}
	if !r.CertificatesExpiredBefore.IsZero() {
		if err := b.deleteCertificates(r); err != nil {
			return err
		}
	}
	if !r.TicketsClosedBefore.IsZero() {
		if err := b.deleteTickets(oldTickets, millis(r.TicketsClosedBefore), r.CA, r.CA); err != nil {
			return err
		}
	}
	if !r.CRLsReplacedBefore.IsZero() {
		if _, err := b.run(deleteCRLs, millis(r.CRLsReplacedBefore), r.CA, r.CA); err != nil {
			return err
		}
		if _, err := b.run(deleteCRLParts); err != nil {
			return err
		}
	}
	return nil
}

// doomed is what must be known of a certificate or ticket to remove all that
// goes with it.
type doomed struct {
	id               int64
	ca               string
	serial           []byte
	fingerprint, key []byte
	names, ticket    *string
	idempotencyKey   *string
}

func (b *batch) deleteCertificates(r *authority.Retention) error {
	limit := int64(r.Limit)
	if limit <= 0 {
		limit = 1 << 40
	}
	list, err := b.doomed(oldCertificates, func(row scanner, d *doomed) error {
		return row.Scan(&d.id, &d.ca, &d.serial, &d.fingerprint, &d.key, &d.names, &d.ticket)
	}, millis(r.CertificatesExpiredBefore), r.CA, r.CA, limit)
	if err != nil {
		return err
	}
	for _, d := range list {
		var names []string
		if d.names != nil {
			if err := json.Unmarshal([]byte(*d.names), &names); err != nil {
				return fmt.Errorf("names of certificate %x: %w", d.serial, err)
			}
		}
		if err := b.deleteLookups(d.id, certificateHashes(d.serial, d.fingerprint, d.key, names)...); err != nil {
			return err
		}
		if d.ticket != nil {
			if err := b.deleteTickets(issuedTicket, *d.ticket); err != nil {
				return err
			}
		}
		if _, err := b.run(deleteClaim, b.partOf(d.id), serialClaim(d.ca, d.serial), d.id); err != nil {
			return err
		}
		if _, err := b.run(deleteRevocation, d.ca, d.serial); err != nil {
			return err
		}
		if _, err := b.run(deleteDER, d.id); err != nil {
			return err
		}
		if _, err := b.run(deleteCertificate, d.id); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) deleteLookups(id int64, hashes ...int64) error {
	for _, hash := range hashes {
		if _, err := b.run(deleteLookup, b.partOf(id), hash, id); err != nil {
			return err
		}
	}
	return nil
}

// deleteTickets removes the tickets that a statement finds.
func (b *batch) deleteTickets(which *statement, args ...any) error {
	list, err := b.doomed(which, func(row scanner, d *doomed) error { return row.Scan(&d.id, &d.idempotencyKey, &d.fingerprint, &d.key) }, args...)
	if err != nil {
		return err
	}
	for _, d := range list {
		// A ticket that was held first has an entry for its key.
		if err := b.deleteLookups(d.id, ticketHashes(authority.StateHeld, d.fingerprint, d.key)...); err != nil {
			return err
		}
		if d.idempotencyKey != nil {
			if _, err := b.run(deleteClaim, b.partOf(d.id), keyClaim(*d.idempotencyKey), d.id); err != nil {
				return err
			}
		}
		if _, err := b.run(deleteTicket, d.id); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) doomed(which *statement, scan func(scanner, *doomed) error, args ...any) ([]doomed, error) {
	stmt, err := b.prepared(which)
	if err != nil {
		return nil, err
	}
	b.config.Dialect.makeStorable(args)
	rows, err := stmt.QueryContext(context.Background(), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []doomed
	for rows.Next() {
		var d doomed
		if err := scan(rows, &d); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, rows.Err()
}
