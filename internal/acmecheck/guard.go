package acmecheck

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"github.com/certwright/certwright/protocol/acme"
)

// specialNetworks are those that a stranger must not be able to have asked
// from here, besides what netip knows as private, loopback, link-local or
// multicast (RFC 6890 and the registries that go with it).
var specialNetworks = [...]netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("5f00::/16"), netip.MustParsePrefix("fec0::/10"),
	// These carry an IPv4 address that may be any of the above.
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"),
}

// mayAsk reports whether an address may be connected to.
func (c *Checker) mayAsk(a netip.Addr) bool {
	return within(c.settings.Allow, a) || isPublic(a)
}

// isPublic reports whether anybody may be led to an address.
func isPublic(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsGlobalUnicast() && !a.IsPrivate() && !within(specialNetworks[:], a)
}

func within(networks []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a) })
}

// guardedError says that an address was not asked.
type guardedError struct {
	host string
	addr netip.Addr
}

func (e *guardedError) Error() string {
	return fmt.Sprintf("%s is at %s, an address of a private or special network that this server is not allowed to ask; have the operator allow the network (acme.allow-networks)", e.host, e.addr)
}

// dial connects to a host, looked up here and now so that what is checked is
// what is connected to.
func (c *Checker) dial(ctx context.Context, r *resolver, host string, port int) (net.Conn, error) {
	addresses, err := r.addresses(ctx, host)
	if err != nil {
		return nil, err
	}
	failure := error(&lookupError{host, "the addresses", "there are none"})
	const tries = 4
	for _, a := range addresses[:min(len(addresses), tries)] {
		if !c.mayAsk(a) {
			failure = &guardedError{host, a}
			continue
		}
		dialer := net.Dialer{Timeout: c.settings.Timeout / 2}
		conn, err := dialer.DialContext(ctx, "tcp", netip.AddrPortFrom(a, uint16(port)).String())
		if err == nil {
			return conn, nil
		}
		failure = err
	}
	return nil, failure
}

// connectionProblem words what kept a connection from being made or used.
func connectionProblem(err error, host string, port int) *acme.Problem {
	var lookup *lookupError
	var guarded *guardedError
	var network net.Error
	switch {
	case errors.As(err, &lookup):
		return dnsProblem(lookup)
	case errors.As(err, &guarded):
		return acme.NewProblem(acme.Connection, guarded.Error())
	case errors.As(err, &network) && network.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return acme.NewProblem(acme.Connection, "there was no answer in time from "+net.JoinHostPort(host, strconv.Itoa(port))+"; see that firewalls let this server through")
	}
	return acme.NewProblem(acme.Connection, "no connection could be made to "+net.JoinHostPort(host, strconv.Itoa(port))+", or it broke; see that the responder runs and can be reached from here")
}
