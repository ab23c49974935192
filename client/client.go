// Package client speaks to a Certwright server over its REST interface: it asks
// for certificates, renews, fetches and revokes them, and decides on requests.
//
// [New] makes a [Client], each of whose methods is one operation, or one list. What
// the server has against an order is a *[Problem], whose Code and Reason are stable;
// other errors say that no answer of a server came. [Client.Submit] gives an
// [Outcome], which has the certificate only where its State is [Issued]: otherwise
// ask later by [Client.Request], and [Client.Fetch] it once it has a Serial.
// [WithKey] makes it harmless to send an order again, and [IfMatch] has a decision
// made only on what was seen.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Config is what a Client is made from.
type Config struct {
	URL   string       // of the server: https://ca.example:8443
	Token string       // an API token, or a token of OpenID Connect, with or without the end of a line; empty where a client certificate speaks for the sender
	HTTP  *http.Client // nil: http.DefaultClient; trust in the server's certificate is set here; redirects to other places are followed in no case: RedirectError
	Clear bool         // send the token to an http:// address beyond this machine, too, where all on the way can read it
}

// ErrClear says that a token would be sent where all on the way can read it
// (RFC 6750, Section 5.3).
var ErrClear = errors.New("the token would be sent without TLS, for all on the way to read")

// Client speaks to one server. It is safe for concurrent use.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// New checks the configuration.
func New(c Config) (*Client, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(c.URL, "?#") || u.User != nil {
		return nil, fmt.Errorf("%q is not the URL of a server, as https://ca.example:8443 is", c.URL)
	}
	c.Token = strings.TrimSpace(c.Token) // a file ends its lines
	if strings.ContainsFunc(c.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("the token has characters that no token has; give the text that was told when it was made")
	}
	if u.Scheme == "http" && c.Token != "" && !c.Clear && !loopback(u.Hostname()) {
		return nil, ErrClear
	}
	if c.HTTP == nil {
		c.HTTP = http.DefaultClient
	}
	return &Client{base: strings.TrimRight(c.URL, "/") + "/api/v1", token: c.Token, http: staying(c.HTTP)}, nil
}

// loopback reports whether a host is this machine (RFC 6761, Section 6.3).
func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// Option is something said beside an order.
type Option func(*http.Request)

// WithKey makes it harmless to send an order twice: under the same key the same
// request gives the same ticket, and what makes a secret makes one, and is a
// *Problem (CodeExists) the second time.
func WithKey(idempotencyKey string) Option {
	return func(r *http.Request) { r.Header.Set("Idempotency-Key", idempotencyKey) }
}

// IfMatch has a decision made only if the request or certificate is still as it was
// when it was shown with this ETag; else the error is a *Problem with the status 412.
func IfMatch(etag string) Option {
	return func(r *http.Request) { r.Header.Set("If-Match", etag) }
}

// mostRead bounds what is read of an answer.
const mostRead = 64 << 20

// call sends body (nil: none) as JSON, and reads the answer into out. What the
// server has against it is a *Problem.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, body, out any, options ...Option) error {
	var encoded io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encoding what is sent: %w", err)
		}
		encoded = bytes.NewReader(text)
	}
	answer, data, err := c.send(ctx, method, path, query, encoded, options...)
	if err != nil {
		return err
	}
	kind, _, _ := strings.Cut(answer.Header.Get("Content-Type"), ";")
	strange := func(cause string) error {
		return fmt.Errorf("the answer of %s is not what was expected: %s; check the address of the server", c.base, cause)
	}
	switch out := out.(type) {
	case nil:
		if answer.StatusCode != http.StatusNoContent {
			return strange(fmt.Sprintf("the status %d with %q, and not 204 alone", answer.StatusCode, kind))
		}
		return nil
	case *[]byte:
		if !strings.HasPrefix(kind, "application/") || kind == "application/json" {
			return strange(fmt.Sprintf("it is of the kind %q", kind))
		}
		*out = data
		return nil
	}
	if kind != "application/json" {
		return strange(fmt.Sprintf("it is of the kind %q, and not JSON", kind))
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("the answer of %s is not what was expected: %w", c.base, err)
	}
	if t, ok := out.(tagged); ok {
		t.tag(answer.Header.Get("ETag"))
	}
	return nil
}

// tagged is what is shown with an entity tag.
type tagged interface{ tag(string) }

func (r *Request) tag(etag string)     { r.ETag = etag }
func (c *Certificate) tag(etag string) { c.ETag = etag }

func (c *Client) send(ctx context.Context, method, path string, query url.Values, body io.Reader, options ...Option) (*http.Response, []byte, error) {
	address := c.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, nil, fmt.Errorf("the address %q: %w", address, err)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, option := range options {
		option(r)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, mostRead+1))
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("reading the answer of %s: %w", c.base, err)
	case len(data) > mostRead:
		return nil, nil, fmt.Errorf("the answer of %s is larger than 64 MiB", c.base)
	case answer.StatusCode >= 300:
		return nil, nil, problemOf(answer, data)
	}
	return answer, data, nil
}

// problemOf reads a problem, or makes one of an answer that is none: another
// server's, say.
func problemOf(answer *http.Response, data []byte) error {
	var p Problem
	if kind, _, _ := strings.Cut(answer.Header.Get("Content-Type"), ";"); kind != "application/problem+json" || json.Unmarshal(data, &p) != nil || p.Code == "" {
		p = Problem{Title: http.StatusText(answer.StatusCode), Code: CodeInternal, Detail: fmt.Sprintf("the server answered with the status %d, and not as Certwright does", answer.StatusCode),
			Fix: "check the address of the server"}
	}
	p.Status, p.RetryAfter = answer.StatusCode, retryAfter(answer.Header)
	return &p
}

// maxRetryAfter bounds what a server may say of when to come again.
const maxRetryAfter = 24 * time.Hour

// retryAfter is how long to wait: seconds, or until a date, which is held against
// the server's own clock (RFC 9110, Section 10.2.3).
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Duration(min(max(seconds, 0), int64(maxRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(text)
	now, dated := http.ParseTime(h.Get("Date"))
	if err != nil || dated != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}

// IsNotFound reports whether an error says that there is no such thing, or
// none that the sender may see.
func IsNotFound(err error) bool {
	var p *Problem
	return errors.As(err, &p) && p.Code == CodeNotFound
}

// one calls and returns the answer.
func one[T any](ctx context.Context, c *Client, method, path string, query url.Values, body any, options ...Option) (*T, error) {
	var out T
	if err := c.call(ctx, method, path, query, body, &out, options...); err != nil {
		return nil, err
	}
	return &out, nil
}

// pages yields the items of a list, page by page, at most limit (0: all).
func pages[T any](ctx context.Context, c *Client, path string, query url.Values, limit int) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		query = cloned(query)
		for given := 0; ; {
			query.Set("limit", strconv.Itoa(pageSize))
			if limit > 0 {
				query.Set("limit", strconv.Itoa(min(pageSize, limit-given)))
			}
			page, err := one[Page[T]](ctx, c, http.MethodGet, path, query, nil)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range page.Items {
				given++
				if !yield(&page.Items[i], nil) || given == limit {
					return
				}
			}
			if page.Next == "" {
				return
			}
			query.Set("cursor", page.Next)
		}
	}
}

const pageSize = 200

func cloned(query url.Values) url.Values {
	out := url.Values{}
	for k, v := range query {
		out[k] = v
	}
	return out
}

// Whoami returns who the server takes the sender for.
func (c *Client) Whoami(ctx context.Context) (*Identity, error) {
	return one[Identity](ctx, c, http.MethodGet, "/whoami", nil, nil)
}
