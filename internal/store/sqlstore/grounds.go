package sqlstore

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/certwright/certwright/authority"
)

// standing are queries that count how many of 1, 2, 4 … records are stored in
// the revisions given.
var standing = standingQueries()

func standingQueries() (by [doublings + 1]*statement) {
	for n := range by {
		by[n] = &statement{build: func() string {
			return "WITH grounds (kind, id, revision) AS (VALUES " + strings.Repeat(", (CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT))", 1<<n)[2:] +
				") SELECT COUNT(*) FROM grounds g CROSS JOIN record r WHERE r.kind = g.kind AND r.id = g.id AND r.revision = g.revision"
		}}
	}
	return by
}

// checkGrounds holds the records that changes rest on against those stored. It
// is put off until the batch settles, and done for all of them at once: where
// one of two changes of a batch ends what the other rests on, they are carried
// out one by one.
func (b *batch) checkGrounds(list []*authority.Record) error {
	for some := range slices.Chunk(list, 1<<doublings) {
		doubled := bits.Len(uint(len(some) - 1))
		var args []any
		for i := range 1 << doubled { // the last again where there are fewer
			r := some[min(i, len(some)-1)]
			args = append(args, r.Kind, r.ID, r.Revision)
		}
		n, err := b.count(standing[doubled], args...)
		if err != nil {
			return fmt.Errorf("looking for what changes rest on: %w", err)
		}
		if n != 1<<doubled {
			return authority.ErrGrounds
		}
	}
	return nil
}
