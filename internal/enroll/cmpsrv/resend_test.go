package cmpsrv

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crmf"
	"github.com/certwright/certwright/format/key"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/protocol/cmp"
)

// lossy answers by a server that is made anew for each message, and loses the
// first answer to each.
func (w *world) lossy() (url string, lost *int) {
	w.t.Helper()
	seen, lost := map[string]bool{}, new(int)
	front := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		message, err := io.ReadAll(r.Body)
		server, failure := New(w.config)
		if err != nil || failure != nil {
			w.t.Error(err, failure)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(message))
		if seen[string(message)] {
			server.ServeHTTP(out, r)
			return
		}
		seen[string(message)] = true
		*lost++
		server.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}))
	w.t.Cleanup(front.Close)
	return front.URL, lost
}

// Answers are lost on the way, between restarts of the server: the client sends
// the same messages again, and gets one certificate for each request.
func TestLostAnswers(t *testing.T) {
	w := newWorld(t)
	w.secret(secret.Secret{})
	url, lost := w.lossy()
	again := 0
	through := func(c *cmp.Client) *cmp.Client {
		c.Transport = &cmp.Resender{Transport: cmp.HTTP{URL: url + "/.well-known/cmp"}, Again: func(context.Context, error, int) error { again++; return nil }}
		return c
	}
	k := w.key("ecdsa-p256")
	first, err := through(w.client()).Enroll(t.Context(), w.request(cmp.InitializationRequest, k, nil))
	check(t, err)
	if *lost != 2 || again != 2 || w.issued(authority.StatusValid) != 1 || w.issued(authority.StatusUnconfirmed) != 0 {
		t.Errorf("%d answers were lost, %d messages sent again, %d certificates valid, %d unconfirmed", *lost, again, w.issued(authority.StatusValid), w.issued(authority.StatusUnconfirmed))
	}
	if !key.Equal(first.Certificate.PublicKey, k.Public) {
		t.Error("the certificate is for another key")
	}
	by := through(w.clientOf(first.Certificate, k))
	if _, err := by.Ask(t.Context(), cmp.Info{Type: cmp.InfoCACerts}); err != nil {
		t.Error(err)
	}
	c := first.Certificate
	// The answer to the rr is lost, and the certificate that protects it revoked.
	check(t, by.Revoke(t.Context(), cmp.Revocation{Template: crmf.Template{Issuer: &c.Issuer, Serial: c.Serial}}))
	if w.issued(authority.StatusValid) != 0 || *lost != 4 {
		t.Errorf("%d certificates are valid, %d answers were lost", w.issued(authority.StatusValid), *lost)
	}
}
