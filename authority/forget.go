package authority

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Forget removes the records of a kind that are past their time. One that
// changes meanwhile is looked at again.
func Forget(ctx context.Context, records Records, kind string, now time.Time) error {
	const page = 500
	for {
		old, err := records.FindRecords(ctx, RecordQuery{Kind: kind, DueBefore: now, Limit: page})
		if err != nil {
			return fmt.Errorf("looking for old records of the kind %s: %w", kind, err)
		}
		for _, r := range old {
			if err := records.DeleteRecords(ctx, r); err != nil && !errors.Is(err, ErrConflict) {
				return fmt.Errorf("removing the record %s %s: %w", kind, r.ID, err)
			}
		}
		if len(old) < page {
			return nil
		}
	}
}
