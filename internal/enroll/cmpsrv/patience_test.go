package cmpsrv

import (
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/protocol/cmp"
)

// A transaction is remembered as long as its certificate may be confirmed, and
// for a while after, so that who comes too late is told so.
func TestTransactionsOutlastTheirConfirmation(t *testing.T) {
	for _, c := range []struct {
		days int
		late bool
	}{{2, false}, {3, true}} {
		w := newWorld(t)
		w.profiles["plant"] = strings.Replace(plant, "version: 1\n", "version: 1\npossession: { confirmWithin: 60h }\n", 1)
		w.secret(secret.Secret{})
		x := w.talk()
		first := x.send(x.built(w.ir()).Raw)
		w.ahead += time.Duration(c.days) * 24 * time.Hour
		check(t, w.Sweep(t.Context()))
		_, err := w.authority.Lapse(t.Context())
		check(t, err)
		answer := x.say(conf(t, x.status(first)), nil)
		if c.late {
			x.fails(answer, cmp.CertRevoked, "")
		} else if answer.Kind != cmp.Confirmation || w.issued(authority.StatusValid) != 1 {
			t.Errorf("after %d days: %v, %d valid", c.days, answer.Kind, w.issued(authority.StatusValid))
		}
	}
	w := newWorld(t)
	w.secret(secret.Secret{})
	x := w.talk()
	x.send(x.built(w.ir()).Raw)
	w.ahead += 3 * 24 * time.Hour
	check(t, w.Sweep(t.Context()))
	if _, err := w.store.Record(t.Context(), RecordKind, transactionID(x.last)); err != authority.ErrNotFound {
		t.Errorf("a transaction of long ago is kept: %v", err)
	}
}
