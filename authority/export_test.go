package authority

import "context"

// Disagreements looks as if there were so many events: in several parts.
func (a *Authority) Disagreements(ctx context.Context, events int64) ([]AuditFault, error) {
	return a.disagreements(ctx, events)
}
