package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
)

func itoa(n int) string { return strconv.Itoa(n) }

// NewToken makes an API token. Its Text is told here and never again.
func (c *Client) NewToken(ctx context.Context, t Token) (*Token, error) {
	return one[Token](ctx, c, http.MethodPost, "/tokens", nil, t)
}

// Tokens yields the API tokens, those of a principal where a name is given.
func (c *Client) Tokens(ctx context.Context, name string) iter.Seq2[*Token, error] {
	values := url.Values{}
	set(values, "name", name)
	return pages[Token](ctx, c, "/tokens", values, 0)
}

// RevokeToken ends an API token.
func (c *Client) RevokeToken(ctx context.Context, id string) (*Token, error) {
	return one[Token](ctx, c, http.MethodDelete, "/tokens/"+url.PathEscape(id), nil, nil)
}

// NewSecret keeps a shared secret. A Value that was made is told here and
// never again.
func (c *Client) NewSecret(ctx context.Context, s Secret, options ...Option) (*Secret, error) {
	return one[Secret](ctx, c, http.MethodPost, "/secrets", nil, s, options...)
}

// Secrets yields the shared secrets.
func (c *Client) Secrets(ctx context.Context) iter.Seq2[*Secret, error] {
	return pages[Secret](ctx, c, "/secrets", nil, 0)
}

// Secret returns what is known of a shared secret.
func (c *Client) Secret(ctx context.Context, reference string) (*Secret, error) {
	return one[Secret](ctx, c, http.MethodGet, "/secrets/"+url.PathEscape(reference), nil, nil)
}

// RevokeSecret ends a shared secret.
func (c *Client) RevokeSecret(ctx context.Context, reference string) (*Secret, error) {
	return one[Secret](ctx, c, http.MethodDelete, "/secrets/"+url.PathEscape(reference), nil, nil)
}

// Events yields the audit chain from this entry on, at most limit (0: all).
func (c *Client) Events(ctx context.Context, from int64, limit int) iter.Seq2[*Event, error] {
	values := url.Values{}
	if from > 0 {
		values.Set("from", strconv.FormatInt(from, 10))
	}
	return pages[Event](ctx, c, "/audit", values, limit)
}

// VerifyAudit has the server verify the audit chain.
func (c *Client) VerifyAudit(ctx context.Context) (*Audit, error) {
	return one[Audit](ctx, c, http.MethodGet, "/audit/verify", nil, nil)
}

// NewExternalAccount makes a key of an external account of ACME; Key is told
// here only.
func (c *Client) NewExternalAccount(ctx context.Context, e ExternalAccount, options ...Option) (*ExternalAccount, error) {
	return one[ExternalAccount](ctx, c, http.MethodPost, "/acme/eab", nil, e, options...)
}

// ExternalAccounts yields the keys of external accounts of ACME.
func (c *Client) ExternalAccounts(ctx context.Context) iter.Seq2[*ExternalAccount, error] {
	return pages[ExternalAccount](ctx, c, "/acme/eab", nil, 0)
}

// RevokeExternalAccount makes a key of an external account worthless.
func (c *Client) RevokeExternalAccount(ctx context.Context, keyID string) error {
	return c.call(ctx, http.MethodDelete, "/acme/eab/"+url.PathEscape(keyID), nil, nil, nil)
}

// ACMEAccounts yields the accounts of ACME.
func (c *Client) ACMEAccounts(ctx context.Context) iter.Seq2[*ACMEAccount, error] {
	return pages[ACMEAccount](ctx, c, "/acme/accounts", nil, 0)
}

// EndACMEAccount ends an account of ACME for good.
func (c *Client) EndACMEAccount(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, "/acme/accounts/"+url.PathEscape(id), nil, nil, nil)
}
