package sqlstore

import (
	"bytes"
	"context"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crl"
)

// guardKey holds a certificate's key against its guard. What most ask, that no
// certificate of the key was revoked for keyCompromise, is put off until the
// batch settles, and asked for all of them at once.
func (b *batch) guardKey(fingerprint []byte, guard authority.KeyGuard) error {
	switch guard {
	case authority.KeyUncertified:
		return b.checkUncertified(fingerprint)
	case authority.KeyNotExposed:
		b.waiting.unexposed = append(b.waiting.unexposed, prefix(fingerprint))
	}
	return nil
}

// exposed are queries that ask for 1, 2, 4 … keys. The keys are a table for
// SQLite to go through: of a list it would make an index first.
var exposed = exposedQueries()

func exposedQueries() (by [doublings + 1]*statement) {
	for n := range by {
		by[n] = &statement{build: func() string {
			return fmt.Sprintf("WITH keys (hash) AS (VALUES %s) SELECT COUNT(*) FROM keys CROSS JOIN certificate c"+
				" WHERE c.key_hash = keys.hash AND c.status <> 'valid' AND c.status = 'revoked' AND c.reason = %d",
				strings.Repeat(", (CAST(? AS BIGINT))", 1<<n)[2:], crl.KeyCompromise)
		}}
	}
	return by
}

func (b *batch) checkExposed(keys []int64) error {
	for some := range slices.Chunk(keys, 1<<doublings) {
		doubled := bits.Len(uint(len(some) - 1))
		args := make([]any, 1<<doubled)
		for i := range args { // the last again where there are fewer
			args[i] = some[min(i, len(some)-1)]
		}
		n, err := b.count(exposed[doubled], args...)
		if err != nil {
			return fmt.Errorf("looking for exposed keys: %w", err)
		}
		if n > 0 {
			return authority.ErrKey
		}
	}
	return nil
}

func (b *batch) checkUncertified(fingerprint []byte) error {
	// A certificate of the same key may have been added a moment ago.
	if err := b.settle(); err != nil {
		return err
	}
	a := b.arguments()
	text := "SELECT key_fingerprint FROM certificate WHERE " + a.foundUpTo(b.head.row, "id", prefix(fingerprint))
	rows, err := b.conn.QueryContext(context.Background(), text, a.values...)
	if err != nil {
		return fmt.Errorf("looking for certificates of a key: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var other []byte
		if err := rows.Scan(&other); err != nil {
			return fmt.Errorf("looking for certificates of a key: %w", err)
		}
		if bytes.Equal(other, fingerprint) {
			return authority.ErrKey
		}
	}
	return rows.Err()
}
