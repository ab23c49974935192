package server

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// collector sets how much garbage there may be before it is cleared away. A
// share of what is in use alone would have a server that holds little go
// through its memory many times a second.
type collector struct {
	share int    // of what is in use, in percent
	least uint64 // octets that the heap may have in any case
	set   int    // the percentage that holds now
}

// runtimeHeap is the heap that the runtime lets there be at 100 percent,
// however little is in use; at other percentages it is in proportion.
const runtimeHeap = 4 << 20

// ClearAway has garbage cleared away when it is so many percent of what is in
// use, but not before the heap has least octets, until the context ends.
func ClearAway(ctx context.Context, share int, least int64) {
	c := &collector{share: share, least: uint64(max(least, 0))}
	c.adjust()
	runtime.SetFinalizer(&cycle{c}, func(o *cycle) { o.over(ctx) })
}

// cycle is an object that nothing points to, so that its finalizer runs after
// every collection.
type cycle struct{ c *collector }

func (o *cycle) over(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	o.c.adjust()
	runtime.SetFinalizer(o, func(o *cycle) { o.over(ctx) })
}

// adjust sets the percentage for what is in use now. Setting it stops the
// program for a moment, so small differences are let be.
func (c *collector) adjust() {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"}}
	metrics.Read(sample)
	used := sample[0].Value.Uint64()
	to := c.percent(used, used+sample[1].Value.Uint64()+sample[2].Value.Uint64())
	if to == c.set || to != c.share && 10*max(to-c.set, c.set-to) < c.set {
		return
	}
	debug.SetGCPercent(to)
	c.set = to
}

// percent is the percentage at which the next collection comes when the heap
// has the least octets, or has grown by its share if that is later. used are
// the octets of the heap that are in use, counted those that the percentage is
// of: stacks and variables, too.
func (c *collector) percent(used, counted uint64) int {
	most := int(c.least * 100 / runtimeHeap) // more than that would be without need
	if used >= c.least || most <= c.share {
		return c.share
	}
	return max(c.share, min(most, int((c.least-used)*100/max(counted, 1))))
}
