package acmesrv

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/protocol/acme"
)

// from has a client come from an address.
type from struct {
	server  http.Handler
	address string
}

func (f *from) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	asked := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), r.Body)
	asked.Header, asked.RemoteAddr = r.Header, f.address
	f.server.ServeHTTP(answer, asked)
	return answer.Result(), nil
}

// TestAccountsPerNetwork has a host make accounts from one address of its
// network after the other.
func TestAccountsPerNetwork(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Orders.AccountsPerAddress = acmeorder.Limit{Count: 2, Per: time.Hour} })
	register := func(address string) error {
		c := w.client(t)
		c.HTTP = &http.Client{Transport: &from{w.Server, address}}
		_, err := c.Register(t.Context(), acme.NewAccount{})
		return err
	}
	check(t, register("[2001:db8:0:1::2]:4711"))
	check(t, register("[2001:db8:0:1::3]:4711"))
	is(t, register("[2001:db8:0:1:ffff::4]:4711"), acme.RateLimited, 429, "too many accounts were made from 2001:db8:0:1::/64: 2 in 1h0m0s are let through")
	check(t, register("[2001:db8:0:2::2]:4711"))
	for _, address := range []string{"192.0.2.1:1", "192.0.2.1:2", "192.0.2.2:1"} {
		check(t, register(address))
	}
	is(t, register("192.0.2.1:3"), acme.RateLimited, 429, "too many accounts were made from 192.0.2.1")
}
