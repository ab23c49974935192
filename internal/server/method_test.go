package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A method that a path does not know is answered with those it does, and nothing
// is answered otherwise than as a problem.
func TestMethodsThatAPathDoesNotTake(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"DELETE", "/api/v1/requests", 405, "GET, HEAD, POST"}, {"PUT", "/api/v1/certificates", 405, "GET, HEAD"}, {"OPTIONS", "/api/v1/tokens/x", 405, "DELETE"},
		{"POST", "/healthz", 405, "GET, HEAD"}, {"POST", "/readyz", 405, "GET, HEAD"}, {"POST", "/metrics", 405, "GET, HEAD"}, {"PUT", "/openapi.json", 405, "GET, HEAD"},
		{"PUT", "/crl/issuing.crl", 405, "GET, HEAD"}, {"PUT", "/ocsp", 405, "GET, HEAD, POST"},
		{"GET", "/api/v1", 404, ""}, {"GET", "/api/v1/", 404, ""}, {"GET", "/api/v1//requests", 404, ""}, {"GET", "/api/v1/../healthz", 404, ""}, {"POST", "/nothing", 404, ""},
		{"CONNECT", "/", 404, ""},
	} {
		answer := httptest.NewRecorder()
		s.now.Load().secure.ServeHTTP(answer, httptest.NewRequest(c.method, c.path, nil))
		if answer.Code != c.status || answer.Header().Get("Allow") != c.allow || answer.Header().Get("Content-Type") != "application/problem+json" || !strings.Contains(answer.Body.String(), `"code":"`) {
			t.Errorf("%s %s: %d %v %s", c.method, c.path, answer.Code, answer.Header(), answer.Body)
		}
	}
	answer := httptest.NewRecorder()
	s.now.Load().secure.ServeHTTP(answer, httptest.NewRequest("HEAD", "/healthz", nil))
	if answer.Code != http.StatusOK {
		t.Error(answer.Code)
	}
}
