package authority_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/request"
)

// guess shows a password as somebody.
func (w *world) guess(t *testing.T, caller string, serial []byte, password string) error {
	t.Helper()
	_, err := w.Revoke(t.Context(), authority.RevocationOrder{CA: "issuing", Serial: serial, Reason: crl.Superseded, Password: password, Caller: caller})
	return err
}

func waits(t *testing.T, err error) time.Duration {
	t.Helper()
	var wait *authority.WaitError
	if !errors.As(err, &wait) {
		t.Fatalf("%v", err)
	}
	return wait.Wait
}

// Passwords are guessed at the speed that the records allow, whoever tries by
// however many connections and processes, and the records do not grow by it.
func TestGuessingPasswordsIsSlow(t *testing.T) {
	w := newWorld(t)
	out := w.granted(t, submission(newApplicant(t).request(t, "a.example.org", password(t, "open sesame"))))
	serial := out.Certificate.Serial
	other := w.another(t, nil)
	var all sync.WaitGroup
	var mu sync.Mutex
	wrong, told := 0, 0
	for n := range 40 {
		all.Go(func() {
			a := w.Authority
			if n%2 == 0 {
				a = other
			}
			_, err := a.Revoke(t.Context(), authority.RevocationOrder{CA: "issuing", Serial: serial, Reason: crl.Superseded, Password: "wrong password", Caller: "bob"})
			mu.Lock()
			defer mu.Unlock()
			var wait *authority.WaitError
			switch {
			case errors.As(err, &wait):
				told++
			case err != nil && strings.Contains(err.Error(), "is not the challenge password"):
				wrong++
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if wrong != 5 || told != 35 {
		t.Errorf("%d were compared, %d told to wait", wrong, told)
	}
	if n := w.actions(t, "revocation.refused"); n != 5 {
		t.Errorf("%d entries in the audit chain", n)
	}
	err := w.guess(t, "ann", serial, "open sesame")
	if wait := waits(t, err); wait != time.Minute {
		t.Error(wait)
	}
	refused(t, err, request.NotAuthorized, "too many wrong passwords or signatures were shown")
	for _, longer := range []time.Duration{2, 4, 8, 16, 32, 60, 60} {
		w.pass(time.Hour)
		refused(t, w.guess(t, "ann", serial, "wrong password"), request.NotAuthorized, "is not the challenge password")
		if wait := waits(t, w.guess(t, "uta", serial, "open sesame")); wait != longer*time.Minute {
			t.Errorf("%v, want %d minutes", wait, longer)
		}
	}
	w.pass(time.Hour)
	check(t, w.guess(t, "uta", serial, "open sesame"))
}

// Somebody who tries one certificate after another is told to wait as well, and
// learns nothing by it of which there are; right passwords do not count.
func TestGuessingAtManyCertificatesIsSlow(t *testing.T) {
	w := newWorld(t)
	a := newApplicant(t)
	var serials [][]byte
	for range 12 {
		serials = append(serials, w.granted(t, submission(a.request(t, "a.example.org", password(t, "open sesame")))).Certificate.Serial)
	}
	for _, serial := range serials[:11] {
		check(t, w.guess(t, "fleet", serial, "open sesame"))
	}
	for n := range 5 {
		refused(t, w.guess(t, "bob", serials[11], "wrong password"), request.NotAuthorized, "is not the challenge password")
		check(t, w.Miss(t.Context(), authority.RevocationOrder{Serial: []byte{9, byte(n)}, Password: "x", Caller: "bob"}))
	}
	waits(t, w.Miss(t.Context(), authority.RevocationOrder{Serial: []byte{9, 99}, Password: "x", Caller: "bob"}))
	waits(t, w.guess(t, "bob", serials[0], "open sesame"))
	for range 5 {
		check(t, w.Miss(t.Context(), authority.RevocationOrder{Serial: []byte{8}, Password: "x", Caller: "eve"}))
	}
	waits(t, w.Miss(t.Context(), authority.RevocationOrder{Serial: []byte{8}, Password: "x", Caller: "eve"}))
	w.pass(25 * time.Hour)
	check(t, w.Tidy(t.Context()))
	left, err := w.store.FindRecords(t.Context(), authority.RecordQuery{Kind: "wrong-proof"})
	check(t, err)
	if len(left) != 0 {
		t.Errorf("%d records are left", len(left))
	}
}

// A password that is soon guessed shows nothing.
func TestWeakPasswordsDoNotRevoke(t *testing.T) {
	w := newWorld(t)
	for _, weak := range []string{"sesame", "1733", "12345678901", "aaaabbbbcccc"} {
		out := w.granted(t, submission(newApplicant(t).request(t, "a.example.org", password(t, weak))))
		refused(t, w.guess(t, "ann", out.Certificate.Serial, weak), request.NotAuthorized, "the challenge password of the request is too weak to revoke by: it has ")
	}
}

func (w *world) actions(t *testing.T, action string) (n int) {
	t.Helper()
	for e, err := range w.store.Events(t.Context(), 1) {
		check(t, err)
		if e.Action == action {
			n++
		}
	}
	return n
}
