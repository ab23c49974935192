package server

import "testing"

// FuzzForwarded holds that nothing a client writes in front changes what the
// proxy adds behind it, unless the whole line is refused.
func FuzzForwarded(f *testing.F) {
	for _, seed := range []string{"", "for=9.9.9.9;proto=https", `for=9.9.9.9;proto=https;x="`, `for="[2001:db8::1]:80"; by=_x`, `x="\",for=1.1.1.1`, ",,;;,", "for=a;for=b", "for = 1.1.1.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, front string) {
		hops := hopsIn(front + ", for=6.6.6.6;proto=http")
		last := hops[len(hops)-1]
		if len(hops) == 1 && last.broken {
			return
		}
		if last.broken || last.address != "6.6.6.6" || last.proto != "http" {
			t.Errorf("%q: the proxy's word is read as %+v", front, last)
		}
	})
}
