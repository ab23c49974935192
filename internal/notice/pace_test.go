package notice

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/certwright/certwright/authority/memstore"
)

// A target that does not answer holds no other, however many messages there
// are, and whenever they come.
func TestTargetsHaveTheirOwnPace(t *testing.T) {
	s := memstore.New()
	hanging, got := make(chan struct{}), make(chan string)
	var once sync.Once
	q := &Queue{Records: s, Now: func() time.Time { return start.Add(time.Second) }, Log: quiet(), Targets: []Target{
		{Name: "a-slow", Send: func(ctx context.Context, _ *Message) error {
			once.Do(func() { close(hanging) })
			<-ctx.Done()
			return ctx.Err()
		}},
		{Name: "b-good", Send: func(ctx context.Context, m *Message) error {
			select {
			case got <- m.ID:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}},
	}}
	const many = 3*batch + 1
	arrived := map[string]bool{}
	take := func() {
		select {
		case id := <-got:
			arrived[id] = true
		case <-time.After(10 * time.Second): // less than the slow one is given
			t.Fatalf("%d messages have come, and then none", len(arrived))
		}
	}
	for n := range many {
		put(t, s, "a-slow", fmt.Sprint(n))
		put(t, s, "b-good", fmt.Sprint(n))
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		q.Work(ctx, time.Millisecond)
	}()
	<-hanging
	for range many {
		take()
	}
	put(t, s, "b-good", "late")
	if take(); len(arrived) != many+1 {
		t.Errorf("%d messages have come", len(arrived))
	}
	stop()
	<-ended
}
