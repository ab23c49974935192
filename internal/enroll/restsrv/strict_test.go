package restsrv

import (
	"strings"
	"testing"

	"github.com/certwright/certwright/internal/access"
)

// What readers of JSON or of addresses may take for different things is refused.
func TestOrdersAreReadStrictly(t *testing.T) {
	w := newWorld(t, nil)
	token, _ := w.tokenFor(access.Token{Name: "root", Roles: access.Roles(), By: "tester"})
	const kind = "application/json"
	for _, c := range []struct {
		method, path, kind, body string
		status                   int
		want                     string
	}{
		{"POST", "/requests", kind, `{"profile":"server","profile":"client"}`, 400, `the field \"profile\" is there twice`},
		{"POST", "/requests", kind, `{"REQUEST":"x"}`, 400, `the field \"REQUEST\" is not known`},
		{"POST", "/tokens", kind, `{"name":"a","name":"b","roles":["applicant"]}`, 400, `the field \"name\" is there twice`},
		{"POST", "/requests", ";;;", `{}`, 415, "the content type"},
		{"GET", "/requests?foo=bar", "", "", 400, `the parameter \"foo\" is not known`},
		{"GET", "/requests?limt=2", "", "", 400, `did you mean \"limit\"?`},
		{"GET", "/requests?limit=1&limit=2", "", "", 400, `the parameter \"limit\" is there twice`},
		{"GET", "/whoami?x=1", "", "", 400, "this takes no parameters"},
		{"POST", "/requests", kind, `{"request":` + quoted(csr(t, "a.example")) + `,"notAfter":"2026-12-01T00:00:00Z","validitySeconds":86400}`, 400, "notAfter and a length of validity exclude each other"},
		{"POST", "/requests", kind, `{"request":` + quoted(csr(t, "a.example")) + `,"validityMonths":-1}`, 422, `"field":"validityMonths"`},
		{"POST", "/tokens", kind, `{"name":"a","roles":["applicant"],"profiles":["servr"]}`, 404, "servr"},
	} {
		status, _, body := w.raw(c.method, "/api/v1"+c.path, token, strings.NewReader(c.body), "Content-Type", c.kind)
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s %s: %d %s", c.path, c.body, status, body)
		}
	}
	status, _, body := w.raw("POST", "/api/v1/tokens", token, strings.NewReader(`{"name":"a","roles":["applicant"]}`), "Content-Type", kind, "Idempotency-Key", "1")
	if status != 400 || !strings.Contains(body, "a token cannot be made with an Idempotency-Key") {
		t.Errorf("%d %s", status, body)
	}
}

// What is plain needs no second look; everything else gets one.
func TestPlainBodies(t *testing.T) {
	known := []string{"request", "names", "b"}
	for body, want := range map[string]bool{
		`{}`: true, ` { "request" : "a, \"b\": {", "names" : ["x", "y"], "b":[1,[2,3]] } `: true, `{"request":"\\","b":null}`: true, `null`: true,
		`{"request":"a","request":"b"}`: false, `{"b":1,"names":[],"b":2}`: false, `{"Request":"a"}`: false, `{"re\u0071uest":"a"}`: false,
		`{"b":{}}`: false, `{"names":[{"b":1,"b":2}]}`: false, `["b","b"]`: false, `{"request":"\\\"","request":1}`: false,
	} {
		if got := plain([]byte(body), known); got != want {
			t.Errorf("%s: %v", body, got)
		}
	}
}

// A refusal that is repeated says so, as an outcome does.
func TestRepeatedRefusalsSaySo(t *testing.T) {
	w := newWorld(t, nil)
	token, _ := w.tokenFor(access.Token{Name: "ann", Roles: []access.Role{access.Applicant}, By: "tester"})
	order := `{"profile":"subca","request":` + quoted(csr(t, "a.example")) + `}`
	for i, repeated := range []bool{false, true} {
		status, _, body := w.raw("POST", "/api/v1/requests", token, strings.NewReader(order), "Content-Type", "application/json", "Idempotency-Key", "k")
		if status != 403 || strings.Contains(body, `"repeated":true`) != repeated {
			t.Errorf("%d: %d %s", i, status, body)
		}
	}
}

func quoted(text string) string { return `"` + strings.ReplaceAll(text, "\n", "\\n") + `"` }
