package cmpsrv

import (
	"bytes"
	"testing"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/format/crl"
)

// What another process revokes of the server's own certificates signs no more.
func TestRevokedSignerIsDropped(t *testing.T) {
	w := newWorld(t)
	first, err := w.signers.of(t.Context(), "issuing")
	check(t, err)
	same, err := w.signers.of(t.Context(), "issuing")
	check(t, err)
	if !bytes.Equal(same.Certificate.Raw, first.Certificate.Raw) {
		t.Fatal("each answer has a certificate of its own")
	}
	elsewhere, err := authority.New(authority.Config{Store: w.store, Keys: w.config.Keys, Profiles: w.profile, Now: w.clock})
	check(t, err)
	_, err = elsewhere.Revoke(t.Context(), authority.RevocationOrder{CA: "issuing", Serial: first.Certificate.Serial.Bytes(), Reason: crl.KeyCompromise, By: "officer"})
	check(t, err)
	second, err := w.signers.of(t.Context(), "issuing")
	check(t, err)
	if bytes.Equal(second.Certificate.Raw, first.Certificate.Raw) {
		t.Error("a revoked certificate signs on")
	}
}
