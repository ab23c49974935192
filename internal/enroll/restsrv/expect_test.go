package restsrv

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/certwright/certwright/internal/access"
)

// A body that is said to be too large is refused before it is sent.
func TestBodiesTooLargeAreNotWaitedFor(t *testing.T) {
	w := newWorld(t, nil)
	token, _ := w.tokenFor(access.Token{Name: "ann", Roles: []access.Role{access.Applicant}, By: "tester"})
	for _, length := range []int{largestRequest + 1, 1 << 30} {
		c, err := net.Dial("tcp", strings.TrimPrefix(w.server.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "POST /api/v1/requests HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", token, length)
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || answer.StatusCode != 413 || answer.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%d: %+v %v", length, answer, err)
		}
	}
}
