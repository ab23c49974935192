package interop

import (
	"crypto/x509"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/certwright/certwright/client"
)

// TestServeWhereNothingCanBeWritten kills a server, and starts it again where the
// records cannot grow: what needs no room is served, and nothing is written. The
// 32 KiB that files may have are for the index of the log, which is made anew.
func TestServeWhereNothingCanBeWritten(t *testing.T) {
	certwright, home := program(t), filepath.Join(t.TempDir(), "home")
	s := serveHome(t, exec.Command(certwright), home)
	var serials []string
	for n := range 3 {
		one, err := newSubmission(n)
		if err != nil {
			t.Fatal(err)
		}
		out, err := s.api.Submit(t.Context(), client.Submission{Request: one.request, CA: "issuing"}, client.WithKey(one.key))
		if err != nil || out.State != client.Issued {
			t.Fatalf("%+v, %v", out, err)
		}
		serials = append(serials, out.Serial)
		s.hold(t, out.Serial)
	}
	if _, err := get(t.Context(), s.plain+"/crl/issuing.crl", nil); err != nil {
		t.Fatal(err)
	}
	s.close()

	out, err := exec.Command("sh", "-c", `trap "" XFSZ; ulimit -f 0; exec "$@"`, "sh", certwright, "--home", home, "serve", "--listen", "127.0.0.1:0", "--plain-listen", "off").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the disk is full: there is no room for the index of the log beside it, 32 KiB or more; make room and try again") {
		t.Errorf("without room for the index of the log: %v\n%s", err, out)
	}
	s = serveHome(t, exec.Command("sh", "-c", `trap "" XFSZ; ulimit -f 64; exec "$@"`, "sh", certwright), home)
	for _, serial := range serials {
		s.hold(t, serial)
	}
	list, err := get(t.Context(), s.plain+"/crl/issuing.crl", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x509.ParseRevocationList(list); err != nil {
		t.Error(err)
	}
	ready := func() int {
		answer, err := http.Get(s.plain + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	if code := ready(); code != http.StatusServiceUnavailable {
		t.Errorf("ready where nothing can be written: %d", code)
	}
	one, err := newSubmission(9)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := s.api.Submit(t.Context(), client.Submission{Request: one.request, CA: "issuing"}, client.WithKey(one.key)); err == nil {
		t.Errorf("a certificate was issued where nothing can be written: %+v", out)
	}
	s.close()

	s = serveHome(t, exec.Command(certwright), home)
	if out, err := s.api.Submit(t.Context(), client.Submission{Request: one.request, CA: "issuing"}, client.WithKey(one.key)); err != nil || out.State != client.Issued {
		t.Errorf("where there is room again: %+v, %v", out, err)
	}
	if code := ready(); code != http.StatusOK {
		t.Errorf("not ready where there is room again: %d", code)
	}
	must(t, certwright, "--home", home, "audit", "verify")
}
