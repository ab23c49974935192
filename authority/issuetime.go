package authority

import (
	"context"
	"slices"
	"time"
)

// clockBack is how far the clock may have gone back since the newest list. A
// list of a later time is one of a clock that was wrong: it is valid for nobody
// yet, and none that is of use could follow it.
const clockBack = 10 * time.Second

// issueTime returns the thisUpdate of a list that follows others of its place,
// full ones and delta lists: this second, or the first after theirs. Two lists
// of one time would have to have one number (RFC 5280, Section 5.2.3), and to
// who asks by date the later would be the earlier. Where that second is to
// come, the list must wait for it: thisUpdate is when it is issued (Section
// 5.1.2.4).
func issueTime(now time.Time, issued []time.Time) time.Time {
	at := now.Truncate(time.Second)
	for _, t := range issued {
		if !t.After(now.Add(clockBack)) && !t.Before(at) {
			at = t.Truncate(time.Second).Add(time.Second)
		}
	}
	for slices.ContainsFunc(issued, at.Equal) {
		at = at.Add(time.Second)
	}
	return at
}

// revokedBy is when a list says that a certificate was revoked: what the clock
// of another machine calls later was before the list was issued, too.
func revokedBy(at, thisUpdate time.Time) time.Time {
	if at.After(thisUpdate) {
		return thisUpdate
	}
	return at
}

// waitFor waits, unless the context ends before.
func waitFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
