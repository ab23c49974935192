package acme

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Client speaks to one server in the name of one account key. It is safe for
// concurrent use. Problems that the server reports come as *Problem errors.
type Client struct {
	DirectoryURL string
	HTTP         *http.Client  // nil: http.DefaultClient
	Private      crypto.Signer // as Sign takes it
	AccountURL   string        // set by Register

	mu        sync.Mutex
	directory *Directory
	nonces    []string
}

// maxBody bounds what a server may answer, in octets.
const maxBody = 1 << 20

// Directory returns the server's directory, fetched once.
func (c *Client) Directory(ctx context.Context) (*Directory, error) {
	c.mu.Lock()
	known := c.directory
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	var d Directory
	if err := c.get(ctx, c.DirectoryURL, &d); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.directory = &d
	return &d, nil
}

func (c *Client) get(ctx context.Context, url string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("asking for %s: %w", url, err)
	}
	_, body, err := c.do(request)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("reading the answer of %s: %w", url, err)
	}
	return nil
}

// do sends a request, keeps the nonce of the answer, and turns problems into
// errors.
func (c *Client) do(request *http.Request) (*http.Response, []byte, error) {
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, nil, fmt.Errorf("asking the ACME server: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return nil, nil, fmt.Errorf("reading the answer of the ACME server: %w", err)
	}
	if nonce := response.Header.Get("Replay-Nonce"); nonce != "" {
		c.mu.Lock()
		c.nonces = append(c.nonces, nonce)
		c.mu.Unlock()
	}
	if response.StatusCode < 400 {
		return response, body, nil
	}
	problem := &Problem{}
	if json.Unmarshal(body, problem) != nil || problem.Type == "" {
		problem = NewProblem(ServerInternal, fmt.Sprintf("the server answered %s", response.Status))
	}
	problem.Status = response.StatusCode
	return response, body, problem
}

// Nonce returns a nonce that was not used yet.
func (c *Client) Nonce(ctx context.Context) (string, error) {
	if nonce := c.kept(); nonce != "" {
		return nonce, nil
	}
	d, err := c.Directory(ctx)
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, d.NewNonce, nil)
	if err != nil {
		return "", fmt.Errorf("asking for a nonce: %w", err)
	}
	if _, _, err := c.do(request); err != nil {
		return "", err
	}
	return c.kept(), nil
}

func (c *Client) kept() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.nonces) == 0 {
		return ""
	}
	last := len(c.nonces) - 1
	nonce := c.nonces[last]
	c.nonces = c.nonces[:last]
	return nonce
}

// Post sends a payload, signed by the account (or by the key itself before
// there is one), and reads the answer into a value. A nil payload asks for the
// resource (POST-as-GET). A bad nonce is tried again, twice.
func (c *Client) Post(ctx context.Context, url string, payload, into any) (*http.Response, error) {
	response, body, err := c.post(ctx, c.Private, Header{KeyID: c.AccountURL, URL: url}, payload)
	if err != nil || into == nil {
		return response, err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return response, fmt.Errorf("reading the answer of %s: %w", url, err)
	}
	return response, nil
}

func (c *Client) post(ctx context.Context, private crypto.Signer, h Header, payload any) (*http.Response, []byte, error) {
	content := []byte{}
	var err error
	if payload != nil {
		if content, err = json.Marshal(payload); err != nil {
			return nil, nil, fmt.Errorf("encoding a message: %w", err)
		}
	}
	for attempt := 0; ; attempt++ {
		if h.Nonce, err = c.Nonce(ctx); err != nil {
			return nil, nil, err
		}
		signed, err := Sign(private, h, content)
		if err != nil {
			return nil, nil, err
		}
		response, body, err := c.Send(ctx, h.URL, signed)
		if p, ok := err.(*Problem); !ok || !p.Has(BadNonce) || attempt == 2 {
			return response, body, err
		}
	}
}

// Send posts a message as it is.
func (c *Client) Send(ctx context.Context, url string, message []byte) (*http.Response, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(message))
	if err != nil {
		return nil, nil, fmt.Errorf("posting to %s: %w", url, err)
	}
	request.Header.Set("Content-Type", ContentType)
	return c.do(request)
}

