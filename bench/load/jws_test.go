package load

import (
	"testing"

	"github.com/certwright/certwright/protocol/acme"
)

// TestSignJWS has what the clients sign verified as a server does.
func TestSignJWS(t *testing.T) {
	key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwk(key)
	if err != nil {
		t.Fatal(err)
	}
	protected, payload, signature, err := signJWS(key, []byte(`{"alg":"ES256","nonce":"n","url":"u","jwk":`+text+`}`), []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := acme.ParseMessage([]byte(`{"protected":"` + protected + `","payload":"` + payload + `","signature":"` + signature + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Verify(m.Header.Key); err != nil || m.Header.Key.Thumbprint() != thumbprint(text) || m.Header.Nonce != "n" {
		t.Errorf("%+v, %v", m.Header, err)
	}
}

// TestResult has the waits of a round in order.
func TestResult(t *testing.T) {
	r, err := run([]Job{func(int) error { return nil }, func(int) error { return nil }, func(int) error { return nil }}, 2)
	if err != nil || len(r.waits) != 3 || r.Rate <= 0 || r.At(0) > r.At(50) || r.At(50) > r.At(99) || r.At(99) != r.waits[2] {
		t.Errorf("%+v, %v", r, err)
	}
	if empty := (&Result{}); empty.At(99) != 0 {
		t.Error("nobody waited")
	}
}
