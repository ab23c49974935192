package acmecheck

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"

	"github.com/certwright/certwright/protocol/acme"
)

const (
	maxRedirects = 5
	maxResponse  = 4 << 10 // octets of a response that are read
)

// http01 fetches the key authorization (RFC 8555, Section 8.3).
func (c *Checker) http01(ctx context.Context, r *resolver, t *Task) *acme.Problem {
	host := t.Identifier.Value
	authority := host
	if strings.Contains(host, ":") {
		authority = "[" + host + "]"
	}
	target := "http://" + authority + "/.well-known/acme-challenge/" + t.Token
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return acme.NewProblem(acme.Malformed, "no URL can be made of the name "+excerpt(host))
	}
	var seen visit
	request = request.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: seen.connected}))
	request.Header.Set("User-Agent", "certwright")
	request.Header.Set("Accept", "*/*")
	response, err := c.client(r).Do(request)
	if err != nil {
		return httpProblem(err, host, c.settings.HTTPPort)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	if err != nil {
		return connectionProblem(err, host, c.settings.HTTPPort)
	}
	asked := target
	if seen.redirected = response.Request.Response != nil; seen.redirected {
		asked += ", by way of a redirect," // to where is not told: that host may have sent it on
	}
	if response.StatusCode != http.StatusOK {
		return acme.NewProblem(acme.Unauthorized, fmt.Sprintf("%s answered with status %d; see that the responder serves the file of the challenge", asked, response.StatusCode))
	}
	// Blanks after the text are let pass (RFC 8555, Section 8.3).
	if want := t.keyAuthorization(); strings.TrimRight(string(body), " \t\r\n") != want {
		return acme.NewProblem(acme.Unauthorized, fmt.Sprintf("%s answered %s, not the key authorization %s; see that the responder is the one of this account", asked, seen.told(body), want))
	}
	return nil
}

// redirectError says why a redirect was not followed.
type redirectError struct{ why string }

func (e *redirectError) Error() string { return e.why }

// client makes a client for one check, which looks up and guards every
// connection it makes, redirected or not.
func (c *Checker) client(r *resolver) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 16 << 10,
			// A redirect to TLS leads to a server that may have no
			// certificate yet; what it says is proof by itself.
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
			DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
				host, port, err := net.SplitHostPort(address)
				if err != nil {
					return nil, fmt.Errorf("reading the address %s: %w", address, err)
				}
				number, err := strconv.ParseUint(port, 10, 16)
				if err != nil {
					return nil, fmt.Errorf("reading the port of %s: %w", address, err)
				}
				return c.dial(ctx, r, host, c.portFor(int(number)))
			},
		},
		CheckRedirect: func(next *http.Request, before []*http.Request) error { return c.mayFollow(next.URL, len(before)) },
	}
}

// portFor is the port to connect to where a URL means this one: the operator
// may have moved the usual ones.
func (c *Checker) portFor(port int) int {
	switch port {
	case 80:
		return c.settings.HTTPPort
	case 443:
		return c.settings.HTTPSPort
	}
	return port
}

// mayFollow refuses redirects to other schemes and ports, and too many.
func (c *Checker) mayFollow(to *url.URL, followed int) error {
	port := map[string]int{"http": c.settings.HTTPPort, "https": c.settings.HTTPSPort}[to.Scheme]
	usual := map[string]string{"http": "80", "https": "443"}[to.Scheme]
	switch {
	case followed > maxRedirects:
		return &redirectError{fmt.Sprintf("there were more than %d redirects", maxRedirects)}
	case port == 0:
		return &redirectError{"the redirect is to a URL that is neither http nor https"}
	case to.User != nil:
		return &redirectError{"the redirect is to a URL with a user name in it"}
	case to.Port() != "" && to.Port() != usual && to.Port() != strconv.Itoa(port):
		return &redirectError{fmt.Sprintf("the redirect is to port %s; only %d for http and %d for https are followed", to.Port(), c.settings.HTTPPort, c.settings.HTTPSPort)}
	}
	return nil
}

func httpProblem(err error, host string, port int) *acme.Problem {
	var redirect *redirectError
	if errors.As(err, &redirect) {
		return acme.NewProblem(acme.Connection, "asking "+host+": "+redirect.why+"; serve the file of the challenge without that")
	}
	return connectionProblem(err, host, port)
}
