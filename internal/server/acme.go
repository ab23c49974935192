package server

import (
	"fmt"
	"net/netip"

	"github.com/certwright/certwright/internal/acmecheck"
	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/enroll/acmesrv"
)

// acme makes the door of ACME; none where it is off.
func (s *Server) acme() ([]door, error) {
	a := &s.config.Settings.ACME
	if a.Off {
		return nil, nil
	}
	c := acmesrv.Config{
		Authority: s.config.Office.Authority, Store: s.config.Office.Store, BaseURL: s.told.URL, Website: a.Website,
		SharedNonces: a.SharedNonces, Log: s.config.Log,
		Checks: acmecheck.Settings{Resolvers: a.Resolvers, Agree: a.Agree, HTTPPort: a.HTTPPort, TLSPort: a.TLSPort, CAAIdentities: a.CAAIdentities},
		Orders: acmeorder.Settings{
			Challenges: a.Challenges, Profiles: map[string]string{}, DefaultProfile: a.Profile, DefaultCA: a.CA,
			RequireBinding: a.RequireEAB, TermsOfService: a.TermsOfService, OrderLifetime: duration(a.OrderLifetime),
		},
	}
	if c.Orders.DefaultCA == "" {
		c.Orders.DefaultCA = s.config.Settings.CA
	}
	for _, text := range a.Networks {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("acme.allow-networks: %w", err)
		}
		c.Checks.Allow = append(c.Checks.Allow, network.Masked())
	}
	for _, name := range a.Profiles {
		profile, err := s.config.Office.Profiles.Get(name)
		if err != nil {
			return nil, err
		}
		c.Orders.Profiles[name] = profile.Description
	}
	for _, l := range []struct {
		text string
		into *acmeorder.Limit
	}{{a.Limits.Accounts, &c.Orders.AccountsPerAddress}, {a.Limits.Orders, &c.Orders.OrdersPerAccount}, {a.Limits.Names, &c.Orders.OrdersPerName}} {
		count, per, err := config.ParseRate(l.text)
		if err != nil {
			return nil, fmt.Errorf("acme.limits: %w", err)
		}
		*l.into = acmeorder.Limit{Count: count, Per: per}
	}
	handler, err := acmesrv.New(c)
	if err != nil {
		return nil, err
	}
	return []door{{name: "acme", patterns: []string{"/acme/"}, handler: handler, run: handler.Run}}, nil
}
