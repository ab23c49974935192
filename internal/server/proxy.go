package server

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/certwright/certwright/internal/config"
)

// proxies are the reverse proxies in front of the server: what they tell of
// clients is believed. What a client itself has written into the same headers
// is not, for each proxy adds its word at the end.
type proxies struct {
	trusted []netip.Prefix
	read    func(http.Header) []hop
	shown   string // the header with the client's certificate; empty: none
}

// hop is what a proxy has told of whom it was asked by.
type hop struct {
	address string
	proto   string // http, https; empty: not said
	broken  bool   // what it has told cannot be read
}

func newProxies(c *config.Server) (*proxies, error) {
	p := &proxies{read: forwardedFor, shown: http.CanonicalHeaderKey(c.ProxyShown)}
	if c.ProxyHeader == config.Forwarded {
		p.read = forwarded
	}
	for _, text := range c.Proxies {
		network, err := config.ParseNetwork(text)
		if err != nil {
			return nil, fmt.Errorf("server.proxies: %w", err)
		}
		p.trusted = append(p.trusted, network)
	}
	return p, nil
}

func (p *proxies) trust(a netip.Addr) bool {
	return slices.ContainsFunc(p.trusted, func(n netip.Prefix) bool { return n.Contains(a) })
}

// introduce finds out whom a request is from. One that comes by a proxy gets
// the client's address, whether the client came over TLS, and the certificate
// that the client has shown. It reports whether what the proxies tell can be
// read.
func (s *Server) introduce(p *proxies, r *http.Request, e *exchange) bool {
	if len(p.trusted) == 0 {
		return true
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !p.trust(peer.Addr().Unmap()) {
		return true
	}
	client := peer.Addr().Unmap()
	e.proxy = client.String()
	hops := p.read(r.Header)
	for i := len(hops) - 1; i >= 0; i-- {
		if hops[i].broken {
			r.RemoteAddr, e.secure = client.String(), false
			return false
		}
		if said := hops[i].proto; said != "" {
			e.secure = strings.EqualFold(said, "https") && (e.secure || i == len(hops)-1)
		}
		a, ok := addressIn(hops[i].address)
		if !ok {
			break
		}
		if client = a; !p.trust(a) {
			break
		}
	}
	r.RemoteAddr = client.String()
	if len(hops) > 0 {
		s.show(p, r)
	}
	return true
}

// misled answers a request of which a proxy tells what cannot be read.
func misled(w http.ResponseWriter, r *http.Request) {
	problem(w, r, http.StatusBadRequest, "usage", "the header Forwarded is not as RFC 7239 has it, so that nothing in it can be believed")
}

// show puts the certificate that a client has shown to a proxy where that of
// a client is looked for, in place of the proxy's own.
func (s *Server) show(p *proxies, r *http.Request) {
	state := tls.ConnectionState{}
	if r.TLS != nil {
		state = *r.TLS
	}
	state.PeerCertificates = nil
	if p.shown != "" {
		chain, err := shownIn(r.Header[p.shown])
		if err != nil {
			s.config.Log.WarnContext(r.Context(), "the certificate of a client that a proxy passes on cannot be read", "header", p.shown, "cause", err)
		}
		state.PeerCertificates = chain
	}
	if r.TLS != nil || state.PeerCertificates != nil {
		r.TLS = &state
	}
}

// addressIn is the address in 192.0.2.1, 192.0.2.1:80, 2001:db8::1 or
// [2001:db8::1]:80.
func addressIn(text string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return a.Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddrPort(text)
	return a.Addr().Unmap().WithZone(""), err == nil
}

// forwardedFor reads X-Forwarded-For and X-Forwarded-Proto. Of the protocol,
// some proxies keep a list and others the last word: any other than https in it
// says that somebody could listen on the way.
func forwardedFor(h http.Header) []hop {
	var hops []hop
	for _, address := range listed(h["X-Forwarded-For"]) {
		hops = append(hops, hop{address: address})
	}
	for i, proto := range listed(h["X-Forwarded-Proto"]) {
		if len(hops) == 0 {
			hops = []hop{{}}
		}
		if last := &hops[len(hops)-1]; i == 0 || !strings.EqualFold(proto, "https") {
			last.proto = proto
		}
	}
	return hops
}

func listed(lines []string) []string {
	var out []string
	for _, line := range lines {
		for _, one := range strings.Split(line, ",") {
			out = append(out, strings.TrimSpace(one))
		}
	}
	return out
}

// shownIn reads a client's certificate as proxies pass it on: between colons
// (RFC 9440, Section 2.1), as PEM in which signs are escaped (nginx), or as
// bare base64, behind which its chain may stand (Traefik).
func shownIn(values []string) ([]*x509.Certificate, error) {
	switch {
	case len(values) == 0 || len(values) == 1 && values[0] == "":
		return nil, nil
	case len(values) > 1:
		return nil, errors.New("the header is there more than once")
	}
	text, err := url.PathUnescape(values[0])
	if err != nil {
		return nil, errors.New("it is not escaped as in addresses")
	}
	var der []byte
	if block, _ := pem.Decode([]byte(text)); block != nil {
		der = block.Bytes
	} else {
		first, _, _ := strings.Cut(text, ",")
		if der, err = base64.StdEncoding.DecodeString(strings.Trim(first, ": ")); err != nil {
			return nil, errors.New("it is neither base64 nor PEM")
		}
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, errors.New("there is no certificate in it")
	}
	return []*x509.Certificate{c}, nil
}
