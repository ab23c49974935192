package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func server(t *testing.T, handle http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	c, err := New(Config{URL: s.URL + "/", Token: "secret", HTTP: s.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAddressesThatAreNone(t *testing.T) {
	for _, address := range []string{"", "ca.example", "ftp://ca.example", "https://", "https://u:p@ca.example", "https://ca.example?x", "https://ca.example#frag", "https://ca.example#", "https://ca.example?"} {
		if _, err := New(Config{URL: address}); err == nil || err.Error() != fmt.Sprintf("%q is not the URL of a server, as https://ca.example:8443 is", address) {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestTokensAreNotSentInClear(t *testing.T) {
	for _, c := range []struct {
		address, token string
		clear          bool
		want           error
	}{
		{"http://192.0.2.2:8080", "t", false, ErrClear}, {"http://ca.example", "t", false, ErrClear}, {"http://localhost.example", "t", false, ErrClear},
		{"http://ca.example", "t", true, nil}, {"http://ca.example", "", false, nil}, {"https://ca.example", "t", false, nil},
		{"http://127.0.0.1:1", "t", false, nil}, {"http://[::1]:1", "t", false, nil}, {"http://localhost:1", "t", false, nil}, {"http://a.localhost", "t", false, nil},
	} {
		if _, err := New(Config{URL: c.address, Token: c.token, Clear: c.clear}); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestProblems(t *testing.T) {
	for _, c := range []struct{ kind, body, want string }{
		{"application/problem+json; charset=utf-8", `{"code":"refused","reason":"bad-key","detail":"weak"}`, "refused bad-key weak"},
		{"text/html", "<h1>Not found</h1>", "internal  the server answered with the status 404, and not as Certwright does"},
		{"application/problem+json", `{}`, "internal  the server answered with the status 404, and not as Certwright does"},
	} {
		_, err := server(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer secret" || r.URL.Path != "/api/v1/whoami" {
				t.Errorf("%s %v", r.URL.Path, r.Header)
			}
			w.Header().Set("Content-Type", c.kind)
			w.WriteHeader(404)
			fmt.Fprint(w, c.body)
		}).Whoami(t.Context())
		var p *Problem
		if !errors.As(err, &p) || p.Status != 404 || p.Code+" "+p.Reason+" "+p.Error() != c.want {
			t.Errorf("%+v", err)
		}
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	c := server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, "hello")
	})
	if _, err := c.Whoami(t.Context()); err == nil || !strings.Contains(err.Error(), "is not what was expected") {
		t.Error(err)
	}
	if IsNotFound(errors.New("x")) || !IsNotFound(fmt.Errorf("x: %w", &Problem{Code: CodeNotFound})) {
		t.Error("IsNotFound")
	}
}

func TestPages(t *testing.T) {
	asked := ""
	c := server(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		w.Header().Set("Content-Type", "application/json")
		asked += q.Get("limit") + "@" + q.Get("cursor") + " "
		switch q.Get("cursor") {
		case "":
			fmt.Fprint(w, `{"items":[{"serial":"1"},{"serial":"2"}],"next":"n2"}`)
		case "n2":
			fmt.Fprint(w, `{"items":[{"serial":"3"}],"next":"n3"}`)
		default:
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(500)
			fmt.Fprint(w, `{"code":"internal","detail":"broken"}`)
		}
	})
	list := func(ctx context.Context, limit int) (out string) {
		for one, err := range c.Certificates(ctx, CertificateQuery{Limit: limit}) {
			if err != nil {
				return out + err.Error()
			}
			out += one.Serial
		}
		return out
	}
	for limit, want := range map[int]string{0: "123broken", 1: "1", 3: "123"} {
		if got := list(t.Context(), limit); got != want {
			t.Errorf("limit %d: %s", limit, got)
		}
	}
	asked = ""
	list(t.Context(), 3)
	if asked != "3@ 1@n2 " {
		t.Error(asked)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got := list(ended, 0); !strings.Contains(got, "context canceled") {
		t.Error(got)
	}
}
