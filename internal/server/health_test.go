package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/certwright/certwright/authority"
)

// crammed is a store that may be kept from writing: all, or what needs some
// room.
type crammed struct {
	authority.Store
	why  error
	room int // octets of records that it takes all the same
}

func (c *crammed) err(r ...*authority.Record) error {
	size := 0
	for _, one := range r {
		size += len(one.Body)
	}
	if c.why != nil && (len(r) == 0 || size > c.room) {
		return c.why
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
	if err := c.err(r...); err != nil {
		return err
	}
	return c.Store.PutRecords(ctx, r...)
}

// TestWhereNothingCanBeWrittenIsNotReady keeps the store from writing, asks
// whether the server is ready, and lets it write again.
func TestWhereNothingCanBeWrittenIsNotReady(t *testing.T) {
	s := newWorld(t).server(t)
	disk := &crammed{Store: s.config.Office.Store}
	s.config.Office.Store = s.config.Measures.Observe(disk)
	change := func() *authority.Change {
		return &authority.Change{Events: []*authority.Event{{Action: "test", Actor: "test", At: s.config.Office.Now()}}}
	}
	put := func(revision int64) error {
		return s.config.Office.Store.PutRecords(t.Context(), &authority.Record{Kind: "test", ID: "1", Revision: revision, Body: make([]byte, 100_000)})
	}
	writes := map[string]func() error{
		"a change": func() error { return authority.CommitOne(t.Context(), s.config.Office.Store, change()) },
		"a record": func() error { return put(0) },
	}
	for cause, why := range map[string]error{
		"the disk is full":                      fmt.Errorf("%w; make room and try again", authority.ErrFull),
		"the disk does not work as it should":   errors.New("the disk does not work as it should; check it, and try again"),
		"the file may not be written to; check": errors.New("the file may not be written to; check its owner and mode"),
	} {
		for what, write := range writes {
			for _, room := range []int{0, 5000} {
				disk.why, disk.room = why, room
				if write() == nil {
					t.Fatalf("%s was written, %s", what, cause)
				}
				for range 2 {
					if checks, ready := s.readiness(t.Context()); ready || checks[1].OK || !strings.Contains(checks[1].Cause, cause) {
						t.Errorf("%s, room for %d: ready where %s: %+v", what, room, cause, checks)
					}
				}
				disk.why = nil
				if checks, ready := s.readiness(t.Context()); !ready {
					t.Errorf("not ready with room again: %+v", checks)
				}
				probe, err := disk.Record(t.Context(), "server-room", "probe")
				if err != nil || len(probe.Body) > 100 {
					t.Errorf("what was tried takes room still: %v", err)
				}
			}
		}
	}
}

// What a disk was like before the server began is found out.
func TestFullDiskIsNotReadyFromTheStart(t *testing.T) {
	s := newWorld(t).server(t)
	s.config.Office.Store = s.config.Measures.Observe(&crammed{Store: s.config.Office.Store, why: authority.ErrFull})
	if checks, ready := s.readiness(t.Context()); ready {
		t.Errorf("ready on a full disk: %+v", checks)
	}
}

// Orders that cannot be followed say nothing of the store.
func TestRefusedWritesAreNoReasonNotToBeReady(t *testing.T) {
	s := newWorld(t).server(t)
	disk := &crammed{Store: s.config.Office.Store}
	s.config.Office.Store = s.config.Measures.Observe(disk)
	if _, ready := s.readiness(t.Context()); !ready {
		t.Fatal("not ready")
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := authority.CommitOne(ended, s.config.Office.Store, &authority.Change{}); err == nil {
		t.Fatal("committed after the end")
	}
	for range 2 {
		s.config.Office.Store.PutRecords(t.Context(), &authority.Record{Kind: "test", ID: "1", Body: []byte("{}")})
	}
	authority.CommitOne(t.Context(), s.config.Office.Store, &authority.Change{SetStatus: &authority.StatusWrite{CA: "x", Serial: []byte{1}, From: authority.StatusValid, To: authority.StatusRevoked}})
	disk.why = authority.ErrFull // seen only by who tries to write
	if checks, ready := s.readiness(t.Context()); !ready {
		t.Errorf("not ready: %+v", checks)
	}
}
