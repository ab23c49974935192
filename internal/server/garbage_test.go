package server

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
)

func TestPercentOfGarbage(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		share         int
		least         uint64
		used, counted uint64
		want          int
	}{
		{150, 32 * mib, 0, 0, 800},              // no collection yet: the runtime begins at 4 MiB, times this
		{150, 32 * mib, 2 * mib, 2 * mib, 800},  // not above it, lest the heap grows beyond before the next look
		{150, 32 * mib, 8 * mib, 8 * mib, 300},  // 8 + 24
		{150, 32 * mib, 8 * mib, 10 * mib, 240}, // 8 + 10*240%
		{150, 32 * mib, 16 * mib, 16 * mib, 150},
		{150, 32 * mib, 40 * mib, 41 * mib, 150},
		{150, 0, mib, mib, 150},
		{50, mib, 100 << 10, 100 << 10, 50}, // what the runtime has at the least is more
	} {
		got := (&collector{share: c.share, least: c.least}).percent(c.used, c.counted)
		if got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

func TestGarbageIsClearedAwaySeldomWhereLittleIsInUse(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	value := func(name string) uint64 {
		sample := []metrics.Sample{{Name: name}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	runtime.GC()
	least := 8 * max(8<<20, value("/gc/heap/live:bytes"))
	ClearAway(ctx, 150, int64(least))
	if got := value("/gc/gogc:percent"); got <= 150 {
		t.Errorf("with little in use, garbage is cleared away at %d %%", got)
	}
	held := make([]byte, least)
	for value("/gc/gogc:percent") != 150 { // with that in use; what sets it runs some time after a collection
		runtime.GC()
	}
	runtime.KeepAlive(held)
}
