package authority_test

import (
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crl"
)

func TestIssueTime(t *testing.T) {
	now := time.Date(2026, 3, 1, 10, 0, 0, 700e6, time.UTC)
	for _, c := range []struct {
		what   string
		issued []time.Duration // the lists before, from the second that now is in
		want   time.Duration
	}{
		{"the first", nil, 0},
		{"long after the last", []time.Duration{-time.Hour}, 0},
		{"in the second after the last", []time.Duration{-time.Second}, 0},
		{"in the second of the last", []time.Duration{0}, time.Second},
		{"the third of a second", []time.Duration{0, time.Second}, 2 * time.Second},
		{"whatever their order", []time.Duration{time.Second, -time.Hour, 0}, 2 * time.Second},
		{"a gap stays one", []time.Duration{-time.Second, time.Second}, 2 * time.Second},
		{"a clock that went back a little", []time.Duration{5 * time.Second}, 6 * time.Second},
		{"a list of a clock that was wrong", []time.Duration{-time.Minute, time.Hour}, 0},
		{"and one of this second", []time.Duration{0, 365 * 24 * time.Hour}, time.Second},
		{"next to one of a clock that was wrong", []time.Duration{10 * time.Second, 11 * time.Second}, 12 * time.Second},
	} {
		base := now.Truncate(time.Second)
		var issued []time.Time
		for _, d := range c.issued {
			issued = append(issued, base.Add(d))
		}
		if got := authority.IssueTime(now, issued); !got.Equal(base.Add(c.want)) {
			t.Errorf("%s: %s, want %s", c.what, got.Sub(base), c.want)
		}
	}
}

// Lists of one place never have the time of another or an earlier one, and are
// never of a time to come, however many there are in a second.
func TestListsAreOfGrowingTimes(t *testing.T) {
	w := based(t, authority.CASettings{DeltaValidity: time.Hour})
	var last time.Time
	for i, kind := range []authority.CRLKind{authority.FullCRL, authority.DeltaCRL, authority.DeltaCRL, authority.FullCRL, authority.DeltaCRL, authority.FullCRL, authority.FullCRL} {
		c := w.issue(t, "a.test").Certificate
		w.pass(300 * time.Millisecond)
		_, err := w.Revoke(t.Context(), authority.RevocationOrder{CA: "root", Serial: c.Serial, Reason: crl.KeyCompromise, By: "otto"})
		check(t, err)
		lists, err := w.PublishCRL(t.Context(), "root", kind, -1, "operator")
		check(t, err)
		l := lists[0]
		if !l.ThisUpdate.After(last) || l.ThisUpdate.After(w.clock()) {
			t.Errorf("list %d is of %s, after %s, at %s", i, l.ThisUpdate, last, w.clock())
		}
		last = l.ThisUpdate
		noneLater(t, l)
	}
}

func noneLater(t *testing.T, l *authority.CRL) {
	t.Helper()
	read, err := crl.Parse(l.DER)
	check(t, err)
	for e, err := range read.Entries() {
		check(t, err)
		if e.Revoked.After(read.ThisUpdate) {
			t.Errorf("list %d is of %s, and says that %x was revoked at %s", l.Number, read.ThisUpdate, e.Serial, e.Revoked)
		}
	}
}

// What another machine revoked, whose clock is ahead, was revoked when the list
// comes out at the latest.
func TestListsSayOfNoRevocationThatItIsToCome(t *testing.T) {
	w := based(t, authority.CASettings{})
	c := w.issue(t, "a.test").Certificate
	w.pass(time.Minute)
	_, err := w.Revoke(t.Context(), authority.RevocationOrder{CA: "root", Serial: c.Serial, Reason: crl.KeyCompromise, By: "otto"})
	check(t, err)
	w.pass(-time.Minute)
	l := w.full(t)[0]
	if l.Entries != 1 {
		t.Errorf("%d entries", l.Entries)
	}
	noneLater(t, l)
}
