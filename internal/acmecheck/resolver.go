package acmecheck

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/certwright/certwright/protocol/acme"
)

// resolver asks recursive resolvers, the next where one does not answer.
type resolver struct {
	servers []string
	system  system // addresses and texts are looked up as the system does it, with its hosts file; nil: they are asked of the servers
}

// system is how the system looks names up. It completes those that do not end
// with a dot by the domains that it searches in.
type system interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// lookupError says why a name could not be looked up.
type lookupError struct {
	name, kind, why string
}

func (e *lookupError) Error() string {
	return fmt.Sprintf("looking up %s of %s: %s", e.kind, e.name, e.why)
}

func dnsProblem(err error) *acme.Problem {
	var e *lookupError
	if errors.As(err, &e) {
		return acme.NewProblem(acme.DNSProblem, e.Error()+"; see that the name can be resolved from here")
	}
	return acme.NewProblem(acme.DNSProblem, "the name could not be looked up; see that it can be resolved from here")
}

// most is how many records of a name are looked at.
const most = 100

// addresses returns the addresses of a host, IPv6 first.
func (r *resolver) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	if r.system != nil {
		return r.systemAddresses(ctx, host)
	}
	var out []netip.Addr
	var failure error
	for _, kind := range []uint16{dns.TypeAAAA, dns.TypeA} {
		answers, err := r.ask(ctx, host, kind)
		if err != nil {
			failure = err
			continue
		}
		for _, answer := range answers {
			switch record := answer.(type) {
			case *dns.A:
				out = appendAddr(out, record.A)
			case *dns.AAAA:
				out = appendAddr(out, record.AAAA)
			}
		}
	}
	if len(out) == 0 && failure == nil {
		failure = &lookupError{host, "the addresses", "there are none"}
	}
	if len(out) > 0 {
		failure = nil
	}
	return out[:min(len(out), most)], failure
}

func appendAddr(list []netip.Addr, ip net.IP) []netip.Addr {
	if a, ok := netip.AddrFromSlice(ip); ok {
		return append(list, a.Unmap())
	}
	return list
}

func (r *resolver) systemAddresses(ctx context.Context, host string) ([]netip.Addr, error) {
	found, err := r.system.LookupNetIP(ctx, "ip", dns.Fqdn(host))
	if err != nil {
		return nil, &lookupError{host, "the addresses", whyNot(err)}
	}
	var six, four []netip.Addr
	for _, a := range found[:min(len(found), most)] {
		if a = a.Unmap(); a.Is4() {
			four = append(four, a)
		} else {
			six = append(six, a)
		}
	}
	return append(six, four...), nil
}

// texts returns what the TXT records of a name say.
func (r *resolver) texts(ctx context.Context, name string) ([]string, error) {
	if r.system != nil {
		texts, err := r.system.LookupTXT(ctx, dns.Fqdn(name))
		var e *net.DNSError
		if errors.As(err, &e) && e.IsNotFound {
			return nil, nil
		}
		if err != nil {
			return nil, &lookupError{name, "the TXT records", whyNot(err)}
		}
		return texts[:min(len(texts), most)], nil
	}
	answers, err := r.ask(ctx, name, dns.TypeTXT)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, answer := range answers[:min(len(answers), most)] {
		if record, ok := answer.(*dns.TXT); ok {
			out = append(out, strings.Join(record.Txt, ""))
		}
	}
	return out, nil
}

func whyNot(err error) string {
	var e *net.DNSError
	switch {
	case errors.As(err, &e) && e.IsNotFound:
		return "there is no such name"
	case errors.As(err, &e) && e.IsTimeout, errors.Is(err, context.DeadlineExceeded):
		return "no resolver answered in time"
	}
	return "no resolver gave an answer"
}

// rounds are how often the resolvers are asked, each with how long an answer is
// waited for: a datagram may be lost on its way.
var rounds = [...]time.Duration{time.Second, 1500 * time.Millisecond, 3 * time.Second}

// ask asks the resolvers for records of a name, in turn until one answers, and
// all of those anew that say nothing.
func (r *resolver) ask(ctx context.Context, name string, kind uint16) ([]dns.RR, error) {
	servers, err := r.known()
	if err != nil {
		return nil, err
	}
	failure := &lookupError{name, "the " + dns.TypeToString[kind] + " records", "no resolver answered in time"}
	for _, wait := range rounds {
		var silent []string
		for _, server := range servers {
			answer, err := exchange(ctx, name, kind, server, wait)
			switch {
			case err != nil:
				silent = append(silent, server)
			case answer.Rcode == dns.RcodeSuccess, answer.Rcode == dns.RcodeNameError:
				return answer.Answer, nil
			default:
				failure.why = "the resolver answered " + dns.RcodeToString[answer.Rcode]
			}
		}
		if servers = silent; len(silent) == 0 || ctx.Err() != nil {
			break
		}
	}
	if len(servers) > 0 && ctx.Err() == nil {
		failure.why = "no resolver gave an answer"
	}
	return nil, failure
}

// exchange asks one server, by TCP where the answer is too long for UDP.
func exchange(ctx context.Context, name string, kind uint16, server string, wait time.Duration) (*dns.Msg, error) {
	query := new(dns.Msg) // each time under another ID
	query.SetQuestion(dns.Fqdn(name), kind)
	query.SetEdns0(1232, false)
	client := &dns.Client{Timeout: wait, UDPSize: 1232}
	answer, _, err := client.ExchangeContext(ctx, query, server)
	if err != nil || !answer.Truncated {
		return answer, err
	}
	client.Net, client.Timeout = "tcp", rounds[len(rounds)-1]
	answer, _, err = client.ExchangeContext(ctx, query, server)
	return answer, err
}

// known returns the servers to ask: those configured, or the system's.
func (r *resolver) known() ([]string, error) {
	if len(r.servers) > 0 {
		return r.servers, nil
	}
	config, err := dns.ClientConfigFromFile("/etc/resolv.conf")
	if err != nil {
		return nil, &lookupError{"any name", "records", "this machine names no resolvers"}
	}
	var out []string
	for _, server := range config.Servers {
		out = append(out, net.JoinHostPort(server, config.Port))
	}
	return out, nil
}