// Register makes the account, or finds the one of the key, and remembers its
// URL.
func (c *Client) Register(ctx context.Context, n NewAccount) (*Account, error) {
	d, err := c.Directory(ctx)
	if err != nil {
		return nil, err
	}
	var a Account
	c.AccountURL = ""
	response, err := c.Post(ctx, d.NewAccount, n, &a)
	if err != nil {
		return nil, err
	}
	c.AccountURL = response.Header.Get("Location")
	return &a, nil
}

// RollOver gives the account another key (RFC 8555, Section 7.3.5).
func (c *Client) RollOver(ctx context.Context, to crypto.Signer) error {
	d, err := c.Directory(ctx)
	if err != nil {
		return err
	}
	old, err := NewKey(c.Private.Public())
	if err != nil {
		return err
	}
	inner, err := json.Marshal(KeyChange{Account: c.AccountURL, OldKey: *old})
	if err != nil {
		return fmt.Errorf("encoding a change of key: %w", err)
	}
	signed, err := Sign(to, Header{URL: d.KeyChange}, inner)
	if err != nil {
		return err
	}
	if _, err := c.Post(ctx, d.KeyChange, json.RawMessage(signed), nil); err != nil {
		return err
	}
	c.Private = to
	return nil
}

// Order places an order, and returns it with its URL.
func (c *Client) Order(ctx context.Context, n NewOrder) (*Order, string, error) {
	d, err := c.Directory(ctx)
	if err != nil {
		return nil, "", err
	}
	var o Order
	response, err := c.Post(ctx, d.NewOrder, n, &o)
	if err != nil {
		return nil, "", err
	}
	return &o, response.Header.Get("Location"), nil
}

// Authorization fetches an authorization.
func (c *Client) Authorization(ctx context.Context, url string) (*Authorization, error) {
	var a Authorization
	_, err := c.Post(ctx, url, nil, &a)
	return &a, err
}

// Accept says that a challenge can be looked at.
func (c *Client) Accept(ctx context.Context, url string) (*Challenge, error) {
	var ch Challenge
	_, err := c.Post(ctx, url, struct{}{}, &ch)
	return &ch, err
}

// Settled asks for an order until it is neither pending nor processing,
// waiting as the server says, and at least pause, in between.
func (c *Client) Settled(ctx context.Context, url string, pause time.Duration) (*Order, error) {
	for {
		var o Order
		response, err := c.Post(ctx, url, nil, &o)
		if err != nil || o.Status != StatusPending && o.Status != StatusProcessing {
			return &o, err
		}
		wait := pause
		if after, err := time.ParseDuration(response.Header.Get("Retry-After") + "s"); err == nil {
			wait = max(wait, after)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// Finalize hands in the DER of a PKCS#10 request.
func (c *Client) Finalize(ctx context.Context, o *Order, csr []byte) (*Order, error) {
	var out Order
	_, err := c.Post(ctx, o.Finalize, Finalize{CSR: base64.RawURLEncoding.EncodeToString(csr)}, &out)
	return &out, err
}

// Certificate fetches the PEM of a chain, and the URLs of alternates.
func (c *Client) Certificate(ctx context.Context, url string) (chain []byte, alternates []string, err error) {
	response, body, err := c.post(ctx, c.Private, Header{KeyID: c.AccountURL, URL: url}, nil)
	if err != nil {
		return nil, nil, err
	}
	for _, link := range response.Header.Values("Link") {
		target, relation, _ := strings.Cut(link, ";")
		if strings.Contains(relation, `rel="alternate"`) {
			alternates = append(alternates, strings.Trim(strings.TrimSpace(target), "<>"))
		}
	}
	return body, alternates, nil
}

// Revoke asks for a certificate to be revoked, by this key: that of the
// certificate; nil: that of the account.
func (c *Client) Revoke(ctx context.Context, certificate []byte, reason int, by crypto.Signer) error {
	d, err := c.Directory(ctx)
	if err != nil {
		return err
	}
	h := Header{URL: d.RevokeCert}
	if by == nil {
		by, h.KeyID = c.Private, c.AccountURL
	}
	_, _, err = c.post(ctx, by, h, Revocation{Certificate: base64.RawURLEncoding.EncodeToString(certificate), Reason: &reason})
	return err
}

// Renewal asks when a certificate, named by CertID, is to be renewed.
func (c *Client) Renewal(ctx context.Context, certID string) (*RenewalInfo, error) {
	d, err := c.Directory(ctx)
	if err != nil {
		return nil, err
	}
	var info RenewalInfo
	err = c.get(ctx, d.RenewalInfo+"/"+certID, &info)
	return &info, err
}
