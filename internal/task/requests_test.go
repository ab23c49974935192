package task

import "testing"

func TestIsHostName(t *testing.T) {
	for text, want := range map[string]bool{
		"www.example.com": true, "*.example.com": true, "localhost": true, "xn--bcher-kva.example": true,
		"Jane Doe": false, "example": false, "a..b": false, "-a.b": false, "192.0.2.1": false, "a.b.1": false,
		"Example, Inc.": false, "_acme.example.com": true, "": false, "a@b.example": false,
	} {
		if got := isHostName(text); got != want {
			t.Errorf("isHostName(%q) = %v", text, got)
		}
	}
}
