package verbs

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/internal/front"
)

// An issuer of OpenID Connect that a server cannot reach is no mistake of the
// server.
func TestIssuerThatAServerCannotReach(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, `{"code":"network","detail":"the issuer https://id.example of OpenID Connect cannot be reached","fix":"try again later, or use a token of this server"}`)
	}))
	defer server.Close()
	var out, talk bytes.Buffer
	shell := &front.Shell{In: strings.NewReader(""), Out: &out, Err: &talk, Getenv: func(string) string { return "" }, Now: time.Now}
	code := Run(shell, "test", nil, []string{"list", "--server", server.URL, "--token", "cwt_x", "--output", "json"})
	if code != front.ExitFailed || !strings.Contains(out.String()+talk.String(), `"code": "network"`) {
		t.Errorf("%d: %s%s", code, &out, &talk)
	}
}
