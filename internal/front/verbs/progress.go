package verbs

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// progress draws how far a batch has come, on a terminal only.
type progress struct {
	p       *program
	counts  func() (t tally, total int)
	started time.Time
	done    chan struct{}
	ended   sync.WaitGroup
}

func (p *program) startProgress(counts func() (t tally, total int)) *progress {
	b := &progress{p: p, counts: counts, started: time.Now(), done: make(chan struct{})}
	if !p.shell.Draws() {
		return b
	}
	b.ended.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if t, total := counts(); t.Requests > 0 {
					p.shell.Draw(barLine(t, total, time.Since(b.started)))
				}
			case <-b.done:
				p.shell.Draw("")
				return
			}
		}
	})
	return b
}

func (b *progress) stop() {
	close(b.done)
	b.ended.Wait()
}

// barLine is the line of progress: a bar, how many of how many, the rate, the
// time left, and the refused so far.
func barLine(t tally, total int, passed time.Duration) string {
	total = max(total, t.Requests, 1)
	const width = 24
	full := width * t.Requests / total
	rate := float64(t.Requests) / max(passed.Seconds(), 0.001)
	left := time.Duration(float64(total-t.Requests) / max(rate, 0.001) * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf("[%s%s] %d of %d, %.0f a second, %s left, %d refused",
		strings.Repeat("#", full), strings.Repeat(".", width-full), t.Requests, total, rate, left, t.Refused)
}

func jsonLine(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
