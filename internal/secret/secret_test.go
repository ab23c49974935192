package secret

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/authority/memkeys"
	"github.com/certwright/certwright/authority/memstore"
	"github.com/certwright/certwright/evidence"
	"github.com/certwright/certwright/request"
)

type world struct {
	store *memstore.Store
	keys  *memkeys.Keys
	now   time.Time
}

func newWorld() *world {
	return &world{memstore.New(), memkeys.New(), time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
}

func (w *world) vault() *Vault {
	return New(Config{Store: w.store, Keys: w.keys, Now: func() time.Time { return w.now }})
}

func said(err error) string {
	var r *request.Refusal
	if errors.As(err, &r) {
		return string(r.Reason) + ": " + r.Detail
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestSecretIsKeptEncryptedAndOpened(t *testing.T) {
	w := newWorld()
	made, value, err := w.vault().New(t.Context(), Secret{Reference: "plant-1", Doors: []string{"cmp"}, Profile: "device", By: "ann"}, "")
	if err != nil || len(value) != 26 || made.Reference != "plant-1" {
		t.Fatal(made, value, err)
	}
	found, err := w.store.FindRecords(t.Context(), authority.RecordQuery{Kind: kind})
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if all, _ := json.Marshal(found); strings.Contains(string(all)+string(found[0].Body), value) {
		t.Error("the record shows the value")
	}
	s, opened, err := w.vault().Open(t.Context(), "plant-1", "cmp")
	if err != nil || string(opened) != value || s.Profile != "device" {
		t.Errorf("%+v %s %v", s, opened, err)
	}
	for e, err := range w.store.Events(t.Context(), 1) {
		if err != nil || strings.Contains(string(e.Detail), value) || e.Action != "secret.created" || e.Actor != "ann" {
			t.Errorf("%+v %v", e, err)
		}
	}
}

func TestSecretMovedToAnotherReferenceIsNotOpened(t *testing.T) {
	w := newWorld()
	v := w.vault()
	for _, reference := range []string{"a", "b"} {
		if _, _, err := v.New(t.Context(), Secret{Reference: reference}, ""); err != nil {
			t.Fatal(err)
		}
	}
	a, err := w.store.Record(t.Context(), kind, "a")
	if err != nil {
		t.Fatal(err)
	}
	b, err := w.store.Record(t.Context(), kind, "b")
	if err != nil {
		t.Fatal(err)
	}
	b.Body = []byte(strings.Replace(string(a.Body), `"a"`, `"b"`, 1))
	if err := w.store.PutRecords(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if _, _, err := v.Open(t.Context(), "b", "cmp"); said(err) != `the secret "b" cannot be decrypted: its record was changed, or the key is another one` {
		t.Error(err)
	}
}

func TestByValue(t *testing.T) {
	w := newWorld()
	v := w.vault()
	if _, _, err := v.New(t.Context(), Secret{Reference: "r", Doors: []string{"scep"}}, "chosen by hand"); err != nil {
		t.Fatal(err)
	}
	if s, err := w.vault().ByValue(t.Context(), "chosen by hand", "scep"); err != nil || s.Reference != "r" {
		t.Error(s, err)
	}
	if _, err := v.ByValue(t.Context(), "chosen by hanD", "scep"); said(err) != "not-authorized: the secret is not known" {
		t.Error(err)
	}
	if _, err := v.ByValue(t.Context(), "chosen by hand", "est"); said(err) != "not-authorized: the secret is not for est" {
		t.Error(err)
	}
	for _, again := range []Secret{{Reference: "r"}, {Reference: "other"}} {
		if _, _, err := v.New(t.Context(), again, "chosen by hand"); said(err) != fmt.Sprintf("duplicate: there is a secret with the reference %q already, or one with this value", again.Reference) {
			t.Error(err)
		}
	}
}

func TestSpend(t *testing.T) {
	w := newWorld()
	v := w.vault()
	if _, _, err := v.New(t.Context(), Secret{Reference: "r", Uses: 3}, ""); err != nil {
		t.Fatal(err)
	}
	var spent atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := w.vault().Spend(t.Context(), "r", "ticket"); err == nil {
				spent.Add(1)
			} else if said(err) != "not-authorized: the secret was used as often as it may be" {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if spent.Load() != 3 {
		t.Errorf("spent %d times", spent.Load())
	}
	if s, err := v.Get(t.Context(), "r"); err != nil || s.State(w.now) != "spent" || s.Used != 3 {
		t.Error(s, err)
	}
}

func TestSecretsThatAreNoMoreGood(t *testing.T) {
	w := newWorld()
	v := w.vault()
	for _, s := range []Secret{{Reference: "short", Expires: w.now.Add(time.Hour)}, {Reference: "gone"}} {
		if _, _, err := v.New(t.Context(), s, ""); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if s, err := v.Revoke(t.Context(), "gone", "ann"); err != nil || s.RevokedBy != "ann" {
			t.Fatal(s, err)
		}
	}
	w.now = w.now.Add(time.Hour)
	for reference, want := range map[string]string{
		"short": "not-authorized: the secret is expired", "gone": "not-authorized: the secret is revoked", "none": `unknown-request: there is no secret "none"`,
	} {
		if _, _, err := v.Open(t.Context(), reference, "cmp"); said(err) != want {
			t.Errorf("%s: %v", reference, err)
		}
		if _, err := v.Spend(t.Context(), reference, ""); said(err) != want {
			t.Errorf("%s: %v", reference, err)
		}
	}
	all, err := v.List(t.Context(), "", 0)
	if err != nil || len(all) != 2 || all[0].Reference != "gone" {
		t.Error(all, err)
	}
}

func TestSecretsThatCannotBe(t *testing.T) {
	w := newWorld()
	for _, c := range []struct {
		secret Secret
		value  string
		want   string
	}{
		{Secret{Reference: "a b"}, "", "bad-format: the reference is too long, or has blanks, strokes or signs that do not show"},
		{Secret{}, "short", "bad-format: the value is shorter than 8 characters, or longer than 1000"},
		{Secret{Uses: -1}, "", "bad-format: the number of uses is less than 0"},
		{Secret{Expires: w.now}, "", "bad-validity: the secret would have expired already"},
		{Secret{Doors: []string{"acme"}}, "", `bad-format: there is no protocol "acme" that secrets are for`},
		{Secret{Names: []string{"host.example"}}, "", `bad-format: the pattern "host.example" has no kind of name`},
		{Secret{Description: strings.Repeat("x", 1001)}, "", "bad-format: the description is longer than 1000 characters"},
	} {
		if _, _, err := w.vault().New(t.Context(), c.secret, c.value); said(err) != c.want {
			t.Errorf("%+v: %v", c.secret, err)
		}
	}
}

func TestLimit(t *testing.T) {
	var o evidence.Origin
	(&Secret{}).Limit(&o)
	if !o.Covers("dns:anything") {
		t.Error("a secret without names limits them")
	}
	(&Secret{Reference: "r", Names: []string{"dns:*.plant.example", "ip:192.0.2.7"}}).Limit(&o)
	if o.NamesOf != `the secret "r"` || !o.Covers("dns:A.Plant.example") || !o.Covers("ip:192.0.2.7") || o.Covers("dns:plant.example") || o.LimitsSubject() {
		t.Errorf("%+v", o)
	}
}

func TestOneKeyForAllProcesses(t *testing.T) {
	w := newWorld()
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			if _, _, err := w.vault().New(t.Context(), Secret{Reference: fmt.Sprint(n)}, ""); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for n := range 8 {
		if _, _, err := w.vault().Open(t.Context(), fmt.Sprint(n), "est"); err != nil {
			t.Error(err)
		}
	}
	if w.keys.Len() != 1 {
		t.Errorf("%d keys are left", w.keys.Len())
	}
}
