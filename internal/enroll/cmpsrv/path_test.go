package cmpsrv

import "testing"

func TestProfileOf(t *testing.T) {
	for path, want := range map[string]struct {
		profile string
		ok      bool
	}{
		"/.well-known/cmp": {"", true}, "/.well-known/cmp/": {"", true}, "/pkix/": {"", true}, "/.well-known/cmp/p/device": {"device", true},
		"/.well-known/cmp/initialization": {"", true}, "/.well-known/cmp/p10": {"", true}, "/.well-known/cmp/p/device/keyupdate": {"device", true}, "/.well-known/cmp/p/keyupdate": {"keyupdate", true},
		"/.well-known/cmp/other": {"", false}, "/.well-known/cmp/p": {"", false}, "/.well-known/cmp/p/device/other": {"device", false},
		"/.well-known/cmp/p/device/keyupdate/more": {"device", false}, "/p/device": {"", false}, "/pkix/keyupdate": {"", false},
	} {
		if profile, ok := profileOf(path); ok != want.ok || ok && profile != want.profile {
			t.Errorf("%s: %q, %v", path, profile, ok)
		}
	}
}
