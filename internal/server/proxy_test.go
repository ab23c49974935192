package server

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/certwright/certwright/internal/config"
)

// proxied is a server behind proxies whose door says whom it sees.
func proxied(t *testing.T, settings config.Server) (http.Handler, *transcript) {
	t.Helper()
	s, log := bare(t), &transcript{}
	s.config.Log, s.config.Level, _ = NewLog(log, config.Log{Level: "info"})
	p, err := newProxies(&settings)
	if err != nil {
		t.Fatal(err)
	}
	s.now.Store(&regime{settings: config.Default(), proxies: p})
	return s.front(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown := "none"
		if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
			shown = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		fmt.Fprintf(w, "%s secure=%t shown=%s", r.RemoteAddr, exchangeOf(r.Context()).secure, shown)
	})), log
}

// TestProxies is about whom the server takes for the client, in particular
// where somebody tells it a lie.
func TestProxies(t *testing.T) {
	behind := config.Server{Proxies: []string{"10.0.0.0/8", "::1"}, ProxyHeader: config.XForwardedFor}
	standard := behind
	standard.ProxyHeader = config.Forwarded
	const edge = "10.0.0.9:4711"
	for name, c := range map[string]struct {
		settings config.Server
		peer     string
		header   []string
		want     string
	}{
		"no proxies, nothing is believed":         {config.Server{ProxyHeader: config.XForwardedFor}, edge, []string{"X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "https"}, "10.0.0.9:4711 secure=false"},
		"a stranger is not believed":              {behind, "192.0.2.1:1", []string{"X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "https"}, "192.0.2.1:1 secure=false"},
		"a proxy is":                              {behind, edge, []string{"X-Forwarded-For", "203.0.113.5", "X-Forwarded-Proto", "https"}, "203.0.113.5 secure=true"},
		"a proxy by IPv6":                         {behind, "[::1]:9", []string{"X-Forwarded-For", "2001:db8::7"}, "2001:db8::7 secure=false"},
		"a proxy at a mapped address":             {behind, "[::ffff:10.1.1.1]:9", []string{"X-Forwarded-For", "203.0.113.5"}, "203.0.113.5 secure=false"},
		"it says nothing":                         {behind, edge, nil, "10.0.0.9 secure=false"},
		"what the client wrote before is no word": {behind, edge, []string{"X-Forwarded-For", "1.2.3.4, 203.0.113.5"}, "203.0.113.5 secure=false"},
		"in a line of its own neither":            {behind, edge, []string{"X-Forwarded-For", "10.0.0.1, 1.2.3.4", "X-Forwarded-For", "203.0.113.5"}, "203.0.113.5 secure=false"},
		"proxies in a row":                        {behind, edge, []string{"X-Forwarded-For", "1.2.3.4, 203.0.113.5, 10.9.9.9"}, "203.0.113.5 secure=false"},
		"all are proxies":                         {behind, edge, []string{"X-Forwarded-For", "10.1.1.1, 10.2.2.2"}, "10.1.1.1 secure=false"},
		"with ports":                              {behind, edge, []string{"X-Forwarded-For", "203.0.113.5:80"}, "203.0.113.5 secure=false"},
		"with brackets":                           {behind, edge, []string{"X-Forwarded-For", "[2001:db8::7]:80"}, "2001:db8::7 secure=false"},
		"rubbish ends the way back":               {behind, edge, []string{"X-Forwarded-For", "1.2.3.4, <script>, 10.2.2.2"}, "10.2.2.2 secure=false"},
		"nothing but rubbish":                     {behind, edge, []string{"X-Forwarded-For", "unknown"}, "10.0.0.9 secure=false"},
		"the client says https, the proxy http":   {behind, edge, []string{"X-Forwarded-For", "203.0.113.5", "X-Forwarded-Proto", "https, http"}, "203.0.113.5 secure=false"},
		"the other header is not believed":        {behind, edge, []string{"Forwarded", "for=1.2.3.4;proto=https"}, "10.0.0.9 secure=false"},
		"nor that one where the other is told":    {standard, edge, []string{"X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "https"}, "10.0.0.9 secure=false"},
		"Forwarded":                               {standard, edge, []string{"Forwarded", `for=1.2.3.4;proto=http, For="203.0.113.5:80" ; by=10.0.0.9; Proto=https`}, "203.0.113.5 secure=true"},
		"Forwarded, IPv6":                         {standard, edge, []string{"Forwarded", `for="[2001:db8::7]:80";proto=https`}, "2001:db8::7 secure=true"},
		"Forwarded, a row":                        {standard, edge, []string{"Forwarded", `for=203.0.113.5;proto=http, for=10.2.2.2;proto=https`}, "203.0.113.5 secure=false"},
		"Forwarded, in quotes":                    {standard, edge, []string{"Forwarded", `for="1.2.3.4, for=5.6.7.8", for=203.0.113.5`}, "203.0.113.5 secure=false"},
		"Forwarded, hidden":                       {standard, edge, []string{"Forwarded", `for=_hidden`}, "10.0.0.9 secure=false"},
		"Forwarded, without anything":             {standard, edge, []string{"Forwarded", ` , ,`}, "10.0.0.9 secure=false"},
		"Forwarded, unknown":                      {standard, edge, []string{"Forwarded", `for=1.2.3.4;proto=https, for=unknown;proto=http`}, "10.0.0.9 secure=false"},
		"Forwarded, escaped":                      {standard, edge, []string{"Forwarded", `for="203.0.113\.5";proto="http\s";x="\""`}, "203.0.113.5 secure=true"},
		"Forwarded, a client's line is not read":  {standard, edge, []string{"Forwarded", `for=1.2.3.4;x="`, "Forwarded", "for=203.0.113.5;proto=http"}, "203.0.113.5 secure=false"},
	} {
		h, log := proxied(t, c.settings)
		r, answer := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
		r.RemoteAddr = c.peer
		for i := 0; i < len(c.header); i += 2 {
			r.Header.Add(c.header[i], c.header[i+1])
		}
		h.ServeHTTP(answer, r)
		if got := answer.Body.String(); got != c.want+" shown=none" {
			t.Errorf("%s: %s, and not %s", name, got, c.want)
		}
		if from := strings.Fields(c.want)[0]; !strings.Contains(log.String(), "from="+from) && !strings.Contains(log.String(), `from="`+from) {
			t.Errorf("%s: %s", name, log)
		}
	}
}

// TestForwardedThatIsNone is of clients that begin the header so that what the
// proxy adds to it means something else, and of proxies that write no RFC 7239.
func TestForwardedThatIsNone(t *testing.T) {
	for _, value := range []string{
		`for=9.9.9.9;proto=https;x=", for=6.6.6.6;proto=http`,
		`for=9.9.9.9;proto=https;x=\", for=6.6.6.6;proto=http`,
		`for=9.9.9.9;proto=https;x=", for="[2001:db8::1]:80";proto=http`,
		`for=9.9.9.9;proto=https;x="\, for=6.6.6.6;proto=http`,
		`for=6.6.6.6;proto=http;proto=https`,
		`for=6.6.6.6;For=9.9.9.9`,
		`for=6.6.6.6 proto=https`,
		`for = 6.6.6.6`,
		`for`,
		`for=`,
		`=6.6.6.6`,
		`for=2001:db8::1`,
		`for="6.6.6.6`,
		`for="6.6.6.6"x`,
		`for="6.6.6.6\`,
		"for=\"6.6.6.6\x01\"",
		`for="not an address"`,
		`;;=,"`,
	} {
		h, log := proxied(t, config.Server{Proxies: []string{"10.0.0.0/8"}, ProxyHeader: config.Forwarded})
		r, answer := httptest.NewRequest("GET", "https://ca.example/", nil), httptest.NewRecorder()
		r.RemoteAddr = "10.0.0.9:4711"
		r.Header.Set("Forwarded", value)
		h.ServeHTTP(answer, r)
		if !strings.Contains(answer.Body.String(), `"code":"usage"`) || !strings.Contains(answer.Body.String(), "the header Forwarded is not as RFC 7239 has it") || answer.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", value, answer.Code, answer.Body)
		}
		if !strings.Contains(log.String(), "status=400") || !strings.Contains(log.String(), "from=10.0.0.9 proxy=10.0.0.9") {
			t.Errorf("%s: %s", value, log)
		}
	}
}

// TestProxyTakesTLSAway is of a proxy that was asked without TLS, and asks the
// server by it.
func TestProxyTakesTLSAway(t *testing.T) {
	h, _ := proxied(t, config.Server{Proxies: []string{"10.0.0.1"}, ProxyHeader: config.XForwardedFor})
	for proto, want := range map[string]string{"": "true", "https": "true", "http": "false", "HTTPS": "true"} {
		r, answer := httptest.NewRequest("GET", "https://ca.example/", nil), httptest.NewRecorder()
		r.RemoteAddr = "10.0.0.1:1"
		r.Header.Set("X-Forwarded-For", "203.0.113.5")
		if proto != "" {
			r.Header.Set("X-Forwarded-Proto", proto)
		}
		if h.ServeHTTP(answer, r); answer.Body.String() != "203.0.113.5 secure="+want+" shown=none" {
			t.Errorf("%q: %s", proto, answer.Body)
		}
	}
}

func TestCertificatesByProxies(t *testing.T) {
	w := newWorld(t)
	der := w.server(t).now.Load().identity.current.Load().Leaf.Raw
	name := "ca.example"
	text := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	plain := base64.StdEncoding.EncodeToString(der)
	behind := config.Server{Proxies: []string{"10.0.0.1"}, ProxyHeader: config.XForwardedFor, ProxyShown: "Client-Cert"}
	own := &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{}}}
	own.PeerCertificates[0].Subject.CommonName = "the proxy"
	for what, c := range map[string]struct {
		settings config.Server
		peer     string
		shown    []string
		state    *tls.ConnectionState
		want     string
		log      string
	}{
		"RFC 9440":                {behind, "10.0.0.1:1", []string{":" + plain + ":"}, nil, name, ""},
		"escaped PEM":             {behind, "10.0.0.1:1", []string{url.PathEscape(text)}, nil, name, ""},
		"base64, with its chain":  {behind, "10.0.0.1:1", []string{plain + "," + plain}, nil, name, ""},
		"none":                    {behind, "10.0.0.1:1", []string{""}, nil, "none", ""},
		"by a stranger":           {behind, "192.0.2.1:1", []string{":" + plain + ":"}, nil, "none", ""},
		"twice":                   {behind, "10.0.0.1:1", []string{":" + plain + ":", ":" + plain + ":"}, nil, "none", "the certificate of a client that a proxy passes on cannot be read"},
		"rubbish":                 {behind, "10.0.0.1:1", []string{"%zz"}, nil, "none", "the certificate of a client that a proxy passes on cannot be read"},
		"the header is not named": {config.Server{Proxies: behind.Proxies, ProxyHeader: config.XForwardedFor}, "10.0.0.1:1", []string{":" + plain + ":"}, nil, "none", ""},
		"the proxy shows its own": {behind, "10.0.0.1:1", []string{""}, own, "none", ""},
		"instead of its own":      {behind, "10.0.0.1:1", []string{":" + plain + ":"}, own, name, ""},
	} {
		h, log := proxied(t, c.settings)
		r, answer := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
		r.RemoteAddr, r.TLS = c.peer, c.state
		r.Header.Set("X-Forwarded-For", "203.0.113.5")
		r.Header["Client-Cert"] = c.shown
		if h.ServeHTTP(answer, r); !strings.HasSuffix(answer.Body.String(), "shown="+c.want) {
			t.Errorf("%s: %s, and not %s", what, answer.Body, c.want)
		}
		if c.log != "" && !strings.Contains(log.String(), c.log) || strings.Contains(log.String(), plain) {
			t.Errorf("%s: %s", what, log)
		}
	}
	// Who is no proxy shows its certificate by TLS, whatever it writes.
	h, _ := proxied(t, behind)
	r, answer := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
	r.TLS = own
	r.Header.Set("Client-Cert", ":"+plain+":")
	if h.ServeHTTP(answer, r); !strings.HasSuffix(answer.Body.String(), "shown=the proxy") {
		t.Error(answer.Body)
	}
}

// TestBehindProxy has the whole server answer without TLS to a proxy that says
// its client came by TLS, and to nobody else.
func TestBehindProxy(t *testing.T) {
	w := newWorld(t)
	w.settings.Server.Proxies = []string{"127.0.0.1"}
	w.settings.ACME.RequireEAB = true
	s := w.server(t)
	run(t, s)
	at := s.Told().PlainURL
	for _, c := range []struct {
		path   string
		header []string
		want   int
	}{
		{"/acme/directory", []string{"X-Forwarded-For", "203.0.113.5", "X-Forwarded-Proto", "https"}, http.StatusOK},
		{"/acme/directory", []string{"X-Forwarded-For", "203.0.113.5", "X-Forwarded-Proto", "http"}, http.StatusNotFound},
		{"/acme/directory", nil, http.StatusNotFound},
		{"/api/v1/whoami", []string{"X-Forwarded-Proto", "https", "Authorization", "Bearer " + s.Told().Token}, http.StatusOK},
		{"/healthz", []string{"X-Forwarded-Proto", "http"}, http.StatusOK},
	} {
		if answer, body := get(t, http.DefaultClient, at+c.path, c.header...); answer.StatusCode != c.want {
			t.Errorf("%s %q: %s %s", c.path, c.header, answer.Status, body)
		}
	}
	if !strings.Contains(w.log.String(), "from=203.0.113.5 proxy=127.0.0.1") {
		t.Error(w.log.String())
	}
}

// TestRateLimitsAreOfClients has one client behind a proxy use up what is let
// through, and another one go on.
func TestRateLimitsAreOfClients(t *testing.T) {
	w := newWorld(t)
	w.settings.Server.Proxies = []string{"127.0.0.1"}
	s := w.server(t)
	run(t, s)
	try := func(from, lie string) int {
		t.Helper()
		answer, _ := get(t, http.DefaultClient, s.Told().PlainURL+"/api/v1/whoami", "X-Forwarded-Proto", "https", "X-Forwarded-For", lie+from, "Authorization", "Bearer cwt_wrong")
		return answer.StatusCode
	}
	last := 0
	for i := range 60 {
		last = try("203.0.113.5", fmt.Sprintf("198.51.100.%d, ", i))
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the sixtieth wrong token in a row of one client, who names another address each time: %d", last)
	}
	if other := try("203.0.113.6", ""); other != http.StatusUnauthorized {
		t.Errorf("the first wrong token of another client: %d", other)
	}
}
