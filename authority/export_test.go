package authority

import (
	"context"
	"time"
)

// Disagreements looks as if there were so many events: in several parts.
func (a *Authority) Disagreements(ctx context.Context, events int64) ([]AuditFault, error) {
	return a.disagreements(ctx, events)
}

// IssueTime returns when a list is issued after others.
func IssueTime(now time.Time, issued []time.Time) time.Time { return issueTime(now, issued) }
