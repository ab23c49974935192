package authority_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// extension is the content of an extension of a list; nil where it has none.
func extension(t *testing.T, l *authority.CRL, id oid.OID) []byte {
	t.Helper()
	read, err := crl.Parse(l.DER)
	check(t, err)
	e, _ := ext.Find(read.Extensions, id)
	return e.Value
}

// delta publishes a delta list of the root's shard, and checks that it can be
// combined with the full list that is published beside it (RFC 5280, Section
// 5.2.4).
func (w *world) delta(t *testing.T, shard int) *authority.CRL {
	t.Helper()
	lists, err := w.PublishCRL(t.Context(), "root", authority.DeltaCRL, shard, "operator")
	check(t, err)
	d := lists[len(lists)-1]
	base, err := w.store.LatestCRL(t.Context(), "root", authority.FullCRL, shard)
	check(t, err)
	if d.Kind != authority.DeltaCRL || d.Base != base.Number {
		t.Fatalf("list %d goes with list %d, and the full list is %d", d.Number, d.Base, base.Number)
	}
	for _, id := range []oid.OID{oid.IssuingDistributionPoint, oid.AuthorityKeyIdentifier} {
		if !bytes.Equal(extension(t, d, id), extension(t, base, id)) {
			t.Errorf("delta list %d and its base %d have different extensions %s", d.Number, d.Base, id.Name())
		}
	}
	return d
}

func (w *world) full(t *testing.T) []*authority.CRL {
	t.Helper()
	lists, err := w.PublishCRL(t.Context(), "root", authority.FullCRL, -1, "operator")
	check(t, err)
	return lists
}

func (w *world) change(t *testing.T, f func(*authority.CASettings)) {
	t.Helper()
	_, err := w.UpdateCA(t.Context(), "root", func(_ *authority.CA, s *authority.CASettings) { f(s) }, "operator")
	check(t, err)
}

// A delta list goes with a full list of the same scope only.
func TestDeltaListsHaveTheScopeOfTheirBase(t *testing.T) {
	w := based(t, authority.CASettings{DeltaValidity: time.Hour})
	w.full(t)
	if d := w.delta(t, 0); d.Number != 2 || d.Base != 1 {
		t.Errorf("list %d to %d: nothing changed", d.Number, d.Base)
	}
	c := w.issue(t, "a.test").Certificate
	for i, f := range []func(*authority.CASettings){
		func(s *authority.CASettings) { s.Shards = 3 },
		func(s *authority.CASettings) { s.Base = "http://other.test" },
		func(s *authority.CASettings) { s.CRL = []string{"http://third.test/{ca}/{shard}.crl"} },
		func(s *authority.CASettings) { s.Shards = 5 },
	} {
		w.change(t, f)
		if i == 1 {
			_, err := w.Revoke(t.Context(), authority.RevocationOrder{CA: "root", Serial: c.Serial, Reason: crl.KeyCompromise, By: "otto"})
			check(t, err)
		}
		for shard := range 3 {
			w.delta(t, shard)
		}
		if again := w.delta(t, 0); again.Number <= again.Base {
			t.Errorf("list %d to %d", again.Number, again.Base)
		}
	}
	full, err := w.store.LatestCRL(t.Context(), "root", authority.FullCRL, c.Shard)
	check(t, err)
	if full.Entries != 1 {
		t.Errorf("the full list of the new scope has %d entries", full.Entries)
	}
	w.sound(t)
}

// Whether a full list has the scope of today is known of those, too, that were
// published when nothing kept it.
func TestScopeOfListsOfBefore(t *testing.T) {
	w := based(t, authority.CASettings{DeltaValidity: time.Hour})
	w.full(t)
	forget := func() {
		kept, err := w.store.FindRecords(t.Context(), authority.RecordQuery{Kind: "crl-scope"})
		check(t, err)
		if len(kept) == 0 {
			t.Fatal("no scope is kept")
		}
		check(t, w.store.DeleteRecords(t.Context(), kept...))
	}
	inScope := func(want bool) {
		t.Helper()
		got, err := w.InScope(t.Context(), "root", 0)
		check(t, err)
		if got != want {
			t.Errorf("in scope: %v", got)
		}
	}
	forget()
	inScope(true)
	if d := w.delta(t, 0); d.Base != 1 {
		t.Errorf("the base is list %d", d.Base)
	}
	forget()
	w.change(t, func(s *authority.CASettings) { s.Shards = 2 })
	inScope(false)
	if d := w.delta(t, 0); d.Base != 3 {
		t.Errorf("the base is list %d", d.Base)
	}
	inScope(true)
}
