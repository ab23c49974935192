package openssl

import (
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// place is where a server or a proxy is.
type place struct {
	secure           bool // https
	host, port, path string
}

// parsePlace reads [http[s]://][USER@]HOST[:PORT][/PATH].
func parsePlace(text string) (p place, ok bool) {
	if scheme, rest, named := strings.Cut(text, "://"); named {
		p.secure = strings.EqualFold(scheme, "https")
		if !p.secure && !strings.EqualFold(scheme, "http") {
			return p, false
		}
		text = rest
	}
	authority := text
	if at := strings.IndexAny(text, "/?#"); at >= 0 {
		authority, p.path = text[:at], text[at:]
	}
	p.path, _, _ = strings.Cut(p.path, "#")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		authority = authority[at+1:]
	}
	if rest, bracket := strings.CutPrefix(authority, "["); bracket {
		if p.host, authority, ok = strings.Cut(rest, "]"); !ok {
			return p, false
		}
	} else if at := strings.IndexByte(authority, ':'); at >= 0 {
		p.host, authority = authority[:at], authority[at:]
	} else {
		p.host, authority = authority, ""
	}
	if p.port = "80"; p.secure {
		p.port = "443"
	}
	if authority != "" {
		port, colon := strings.CutPrefix(authority, ":")
		n, err := strconv.ParseUint(port, 10, 16)
		if !colon || err != nil || n == 0 {
			return p, false
		}
		p.port = port
	}
	return p, p.host != ""
}

func (p place) address() string { return net.JoinHostPort(p.host, p.port) }

func (p place) scheme() string {
	if p.secure {
		return "https"
	}
	return "http"
}

// prepareServer reads -server, -path and the options of proxies.
func (m *managing) prepareServer() error {
	m.wire = &wire{managing: m}
	m.client.Transport = m.wire
	given := m.text("server")
	if given == "" {
		for _, o := range []string{"proxy", "no_proxy"} {
			if m.text(o) != "" {
				m.warn("ignoring -%s option since -server is not given", o)
			}
		}
		if m.has("tls_used") {
			m.warn("ignoring -tls_used option since -use_mock_srv is given or -server is not given")
		}
		return nil
	}
	server, ok := parsePlace(given)
	switch {
	case !ok:
		return m.fail("cannot parse -server URL: %s", given)
	case server.secure && !m.has("tls_used"):
		return m.fail("missing -tls_used option since -server URL indicates https")
	}
	if path := m.text("path"); path != "" {
		server.path = path
	}
	server.path = strings.TrimPrefix(server.path, "/")
	m.wire.proxy = m.proxyFor(server)
	server.secure = m.has("tls_used")
	m.wire.server = &server
	return nil
}

// proxyFor is the proxy that a server is reached by, as the options or the
// environment have it; empty for none.
func (m *managing) proxyFor(server place) string {
	proxy, except := m.text("proxy"), m.text("no_proxy")
	if !m.has("proxy") {
		names := []string{"http_proxy", "HTTP_PROXY"}
		if server.secure {
			names = []string{"https_proxy", "HTTPS_PROXY"}
		}
		proxy = m.firstOf(names)
	}
	if except == "" {
		except = m.firstOf([]string{"no_proxy", "NO_PROXY"})
	}
	for _, host := range items(except) {
		if host == server.host {
			return ""
		}
	}
	return proxy
}

// firstOf is the first of several variables of the environment that is set.
func (m *managing) firstOf(names []string) string {
	for _, name := range names {
		if v := m.Getenv(name); v != "" {
			return v
		}
	}
	return ""
}

const messageTimeout = 120 // seconds, unless -msg_timeout says otherwise

// prepareWire makes what messages are sent by.
func (m *managing) prepareWire() error {
	w := m.wire
	w.reqin, w.reqout, w.rspin, w.rspout = items(m.text("reqin")), items(m.text("reqout")), items(m.text("rspin")), items(m.text("rspout"))
	switch {
	case len(w.rspin) > 0 && len(w.reqin) > 0:
		m.warn("-reqin is ignored since -rspin is present")
	case m.has("reqin_new_tid") && len(w.reqin) == 0:
		m.warn("-reqin_new_tid is ignored since -reqin is not present")
	}
	if len(w.rspin) > 0 && w.server != nil {
		m.warn("-server option is not used if enough filenames given for -rspin")
	}
	m.client.Recorded = func() bool { return w.recorded }
	w.keepAlive = m.count("keep_alive", 1)
	w.transport = &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return w.proxyURL() }, DisableCompression: true}
	w.http = &http.Client{Transport: w, Timeout: time.Duration(m.count("msg_timeout", messageTimeout)) * time.Second}
	return nil
}
