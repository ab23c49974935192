package cmp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
)

// UnavailableError is an answer of HTTP that says to come back later.
type UnavailableError struct{ URL, Status string }

// Error says who answered what.
func (e *UnavailableError) Error() string {
	return fmt.Sprintf("%s answers %s: the server is not ready", e.URL, e.Status)
}

// Resender is a Transport that sends a message again, octet for octet, where
// the network fails while a transaction goes on: a server answers it as it did
// before, if it had received it.
type Resender struct {
	Transport Transport
	// Again waits before a message is sent once more, and is told how often it
	// was sent in vain. An error ends it, and is returned.
	Again func(ctx context.Context, failure error, sent int) error

	reached bool // the server has answered once
}

// Exchange sends a message until it is answered.
func (r *Resender) Exchange(ctx context.Context, message []byte) ([]byte, error) {
	for sent := 1; ; sent++ {
		answer, err := r.Transport.Exchange(ctx, message)
		if err == nil {
			r.reached = true
			return answer, nil
		}
		if ctx.Err() != nil || !r.worthwhile(err) {
			return nil, err
		}
		if err := r.Again(ctx, err, sent); err != nil {
			return nil, err
		}
	}
}

// worthwhile reports whether an error may pass. That nobody listens is taken
// for a wrong address until somebody has answered.
func (r *Resender) worthwhile(err error) bool {
	var unavailable *UnavailableError
	if errors.As(err, &unavailable) {
		return true
	}
	var operation *net.OpError
	if errors.As(err, &operation) && operation.Op == "dial" {
		return r.reached
	}
	var timeout net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.As(err, &timeout) && timeout.Timeout()
}
