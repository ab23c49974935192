package restsrv

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/certwright/certwright/internal/access"
)

// A page of somebody else in the browser of a person who is recognized by what
// the browser shows of itself, a client certificate, orders nothing.
func TestPagesOfOthersOrderNothing(t *testing.T) {
	w := newWorld(t, nil)
	token, _ := w.tokenFor(access.Token{Name: "ann", Roles: []access.Role{access.Administrator, access.Officer}, By: "tester"})
	for i, c := range []struct {
		what   string
		header []string
		status int
		told   string
	}{
		{"of another site", []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"}, 403, "a page of another site orders this"},
		{"of another host of the site", []string{"Sec-Fetch-Site", "same-site", "Origin", "https://evil.example"}, 403, "a page of another site orders this"},
		{"of another site, by an old browser", []string{"Origin", "https://evil.example"}, 403, "a page of another site orders this"},
		{"of no site", []string{"Origin", "null"}, 403, "a page of another site orders this"},
		{"without a type", []string{"Content-Type", ""}, 415, "the body has no content type"},
		{"as text", []string{"Content-Type", "text/plain"}, 415, "unsupported"},
		{"as a form", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "unsupported"},
		{"of the server itself", []string{"Sec-Fetch-Site", "same-origin", "Origin", "https://ca.example"}, 201, ""},
		{"of the server itself, by an old browser behind a proxy", []string{"Origin", "https://ca.example"}, 201, ""},
		{"by no browser", nil, 201, ""},
	} {
		header := append([]string{"Content-Type", "application/json"}, c.header...)
		order := fmt.Sprintf(`{"reference":"evil%d","value":"attacker-knows-this-0123456789-%d"}`, i, i)
		status, h, answer := w.raw("POST", "/api/v1/secrets", token, strings.NewReader(order), header...)
		if status != c.status || !strings.Contains(strings.ToLower(answer), c.told) || status != 201 && h.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", c.what, status, answer)
		}
	}
	if status, _, answer := w.raw("DELETE", "/api/v1/secrets/evil9", token, nil, "Sec-Fetch-Site", "cross-site"); status != http.StatusForbidden {
		t.Errorf("ending a secret: %d %s", status, answer)
	}
	if status, _, answer := w.raw("GET", "/api/v1/whoami", token, nil, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"); status != http.StatusOK {
		t.Errorf("looking: %d %s", status, answer)
	}
}

// A body has a type, which no page of another site can leave out or choose
// without being asked first; an order without a body needs none.
func TestBodiesHaveAType(t *testing.T) {
	w := newWorld(t, nil)
	token, _ := w.tokenFor(access.Token{Name: "olga", Roles: []access.Role{access.Applicant, access.Officer, access.Administrator}, By: "tester"})
	for _, path := range []string{"/requests", "/requests/check", "/tokens", "/certificates/00/revoke", "/certificates/00/renew", "/requests/x/approve"} {
		for _, body := range []io.Reader{strings.NewReader("{}"), io.MultiReader(strings.NewReader("{}"))} { // the latter of unknown length
			status, _, answer := w.raw("POST", "/api/v1"+path, token, body)
			if status != 415 || !strings.Contains(answer, `"detail":"the body has no content type"`) {
				t.Errorf("%s: %d %s", path, status, answer)
			}
		}
	}
	if status, _, answer := w.raw("POST", "/api/v1/cas/issuing/crl", token, nil); status == http.StatusUnsupportedMediaType {
		t.Errorf("without a body: %d %s", status, answer)
	}
}
