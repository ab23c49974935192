package openssl

import (
	"bytes"

	"github.com/certwright/certwright/format/cert"
	"github.com/certwright/certwright/format/der"
	"github.com/certwright/certwright/format/ext"
	"github.com/certwright/certwright/format/oid"
)

// proxy reports whether a certificate is a proxy certificate (RFC 3820).
func proxy(c *cert.Certificate) bool {
	_, ok := ext.Find(c.Extensions, proxyInformation)
	return ok
}

// proxyLimit is how many proxy certificates may stand below one; -1 for no
// limit.
func proxyLimit(c *cert.Certificate) int {
	e, _ := ext.Find(c.Extensions, proxyInformation)
	all, err := der.ParseTag(e.Value, der.Sequence)
	if err != nil {
		return -1
	}
	r := all.Children()
	limit, ok, err := r.Optional(der.Integer)
	if err != nil || !ok {
		return -1
	}
	n, err := limit.Int()
	if err != nil {
		return -1
	}
	return int(n)
}

// countProxies takes a certificate into account of those below; it returns how
// many proxies there are with it, and is false where verification ends.
func (p *path) countProxies(depth, below int, l link) (int, bool) {
	if !proxy(l.Certificate) {
		return below, true
	}
	if limit := proxyLimit(l.Certificate); limit >= 0 {
		if below > limit && !p.fault(proxyPathLength, depth) {
			return below, false
		}
		below = limit
	}
	return below + 1, true
}

// issuedByHolder reports whether a certificate stands right above a proxy,
// which no authority issues.
func (p *path) issuedByHolder(depth int) bool {
	return depth > 0 && proxy(p.chain[depth-1].Certificate)
}

// proxyNamed reports whether the subject of a proxy is its issuer's name with
// one common name more (RFC 3820, Section 3.4).
func proxyNamed(c *cert.Certificate) bool {
	n := len(c.Issuer.RDNs)
	if len(c.Subject.RDNs) != n+1 || len(c.Subject.RDNs[n]) != 1 || c.Subject.RDNs[n][0].Type != oid.CommonName {
		return false
	}
	for i, rdn := range c.Issuer.RDNs {
		if len(rdn) != len(c.Subject.RDNs[i]) {
			return false
		}
		for j, a := range rdn {
			if !bytes.Equal(a.Raw, c.Subject.RDNs[i][j].Raw) {
				return false
			}
		}
	}
	return true
}
