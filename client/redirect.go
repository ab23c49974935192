package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// RedirectError says that a server sends the sender to another place, and that
// nothing was sent there: the token and what is ordered are for the place that
// was named.
type RedirectError struct {
	From   string // scheme, host and port of the server
	To     string // and of where it sends to
	Within bool   // it is the place that was named, but the redirect makes a question of an order (303, say)
}

// Error says where the server sends to.
func (e *RedirectError) Error() string {
	if e.Within {
		return "it answers the order with a redirect, by which it would be lost"
	}
	return fmt.Sprintf("it sends to %s, where neither the token nor the order goes by itself", e.To)
}

// errAgain stops redirects that lead nowhere.
var errAgain = errors.New("it redirects too often")

const mostRedirects = 10

// staying has a copy of a client follow redirects within the place that was
// named only, and none that makes a question of an order (RFC 9110, Section 15.4).
func staying(c *http.Client) *http.Client {
	out := *c
	out.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		first := via[0]
		within := place(next.URL) == place(first.URL)
		switch {
		case !within || next.Method != first.Method:
			return &RedirectError{From: first.URL.Scheme + "://" + first.URL.Host, To: next.URL.Scheme + "://" + next.URL.Host, Within: within}
		case c.CheckRedirect != nil:
			return c.CheckRedirect(next, via)
		case len(via) >= mostRedirects:
			return errAgain
		}
		return nil
	}
	return &out
}

// place is an origin (RFC 6454, Section 4), with the port that stands for none.
func place(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}
