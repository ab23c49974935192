package config

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/certwright/certwright/internal/spelling"
)

// ACME is how ACME is served (RFC 8555).
type ACME struct {
	Off            bool       `yaml:"off" doc:"do not serve ACME"`
	Profile        string     `yaml:"profile" doc:"the profile of orders that name none"`
	Profiles       []string   `yaml:"profiles" doc:"the profiles that clients may name; each has a directory of its own, too: /acme/p/PROFILE/directory"`
	CA             string     `yaml:"ca" doc:"the authority that signs; empty: the one that signs where none is named"`
	Authorities    []string   `yaml:"authorities" doc:"the authorities that clients may order of, each by a directory of its own: /acme/ca/CA/directory; empty: that of acme.ca alone, or without it those that stand above no other one"`
	Challenges     []string   `yaml:"challenges" doc:"the challenges offered: http-01, dns-01, tls-alpn-01, dns-account-01, dns-persist-01 (which some clients cannot read)"`
	Networks       []string   `yaml:"allow-networks" doc:"private, loopback or link-local networks that challenges may lead to, such as 10.0.0.0/8; without, only public addresses are asked"`
	Resolvers      []string   `yaml:"resolvers" doc:"HOST:PORT of the DNS resolvers to ask, in turn; empty: the system's"`
	Agree          int        `yaml:"resolvers-agree" doc:"how many of the resolvers, each asked alone, must see the proof; 0: the first that answers is believed"`
	CAAIdentities  []string   `yaml:"caa-identities" doc:"the domain names by which CAA records permit this authority; empty: CAA is not looked at"`
	RequireEAB     bool       `yaml:"require-eab" doc:"accounts are made only with a key from \"certwright acme eab new\""`
	TermsOfService string     `yaml:"terms-of-service" doc:"address of the terms that clients must agree to; empty: none"`
	Website        string     `yaml:"website" doc:"address of a page for people"`
	OrderLifetime  Duration   `yaml:"order-lifetime" doc:"by when an order must be finalized"`
	ProofLifetime  Duration   `yaml:"authorization-lifetime" doc:"how long a proof of control is good: for further orders of the same account, and for revoking; 0: each order needs its own"`
	HTTPPort       int        `yaml:"http-port" doc:"the port that http-01 asks; anything but 80 is for tests"`
	TLSPort        int        `yaml:"tls-port" doc:"the port that tls-alpn-01 asks; anything but 443 is for tests"`
	SharedNonces   bool       `yaml:"shared-nonces" doc:"for several servers over one database: nonces of one are good at all, at the price of a write for each request"`
	Limits         ACMELimits `yaml:"limits" doc:"how often a client may do what, as COUNT/TIME, such as 20/1h; empty: no limit"`
}

// ACMELimits are the rate limits of ACME.
type ACMELimits struct {
	Accounts string `yaml:"accounts-per-address" doc:"new accounts from one address, of IPv6 from one network of 64 bits"`
	Orders   string `yaml:"orders-per-account" doc:"orders of one account"`
	Names    string `yaml:"orders-per-name" doc:"orders with one same name in them that are finalized, of all accounts together"`
}

func defaultACME() ACME {
	return ACME{
		Profile: "server", Challenges: []string{"http-01", "dns-01", "tls-alpn-01", "dns-account-01"},
		OrderLifetime: Duration(8 * time.Hour), ProofLifetime: Duration(7 * 24 * time.Hour), HTTPPort: 80, TLSPort: 443,
	}
}

// ParseRate reads COUNT/TIME; an empty text is no limit: a count of 0.
func ParseRate(text string) (count int, per time.Duration, err error) {
	if text == "" {
		return 0, 0, nil
	}
	before, after, found := strings.Cut(text, "/")
	count, err1 := strconv.Atoi(before)
	length, err2 := ParseDuration(after)
	if !found || err1 != nil || err2 != nil || count < 1 || length <= 0 {
		return 0, 0, fmt.Errorf("%q is not COUNT/TIME, such as 20/1h", text)
	}
	return count, time.Duration(length), nil
}

func (c *Config) checkACME(wrong report) {
	a := &c.ACME
	known := []string{"http-01", "dns-01", "tls-alpn-01", "dns-account-01", "dns-persist-01"}
	for _, method := range a.Challenges {
		if !slices.Contains(known, method) {
			fix := "write some of " + strings.Join(known, ", ")
			if near := spelling.Nearest(method, known); near != "" {
				fix = fmt.Sprintf("did you mean %q?", near)
			}
			wrong("acme.challenges", fmt.Sprintf("there is no %q", method), fix)
		}
	}
	if len(a.Challenges) == 0 {
		wrong("acme.challenges", "without challenges nothing can be validated", "leave it out, or serve no ACME: off: true")
	}
	if slices.Contains(a.Challenges, "dns-persist-01") && len(a.CAAIdentities) == 0 {
		wrong("acme.challenges", "dns-persist-01 needs a name that records can name this authority by", "set acme.caa-identities")
	}
	checkIdentities(a.CAAIdentities, wrong)
	for _, network := range a.Networks {
		if _, err := netip.ParsePrefix(network); err != nil {
			wrong("acme.allow-networks", fmt.Sprintf("%q is not a network", network), "write ADDRESS/BITS, such as 10.0.0.0/8 or fd00::/8")
		}
	}
	for _, resolver := range a.Resolvers {
		if _, port, err := net.SplitHostPort(resolver); err != nil || port == "" {
			wrong("acme.resolvers", fmt.Sprintf("%q is not HOST:PORT", resolver), "write the port too, such as 192.0.2.53:53")
		}
	}
	if a.Agree > max(1, len(a.Resolvers)) {
		wrong("acme.resolvers-agree", "more resolvers must agree than there are", "name more in acme.resolvers, or let fewer agree")
	}
	if a.OrderLifetime == 0 {
		wrong("acme.order-lifetime", "an order without time cannot be finalized", "leave it out: 8h is the default")
	}
	if a.HTTPPort < 1 || a.HTTPPort > 65535 {
		wrong("acme.http-port", fmt.Sprintf("%d is no port", a.HTTPPort), "leave it out: 80 is the default")
	}
	if a.TLSPort < 1 || a.TLSPort > 65535 {
		wrong("acme.tls-port", fmt.Sprintf("%d is no port", a.TLSPort), "leave it out: 443 is the default")
	}
	for _, l := range []struct{ key, text string }{{"accounts-per-address", a.Limits.Accounts}, {"orders-per-account", a.Limits.Orders}, {"orders-per-name", a.Limits.Names}} {
		if _, _, err := ParseRate(l.text); err != nil {
			wrong("acme.limits."+l.key, err.Error(), "leave it out for no limit")
		}
	}
}
