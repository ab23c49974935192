package memkeys

import (
	"errors"
	"testing"

	"github.com/certwright/certwright/authority"
)

func TestKeys(t *testing.T) {
	var k authority.Keys = New()
	first, made, err := k.Create(t.Context(), "issuing", "ecdsa-p256")
	if err != nil || first != "memory:issuing" {
		t.Fatal(first, err)
	}
	if got, err := k.Signer(t.Context(), first); err != nil || got != made {
		t.Error(got, err)
	}
	if err := k.Forget(first); err != nil {
		t.Error(err)
	}
	if _, err := k.Signer(t.Context(), first); !errors.Is(err, authority.ErrNotFound) {
		t.Errorf("a key that was forgotten: %v", err)
	}
	second, _, err := k.Create(t.Context(), "issuing", "ecdsa-p256")
	if err != nil || second != "memory:issuing-2" {
		t.Errorf("a reference that was used before: %s, %v", second, err)
	}
	if _, _, err := k.Create(t.Context(), "other", "ecdsa-p0"); err == nil {
		t.Error("a kind of key that there is not")
	}
	k.(*Keys).Put("memory:mine", made)
	if got, err := k.Signer(t.Context(), "memory:mine"); err != nil || got != made {
		t.Error(got, err)
	}
	if n := k.(*Keys).Len(); n != 2 {
		t.Errorf("%d keys are kept", n)
	}
}
