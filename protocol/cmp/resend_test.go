package cmp

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// broken answers by the errors it has, in turn, and then as an echo.
type broken struct {
	errs []error
	got  [][]byte
}

func (b *broken) Exchange(_ context.Context, message []byte) ([]byte, error) {
	b.got = append(b.got, message)
	if len(b.errs) > 0 {
		err := b.errs[0]
		b.errs = b.errs[1:]
		return nil, err
	}
	return message, nil
}

func TestMessagesAreSentAgain(t *testing.T) {
	dial, enough := &net.OpError{Op: "dial", Err: errors.New("connection refused")}, errors.New("enough")
	for name, c := range map[string]struct {
		reached bool
		errs    []error
		most    int // failures that are borne
		sent    int
		want    error
	}{
		"at once":                          {sent: 1},
		"after the connection broke":       {errs: []error{io.ErrUnexpectedEOF, io.EOF}, most: 5, sent: 3},
		"nobody listens at the first time": {errs: []error{dial}, most: 5, sent: 1, want: dial},
		"nobody listens any more":          {reached: true, errs: []error{dial, dial}, most: 5, sent: 3},
		"the server starts":                {errs: []error{&UnavailableError{"u", "503 Service Unavailable"}}, most: 5, sent: 2},
		"too often":                        {errs: []error{io.EOF, io.EOF, io.EOF}, most: 2, sent: 3, want: enough},
		"what does not pass":               {errs: []error{ErrUnprotected}, most: 5, sent: 1, want: ErrUnprotected},
	} {
		b := &broken{errs: c.errs}
		r := &Resender{Transport: b, reached: c.reached, Again: func(_ context.Context, failure error, sent int) error {
			if sent > c.most {
				return enough
			}
			return nil
		}}
		answer, err := r.Exchange(context.Background(), []byte("message"))
		if !errors.Is(err, c.want) || err == nil && string(answer) != "message" {
			t.Errorf("%s: %q, %v; want %v", name, answer, err, c.want)
		}
		if len(b.got) != c.sent {
			t.Errorf("%s: sent %d times, want %d", name, len(b.got), c.sent)
		}
		for _, m := range b.got {
			if string(m) != "message" {
				t.Errorf("%s: another message was sent: %q", name, m)
			}
		}
	}
}

func TestUnavailableServers(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	defer server.Close()
	_, err := HTTP{URL: server.URL}.Exchange(context.Background(), nil)
	var unavailable *UnavailableError
	if !errors.As(err, &unavailable) || err.Error() != server.URL+" answers 503 Service Unavailable: the server is not ready" {
		t.Error(err)
	}
}
