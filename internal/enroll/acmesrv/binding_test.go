package acmesrv

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/protocol/acme"
)

// TestBindingByAnotherHash has a client sign its binding by the right key, but
// by a hash that keys of 32 octets are too short for (RFC 7518, Section 3.2).
func TestBindingByAnotherHash(t *testing.T) {
	w := newWorld(t)
	var b acmeorder.Binding
	secret, err := w.operator().NewBinding(t.Context(), &b)
	check(t, err)
	c := w.client(t)
	key, err := acme.NewKey(c.Private.Public())
	check(t, err)
	header, err := json.Marshal(map[string]string{"alg": "HS384", "kid": b.KeyID, "url": w.url + "/acme/new-account"})
	check(t, err)
	payload, err := json.Marshal(key)
	check(t, err)
	s := &acme.Signed{Protected: base64.RawURLEncoding.EncodeToString(header), Payload: base64.RawURLEncoding.EncodeToString(payload)}
	mac := hmac.New(sha512.New384, secret)
	mac.Write([]byte(s.Protected + "." + s.Payload))
	s.Signature = base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	_, err = c.Register(t.Context(), acme.NewAccount{ExternalAccountBinding: s})
	is(t, err, acme.Malformed, 400, "the external account binding is by HS384; the keys that are handed out here have 32 octets, which are enough for HS256 alone, so sign by that")
}

// TestExpiredBindingsAreTold apart from those that are free.
func TestExpiredBindingsAreTold(t *testing.T) {
	w := newWorld(t)
	b := acmeorder.Binding{Expires: w.clock().Add(time.Minute)}
	_, err := w.operator().NewBinding(t.Context(), &b)
	check(t, err)
	for _, want := range []string{acmeorder.BindingFree, "expired"} {
		list, err := w.operator().Bindings(t.Context(), "", 0)
		check(t, err)
		if len(list) != 1 || list[0].State != want {
			t.Errorf("%+v, want %s", list, want)
		}
		w.later(time.Hour)
	}
	check(t, w.operator().RevokeBinding(t.Context(), b.KeyID))
	if list, err := w.operator().Bindings(t.Context(), "", 0); err != nil || list[0].State != acmeorder.BindingRevoked {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestFormerAccountKeys certify nothing (RFC 8555, Section 11.1).
func TestFormerAccountKeys(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	former := c.Private
	check(t, c.RollOver(t.Context(), newKey(t)))
	o, _, err := c.Order(t.Context(), names("a.test"))
	check(t, err)
	w.fulfil(t, c, o, acme.HTTP01)
	_, err = c.Finalize(t.Context(), o, csr(t, former, "a.test"))
	is(t, err, acme.BadCSR, 400, "the key of the request is or was the key of the account")
	_, err = c.Finalize(t.Context(), o, csr(t, c.Private, "a.test"))
	is(t, err, acme.BadCSR, 400, "the key of the request is or was the key of the account")
}
