package cmpsrv

import (
	"fmt"
	"testing"
	"time"

	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/protocol/cmp"
)

// Shared secrets are not guessed at speed: who protects messages wrongly all the
// time has to wait, and is not told meanwhile what is right.
func TestGuessingSecretsIsSlow(t *testing.T) {
	at := time.Now()
	w := newWorld(t, func(c *Config) { c.Now = func() time.Time { return at } })
	w.secret(secret.Secret{})
	right := w.talk()
	p, err := crmf.MakePBM([]byte("salt of a device"), 5, 100, 5)
	check(t, err)
	told := map[string]int{}
	guess := func(value, address string) string {
		t.Helper()
		x := w.talk()
		x.p = cmp.PBM(p, []byte(value))
		m, err := cmp.Parse(w.Answer(t.Context(), x.built(w.ir()).Raw, "", address))
		check(t, err)
		if m.Body.Kind != cmp.ErrorMessage {
			return m.Body.Kind.String()
		}
		failed, err := m.Body.Error()
		check(t, err)
		return fmt.Sprint(failed.Status.Failure)
	}
	for n := range 70 {
		told[guess(fmt.Sprint("guess ", n), "192.0.2.1")]++
	}
	if told[fmt.Sprint(cmp.BadMessageCheck)] != 50 || told[fmt.Sprint(cmp.SystemUnavail)] != 20 {
		t.Error(told)
	}
	if got := guess("a shared secret", "192.0.2.1"); got != fmt.Sprint(cmp.SystemUnavail) {
		t.Error(got)
	}
	m, err := cmp.Parse(w.Answer(t.Context(), right.built(w.ir()).Raw, "", "192.0.2.2"))
	check(t, err)
	if m.Body.Kind != cmp.InitializationResponse {
		t.Errorf("another address: %v", m.Body.Kind)
	}
	at = at.Add(time.Second)
	if got := guess("a shared secret", "192.0.2.1"); got == fmt.Sprint(cmp.SystemUnavail) {
		t.Error(got)
	}
}
