package acmeorder

import "testing"

func TestNetworks(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8:0:7:1:2:3:4": "2001:db8:0:7::/64", "fe80::1%eth0": "fe80::/64", "": "", "a socket": "a socket",
	} {
		if got := network(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}
