package client

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// No redirect takes the token or what is ordered to another place than the
// one that was named.
func TestRedirectsToOtherPlaces(t *testing.T) {
	var reached []string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		reached = append(reached, r.Header.Get("Authorization")+" "+string(body))
	}))
	defer elsewhere.Close()
	otherTLS := httptest.NewTLSServer(elsewhere.Config.Handler)
	defer otherTLS.Close()
	for _, to := range []string{elsewhere.URL, otherTLS.URL, "https://example.com"} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			named := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, to+r.URL.Path, status)
			}))
			c, err := New(Config{URL: named.URL, Token: "secret", HTTP: named.Client()})
			if err != nil {
				t.Fatal(err)
			}
			_, asked := c.Whoami(t.Context())
			_, ordered := c.NewSecret(t.Context(), Secret{Reference: "plant", Value: "quiet"})
			for _, err := range []error{asked, ordered} {
				var sent *RedirectError
				if !errors.As(err, &sent) || sent.To != to || sent.From != named.URL || sent.Error() != "it sends to "+to+", where neither the token nor the order goes by itself" {
					t.Errorf("%d to %s: %v", status, to, err)
				}
			}
			named.Close()
		}
	}
	if len(reached) > 0 {
		t.Errorf("these were sent on: %q", reached)
	}
}

// Within the place that was named a redirect is followed, unless it makes a
// question of an order.
func TestRedirectsWithinThePlace(t *testing.T) {
	for _, c := range []struct {
		status int
		method string
		follow bool
	}{{302, "GET", true}, {308, "GET", true}, {307, "POST", true}, {302, "POST", false}, {303, "POST", false}} {
		reached := false
		s := server(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/elsewhere" {
				http.Redirect(w, r, "/elsewhere", c.status)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			reached = r.Method == c.method && r.Header.Get("Authorization") == "Bearer secret"
			io.WriteString(w, "{}")
		})
		var err error
		if c.method == "GET" {
			_, err = s.Whoami(t.Context())
		} else {
			_, err = s.NewSecret(t.Context(), Secret{Reference: "plant"})
		}
		var sent *RedirectError
		if (err == nil) != c.follow || reached != c.follow || errors.As(err, &sent) == c.follow {
			t.Errorf("%+v: %t %v", c, reached, err)
		}
	}
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
	})
	if _, err := s.Whoami(t.Context()); err == nil {
		t.Error("a redirect to itself is followed for ever")
	}
}
