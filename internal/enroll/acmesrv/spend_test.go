package acmesrv

import (
	"crypto/elliptic"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/protocol/acme"
)

// TestRefusedRequestsSpendNothing of what is for all who want a name: the
// request can be mended as its error says.
func TestRefusedRequestsSpendNothing(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Orders.OrdersPerName = acmeorder.Limit{Count: 2, Per: 24 * time.Hour} })
	c := w.registered(t)
	o, _, err := c.Order(t.Context(), names("a.test"))
	check(t, err)
	w.fulfil(t, c, o, acme.HTTP01)
	for range 3 {
		_, err = c.Finalize(t.Context(), o, csr(t, curveKey(t, elliptic.P224()), "a.test"))
		is(t, err, acme.BadCSR, 400, "")
	}
	done, err := c.Finalize(t.Context(), o, csr(t, newKey(t), "a.test"))
	check(t, err)
	if done.Status != acme.StatusValid {
		t.Fatalf("%+v", done)
	}
	w.issue(t, w.registered(t), names("a.test"), acme.HTTP01)
	_, _, err = c.Order(t.Context(), names("a.test"))
	is(t, err, acme.RateLimited, 429, "too many orders for a.test were finalized: 2 in 24h0m0s")
}

// TestOneIsLeft has eight orders of one name finalized at once, of which the
// limit lets one through.
func TestOneIsLeft(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Orders.OrdersPerName = acmeorder.Limit{Count: 1, Per: 24 * time.Hour} })
	c := w.registered(t)
	var all sync.WaitGroup
	var issued, limited atomic.Int32
	var orders []*acme.Order
	for range 8 {
		o, _, err := c.Order(t.Context(), names("a.test"))
		check(t, err)
		w.fulfil(t, c, o, acme.HTTP01)
		orders = append(orders, o)
	}
	for _, o := range orders {
		request := csr(t, newKey(t), "a.test")
		all.Go(func() {
			_, err := c.Finalize(t.Context(), o, request)
			if err == nil {
				issued.Add(1)
				return
			}
			if p, ok := err.(*acme.Problem); ok && p.Has(acme.RateLimited) {
				limited.Add(1)
			} else {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if issued.Load() != 1 || limited.Load() != 7 {
		t.Errorf("%d were issued, and %d limited", issued.Load(), limited.Load())
	}
}

// TestRefusalsAreBounded has an account hand in one bad request after the other,
// each of which is recorded.
func TestRefusalsAreBounded(t *testing.T) {
	w := newWorld(t)
	c := w.registered(t)
	o, _, err := c.Order(t.Context(), names("a.test"))
	check(t, err)
	w.fulfil(t, c, o, acme.HTTP01)
	weak := csr(t, curveKey(t, elliptic.P224()), "a.test")
	for range 60 {
		if _, err = c.Finalize(t.Context(), o, weak); err.(*acme.Problem).Has(acme.RateLimited) {
			break
		}
		is(t, err, acme.BadCSR, 400, "")
	}
	is(t, err, acme.RateLimited, 429, "too many requests of this account were refused: 30 in 1h0m0s")
	var answer *http.Response
	answer, err = c.Post(t.Context(), o.Finalize, map[string]string{"csr": "AAAA"}, nil)
	if err == nil {
		t.Error("finalized")
	}
	if after, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && after > 3600 {
		t.Errorf("Retry-After is %d", after)
	}
	other := w.registered(t)
	w.issue(t, other, names("a.test"), acme.HTTP01) // of which others know nothing
	w.later(time.Hour)
	if o, err = c.Finalize(t.Context(), o, csr(t, newKey(t), "a.test")); err != nil || o.Status != acme.StatusValid {
		t.Errorf("%+v, %v", o, err)
	}
}
