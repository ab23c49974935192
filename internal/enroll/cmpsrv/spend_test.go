package cmpsrv

import (
	"sync"
	"testing"

	"github.com/certwright/certwright/internal/secret"
)

// Messages that come at once under one transactionID are one certificate at
// most, and one use of the secret.
func TestUsesThatCameToNothing(t *testing.T) {
	for _, same := range []bool{false, true} {
		w := newWorld(t)
		w.secret(secret.Secret{Uses: 20})
		x := w.talk()
		raw := make([][]byte, 8)
		for i := range raw {
			m := x.built(w.ir())
			if raw[i] = m.Raw; same {
				raw[i] = raw[0]
			}
		}
		var all sync.WaitGroup
		for _, one := range raw {
			all.Go(func() { w.Answer(t.Context(), one, "", "192.0.2.1") })
		}
		all.Wait()
		s, err := w.vault.Get(t.Context(), "device1")
		check(t, err)
		if s.Used != 1 {
			t.Errorf("%d uses for one certificate", s.Used)
		}
	}
}
