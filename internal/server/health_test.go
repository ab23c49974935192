package server

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/certwright/certwright/authority"
)

// crammed is a store on a disk that may be full.
type crammed struct {
	authority.Store
	full bool
}

func (c *crammed) err() error {
	if c.full {
		return fmt.Errorf("%w; make room and try again", authority.ErrFull)
	}
	return nil
}

func (c *crammed) Commit(ctx context.Context, changes ...*authority.Change) ([]error, error) {
	if err := c.err(); err != nil {
		return nil, err
	}
	return c.Store.Commit(ctx, changes...)
}

func (c *crammed) PutRecords(ctx context.Context, r ...*authority.Record) error {
	if err := c.err(); err != nil {
		return err
	}
	return c.Store.PutRecords(ctx, r...)
}

// TestFullDiskIsNotReady fills the disk, asks whether the server is ready, and
// makes room again.
func TestFullDiskIsNotReady(t *testing.T) {
	s := newWorld(t).server(t)
	disk := &crammed{Store: s.config.Office.Store}
	s.config.Office.Store = s.config.Measures.Observe(disk)
	change := func() *authority.Change {
		return &authority.Change{Events: []*authority.Event{{Action: "test", Actor: "test", At: s.config.Office.Now()}}}
	}
	writes := []func() error{
		func() error { return authority.CommitOne(t.Context(), s.config.Office.Store, change()) },
		func() error {
			return s.config.Office.Store.PutRecords(t.Context(), &authority.Record{Kind: "test", ID: "1", Body: []byte("{}")})
		},
	}
	for _, write := range writes {
		disk.full = true
		if write() == nil {
			t.Fatal("a full disk was written to")
		}
		for range 2 {
			if checks, ready := s.readiness(t.Context()); ready || checks[1].OK || !strings.Contains(checks[1].Cause, "the disk is full") {
				t.Errorf("ready on a full disk: %+v", checks)
			}
		}
		disk.full = false
		if checks, ready := s.readiness(t.Context()); !ready || s.config.Measures.full.Load() {
			t.Errorf("not ready with room again: %+v", checks)
		}
	}
}
