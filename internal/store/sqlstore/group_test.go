package sqlstore

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/certwright/certwright/authority"
)

func newJob() *job {
	return &job{ctx: context.Background(), changes: []*authority.Change{{}}, done: make(chan struct{})}
}

// TestGather holds how long a group is waited for, and how many it takes.
func TestGather(t *testing.T) {
	for _, test := range []struct {
		name     string
		together int             // jobs of the group before
		there    int             // jobs that wait behind the first
		later    []time.Duration // when others come
		closed   bool
		size     int
		takes    time.Duration
	}{
		{name: "alone", together: 1, size: 1},
		{name: "one of two", together: 1, there: 1, size: 2},
		{name: "half are there", together: 8, there: 7, size: 8},
		{name: "half are coming", together: 8, there: 1, later: []time.Duration{1, 2, 3, 4}, size: 5, takes: 3},
		{name: "they come no more", together: 32, there: 2, size: 3, takes: patience},
		{name: "they come too late", together: 32, later: []time.Duration{7, patience + 1}, size: 2, takes: patience},
		{name: "none will come", together: 32, there: 2, closed: true, size: 3},
		{name: "more than a group takes", together: 2000, there: 600, size: maxGroup},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &writer{Store: &Store{jobs: make(chan *job, queued)}, together: test.together}
				for range test.there {
					w.jobs <- newJob()
				}
				if test.closed {
					close(w.jobs)
				}
				for _, at := range test.later {
					time.AfterFunc(at, func() { w.jobs <- newJob() })
				}
				start := time.Now()
				if got := w.gather(newJob()); len(got) != test.size || w.together != test.size {
					t.Errorf("a group of %d, %d remembered, want %d", len(got), w.together, test.size)
				}
				if took := time.Since(start); took != test.takes {
					t.Errorf("it took %v, want %v", took, test.takes)
				}
			})
		})
	}
}

// TestGatherAnswersWhoHasGone leaves out jobs whose callers gave up.
func TestGatherAnswersWhoHasGone(t *testing.T) {
	gone, leave := context.WithCancel(t.Context())
	leave()
	w := &writer{Store: &Store{jobs: make(chan *job, queued)}}
	first, second := newJob(), newJob()
	first.ctx, second.ctx = gone, gone
	w.jobs <- second
	if got := w.gather(first); len(got) != 0 || first.err == nil {
		t.Errorf("%d jobs, error %v", len(got), first.err)
	}
	<-first.done
}
