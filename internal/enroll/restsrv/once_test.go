package restsrv

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/access"
)

// What makes a secret is done once under an idempotency key: sent again, the order
// is refused with the name of what it made, and the records hold no secret of it.
func TestSecretsAreMadeOnce(t *testing.T) {
	w := newWorld(t, nil)
	root, _ := w.tokenFor(access.Token{Name: "root", Roles: []access.Role{access.Administrator}, By: "tester"})
	other, _ := w.tokenFor(access.Token{Name: "other", Roles: []access.Role{access.Administrator}, By: "tester"})
	post := func(token, path, key, body string) (int, string) {
		status, _, text := w.raw("POST", "/api/v1"+path, token, strings.NewReader(body), "Content-Type", "application/json", "Idempotency-Key", key)
		return status, text
	}
	for _, c := range []struct{ path, body, another, made, list string }{
		{"/secrets", `{"reference":"plant","doors":["cmp"]}`, `{"reference":"plant","doors":["est"]}`, "it made the secret plant, which was told then, and is told once", `"reference":`},
		{"/secrets", `{"doors":["cmp"]}`, `{}`, "if its value did not arrive, revoke it and order another with a new idempotency key: certwright secret revoke ", `"reference":`},
		{"/acme/eab", `{"note":"web team"}`, `{"note":"mail team"}`, "if it did not arrive, revoke it and order another with a new idempotency key: certwright acme eab revoke ", `"keyID":`},
	} {
		before := w.counted(root, c.path, c.list)
		key := "key of " + c.body
		if status, text := post(root, c.path, key, c.body); status != 201 {
			t.Fatalf("%s: %d %s", c.body, status, text)
		}
		for range 2 {
			if status, text := post(root, c.path, key, c.body); status != 409 || !strings.Contains(text, `"code":"exists"`) || !strings.Contains(text, `"field":"idempotencyKey"`) || !strings.Contains(text, c.made) {
				t.Errorf("%s again: %d %s", c.body, status, text)
			}
		}
		if status, text := post(root, c.path, key, c.another); status != 409 || !strings.Contains(text, `"reason":"duplicate"`) || !strings.Contains(text, "the idempotency key was used for another order") {
			t.Errorf("%s under the same key: %d %s", c.another, status, text)
		}
		if n := w.counted(root, c.path, c.list); n != before+1 {
			t.Errorf("%s: %d were made", c.body, n-before)
		}
	}
	if status, text := post(other, "/acme/eab", `key of {"note":"web team"}`, `{"note":"web team"}`); status != 201 {
		t.Errorf("another's key: %d %s", status, text)
	}
	w.pass(keepOrders + time.Minute)
	if status, text := post(root, "/acme/eab", `key of {"note":"web team"}`, `{"note":"web team"}`); status != 201 {
		t.Errorf("a key that is forgotten: %d %s", status, text)
	}
}

func (w *world) counted(token, path, what string) int {
	_, _, text := w.raw("GET", "/api/v1"+path, token, nil)
	return strings.Count(text, what)
}

// Whoever gives the value is answered as the first time; the record of the order
// does not tell it.
func TestSecretsThatAreGivenAreKeptOnce(t *testing.T) {
	w := newWorld(t, nil)
	root, _ := w.tokenFor(access.Token{Name: "root", Roles: []access.Role{access.Administrator}, By: "tester"})
	var answers [8]string
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			status, _, text := w.raw("POST", "/api/v1/secrets", root, strings.NewReader(`{"reference":"plant","value":"hush hush hush"}`), "Content-Type", "application/json", "Idempotency-Key", "1")
			if status != 201 {
				t.Errorf("%d %s", status, text)
			}
			answers[i] = text
		})
	}
	all.Wait()
	for _, text := range answers {
		if text != answers[0] || strings.Contains(text, "hush") {
			t.Error(text)
		}
	}
	records, err := w.office.Store.FindRecords(t.Context(), authority.RecordQuery{Kind: "order-carried-out"})
	if err != nil || len(records) != 1 || strings.Contains(string(records[0].Body), "hush") {
		t.Errorf("%v %v", records, err)
	}
	if n := w.counted(root, "/secrets", `"reference":`); n != 1 {
		t.Errorf("%d secrets", n)
	}
}
