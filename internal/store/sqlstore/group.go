package sqlstore

import (
	"context"
	"runtime"
	"time"

	"github.com/certwright/certwright/authority"
)

const (
	queued   = 1024                 // callers that wait for the writer without blocking on each other
	maxGroup = 512                  // changes of one transaction
	patience = 2 * time.Millisecond // with callers who come no more
)

// job is one call of Commit.
type job struct {
	ctx     context.Context
	changes []*authority.Change
	errs    []error
	err     error
	done    chan struct{}
}

// group is the jobs of one transaction.
type group struct {
	jobs    []*job
	changes int
}

// take adds a job, and answers one whose caller has gone.
func (g *group) take(j *job) {
	if j.err = j.ctx.Err(); j.err != nil {
		close(j.done)
		return
	}
	g.jobs = append(g.jobs, j)
	g.changes += len(j.changes)
}

// gather adds what comes behind the first job.
func (w *writer) gather(first *job) []*job {
	g := &group{}
	g.take(first)
	open := w.await(g)
	for seen := 0; open && g.changes < maxGroup; {
		select {
		case j, more := <-w.jobs:
			if open = more; more {
				g.take(j)
			}
		default:
			// Callers about to come are let come, for as long as they do.
			if open = seen != g.changes; open {
				seen = g.changes
				runtime.Gosched()
			}
		}
	}
	w.together = len(g.jobs)
	return g.jobs
}

// await waits, but not long, for half of the callers that there are by the
// last group and by the queue: the other half gives the processors work while
// this group is written. It reports whether there may be more.
func (w *writer) await(g *group) bool {
	wanted := (w.together + 1 + len(w.jobs)) / 2
	if len(g.jobs) >= wanted {
		return true
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for len(g.jobs) < wanted && g.changes < maxGroup {
		select {
		case j, open := <-w.jobs:
			if !open {
				return false
			}
			g.take(j)
		case <-timer.C:
			return true
		}
	}
	return true
}
