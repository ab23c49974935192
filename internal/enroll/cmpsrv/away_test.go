package cmpsrv

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/protocol/cmp"
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

// While the records cannot be reached, or are full, messages are answered as by a
// system that is not available: it is worth while to send them again later.
func TestRecordsThatAreAway(t *testing.T) {
	for _, where := range []string{"transactions", "secrets"} {
		fault := &atomic.Pointer[error]{}
		w := newWorld(t, func(c *Config) {
			broken := faulty{c.Store, fault}
			if where == "transactions" {
				c.Store = broken
			} else {
				c.Secrets = secret.New(secret.Config{Store: broken, Keys: c.Keys, Now: c.Now})
			}
		})
		w.secret(secret.Secret{})
		for _, one := range []struct {
			err  error
			want cmp.FailureInfo
			text string
		}{
			{authority.ErrAway, cmp.SystemUnavail, "the server cannot reach its records now; send the message again in a while"},
			{authority.ErrFull, cmp.SystemUnavail, "the server has no room left for its records; tell its operator, and send the message again later"},
			{fmt.Errorf("opening the key: %w", authority.ErrNoKey), cmp.SystemUnavail, "this server lacks a key, which its log names and another server may have; tell its operator, and send the message again later"},
			{fmt.Errorf("%w: %w", authority.ErrAway, authority.ErrUncertain), cmp.SystemFailure, "tell the operator the reference"},
		} {
			fault.Store(&one.err)
			y := w.talk()
			answer, err := cmp.Parse(w.Answer(t.Context(), y.built(w.ir()).Raw, "", "192.0.2.1"))
			check(t, err)
			if answer.Protection == nil {
				t.Errorf("%s: the answer is not protected", where)
			}
			refuses(y, answer.Body, one.want, one.text)
			fault.Store(nil)
		}
		if log := w.log.String(); !strings.Contains(log, "10.1.1.1") {
			t.Error(log)
		}
	}
}
