package acme

import (
	"encoding/base64"
	"testing"
)

func TestUnmarshalIsStrict(t *testing.T) {
	for _, text := range []string{
		`{"identifiers":[{"type":"dns","value":"a.test"}],"unheard":{"X":[1,{"y":"KID"}]}}`, ` {"profile":"URL"} `, `{}`, `{"replaces":"Kid","profile":"Url"}`,
	} {
		var n NewOrder
		if err := Unmarshal([]byte(text), &n); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{``, `{"IDENTIFIERS":[]}`, `{"identifiers":[{"Type":"dns","value":"a.test"}]}`, `{"x":[{"KID":1}]}`, `{} {}`, `{}x`, `{"profile":"a","Replaces":"b"}`} {
		var n NewOrder
		if Unmarshal([]byte(text), &n) == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

// TestEmptyNonces are nonces, which key changes and bindings must not have
// (RFC 8555, Section 7.3.5); and nothing of a binding is unsigned.
func TestEmptyNonces(t *testing.T) {
	encode := base64.RawURLEncoding.EncodeToString
	for header, want := range map[string]bool{`{"alg":"HS256","kid":"a","nonce":""}`: true, `{"alg":"HS256","kid":"a"}`: false} {
		s := &Signed{Protected: encode([]byte(header)), Payload: "e30", Signature: "AAAA"}
		m, err := ParseBinding(s)
		check(t, err)
		if m.HasNonce() != want {
			t.Errorf("%s: %v", header, m.HasNonce())
		}
		s.Header = []byte(`{"kid":"b"}`)
		if _, err := ParseBinding(s); err == nil {
			t.Error("a binding with an unprotected header is taken")
		}
	}
}
