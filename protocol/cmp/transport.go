package cmp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

// ContentType is that of messages over HTTP (RFC 9811, Section 3.4).
const ContentType = "application/pkixcmp"

// Transport carries a message to a server, and its answer back.
type Transport interface {
	Exchange(ctx context.Context, message []byte) ([]byte, error)
}

// HTTP is the transport of RFC 9811.
type HTTP struct {
	URL    string
	Client *http.Client // http.DefaultClient where nil
}

// Exchange posts a message. Answers with an error status are taken where they
// are CMP messages all the same.
func (h HTTP) Exchange(ctx context.Context, message []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(message))
	if err != nil {
		return nil, fmt.Errorf("sending a CMP message: %w", err)
	}
	request.Header.Set("Content-Type", ContentType)
	request.Header.Set("Cache-Control", "no-cache")
	client := h.Client
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("sending a CMP message: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading the answer of %s: %w", h.URL, err)
	}
	if t, _, err := mime.ParseMediaType(response.Header.Get("Content-Type")); err != nil || t != ContentType {
		switch response.StatusCode {
		case http.StatusOK:
		case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return nil, &UnavailableError{h.URL, response.Status}
		default:
			return nil, fmt.Errorf("%s answers %s; is it the address of a CMP server?", h.URL, response.Status)
		}
		return nil, fmt.Errorf("%s answers with %q, not %s; is it the address of a CMP server?", h.URL, response.Header.Get("Content-Type"), ContentType)
	}
	if len(body) > MaxSize {
		return nil, errors.New("the answer is larger than any CMP message may be")
	}
	return body, nil
}
