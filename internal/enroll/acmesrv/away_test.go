package acmesrv

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/protocol/acme"
)

// faulty is a store that fails while it has a fault.
type faulty struct {
	authority.Store
	fault *atomic.Pointer[error]
}

func (f faulty) err() error {
	if fault := f.fault.Load(); fault != nil {
		return fmt.Errorf("asking 10.1.1.1: %w", *fault)
	}
	return nil
}

func (f faulty) Record(ctx context.Context, kind, id string) (*authority.Record, error) {
	if err := f.err(); err != nil {
		return nil, err
	}
	return f.Store.Record(ctx, kind, id)
}

func (f faulty) PutRecords(ctx context.Context, r ...*authority.Record) error {
	if err := f.err(); err != nil {
		return err
	}
	return f.Store.PutRecords(ctx, r...)
}

// While the records cannot be reached, or are full, clients are told to come
// again (RFC 8555, Section 6.7; RFC 9110, Section 15.6.4).
func TestRecordsThatAreAway(t *testing.T) {
	fault := &atomic.Pointer[error]{}
	w := newWorld(t, func(c *Config) { c.Store = faulty{c.Store, fault} })
	c := w.registered(t)
	for _, one := range []struct {
		err    error
		status int
		text   string
	}{
		{authority.ErrAway, 503, "the server cannot reach its records now; try again in a while"},
		{authority.ErrFull, 507, "the server has no room left for its records; tell its operator, and try again later"},
		{fmt.Errorf("opening the key: %w", authority.ErrNoKey), 503, "this server lacks a key, which its log names and another server may have; tell its operator, and try again later"},
		{fmt.Errorf("%w: %w", authority.ErrAway, authority.ErrUncertain), 500, "tell the operator the reference"},
	} {
		fault.Store(&one.err)
		response, err := c.Post(t.Context(), c.AccountURL, nil, nil)
		is(t, err, acme.ServerInternal, one.status, one.text)
		if got := response.Header.Get("Retry-After"); got != "60" {
			t.Errorf("Retry-After is %q", got)
		}
		fault.Store(nil)
	}
	if log := w.log.String(); !strings.Contains(log, "10.1.1.1") {
		t.Error(log)
	}
	_, _, err := c.Order(t.Context(), names("a.test"))
	check(t, err)
}
