package server

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// crew is what works in the background: the doors of a regime, each until its
// part is made anew.
type crew struct {
	ctx    context.Context
	failed chan<- error
	jobs   []*job
	all    sync.WaitGroup
}

// job is one part at work.
type job struct {
	part  *part
	stop  context.CancelFunc
	ended chan struct{}
}

func newCrew(ctx context.Context, failed chan<- error) *crew {
	return &crew{ctx: ctx, failed: failed}
}

// take has these parts work, and no others. Where one takes the place of
// another, it begins when that has ended.
func (c *crew) take(parts []*part) {
	var kept []*job
	before := map[string]<-chan struct{}{}
	for _, j := range c.jobs {
		if slices.Contains(parts, j.part) {
			kept = append(kept, j)
			continue
		}
		j.stop()
		before[j.part.name] = j.ended
	}
	c.jobs = kept
	for _, p := range parts {
		if !slices.ContainsFunc(kept, func(j *job) bool { return j.part == p }) {
			c.jobs = append(c.jobs, c.begin(p, before[p.name]))
		}
	}
}

// begin has a part work once what was there before has ended; nil is nothing.
func (c *crew) begin(p *part, before <-chan struct{}) *job {
	ctx, stop := context.WithCancel(c.ctx)
	j := &job{part: p, stop: stop, ended: make(chan struct{})}
	c.all.Go(func() {
		defer close(j.ended)
		if before != nil {
			<-before
		}
		var doors sync.WaitGroup
		for _, d := range p.doors {
			if d.run != nil {
				doors.Go(func() { c.work(ctx, d) })
			}
		}
		doors.Wait()
	})
	return j
}

func (c *crew) work(ctx context.Context, d door) {
	err := d.run(ctx)
	if err == nil || ctx.Err() != nil {
		return
	}
	select {
	case c.failed <- fmt.Errorf("%s: %w", d.name, err):
	case <-ctx.Done():
	}
}
