package server

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// What stands on the command line may be a passphrase, and is not told: the
// program under test has arguments, too.
func TestCommandLineIsNotTold(t *testing.T) {
	if len(os.Args) < 2 {
		t.Fatal("the test has no arguments")
	}
	server := httptest.NewServer(profiling())
	defer server.Close()
	for _, path := range []string{"/debug/pprof/cmdline", "/debug/pprof/cmdline?debug=1", "/debug/pprof/"} {
		answer, body := get(t, server.Client(), server.URL+path)
		for _, argument := range os.Args[1:] {
			if strings.Contains(body, argument) {
				t.Errorf("%s tells %q", path, argument)
			}
		}
		if answer.StatusCode != http.StatusOK || body == "" {
			t.Errorf("%s: %s %s", path, answer.Status, body)
		}
	}
}
