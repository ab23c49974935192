package acmesrv

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/certwright/certwright/authority"
	"github.com/certwright/certwright/internal/acmecheck"
	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/protocol/acme"
)

// slowCAA is a checker that lets something happen while it looks at CAA
// records anew.
type slowCAA struct {
	acmeorder.Checker
	meanwhile func()
}

func (s *slowCAA) Permitted(ctx context.Context, t acmecheck.Task) *acme.Problem {
	if then := s.meanwhile; then != nil {
		s.meanwhile = nil
		then()
	}
	return s.Checker.Permitted(ctx, t)
}

// bound is a client whose account is bound to a key of an external account.
func (w *world) bound(t *testing.T) (c *acme.Client, keyID string) {
	t.Helper()
	var b acmeorder.Binding
	secret, err := w.operator().NewBinding(t.Context(), &b)
	check(t, err)
	c = w.client(t)
	public, err := acme.NewKey(c.Private.Public())
	check(t, err)
	s, err := acme.Bind(b.KeyID, secret, public, w.url+"/acme/new-account")
	check(t, err)
	_, err = c.Register(t.Context(), acme.NewAccount{ExternalAccountBinding: s})
	check(t, err)
	return c, b.KeyID
}

// TestRightsEndWhileFinalizing ends what an order rests on while its CAA
// records are looked at, and right before the certificate is recorded.
func TestRightsEndWhileFinalizing(t *testing.T) {
	checker := &slowCAA{}
	w := newWorld(t, func(c *Config) { c.Checker = checker })
	looks := w.config.Checks
	looks.CAAIdentities = []string{"ca.test"}
	var err error
	checker.Checker, err = acmecheck.New(looks, w.clock)
	check(t, err)
	giveUp := func(c *acme.Client, url string) {
		_, err := c.Post(t.Context(), url, map[string]string{"status": acme.StatusDeactivated}, nil)
		check(t, err)
	}
	for _, row := range []struct {
		name, why string
		end       func(c *acme.Client, keyID string, first, second *acme.Order)
	}{
		{"account.test", "the account was deactivated", func(c *acme.Client, _ string, _, _ *acme.Order) { giveUp(c, c.AccountURL) }},
		{"operator.test", "the account was deactivated", func(c *acme.Client, _ string, _, _ *acme.Order) {
			check(t, w.operator().Deactivate(t.Context(), c.AccountURL[strings.LastIndexByte(c.AccountURL, '/')+1:]))
		}},
		{"external.test", "the external account that this account is bound to was revoked", func(_ *acme.Client, keyID string, _, _ *acme.Order) {
			check(t, w.operator().RevokeBinding(t.Context(), keyID))
		}},
		{"proof.test", "the account gave up the authorization of proof.test", func(c *acme.Client, _ string, first, _ *acme.Order) { giveUp(c, first.Authorizations[0]) }},
		{"own.test", "the account gave up the authorization of own.test", func(c *acme.Client, _ string, _, second *acme.Order) { giveUp(c, second.Authorizations[1]) }},
	} {
		for _, at := range []string{"while CAA is looked at", "before the certificate is recorded"} {
			t.Run(row.name+" "+at, func(t *testing.T) {
				c, keyID := w.bound(t)
				list := []string{row.name, "other.test"}
				if row.name == "own.test" {
					list = []string{"proof.test", row.name}
				}
				first, _, err := c.Order(t.Context(), names(list[0]))
				check(t, err)
				w.fulfil(t, c, first, acme.HTTP01)
				w.later(9 * time.Hour)
				second, url, err := c.Order(t.Context(), names(list...))
				check(t, err)
				w.fulfil(t, c, second, acme.HTTP01)
				end := func() { row.end(c, keyID, first, second) }
				if checker.meanwhile = end; !strings.HasPrefix(at, "while") {
					checker.meanwhile, w.meanwhile = nil, end
				}
				_, err = c.Finalize(t.Context(), second, csr(t, newKey(t), list...))
				is(t, err, acme.Unauthorized, 403, row.why)
				if w.meanwhile != nil || checker.meanwhile != nil {
					t.Error("nothing happened meanwhile")
				}
				if ticket := w.ticketAt(t, url); ticket.State != authority.StateRefused || ticket.Serial != nil {
					t.Errorf("the ticket is %s", ticket.State)
				}
				for issued, err := range w.store.Certificates(t.Context(), authority.Query{Requester: "acme/" + c.AccountURL[strings.LastIndexByte(c.AccountURL, '/')+1:]}) {
					check(t, err)
					t.Errorf("certificate %x is recorded", issued.Serial)
				}
			})
		}
	}
}
