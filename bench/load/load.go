// Package load has many clients ask authorities for certificates at once, over
// connections that are kept, and measures how many a second they issue and
// how long the clients wait: the same clients for Certwright and for others,
// so that the rates compare.
package load

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Job is one piece of work, done by the client of this number.
type Job func(client int) error

// Driven is what clients ask.
type Driven interface {
	// Prepare makes so many jobs, each to be done once. It is not timed.
	Prepare(count int) ([]Job, error)
}

// Result is how one round went.
type Result struct {
	Rate  float64         // jobs a second
	waits []time.Duration // in order
}

// At is the wait that so many of a hundred do not exceed.
func (r *Result) At(percent int) time.Duration {
	if len(r.waits) == 0 {
		return 0
	}
	return r.waits[min(len(r.waits)-1, len(r.waits)*percent/100)]
}

// Round has all clients take jobs until so many are done.
func Round(d Driven, clients, count int) (Result, error) {
	jobs, err := d.Prepare(count)
	if err != nil {
		return Result{}, err
	}
	return run(jobs, clients)
}

// run has the clients do the jobs.
func run(jobs []Job, clients int) (Result, error) {
	var next atomic.Int64
	waits, failures := make([][]time.Duration, clients), make([]error, clients)
	var all sync.WaitGroup
	began := time.Now()
	for c := range clients {
		all.Go(func() {
			for n := next.Add(1) - 1; n < int64(len(jobs)) && failures[c] == nil; n = next.Add(1) - 1 {
				asked := time.Now()
				failures[c] = jobs[n](c)
				waits[c] = append(waits[c], time.Since(asked))
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	r := Result{Rate: float64(len(jobs)) / took.Seconds(), waits: slices.Concat(waits...)}
	slices.Sort(r.waits)
	return r, errors.Join(failures...)
}

// Compare drives each in turn, round by round, so that whatever else the
// machine does meets all alike. Rounds last about as long as span; the one of
// the median rate counts.
func Compare(driven []Driven, clients, rounds int, span time.Duration) ([]Result, error) {
	const warm = 20 // jobs of each client
	counts := make([]int, len(driven))
	for i, d := range driven {
		r, err := Round(d, clients, clients*warm)
		if err != nil {
			return nil, err
		}
		counts[i] = max(clients, int(r.Rate*span.Seconds()))
	}
	all := make([][]Result, len(driven))
	for range rounds {
		for i, d := range driven {
			r, err := Round(d, clients, counts[i])
			if err != nil {
				return nil, err
			}
			all[i] = append(all[i], r)
		}
	}
	out := make([]Result, len(driven))
	for i := range out {
		slices.SortFunc(all[i], func(a, b Result) int { return int(a.Rate - b.Rate) })
		out[i] = all[i][len(all[i])/2]
	}
	return out, nil
}
