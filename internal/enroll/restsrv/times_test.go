package restsrv

import (
	"strings"
	"testing"

	"github.com/certwright/certwright/internal/access"
)

// A time that is none is told with the field it stands in, and how times are
// written.
func TestTimesThatAreNone(t *testing.T) {
	w := newWorld(t, nil)
	token, _ := w.tokenFor(access.Token{Name: "root", Roles: []access.Role{access.Administrator, access.Applicant, access.Officer}, By: "tester"})
	for _, c := range []struct{ method, path, body, field string }{
		{"POST", "/requests", `{"request":"x","notAfter":"tomorrow"}`, "notAfter"},
		{"POST", "/requests", `{"request":"x","notBefore":"2027-01-31","notAfter":"2027-01-31T10:00:00Z"}`, "notBefore"},
		{"POST", "/requests/check", `{"notAfter":"2027-13-31T10:00:00Z"}`, "notAfter"},
		{"POST", "/requests", `{"notAfter":"2027-01-31T10:00:00"}`, "notAfter"},
		{"POST", "/requests", `{"notAfter":1793000000}`, "notAfter"},
		{"POST", "/certificates/01/renew", `{"notAfter":"tomorrow"}`, "notAfter"},
		{"POST", "/certificates/01/revoke", `{"invalidSince":"yesterday"}`, "invalidSince"},
		{"POST", "/tokens", `{"name":"a","roles":["applicant"],"expires":"tomorrow"}`, "expires"},
		{"POST", "/secrets", `{"expires":"90d"}`, "expires"},
		{"POST", "/acme/eab", `{"expires":"90d"}`, "expires"},
		{"GET", "/certificates?expiresBefore=tomorrow", "", "expiresBefore"},
	} {
		status, _, text := w.raw(c.method, "/api/v1"+c.path, token, strings.NewReader(c.body), "Content-Type", "application/json")
		if status != 400 || !strings.Contains(text, `"field":"`+c.field+`"`) || !strings.Contains(text, `\"`+c.field+`\"`) || !strings.Contains(text, "2027-01-31T10:00:00Z") || !strings.Contains(text, `"code":"usage"`) {
			t.Errorf("%s %s: %d %s", c.path, c.body, status, text)
		}
	}
}
