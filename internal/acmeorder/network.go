package acmeorder

import "net/netip"

// network is what counts as one client: its address, or of IPv6 the 64 bits
// before the part that a host gives itself (RFC 4291, Section 2.5.1).
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if a = a.Unmap().WithZone(""); a.Is4() {
		return a.String()
	}
	return netip.PrefixFrom(a, 64).Masked().String()
}
