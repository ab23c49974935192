package openssl

import (
	"io"
	"time"
)

// beat is the time between two dots.
const beat = 50 * time.Millisecond

// showsProgress reports whether the command prints dots while it makes an RSA
// key.
func (c *call) showsProgress() bool {
	switch c.command.name {
	case "genrsa":
		return c.has("verbose")
	case "genpkey":
		return !c.has("quiet")
	}
	return c.command.name == "req"
}

// dotted does some work, with a line of dots on standard error meanwhile.
func (c *call) dotted(work func()) {
	if !c.showsProgress() {
		work()
		return
	}
	finished, written := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(written)
		clock := time.NewTicker(beat)
		defer clock.Stop()
		for {
			io.WriteString(c.Stderr, ".")
			select {
			case <-finished:
				io.WriteString(c.Stderr, "\n")
				return
			case <-clock.C:
			}
		}
	}()
	work()
	close(finished)
	<-written
}
