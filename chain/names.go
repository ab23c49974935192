package chain

import (
	"net/netip"
	"strings"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

func checkHost(p *path) []Check {
	if p.o.Host == "" {
		return skip("no host was asked for")
	}
	c := p.certs[0]
	host := strings.Trim(p.o.Host, "[]")
	var there []string
	if addr, err := netip.ParseAddr(host); err == nil {
		for _, n := range c.SubjectAltNames() {
			if n.Kind != ext.IP {
				continue
			}
			if have, ok := n.Addr(); ok && have == addr.Unmap().WithZone("") {
				return nil
			}
			there = append(there, n.Text())
		}
		return []Check{p.fail(0, "the certificate is not for the address "+host+"; "+listed(there, "IP addresses"),
			"have one issued with the subject alternative name ip:"+host)}
	}
	for _, n := range c.SubjectAltNames() {
		if n.Kind != ext.DNS {
			continue
		}
		if hostMatches(n.Text(), host) {
			return nil
		}
		there = append(there, n.Text())
	}
	detail := "the certificate is not for " + host + "; " + listed(there, "host names")
	if len(there) == 0 && inCommonName(c, host) {
		detail = "the certificate has " + host + " as its common name only, where clients do not look"
	}
	return []Check{p.fail(0, detail, "have one issued with the subject alternative name dns:"+host)}
}

func listed(names []string, what string) string {
	const shown = 10
	switch {
	case len(names) == 0:
		return "it has no " + what
	case len(names) > shown:
		return "it is for " + strings.Join(names[:shown], ", ") + " and others"
	}
	return "it is for " + strings.Join(names, ", ")
}

func inCommonName(c *cert.Certificate, host string) bool {
	for _, cn := range c.Subject.Values(oid.CommonName) {
		if hostMatches(cn, host) {
			return true
		}
	}
	return false
}

// hostMatches compares the name in a certificate with a host. A wildcard
// stands for one whole label, the first (RFC 9525, Section 6.3).
func hostMatches(pattern, host string) bool {
	pattern, host = strings.ToLower(pattern), strings.ToLower(strings.TrimSuffix(host, "."))
	if !hostShaped(host) {
		return false
	}
	rest, wild := strings.CutPrefix(pattern, "*.")
	if !wild {
		return pattern == host && hostShaped(pattern)
	}
	_, parent, ok := strings.Cut(host, ".")
	return ok && hostShaped(rest) && parent == rest
}

func hostShaped(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

func checkEmail(p *path) []Check {
	if p.o.Email == "" {
		return skip("no e-mail address was asked for")
	}
	c := p.certs[0]
	var there []string
	for _, n := range c.SubjectAltNames() {
		if n.Kind == ext.Email {
			there = append(there, n.Text())
		}
	}
	if len(there) == 0 {
		there = c.Subject.Values(oid.EmailAddress)
	}
	for _, have := range there {
		if sameAddress(have, p.o.Email) {
			return nil
		}
	}
	return []Check{p.fail(0, "the certificate is not for "+p.o.Email+"; "+listed(there, "e-mail addresses"),
		"have one issued with the subject alternative name email:"+p.o.Email)}
}

// sameAddress compares addresses: letters count before the @, their case does
// not behind it (RFC 5280, Section 7.5).
func sameAddress(a, b string) bool {
	at, other := strings.LastIndexByte(a, '@'), strings.LastIndexByte(b, '@')
	if at < 0 || other < 0 {
		return false
	}
	return a[:at] == b[:other] && strings.EqualFold(a[at:], b[other:])
}
