package server

import (
	"fmt"

	"github.com/certwright/certwright/internal/acmeorder"
	"github.com/certwright/certwright/internal/config"
	"github.com/certwright/certwright/internal/enroll/acmesrv"
	"github.com/certwright/certwright/internal/task"
)

// acme makes the door of ACME; none where it is off.
func (s *Server) acme(r *regime) ([]door, error) {
	a := &r.settings.ACME
	if a.Off {
		return nil, nil
	}
	looks, err := task.Looks(a)
	if err != nil {
		return nil, err
	}
	c := acmesrv.Config{
		Authority: s.config.Office.Authority, Store: s.config.Office.Store, Secrets: s.config.Office.Vault(), BaseURL: r.told.URL, Website: a.Website,
		SharedNonces: a.SharedNonces, Nonces: s.nonces, Log: s.config.Log,
		Checks: looks,
		Orders: acmeorder.Settings{
			Challenges: a.Challenges, Profiles: s.described(a.Profiles), DefaultProfile: a.Profile, DefaultCA: a.CA, Authorities: a.Authorities,
			RequireBinding: a.RequireEAB, TermsOfService: a.TermsOfService, OrderLifetime: duration(a.OrderLifetime),
			AuthorizationLifetime: duration(a.ProofLifetime), ProveEachOrder: a.ProofLifetime == 0,
		},
	}
	if a.CA != "" && len(a.Authorities) == 0 {
		c.Orders.Authorities = []string{a.CA}
	}
	if c.Orders.DefaultCA == "" {
		c.Orders.DefaultCA = r.settings.CA
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
	s.config.Office.Look(looks)
	return []door{{name: "acme", patterns: []string{"/acme/"}, handler: handler, run: handler.Run}}, nil
}

// described is what people are told of profiles, by name.
func (s *Server) described(names []string) map[string]string {
	out := map[string]string{}
	for _, name := range names {
		if profile, err := s.config.Office.Profiles.Get(name); err == nil {
			out[name] = profile.Description
		}
	}
	return out
}

// checkACME refuses profiles whose certificates nobody may have who merely
// controls a name.
func checkACME(a *config.ACME, profiles *config.Profiles) error {
	if a.Off {
		return nil
	}
	var found []error
	for i, name := range append([]string{a.Profile}, a.Profiles...) {
		p, err := profiles.Get(name)
		if err != nil {
			continue // which is told with the other names of profiles
		}
		if why := p.Authority(); why != "" {
			key := "acme.profiles"
			if i == 0 {
				key = "acme.profile"
			}
			found = append(found, config.At(key, fmt.Sprintf("certificates of profile %s %s, and ACME gives them to whoever controls a name", name, why),
				"leave it out, and name it to those who may have such a certificate: certwright token new NAME --role applicant --profile "+name))
		}
	}
	return config.AllOf(found...)
}
