package verbs

import (
	"testing"
	"time"
)

func TestUntilSaysTheTimeWhereItIsNear(t *testing.T) {
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	for want, at := range map[string]time.Time{
		"until it is revoked":           {},
		"until 2026-03-01 10:00:05 UTC": now.Add(5 * time.Second),
		"until 2026-03-03":              now.Add(48 * time.Hour),
	} {
		if got := until(at, now); got != want {
			t.Errorf("%s: %q", at, got)
		}
	}
}
