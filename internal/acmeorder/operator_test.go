package acmeorder

import (
	"encoding/base64"
	"testing"
)

// TestBindingKeysAreNoOptions holds keys to what command lines take for a value.
func TestBindingKeysAreNoOptions(t *testing.T) {
	for range 2000 {
		if text := base64.RawURLEncoding.EncodeToString(newBindingKey()); text[0] == '-' || len(text) != 43 {
			t.Fatalf("a key reads %s", text)
		}
	}
}
