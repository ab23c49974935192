// Package client speaks to a Certwright server over its REST interface.
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
)

// Config is what a Client is made from.
type Config struct {
	URL   string       // of the server: https://ca.example:8443
	Token string       // an API token, or a token of OpenID Connect; empty where a client certificate speaks for the sender
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
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("%q is not the URL of a server, as https://ca.example:8443 is", c.URL)
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
	answer, err := c.send(ctx, method, path, query, encoded, options...)
	if err != nil {
		return err
	}
	if raw, ok := out.(*[]byte); ok {
		*raw = answer
		return nil
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("the answer of %s is not what was expected: %w", c.base, err)
	}
	return nil
}

func (c *Client) send(ctx context.Context, method, path string, query url.Values, body io.Reader, options ...Option) ([]byte, error) {
	address := c.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, fmt.Errorf("the address %q: %w", address, err)
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
		return nil, err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(io.LimitReader(answer.Body, mostRead+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the answer of %s: %w", c.base, err)
	case len(data) > mostRead:
		return nil, fmt.Errorf("the answer of %s is larger than 64 MiB", c.base)
	case answer.StatusCode >= 300:
		return nil, problemOf(answer, data)
	}
	return data, nil
}

// problemOf reads a problem, or makes one of an answer that is none: another
// server's, say.
func problemOf(answer *http.Response, data []byte) error {
	var p Problem
	if kind, _, _ := strings.Cut(answer.Header.Get("Content-Type"), ";"); kind == "application/problem+json" && json.Unmarshal(data, &p) == nil && p.Code != "" {
		p.Status = answer.StatusCode
		return &p
	}
	return &Problem{Status: answer.StatusCode, Title: http.StatusText(answer.StatusCode), Code: CodeInternal, Detail: fmt.Sprintf("the server answered with the status %d, and not as Certwright does", answer.StatusCode),
		Fix: "check the address of the server"}
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
