package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/certwright/certwright/authority"
)

var (
	deleteName        = &statement{"DELETE FROM name WHERE name_hash = ? AND certificate = ?", nil}
	deleteDER         = &statement{"DELETE FROM certificate_der WHERE id = ?", nil}
	deleteRevocation  = &statement{"DELETE FROM revocation WHERE ca = ? AND serial = ?", nil}
	deleteTicket      = &statement{"DELETE FROM ticket WHERE ticket = ? AND state = 'issued'", nil}
	deleteCertificate = &statement{"DELETE FROM certificate WHERE id = ?", nil}
	deleteTickets     = &statement{"DELETE FROM ticket WHERE state <> 'issued' AND state IN ('refused', 'withdrawn') AND decided < ? AND (ca = ? OR ? = '')", nil}
	deleteCRLs        = &statement{"DELETE FROM crl WHERE next_update < ? AND (ca = ? OR ? = '') AND number < " +
		"(SELECT MAX(newer.number) FROM crl AS newer WHERE newer.ca = crl.ca AND newer.kind = crl.kind AND newer.shard = crl.shard)", nil}
	pastKeeping = &statement{"SELECT id, ca, serial, names, ticket FROM certificate WHERE not_after < ? AND (ca = ? OR ? = '') ORDER BY not_after LIMIT ?", nil}
)

func (b *batch) delete(r *authority.Retention) error {
	if !r.CertificatesExpiredBefore.IsZero() {
		if err := b.deleteCertificates(r); err != nil {
			return err
		}
	}
	if !r.TicketsClosedBefore.IsZero() {
		if _, err := b.run(deleteTickets, millis(r.TicketsClosedBefore), r.CA, r.CA); err != nil {
			return err
		}
	}
	if !r.CRLsReplacedBefore.IsZero() {
		if _, err := b.run(deleteCRLs, millis(r.CRLsReplacedBefore), r.CA, r.CA); err != nil {
			return err
		}
	}
	return nil
}

// doomed is what must be known of a certificate to remove all that goes with it.
type doomed struct {
	id            int64
	ca            string
	serial        []byte
	names, ticket *string
}

func (b *batch) deleteCertificates(r *authority.Retention) error {
	list, err := b.pastKeeping(r)
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
		for _, name := range names {
			if _, err := b.run(deleteName, nameHash(name), d.id); err != nil {
				return err
			}
		}
		if d.ticket != nil {
			if _, err := b.run(deleteTicket, *d.ticket); err != nil {
				return err
			}
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

func (b *batch) pastKeeping(r *authority.Retention) ([]doomed, error) {
	stmt, err := b.prepared(pastKeeping)
	if err != nil {
		return nil, err
	}
	limit := int64(r.Limit)
	if limit <= 0 {
		limit = 1 << 40
	}
	rows, err := stmt.QueryContext(context.Background(), millis(r.CertificatesExpiredBefore), r.CA, r.CA, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []doomed
	for rows.Next() {
		var d doomed
		if err := rows.Scan(&d.id, &d.ca, &d.serial, &d.names, &d.ticket); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, rows.Err()
}
