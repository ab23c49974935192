package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/certwright/certwright/authority"
)

// testGrounds has changes rest on records, which others change.
func testGrounds(t *testing.T, s authority.Store) {
	a, b := aRecord("a"), aRecord("b")
	check(t, s.PutRecords(t.Context(), a, b))
	on := func(n int, grounds ...*authority.Record) *authority.Change {
		c := issue(n)
		c.Grounds = grounds
		return c
	}
	must(t, s, on(1, a))
	must(t, s, on(2, a, b, a))
	before := *a
	check(t, s.PutRecords(t.Context(), a))
	fails(t, s, authority.ErrGrounds, on(3, &before))
	fails(t, s, authority.ErrGrounds, on(4, b, &before, b))
	must(t, s, on(5, a, b))
	fails(t, s, authority.ErrGrounds, on(6, aRecord("c")))
	check(t, s.DeleteRecords(t.Context(), b))
	fails(t, s, authority.ErrGrounds, on(7, a, b))

	// Among changes that travel together each rests on what those before it
	// have left, and one that fails does so alone.
	asRead, next := *a, *a
	errs, err := s.Commit(t.Context(), on(8, &asRead), &authority.Change{PutRecords: []*authority.Record{&next}}, on(9, &asRead), on(10))
	check(t, err)
	for i, want := range []error{nil, nil, authority.ErrGrounds, nil} {
		if !errors.Is(errs[i], want) || want == nil && errs[i] != nil {
			t.Errorf("change %d: got %v, want %v", i, errs[i], want)
		}
	}

	var many []*authority.Record
	for n := range 77 {
		many = append(many, aRecord(fmt.Sprint("many ", n)))
	}
	check(t, s.PutRecords(t.Context(), many...))
	must(t, s, on(11, many...))
	changed := *many[70]
	check(t, s.PutRecords(t.Context(), &changed))
	fails(t, s, authority.ErrGrounds, on(12, many...))
	for n, want := range map[int]bool{1: true, 2: true, 3: false, 4: false, 5: true, 6: false, 7: false, 8: true, 9: false, 10: true, 11: true, 12: false} {
		if _, err := s.Certificate(t.Context(), "issuing", serial(n)); (err == nil) != want {
			t.Errorf("certificate %d is there: %v, want %v", n, err == nil, want)
		}
	}
}
