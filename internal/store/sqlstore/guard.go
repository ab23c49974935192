package sqlstore

import (
	"bytes"
	"context"
	"fmt"
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

// exposedAtOnce is how many keys one query asks for.
const exposedAtOnce = 32

var exposed = &statement{build: func() string {
	return fmt.Sprintf("SELECT COUNT(*) FROM certificate WHERE status <> 'valid' AND status = 'revoked' AND reason = %d AND key_hash IN (%s)",
		crl.KeyCompromise, strings.Repeat(", ?", exposedAtOnce)[2:])
}}

func (b *batch) checkExposed(keys []int64) error {
	for some := range slices.Chunk(keys, exposedAtOnce) {
		args := make([]any, exposedAtOnce)
		for i := range args { // the last again where there are fewer, as the text is the same for any number
			args[i] = some[min(i, len(some)-1)]
		}
		n, err := b.count(exposed, args...)
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
