package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
)

func aRecord(id string) *authority.Record {
	return &authority.Record{Kind: "order", ID: id, Owner: "anna", Name: "name of " + id, State: "pending", Due: day(3), Body: []byte(`{"id":"` + id + `"}`)}
}

func conflicts(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, authority.ErrConflict) {
		t.Fatalf("got %v, want %v", err, authority.ErrConflict)
	}
}

func testRecords(t *testing.T, s authority.Store) {
	if _, err := s.Record(t.Context(), "order", "a"); !errors.Is(err, authority.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	full, bare := aRecord("a"), &authority.Record{Kind: "token", ID: "a"}
	full.Due = full.Due.Add(123 * time.Microsecond)
	check(t, s.PutRecords(t.Context(), full))
	check(t, s.PutRecords(t.Context(), bare))
	if full.Revision != 1 || bare.Revision != 1 {
		t.Fatalf("revisions %d and %d", full.Revision, bare.Revision)
	}
	full.Due = day(3)
	for _, want := range []*authority.Record{full, bare} {
		got, err := s.Record(t.Context(), want.Kind, want.ID)
		check(t, err)
		equal(t, "record", got, want)
	}
	got, err := s.Record(t.Context(), "order", "a")
	check(t, err)
	got.Body[0] = 'X'
	again, err := s.Record(t.Context(), "order", "a")
	check(t, err)
	equal(t, "record after a caller changed its copy", again, full)

	conflicts(t, s.PutRecords(t.Context(), aRecord("a")))
	full.Owner, full.Name, full.State, full.Due, full.Body = "", "", "", time.Time{}, nil
	check(t, s.PutRecords(t.Context(), full))
	again, err = s.Record(t.Context(), "order", "a")
	check(t, err)
	equal(t, "record that was emptied", again, full)
	if full.Revision != 2 {
		t.Fatalf("revision %d", full.Revision)
	}
	stale := aRecord("a")
	stale.Revision = 1
	conflicts(t, s.PutRecords(t.Context(), stale))
	conflicts(t, s.DeleteRecords(t.Context(), stale))
	if stale.Revision != 1 {
		t.Fatalf("a conflict raised the revision to %d", stale.Revision)
	}
	check(t, s.DeleteRecords(t.Context(), full))
	if _, err := s.Record(t.Context(), "order", "a"); !errors.Is(err, authority.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	conflicts(t, s.DeleteRecords(t.Context(), full))
	conflicts(t, s.PutRecords(t.Context(), full))
	check(t, s.PutRecords(t.Context(), aRecord("a")))
	check(t, s.PutRecords(t.Context()))
}

func testRecordNames(t *testing.T, s authority.Store) {
	a, b := aRecord("a"), aRecord("b")
	check(t, s.PutRecords(t.Context(), a, b))
	got, err := s.RecordNamed(t.Context(), "order", "name of b")
	check(t, err)
	equal(t, "record by name", got, b)
	for _, name := range []string{"name of c", ""} {
		if _, err := s.RecordNamed(t.Context(), "order", name); !errors.Is(err, authority.ErrNotFound) {
			t.Fatalf("name %q: got %v", name, err)
		}
	}
	c := aRecord("c")
	c.Name = a.Name
	conflicts(t, s.PutRecords(t.Context(), c))
	b.Name = a.Name
	conflicts(t, s.PutRecords(t.Context(), b))
	other := aRecord("c")
	other.Kind, other.Name = "account", a.Name
	check(t, s.PutRecords(t.Context(), other))

	a.Name, b.Name = "new", "name of a"
	check(t, s.PutRecords(t.Context(), a, b))
	for name, id := range map[string]string{"new": "a", "name of a": "b"} {
		got, err := s.RecordNamed(t.Context(), "order", name)
		check(t, err)
		if got.ID != id {
			t.Fatalf("%s is named %q", got.ID, name)
		}
	}
	check(t, s.DeleteRecords(t.Context(), a))
	c.Name = "new"
	check(t, s.PutRecords(t.Context(), c))
}

func testRecordsTogether(t *testing.T, s authority.Store) {
	a := aRecord("a")
	check(t, s.PutRecords(t.Context(), a))
	absent := aRecord("z")
	absent.Revision = 1
	conflicts(t, s.PutRecords(t.Context(), aRecord("b"), absent))
	twin := aRecord("c")
	twin.Name = "name of b"
	conflicts(t, s.PutRecords(t.Context(), aRecord("b"), twin))
	conflicts(t, s.PutRecords(t.Context(), aRecord("b"), aRecord("b")))
	conflicts(t, s.DeleteRecords(t.Context(), a, absent))
	list, err := s.FindRecords(t.Context(), authority.RecordQuery{Kind: "order"})
	check(t, err)
	equal(t, "records", list, []*authority.Record{a})

	// With the rest of a change, too.
	b := aRecord("b")
	spoilt := issue(1)
	spoilt.PutRecords = []*authority.Record{b, absent}
	fails(t, s, authority.ErrConflict, spoilt)
	if _, err := s.Certificate(t.Context(), "issuing", serial(1)); !errors.Is(err, authority.ErrNotFound) {
		t.Fatalf("got %v", err)
	}
	whole := issue(1)
	whole.PutRecords, whole.DeleteRecords = []*authority.Record{b}, []*authority.Record{a}
	must(t, s, whole)
	if b.Revision != 1 {
		t.Fatalf("revision %d", b.Revision)
	}
	list, err = s.FindRecords(t.Context(), authority.RecordQuery{Kind: "order"})
	check(t, err)
	equal(t, "records", list, []*authority.Record{b})
	chain(t, s, 1)
}

func testRecordQueries(t *testing.T, s authority.Store) {
	put := func(id, owner, state string, due time.Time) {
		r := aRecord(id)
		r.Owner, r.State, r.Due = owner, state, due
		check(t, s.PutRecords(t.Context(), r))
	}
	put("b", "anna", "pending", day(1))
	put("B", "anna", "ready", day(2))
	put("a-1", "ben", "pending", time.Time{})
	put("a1", "", "", day(3))
	put("é", "anna", "pending", day(4))
	for n := range 300 {
		r := aRecord(fmt.Sprintf("%03d", n))
		r.Kind = "many"
		check(t, s.PutRecords(t.Context(), r))
	}
	for _, q := range []struct {
		query authority.RecordQuery
		want  string
	}{
		{authority.RecordQuery{}, "B a-1 a1 b é"},
		{authority.RecordQuery{Kind: "none"}, ""},
		{authority.RecordQuery{Owner: "anna"}, "B b é"},
		{authority.RecordQuery{State: "pending"}, "a-1 b é"},
		{authority.RecordQuery{Owner: "anna", State: "pending"}, "b é"},
		{authority.RecordQuery{DueBefore: day(3)}, "B b"},
		{authority.RecordQuery{DueBefore: day(3).Add(time.Millisecond)}, "B a1 b"},
		{authority.RecordQuery{DueBefore: day(9), Owner: "anna", After: "B", Limit: 1}, "b"},
		{authority.RecordQuery{After: "a-1"}, "a1 b é"},
		{authority.RecordQuery{After: "a-1", Limit: 2}, "a1 b"},
		{authority.RecordQuery{After: "é"}, ""},
	} {
		if q.query.Kind == "" {
			q.query.Kind = "order"
		}
		list, err := s.FindRecords(t.Context(), q.query)
		check(t, err)
		var got []string
		for _, r := range list {
			got = append(got, r.ID)
		}
		if strings.Join(got, " ") != q.want {
			t.Errorf("%+v: got %q, want %q", q.query, got, q.want)
		}
	}
	many, err := s.FindRecords(t.Context(), authority.RecordQuery{Kind: "many", After: "099"})
	check(t, err)
	if len(many) != 200 || many[0].ID != "100" || many[199].ID != "299" {
		t.Errorf("%d records", len(many))
	}
}

func testCompetingRecords(t *testing.T, s authority.Store) {
	const workers, jobs = 8, 10
	for n := range jobs {
		check(t, s.PutRecords(t.Context(), aRecord(fmt.Sprint(n))))
	}
	var group sync.WaitGroup
	var claimed atomic.Int64
	for worker := range workers {
		group.Go(func() {
			for n := range jobs {
				r := aRecord(fmt.Sprint(n))
				r.Revision, r.Owner = 1, fmt.Sprint("worker ", worker)
				if err := s.PutRecords(t.Context(), r); err == nil {
					claimed.Add(1)
				} else if !errors.Is(err, authority.ErrConflict) {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if claimed.Load() != jobs {
		t.Fatalf("%d claims of %d jobs", claimed.Load(), jobs)
	}
}
