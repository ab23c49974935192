package restsrv

import (
	"strings"
	"testing"

	"github.com/certwright/certwright/internal/access"
)

// What is not as described is answered 400 with the field it stands in, at every
// operation alike; 422 is for requests that are refused (rest.md, Strictness).
func TestMistakesAreOfOneStatus(t *testing.T) {
	w := newWorld(t, nil)
	token, _ := w.tokenFor(access.Token{Name: "root", Roles: access.Roles(), By: "tester"})
	request := quoted(csr(t, "a.example"))
	for _, c := range []struct{ method, path, body, field, detail string }{
		{"POST", "/requests/X/approve", `{"Text":"x"}`, "Text", `the field \"Text\" is not known`},
		{"POST", "/requests/X/approve", `{"tekst":"x"}`, "tekst", ""},
		{"POST", "/requests/X/approve", `{"text":7}`, "text", ""},
		{"POST", "/requests/X/approve", `[]`, "", ""},
		{"POST", "/requests/X/approve", `{`, "", ""},
		{"POST", "/requests", `{"Profile":"x"}`, "Profile", `the field \"Profile\" is not known`},
		{"POST", "/requests", `{"profil":"x"}`, "profil", `the field \"profil\" is not known`},
		{"POST", "/requests", `{"request":` + request + `,"notBefore":"2026-11-22"}`, "notBefore", ""},
		{"POST", "/requests", `{"request":` + request + `,"validitySeconds":"a day"}`, "validitySeconds", ""},
		{"POST", "/requests", `{"request":` + request + `,"sans":"dns:a.example"}`, "sans", ""},
		{"POST", "/certificates/01/renew", `{"validitySeconds":"a day"}`, "validitySeconds", ""},
		{"POST", "/certificates/01/revoke", `{"reasn":"x"}`, "reasn", ""},
		{"POST", "/tokens", `{}`, "", ""},
		{"POST", "/tokens", `{"name":"a","roles":"applicant"}`, "roles", ""},
		{"GET", "/requests?limit=0", "", "limit", ""},
		{"GET", "/requests?limit=many", "", "limit", ""},
		{"GET", "/requests?state=gone", "", "state", ""},
		{"GET", "/requests?limits=5", "", "limits", `the parameter \"limits\" is not known`},
		{"GET", "/certificates?expiresBefore=yesterday", "", "expiresBefore", ""},
		{"GET", "/certificates/01/gif", "", "form", ""},
	} {
		status, header, text := w.raw(c.method, "/api/v1"+c.path, token, strings.NewReader(c.body), "Content-Type", "application/json")
		if status != 400 || !strings.Contains(text, `"status":400`) || !strings.Contains(text, `"title":"Bad Request"`) || !strings.Contains(text, `"code":"usage"`) || header.Get("Content-Type") != "application/problem+json" ||
			c.field != "" && !strings.Contains(text, `"field":"`+c.field+`"`) || !strings.Contains(text, c.detail) {
			t.Errorf("%s %s %s: %d %s", c.method, c.path, c.body, status, text)
		}
	}
}
