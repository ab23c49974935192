package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
)

// Submit asks for a certificate. A request that is refused is a *Problem with
// the code "refused", with its ticket and findings; one that is held is an
// Outcome in that state.
func (c *Client) Submit(ctx context.Context, s Submission, options ...Option) (*Outcome, error) {
	return one[Outcome](ctx, c, http.MethodPost, "/requests", nil, s, options...)
}

// Check judges a request as Submit would, and records and signs nothing. A
// refusal is an Outcome in that state, with its findings.
func (c *Client) Check(ctx context.Context, s Submission) (*Outcome, error) {
	return one[Outcome](ctx, c, http.MethodPost, "/requests/check", nil, s)
}

// RequestQuery selects requests; empty fields do not narrow it.
type RequestQuery struct {
	State          string
	Open           bool // held, asked or unconfirmed
	CA             string
	Requester      string
	Fingerprint    string // SHA-256 of the request, hexadecimal
	KeyFingerprint string
	Limit          int // 0: all
}

// Requests yields requests on record, oldest first.
func (c *Client) Requests(ctx context.Context, q RequestQuery) iter.Seq2[*Request, error] {
	values := url.Values{}
	set(values, "state", q.State)
	set(values, "ca", q.CA)
	set(values, "requester", q.Requester)
	set(values, "fingerprint", q.Fingerprint)
	set(values, "keyFingerprint", q.KeyFingerprint)
	if q.Open {
		values.Set("open", "true")
	}
	return pages[Request](ctx, c, "/requests", values, q.Limit)
}

func set(values url.Values, key, value string) {
	if value != "" {
		values.Set(key, value)
	}
}

// Request returns a request on record: an open one as it would be judged now.
func (c *Client) Request(ctx context.Context, ticket string) (*Request, error) {
	return one[Request](ctx, c, http.MethodGet, "/requests/"+url.PathEscape(ticket), nil, nil)
}

// said is what is said with a step of a review.
type said struct {
	Text string `json:"text,omitempty"`
}

func (c *Client) step(ctx context.Context, ticket, step, text string, options ...Option) (*Outcome, error) {
	return one[Outcome](ctx, c, http.MethodPost, "/requests/"+url.PathEscape(ticket)+"/"+step, nil, said{text}, options...)
}

// Ask asks the applicant of a held request for more, as an officer.
func (c *Client) Ask(ctx context.Context, ticket, text string, options ...Option) (*Outcome, error) {
	return c.step(ctx, ticket, "ask", text, options...)
}

// Answer answers, as the applicant, what an officer asked.
func (c *Client) Answer(ctx context.Context, ticket, text string, options ...Option) (*Outcome, error) {
	return c.step(ctx, ticket, "answer", text, options...)
}

// Approve has a held request judged anew and signed, as an officer. One that
// would be refused now stays held: the Outcome's Error says why.
func (c *Client) Approve(ctx context.Context, ticket, note string, options ...Option) (*Outcome, error) {
	return c.step(ctx, ticket, "approve", note, options...)
}

// Refuse closes an open request, as an officer.
func (c *Client) Refuse(ctx context.Context, ticket, why string, options ...Option) (*Outcome, error) {
	return c.step(ctx, ticket, "refuse", why, options...)
}

// Withdraw closes an open request, as its applicant.
func (c *Client) Withdraw(ctx context.Context, ticket string, options ...Option) (*Outcome, error) {
	return c.step(ctx, ticket, "withdraw", "", options...)
}

// Confirm answers, as the applicant, what was encrypted to the key of a
// request.
func (c *Client) Confirm(ctx context.Context, ticket string, answer Confirmation) (*Outcome, error) {
	return one[Outcome](ctx, c, http.MethodPost, "/requests/"+url.PathEscape(ticket)+"/confirm", nil, answer)
}
