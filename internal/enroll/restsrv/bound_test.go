package restsrv

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/client"
	"github.com/certwright/certwright/internal/access"
)

// An idempotency key is for one order: another operation, another certificate or
// another body under it is a conflict, and nothing is done.
func TestIdempotencyKeyIsForOneOrder(t *testing.T) {
	w := newWorld(t, nil)
	token, ann := w.tokenFor(access.Token{Name: "ann", Roles: []access.Role{access.Applicant, access.Officer}})
	post := func(path, key, body string) (int, string) {
		status, _, text := w.raw("POST", "/api/v1"+path, token, strings.NewReader(body), "Content-Type", "application/json", "Idempotency-Key", key)
		return status, text
	}
	text := csr(t, "a.example")
	submit := func(more string) string { return fmt.Sprintf(`{"request":%q%s}`, text, more) }
	first, err := ann.Submit(t.Context(), client.Submission{Request: text, Profile: "server"}, client.WithKey("s"))
	if err != nil {
		t.Fatal(problem(err))
	}
	second, err := ann.Submit(t.Context(), client.Submission{Request: text, Profile: "server"})
	if err != nil {
		t.Fatal(problem(err))
	}
	one, two := "/certificates/"+first.Serial, "/certificates/"+second.Serial
	if status, text := post(one+"/renew", "r", `{}`); status != 201 || !strings.Contains(text, `"replaces":"`+first.Serial) {
		t.Fatal(status, text)
	}
	held, err := ann.Submit(t.Context(), client.Submission{Request: text})
	if err != nil {
		t.Fatal(problem(err))
	}
	three := "/certificates/" + held.Serial
	if status, text := post(three+"/revoke", "v", `{"reason":"certificateHold"}`); status != 200 {
		t.Fatal(status, text)
	}
	before := w.counted(token, "/certificates?limit=500", `"serial":`)
	for _, c := range []struct{ path, key, body string }{
		{"/requests", "s", submit("")}, // the profile is not said
		{"/requests", "r", submit("")}, {"/requests", "r", submit(`,"profile":"server"`)}, {"/requests", "v", submit("")},
		{one + "/renew", "s", `{}`}, {one + "/renew", "r", `{"validitySeconds":86400}`}, {one + "/renew", "r", `{"notAfter":"2026-12-01T00:00:00Z"}`}, {one + "/renew", "r", `{"profile":"server"}`},
		{one + "/renew", "r", fmt.Sprintf(`{"request":%q}`, csr(t, "a.example"))}, {two + "/renew", "r", `{}`}, {two + "/renew", "v", `{}`},
		{one + "/revoke", "s", `{}`}, {one + "/revoke", "r", `{}`}, {one + "/revoke", "v", `{"reason":"certificateHold"}`}, {three + "/revoke", "v", `{"reason":"superseded"}`}, {three + "/release", "v", `{}`},
	} {
		if status, text := post(c.path, c.key, c.body); status != 409 || !strings.Contains(text, `"reason":"duplicate"`) {
			t.Errorf("%s %s %s: %d %s", c.path, c.key, c.body, status, text)
		}
	}
	if after := w.counted(token, "/certificates?limit=500", `"serial":`); after != before {
		t.Errorf("%d certificates more", after-before)
	}
	for _, c := range []struct {
		path, key, body string
		status          int
		want            string
	}{
		{"/requests", "s", submit(`,"profile":"server"`), 201, `"repeated":true`}, {"/requests", "s", `{ "profile": "server", ` + submit("")[1:], 201, first.Serial},
		{one + "/renew", "r", `{}`, 201, `"repeated":true`}, {three + "/revoke", "v", `{"reason":"certificateHold"}`, 200, `"status":"hold"`},
		{three + "/release", "l", `{}`, 200, `"status":"valid"`}, {three + "/release", "l", `{}`, 200, `"status":"valid"`}, {three + "/revoke", "v", `{"reason":"certificateHold"}`, 200, `"status":"valid"`},
		{"/requests/" + first.Ticket + "/approve", "a", `{}`, 400, "approveRequest takes no Idempotency-Key"},
	} {
		if status, text := post(c.path, c.key, c.body); status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("again %s %s %s: %d %s", c.path, c.key, c.body, status, text)
		}
	}
	// The records of orders go before those of requests: then what they are about tells them apart.
	w.pass(keepOrders + time.Hour)
	post(one+"/revoke", "x", `{"reason":"boredom"}`)
	if status, text := post(two+"/renew", "r", `{}`); status != 409 {
		t.Error(status, text)
	}
	if status, text := post("/requests", "s", submit(`,"validitySeconds":86400`)); status != 409 {
		t.Error(status, text)
	}
}
