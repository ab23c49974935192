package cmpsrv

import (
	"math/big"
	"sync"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/protocol/cmp"
)

// Of updates of one certificate that come at once, one is accepted; the next is
// once that one is confirmed or rejected.
func TestUpdatesAtOnce(t *testing.T) {
	for _, several := range []bool{false, true} {
		d := newDesk(t)
		d.Server.config.Several = several
		var first *talk
		var got cmp.Response
		for range 3 {
			first, got = d.updateAtOnce()
			if n := d.issued(authority.StatusUnconfirmed); n != 1 {
				t.Errorf("%d certificates are unconfirmed", n)
			}
			next := d.signed()
			refuses(next, next.say(d.kur(d.c), nil), cmp.DuplicateCertReq, "under way")
			last := conf(t, got)
			if several {
				last = cmp.NewConfirmations(cmp.CertStatus{ID: big.NewInt(0), Status: &cmp.StatusInfo{Status: cmp.Rejection}, Hash: make([]byte, 32)})
			}
			if body := first.say(last, nil); body.Kind != cmp.Confirmation {
				t.Fatalf("%v", body.Kind)
			}
		}
	}
}

// updateAtOnce sends twelve kur at once, and returns the one that is accepted.
func (d *desk) updateAtOnce() (*talk, cmp.Response) {
	d.t.Helper()
	talks, answers := make([]*talk, 12), make([][]byte, 12)
	raw := make([][]byte, len(talks))
	for i := range talks {
		talks[i] = d.signed()
		m, err := cmp.Build(withNonce(talks[i]), d.kur(d.c), talks[i].p, talks[i].extra...)
		check(d.t, err)
		raw[i] = m.Raw
	}
	var all sync.WaitGroup
	for i := range talks {
		all.Go(func() { answers[i] = d.Answer(d.t.Context(), raw[i], "", "192.0.2.1") })
	}
	all.Wait()
	var accepted *talk
	var got cmp.Response
	for i, x := range talks {
		m, err := cmp.Parse(answers[i])
		check(d.t, err)
		x.last = m
		if r := x.status(m.Body); !r.Status.Granted() {
			refuses(x, m.Body, cmp.DuplicateCertReq, "under way")
		} else if accepted != nil {
			d.t.Error("two are accepted")
		} else {
			accepted, got = x, r
		}
	}
	if accepted == nil {
		d.t.Fatal("none is accepted")
	}
	return accepted, got
}
