package verbs

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/internal/front"
)

// A server that sends to another place is told of, with what to do.
func TestRedirectsAreTold(t *testing.T) {
	for _, c := range []struct{ to, detail, fix string }{
		{"http://192.0.2.2:8080", "sends to http://192.0.2.2:8080, where neither the token nor the order goes by itself",
			"if it is the right place, name it: --server http://192.0.2.2:8080; if not, something on the way leads astray"},
		{"", "answers the order with a redirect, by which it would be lost", "name the address that the server itself has, without what stands before it"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, c.to+r.URL.Path, http.StatusSeeOther)
		}))
		host := strings.TrimPrefix(server.URL, "http://")
		var out, talk bytes.Buffer
		shell := &front.Shell{In: strings.NewReader(""), Out: &out, Err: &talk, Getenv: func(string) string { return "" }, Now: time.Now}
		code := Run(shell, "test", nil, []string{"token", "new", "x", "--role", "officer", "--server", server.URL, "--token", "cwt_x"})
		want := "certwright: error: the server " + host + " " + c.detail + "\ncertwright: hint: " + c.fix + "\n"
		if code != front.ExitFailed || talk.String() != want {
			t.Errorf("%d: %s\nand not %s", code, &talk, want)
		}
		server.Close()
	}
}
