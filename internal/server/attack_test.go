package server

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// measured counts what is read of a body.
type measured struct {
	of   io.Reader
	read atomic.Int64
}

func (m *measured) Read(p []byte) (int, error) {
	n, err := m.of.Read(p)
	m.read.Add(int64(n))
	return n, err
}

// TestGigabyteToEveryDoor sends each door a body of a gigabyte, with its length
// told and without: it is refused after its beginning.
func TestGigabyteToEveryDoor(t *testing.T) {
	w := newWorld(t)
	s := w.server(t)
	run(t, s)
	const gigabyte = 1 << 30
	for path, kind := range map[string]string{
		"/api/v1/requests": "application/pkcs10", "/api/v1/tokens": "application/json", "/acme/new-order": "application/jose+json", "/acme/new-account": "application/jose+json",
		"/.well-known/cmp": "application/pkixcmp", "/ocsp": "application/ocsp-request", "/nothing": "text/plain", "/healthz": "text/plain",
	} {
		for _, length := range []int64{gigabyte, -1} {
			c := client(t, w, s)
			body := &measured{of: io.LimitReader(letters{}, gigabyte)}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.Told().URL+path, body)
			if err != nil {
				t.Fatal(err)
			}
			r.ContentLength = length
			r.Header.Set("Content-Type", kind)
			r.Header.Set("Authorization", "Bearer "+s.Told().Token)
			answer, err := c.Do(r)
			if err == nil { // else the server hung up before all was sent, which is right, too
				answer.Body.Close()
				if answer.StatusCode < 400 && path != "/ocsp" || answer.StatusCode >= 500 {
					t.Errorf("%s: %s", path, answer.Status)
				}
			}
			if sent := body.read.Load(); sent > 16<<20 {
				t.Errorf("%s: %d octets were taken", path, sent)
			}
		}
	}
	if text := w.log.String(); strings.Contains(text, "level=ERROR") {
		t.Error(text)
	}
}
