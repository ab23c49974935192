package verbs

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/internal/front"
)

// TestEnrolmentIsSentAgain looks at what a server gets whose first answer is
// lost.
func TestEnrolmentIsSentAgain(t *testing.T) {
	var got [][]byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		_, _ = b.ReadFrom(r.Body)
		got = append(got, b.Bytes())
		switch len(got) {
		case 1:
			panic(http.ErrAbortHandler)
		case 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	dir := t.TempDir()
	var out, talk bytes.Buffer
	shell := &front.Shell{In: strings.NewReader(""), Out: &out, Err: &talk, Getenv: os.Getenv, Now: time.Now}
	code := Run(shell, "test", nil, []string{"enroll", server.URL + "/cmp", "--secret", "dev:pass:secret", "--key-out", filepath.Join(dir, "k.key"), "--no-passphrase", "--cn", "dev"})
	host := strings.TrimPrefix(server.URL, "http://")
	for _, want := range []string{host + " did not answer; the same message is sent again.\n", "/cmp answers 404 Not Found; is it the address of a CMP server?"} {
		if !strings.Contains(talk.String(), want) {
			t.Errorf("%q is not told, but %s", want, &talk)
		}
	}
	if code != front.ExitFailed || len(got) != 3 || !bytes.Equal(got[0], got[1]) || !bytes.Equal(got[0], got[2]) {
		t.Errorf("%d; %d messages arrived: %x", code, len(got), got)
	}
}
