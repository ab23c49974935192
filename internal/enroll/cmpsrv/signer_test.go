package cmpsrv

import (
	"bytes"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crl"
	"github.com/certwright/certwright/internal/secret"
	"github.com/certwright/certwright/protocol/cmp"
)

// protectedBy returns the certificate that an answer by signature is protected
// by.
func (w *world) protectedBy() []byte {
	w.t.Helper()
	answer, err := cmp.Parse(w.Answer(w.t.Context(), []byte("no message"), "", "192.0.2.1"))
	check(w.t, err)
	if len(answer.ExtraCerts) == 0 {
		w.t.Fatalf("the answer is not signed\n%s", w.log)
	}
	return answer.ExtraCerts[0]
}

// The certificate that signs answers outlasts the process, is replaced before
// it ends, and at once where it is revoked.
func TestServerCertificateLasts(t *testing.T) {
	w := newWorld(t)
	w.secret(secret.Secret{})
	first := w.protectedBy()
	again := func() {
		t.Helper()
		var err error
		w.Server, err = New(w.config)
		check(t, err)
	}
	for range 3 {
		again()
		if !bytes.Equal(w.protectedBy(), first) {
			t.Fatal("another start makes another certificate")
		}
	}
	w.mu.Lock()
	w.ahead = 21 * 24 * time.Hour
	w.mu.Unlock()
	second := w.protectedBy()
	if bytes.Equal(second, first) {
		t.Error("the certificate is not replaced before it ends")
	}
	again()
	if !bytes.Equal(w.protectedBy(), second) {
		t.Error("another start goes back to the old certificate, or makes a third one")
	}
	for c, err := range w.store.Certificates(t.Context(), authority.Query{CA: "issuing"}) {
		check(t, err)
		if bytes.Equal(c.DER, second) {
			_, err := w.authority.Revoke(t.Context(), authority.RevocationOrder{CA: "issuing", Serial: c.Serial, Reason: crl.KeyCompromise, By: "operator"})
			check(t, err)
		}
	}
	if bytes.Equal(w.protectedBy(), second) {
		t.Error("answers are signed by a revoked certificate")
	}
}
